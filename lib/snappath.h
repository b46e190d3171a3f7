/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_SNAPPATH_H
#define KT_SNAPPATH_H

#include <json-c/json.h>

#include "errbuf.h"

/*
 * Finds a value in a `snapshot` record (kt-records(7)) by its path:
 *
 *	nr_dispatched		a global variable of a BPF program, in whichever section
 *	.bss:stats.count	the map (or the end of its name) first; members by dots, [i] items
 *	cpu_stats[0].enqueued	entry 0 of a map; of a per-CPU one, an array with a value per CPU
 *	maps.task_ctxs[3].value.x, cpus[0].curr.comm
 *				the record as it is; maps have names, [i] is an entry
 *
 * Returns 0 with a reference in *v (NULL is JSON's null), or -ENOENT or -EINVAL with a
 * message that lists what there is.
 */
int snappath_get(struct json_object *snapshot, const char *path, struct json_object **v,
		 struct errbuf *e);

#endif
