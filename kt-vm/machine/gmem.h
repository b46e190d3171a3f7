/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_MACHINE_GMEM_H
#define KT_VM_MACHINE_GMEM_H

#include <stddef.h>
#include <stdint.h>

#include "errbuf.h"

/*
 * Guest memory: one mapping, of a memfd where another process is to map it, too, else
 * private. Guest-physical addresses (GPA) reach it only through checked (address,
 * length) pairs.
 *
 * RAM below 4 GiB ends at GMEM_LOW_MAX; what is left starts at 4 GiB, as in the
 * `memory` member of a topology record (kt-records(7)).
 */
#define GMEM_LOW_MAX  0x80000000ULL
#define GMEM_HIGH_GPA 0x100000000ULL

struct gmem {
	int fd;        /* of the memfd, or -1 */
	uint64_t size; /* bytes of RAM */
	uint8_t *hva;  /* all of it; offset = GPA, less the hole for high RAM */
};

int gmem_init(struct gmem *m, uint64_t size, struct errbuf *e);         /* of a memfd */
int gmem_init_private(struct gmem *m, uint64_t size, struct errbuf *e); /* in huge pages */
void gmem_free(struct gmem *m);
uint64_t gmem_low_end(const struct gmem *m); /* first GPA behind low RAM */

/* The host address of [gpa, gpa + len), or NULL when a byte of it is not RAM. */
void *gmem_at(const struct gmem *m, uint64_t gpa, uint64_t len);
int gmem_write(const struct gmem *m, uint64_t gpa, const void *data, size_t len); /* or -EFAULT */

#endif
