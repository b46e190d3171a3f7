// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/objects/caller.c kt-vm/kernel/objects/scx_dump.c

/* Whose doing the end of a scheduler is, as far as words alone tell: paths, and the kernel's dump.
 */
#include <string.h>

#include "kt-vm/kernel/objects/scx_dump.h"
#include "kt-vm/kernel/objects/caller.h"
#include "unit.h"

/* "a b c": the callbacks that a backtrace of these functions comes from, as words. */
static const char *path(const char *functions)
{
	struct json_object *frames = json_object_new_array();
	static char text[64];
	const char *ops[2];
	char frame[64];
	size_t i, n;

	for (; *functions; functions += n + (functions[n] == ' ')) {
		n = strcspn(functions, " ");
		snprintf(frame, sizeof(frame), "%.*s+0x12", (int)n, functions);
		json_object_array_add(frames, json_object_new_string(frame));
	}
	n = kcaller_find(frames, ops);
	for (text[0] = '\0', i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 ops[i]);
	json_object_put(frames);
	return text;
}

TEST(path)
{
	/* a task that wakes was select_cpu's first, any other comes straight to enqueue */
	CHECK_STR(path("find_dsq_for_dispatch do_enqueue_task enqueue_task_scx ttwu_do_activate"),
		  "select_cpu enqueue");
	CHECK_STR(path("dispatch_enqueue enqueue_task_scx wake_up_new_task"), "select_cpu enqueue");
	CHECK_STR(path("dispatch_enqueue do_enqueue_task put_prev_task_scx __schedule"), "enqueue");
	/* for another CPU it is put off, until nobody knows who it was */
	CHECK_STR(path("process_ddsp_deferred_locals run_deferred"), "select_cpu enqueue");
	CHECK_STR(path("dispatch_to_local_dsq finish_dispatch.isra.0 balance_one balance_scx"),
		  "dispatch");
	CHECK_STR(path("balance_one pick_task_scx __schedule"), "dispatch");
	/* 7.3 */
	CHECK_STR(path("find_dsq_for_dispatch scx_do_enqueue_task enqueue_task_scx "
		       "enqueue_task ttwu_do_activate"),
		  "select_cpu enqueue");
	CHECK_STR(
		path("scx_dispatch_enqueue scx_flush_dispatch_buf do_pick_task_scx pick_task_scx"),
		"dispatch");
	/* the inner one counts */
	CHECK_STR(path("select_task_rq_scx try_to_wake_up finish_dispatch"), "select_cpu");
	CHECK_STR(path("__scx_init_task scx_post_fork"), "init_task");
	/* what was interrupted has no part in it */
	CHECK_STR(path("dispatch_enqueue enqueue_task_scx ttwu_do_activate hrtimer_wakeup "
		       "asm_sysvec_apic_timer_interrupt balance_one"),
		  "select_cpu enqueue");
	CHECK_STR(
		path("dispatch_enqueue enqueue_task_scx sched_tick asm_sysvec_apic_timer_interrupt "
		     "try_to_wake_up"),
		"enqueue");
	CHECK_STR(path("scx_tick asm_sysvec_apic_timer_interrupt finish_dispatch"), "");
	/* a name is the whole name */
	CHECK_STR(path("balance_one_more finish_dispatched"), "");
	CHECK_STR(path("scx_watchdog_workfn process_one_work"), "");
	CHECK_STR(path(""), "");
}

static const char dump[] =
	"kworker/0:1[9] triggered exit kind 1026:\n"
	"  runnable task stall (a[b] c[63] failed to run for 2.080s)\n"
	"\n"
	"CPU states\n"
	"----------\n"
	"\n"
	"CPU 1   : nr_run=2 flags=0x1 cpu_rel=0 pnt_seq=28\n"
	"          curr=left[62] class=ext_sched_class\n"
	"\n"
	" *R left[62] +0ms\n"
	"      scx_state/flags=3/0x9 dsq_flags=0x0 ops_state/qseq=0/0\n"
	"      sticky/holding_cpu=-1/-1 dsq_id=(n/a) dsq_vtime=0\n"
	"\n"
	"  R a[b] c[63] -2080ms\n"
	"      sticky/holding_cpu=-1/-1 dsq_id=0x3 dsq_vtime=0 slice=20000000 weight=100\n"
	"      cpus=f\n"
	"\n"
	"CPU 12  : nr_run=1 flags=0x1 cpu_rel=0 pnt_seq=28\n"
	"  R other[64] -3000ms\n"
	"      sticky/holding_cpu=-1/-1 dsq_id=0x8000000000000002 dsq_vtime=0\n"
	"  R cut[65] -9000ms\n"
	"      sticky/hol";

TEST(dump)
{
	struct kdump_task t;

	CHECK(kdump_find(dump, 63, &t));
	CHECK_STR(t.comm, "a[b] c");
	CHECK_INT(t.waited_ms, 2080);
	CHECK_INT(t.cpu, 1);
	CHECK_STR(t.dsq, "0x3");
	CHECK(kdump_find(dump, 62, &t));
	CHECK_STR(t.dsq, "(n/a)");
	/* nobody named: the one that waits longest, of those that are there in full */
	CHECK(kdump_find(dump, -1, &t));
	CHECK_INT(t.pid, 64);
	CHECK_INT(t.cpu, 12);
	CHECK(!kdump_find(dump, 65, &t));
	CHECK(!kdump_find(dump, 1, &t));
	CHECK(!kdump_find("", -1, &t));
}

TEST(dump_of_a_liar)
{
	struct kdump_task t;

	CHECK(kdump_find("  R x[7] -9223372036854775808ms\n dsq_id=0x1\n", 7, &t));
	CHECK_INT(t.waited_ms, INT64_MAX);
	CHECK_STR(t.dsq, "0x1");
	CHECK(kdump_find("  R [7] +1ms\n dsq_id=0123456789012345678901234567890\n", 7, &t));
	CHECK_INT(strlen(t.dsq), sizeof(t.dsq) - 1);
	CHECK(!kdump_find("[7] +1ms\n dsq_id=0x1\n", 7, &t));
}

UNIT_MAIN(T(path), T(dump), T(dump_of_a_liar))
