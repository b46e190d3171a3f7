// SPDX-License-Identifier: GPL-2.0-only
/* The crews of a world: birth, a common start, stop, reports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "world.h"

#define READY_WAIT   (5 * NSEC_PER_SEC)
#define ASLEEP_WAIT  (500 * NSEC_PER_MSEC) /* a worker that died will never sleep */
#define ASLEEP_TICK  (500 * NSEC_PER_USEC)
#define COLLECT_WAIT (5 * NSEC_PER_SEC)
#define KILL_WAIT    (2 * NSEC_PER_SEC)
#define REMIND_TICK  (20 * NSEC_PER_MSEC)
#define SWEEPS       16

int world_spawn(struct world *w, struct home *h, struct json_object *group, unsigned int index,
		struct errbuf *e)
{
	unsigned int *born = h ? &h->workers : &w->guests;
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

int world_start(struct world *w, struct errbuf *e)
{
	unsigned int procs = CREW_PROC;
	struct crew *c;
	uint64_t now;
	int rc;

	/* the tick is for workers that die: each of them rings, but not after its last word */
	world_until(w, all_ready, w, REMIND_TICK, tm_now() + READY_WAIT);
	rc = any_failed(w, e);
	if (rc || world_over(w))
		return rc;
	world_until(w, all_asleep, w, ASLEEP_TICK, tm_now() + ASLEEP_WAIT);
	for (c = w->crews; c; c = c->next)
		if (!c->open)
			crew_look(c, &procs);
	now = tm_now();
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

/* A signal that came just before a worker began to wait is lost on it. */
static bool all_reminded(void *arg)
{
	struct world *w = arg;
	struct crew *c;

	if (all_reaped(w))
		return true;
	if (tm_now() < w->remind_ns)
		return false;
	w->remind_ns = tm_now() + REMIND_TICK;
	for (c = w->crews; c; c = c->next)
		if (c->ending)
			crew_remind(c);
	return false;
}

static void stop(struct world *w)
{
	struct crew *c;

	w->remind_ns = tm_now() + REMIND_TICK;
	for (c = w->crews; c; c = c->next)
		if (c->ending && c->open) {
			crew_look_again(c);
			look_at_memory(c, w->nodes);
		}
	for (c = w->crews; c; c = c->next) {
		if (c->ending && c->open)
			crew_stop(c, w->paused);
		else if (c->ending) /* at its gate it hears nothing */
			crew_kill(c);
	}
}

/*
 * By force where need be. A starved worker cannot even die while its scheduler starves it,
 * so the scheduler goes before the last wait: the kernel's own takes over.
 */
void world_collect(struct world *w)
{
	struct crew *c;

	stop(w);
	if (world_until(w, all_reminded, w, REMIND_TICK, tm_now() + COLLECT_WAIT))
		return;
	for (c = w->crews; c; c = c->next)
		if (c->ending)
			crew_kill(c);
	if (world_until(w, all_reaped, w, REMIND_TICK, tm_now() + KILL_WAIT))
		return;
	w->gave_up = w->sched->running && !w->sched->lost_ns;
	sched_stop(w->sched);
	world_until(w, all_reaped, w, REMIND_TICK, tm_now() + COLLECT_WAIT);
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
