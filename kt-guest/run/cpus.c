// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which CPUs workers may use. Ops change that while they run, so each worker keeps the union of
 * the sets that applied to it: what it used is judged by that. The kernel says what a cgroup's
 * cpuset comes to, CPUs that are offline and cpusets above it included.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cpus.h"
#include "measure/file.h"
#include "world.h"

#define CPU_DIR       "/sys/devices/system/cpu"
#define HOTPLUG_LIMIT (10 * NSEC_PER_SEC) /* of one CPU */

/* The nearest one, itself or above it, that has a cpuset of its own. */
static const struct home *restricted(const struct world *w, const struct home *h)
{
	const struct home *a;
	size_t len;

	/* the list has children before those they are in */
	for (a = w->homes; a; a = a->next) {
		len = strlen(a->name);
		if (a->has_cpus && strncmp(h->name, a->name, len) == 0 &&
		    (!h->name[len] || h->name[len] == '/'))
			return a;
	}
	return NULL;
}

bool world_cpus_of(const struct home *h, const struct world *w, struct cpulist *l)
{
	char text[CPULIST_TEXT_MAX];
	bool own = h && restricted(w, h);

	if (own && cgroup_get(&h->cg, "cpuset.cpus.effective", text, sizeof(text)) >= 0 &&
	    cpulist_parse(text, l, NULL) == 0)
		return true;
	if (file_read_line(CPU_DIR "/online", text, sizeof(text)) < 0 ||
	    cpulist_parse(text, l, NULL))
		cpulist_clear(l);
	return false;
}

/* The kernel takes an affinity that leaves nothing of the cpuset for none. */
static void intersect(struct cpulist *l, const struct cpulist *with)
{
	struct cpulist out = *l;

	cpulist_andnot(&out, with); /* what is not in both */
	if (cpulist_count(&out) < cpulist_count(l))
		cpulist_andnot(l, &out);
}

static void note(struct crew *c, bool own, const struct cpulist *cpus)
{
	struct cpulist l, a;
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		struct worker *w = &c->w[i];

		if (!attr_cpus_of(&c->attr.affinity, w->index, &a)) {
			w->anywhere |= !own;
			cpulist_or(&w->allowed, cpus);
			continue;
		}
		l = *cpus;
		intersect(&l, &a);
		cpulist_or(&w->allowed, &l);
	}
}

void world_note_cpus(struct world *w)
{
	const struct home *last = NULL;
	struct cpulist cpus;
	bool own = false, first = true;
	struct crew *c;

	for (c = w->crews; c; c = c->next) {
		if (!c->open)
			continue;
		if (first || c->home != last)
			own = world_cpus_of(c->home, w, &cpus);
		first = false;
		last = c->home;
		note(c, own, &cpus);
	}
}

/* The kernel does not clear what processes live by: then it gets all that is around it. */
static int set(struct world *w, struct home *h, const char *file, const char *list,
	       const char *everything, struct errbuf *e)
{
	const struct home *above = restricted(w, h);
	char all[CPULIST_TEXT_MAX];
	int rc = cgroup_set(&w->tree, &h->cg, file, list, e), n;

	if (rc != -ENOSPC || *list)
		return rc;
	n = above ? cgroup_get(&above->cg, file, all, sizeof(all)) : 0;
	if (n <= 0)
		n = file_read_line(everything, all, sizeof(all));
	return n <= 0 ? rc : cgroup_set(&w->tree, &h->cg, file, all, e);
}

int world_set_cpus(struct world *w, struct home *h, const char *cpus, struct errbuf *e)
{
	int rc;

	h->has_cpus = *cpus != '\0';
	rc = set(w, h, "cpuset.cpus", cpus, CPU_DIR "/present", e);
	world_note_cpus(w);
	return rc;
}

int world_set_mems(struct world *w, struct home *h, const char *mems, struct errbuf *e)
{
	return set(w, h, "cpuset.mems", mems, "/sys/devices/system/node/has_memory", e);
}

int world_hotplug(struct world *w, const struct cpulist *l, bool online, struct errbuf *e)
{
	struct cpulist done;
	char path[64];
	int cpu, rc;

	for (cpu = cpulist_next(l, -1); cpu >= 0; cpu = cpulist_next(l, cpu)) {
		snprintf(path, sizeof(path), CPU_DIR "/cpu%d/online", cpu);
		rc = writer_put(&w->writer, path, online ? "1" : "0", HOTPLUG_LIMIT);
		if (rc)
			return errbuf_set(e, rc, "unable to write '%d' to %s: %s", online, path,
					  strerror(-rc));
		cpulist_clear(&done);
		cpulist_add(&done, (unsigned int)cpu);
		if (online)
			cpulist_andnot(&w->offline, &done);
		else
			cpulist_or(&w->offline, &done);
	}
	return 0;
}
