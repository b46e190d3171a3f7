/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_PROBE_H
#define KT_VM_KERNEL_PROBE_H

#include <json-c/json.h>

#include "btf.h"
#include "symbols.h"

/*
 * The one place that knows how kernels differ: what is read, in which struct, and under which
 * names from 6.12 on. A probe that this kernel answers under none of its names is absent, and
 * whoever needs it does without (kfield.known).
 */
enum kprobe {
	KP_RQ_NR_RUNNING,
	KP_RQ_CLOCK,
	KP_RQ_CURR,
	KP_RQ_IDLE,
	KP_RQ_SD,
	KP_RQ_NR_SWITCHES,
	KP_RQ_RUN_DELAY,
	KP_RQ_PCOUNT,
	KP_RQ_YLD_COUNT,
	KP_RQ_SCHED_COUNT,
	KP_RQ_SCHED_GOIDLE,
	KP_RQ_TTWU_COUNT,
	KP_RQ_TTWU_LOCAL,
	KP_RQ_SCX_NR_RUNNING,
	KP_RQ_SCX_FLAGS,
	KP_RQ_SCX_LOCAL_DSQ,
	KP_RQ_SCX_RUNNABLE,
	KP_RQ_CFS_TASKS,
	KP_RQ_RT_BITMAP,
	KP_RQ_RT_QUEUE,
	KP_RQ_DL_PUSHABLE, /* a tree */
	KP_TASK_PID,
	KP_TASK_TGID,
	KP_TASK_COMM,
	KP_TASK_STATE,
	KP_TASK_FLAGS,
	KP_TASK_CPU,
	KP_TASK_ON_CPU,
	KP_TASK_ON_RQ,
	KP_TASK_CLASS,
	KP_TASK_CPUS_PTR,
	KP_TASK_MIGRATION_DISABLED,
	KP_TASK_LAST_QUEUED, /* 0: it runs, or sleeps */
	KP_TASK_CGROUPS,
	KP_TASK_WEIGHT,
	KP_TASK_DELAYED, /* it sleeps, and is still in the fair queue */
	KP_TASK_CFS_RQ,
	KP_TASK_GROUP_NODE,
	KP_TASK_RT_NODE,
	KP_TASK_DL_NODE,
	KP_TASK_SCX_DSQ,
	KP_TASK_SCX_DSQ_NODE,
	KP_TASK_SCX_DSQ_FLAGS,
	KP_TASK_SCX_RUNNABLE_NODE,
	KP_TASK_SCX_RUNNABLE_AT,
	KP_TASK_SCX_SLICE,
	KP_TASK_SCX_VTIME,
	KP_TASK_SCX_WEIGHT,
	KP_CFS_THROTTLED,
	KP_CSS_CGROUP,
	KP_RB_LEFT,
	KP_RB_RIGHT,
	KP_DSQ_LIST,
	KP_DSQ_NR,
	KP_DSQ_ID,
	KP_DSQ_HASH_NODE,
	KP_RHT_TBL,
	KP_TBL_SIZE,
	KP_TBL_BUCKETS,
	KP_SCX_DSQ_HASH,
	KP_SCX_EXIT_KIND,
	KP_SCX_EXIT_INFO,
	KP_SCX_OPS,
	KP_SCX_BYPASS_DEPTH,
	KP_SCX_EVENTS, /* a per-CPU pointer */
	KP_PCPU_EVENTS,
	KP_EXIT_KIND,
	KP_EXIT_CODE,
	KP_EXIT_REASON,
	KP_EXIT_MSG,
	KP_EXIT_DUMP,
	KP_EXIT_BT,
	KP_EXIT_BT_LEN,
	KP_OPS_NAME,
	KP_TICK_FLAGS, /* idle time: observe/idle.c */
	KP_TICK_SEQ,
	KP_TICK_ENTRY,
	KP_TICK_IDLE,
	KP_TICK_IOWAIT,
	KP_STAT_ELAPSE, /* the same */
	KP_STAT_SEQ,
	KP_STAT_ENTRY,
	KP_STAT_IDLE,
	KP_STAT_IOWAIT,
	KP_SEQCOUNT, /* a whole one: its size counts */
	KP_TK_DATA,
	KP_TK_BASE,
	KP_TK_NSEC,
	KP_TK_SHIFT,
	KP_SD_PARENT,
	KP_SD_NAME,
	KP_SD_LEVEL,
	KP_SD_FLAGS,
	KP_SD, /* a whole one: its size counts */
	KP_SD_FLAG_NAME,
	KP_SD_FLAG,
	KP_IDR_HEAD,
	KP_IDR_NEXT,
	KP_NODE_SHIFT,
	KP_NODE_SLOTS,
	KP_MAP_TYPE,
	KP_MAP_KEY_SIZE,
	KP_MAP_VALUE_SIZE,
	KP_MAP_MAX_ENTRIES,
	KP_MAP_ID,
	KP_MAP_NAME,
	KP_MAP_BTF,
	KP_MAP_BTF_KEY,
	KP_MAP_BTF_VALUE,
	KP_ARRAY_ELEM_SIZE,
	KP_ARRAY_VALUE,
	KP_HTAB_BUCKETS,
	KP_HTAB_N_BUCKETS,
	KP_BUCKET, /* a whole one: its size counts */
	KP_ELEM_KEY,
	KP_SMAP_BUCKETS,
	KP_SMAP_BUCKET_LOG,
	KP_SMAP_BUCKET,
	KP_SELEM_MAP_NODE,
	KP_SELEM_STORAGE,
	KP_SELEM_DATA,
	KP_STORAGE_OWNER,
	KP_CGROUP_KN,
	KP_KN_NAME,
	KP_KN_PARENT,
	KP_ARENA_VM,
	KP_ARENA_USER_START,
	KP_ARENA_USER_END,
	KP_VM_ADDR,
	KP_BTF_DATA,
	KP_BTF_DATA_SIZE,
	KP_BTF_ID,
	KP_BTF_BASE,
	KP_PROG_AUX,
	KP_PROG_STATS,
	KP_PROG_TYPE,
	KP_PROG_MEMBER, /* of struct_ops programs: of which member */
	KP_AUX_ID,
	KP_AUX_NAME,
	KP_AUX_PROG,
	KP_AUX_KSYM,
	KP_AUX_FUNC_IDX,    /* 0 for the program, from 1 on for its functions */
	KP_AUX_ATTACH_TYPE, /* and of which struct */
	KP_AUX_VERIFIED_INSNS,
	KP_STATS_CNT,
	KP_STATS_NSECS,
	KP_KSYM_LNODE,
	KP_KSYM_START,
	KP_KSYM_END,
	KP_KSYM_NAME,
	KP_KSYM_PROG,
	KP_CALL_TYPE,
	KP_TRACE_BUFFER,
	KP_BUFFER_BUFFERS,
	KP_RB_PAGES,
	KP_RB_READER,
	KP_BPAGE_LIST,
	KP_BPAGE_PAGE,
	KP_DPAGE_TIME,
	KP_DPAGE_COMMIT,
	KP_DPAGE_DATA,
	KP_COUNT,
};

/* enum scx_enable_state: kernels number them as they like. */
enum kscx_state {
	KSCX_UNKNOWN,
	KSCX_ENABLING,
	KSCX_ENABLED,
	KSCX_DISABLING,
	KSCX_DISABLED,
	KSCX_STATES
};
#define KPROBE_SCX_STATES 8

struct kprobes {
	struct kfield f[KP_COUNT];
	uint64_t rq_bypassing; /* SCX_RQ_BYPASSING; 0: the scheduler alone knows */
	enum kscx_state scx_state[KPROBE_SCX_STATES]; /* by the kernel's number */
};

/* Asks BTF for all; the names of those that are absent are added to the array `absent`. */
void kprobe_all(const struct btf *btf, const struct ksym *sym, struct kprobes *k,
		struct json_object *absent);
/* "enabled" and so on. */
const char *kprobe_state_name(enum kscx_state state);
/* The variable that older kernels have for this member of a struct, or NULL. */
enum ksymbol kprobe_variable(enum kprobe probe);

#endif
