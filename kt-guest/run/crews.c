// SPDX-License-Identifier: GPL-2.0-only
/* The crews of a world: birth, a common start, stop, reports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"
#include "crew/report.h"
#include "crews.h"
#include "world.h"

#define READY_WAIT   (5 * NSEC_PER_SEC)
#define ASLEEP_WAIT  (500 * NSEC_PER_MSEC) /* a worker that died will never sleep */
#define ASLEEP_TICK  (500 * NSEC_PER_USEC)
#define COLLECT_WAIT (5 * NSEC_PER_SEC)
#define KILL_WAIT    (2 * NSEC_PER_SEC)
#define REMIND_TICK  (20 * NSEC_PER_MSEC)
#define RELEASE_TICK (100 * NSEC_PER_MSEC)
#define BOOST_WAIT   (2 * NSEC_PER_SEC)
#define LEFT_MAX     64 /* of a crew that are helped at once */
#define SWEEPS       16

int world_spawn(struct world *w, struct home *h, struct json_object *group, unsigned int index,
		struct errbuf *e)
{
	unsigned int *born = h ? &h->workers : &w->root_workers;
	struct crew_spec s = { .step = w->step,
			       .cgroup = h ? h->name : "/",
			       .group_index = index,
			       .first = *born,
			       .group = group };
	struct crew **end = &w->crews, *c;
	int rc = crew_make(&c, &s, e);

	if (c) {
		while (*end)
			end = &(*end)->next;
		*end = c;
		c->home = h;
	}
	if (rc)
		return rc;
	*born += c->n;
	return crew_spawn(c, h ? h->cg.fd : -1, h ? h->cg.path : CGROUP_ROOT, w->ready_fd, e);
}

int world_payload(struct world *w, const char *name, const char *cgroup, struct errbuf *e)
{
	struct home *h = NULL;
	int rc = 0;

	if (!cgroup)
		cgroup = payload_cgroup(w->payloads, name);
	if (cgroup)
		rc = world_get(w, cgroup, &h, e);
	return rc ? rc : payload_start(w->payloads, name, w->step, cgroup, h ? h->cg.fd : -1, e);
}

int world_payloads(struct world *w, struct json_object *names, struct errbuf *e)
{
	size_t i, n = names ? json_object_array_length(names) : 0;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = world_payload(w, json_object_get_string(json_object_array_get_idx(names, i)),
				   NULL, e);
	return rc;
}

int world_people(struct world *w, struct json_object *cgroup, struct errbuf *e)
{
	struct json_object *groups = rec_get_arr(cgroup, "groups");
	const char *payload = rec_get_str(cgroup, "payload", NULL);
	struct home *h;
	size_t i, n = groups ? json_object_array_length(groups) : 0;
	int rc = world_get(w, rec_get_str(cgroup, "name", "?"), &h, e);

	if (!rc && payload)
		rc = world_payload(w, payload, rec_get_str(cgroup, "name", "?"), e);
	/* a cgroup without "groups" is the one group itself */
	if (!rc && !groups && rec_get_int(cgroup, "workers", 0))
		return world_spawn(w, h, cgroup, 0, e);
	for (i = 0; i < n && !rc; i++)
		rc = world_spawn(w, h, json_object_array_get_idx(groups, i), (unsigned int)i, e);
	return rc;
}

static bool all_ready(void *arg)
{
	struct world *w = arg;
	struct crew *c;

	for (c = w->crews; c; c = c->next) {
		if (c->open || crew_ready(c))
			continue;
		crew_reap(c, true); /* one that died never will be */
		if (crew_failed(c, NULL) || world_over(w))
			return true;
		if (!crew_ready(c))
			return false;
	}
	return true;
}

static bool all_asleep(void *arg)
{
	struct world *w = arg;
	struct crew *c;

	for (c = w->crews; c; c = c->next)
		if (!c->open && !crew_gathered(c))
			return false;
	return true;
}

static int any_failed(const struct world *w, struct errbuf *e)
{
	const struct crew *c;
	int rc = 0;

	for (c = w->crews; c && !rc; c = c->next)
		rc = c->open ? 0 : crew_failed(c, e);
	return rc;
}

/* Only worth its time where there are several nodes. */
static void look_at_memory(struct crew *c, unsigned int nodes)
{
	unsigned int i;

	if (nodes < 2)
		return;
	c->nodes = nodes;
	c->memory = calloc(c->n, sizeof(*c->memory));
	for (i = 0; c->memory && i < c->started; i++) {
		numa_pages(c->w[i].tid, c->memory[i].pages);
		c->memory[i].migrated = numa_migrated(c->w[i].tid);
	}
}

/* Does one that works already live in it? */
static bool is_measured(const struct world *w, const struct home *h)
{
	const struct crew *c;

	for (c = w->crews; c; c = c->next)
		if (c->open && c->home == h)
			return true;
	return false;
}

/*
 * To get ready is no work: a quota that nobody else is measured by does not hold for it. The tick
 * is for workers that die: each of them rings, but not after its last word.
 */
static int gather(struct world *w, struct errbuf *e)
{
	struct crew *c;
	int rc;

	for (c = w->crews; c; c = c->next)
		if (!c->open && c->home && !is_measured(w, c->home))
			release_quota(&w->release, c->home->cg.path);
	world_until(w, all_ready, w, REMIND_TICK, clock_ns() + READY_WAIT);
	rc = any_failed(w, e);
	if (!rc && !world_over(w))
		world_until(w, all_asleep, w, ASLEEP_TICK, clock_ns() + ASLEEP_WAIT);
	release_end(&w->release);
	return rc;
}

int world_start(struct world *w, struct errbuf *e)
{
	unsigned int procs = CREW_PROC;
	struct crew *c;
	uint64_t now;
	int rc = gather(w, e);

	if (rc || world_over(w))
		return rc;
	for (c = w->crews; c; c = c->next)
		if (!c->open)
			crew_look(c, &procs);
	now = clock_ns();
	for (c = w->crews; c; c = c->next)
		if (!c->open)
			crew_open(c, now);
	world_note_cpus(w);
	return 0;
}

void world_end_step(struct world *w)
{
	struct crew *c;

	for (c = w->crews; c; c = c->next)
		c->ending |= c->step == w->step;
}

/* Called for each that ends, so not each time all of them are asked for. */
static bool all_reaped(void *arg)
{
	struct world *w = arg;
	bool all = w->sweeps++ % SWEEPS == 0;
	unsigned int left = 0;
	struct crew *c;

	for (c = w->crews; c; c = c->next)
		if (c->ending)
			left += crew_reap(c, all);
	return !left;
}

/*
 * Those that have not stopped by now: what keeps them? They may be elsewhere than the plan has
 * put them, and there, too, be throttled, frozen or stopped. Or they are starved, which a sound
 * scheduler may do to those that are next to nothing for it, and with a real-time hog beside them
 * the kernel's own may do it to all.
 */
static void help_left(struct world *w, const struct crew *c)
{
	unsigned int n, i;
	pid_t pid[LEFT_MAX];

	crew_continue(c);
	n = crew_left(c, pid, LEFT_MAX);
	for (i = 0; i < n; i++) {
		release_process(&w->release, pid[i]);
		if (clock_ns() >= w->boost_ns && (!w->sched->ext || release_is_light(pid[i])))
			release_boost(pid[i]);
	}
}

/* A signal that came just before a worker began to wait is lost on it. */
static bool all_reminded(void *arg)
{
	uint64_t now = clock_ns();
	struct world *w = arg;
	struct crew *c;
	bool help;

	if (all_reaped(w))
		return true;
	if (now < w->remind_ns)
		return false;
	w->remind_ns = now + REMIND_TICK;
	help = now >= w->release_ns;
	if (help)
		w->release_ns = now + RELEASE_TICK;
	for (c = w->crews; c; c = c->next) {
		if (c->ending && help)
			help_left(w, c);
		if (c->ending)
			crew_remind(c);
	}
	return false;
}

/* They are measured until they are told; only then are quotas lifted and freezers opened. */
void world_tell(struct world *w)
{
	uint64_t now = clock_ns();
	struct crew *c;

	w->remind_ns = now + REMIND_TICK;
	w->release_ns = now + RELEASE_TICK;
	w->boost_ns = now + BOOST_WAIT;
	w->left[0] = '\0';
	for (c = w->crews; c; c = c->next)
		if (c->ending && c->open) {
			crew_look_again(c);
			look_at_memory(c, w->nodes);
		}
	for (c = w->crews; c; c = c->next)
		if (c->ending && c->open)
			crew_tell(c);
	for (c = w->crews; c; c = c->next)
		if (c->ending && c->home)
			release_cgroup(&w->release, c->home->cg.path, false);
	for (c = w->crews; c; c = c->next) {
		if (c->ending && c->open)
			crew_stop(c);
		else if (c->ending) /* at its gate it hears nothing */
			crew_kill(c);
	}
}

static void note_left(struct world *w)
{
	const struct crew *c;

	w->left[0] = '\0';
	for (c = w->crews; c; c = c->next)
		if (c->ending)
			crew_tell_left(c, w->left, sizeof(w->left));
}

/*
 * By force where need be. A starved worker cannot even die while its scheduler starves it,
 * so the scheduler goes before the last wait: the kernel's own takes over.
 */
static bool collect(struct world *w)
{
	struct crew *c;

	if (world_until(w, all_reminded, w, REMIND_TICK, clock_ns() + COLLECT_WAIT))
		return true;
	for (c = w->crews; c; c = c->next)
		if (c->ending)
			crew_kill(c);
	if (world_until(w, all_reaped, w, REMIND_TICK, clock_ns() + KILL_WAIT))
		return true;
	note_left(w);
	w->gave_up = w->sched->running && !w->sched->lost_ns;
	sched_stop(w->sched);
	return world_until(w, all_reminded, w, REMIND_TICK, clock_ns() + COLLECT_WAIT);
}

int world_collect(struct world *w, struct errbuf *e)
{
	bool all = collect(w);

	release_end(&w->release);
	if (all)
		return 0;
	w->stuck = true;
	note_left(w);
	return errbuf_set(e, -EBUSY, "workers could not be stopped, nor killed: %s", w->left);
}

void world_report(struct world *w)
{
	struct crew **p = &w->crews, *c;
	unsigned int i;

	while ((c = *p)) {
		if (!c->ending) {
			p = &c->next;
			continue;
		}
		for (i = 0; c->open && i < c->started; i++)
			rec_put(w->out, report_worker(c, &c->w[i]));
		*p = c->next;
		crew_free(c);
	}
}

int world_move(struct world *w, struct home *from, struct home *to, struct errbuf *e)
{
	int n = cgroup_move(&w->tree, &from->cg, &to->cg, e);
	struct crew *c;

	for (c = w->crews; c; c = c->next)
		if (c->home == from && n >= 0)
			c->home = to;
	world_note_cpus(w);
	return n;
}

int world_affinity(struct world *w, struct home *h, const struct attr_cpus *a, struct errbuf *e)
{
	struct cpulist l;
	struct crew *c;
	unsigned int i;
	int n = 0, rc;

	w->draws++;

	for (c = w->crews; c; c = c->next) {
		if (c->home != h || !c->open)
			continue;
		c->attr.affinity = *a;
		c->attr.affinity.round = w->draws;
		for (i = 0; i < c->started; i++) {
			if (c->w[i].reaped)
				continue;
			if (!attr_cpus_of(&c->attr.affinity, c->w[i].index, &l))
				memset(&l, 0xff, sizeof(l)); /* all that the cpuset has */
			rc = attr_set_affinity(c->w[i].tid, &l);
			if (rc && rc != -ESRCH)
				return errbuf_set(e, rc, "worker %u of %s: affinity: %s",
						  c->w[i].index, c->cgroup, strerror(-rc));
			n += !rc;
		}
	}
	return n;
}
