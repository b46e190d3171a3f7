/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_CPUS_H
#define KT_GUEST_RUN_CPUS_H

#include "world.h"

/* Adds the CPUs that each worker may use now to those that it could use before. */
void world_note_cpus(struct world *w);
/* The CPUs that a worker may use now by its cgroup: false for all. */
bool world_cpus_of(const struct home *h, const struct world *w, struct cpulist *l);
/* A cpuset or its nodes of memory while it is in use; an empty one is that of the cgroup above. */
int world_set_cpus(struct world *w, struct home *h, const char *cpus, struct errbuf *e);
int world_set_mems(struct world *w, struct home *h, const char *mems, struct errbuf *e);
/* Takes CPUs away or gives them back. */
int world_hotplug(struct world *w, const struct cpulist *l, bool online, struct errbuf *e);

#endif
