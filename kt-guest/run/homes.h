/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_HOMES_H
#define KT_GUEST_RUN_HOMES_H

#include "world.h"

/* Makes a cgroup of the plan (and those above it that are not there) with its files. */
int world_add(struct world *w, struct json_object *cgroup, struct errbuf *e);
/* cgroup.freeze, until all is frozen: -ETIMEDOUT after 2 s. */
int world_freeze(struct world *w, struct home *h, bool frozen, struct errbuf *e);
/* Thaws every cgroup of the test. */
void world_thaw(struct world *w);
/* Thaws a cgroup and those above and below it: only who is not frozen can stop. */
void world_thaw_around(struct world *w, const struct home *h);
/* Ends the crews in a cgroup, and with `below` in those below it, thawed for that; reports them. */
int world_stop(struct world *w, struct home *h, bool below, struct errbuf *e);
/* Removes a cgroup with all that are in it; crews are ended first. */
int world_remove(struct world *w, struct home *h, struct errbuf *e);
/* Removes all cgroups of the running step. */
int world_clear(struct world *w, struct errbuf *e);

#endif
