/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCX_BUGS_H
#define SCX_BUGS_H

/*
 * The bugs of scx_bugs: names, and what each does wrong, in one sentence. Both halves
 * read this list; the BPF side holds what each does.
 */
#define BUGS(X)                                                                                    \
	X(cpu_unused, "the last CPU runs pinned tasks only")                                       \
	X(llc_never_drained, "each LLC has a queue, which CPUs of others never take from")         \
	X(llc_packed, "CPUs beyond the first LLC help only when more than two tasks wait")         \
	X(smt_packed, "CPUs beyond the first core help only when more than two tasks wait")        \
	X(prev_only, "a task stays on the CPU that it last ran on, busy or not")                   \
	X(sync_stacked, "a task that wakes up goes to its waker's CPU, and waits there")           \
	X(batch_dispatch, "a CPU takes up to eight tasks at once, and keeps them")                 \
	X(no_kick, "no idle CPU is looked for or kicked when a task is queued")                    \
	X(lost_kick, "a kick of an idle CPU is lost when the last one was 1.5 s ago or less")      \
	X(dispatch_by_timer, "a CPU takes a task every 50 ms, and idles for the rest of it")       \
	X(slow_wakeups, "tasks that wake up are looked at every 250 ms")                           \
	X(late_leak, "after 2 s, one queued task in 32 is forgotten for 2 s")                      \
	X(one_starved, "one task of user space waits for 1.5 s after each run")                    \
	X(task_lost, "after 1 s, one task of user space is never run again")                       \
	X(keep_running, "a task whose slice has ended runs on for 2 s although others wait")       \
	X(percpu_vtime,                                                                            \
	  "each CPU has a clock of its own, and a task that moves keeps that of its old one")      \
	X(lifo, "the task that was queued last is run first, for up to 2 s")                       \
	X(weight_ignored, "nice values are ignored")                                               \
	X(weight_inverted, "a higher nice value gives more CPU time")                              \
	X(weight_stale, "a new nice value of a task that exists is ignored")                       \
	X(light_starved, "tasks below the default weight wait for 2 s for each slice")             \
	X(nice_bands, "tasks of higher weight go first, up to 2 s before the next band")           \
	X(cgroup_weight_ignored, "cpu.weight is ignored")                                          \
	X(cgroup_weight_inverted, "a higher cpu.weight gives less CPU time")                       \
	X(cgroup_weight_stale, "a cpu.weight that is written later is ignored")                    \
	X(cgroup_flat, "each task counts as if it were alone in its cgroup")                       \
	X(cgroup_move_forgotten, "a task that is moved keeps its old cgroup's weight and quota")   \
	X(quota_ignored, "cpu.max is ignored")                                                     \
	X(quota_doubled, "cpu.max allows twice as much")                                           \
	X(quota_stale, "a cpu.max that is written later is ignored")                               \
	X(throttle_sticks, "a task whose quota is used up waits for 2.5 s")                        \
	X(charged_on_sleep, "a run is charged only when the task stops by itself")                 \
	X(short_runs_free, "runs of less than 4 ms are not charged")                               \
	X(sleep_forgives, "a task that wakes up is as far as the others, however much it ran")     \
	X(sleeper_credit, "a task that wakes up has 200 ms of credit")                             \
	X(waker_preempts, "a task that wakes up preempts, and owes nothing of what it ran before") \
	X(slice_infinite, "slices never end")                                                      \
	X(slice_800ms, "slices are 800 ms long")                                                   \
	X(slices_tiny, "who has begun to run is preempted at once, if others wait")                \
	X(migration_storm, "at the end of each slice a task goes to the next CPU")                 \
	X(kick_storm, "each task that is queued preempts every CPU")                               \
	X(slow_enqueue, "queueing a task takes 30 ms")                                             \
	X(yield_ignored, "sched_yield() does nothing")                                             \
	X(init_task_fails, "after 100 forks, all others fail")                                     \
	X(fork_last, "a new task goes behind all others, up to 2.5 s")                             \
	X(fork_slow, "a new task waits for 300 ms before its first instruction")                   \
	X(kthreads_late, "a kernel thread that wakes up waits for a second")                       \
	X(affinity_last, "tasks that may not run everywhere wait for 2.5 s for each slice")        \
	X(stale_cpumask, "a task that is moved off a CPU by its mask waits for 2.3 s")             \
	X(hotplug_queue_left, "tasks of a CPU that goes offline wait for 2.5 s")                   \
	X(hotplug_error, "it ends with an error when a CPU goes offline")                          \
	X(hotplug_restart, "it asks to be restarted when a CPU goes offline")                      \
	X(hotplug_unused, "a CPU that comes online runs pinned tasks only")                        \
	X(wrong_cpu, "tasks that may not run everywhere are sent to a CPU that they may not use")

enum bug {
	BUG_none,
#define X(name, what) BUG_##name,
	BUGS(X)
#undef X
};

#endif
