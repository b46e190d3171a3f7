/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_MACHINE_IMAGE_H
#define KT_VM_MACHINE_IMAGE_H

#include <stdint.h>

#include "errbuf.h"
#include "gmem.h"

/*
 * Kernel images: a bzImage entered by the 64-bit boot protocol
 * (Documentation/arch/x86/boot.rst), or an uncompressed vmlinux (ELF) entered at
 * its start, which skips decompression. An ELF kernel whose start is no address in
 * memory is entered where its PVH note says.
 */
struct image {
	uint64_t entry;         /* GPA of the first instruction, in long mode; or 0, then: */
	uint32_t pvh_entry;     /* the same in 32-bit mode (pvh.h) */
	uint64_t end;           /* first GPA behind what the kernel needs at start */
	uint8_t setup[0x290];   /* the setup header, as boot_params wants it at 0x1f1 */
	unsigned int setup_len; /* 0 for vmlinux: it has none */
	uint32_t cmdline_max;   /* bytes without the NUL */
	uint64_t initrd_max;    /* highest GPA that the initrd may use */
};

/* Checks `path` and copies it into guest memory: 0, -ENOEXEC, or -errno. */
int image_load(struct image *img, const char *path, const struct gmem *m, struct errbuf *e);
/* The same, but copies nothing to memory. */
int image_check(struct image *img, const char *path, const struct gmem *m, struct errbuf *e);

#endif
