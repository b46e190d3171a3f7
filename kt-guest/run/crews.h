/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_CREWS_H
#define KT_GUEST_RUN_CREWS_H

#include "world.h"

/* Starts the crew of a worker group in a cgroup (NULL: outside of all); it waits at its gate. */
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
/* Moves all processes of one cgroup to the other: returns how many there were. */
int world_move(struct world *w, struct home *from, struct home *to, struct errbuf *e);
/* Gives the workers in a cgroup another affinity: returns how many there were. */
int world_affinity(struct world *w, struct home *h, const struct attr_cpus *a, struct errbuf *e);

#endif
