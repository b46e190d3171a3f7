// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "control.h"
#include "kernel/objects/task.h"
#include "obs.h"
#include "waiting.h"

#define COMM_LEN   17
#define CGROUP_LEN 128
#define TRIES      3 /* at a list that changes */
#define RT_PRIOS   100
#define TREE_DEPTH 64

#define ON_RQ            1 /* TASK_ON_RQ_QUEUED */
#define PF_KTHREAD       0x00200000
#define WEIGHT_SHIFT     10 /* of load weights on 64 bit: scale_load() */
#define SCX_WEIGHT_NICE0 100
#define DSQ_BUILTIN      (1ULL << 63) /* kinds: SCX_DSQ_GLOBAL, _LOCAL, _BYPASS */

struct waiter {
	uint64_t task, queued_ns;
	unsigned int cpu;
	enum kclass class;
};

struct waiting {
	struct waiter w[KWAIT_LISTED_MAX]; /* the longest waits first */
	unsigned int n;
	unsigned int more; /* that there is no room for */
	unsigned int max;  /* tasks looked at, of each list */
	uint64_t clock;
};

/* Groups of tasks have the same cgroup and mask: what was last read or written of some. */
#define KEPT 8
struct kept {
	struct {
		uint64_t css;
		char name[CGROUP_LEN];
	} cgroup[KEPT];
	struct {
		struct cpulist cpus;
		char text[512];
	} mask[KEPT];
	unsigned int cgroups, masks;
};

struct details {
	uint64_t pid, tgid, weight, flags, dsq;
	char comm[COMM_LEN], cgroup[CGROUP_LEN];
	struct cpulist cpus;
};

/* Where a queue has its tasks, and how they are linked. */
struct list {
	uint64_t head;
	enum kprobe link;
	unsigned int cpu;
	enum kclass class;
	uint64_t next; /* offset of the pointer to the next one: 0, or 8 backwards */
};

static bool belongs(const struct obs *o, uint64_t task, unsigned int cpu, enum kclass class)
{
	return kview_number(&o->k, task, KP_TASK_CPU) == cpu && ktask_class(&o->k, task) == class;
}

/* Does it wait, since `queued_ns`? */
static bool waits(const struct obs *o, uint64_t task, uint64_t queued_ns)
{
	return queued_ns && kview_number(&o->k, task, KP_TASK_ON_RQ) == ON_RQ &&
	       !kview_number(&o->k, task, KP_TASK_ON_CPU) &&
	       !kview_number(&o->k, task, KP_TASK_DELAYED) &&
	       kview_number(&o->k, task, KP_TASK_LAST_QUEUED) == queued_ns;
}

/* A quota has stopped it: until 6.17 such tasks stay where they are queued. */
static bool throttled(const struct obs *o, uint64_t task)
{
	return kview_number(&o->k, kview_number(&o->k, task, KP_TASK_CFS_RQ), KP_CFS_THROTTLED);
}

/* ---- who waits longest --------------------------------------------------------------- */

/* Keeps it if it is among the longest. */
static void keep(struct waiting *l, const struct waiter *w)
{
	unsigned int at = l->n;

	if (l->n == KWAIT_LISTED_MAX) {
		l->more++;
		at--;
	}
	while (at && l->w[at - 1].queued_ns > w->queued_ns)
		at--;
	if (l->n < KWAIT_LISTED_MAX)
		l->n++;
	memmove(&l->w[at + 1], &l->w[at], (l->n - at - 1) * sizeof(*w));
	l->w[at] = *w;
}

static void look_at(const struct obs *o, struct waiting *l, const struct waiter *of)
{
	struct waiter w = *of;

	w.queued_ns = kview_number(&o->k, w.task, KP_TASK_LAST_QUEUED);
	if (!w.queued_ns || w.queued_ns + KWAIT_MIN_NS > l->clock)
		return;
	if (l->n == KWAIT_LISTED_MAX && w.queued_ns >= l->w[l->n - 1].queued_ns)
		l->more++;
	else if (belongs(o, w.task, w.cpu, w.class) && waits(o, w.task, w.queued_ns) &&
		 !(w.class == KCLASS_FAIR && throttled(o, w.task)))
		keep(l, &w);
}

/* ---- where they are ------------------------------------------------------------------ */

/*
 * The tasks of a list, at most `max`. False: it has changed, and where the next one was there was
 * one of another list, or none.
 */
static bool walk(const struct obs *o, const struct list *q, uint64_t *task, size_t max, size_t *n)
{
	uint64_t node;

	*n = 0;
	if (kmem_number(&o->k.mem, q->head + q->next, 8, &node))
		return false;
	while (node != q->head && *n < max) {
		task[*n] = node - o->k.probe.f[q->link].offset;
		if (kview_number(&o->k, task[*n], KP_TASK_CPU) != q->cpu ||
		    kmem_number(&o->k.mem, node + q->next, 8, &node))
			return false;
		++*n;
	}
	return true;
}

static void look_at_list(const struct obs *o, struct waiting *l, const struct list *q)
{
	uint64_t task[KWAIT_TASKS_MAX], running;
	size_t n = 0, i;
	int tries;

	if (!q->head || !o->k.probe.f[q->link].known)
		return;
	for (tries = 0; tries < TRIES && !walk(o, q, task, l->max, &n); tries++)
		;
	for (i = 0; i < n; i++)
		look_at(o, l, &(struct waiter){ task[i], 0, q->cpu, q->class });
	running = n == l->max ? kview_number(&o->k, o->k.rq[q->cpu], KP_RQ_NR_RUNNING) : 0;
	if (running > n + 1)
		l->more += (unsigned int)(running - n - 1);
}

static uint64_t in_rq(const struct obs *o, unsigned int cpu, enum kprobe probe)
{
	return o->k.rq[cpu] && o->k.probe.f[probe].known ? o->k.rq[cpu] + o->k.probe.f[probe].offset
							 : 0;
}

/* A list for each priority, and a bit for each that is not empty. */
static void look_at_rt(const struct obs *o, struct waiting *l, unsigned int cpu)
{
	uint64_t map = in_rq(o, cpu, KP_RQ_RT_BITMAP), queue = in_rq(o, cpu, KP_RQ_RT_QUEUE);
	struct list q = { 0, KP_TASK_RT_NODE, cpu, KCLASS_RT, 0 };
	uint64_t bits[2] = { 0 };
	unsigned int prio;

	if (!map || !queue || kmem_read(&o->k.mem, map, bits, sizeof(bits)))
		return;
	for (prio = 0; prio < RT_PRIOS; prio++) {
		if (!(bits[prio / 64] >> prio % 64 & 1))
			continue;
		q.head = queue + 16ULL * prio;
		look_at_list(o, l, &q);
	}
}

/* A tree of those that may run elsewhere, too. */
static void look_at_dl(const struct obs *o, struct waiting *l, unsigned int cpu)
{
	uint64_t left = o->k.probe.f[KP_RB_LEFT].offset, right = o->k.probe.f[KP_RB_RIGHT].offset;
	uint64_t node[TREE_DEPTH], task;
	unsigned int n = 1, left_over = l->max;

	node[0] = kview_number(&o->k, o->k.rq[cpu], KP_RQ_DL_PUSHABLE);
	if (!node[0] || !o->k.probe.f[KP_TASK_DL_NODE].known || !o->k.probe.f[KP_RB_LEFT].known)
		return;
	while (n && left_over--) {
		uint64_t at = node[--n], next;

		task = at - o->k.probe.f[KP_TASK_DL_NODE].offset;
		if (!belongs(o, task, cpu, KCLASS_DL))
			return;
		look_at(o, l, &(struct waiter){ task, 0, cpu, KCLASS_DL });
		if (n + 2 <= TREE_DEPTH && !kmem_number(&o->k.mem, at + left, 8, &next) && next)
			node[n++] = next;
		if (n + 2 <= TREE_DEPTH && !kmem_number(&o->k.mem, at + right, 8, &next) && next)
			node[n++] = next;
	}
}

static void look_at_cpu(const struct obs *o, struct waiting *l, unsigned int cpu)
{
	const struct list fair = { in_rq(o, cpu, KP_RQ_CFS_TASKS), KP_TASK_GROUP_NODE, cpu,
				   KCLASS_FAIR, 8 };
	const struct list ext = { in_rq(o, cpu, KP_RQ_SCX_RUNNABLE), KP_TASK_SCX_RUNNABLE_NODE, cpu,
				  KCLASS_EXT, 0 };

	look_at_list(o, l, &fair);
	look_at_list(o, l, &ext);
	look_at_rt(o, l, cpu);
	look_at_dl(o, l, cpu);
}

/* ---- what is said of each ------------------------------------------------------------ */

static const char *cgroup_of(const struct obs *o, struct kept *k, uint64_t task)
{
	uint64_t css = kview_number(&o->k, task, KP_TASK_CGROUPS);
	unsigned int i;

	for (i = 0; i < KEPT; i++)
		if (css && k->cgroup[i].css == css)
			return k->cgroup[i].name;
	i = k->cgroups++ % KEPT;
	k->cgroup[i].css = css;
	ktask_cgroup(&o->k, task, k->cgroup[i].name, sizeof(k->cgroup[i].name));
	return k->cgroup[i].name;
}

static void put_cpus(struct jtext *t, struct kept *k, const struct cpulist *cpus)
{
	char text[CPULIST_TEXT_MAX];
	unsigned int i;

	for (i = 0; i < k->masks && i < KEPT; i++)
		if (memcmp(&k->mask[i].cpus, cpus, sizeof(*cpus)) == 0) {
			jtext_str(t, k->mask[i].text);
			return;
		}
	jtext_str(t, cpulist_format(cpus, text));
	if (strlen(text) >= sizeof(k->mask[0].text))
		return;
	i = k->masks++ % KEPT;
	k->mask[i].cpus = *cpus;
	strcpy(k->mask[i].text, text);
}

/* 1024 is nice 0; of real-time tasks: 0. */
static uint64_t weight_of(const struct obs *o, const struct waiter *w)
{
	if (w->class == KCLASS_EXT)
		return kview_number(&o->k, w->task, KP_TASK_SCX_WEIGHT) * 1024 / SCX_WEIGHT_NICE0;
	if (w->class == KCLASS_FAIR)
		return kview_number(&o->k, w->task, KP_TASK_WEIGHT) >> WEIGHT_SHIFT;
	return 0;
}

/* False: it has gone on meanwhile, or its CPUs cannot be read. */
static bool read_details(const struct obs *o, const struct waiter *w, struct kept *k,
			 struct details *d)
{
	uint64_t comm = w->task + o->k.probe.f[KP_TASK_COMM].offset;
	bool whole = ktask_cpus(&o->k, w->task, w->cpu, &d->cpus);

	d->pid = kview_number(&o->k, w->task, KP_TASK_PID);
	d->tgid = kview_number(&o->k, w->task, KP_TASK_TGID);
	d->flags = kview_number(&o->k, w->task, KP_TASK_FLAGS);
	d->dsq = kview_number(&o->k, w->task, KP_TASK_SCX_DSQ);
	d->dsq = d->dsq ? kview_number(&o->k, d->dsq, KP_DSQ_ID) : 0;
	d->weight = weight_of(o, w);
	if (kmem_string(&o->k.mem, comm, d->comm, sizeof(d->comm)) < 0)
		d->comm[0] = '\0';
	strcpy(d->cgroup, cgroup_of(o, k, w->task));
	return whole && belongs(o, w->task, w->cpu, w->class) && waits(o, w->task, w->queued_ns);
}

static void put_dsq(struct jtext *t, const struct waiter *w, uint64_t dsq)
{
	static const char *const builtin[] = { "none", "global", "local", "bypass" };

	if (w->class != KCLASS_EXT)
		jtext_null(t);
	else if (!dsq)
		jtext_str(t, "none");
	else if (!(dsq & DSQ_BUILTIN))
		jtext_uint(t, dsq);
	else
		jtext_str(t, builtin[(dsq & 0xff) < 4 ? dsq & 0xff : 0]);
}

/* Each is a column; `put` writes an item of it. */
#define COLUMN(name, put)               \
	do {                            \
		jtext_key(t, name);     \
		jtext_open(t, '[');     \
		for (i = 0; i < n; i++) \
			put;            \
		jtext_close(t, ']');    \
	} while (0)

static void put_columns(struct jtext *t, const struct waiting *l, const struct details *d,
			struct kept *k)
{
	unsigned int i, n = l->n;

	COLUMN("pid", jtext_uint(t, d[i].pid));
	COLUMN("tgid", jtext_uint(t, d[i].tgid));
	COLUMN("comm", jtext_str(t, d[i].comm));
	COLUMN("kthread", jtext_uint(t, d[i].flags & PF_KTHREAD ? 1 : 0));
	COLUMN("cgroup", jtext_str(t, d[i].cgroup));
	COLUMN("cpu", jtext_uint(t, l->w[i].cpu));
	COLUMN("cpus", put_cpus(t, k, &d[i].cpus));
	COLUMN("class", jtext_str(t, kclass_name(l->w[i].class)));
	COLUMN("weight", jtext_uint(t, d[i].weight));
	COLUMN("dsq", put_dsq(t, &l->w[i], d[i].dsq));
	COLUMN("wait_ns", jtext_uint(t, l->clock - l->w[i].queued_ns));
}

static unsigned int share_of_cpu(unsigned int cpus)
{
	unsigned int n = KWAIT_SAMPLE_MAX / cpus;

	return n < KWAIT_TASKS_MIN ? KWAIT_TASKS_MIN : n > KWAIT_TASKS_MAX ? KWAIT_TASKS_MAX : n;
}

void kwait_sample(struct obs *o, uint64_t now_ns)
{
	struct waiting l = { .max = share_of_cpu(o->k.m->cpus),
			     .clock = kclock_now(&o->sched_clock, obs_ran(o, now_ns)) };
	struct details d[KWAIT_LISTED_MAX];
	struct kept k = { .cgroups = 0 };
	unsigned int cpu, i, n;

	if (!o->k.probe.f[KP_TASK_LAST_QUEUED].known || !o->k.probe.f[KP_TASK_CPU].known)
		return;
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		look_at_cpu(o, &l, cpu);
	for (i = n = 0; i < l.n; i++)
		if (read_details(o, &l.w[i], &k, &d[n]))
			l.w[n++] = l.w[i];
	l.n = n;
	jtext_key(&o->text, "waiting");
	jtext_open(&o->text, '{');
	put_columns(&o->text, &l, d, &k);
	jtext_close(&o->text, '}');
	if (l.more) {
		jtext_key(&o->text, "waiting_more");
		jtext_uint(&o->text, l.more);
	}
}
