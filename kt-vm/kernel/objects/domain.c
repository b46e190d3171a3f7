// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "domain.h"

#define NAME_LEN 16
#define FLAGS    32

/* Domains that are the same in all that counts, and the CPUs that have one. */
struct domain {
	uint64_t level, flags;
	char name[NAME_LEN];
	struct cpulist span, cpus;
};

/* The chain of one CPU, lowest first; how many. */
static unsigned int chain(const struct kview *kv, unsigned int cpu, uint64_t *sd)
{
	uint64_t at = kview_number(kv, kv->rq[cpu], KP_RQ_SD);
	unsigned int n = 0;

	while (at && n < KDOMAIN_LEVELS) {
		sd[n++] = at;
		at = kview_number(kv, at, KP_SD_PARENT);
	}
	return n;
}

static void name_of(const struct kview *kv, uint64_t sd, char *name)
{
	uint64_t at = kview_number(kv, sd, KP_SD_NAME);

	name[0] = '\0';
	if (at)
		kmem_string(&kv->mem, at, name, NAME_LEN);
}

/* The set lies behind the struct, and only older kernels have a name for it. */
static void span_of(const struct kview *kv, uint64_t sd, struct cpulist *span)
{
	size_t bytes = (kv->m->cpus + 63) / 64 * 8;

	cpulist_clear(span);
	kmem_read(&kv->mem, sd + kv->probe.f[KP_SD].size, span->bits,
		  bytes < sizeof(span->bits) ? bytes : sizeof(span->bits));
}

static bool same(const struct domain *a, const struct domain *b)
{
	return a->level == b->level && a->flags == b->flags && strcmp(a->name, b->name) == 0 &&
	       memcmp(&a->span, &b->span, sizeof(a->span)) == 0;
}

static int by_level(const void *a, const void *b)
{
	const struct domain *x = a, *y = b;
	int first = cpulist_next(&x->cpus, -1), other = cpulist_next(&y->cpus, -1);

	return x->level != y->level ? (x->level > y->level) - (x->level < y->level)
				    : (first > other) - (first < other);
}

/* All that there are, at most `max`. */
static size_t collect(const struct kview *kv, struct domain *d, size_t max)
{
	uint64_t sd[KDOMAIN_LEVELS];
	unsigned int cpu, i, levels;
	size_t n = 0, k;

	for (cpu = 0; cpu < kv->m->cpus; cpu++) {
		levels = chain(kv, cpu, sd);
		for (i = 0; i < levels && n < max; i++) {
			d[n].level = kview_number(kv, sd[i], KP_SD_LEVEL);
			d[n].flags = kview_number(kv, sd[i], KP_SD_FLAGS);
			name_of(kv, sd[i], d[n].name);
			span_of(kv, sd[i], &d[n].span);
			cpulist_clear(&d[n].cpus);
			for (k = 0; !same(&d[k], &d[n]); k++)
				;
			cpulist_add(&d[k].cpus, cpu);
			n += k == n;
		}
	}
	qsort(d, n, sizeof(*d), by_level);
	return n;
}

/* The names of flags, bit by bit: from the table that the kernel has for debugfs. */
static struct json_object *flag_names(const struct kview *kv, uint64_t flags)
{
	uint64_t table = kmem_symbol(&kv->mem, KS_SD_FLAG_DEBUG), at;
	uint32_t step = kv->probe.f[KP_SD_FLAG].size;
	struct json_object *a = json_object_new_array();
	unsigned int bit;
	char name[48];

	for (bit = 0; table && step && bit < FLAGS; bit++) {
		at = flags >> bit & 1 ? kview_number(kv, table + bit * step, KP_SD_FLAG_NAME) : 0;
		if (at && kmem_string(&kv->mem, at, name, sizeof(name)) > 0)
			json_object_array_add(a, rec_text(name, strlen(name)));
	}
	return a;
}

static struct json_object *domain_json(const struct kview *kv, const struct domain *d)
{
	struct json_object *j = json_object_new_object();
	char text[CPULIST_TEXT_MAX];

	rec_int(j, "level", (int64_t)d->level);
	rec_str(j, "name", d->name);
	rec_str(j, "span", cpulist_format(&d->span, text));
	rec_str(j, "cpus", cpulist_format(&d->cpus, text));
	rec_add(j, "flags", flag_names(kv, d->flags));
	return j;
}

static bool has_changed(struct kview *kv)
{
	bool changed = false;
	unsigned int cpu;

	for (cpu = 0; cpu < kv->m->cpus; cpu++) {
		uint64_t sd = kview_number(kv, kv->rq[cpu], KP_RQ_SD);

		changed |= sd != kv->sd[cpu];
		kv->sd[cpu] = sd;
	}
	return changed;
}

void kdomain_watch(struct kview *kv, uint64_t now_ns, struct rec_out *out)
{
	size_t max = (size_t)kv->m->cpus * KDOMAIN_LEVELS, n, i;
	struct json_object *r, *a;
	struct domain *d;

	if (!has_changed(kv))
		return;
	d = calloc(max + 1, sizeof(*d));
	if (!d)
		return;
	n = collect(kv, d, max);
	r = rec_new("domains");
	a = json_object_new_array();
	rec_int(r, "t_ns", (int64_t)now_ns);
	for (i = 0; i < n; i++)
		json_object_array_add(a, domain_json(kv, &d[i]));
	rec_add(r, "domains", a);
	rec_put(out, r);
	free(d);
}

/* ---- counters ------------------------------------------------------------------- */

/* Adds those of one domain; false: it cannot be read. */
static bool add(const struct kview *kv, uint64_t sd, uint64_t (*sum)[KSET_ITEMS])
{
	const struct kset *s = &kv->balance;
	char part[1024];
	size_t len = s->end - s->begin;

	if (len > sizeof(part) || kmem_read(&kv->mem, sd + s->begin, part, len))
		return false;
	kset_add(s, part, sum);
	return true;
}

struct level {
	bool there;
	char name[NAME_LEN];
	uint64_t sum[KSET_MAX][KSET_ITEMS];
};

static void add_cpu(const struct kview *kv, unsigned int cpu, struct level *l)
{
	uint64_t sd[KDOMAIN_LEVELS], level;
	unsigned int i, n = chain(kv, cpu, sd);

	for (i = 0; i < n; i++) {
		level = kview_number(kv, sd[i], KP_SD_LEVEL);
		if (level >= KDOMAIN_LEVELS || !add(kv, sd[i], l[level].sum))
			continue;
		if (!l[level].there)
			name_of(kv, sd[i], l[level].name);
		l[level].there = true;
	}
}

void kdomain_sample(struct kview *kv, struct jtext *t)
{
	struct level l[KDOMAIN_LEVELS] = { 0 };
	unsigned int cpu, i;

	if (!kv->balance.n)
		return;
	for (cpu = 0; cpu < kv->m->cpus; cpu++)
		add_cpu(kv, cpu, l);
	jtext_key(t, "domains");
	jtext_open(t, '[');
	for (i = 0; i < KDOMAIN_LEVELS; i++) {
		if (!l[i].there)
			continue;
		jtext_open(t, '{');
		jtext_key(t, "level");
		jtext_uint(t, i);
		jtext_key(t, "name");
		jtext_str(t, l[i].name);
		kset_text(&kv->balance, l[i].sum, t);
		jtext_close(t, '}');
	}
	jtext_close(t, ']');
}

struct json_object *kdomain_cpu(const struct kview *kv, unsigned int cpu)
{
	struct json_object *a = json_object_new_array(), *j;
	uint64_t sd[KDOMAIN_LEVELS];
	unsigned int i, n = kv->balance.n ? chain(kv, cpu, sd) : 0;
	char name[NAME_LEN];

	for (i = 0; i < n; i++) {
		uint64_t sum[KSET_MAX][KSET_ITEMS] = { 0 };

		if (!add(kv, sd[i], sum))
			break;
		j = json_object_new_object();
		name_of(kv, sd[i], name);
		rec_int(j, "level", (int64_t)kview_number(kv, sd[i], KP_SD_LEVEL));
		rec_str(j, "name", name);
		kset_json(&kv->balance, sum, j);
		json_object_array_add(a, j);
	}
	return a;
}
