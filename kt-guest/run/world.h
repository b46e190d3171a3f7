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
	struct home *homes;      /* newest first, so children before those they are in */
	struct crew *crews;      /* oldest first */
	int step;                /* that runs now */
	unsigned int root_workers; /* workers born outside of all cgroups */
	unsigned int nodes;      /* of memory */
	struct cpulist offline;  /* CPUs that ops took away */
	int events;              /* epoll of the next two */
	int signal_fd, ready_fd; /* SIGCHLD, SIGINT, SIGTERM; crews that are ready */
	int signo;               /* the one that ends the run, or 0 */
	uint64_t draws;          /* affinities given to workers that run */
	uint64_t remind_ns;      /* when workers that were told to stop are told again */
	uint64_t release_ns;     /* when it is looked at what keeps them */
	uint64_t boost_ns;       /* when those that sound schedulers starve, too, get a CPU */
	struct release release;  /* what was lifted for them */
	unsigned int sweeps;     /* for those that ended */
	bool gave_up;            /* workers would not die under their scheduler: it was stopped */
	bool stuck;              /* some would not even then */
	char left[400];          /* who these were, and in what state */
	uint64_t told_ns;        /* lost_ns of the scheduler whose end was recorded */
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

/* Makes a cgroup of the plan (and those above it that are not there) with its files. */
int world_add(struct world *w, struct json_object *cgroup, struct errbuf *e);
/* Starts the crew of a worker group in it (NULL: outside of all); it waits at its gate. */
int world_spawn(struct world *w, struct home *h, struct json_object *group, unsigned int index,
		struct errbuf *e);
/* Starts the crews of a cgroup of the plan. */
int world_people(struct world *w, struct json_object *cgroup, struct errbuf *e);
/*
 * Starts a payload of the running step, in a cgroup by name (NULL: that of its definition); it
 * waits for no gate. All of a list of names likewise.
 */
int world_payload(struct world *w, const char *name, const char *cgroup, struct errbuf *e);
int world_payloads(struct world *w, struct json_object *names, struct errbuf *e);
/* Opens the gates of all crews that wait, at once. Workers that could not get ready: -errno. */
int world_start(struct world *w, struct errbuf *e);

/*
 * Marks crews for their end: those of the running step. Then world_tell() tells them, and lifts
 * what keeps them from it; world_collect() waits for them, uses force after 5 s, and gives up
 * after 19 at most: -EBUSY with words in e; and world_report() writes their records and forgets
 * them.
 */
void world_end_step(struct world *w);
void world_tell(struct world *w);
int world_collect(struct world *w, struct errbuf *e);
void world_report(struct world *w);

/* cgroup.freeze, until all is frozen: -ETIMEDOUT after 2 s. */
int world_freeze(struct world *w, struct home *h, bool frozen, struct errbuf *e);
/* Those that are frozen go on. */
void world_thaw(struct world *w);
/* Only who is not frozen can stop: neither in it, nor above it or below. */
void world_thaw_around(struct world *w, const struct home *h);
/* Ends the crews in it and below it, thawed for that, and reports them. */
int world_stop(struct world *w, struct home *h, bool below, struct errbuf *e);
/* Moves all processes of one to the other: how many there were. */
int world_move(struct world *w, struct home *from, struct home *to, struct errbuf *e);
/* Gives the workers in it another affinity: how many there were. */
int world_affinity(struct world *w, struct home *h, const struct attr_cpus *a, struct errbuf *e);
/* Removes one with all that are in it, crews are ended first. */
int world_remove(struct world *w, struct home *h, struct errbuf *e);
/* Removes all of the running step. */
int world_clear(struct world *w, struct errbuf *e);

/* run/cpus.c: adds the CPUs that each worker may use now to those that it might. */
void world_note_cpus(struct world *w);
/* The CPUs that a worker may use now by its cgroup: false for all. */
bool world_cpus_of(const struct home *h, const struct world *w, struct cpulist *l);
/* A cpuset or its nodes of memory while it is in use; an empty one is that of the cgroup above. */
int world_set_cpus(struct world *w, struct home *h, const char *cpus, struct errbuf *e);
int world_set_mems(struct world *w, struct home *h, const char *mems, struct errbuf *e);
/* Takes CPUs away or gives them back. */
int world_hotplug(struct world *w, const struct cpulist *l, bool online, struct errbuf *e);

#endif
