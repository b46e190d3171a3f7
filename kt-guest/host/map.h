/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_HOST_MAP_H
#define KT_GUEST_HOST_MAP_H

#include <json-c/json.h>

#include "cpulist.h"
#include "errbuf.h"
#include "topo.h"

/*
 * The topology of a plan laid over that of this machine: for each CPU of the plan one here, so
 * that what shares a core, an LLC or a node there does so here.
 */
struct host_map {
	struct topo topo;
	unsigned short cpu[TOPO_MAX_CPUS];
	unsigned short node[TOPO_MAX_NODES];
	struct cpulist cpus; /* all of them */
};

/* `machine` has `cpus` and `nodes` as in a guest's topology record: 0, or KT_HOST with words. */
int host_map_make(struct host_map *m, const char *spec, struct json_object *machine,
		  const struct cpulist *allowed, struct errbuf *e);
/* Every CPU and node list of the plan, in place. 0, or KT_DATA with words. */
int host_map_plan(const struct host_map *m, struct json_object *plan, struct errbuf *e);

#endif
