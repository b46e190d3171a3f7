// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "kprobe.h"

#define PATHS 2

/* kernel/sched/sched.h, kernel/sched/ext.c, include/linux/rhashtable-types.h */
static const struct {
	const char *type;
	const char *path[PATHS]; /* the newer first */
} probes[KP_COUNT] = {
	[KP_RQ_NR_RUNNING] = { "rq", { "nr_running" } },
	[KP_RQ_CLOCK] = { "rq", { "clock" } },
	[KP_RQ_CURR] = { "rq", { "curr" } },
	[KP_RQ_IDLE] = { "rq", { "idle" } },
	[KP_RQ_SD] = { "rq", { "sd" } },
	[KP_RQ_NR_SWITCHES] = { "rq", { "nr_switches" } },
	[KP_RQ_RUN_DELAY] = { "rq", { "rq_sched_info.run_delay" } },
	[KP_RQ_PCOUNT] = { "rq", { "rq_sched_info.pcount" } },
	[KP_RQ_YLD_COUNT] = { "rq", { "yld_count" } },
	[KP_RQ_SCHED_COUNT] = { "rq", { "sched_count" } },
	[KP_RQ_SCHED_GOIDLE] = { "rq", { "sched_goidle" } },
	[KP_RQ_TTWU_COUNT] = { "rq", { "ttwu_count" } },
	[KP_RQ_TTWU_LOCAL] = { "rq", { "ttwu_local" } },
	[KP_RQ_SCX_NR_RUNNING] = { "rq", { "scx.nr_running" } },
	[KP_RQ_SCX_FLAGS] = { "rq", { "scx.flags" } },
	[KP_RQ_SCX_LOCAL_DSQ] = { "rq", { "scx.local_dsq" } },
	[KP_RQ_SCX_RUNNABLE] = { "rq", { "scx.runnable_list" } },
	[KP_TASK_PID] = { "task_struct", { "pid" } },
	[KP_TASK_TGID] = { "task_struct", { "tgid" } },
	[KP_TASK_COMM] = { "task_struct", { "comm" } },
	[KP_DSQ_NR] = { "scx_dispatch_q", { "nr" } },
	[KP_DSQ_ID] = { "scx_dispatch_q", { "id" } },
	[KP_DSQ_HASH_NODE] = { "scx_dispatch_q", { "hash_node" } },
	[KP_RHT_TBL] = { "rhashtable", { "tbl" } },
	[KP_TBL_SIZE] = { "bucket_table", { "size" } },
	[KP_TBL_BUCKETS] = { "bucket_table", { "buckets" } },
	[KP_SCX_DSQ_HASH] = { "scx_sched", { "dsq_hash" } },
	[KP_SCX_EVENTS] = { "scx_sched", { "pcpu", "event_stats_cpu" } },
};

void kprobe_all(const struct btf *btf, struct kprobes *k, struct json_object *absent)
{
	char name[80];
	int i, p;

	for (i = 0; i < KP_COUNT; i++) {
		uint32_t type = kbtf_struct(btf, probes[i].type);

		k->f[i].known = false;
		for (p = 0; type && p < PATHS && probes[i].path[p] && !k->f[i].known; p++)
			if (kbtf_member(btf, type, probes[i].path[p], &k->f[i], NULL))
				k->f[i].known = false;
		if (k->f[i].known)
			continue;
		snprintf(name, sizeof(name), "%s.%s", probes[i].type, probes[i].path[0]);
		json_object_array_add(absent, json_object_new_string(name));
	}
}
