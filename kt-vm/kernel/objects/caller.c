// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>

#include "array.h"
#include "caller.h"

/*
 * kernel/sched/ext.c: what works for a callback before or after it has run, under the names of
 * 6.12 to 7.x. The compiler may have merged any of them into its caller, so the callers stand
 * here, too. Of a frame outside another, the inner one counts.
 */
static const struct path {
	const char *function;
	const char *op, *earlier; /* `earlier`: it may have been that one as well */
} paths[] = {
	{ "process_ddsp_deferred_locals", "enqueue", "select_cpu" },
	{ "run_deferred", "enqueue", "select_cpu" },
	{ "deferred_bal_cb_workfn", "enqueue", "select_cpu" },
	{ "deferred_irq_workfn", "enqueue", "select_cpu" },
	{ "direct_dispatch", "enqueue", "select_cpu" },
	{ "do_enqueue_task", "enqueue", "select_cpu" },
	{ "scx_do_enqueue_task", "enqueue", "select_cpu" },
	{ "enqueue_task_scx", "enqueue", "select_cpu" },
	{ "select_task_rq_scx", "select_cpu", NULL },
	{ "finish_dispatch", "dispatch", NULL },
	{ "flush_dispatch_buf", "dispatch", NULL },
	{ "scx_flush_dispatch_buf", "dispatch", NULL },
	{ "scx_dispatch_sched", "dispatch", NULL },
	{ "balance_one", "dispatch", NULL },
	{ "balance_scx", "dispatch", NULL },
	{ "do_pick_task_scx", "dispatch", NULL },
	{ "scx_ops_init_task", "init_task", NULL },
	{ "__scx_init_task", "init_task", NULL },
	{ "scx_init_task", "init_task", NULL },
	{ "scx_ops_enable_task", "enable", NULL },
	{ "__scx_enable_task", "enable", NULL },
	{ "scx_enable_task", "enable", NULL },
	{ "scx_cgroup_init", "cgroup_init", NULL },
	{ "scx_tg_online", "cgroup_init", NULL },
	{ "scx_cgroup_can_attach", "cgroup_prep_move", NULL },
};

/* "finish_dispatch.isra.0+0x12" is finish_dispatch. */
static bool is_in(const char *frame, const char *function)
{
	size_t n = strlen(function);

	return strncmp(frame, function, n) == 0 && strchr("+.", frame[n]) && frame[n];
}

static const char *frame_at(struct json_object *frames, size_t i)
{
	const char *text = json_object_get_string(json_object_array_get_idx(frames, i));

	return text ? text : "";
}

size_t kcaller_context(struct json_object *frames)
{
	size_t i, n = json_object_array_length(frames);

	/* arch/x86/entry: asm_sysvec_apic_timer_interrupt, asm_common_interrupt, asm_exc_nmi, ...
	 */
	for (i = 0; i < n && strncmp(frame_at(frames, i), "asm_", 4) != 0; i++)
		;
	return i;
}

static const struct path *find_path(struct json_object *frames)
{
	size_t i, k, n = kcaller_context(frames);

	for (i = 0; i < n; i++)
		for (k = 0; k < ARRAY_SIZE(paths); k++)
			if (is_in(frame_at(frames, i), paths[k].function))
				return &paths[k];
	return NULL;
}

/* select_cpu is asked for tasks that wake up or are new, and for no others. */
static bool is_waking(struct json_object *frames)
{
	static const char *const wakers[] = { "try_to_wake_up", "ttwu_do_activate",
					      "sched_ttwu_pending", "wake_up_new_task" };
	size_t i, k, n = kcaller_context(frames);

	for (i = 0; i < n; i++)
		for (k = 0; k < ARRAY_SIZE(wakers); k++)
			if (is_in(frame_at(frames, i), wakers[k]))
				return true;
	return false;
}

/* Tasks that are kept for later, on another CPU, have left the path that they came. */
static bool is_deferred(const struct path *p)
{
	return strstr(p->function, "deferred");
}

size_t kcaller_find(struct json_object *frames, const char *ops[2])
{
	const struct path *p = find_path(frames);
	size_t n = 0;

	if (p && p->earlier && (is_deferred(p) || is_waking(frames)))
		ops[n++] = p->earlier;
	if (p)
		ops[n++] = p->op;
	return n;
}
