// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks "wait" and "affinity", as far as samples tell. In a fair round each of N tasks
 * that compete for a CPU runs for a slice, a heavy one as much more often as it is heavier
 * than the one that waits: after that many slices a task has had its turn. Several times that, and
 * a fixed time for wake-ups and balancing, is what no sound scheduler lets a task wait.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "units.h"
#include "waits.h"

#define BASE_NS  (200.0 * NSEC_PER_MSEC)
#define STRAY_NS (20 * NSEC_PER_MSEC) /* that the vCPU ran between two of them, at least */

static bool is_higher(enum raw_class c, int than_ext)
{
	return c == CLASS_STOP || c == CLASS_DL || c == CLASS_RT || (than_ext && c == CLASS_FAIR);
}

/* Adds a sample to the rings. */
static void push(struct waits *w, const struct raw *r)
{
	uint32_t at = w->n % WAITS_RING, last = (w->n + WAITS_RING - 1) % WAITS_RING, i;
	uint64_t dt = w->n && r->t_ns > w->t[last] ? (uint64_t)(r->t_ns - w->t[last]) : 0, nr;
	int k;

	w->ncpus = r->ncpus > w->ncpus ? r->ncpus : w->ncpus;
	for (i = 0; i < w->ncpus; i++) {
		nr = raw_get(r, RAW_NR_RUNNING, i);
		w->idle[at][i] = i < r->nclass && r->class[i] == CLASS_IDLE;
		w->running[at][i] = nr == RAW_NONE    ? 0
				    : nr > UINT32_MAX ? UINT32_MAX
						      : (uint32_t)nr;
		for (k = 0; k < 2; k++)
			w->higher[k][at][i] = (w->n ? w->higher[k][last][i] : 0) +
					      (i < r->nclass && is_higher(r->class[i], k) ? dt : 0);
	}
	w->t[at] = r->t_ns;
	w->n++;
}

/* The oldest sample of the ring that is not before `from`, or the one before that. */
static uint32_t since(const struct waits *w, int64_t from)
{
	uint32_t i = w->n - 1, oldest = w->n > WAITS_RING ? w->n - WAITS_RING : 0;

	while (i > oldest && w->t[i % WAITS_RING] > from)
		i--;
	return i;
}

static uint64_t higher_time(const struct waits *w, uint32_t cpu, enum raw_class class, int64_t from)
{
	uint32_t at = since(w, from) % WAITS_RING, now = (w->n - 1) % WAITS_RING;
	int k = class == CLASS_EXT;

	return cpu < w->ncpus ? w->higher[k][now][cpu] - w->higher[k][at][cpu] : 0;
}

/*
 * How long a CPU that the task may use was idle. A scheduler that does not promise to find it such
 * a CPU may leave the task waiting beside it.
 */
static uint64_t idle_time(const struct waits *w, const struct raw_task *t, int64_t from)
{
	uint64_t sum = 0;
	uint32_t i;
	int cpu;

	for (i = since(w, from) + 1; i < w->n; i++)
		for (cpu = -1;
		     (cpu = cpulist_next(&t->cpus, cpu)) >= 0 && (uint32_t)cpu < w->ncpus;) {
			if (!w->idle[i % WAITS_RING][cpu])
				continue;
			sum += (uint64_t)(w->t[i % WAITS_RING] - w->t[(i - 1) % WAITS_RING]);
			break;
		}
	return sum;
}

/* The most tasks that one CPU had to share among itself, of those that the task may use. */
static uint32_t contenders(const struct waits *w, const struct raw_task *t, int64_t from)
{
	uint32_t i, at, cpus = 0, most = 1, each;
	uint64_t sum;
	int cpu;

	for (i = since(w, from); i < w->n; i++) {
		at = i % WAITS_RING;
		sum = cpus = 0;
		for (cpu = -1;
		     (cpu = cpulist_next(&t->cpus, cpu)) >= 0 && (uint32_t)cpu < w->ncpus;) {
			sum += w->running[at][cpu];
			cpus++;
		}
		each = cpus ? (uint32_t)((sum + cpus - 1) / cpus) : 0;
		if (t->cpu < w->ncpus && w->running[at][t->cpu] > each)
			each = w->running[at][t->cpu];
		most = each > most ? each : most;
	}
	return most;
}

static double bound_of(const struct model *m, const struct waits *w, const struct raw_task *t,
		       uint32_t n)
{
	double slice = t->class == CLASS_EXT ? WAITS_SLICE_EXT : WAITS_SLICE_FAIR;
	double heavier = terms_heavier(m, t->weight, t->cgroup);
	const struct term *quota = terms_quota(m, t->cgroup);
	double round;

	if (t->weight && w->heaviest / (double)t->weight > heavier)
		heavier = w->heaviest / (double)t->weight;
	round = slice * n * heavier;
	if (!quota)
		return BASE_NS + WAITS_ROUNDS * round;
	return BASE_NS + WAITS_ROUNDS * (round / fmin(quota->quota, 1) + quota->period);
}

/* In place of another, if there is none or this one is more. */
static void keep(struct long_wait *to, const struct long_wait *x, bool more)
{
	if (!to->any || more)
		*to = *x;
	to->any = true;
}

/* One more that is too long; of too many, the least is forgotten. */
static void remember(struct waits *w, const struct long_wait *x)
{
	uint32_t i, least = 0;

	if (w->nkept < WAITS_KEPT) {
		w->kept[w->nkept++] = *x;
		return;
	}
	for (i = 1; i < WAITS_KEPT; i++)
		if (w->kept[i].gross_ns / w->kept[i].bound_ns <
		    w->kept[least].gross_ns / w->kept[least].bound_ns)
			least = i;
	if (x->gross_ns / x->bound_ns > w->kept[least].gross_ns / w->kept[least].bound_ns)
		w->kept[least] = *x;
}

/* A task that has waited for long: for too long? */
static void look_at_task(struct model *m, const struct raw *r, const struct raw_task *t)
{
	struct waits *w = m->waits;
	int64_t from = r->t_ns - (int64_t)t->wait_ns;
	struct long_wait x = { .task = raw_who(t), .cpus = t->cpus, .t_ns = r->t_ns };

	x.gross_ns = (double)t->wait_ns - (double)r->cost_ns;
	x.contenders = contenders(w, t, from);
	x.bound_ns = bound_of(m, w, t, x.contenders);
	if (x.gross_ns <= x.bound_ns)
		return;
	if (!promised(m, PROMISE_WORK_CONSERVING))
		x.idle_ns = idle_time(w, t, from);
	x.higher_ns = higher_time(w, t->cpu, t->class, from);
	if (t->cpu < r->nclass && is_higher(r->class[t->cpu], t -> class == CLASS_EXT)) {
		x.higher = r->class[t->cpu];
		memcpy(x.higher_comm, r->comm[t->cpu], sizeof(x.higher_comm));
	}
	remember(w, &x);
}

static bool is_more(const struct long_wait *x, const struct long_wait *than)
{
	return x->net_ns / x->bound_ns > than->net_ns / than->bound_ns;
}

/* Is there an excuse for a wait that was too long? */
static void weigh(const struct model *m, struct waits *w, struct long_wait *x)
{
	int64_t from = x->t_ns - (int64_t)x->task.wait_ns;
	uint64_t host = host_most(m, &x->cpus, from, x->t_ns, &x->vcpu);

	x->net_ns = x->gross_ns - (double)x->higher_ns - (double)x->idle_ns;
	if (x->net_ns <= x->bound_ns) {
		keep(&w->above, x, x->gross_ns > w->above.gross_ns);
	} else if (x->net_ns - (double)host <= x->bound_ns) {
		keep(&w->host, x, is_more(x, &w->host));
	} else {
		x->net_ns -= (double)host;
		keep(&w->fail, x, is_more(x, &w->fail));
	}
}

/* Its type of work changes masks all the time: each look may find it on its way. */
static bool is_churner(const struct model *m, int64_t pid)
{
	const struct worker *w;
	const char *work;
	uint32_t i, k;

	for (i = 0; i < m->ngroups; i++) {
		work = m->groups[i].work;
		if (!work ||
		    (strcmp(work, "AffinityChurn") != 0 && strcmp(work, "CrossAffinityChurn") != 0))
			continue;
		for (k = m->groups[i].first; k != MODEL_NONE; k = w->next) {
			w = &m->workers[k];
			if (w->tid == pid)
				return true;
		}
	}
	return false;
}

/* Whoever is to move a task to where it may run must have been run meanwhile, wherever that is. */
static void weigh_pairs(const struct model *m, struct waits *w)
{
	const struct stray_pair *p;
	struct strayed *s;
	uint32_t i;
	int64_t vcpu;

	memset(w->now, 0, sizeof(w->now));
	for (i = 0; i < w->npairs; i++) {
		p = &w->pairs[i];
		s = &w->now[p->cpu];
		if ((uint64_t)(p->to - p->from) <
			    host_most(m, NULL, p->from, p->to, &vcpu) + STRAY_NS ||
		    is_churner(m, p->pid))
			continue;
		if (s->pid != p->pid || s->t_ns != p->from)
			*s = (struct strayed){ p->pid, p->from, 1 };
		s->samples++;
		s->t_ns = p->to;
		if (s->samples <= w->worst.samples)
			continue;
		w->worst = *s;
		w->worst_cpu = p->cpu;
		memcpy(w->worst_comm, p->comm, sizeof(w->worst_comm));
	}
}

void waits_close(struct model *m)
{
	struct waits *w = m->waits;
	uint32_t i;

	for (i = 0; i < w->nkept; i++)
		weigh(m, w, &w->kept[i]);
	weigh_pairs(m, w);
}

static void look_at_tasks(struct model *m, const struct raw *r)
{
	struct waits *w = m->waits;
	const struct raw_task *t;
	uint32_t i;

	for (i = 0; i < r->nwaiting; i++) {
		t = &r->waiting[i];
		if (!t->kthread && (double)t->weight > w->heaviest)
			w->heaviest = (double)t->weight;
	}
	for (i = 0; i < r->nwaiting; i++) {
		t = &r->waiting[i];
		if ((t->class != CLASS_FAIR && t->class != CLASS_EXT) || t->wait_ns > INT64_MAX)
			continue;
		if ((double)t->wait_ns > w->longest_ns) {
			w->longest_ns = (double)t->wait_ns;
			w->longest = raw_who(t);
		}
		if ((double)t->wait_ns > BASE_NS)
			look_at_task(m, r, t);
	}
}

/* A task outside its mask: it is on its way out, or still there in the next sample. */
static void look_at_masks(struct waits *w, const struct raw *r)
{
	struct stray_pair *p;
	struct strayed *s;
	uint64_t pid;
	uint32_t i;

	w->have_outside |= r->len[RAW_OUTSIDE] > 0;
	for (i = 0; i < r->len[RAW_OUTSIDE]; i++) {
		s = &w->now[i];
		pid = raw_get(r, RAW_CURR_PID, i);
		if (r->col[RAW_OUTSIDE][i] != 1 || pid == RAW_NONE) {
			*s = (struct strayed){ 0 };
			continue;
		}
		if (s->samples && s->pid == (int64_t)pid && w->npairs < WAITS_KEPT) {
			p = &w->pairs[w->npairs++];
			*p = (struct stray_pair){ s->pid, s->t_ns, r->t_ns, i, "" };
			memcpy(p->comm, r->comm[i], sizeof(p->comm));
		}
		*s = (struct strayed){ (int64_t)pid, r->t_ns, 1 };
	}
}

void waits_sample(struct model *m, const struct raw *r)
{
	struct waits *w = m->waits;

	w->samples++;
	push(w, r);
	w->have |= r->have_waiting;
	look_at_tasks(m, r);
	look_at_masks(w, r);
}
