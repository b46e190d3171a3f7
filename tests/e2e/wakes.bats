#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What workers say of their wake-ups is what a trace in the same guest says of the same tasks, and
# what failed of their work is counted.

load helpers
load play

# compare CGROUP: mean and p99 of its worker's wake-up latencies and of the trace's, in us
compare() {
	jq -sr --arg c "$1" '(map(select(.type == "payload"))[0].metrics) as $m
		| (map(select(.type == "worker" and .cgroup == $c and .wake_latency)) | max_by(.wake_latency.count)) as $w
		| [$w.wake_latency.mean_ns, $m["\($c).mean_ns"], $w.wake_latency.p99_ns, $m["\($c).p99_ns"],
		   $w.timer_late.mean_ns // -1000, $w.wake_latency.count, $m["\($c).count"]]
		| map(. / 1000 | round) | "\($c): mean \(.[0]) us, trace \(.[1]); p99 \(.[2]), trace \(.[3]); timer_late \(.[4])"' run.jsonl
}

# agrees CGROUP: the means are within a third of each other and 150 us
agrees() {
	compare "$1"
	jq -se --arg c "$1" '(map(select(.type == "payload"))[0].metrics) as $m
		| ([.[] | select(.type == "worker" and .cgroup == $c) | .wake_latency | values]
			| (map(.mean_ns * .count) | add) / (map(.count) | add)) as $mean
		| ($mean - $m["\($c).mean_ns"] | fabs) < 150000 + $m["\($c).mean_ns"] / 3' run.jsonl >/dev/null
}

@test "wake-up latencies are those of a trace, timers, sleeps, pipes, futexes, children" {
	cc -O2 -D_GNU_SOURCE -static -o wakes "$KT_TOP/tests/e2e/wakes.c"
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "6s", "memory_mib": 1024,
	  "payloads": [{ "name": "trace", "binary": "./wakes", "args": ["5", "timer", "bursty", "pipe", "futex", "forks"], "output": "json" }],
	  "steps": [{ "ops": [{ "add_cgroup": { "name": "timer", "workers": 1, "work": { "TimerLatency": { "interval": "5ms" } } } },
	      { "add_cgroup": { "name": "bursty", "workers": 2, "work": { "Bursty": { "burst": "3ms", "sleep": "7ms" } } } },
	      { "add_cgroup": { "name": "pipe", "workers": 2, "work": { "PipeIo": { "burst_iters": 20000 } } } },
	      { "add_cgroup": { "name": "futex", "workers": 2, "work": { "FutexPingPong": { "spin_iters": 20000 } } } },
	      { "add_cgroup": { "name": "forks", "workers": 1, "work": "ForkExit" } },
	      { "add_cgroup": { "name": "spin", "workers": 2 } },
	      { "run_payload": "trace" }, { "wait_payload": { "payload": "trace", "timeout": "50s" } }], "hold": "100ms" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	for c in timer bursty pipe futex forks; do
		compare "$c" >&3
	done
	for c in timer bursty pipe futex forks; do
		agrees "$c"
	done
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
	printf '#!/no/such/interpreter\n' >lost
	chmod +x lost
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "2s",
	  "steps": [{ "ops": [{ "add_cgroup": { "name": "low", "workers": 1, "work": "ForkExit" } },
	      { "add_cgroup": { "name": "planned", "workers": 1, "pids_max": 1, "work": "ForkExit" } },
	      { "write": { "path": "/proc/sys/kernel/threads-max", "value": "20" } } ], "hold": "500ms" },
	    { "ops": [{ "write": { "path": "/proc/sys/kernel/threads-max", "value": "2000" } }],
	      "cgroups": [{ "name": "lost", "workers": 1, "work": { "Custom": { "program": "./lost" } } }], "hold": "300ms" } ] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	# the kernel has more threads than that now: every fork fails, and the worker goes on
	[ "$(workers low '.failed.fork > 10 and .failed.error == "EAGAIN" and .iterations > .failed.fork - 2')" = true ]
	[ "$(workers planned .failed)" = null ]
	[ "$(workers lost .failed)" = '{"fork":0,"exec":1,"other":0,"error":"ENOENT"}' ]
}
