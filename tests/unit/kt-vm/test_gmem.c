// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/gmem.c
/* Guest memory is reached only by ranges that are RAM as a whole. */
#include <errno.h>

#include "kt-vm/machine/gmem.h"
#include "unit.h"

#define MIB (1ULL << 20)

TEST(low_only)
{
	struct gmem m;
	uint8_t b = 7;

	CHECK_INT(gmem_init(&m, 64 * MIB, NULL), 0);
	CHECK_INT(gmem_low_end(&m), 64 * MIB);
	CHECK(gmem_at(&m, 0, 64 * MIB) == m.hva);
	CHECK(gmem_at(&m, 64 * MIB - 1, 1) == m.hva + 64 * MIB - 1);
	CHECK(gmem_at(&m, 64 * MIB, 0) != NULL); /* an empty range at the end */
	CHECK(gmem_at(&m, 64 * MIB, 1) == NULL);
	CHECK(gmem_at(&m, 1, 64 * MIB) == NULL);
	CHECK(gmem_at(&m, 4096, UINT64_MAX) == NULL);
	CHECK(gmem_at(&m, UINT64_MAX, 1) == NULL);
	CHECK(gmem_at(&m, GMEM_HIGH_GPA, 1) == NULL);
	CHECK_INT(gmem_write(&m, 64 * MIB - 1, &b, 1), 0);
	CHECK_INT(m.hva[64 * MIB - 1], 7);
	CHECK_INT(gmem_write(&m, 64 * MIB, &b, 1), -EFAULT);
	gmem_free(&m);
}

TEST(hole_between_2_and_4_gib)
{
	struct gmem m;

	CHECK_INT(gmem_init(&m, GMEM_LOW_MAX + 64 * MIB, NULL), 0);
	CHECK_INT(gmem_low_end(&m), GMEM_LOW_MAX);
	CHECK(gmem_at(&m, GMEM_LOW_MAX - 1, 1) != NULL);
	CHECK(gmem_at(&m, GMEM_LOW_MAX - 1, 2) == NULL);
	CHECK(gmem_at(&m, GMEM_LOW_MAX, 1) == NULL);
	CHECK(gmem_at(&m, GMEM_HIGH_GPA - 1, 1) == NULL);
	CHECK(gmem_at(&m, GMEM_HIGH_GPA, 64 * MIB) == m.hva + GMEM_LOW_MAX);
	CHECK(gmem_at(&m, GMEM_HIGH_GPA, 64 * MIB + 1) == NULL);
	CHECK(gmem_at(&m, GMEM_HIGH_GPA + 64 * MIB, 1) == NULL);
	gmem_free(&m);
}

UNIT_MAIN(T(low_only), T(hole_between_2_and_4_gib))
