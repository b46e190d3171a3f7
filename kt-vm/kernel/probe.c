// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "probe.h"

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
	[KP_RQ_CFS_TASKS] = { "rq", { "cfs_tasks" } },
	[KP_RQ_RT_BITMAP] = { "rq", { "rt.active.bitmap" } },
	[KP_RQ_RT_QUEUE] = { "rq", { "rt.active.queue" } },
	[KP_RQ_DL_PUSHABLE] = { "rq", { "dl.pushable_dl_tasks_root.rb_root.rb_node" } },
	[KP_TASK_PID] = { "task_struct", { "pid" } },
	[KP_TASK_TGID] = { "task_struct", { "tgid" } },
	[KP_TASK_COMM] = { "task_struct", { "comm" } },
	[KP_TASK_STATE] = { "task_struct", { "__state" } },
	[KP_TASK_FLAGS] = { "task_struct", { "flags" } },
	[KP_TASK_CPU] = { "task_struct", { "thread_info.cpu" } },
	[KP_TASK_ON_CPU] = { "task_struct", { "on_cpu" } },
	[KP_TASK_ON_RQ] = { "task_struct", { "on_rq" } },
	[KP_TASK_CLASS] = { "task_struct", { "sched_class" } },
	[KP_TASK_CPUS_PTR] = { "task_struct", { "cpus_ptr" } },
	[KP_TASK_MIGRATION_DISABLED] = { "task_struct", { "migration_disabled" } },
	[KP_TASK_LAST_QUEUED] = { "task_struct", { "sched_info.last_queued" } },
	[KP_TASK_CGROUPS] = { "task_struct", { "cgroups" } },
	[KP_TASK_WEIGHT] = { "task_struct", { "se.load.weight" } },
	[KP_TASK_DELAYED] = { "task_struct", { "se.sched_delayed" } },
	[KP_TASK_CFS_RQ] = { "task_struct", { "se.cfs_rq" } },
	[KP_TASK_GROUP_NODE] = { "task_struct", { "se.group_node" } },
	[KP_TASK_RT_NODE] = { "task_struct", { "rt.run_list" } },
	[KP_TASK_DL_NODE] = { "task_struct", { "pushable_dl_tasks" } },
	[KP_TASK_SCX_DSQ] = { "task_struct", { "scx.dsq" } },
	[KP_TASK_SCX_DSQ_NODE] = { "task_struct", { "scx.dsq_list.node" } },
	[KP_TASK_SCX_DSQ_FLAGS] = { "task_struct", { "scx.dsq_list.flags" } },
	[KP_TASK_SCX_RUNNABLE_NODE] = { "task_struct", { "scx.runnable_node" } },
	[KP_TASK_SCX_RUNNABLE_AT] = { "task_struct", { "scx.runnable_at" } },
	[KP_TASK_SCX_SLICE] = { "task_struct", { "scx.slice" } },
	[KP_TASK_SCX_VTIME] = { "task_struct", { "scx.dsq_vtime" } },
	[KP_TASK_SCX_WEIGHT] = { "task_struct", { "scx.weight" } },
	[KP_CFS_THROTTLED] = { "cfs_rq", { "throttle_count" } },
	[KP_CSS_CGROUP] = { "css_set", { "dfl_cgrp" } },
	[KP_RB_LEFT] = { "rb_node", { "rb_left" } },
	[KP_RB_RIGHT] = { "rb_node", { "rb_right" } },
	[KP_DSQ_LIST] = { "scx_dispatch_q", { "list" } },
	[KP_DSQ_NR] = { "scx_dispatch_q", { "nr" } },
	[KP_DSQ_ID] = { "scx_dispatch_q", { "id" } },
	[KP_DSQ_HASH_NODE] = { "scx_dispatch_q", { "hash_node" } },
	[KP_RHT_TBL] = { "rhashtable", { "tbl" } },
	[KP_TBL_SIZE] = { "bucket_table", { "size" } },
	[KP_TBL_BUCKETS] = { "bucket_table", { "buckets" } },
	[KP_SCX_DSQ_HASH] = { "scx_sched", { "dsq_hash" } },
	[KP_SCX_EXIT_KIND] = { "scx_sched", { "exit_kind" } },
	[KP_SCX_EXIT_INFO] = { "scx_sched", { "exit_info" } },
	[KP_SCX_OPS] = { "scx_sched", { "ops" } },
	[KP_SCX_BYPASS_DEPTH] = { "scx_sched", { "bypass_depth" } },
	[KP_SCX_EVENTS] = { "scx_sched", { "pcpu", "event_stats_cpu" } },
	[KP_PCPU_EVENTS] = { "scx_sched_pcpu", { "event_stats" } },
	[KP_EXIT_KIND] = { "scx_exit_info", { "kind" } },
	[KP_EXIT_CODE] = { "scx_exit_info", { "exit_code" } },
	[KP_EXIT_REASON] = { "scx_exit_info", { "reason" } },
	[KP_EXIT_MSG] = { "scx_exit_info", { "msg" } },
	[KP_EXIT_DUMP] = { "scx_exit_info", { "dump" } },
	[KP_EXIT_BT] = { "scx_exit_info", { "bt" } },
	[KP_EXIT_BT_LEN] = { "scx_exit_info", { "bt_len" } },
	[KP_OPS_NAME] = { "sched_ext_ops", { "name" } },
	[KP_TICK_FLAGS] = { "tick_sched", { "flags" } },
	[KP_TICK_SEQ] = { "tick_sched", { "idle_sleeptime_seq.sequence" } },
	[KP_TICK_ENTRY] = { "tick_sched", { "idle_entrytime" } },
	[KP_TICK_IDLE] = { "tick_sched", { "idle_sleeptime" } },
	[KP_TICK_IOWAIT] = { "tick_sched", { "iowait_sleeptime" } },
	/* the same from 7.2 on; 5 and 6 are CPUTIME_IDLE and CPUTIME_IOWAIT */
	[KP_STAT_ELAPSE] = { "kernel_cpustat", { "idle_elapse" } },
	[KP_STAT_SEQ] = { "kernel_cpustat", { "idle_sleeptime_seq.sequence" } },
	[KP_STAT_ENTRY] = { "kernel_cpustat", { "idle_entrytime" } },
	[KP_STAT_IDLE] = { "kernel_cpustat", { "cpustat[5]" } },
	[KP_STAT_IOWAIT] = { "kernel_cpustat", { "cpustat[6]" } },
	[KP_SEQCOUNT] = { "seqcount_raw_spinlock", { "" } },
	[KP_TK_DATA] = { "tk_data", { "timekeeper" } },
	[KP_TK_BASE] = { "timekeeper", { "tkr_mono.base" } },
	[KP_TK_NSEC] = { "timekeeper", { "tkr_mono.xtime_nsec" } },
	[KP_TK_SHIFT] = { "timekeeper", { "tkr_mono.shift" } },
	[KP_SD_PARENT] = { "sched_domain", { "parent" } },
	[KP_SD_NAME] = { "sched_domain", { "name" } },
	[KP_SD_LEVEL] = { "sched_domain", { "level" } },
	[KP_SD_FLAGS] = { "sched_domain", { "flags" } },
	[KP_SD] = { "sched_domain", { "" } },
	[KP_SD_FLAG_NAME] = { "sd_flag_debug", { "name" } },
	[KP_SD_FLAG] = { "sd_flag_debug", { "" } },
	[KP_IDR_HEAD] = { "idr", { "idr_rt.xa_head" } },
	[KP_IDR_NEXT] = { "idr", { "idr_next" } },
	[KP_NODE_SHIFT] = { "xa_node", { "shift" } },
	[KP_NODE_SLOTS] = { "xa_node", { "slots" } },
	[KP_MAP_TYPE] = { "bpf_map", { "map_type" } },
	[KP_MAP_KEY_SIZE] = { "bpf_map", { "key_size" } },
	[KP_MAP_VALUE_SIZE] = { "bpf_map", { "value_size" } },
	[KP_MAP_MAX_ENTRIES] = { "bpf_map", { "max_entries" } },
	[KP_MAP_ID] = { "bpf_map", { "id" } },
	[KP_MAP_NAME] = { "bpf_map", { "name" } },
	[KP_MAP_BTF] = { "bpf_map", { "btf" } },
	[KP_MAP_BTF_KEY] = { "bpf_map", { "btf_key_type_id" } },
	[KP_MAP_BTF_VALUE] = { "bpf_map", { "btf_value_type_id" } },
	[KP_ARRAY_ELEM_SIZE] = { "bpf_array", { "elem_size" } },
	[KP_ARRAY_VALUE] = { "bpf_array", { "value" } },
	[KP_HTAB_BUCKETS] = { "bpf_htab", { "buckets" } },
	[KP_HTAB_N_BUCKETS] = { "bpf_htab", { "n_buckets" } },
	[KP_BUCKET] = { "bucket", { "" } },
	[KP_ELEM_KEY] = { "htab_elem", { "key" } },
	[KP_SMAP_BUCKETS] = { "bpf_local_storage_map", { "buckets" } },
	[KP_SMAP_BUCKET_LOG] = { "bpf_local_storage_map", { "bucket_log" } },
	[KP_SMAP_BUCKET] = { "bpf_local_storage_map_bucket", { "" } },
	[KP_SELEM_MAP_NODE] = { "bpf_local_storage_elem", { "map_node" } },
	[KP_SELEM_STORAGE] = { "bpf_local_storage_elem", { "local_storage" } },
	[KP_SELEM_DATA] = { "bpf_local_storage_elem", { "sdata.data" } },
	[KP_STORAGE_OWNER] = { "bpf_local_storage", { "owner" } },
	[KP_CGROUP_KN] = { "cgroup", { "kn" } },
	[KP_KN_NAME] = { "kernfs_node", { "name" } },
	[KP_KN_PARENT] = { "kernfs_node", { "__parent", "parent" } },
	[KP_ARENA_VM] = { "bpf_arena", { "kern_vm" } },
	[KP_ARENA_USER_START] = { "bpf_arena", { "user_vm_start" } },
	[KP_ARENA_USER_END] = { "bpf_arena", { "user_vm_end" } },
	[KP_VM_ADDR] = { "vm_struct", { "addr" } },
	[KP_BTF_DATA] = { "btf", { "data" } },
	[KP_BTF_DATA_SIZE] = { "btf", { "data_size" } },
	[KP_BTF_ID] = { "btf", { "id" } },
	[KP_BTF_BASE] = { "btf", { "base_btf" } },
	[KP_PROG_AUX] = { "bpf_prog", { "aux" } },
	[KP_PROG_STATS] = { "bpf_prog", { "stats" } },
	[KP_PROG_TYPE] = { "bpf_prog", { "type" } },
	[KP_PROG_MEMBER] = { "bpf_prog", { "expected_attach_type" } },
	[KP_AUX_ID] = { "bpf_prog_aux", { "id" } },
	[KP_AUX_NAME] = { "bpf_prog_aux", { "name" } },
	[KP_AUX_PROG] = { "bpf_prog_aux", { "prog" } },
	[KP_AUX_KSYM] = { "bpf_prog_aux", { "ksym" } },
	[KP_AUX_FUNC_IDX] = { "bpf_prog_aux", { "func_idx" } },
	[KP_AUX_ATTACH_TYPE] = { "bpf_prog_aux", { "attach_btf_id" } },
	[KP_AUX_VERIFIED_INSNS] = { "bpf_prog_aux", { "verified_insns" } },
	[KP_KSYM_LNODE] = { "bpf_ksym", { "lnode" } },
	[KP_KSYM_START] = { "bpf_ksym", { "start" } },
	[KP_KSYM_END] = { "bpf_ksym", { "end" } },
	[KP_KSYM_NAME] = { "bpf_ksym", { "name" } },
	[KP_KSYM_PROG] = { "bpf_ksym", { "prog" } },
	[KP_STATS_CNT] = { "bpf_prog_stats", { "cnt" } },
	[KP_CALL_TYPE] = { "trace_event_call", { "event.type" } },
	[KP_TRACE_BUFFER] = { "trace_array", { "array_buffer.buffer" } },
	[KP_BUFFER_BUFFERS] = { "trace_buffer", { "buffers" } },
	[KP_RB_PAGES] = { "ring_buffer_per_cpu", { "pages" } },
	[KP_RB_READER] = { "ring_buffer_per_cpu", { "reader_page" } },
	[KP_BPAGE_LIST] = { "buffer_page", { "list" } },
	[KP_BPAGE_PAGE] = { "buffer_page", { "page" } },
	[KP_DPAGE_TIME] = { "buffer_data_page", { "time_stamp" } },
	[KP_DPAGE_COMMIT] = { "buffer_data_page", { "commit" } },
	[KP_DPAGE_DATA] = { "buffer_data_page", { "data" } },
	[KP_STATS_NSECS] = { "bpf_prog_stats", { "nsecs" } },
};

/* What another kernel has in its place: one of the two is enough. */
static const enum kprobe others[KP_COUNT] = {
	[KP_TICK_FLAGS] = KP_STAT_ELAPSE,  [KP_STAT_ELAPSE] = KP_TICK_FLAGS,
	[KP_TICK_SEQ] = KP_STAT_SEQ,       [KP_STAT_SEQ] = KP_TICK_SEQ,
	[KP_TICK_ENTRY] = KP_STAT_ENTRY,   [KP_STAT_ENTRY] = KP_TICK_ENTRY,
	[KP_TICK_IDLE] = KP_STAT_IDLE,     [KP_STAT_IDLE] = KP_TICK_IDLE,
	[KP_TICK_IOWAIT] = KP_STAT_IOWAIT, [KP_STAT_IOWAIT] = KP_TICK_IOWAIT,
	[KP_TK_DATA] = KP_SEQCOUNT,
};

/* The value of an enumerator, or 0. */
static uint64_t enumerator(const struct btf *btf, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_ENUM), i;
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	const struct btf_enum *e = t ? btf_enum(t) : NULL;

	for (i = 0; t && i < btf_vlen(t); i++)
		if (strcmp(kbtf_name(btf, e[i].name_off), name) == 0)
			return (uint32_t)e[i].val;
	return 0;
}

static const char *const states[KSCX_STATES] = {
	[KSCX_ENABLING] = "enabling",
	[KSCX_ENABLED] = "enabled",
	[KSCX_DISABLING] = "disabling",
	[KSCX_DISABLED] = "disabled",
};

const char *kprobe_state_name(enum kscx_state state)
{
	return states[state];
}

/* By the end of an enumerator's name: SCX_ENABLED, and SCX_OPS_ENABLED before 6.16. */
static enum kscx_state state_of(const char *name)
{
	size_t i, len, n = strlen(name);

	for (i = KSCX_ENABLING; i < KSCX_STATES; i++) {
		len = strlen(states[i]);
		if (n > len && name[n - len - 1] == '_' &&
		    strcasecmp(name + n - len, states[i]) == 0)
			return i;
	}
	return KSCX_UNKNOWN;
}

static void scx_states(const struct btf *btf, enum kscx_state state[KPROBE_SCX_STATES])
{
	int id = btf__find_by_name_kind(btf, "scx_enable_state", BTF_KIND_ENUM), i;
	const struct btf_type *t;

	if (id < 0)
		id = btf__find_by_name_kind(btf, "scx_ops_enable_state", BTF_KIND_ENUM);
	t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	for (i = 0; t && i < btf_vlen(t); i++)
		if (btf_enum(t)[i].val >= 0 && btf_enum(t)[i].val < KPROBE_SCX_STATES)
			state[btf_enum(t)[i].val] =
				state_of(kbtf_name(btf, btf_enum(t)[i].name_off));
}

/* kernel/sched/ext.c had one scheduler up to 6.15, in variables: what they are members of now. */
static const enum ksymbol variables[KP_COUNT] = {
	[KP_SCX_DSQ_HASH] = KS_SCX_DSQ_HASH,   [KP_SCX_EXIT_KIND] = KS_SCX_EXIT_KIND,
	[KP_SCX_EXIT_INFO] = KS_SCX_EXIT_INFO, [KP_SCX_OPS] = KS_SCX_OPS,
	[KP_SCX_EVENTS] = KS_SCX_EVENTS,       [KP_SCX_BYPASS_DEPTH] = KS_SCX_BYPASS_DEPTH,
};

enum ksymbol kprobe_variable(enum kprobe probe)
{
	return variables[probe];
}

void kprobe_all(const struct btf *btf, const struct ksym *sym, struct kprobes *k,
		struct json_object *absent)
{
	uint32_t type = 0;
	uint64_t addr;
	char name[80];
	int i, p;

	scx_states(btf, k->scx_state);
	k->rq_bypassing = enumerator(btf, "scx_rq_flags", "SCX_RQ_BYPASSING");
	for (i = 0; i < KP_COUNT; i++) {
		/* a search by name goes through all types: the table keeps a struct's probes
		 * together */
		if (i == 0 || strcmp(probes[i].type, probes[i - 1].type))
			type = kbtf_struct(btf, probes[i].type);
		k->f[i].known = false;
		for (p = 0; type && p < PATHS && probes[i].path[p] && !k->f[i].known; p++)
			if (kbtf_member(btf, type, probes[i].path[p], &k->f[i], NULL))
				k->f[i].known = false;
		k->f[i].type = 0; /* `btf` does not stay */
	}
	for (i = 0; i < KP_COUNT; i++) {
		if (k->f[i].known || ksym_known(sym, variables[i], &addr) ||
		    (others[i] && k->f[others[i]].known))
			continue;
		snprintf(name, sizeof(name), "%s.%s", probes[i].type, probes[i].path[0]);
		json_object_array_add(absent, json_object_new_string(name));
	}
}
