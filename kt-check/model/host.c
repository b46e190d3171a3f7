// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of the time between two samples a vCPU was withheld what its thread waited for a CPU of
 * the host ("steal"); and, where the guest's idle time is known, also what it neither ran
 * nor was idle, for a thread may wait elsewhere than in the host's queues. Steal while the
 * guest idled is in the guest's idle time, too: both may have been, so both are added as far as
 * that idle time reaches. Where in the interval it was is known of slices only: a window
 * that overlaps an interval in part is given all that fits into the overlap.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "model.h"
#include "units.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int64_t least_time(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How far a counter went; false: one of its two values is not known. */
static bool advance(uint64_t was, uint64_t is, uint64_t *by)
{
	*by = is > was ? is - was : 0;
	return was != UINT64_MAX && is != UINT64_MAX;
}

/* The most that the host withheld in `dt` between two samples; false: nothing tells. */
static bool withheld_between(const struct host_counters *a, const struct host_counters *b,
			     uint64_t dt, uint64_t *ns)
{
	uint64_t run, steal, idle, lost;
	bool have_run = advance(a->run, b->run, &run);
	bool have_steal = advance(a->steal, b->steal, &steal);
	bool have_idle = advance(a->idle, b->idle, &idle);

	if (!have_steal)
		steal = 0;
	*ns = least(steal, dt);
	if (!have_run || !have_idle)
		return have_steal;
	lost = least(run, dt) + least(idle, dt);
	lost = lost < dt ? dt - lost : 0;
	*ns = least(most(steal, lost + least(steal, idle)), dt);
	return true;
}

static int grow(struct host_model *h)
{
	size_t cap = h->cap ? 2 * h->cap : 256;
	uint64_t *total, *unrun;
	int64_t *t;

	if (h->n < h->cap)
		return 0;
	t = realloc(h->t, cap * sizeof(*t));
	if (!t)
		return -ENOMEM;
	h->t = t;
	total = realloc(h->total, cap * h->ncpus * sizeof(*total));
	if (!total)
		return -ENOMEM;
	h->total = total;
	unrun = realloc(h->unrun, cap * h->ncpus * sizeof(*unrun));
	if (!unrun)
		return -ENOMEM;
	h->unrun = unrun;
	h->cap = cap;
	return 0;
}

/* The first sample says how many vCPUs there are. */
static int start(struct host_model *h, uint32_t n)
{
	uint32_t i;

	if (!n || n > CPULIST_MAX)
		return 0;
	h->vcpu = h->vcpu ? h->vcpu : calloc(CPULIST_MAX, sizeof(*h->vcpu));
	if (!h->vcpu)
		return -ENOMEM;
	h->ncpus = n;
	for (i = 0; i < n; i++)
		h->vcpu[i].last = (struct host_counters){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
	return 0;
}

int host_add(struct host_model *h, int64_t t_ns, const struct host_counters *c, uint32_t n)
{
	static const struct host_counters none = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
	uint64_t ns, fine, dt, run;
	size_t row;
	struct host_vcpu *v;
	uint32_t i;
	int rc = h->ncpus ? 0 : start(h, n);

	if (rc || !h->ncpus || (h->n && t_ns <= h->t[h->n - 1]))
		return rc;
	if ((h->n + 1) * h->ncpus > HOST_CELLS) {
		h->full = true;
		return 0;
	}
	rc = grow(h);
	if (rc)
		return rc;
	row = h->n * h->ncpus;
	dt = h->n ? (uint64_t)(t_ns - h->t[h->n - 1]) : 0;
	for (i = 0; i < h->ncpus; i++) {
		v = &h->vcpu[i];
		ns = run = 0;
		if (i < n && h->n && withheld_between(&v->last, &c[i], dt, &ns))
			v->known = true;
		if (i < n && advance(v->last.run, c[i].run, &run))
			v->unrun += dt - least(run, dt);
		else
			v->unrun += dt;
		fine = v->fine - v->fine_was;
		v->fine_was = v->fine;
		v->total += ns > fine ? ns - fine : 0; /* slices tell of their part */
		v->last = i < n ? c[i] : none;
		h->total[row + i] = v->total;
		h->unrun[row + i] = v->unrun;
	}
	h->t[h->n++] = t_ns;
	return 0;
}

/*
 * A long wait is counted at its end, and its slice may begin in slices that were told
 * before: what does not fit behind them lies in them.
 */
static void fill(struct host_slices *l, int64_t from, uint64_t ns)
{
	uint64_t add, left = ns;
	size_t k = l->n, i;

	while (k && left && l->s[k - 1].to > from) {
		k--;
		add = least(left, (uint64_t)(l->s[k].to - l->s[k].from) - l->s[k].ns);
		l->s[k].ns += add;
		left -= add;
	}
	for (i = k + 1; i < l->n; i++)
		l->s[i].before = l->s[i - 1].before + l->s[i - 1].ns;
}

int host_add_slice(struct host_model *h, uint32_t cpu, int64_t from_ns, int64_t to_ns, uint64_t ns)
{
	struct host_slices *l;
	int64_t begin = from_ns;
	struct host_slice *s;
	uint64_t behind;
	size_t cap;

	h->vcpu = h->vcpu ? h->vcpu : calloc(CPULIST_MAX, sizeof(*h->vcpu));
	if (!h->vcpu)
		return -ENOMEM;
	if (cpu >= CPULIST_MAX || from_ns < 0 || to_ns <= from_ns)
		return 0;
	l = &h->vcpu[cpu].slices;
	ns = least(ns, (uint64_t)(to_ns - from_ns));
	h->vcpu[cpu].fine += ns;
	h->vcpu[cpu].known = true;
	if (l->n && from_ns < l->s[l->n - 1].to)
		begin = least_time(l->s[l->n - 1].to, to_ns);
	behind = least(ns, (uint64_t)(to_ns - begin));
	fill(l, from_ns, ns - behind);
	if (!behind)
		return 0;
	if (h->nslices == HOST_SLICES) {
		h->full = true;
		return 0;
	}
	if (l->n == l->cap) {
		cap = l->cap ? 2 * l->cap : 64;
		s = realloc(l->s, cap * sizeof(*s));
		if (!s)
			return -ENOMEM;
		l->s = s;
		l->cap = cap;
	}
	s = &l->s[l->n];
	*s = (struct host_slice){ .from = begin,
				  .to = to_ns,
				  .ns = behind,
				  .before = l->n ? s[-1].before + s[-1].ns : 0 };
	l->n++;
	h->nslices++;
	return 0;
}

/* Index of the first sample after `t`. */
static size_t sample_after(const struct host_model *h, int64_t t)
{
	size_t lo = 0, hi = h->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (h->t[mid] > t)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Index of the first slice that ends after `t`. */
static size_t slice_after(const struct host_slices *l, int64_t t)
{
	size_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (l->s[mid].to > t)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Of the interval before sample i, the most that fits into its overlap with [from, to). */
static uint64_t interval_part(const struct host_model *h, const uint64_t *sums, uint32_t cpu,
			      size_t i, int64_t from, int64_t to)
{
	int64_t a = h->t[i - 1] > from ? h->t[i - 1] : from, b = h->t[i] < to ? h->t[i] : to;
	const uint64_t *row = sums + i * h->ncpus + cpu;

	return b > a ? least(row[0] - row[-(int64_t)h->ncpus], (uint64_t)(b - a)) : 0;
}

/* Of all intervals, by the sums `total` or `unrun`. */
static uint64_t of_intervals(const struct host_model *h, const uint64_t *sums, uint32_t cpu,
			     int64_t from, int64_t to)
{
	size_t a = sample_after(h, from), b = sample_after(h, to - 1);
	uint64_t ns = 0;

	if (cpu >= h->ncpus || !h->n)
		return 0;
	a = a ? a : 1;
	if (b >= h->n)
		b = h->n - 1;
	if (a > b)
		return 0;
	ns = interval_part(h, sums, cpu, a, from, to);
	if (b > a)
		ns += interval_part(h, sums, cpu, b, from, to);
	if (b > a + 1)
		ns += sums[(b - 1) * h->ncpus + cpu] - sums[a * h->ncpus + cpu];
	return ns;
}

/* Of one slice, the most that fits into its overlap with [from, to). */
static uint64_t slice_part(const struct host_slice *s, int64_t from, int64_t to)
{
	int64_t a = s->from > from ? s->from : from, b = s->to < to ? s->to : to;

	return b > a ? least(s->ns, (uint64_t)(b - a)) : 0;
}

static uint64_t of_slices(const struct host_slices *l, int64_t from, int64_t to)
{
	size_t a = slice_after(l, from), b = slice_after(l, to - 1);
	uint64_t ns = 0;

	if (b == l->n && b)
		b--;
	if (a > b || a == l->n)
		return 0;
	ns = slice_part(&l->s[a], from, to);
	if (b > a)
		ns += slice_part(&l->s[b], from, to) + l->s[b].before - l->s[a].before - l->s[a].ns;
	return ns;
}

static uint64_t withheld(const struct host_model *h, uint32_t cpu, int64_t from, int64_t to)
{
	uint64_t ns;

	if (to <= from || !h->vcpu || cpu >= h->ncpus)
		return 0;
	ns = of_intervals(h, h->total, cpu, from, to) + of_slices(&h->vcpu[cpu].slices, from, to);
	if (h->n > 1 && from >= h->t[0] && to <= h->t[h->n - 1])
		ns = least(ns, of_intervals(h, h->unrun, cpu, from, to));
	return least(ns, (uint64_t)(to - from));
}

uint64_t host_most(const struct model *m, const struct cpulist *cpus, int64_t from_ns,
		   int64_t to_ns, int64_t *cpu)
{
	uint64_t ns, worst = 0;
	uint32_t i;

	*cpu = -1;
	for (i = 0; i < m->host.ncpus; i++) {
		if (cpus && !cpulist_has(cpus, i))
			continue;
		ns = withheld(&m->host, i, from_ns, to_ns);
		if (ns > worst) {
			worst = ns;
			*cpu = i;
		}
	}
	return worst;
}

uint64_t host_withheld(const struct model *m, int64_t cpu, int64_t from_ns, int64_t to_ns)
{
	int64_t which;

	if (cpu < 0)
		return host_most(m, NULL, from_ns, to_ns, &which);
	return cpu < CPULIST_MAX ? withheld(&m->host, (uint32_t)cpu, from_ns, to_ns) : 0;
}

uint64_t host_withheld_cpus(const struct model *m, const struct cpulist *cpus, int64_t from_ns,
			    int64_t to_ns)
{
	uint64_t ns = 0;
	uint32_t i;

	for (i = 0; i < m->host.ncpus; i++)
		if (cpulist_has(cpus, i))
			ns = arith_add(ns, withheld(&m->host, i, from_ns, to_ns));
	return ns;
}

/* A stretch that may go on from one interval into the next. */
struct stretch {
	uint64_t carry, longest;
	int64_t end;
};

static void stretch_add(struct stretch *s, int64_t from, int64_t to, uint64_t ns)
{
	uint64_t on = from == s->end ? s->carry + ns : ns;

	s->longest = most(s->longest, on);
	/* all of it was withheld, or else a stretch begins anew in it */
	s->carry = ns >= (uint64_t)(to - from) / 10 * 9 ? on : ns;
	s->end = to;
}

static uint64_t burst(const struct host_model *h, uint32_t cpu, int64_t from, int64_t to)
{
	const struct host_slices *l = &h->vcpu[cpu].slices;
	struct stretch coarse = { .end = -1 }, fine = { .end = -1 };
	size_t i;

	for (i = sample_after(h, from); i < h->n && (!i || h->t[i - 1] < to); i++)
		if (i)
			stretch_add(&coarse, h->t[i - 1], h->t[i],
				    interval_part(h, h->total, cpu, i, from, to));
	for (i = slice_after(l, from); i < l->n && l->s[i].from < to; i++)
		stretch_add(&fine, l->s[i].from, l->s[i].to, slice_part(&l->s[i], from, to));
	return least(coarse.longest + fine.longest, (uint64_t)(to - from));
}

uint64_t host_burst(const struct model *m, const struct cpulist *cpus, int64_t from_ns,
		    int64_t to_ns)
{
	uint64_t worst = 0;
	uint32_t i;

	for (i = 0; to_ns > from_ns && i < m->host.ncpus; i++)
		if (!cpus || cpulist_has(cpus, i))
			worst = most(worst, burst(&m->host, i, from_ns, to_ns));
	return worst;
}

bool host_known(const struct model *m)
{
	uint32_t i;

	for (i = 0; i < m->host.ncpus; i++)
		if (m->host.vcpu[i].known)
			return true;
	return false;
}

void host_clock(struct host_model *h, int64_t t_ns, int64_t guest_ns)
{
	int64_t offset = t_ns - guest_ns;

	/* a record may come late, and never early */
	if (t_ns < 0 || guest_ns < 0 || (h->have_offset && offset >= h->offset_ns))
		return;
	h->offset_ns = offset;
	h->have_offset = true;
}

int64_t host_time(const struct model *m, int64_t guest_ns)
{
	int64_t t;

	if (!m->host.have_offset || __builtin_add_overflow(guest_ns, m->host.offset_ns, &t))
		return guest_ns;
	return t;
}

const char *host_words(const struct model *m, int64_t cpu, int64_t from_ns, int64_t to_ns,
		       char buf[HOST_WORDS])
{
	int64_t begin = m->seen.workload_ns > 0 ? m->seen.workload_ns : 0;

	snprintf(buf, HOST_WORDS, "vCPU %lld was not run for %.0fms of the %.0fms from %.1fs on",
		 (long long)cpu, (double)host_withheld(m, cpu, from_ns, to_ns) / NSEC_PER_MSEC,
		 (double)(to_ns - from_ns) / NSEC_PER_MSEC,
		 (double)(from_ns - begin) / NSEC_PER_SEC);
	return buf;
}

void host_free(struct host_model *h)
{
	uint32_t i;

	for (i = 0; h->vcpu && i < CPULIST_MAX; i++)
		free(h->vcpu[i].slices.s);
	free(h->vcpu);
	free(h->t);
	free(h->total);
	free(h->unrun);
}
