// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-initrd/elfinfo.c kt-initrd/ldcache.c
/* Programs and ld.so.cache as they come: the same bytes are tried as either. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kt-initrd/elfinfo.h"
#include "kt-initrd/ldcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct elf_info info;
	struct ldcache c;
	uint32_t pos = 0;
	char path[64];

	ldcache_init(&c, data, size);
	while (ldcache_find(&c, "libc.so.6", &pos))
		;
	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!elf_read(path, &info, NULL))
		elf_free(&info);
	return 0;
}
