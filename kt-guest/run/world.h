/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_WORLD_H
#define KT_GUEST_RUN_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "cpulist.h"
#include "crew/cgroup.h"
#include "crew/crew.h"
#include "crew/release.h"
#include "crew/writer.h"
#include "payload.h"
#include "record.h"
#include "scheduler.h"

/*
 * What is alive in a scenario: cgroups by name and the crews in them. Each belongs to the
 * step that made it, or to the backdrop (step -1), and ends with it. Everything that waits here
 * waits through sched_wait(), so that a scheduler's end is seen at once.
 */
#define WORLD_BACKDROP (-1)

struct home {
	struct home *next; /* the one that was made before it */
	char *name;        /* "a", "a/b" */
	struct cgroup cg;
	int step;
	bool has_cpus; /* a cpuset of its own is set */
	bool frozen;
	unsigned int workers; /* born into it so far */
};

struct world {
	struct json_object *plan; /* the test */
	struct sched *sched;
	struct rec_out *out;
	struct cgtree tree;
	struct writer writer;
	struct payloads *payloads;
	struct home *homes;        /* newest first, so children before those they are in */
	struct crew *crews;        /* oldest first */
	int step;                  /* that runs now */
	unsigned int root_workers; /* workers born outside of all cgroups */
	unsigned int nodes;        /* of memory */
	struct cpulist offline;    /* CPUs that ops took away */
	int events;                /* epoll of the next two */
	int signal_fd, ready_fd;   /* SIGCHLD, SIGINT, SIGTERM; crews that are ready */
	int signo;                 /* the one that ends the run, or 0 */
	uint64_t draws;            /* affinities given to workers that run */
	uint64_t remind_ns;        /* when workers that were told to stop are told again */
	uint64_t release_ns;       /* when it is looked at what keeps them */
	uint64_t boost_ns;         /* when those that sound schedulers starve, too, get a CPU */
	struct release release;    /* what was lifted for them */
	unsigned int sweeps;       /* for those that ended */
	bool gave_up;              /* workers would not die under their scheduler: it was stopped */
	bool stuck;                /* some would not even then */
	char left[400];            /* who these were, and in what state */
	uint64_t told_ns;          /* lost_ns of the scheduler whose end was recorded */
};

/* `parent` is the cgroup below the root of cgroup v2 in which all happens. 0 or -errno. */
int world_init(struct world *w, struct json_object *plan, const char *parent, struct sched *sched,
	       struct rec_out *out, struct errbuf *e);
void world_free(struct world *w);

/* The scheduler is gone or someone ended the run: nothing new is begun. */
bool world_over(const struct world *w);
/* While nobody is waited for, the end of a child is no reason to wake up. */
void world_deafen(struct world *w, bool deaf);
/* Waits, and takes note of what happens: false when the world was over before. */
bool world_sleep(struct world *w, uint64_t until_ns);
/* Looks every tick_ns until done() or until_ns: what done() said last. Goes on when it is over. */
bool world_until(struct world *w, bool (*done)(void *arg), void *arg, uint64_t tick_ns,
		 uint64_t until_ns);

struct home *world_find(const struct world *w, const char *name);
/* The same, or -ENOENT with words in e: it may have vanished meanwhile. */
int world_get(const struct world *w, const char *name, struct home **h, struct errbuf *e);

#endif
