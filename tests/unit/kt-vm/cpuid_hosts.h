/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TEST_CPUID_HOSTS_H
#define KT_TEST_CPUID_HOSTS_H

#include <string.h>

#include "kt-vm/engine/kvm/cpuid.h"

/*
 * Hosts as KVM_GET_SUPPORTED_CPUID shows them, in the leaves that matter here.
 * Everything that tells of the host's own CPUs and caches is what no guest may see.
 */
#define INDEXED KVM_CPUID_FLAG_SIGNIFCANT_INDEX

enum { INTEL, AMD, HYGON };

struct host {
	const char *name;
	int vendor;
	uint32_t level, ext_level, version;
};

static const struct host hosts[] = {
	{ "Intel", INTEL, 0x24, 0x80000008, 0xa0671 },
	{ "old Intel", INTEL, 0xd, 0x80000008, 0x306c3 },
	{ "Opteron", AMD, 0xd, 0x8000001e, 0x600f20 },  /* family 0x15 */
	{ "Zen 1", AMD, 0xd, 0x8000001f, 0x800f12 },    /* 0x17, 1 */
	{ "Zen 2", AMD, 0x10, 0x80000021, 0x830f10 },   /* 0x17, 0x31 */
	{ "Zen 4", AMD, 0x10, 0x80000022, 0xa10f11 },   /* 0x19, 0x11 */
	{ "Zen 5", AMD, 0x24, 0x80000026, 0xb00f21 },   /* 0x1a, 2 */
	{ "Dhyana", HYGON, 0xd, 0x8000001f, 0x900f02 }, /* 0x18, 0 */
};

static inline void host_add(struct cpuid *c, uint32_t function, uint32_t index, uint32_t flags,
			    uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	struct kvm_cpuid_entry2 *e = &c->e[c->nent++];

	memset(e, 0, sizeof(*e));
	e->function = function;
	e->index = index;
	e->flags = flags;
	e->eax = eax;
	e->ebx = ebx;
	e->ecx = ecx;
	e->edx = edx;
}

static inline void host_make(const struct host *h, struct cpuid *c)
{
	static const char vendors[][13] = { "GenuineIntel", "AuthenticAMD", "HygonGenuine" };
	uint32_t v[3], i, shared = h->vendor == INTEL ? 4 : 0x8000001d;

	memcpy(v, vendors[h->vendor], 12);
	c->nent = 0;
	host_add(c, 0, 0, 0, h->level, v[0], v[2], v[1]);
	host_add(c, 1, 0, 0, h->version, 0x77400800, ~0U, ~0U);
	host_add(c, 7, 0, INDEXED, 1, ~0U, ~0U, ~0U);
	host_add(c, 7, 1, INDEXED, ~0U, 0, 0, ~0U);
	host_add(c, 0xa, 0, 0, 0x7300402, 0, 0, 0x603);
	host_add(c, 0xb, 0, INDEXED, 0, 0, 0, 0x77);
	host_add(c, 0xd, 0, INDEXED, 7, 0x340, 0x340, 0);
	host_add(c, 0xd, 1, INDEXED, 0xf, 0x340, 0, 0);
	if (h->level >= 0x1f)
		host_add(c, 0x1f, 0, INDEXED, 0, 0, 0, 0x77);
	for (i = 0; i < 5; i++) /* three caches that 64 CPUs share, and two that end it */
		host_add(c, shared, i, INDEXED, i < 3 ? 0x7c0fc123 : 0, 0x3f, 0x3ff, 0);
	host_add(c, 0x40000000, 0, 0, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);
	host_add(c, 0x40000001, 0, 0, 0x1007efb, 0, 0, 0);
	host_add(c, 0x80000000, 0, 0, h->ext_level, 0, 0, 0);
	host_add(c, 0x80000001, 0, 0, h->version, 0, ~0U, ~0U);
	host_add(c, 0x80000006, 0, 0, 0, 0, 0x2006140, 0x8009140);
	host_add(c, 0x80000008, 0, 0, 0x3030, 0, 0x603f, 0);
	if (h->ext_level >= 0x8000000a)
		host_add(c, 0x8000000a, 0, 0, 1, 8, 0, ~0U);
	if (h->ext_level >= 0x8000001f && h->vendor == AMD)
		host_add(c, 0x8000001f, 0, 0, 0x1000a, 51, 509, 1);
	if (h->ext_level >= 0x80000026)
		host_add(c, 0x80000026, 0, INDEXED, 9, 9, 0x100, 9);
}

#endif
