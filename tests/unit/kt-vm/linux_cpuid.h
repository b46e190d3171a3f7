/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TEST_LINUX_CPUID_H
#define KT_TEST_LINUX_CPUID_H

#include <stdbool.h>

#include "kt-vm/engine/kvm/cpuid.h"

/*
 * What a guest makes of its CPUID: the rules of Linux 6.12 in kernel/cpu/topology*.c,
 * kernel/cpu/cacheinfo.c and kernel/smpboot.c of arch/x86.
 */
enum { SMT, CORE, MODULE, TILE, DIE, DIEGRP, PKG, DOMAINS };

struct seen {
	bool amd, cut; /* cut: a list of levels or caches that does not end */
	unsigned int shift[DOMAINS];
	uint32_t apicid, pkg, die, core, node, llc;
	unsigned int caches, level[8], type[8], kib[8], sharing[8];
};

static inline struct kvm_cpuid_entry2 get(const struct cpuid *c, uint32_t function, uint32_t index)
{
	const struct kvm_cpuid_entry2 *e = cpuid_find(c, function, index);

	return e ? *e : (struct kvm_cpuid_entry2){ 0 };
}

static inline unsigned int order(unsigned int count)
{
	unsigned int n = 0;

	while (1U << n < count)
		n++;
	return n;
}

static inline void set_domain(struct seen *s, unsigned int dom, unsigned int shift)
{
	for (; dom < DOMAINS; dom++)
		s->shift[dom] = shift;
}

/* A leaf of levels; false when it has none. `map` goes from type to domain. */
static inline bool parse_levels(const struct cpuid *c, uint32_t function, const int *map,
				struct seen *s)
{
	unsigned int i, type;

	for (i = 0; i < 8; i++) {
		struct kvm_cpuid_entry2 e = get(c, function, i);

		type = e.ecx >> 8 & 0xff;
		if (!(e.ebx & 0xffff) || !type || type > 5)
			return i > 0;
		if (map[type] == SMT)
			s->apicid = e.edx;
		s->cut |= s->apicid != e.edx;
		set_domain(s, map[type], e.eax & 31);
	}
	s->cut = true;
	return true;
}

static inline void parse_domains(const struct cpuid *c, struct seen *s)
{
	static const int map_1f[] = { 0, SMT, CORE, MODULE, TILE, DIE };
	static const int map_26[] = { 0, SMT, CORE, TILE, DIE, 0 };
	uint32_t level = get(c, 0, 0).eax, ext = get(c, 0x80000000, 0).eax;

	if (level >= 0x1f && parse_levels(c, 0x1f, map_1f, s))
		return;
	if (ext >= 0x80000026 && parse_levels(c, 0x80000026, map_26, s))
		return;
	if (level < 0xb || !parse_levels(c, 0xb, map_1f, s))
		s->cut = true;
}

static inline void parse_caches(const struct cpuid *c, struct seen *s)
{
	struct kvm_cpuid_entry2 e;

	for (s->caches = 0; s->caches < 8; s->caches++) {
		unsigned int i = s->caches;

		e = get(c, s->amd ? 0x8000001d : 4, i);
		if (!(e.eax & 0x1f))
			return;
		s->type[i] = e.eax & 0x1f;
		s->level[i] = e.eax >> 5 & 7;
		s->sharing[i] = (e.eax >> 14 & 0xfff) + 1;
		s->kib[i] = ((e.ebx >> 22) + 1) * ((e.ebx >> 12 & 0x3ff) + 1) *
			    ((e.ebx & 0xfff) + 1) * (e.ecx + 1) / 1024;
	}
	s->cut = true;
}

/* AMD's LLC: from the caches where the CPU is new enough, else by rules of thumb. */
static inline uint32_t amd_llc(const struct cpuid *c, const struct seen *s, bool hygon)
{
	uint32_t v = get(c, 1, 0).eax, family = v >> 8 & 0xf;

	if (family == 0xf)
		family += v >> 20 & 0xff;
	if (!get(c, 0x80000006, 0).edx)
		return s->apicid >> s->shift[CORE];
	if (!hygon && family < 0x17)
		return s->node;
	if (hygon || (family == 0x17 && ((v >> 4 & 0xf) | (v >> 12 & 0xf0)) <= 0x1f))
		return s->apicid >> 3;
	return s->apicid >> order(s->sharing[s->caches - 1]);
}

static inline struct seen decode(const struct cpuid *c)
{
	struct seen s = { 0 };
	unsigned int i;

	s.amd = get(c, 0, 0).ebx != 0x756e6547;
	parse_domains(c, &s);
	parse_caches(c, &s);
	s.pkg = s.apicid >> s.shift[DIEGRP];
	s.die = s.apicid >> s.shift[TILE];
	s.core = (s.apicid & ((1U << s.shift[PKG]) - 1)) >> s.shift[SMT];
	if (s.amd) {
		/* topology extensions, or nobody reads these leaves; one node a processor */
		s.cut |= !(get(c, 0x80000001, 0).ecx & 1 << 22);
		s.cut |= get(c, 0x8000001e, 0).eax != s.apicid ||
			 (get(c, 0x8000001e, 0).ecx & 0x700);
		s.node = get(c, 0x8000001e, 0).ecx & 0xff;
		s.llc = amd_llc(c, &s, get(c, 0, 0).ebx == 0x6f677948);
	} else {
		for (i = 0; i < s.caches; i++)
			if (s.level[i] == 3)
				s.llc = s.apicid >> order(s.sharing[i]);
	}
	return s;
}

static inline bool same_smt(const struct seen *a, const struct seen *b)
{
	return a->pkg == b->pkg && a->die == b->die && a->core == b->core && a->node == b->node &&
	       (!a->amd || a->llc == b->llc);
}

/* Whether cache `i` of `a` is shared with `b`, as shared_cpu_list has it. */
static inline bool same_cache(const struct seen *a, const struct seen *b, unsigned int i)
{
	unsigned int n = a->sharing[i];

	if (!a->amd)
		return a->apicid >> order(n) == b->apicid >> order(n);
	if (i == 3)
		return a->llc == b->llc;
	return a->apicid / n == b->apicid / n;
}

#endif
