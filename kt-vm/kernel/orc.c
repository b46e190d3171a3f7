// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "orc.h"

#define IP_SIZE    4
#define ENTRY_SIZE 6

/*
 * Numbers in entries have changed: types in 6.4, since when a sum in .orc_header says which they
 * are, and registers in 7.0. A sum that is not known is taken for the newest.
 */
static const uint8_t sum_6_4[] = { 0xfe, 0x5d, 0x32, 0xbf };

void korc_open(struct korc *k, const struct ksym *sym)
{
	size_t lenip, len, lensum;
	const uint8_t *sum = ksym_section(sym, ".orc_header", &lensum, NULL);

	memset(k, 0, sizeof(*k));
	k->ips = ksym_section(sym, ".orc_unwind_ip", &lenip, &k->base);
	k->entries = ksym_section(sym, ".orc_unwind", &len, NULL);
	if (k->ips && k->entries && len / ENTRY_SIZE >= lenip / IP_SIZE)
		k->n = lenip / IP_SIZE;
	k->until_6_3 = !sum || lensum < sizeof(sum_6_4);
	k->since_7_0 = !k->until_6_3 && memcmp(sum, sum_6_4, sizeof(sum_6_4)) != 0;
}

static void decode(const struct korc *k, const uint8_t *raw, struct korc_entry *e)
{
	static const uint8_t renumbered[16] = {
		KORC_REG_UNDEFINED, KORC_REG_AX,     KORC_REG_DX,     KORC_REG_SP,
		KORC_REG_BP,        KORC_REG_DI,     KORC_REG_R10,    KORC_REG_R13,
		KORC_REG_PREV_SP,   KORC_REG_SP_IND, KORC_REG_BP_IND,
	};

	memcpy(&e->sp_offset, raw, 2);
	memcpy(&e->bp_offset, raw + 2, 2);
	e->sp_reg = raw[4] & 15;
	e->bp_reg = raw[4] >> 4;
	e->type = raw[5] & 7;
	if (k->until_6_3)
		e->type = raw[5] & 4 ? KORC_END : (raw[5] & 3) + KORC_CALL;
	if (k->since_7_0) {
		e->sp_reg = renumbered[e->sp_reg];
		e->bp_reg = renumbered[e->bp_reg];
	}
}

/* It is the last one whose ip is not above. */
bool korc_find(const struct korc *k, uint64_t ip, struct korc_entry *e)
{
	size_t lo = 0, hi = k->n, mid;
	uint64_t addr;
	int32_t rel;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		memcpy(&rel, k->ips + IP_SIZE * mid, sizeof(rel));
		addr = k->base + IP_SIZE * mid + (uint64_t)(int64_t)rel;
		if (addr <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;
	decode(k, k->entries + ENTRY_SIZE * (lo - 1), e);
	return true;
}
