// SPDX-License-Identifier: GPL-2.0-only
/* Water-filling: what weights and masks entitle tasks to. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "entitle.h"

#define ROUNDS 200
#define CLOSE  1e-6

/* Linux leaves CPUs alone whose loads differ by less than a quarter (imbalance_pct is 125). */
#define BALANCED 1.25

struct fill {
	struct entitle_kind *k;
	uint32_t n;
	double *load;  /* of each CPU */
	double *part;  /* of each kind on each CPU, n times CPULIST_MAX */
	double *eager; /* load of a task, as far as one CPU can serve it */
};

static double level_of(const struct fill *f, const struct cpulist *cpus)
{
	double least = INFINITY;
	int c;

	for (c = cpulist_next(cpus, -1); c >= 0; c = cpulist_next(cpus, c))
		least = fmin(least, f->load[c]);
	return least;
}

/* How much it takes to fill all CPUs of the list up to `level`. */
static double volume(const struct fill *f, const struct cpulist *cpus, double level)
{
	double sum = 0;
	int c;

	for (c = cpulist_next(cpus, -1); c >= 0; c = cpulist_next(cpus, c))
		sum += fmax(0, level - f->load[c]);
	return sum;
}

/* Takes a kind off its CPUs and pours it over them again; by how much the worst CPU changed. */
static double pour(struct fill *f, uint32_t i)
{
	const struct cpulist *cpus = &f->k[i].cpus;
	double *part = f->part + (size_t)i * CPULIST_MAX, all = f->eager[i] * f->k[i].tasks;
	double low, high, mid, was, change = 0;
	int c, step;

	for (c = cpulist_next(cpus, -1); c >= 0; c = cpulist_next(cpus, c))
		f->load[c] -= part[c];
	low = level_of(f, cpus);
	high = low + all;
	for (step = 0; step < 60; step++) {
		mid = (low + high) / 2;
		if (volume(f, cpus, mid) < all)
			low = mid;
		else
			high = mid;
	}
	for (c = cpulist_next(cpus, -1); c >= 0; c = cpulist_next(cpus, c)) {
		was = part[c];
		part[c] = fmax(0, high - f->load[c]);
		f->load[c] += part[c];
		change = fmax(change, fabs(part[c] - was));
	}
	return change;
}

/* A task that is heavier than a CPU's fair load has the CPU, and leaves the others alone. */
static double bound(struct fill *f, uint32_t i)
{
	double eager = fmin(f->k[i].load, level_of(f, &f->k[i].cpus));
	double change = fabs(f->eager[i] - eager);

	f->eager[i] = eager;
	return change;
}

static void settle(struct fill *f)
{
	double change = INFINITY, scale = 0;
	uint32_t i;
	int round;

	for (i = 0; i < f->n; i++)
		scale += f->k[i].load * f->k[i].tasks;
	for (round = 0; round < ROUNDS && change > CLOSE * scale; round++) {
		change = 0;
		for (i = 0; i < f->n; i++)
			change = fmax(change, pour(f, i));
		for (i = 0; i < f->n; i++)
			change = fmax(change, bound(f, i));
	}
}

/* CPUs of a kind that are as full as its best one. */
static unsigned int places(const struct fill *f, const struct entitle_kind *k)
{
	unsigned int n = 0;
	int c;

	for (c = cpulist_next(&k->cpus, -1); c >= 0; c = cpulist_next(&k->cpus, c))
		n += f->load[c] <= k->level * 1.01;
	return n;
}

static bool same(const struct cpulist *a, const struct cpulist *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool overlap(const struct cpulist *a, const struct cpulist *b)
{
	struct cpulist rest = *a;

	cpulist_andnot(&rest, b);
	return cpulist_count(&rest) < cpulist_count(a);
}

/*
 * A task stays on a CPU of load L only while it would not be better off on the emptiest one
 * of the `m` that it may use: L - load <= BALANCED * emptiest. The mean of these CPUs is
 * their level, so the other m - 1 have (m * level - L) / (m - 1) at best. That bounds L.
 */
static double fullest(double load, double level, unsigned int m)
{
	return (load * (m - 1) + BALANCED * m * level) / (m - 1 + BALANCED);
}

/* Load of the CPU of a task that is pinned: others may come to it while they gain by it. */
static double fullest_pinned(const struct fill *f, const struct entitle_kind *k)
{
	double most = k->level;
	unsigned int m;
	uint32_t i;

	for (i = 0; i < f->n; i++) {
		m = cpulist_count(&f->k[i].cpus);
		if (m > 1 && overlap(&f->k[i].cpus, &k->cpus))
			most = fmax(most, fullest(f->eager[i], k->level, m));
	}
	return most;
}

/*
 * Tasks of other masks may sit one too many on a CPU that both may use, because each of them
 * gains nothing alone by going where only they may go; and so on along a chain of masks. The
 * heaviest task of each such mask counts once.
 */
static double chained(const struct fill *f, uint32_t of)
{
	bool linked[ENTITLE_KINDS] = { false }, more = true;
	double sum = 0, heaviest;
	uint32_t i, k;

	linked[of] = true;
	while (more) {
		more = false;
		for (i = 0; i < f->n; i++)
			for (k = 0; k < f->n && !linked[i]; k++)
				if (linked[k] && cpulist_count(&f->k[i].cpus) > 1 &&
				    overlap(&f->k[i].cpus, &f->k[k].cpus))
					linked[i] = more = true;
	}
	for (i = 0; i < f->n; i++) {
		if (!linked[i] || same(&f->k[i].cpus, &f->k[of].cpus))
			continue;
		heaviest = f->eager[i];
		for (k = 0; k < f->n; k++) {
			if (!linked[k] || k == i || !same(&f->k[k].cpus, &f->k[i].cpus))
				continue;
			if (k < i) /* that mask was counted */
				heaviest = 0;
			heaviest = heaviest > 0 ? fmax(heaviest, f->eager[k]) : 0;
		}
		sum += heaviest;
	}
	return sum;
}

static bool all_alike(const struct fill *f)
{
	uint32_t i;

	for (i = 1; i < f->n; i++)
		if (fabs(f->k[i].load - f->k[0].load) > 0.001 * f->k[0].load)
			return false;
	return true;
}

static double floor_of(const struct fill *f, const struct entitle_kind *k, bool alike)
{
	unsigned int m = places(f, k);
	double most = m > 1 ? fullest(k->load, k->level, m) : fullest_pinned(f, k);

	most += chained(f, (uint32_t)(k - f->k));
	if (alike) /* so it is a whole number of tasks */
		most = k->load * floor(most / k->load + 0.001);
	return most > k->load ? k->load / most : 1;
}

static bool fill_init(struct fill *f, struct entitle_kind *k, uint32_t n)
{
	uint32_t i;

	f->k = k;
	f->n = n;
	f->load = calloc(CPULIST_MAX, sizeof(*f->load));
	f->part = calloc((size_t)n * CPULIST_MAX, sizeof(*f->part));
	f->eager = calloc(n, sizeof(*f->eager));
	for (i = 0; f->eager && i < n; i++)
		f->eager[i] = k[i].load;
	return f->load && f->part && f->eager;
}

int entitle_solve(struct entitle_kind *k, uint32_t n)
{
	struct fill f = { 0 };
	bool ok = n <= ENTITLE_KINDS && fill_init(&f, k, n);
	bool alike;
	uint32_t i;

	if (ok)
		settle(&f);
	alike = ok && all_alike(&f);
	for (i = 0; ok && i < n; i++) {
		k[i].level = level_of(&f, &k[i].cpus);
		k[i].share = k[i].load < k[i].level ? k[i].load / k[i].level : 1;
		k[i].floor = fmin(k[i].share, floor_of(&f, &k[i], alike));
	}
	free(f.load);
	free(f.part);
	free(f.eager);
	return ok ? 0 : -1;
}
