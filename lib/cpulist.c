// SPDX-License-Identifier: GPL-2.0-only
/* Sets of CPUs, parsed from and formatted as the kernel's lists, "0-3,7". */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"

#define WORDS (CPULIST_MAX / CPULIST_WORD_BITS)

void cpulist_clear(struct cpulist *l)
{
	memset(l, 0, sizeof(*l));
}

void cpulist_add(struct cpulist *l, unsigned int cpu)
{
	if (cpu < CPULIST_MAX)
		l->bits[cpu / CPULIST_WORD_BITS] |= 1UL << cpu % CPULIST_WORD_BITS;
}

bool cpulist_has(const struct cpulist *l, unsigned int cpu)
{
	return cpu < CPULIST_MAX && l->bits[cpu / CPULIST_WORD_BITS] >> cpu % CPULIST_WORD_BITS & 1;
}

unsigned int cpulist_count(const struct cpulist *l)
{
	unsigned int i, n = 0;

	for (i = 0; i < WORDS; i++)
		n += __builtin_popcountl(l->bits[i]);
	return n;
}

int cpulist_next(const struct cpulist *l, int after)
{
	int cpu;

	for (cpu = after + 1; cpu < CPULIST_MAX; cpu++)
		if (cpulist_has(l, cpu))
			return cpu;
	return -1;
}

bool cpulist_subset(const struct cpulist *a, const struct cpulist *b)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (a->bits[i] & ~b->bits[i])
			return false;
	return true;
}

void cpulist_or(struct cpulist *a, const struct cpulist *b)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		a->bits[i] |= b->bits[i];
}

void cpulist_andnot(struct cpulist *a, const struct cpulist *b)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		a->bits[i] &= ~b->bits[i];
}

/* One CPU number at *s; moves *s behind it. */
static int cpu_number(const char **s, unsigned long *cpu)
{
	char *end;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	*cpu = strtoul(*s, &end, 10);
	*s = end;
	return *cpu < CPULIST_MAX ? 0 : -ERANGE;
}

int cpulist_parse(const char *s, struct cpulist *l, struct errbuf *e)
{
	const char *p = s;
	unsigned long first, last;
	int rc = 0;

	cpulist_clear(l);
	while (*p && *p != '\n') {
		rc = cpu_number(&p, &first);
		last = first;
		if (!rc && *p == '-') {
			p++;
			rc = cpu_number(&p, &last);
		}
		if (!rc && (last < first || (*p && *p != ',' && *p != '\n')))
			rc = -EINVAL;
		if (rc)
			break;
		for (; first <= last; first++)
			cpulist_add(l, first);
		if (*p == ',' && !isdigit((unsigned char)*++p))
			rc = -EINVAL;
		if (rc)
			break;
	}
	if (!rc && *p && p[1]) /* more behind the newline */
		rc = -EINVAL;
	if (rc == -ERANGE)
		return errbuf_set(e, rc, "CPU list '%s': CPU numbers end at %d", s,
				  CPULIST_MAX - 1);
	if (rc)
		return errbuf_set(e, rc, "'%s' is no CPU list (expected such as 0-3,7)", s);
	return 0;
}

char *cpulist_format(const struct cpulist *l, char *buf)
{
	int cpu, last;
	char *p = buf;

	*p = '\0';
	for (cpu = cpulist_next(l, -1); cpu >= 0; cpu = cpulist_next(l, last)) {
		for (last = cpu; cpulist_has(l, last + 1);)
			last++;
		p += sprintf(p, last > cpu ? "%s%d-%d" : "%s%d", p > buf ? "," : "", cpu, last);
	}
	return buf;
}
