#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Each work type works in a guest and measures itself, and does what its row claims: that is
# judged by what the kernel counted for its workers ("proc" and "schedstat" of their records),
# not by their own word. The machine may be busy: limits are those that no load crosses.

load helpers

# guest STEP...: a test of these steps, held for 2 s each, on 2 cores with 2 threads each
guest() {
	printf '%s\n' "$@" | jq -s '{topology: "1n1l2c2t", duration: "2s", watchdog_timeout: "20s",
		steps: map({cgroups: .})}' >t.json
	kt test t.json >out
	cp "$XDG_STATE_HOME/kt/runs/latest/run.jsonl" .
	jq -c 'select(.type == "worker" or .type == "end" and .tool == "kt-guest")' run.jsonl |
		"$KT_TOP/tests/tools/validate-records"
	# all of them: at work until they were told to stop, on their CPUs, measured in every way
	jq -se '
		def list: [split(",")[] | split("-") | map(tonumber) | range(.[0]; (.[1] // .[0]) + 1)];
		map(select(.type == "worker")) | length > 0 and all(.[];
			.exit == "completed" and .work_units > 0
			and .wall_time_ns > 1.9e9 and .wall_time_ns < 20e9 and .cpu_time_ns > 0
			and .max_gap_ns > 0 and (.cpus_used | list) - (.cpus_allowed | list) == []
			and .run_delay.count > 0 and .run_delay.p50_ns <= .run_delay.max_ns
			and .schedstat.run_ns > 0 and .proc != null)' run.jsonl
}

# on CPUS NAME [WORKERS]: a cgroup of that work (a name, or an object) there; it has the name
# of its first CPU
on() {
	jq -nc --arg cpus "$1" --argjson work "$2" --argjson workers "${3:-null}" '
		{name: "c\($cpus[0:1])", cpuset: {exact: $cpus}, work: $work}
		+ if $workers then {workers: $workers} else {} end'
}

# step CGROUP...
step() {
	printf '%s\n' "$@" | jq -sc .
}

# all TYPE CONDITION: true of each of its workers
all() {
	jq -se --arg type "$1" "map(select(.type == \"worker\" and .work == \$type))
		| length > 0 and all(.[]; $2)" run.jsonl >/dev/null && return
	echo "$1: not all: $2"
	jq -c --arg type "$1" 'select(.type == "worker" and .work == $type)
		| {index, iterations, work_units, cpus_used, schedstat, proc}' run.jsonl
	return 1
}

# sum TYPE FILTER: over its workers
sum() {
	jq -s --arg type "$1" "map(select(.type == \"worker\" and .work == \$type) | $2) | add" run.jsonl
}

@test "types that compute, yield and touch memory" {
	guest "$(step "$(on 0 '"SpinWait"' 2)" "$(on 1 '"YieldHeavy"' 2)" "$(on 2 '"Mixed"' 2)" \
		"$(on 3 '{"CacheYield": {"size": "16KiB"}}' 2)")" \
		"$(step "$(on 0 '"AluHot"' 1)" "$(on 1 '{"IpcVariance": {"hot_iters": 5000}}' 1)" \
			"$(on 2 '{"CachePressure": {"size": "1MiB", "stride": "4KiB"}}' 1)" \
			"$(on 3 '{"AluHot": {"width": "scalar"}}' 1)")"
	# they never wait, so the kernel alone takes the CPU from them; those that yield give it up
	# in between, again and again, which the kernel counts as not voluntary
	for type in SpinWait YieldHeavy Mixed CacheYield AluHot IpcVariance CachePressure; do
		all $type '.proc.voluntary_ctxt_switches <= 3 and .wake_latency == null'
	done
	all SpinWait '.proc.nonvoluntary_ctxt_switches >= 5'
	for type in YieldHeavy Mixed CacheYield; do
		[ "$(sum $type .proc.nonvoluntary_ctxt_switches)" -gt \
			"$((3 * $(sum SpinWait .proc.nonvoluntary_ctxt_switches)))" ]
	done
	# one that yields all the time is in the kernel, one that computes is not
	all YieldHeavy '.proc.stime_ns > .proc.utime_ns'
	for type in SpinWait AluHot IpcVariance CachePressure; do
		all $type '.proc.utime_ns > 2 * .proc.stime_ns and .proc.minor_faults < 50'
	done
	jq -se 'map(select(.work == "AluHot") | .medium) | .[1] == "scalar"
		and (.[0] | test("^(128|256|512) bits$"))' run.jsonl
}

@test "pairs that wake each other, siblings, and types that sleep" {
	guest "$(step "$(on 0 '"PipeIo"')" "$(on 1 '"FutexPingPong"')" \
		"$(on 2 '{"CachePipe": {"burst_iters": 256}}')" "$(on 3 '"AsymmetricWaker"')")" \
		"$(step "$(on 0-1 '"SmtSiblingSpin"')" "$(on 2 '"IdleChurn"' 1)" \
			"$(on 3 '{"Bursty": {"burst": "5ms", "sleep": "10ms"}}' 1)")" \
		"$(step "$(on 0 '{"Sequence": [{"spin": "5ms"}, {"sleep": "5ms"}, {"yield": "2ms"},
				{"io": "2ms"}, {"alu": "2ms"}]}' 1)" \
			"$(on 2-3 '"SmtSiblingSpin"' 4)")"
	# On one CPU they take turns: a switch for each iteration, and nobody is ahead of the other.
	# (one may have begun its next one when the stop comes, and both be in the middle of one.)
	# Who is woken may come at once, then the waker finds its answer there and does not sleep.
	for type in PipeIo FutexPingPong CachePipe; do
		all $type '.iterations > 10 and .wake_latency.count > 0.2 * .iterations
			and .proc.voluntary_ctxt_switches > 0.2 * .iterations
			and .proc.voluntary_ctxt_switches + .proc.nonvoluntary_ctxt_switches > 0.8 * .iterations'
	done
	for type in PipeIo FutexPingPong CachePipe AsymmetricWaker; do
		jq -se --arg type $type 'map(select(.work == $type) | .iterations)
			| (.[0] - .[1] | fabs) <= 2' run.jsonl
	done
	# the FIFO one sleeps for each turn; the other is preempted by it for each
	all AsymmetricWaker '.iterations > 10 and (if .index == 0 then .proc.voluntary_ctxt_switches
		else .proc.nonvoluntary_ctxt_switches end) > 0.8 * .iterations'
	all AsymmetricWaker '.proc.policy == (if .index == 0 then 1 else 0 end)' # SCHED_FIFO, SCHED_OTHER
	# each on its own thread of the core, but for where it was born
	all SmtSiblingSpin '.proc.migrations <= 4 and (.medium | test("^siblings (0,1|2,3)$"))
		and .proc.voluntary_ctxt_switches <= 3'
	all IdleChurn '.iterations > 10 and .proc.voluntary_ctxt_switches >= .iterations - 2'
	all Bursty '.iterations > 10 and .proc.voluntary_ctxt_switches >= .iterations - 2
		and .schedstat.run_ns < 0.7 * .wall_time_ns and .schedstat.run_ns > 0.1 * .wall_time_ns'
	# it sleeps once itself, and in each pause of its I/O
	all Sequence '.iterations > 10 and .proc.voluntary_ctxt_switches > 2 * .iterations
		and .proc.stime_ns > 0'
}

@test "one wakes many, and wake-ups that cause the next" {
	guest "$(step "$(on 0-1 '{"FutexFanOut": {"fan_out": 3}}')" \
		"$(on 2-3 '{"FanOutCompute": {"fan_out": 2, "footprint": "16KiB", "sleep": "2ms"}}')")" \
		"$(step "$(on 0-1 '"WakeChain"')" "$(on 2-3 '{"WakeChain": {"wake": "futex", "depth": 3}}')")" \
		"$(step "$(on 0-1 '"EpollStorm"')" "$(on 2-3 '{"ThunderingHerd": {"waiters": 3, "batches": 10}}')")"
	[ "$(jq -r 'select(.type == "worker") | .work' run.jsonl | uniq -c | xargs)" = \
		"4 FutexFanOut 3 FanOutCompute 7 WakeChain 3 EpollStorm 4 ThunderingHerd" ]
	# no receiver misses a round of its messenger
	for type in FutexFanOut FanOutCompute; do
		jq -se --arg type $type 'map(select(.work == $type) | .iterations)
			| (max - min) <= 2 and min > 5' run.jsonl
	done
	# a receiver that finds the next round begun does not sleep, and is not woken
	all FutexFanOut '.index == 0 or (.proc.voluntary_ctxt_switches > 0.7 * .iterations
		and .wake_latency.count > 0.7 * .iterations and .wake_latency.count <= .iterations)'
	# a receiver waits, then sleeps
	all FanOutCompute '.index == 0 or .proc.voluntary_ctxt_switches > 1.5 * .iterations'
	all WakeChain '.proc.voluntary_ctxt_switches > 0.5 * .iterations and .iterations > 10'
	for first in c0 c2; do
		jq -se --arg c $first 'map(select(.work == "WakeChain" and .cgroup == $c) | .iterations)
			| (max - min) <= 2' run.jsonl
	done
	# what is produced is consumed, but for a burst; a consumer sleeps for each wake-up
	jq -se 'map(select(.work == "EpollStorm") | .work_units)
		| (.[0] - .[1] - .[2] | fabs) <= 32 and .[0] > 100' run.jsonl
	all EpollStorm '.index == 0 or .proc.voluntary_ctxt_switches >= 0.5 * .wake_latency.count'
	# the waker sleeps after each wake-up of all, and has iterations of ten of them
	all ThunderingHerd '(.proc.voluntary_ctxt_switches - .work_units | fabs) < 0.2 * .work_units + 3
		and .work_units > 20'
	jq -se 'map(select(.work == "ThunderingHerd"))[0] | .iterations == (.work_units / 10 | ceil)' run.jsonl
}

@test "Schbench and Taobench" {
	guest "$(step "$(on 0-3 '{"Schbench": {"footprint": "16KiB"}}')")" \
		"$(step "$(on 0-3 '{"Schbench": {"requests_per_sec": 100, "message_threads": 2,
			"worker_threads": 3, "footprint": "16KiB", "split_percent": 50}}')")" \
		"$(step "$(on 0-3 '{"Schbench": {"pipe_transfer_bytes": "4KiB", "worker_threads": 2}}')")" \
		"$(step "$(on 0-3 '"Taobench"')")" \
		"$(step "$(on 0-3 '{"Taobench": {"arrival_rate": 500, "hit_pct": 50, "fast_threads": 2,
			"slow_threads": 3}}')")"
	jq -s 'map(select(.type == "worker"))' run.jsonl >w.json
	# the kernel's count of threads: the worker, message threads, worker threads
	[ "$(jq -c 'map(.proc.threads)' w.json)" = "[6,9,4,7,6]" ]
	[ "$(jq -c 'map(.metrics | (.worker_threads // .fast_threads) + 0)' w.json)" = "[4,6,2,4,2]" ]
	jq -e 'def ordered($k): [.["\($k)_min_us", "\($k)_p50_us", "\($k)_p90_us", "\($k)_p99_us",
			"\($k)_p999_us", "\($k)_max_us"]] | . == sort;
		all(.[0:3][]; .metrics | ordered("wakeup") and .wakeup_samples > 0 and .loops > 10)
		and all(.[0:2][]; .metrics | ordered("request") and .request_samples == .loops
			and .request_min_us >= 100 and .average_rps > 1)
		and (.[2].metrics | .pipe_mib_per_sec > 0 and (has("request_p50_us") | not))
		and all(.[3:5][]; .metrics | ordered("latency") and ordered("slow") and ordered("fast")
			and .slow_min_us >= 100 and .latency_samples == .fast_samples + .slow_samples)' w.json
	# a rate is kept (requests come at the start of each second), and hits are as many as asked for
	jq -e '.[1].metrics.average_rps <= 160 and .[4].metrics.total_qps < 600
		and (.[3].metrics.hit_ratio - 0.9 | fabs) < 0.05 and (.[4].metrics.hit_ratio - 0.5 | fabs) < 0.15
		and all(.[]; .work_units == (.metrics | .loops // .latency_samples))' w.json
}
