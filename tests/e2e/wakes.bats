#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What workers say of their wake-ups is what a trace in the same guest says of the same tasks, and
# what failed of their work is counted.

load helpers
load play

# sums CGROUP: how long its workers waited after they were woken, in ms, by their records and by the
# trace, in which the way from the gate is one, too, and so is each sleep within fork()
sums() {
	jq -sc --arg c "$1" '(map(select(.type == "payload" and .name == "tell"))[0].metrics) as $m
		| map(select(.type == "worker" and .cgroup == $c)) as $w
		| {name: $c, kt: ($w | map((.wake_latency | values | .mean_ns * .count), .start_delay_ns) | (add // 0) / 1e6),
		   trace: ($m["\($c).mean_ns"] * $m["\($c).count"] / 1e6), n: ($w | map(.wake_latency | values | .count) | add),
		   traced: $m["\($c).count"], late: ($w | map(.timer_late | values | .mean_ns * .count) | (add // 0) / 1e6),
		   p99: ($w | map(.wake_latency.p99_ns / 1e6)), trace_p99: ($m["\($c).p99_ns"] / 1e6)}' run.jsonl
}

# agrees CGROUP: they are within a fifth and 20 ms of each other
agrees() {
	sums "$1" | jq -e '(.kt - .trace | fabs) < .trace / 5 + 20' >/dev/null
}

# One run beside a trace; false: what workers measured and what the trace says differ.
measure() {
	local c
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "4s", "memory_mib": 1024,
	  "payloads": [{ "name": "start", "binary": "./wakes", "args": ["start", "timer", "bursty", "pipe", "futex", "forks"] },
	    { "name": "tell", "binary": "./wakes", "args": ["tell", "timer", "bursty", "pipe", "futex", "forks"], "output": "json" }],
	  "steps": [{ "ops": [{ "run_payload": "start" }, { "wait_payload": { "payload": "start", "timeout": "30s" } }],
	      "cgroups": [{ "name": "timer", "workers": 1, "work": { "TimerLatency": { "interval": "5ms" } } },
	      { "name": "bursty", "workers": 2, "work": { "Bursty": { "burst": "3ms", "sleep": "7ms" } } },
	      { "name": "pipe", "workers": 2, "work": { "PipeIo": { "burst_iters": 2000 } } },
	      { "name": "futex", "workers": 2, "work": { "FutexPingPong": { "spin_iters": 2000 } } },
	      { "name": "forks", "workers": 1, "work": "ForkExit" }, { "name": "spin", "workers": 1 }], "hold": "4s" },
	    { "ops": [{ "run_payload": "tell" }, { "wait_payload": { "payload": "tell", "timeout": "60s" } }], "hold": "1ms" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ] || return 1
	for c in timer bursty pipe futex forks; do
		sums "$c" >&3
	done
	for c in timer bursty pipe futex forks; do
		agrees "$c" || return 1
	done
}

@test "wake-up latencies are those of a trace, timers, sleeps, pipes, futexes, children" {
	cc -O2 -D_GNU_SOURCE -static -o wakes "$KT_TOP/tests/e2e/wakes.c"
	# a busy host makes few long waits, some of which only one of the two has: in three runs, not in all
	measure || measure || measure
	# a timer's lateness has that of its interrupt in it, and is not less than the wake-up's
	jq -se 'map(select(.type == "worker" and .cgroup == "timer"))[0]
		| .timer_late.mean_ns >= .wake_latency.mean_ns and (.timer_late.worst | length) > 8' run.jsonl
	jq -se 'map(select(.type == "worker" and .cgroup == "pipe")) | all(.[]; has("timer_late") | not)' run.jsonl
	# events one by one: the longest first, within the worker's time, and no longer than the most
	jq -se 'map(select(.type == "worker")) | all(.[];
		.start_ns > 0 and .start_delay_ns >= 0 and .start_delay_ns < .wall_time_ns
		and (.gaps | length) > 0 and (.gaps | length) <= 8 and .gaps[0].ns == .max_gap_ns and .gaps[0].at_ns == .max_gap_at_ns
		and (.wall_time_ns as $wall | [.gaps, (.run_delay.worst // []), (.wake_latency.worst // [])] | all(.[];
			length <= 64 and (map(.ns) | . == (sort | reverse)) and all(.[]; .at_ns <= $wall)))
		and (.wake_latency == null or .wake_latency.worst[0].ns == .wake_latency.max_ns)
		and (.run_delay == null or .run_delay.worst[0].ns == .run_delay.max_ns))' run.jsonl
}

@test "failed forks are counted, but for those that pids.max limits" {
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "2s",
	  "steps": [{ "ops": [{ "add_cgroup": { "name": "low", "workers": 1, "work": "ForkExit" } },
	      { "add_cgroup": { "name": "planned", "workers": 1, "pids_max": 1, "work": "ForkExit" } },
	      { "sysctl": { "key": "kernel.threads-max", "value": "20" } } ], "hold": "500ms" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	# the kernel has more threads than that now: every fork fails, and the worker goes on
	[ "$(workers low '.failed.fork > 10 and .failed.error == "EAGAIN" and .iterations > .failed.fork - 2')" = true ]
	[ "$(workers planned .failed)" = null ]
}
