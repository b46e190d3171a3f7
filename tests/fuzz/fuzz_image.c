// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/gmem.c kt-vm/machine/image.c
/* Kernel images of any content: bzImage and ELF headers that lie. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kt-vm/machine/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem m = { .fd = -1 };
	struct image img;
	struct errbuf e;
	char path[32];
	int fd = memfd_create("image", 0);

	if (!m.hva && gmem_init(&m, 64 << 20, &e))
		abort();
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (image_load(&img, path, &m, &e) == 0 &&
	    !gmem_at(&m, img.entry ? img.entry : img.pvh_entry, 1))
		abort();
	close(fd);
	return 0;
}
