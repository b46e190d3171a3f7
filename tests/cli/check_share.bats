#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-check: what workers were entitled to against what they got, quotas, failed calls, limits of
# cgroups and groups, and cgroups against each other. The streams are those of real runs.

load helpers
load check

# The checks that are on by default are what this file is about.
export DEFAULTS=

# change STREAM JQ: a stream of data/share changed, as in.jsonl
change() {
	jq -c "$2" "$DATA/share/$1.jsonl" | recount >in.jsonl
}

# gets STREAM JQ: each worker got so much of a CPU, in percent
gets() {
	change "$1" "if .type == \"worker\" then .cpu_time_ns = (.wall_time_ns * ($2) / 100 | floor) else . end"
}

# quiet: the host withheld nothing
quiet() {
	jq -c 'if .type == "sample" then .cpu.steal_ns = [.cpu.steal_ns[] | 0] | .cpu.vcpu_ns = [.cpu.vcpu_ns[] | 0] else . end' \
		in.jsonl >quiet.jsonl
	mv quiet.jsonl in.jsonl
}

# What the checks of one name say with a verdict: said NAME VERDICT
said() {
	jq -r --arg n "$1" --arg v "$2" 'select(.type == "check" and .name == $n and .verdict == $v) | .detail' out.jsonl
}

@test "EEVDF is sound: nice values, quotas, many workers, sleepers beside a spinner" {
	for s in nice_levels cpu_quota oversubscribed bursty; do
		judge "$DATA/share/$s.jsonl"
		verdict_is 0 pass
		"$KT_TOP/tests/tools/validate-records" <out.jsonl
	done
	judge "$DATA/share/nice_levels.jsonl"
	[ "$(said share pass)" = 'levels, group 0: each of 2 workers got 50.5% of a CPU or more, 33.0% at least is promised
levels, group 1: each of 2 workers got 26.3% of a CPU or more, 18.5% at least is promised
levels, group 2: each of 2 workers got 13.5% of a CPU or more, 9.9% at least is promised' ]
}

@test "weights inverted, ignored, and light ones starved" {
	gets nice_levels '[13, 30, 49][.group]'
	judge in.jsonl
	verdict_is 1 fail
	said share fail | grep -qF 'levels, group 0: worker 44 (nice -3) got 13.0% of a CPU, its weight entitles it to 56.4% (33.3% at least, wherever the 6 that compete are placed)'
	gets nice_levels 33
	judge in.jsonl
	verdict_is 1 fail
	said share fail | grep -qF 'levels, group 0: 2 workers (nice -3) got 33.0% of a CPU each, and 2 of levels (nice 3) 33.0%: their weights entitle them to 56.4% and 14.8%'
	gets nice_levels '[50, 45, 1][.group]'
	judge in.jsonl
	verdict_is 1 fail
	said share fail | grep -qF 'levels, group 2: worker 48 (nice 3) got 1.0% of a CPU, its weight entitles it to 14.8%'
	judge in.jsonl --no-share
	verdict_is 0 pass
	change nice_levels 'if .type == "test" then .assert.defaults = false else . end'
	judge in.jsonl
	verdict_is 0 pass
	[ -z "$(said share pass)" ]
}

@test "nice values that a scheduler does not promise to heed are not asked of it" {
	local scx='if .type == "test" then .scheduler = {name: "scx_x", binary: "/x", args: [], sysctls: {}, kargs: [], promises: {nice: false}} else . end'
	gets nice_levels 33
	jq -c "$scx"', if .type == "boot" and .stage == "workload" then ({type: "sched", name: "scx_x", event: "attach", ops: "x", guest_ns: 1}, {type: "sched", name: "scx_x", event: "stop", guest_ns: 2}) else empty end' in.jsonl | recount >scx.jsonl
	judge scx.jsonl
	[ -z "$(said share fail)$(said share inconclusive)" ]
}

@test "sleepers that starve a lone spinner; a spinner beside one that ends by itself only" {
	gets bursty 'if .cgroup == "spinner" then 8 else 40 end'
	judge in.jsonl
	verdict_is 1 fail
	[ "$(said share fail)" = 'spinner: worker 47 got 8.0% of a CPU, its weight entitles it to 100.0% (27.8% at least, wherever the 5 that compete are placed)' ]
}

@test "56 workers on one CPU and 8 on the other" {
	change oversubscribed 'if .type == "test" then .scheduler = {name: "scx_x"}
		elif .type == "worker" then .cpu_time_ns = (.wall_time_ns * (if .tid % 8 == 0 then 0.125 else 0.0179 end) | floor)
		else . end'
	jq -c '., if .type == "boot" and .stage == "workload" then ({type: "sched", name: "scx_x", event: "attach", ops: "x", guest_ns: 1}, {type: "sched", name: "scx_x", event: "stop", guest_ns: 2}) else empty end' in.jsonl | recount >scx.jsonl
	judge scx.jsonl
	said share inconclusive | grep -q 'cg_0: 16 of 32 workers got 1.8% of a CPU in the mean, their weight entitles them to 3.1% .*; vCPU 1 was not run for'
	mv scx.jsonl in.jsonl
	quiet
	judge in.jsonl
	said share fail | grep -q 'cg_0: 16 of 32 workers got 1.8% of a CPU in the mean'
}

@test "what the host withheld excuses, and the sentence says where" {
	gets nice_levels '[32, 27, 14][.group]'
	judge in.jsonl
	said share inconclusive | grep -qE 'worker 44 \(nice -3\) got 32.0% .*; vCPU 1 was not run for [0-9]+ms of the [0-9]+ms from'
	quiet
	judge in.jsonl
	said share fail | grep -qE 'worker 44 \(nice -3\) got 32.0%'
	[ -z "$(said share inconclusive)" ]
}

@test "a step whose rights to CPUs change while it runs, and other reasons, are said" {
	change nice_levels 'if .type == "test" then .steps[0].ops = [{op: "cpu_offline", cpus: "1"}] elif .type == "step" and .event == "hold" then ., {type: "op", step: 0, index: 0, op: "cpu_offline", guest_ns: 1, duration_ns: 1, ok: true} else . end'
	judge in.jsonl
	verdict_is 0 pass
	[ "$(said share skip)" = 'step 0 is not judged: op cpu_offline of step 0 changes who may run where or how much' ]
	change nice_levels 'if .type == "worker" then .wall_time_ns = 500000000 | .cpu_time_ns = 1000000 else . end'
	judge in.jsonl
	[ "$(said share skip)" = 'step 0 is not judged: it was held for less than 2 s' ]
	change nice_levels 'if .type == "test" then .steps[0].cgroups[0].groups[].work.type = "Bursty" else . end'
	judge in.jsonl
	[ "$(said share skip)" = 'step 0 is not judged: none of its workers competes all the time, so no share is promised' ]
}

@test "tasks that an op moves have the right of where they are then" {
	local plan='if .type == "test" then .steps[0] |= (.ops = [.cgroups[] | {op: "add_cgroup", cgroup: (. + MORE)}] +
		[{op: "move_tasks", from: "half", to: TO}] | .cgroups = [])
		elif .type == "step" and .event == "hold" then (range(3) as $i | {type: "op", step: 0, index: $i, op: "x", guest_ns: 1, duration_ns: 1, ok: true}), . else . end'
	moved() {
		local f=${plan//MORE/$1}
		change cpu_quota "${f//TO/$2}"
		judge in.jsonl
	}
	# without the quota that they have left behind, each of the four has half a CPU
	moved '{}' '"rest"'
	verdict_is 1 fail
	said share fail | grep -qF 'half: worker 43 got 23.7% of a CPU, its weight entitles it to 50.0%'
	[ -z "$(said quota fail)" ]
	# where they may run is not known, of a cgroup with CPUs of its own, nor below one
	moved '(if .name == "rest" then {cpus: "0"} else {} end)' '"rest"'
	[ "$(said share skip)" = 'step 0 is not judged: tasks of half are moved to rest, where they may run elsewhere' ]
	plan=${plan/' else . end'/' elif .type == "worker" and .cgroup == "rest" then .cgroup = "in/rest" else . end'}
	moved '(if .name == "rest" then {name: "in/rest"} else {} end)' '"in/rest"'
	[ -z "$(said share skip)" ]
	plan=${plan/'.ops = ['/'.ops = [{op: "add_cgroup", cgroup: {name: "in", cpus: "0", files: {}, workers: 0, groups: []}}] + ['}
	plan=${plan/'range(3)'/'range(4)'}
	moved '(if .name == "rest" then {name: "in/rest"} else {} end)' '"in/rest"'
	[ "$(said share skip)" = 'step 0 is not judged: tasks of half are moved to in/rest, where they may run elsewhere' ]
}

@test "a quota ignored, a nested one, and one that is not promised" {
	gets cpu_quota 'if .cgroup == "half" then 48.5 else 49 end'
	judge in.jsonl
	verdict_is 1 fail
	[ "$(said quota fail)" = 'half: used 96.9% of a CPU, more than its cpu.max of 50.0% and a period'"'"'s quota (3905ms of 2135ms in 4028ms)' ]
	judge in.jsonl --no-quota
	verdict_is 0 pass
	gets cpu_quota 'if .cgroup == "half" then 26.5 else 49 end'
	judge in.jsonl # one period more
	[ -z "$(said quota fail)" ]
	change cpu_quota 'if .type == "test" then .steps[0].cgroups[0] |= (.name = "half/deep" | .files = {}) |
			.steps[0].ops = [{op: "add_cgroup", cgroup: {name: "half", workers: 0, groups: [], files: {"cpu.max": "50000 100000"}}}]
		elif .type == "worker" and .cgroup == "half" then .cgroup = "half/deep" | .cpu_time_ns = (.wall_time_ns / 2 | floor)
		elif .type == "step" and .event == "hold" then ., {type: "op", step: 0, index: 0, op: "add_cgroup", guest_ns: 1, duration_ns: 1, ok: true} else . end'
	judge in.jsonl
	said quota fail | grep -q 'half: used 99.9% of a CPU, more than its cpu.max of 50.0%'
	change cpu_quota 'if .type == "test" then .scheduler = {name: "scx_x"} else . end'
	jq -c '., if .type == "boot" and .stage == "workload" then ({type: "sched", name: "scx_x", event: "attach", ops: "x", guest_ns: 1}, {type: "sched", name: "scx_x", event: "stop", guest_ns: 2}) else empty end' in.jsonl | recount >scx.jsonl
	judge scx.jsonl
	[ "$(said quota skip)" = 'half: cpu.max of 50.0% of a CPU is not judged: the scheduler does not promise to heed it' ]
}

@test "failed calls fail unless a limit of the plan may be why" {
	local fails='if .tid == 44 then .failed = {fork: 5, other: 2, error: "EAGAIN"} else . end'
	change nice_levels "$fails"
	judge in.jsonl
	verdict_is 1 fail
	[ "$(said fork fail)" = 'levels, group 0: worker 44: calls failed, 5 of fork, 2 of other kinds (EAGAIN), and no limit of the plan explains it' ]
	judge in.jsonl --no-fork
	verdict_is 0 pass
	change nice_levels "$fails"' | if .type == "test" then .steps[0].cgroups[0].files = {"pids.max": "9"} else . end'
	judge in.jsonl
	verdict_is 0 pass
	said fork skip | grep -q "which the plan's pids.max may explain"
	change nice_levels "$fails"' | if .type == "test" then .steps[0].cgroups += [{name: "other", workers: 0, groups: [], files: {"pids.max": "9"}}] else . end'
	judge in.jsonl
	verdict_is 1 fail
}

@test "a worker without work fails, whatever the test asserts" {
	change nice_levels 'if .type == "test" then .assert = {} elif .tid == 45 then .work_units = 0 else . end'
	quiet
	judge in.jsonl
	verdict_is 1 fail
	[ "$(said progress fail)" = 'levels, group 0: worker 45 made no progress (0 work units)' ]
	judge in.jsonl --no-progress
	[ -z "$(said progress fail)" ]
}

@test "a CPU that was not allowed" {
	change nice_levels 'if .tid == 45 then .cpus_allowed = "0" | .cpus_used = "0-1" else . end'
	judge in.jsonl
	[ "$(said affinity fail)" = 'levels, group 0: worker 45 ran on cpus 1, which were not allowed to it' ]
	judge in.jsonl --no-affinity
	[ -z "$(said affinity fail)" ]
}

@test "limits of a cgroup and of a group replace the test's; load in the root has none" {
	change nice_levels 'if .type == "test" then .assert = {max_gap_ms: 0.001} |
		.steps[0].cgroups[0] |= (.assert = {max_gap_ms: 9000} | .groups[1].assert = {max_gap_ms: null} | .groups[2].assert = {max_gap_ms: 50}) else . end'
	quiet
	judge in.jsonl
	verdict_is 1 fail
	said gap fail | grep -q 'levels, group 2: worker .* above limit 50ms'
	[ "$(said gap fail | grep -c -e 'group 0' -e 'group 1')" -eq 0 ]
	said gap pass | grep -q 'levels, group 0: .* within limit 9000ms'
	change nice_levels 'if .type == "test" then .assert = {max_gap_ms: 0.001} | .steps[0].ops = [{op: "spawn", cgroup: null, group: (.steps[0].cgroups[0].groups[1] | .workers = 6)}] | .steps[0].cgroups = []
		elif .type == "worker" then .cgroup = "/" | .group = 0
		elif .type == "step" and .event == "hold" then ., {type: "op", step: 0, index: 0, op: "spawn", guest_ns: 1, duration_ns: 1, ok: true} else . end'
	judge in.jsonl
	verdict_is 0 pass
	[ -z "$(said gap fail)" ]
}

@test "migrations per second and per timeslice; late timers" {
	change nice_levels 'if .type == "worker" then .migrations = 900 | .schedstat.timeslices = 1000 | .wall_time_ns = 4000000000 else . end'
	judge in.jsonl --max-migrations-per-s 225 --max-migrations-per-timeslice 0.9
	said migrations_per_s pass | grep -qx 'levels, group 0: migrations per second of a worker 225.000 within limit 225.000 (1800 migrations, 8 seconds)'
	judge in.jsonl --max-migrations-per-s 224 --max-migrations-per-timeslice 0.89
	verdict_is 1 fail
	[ "$(said migrations_per_timeslice fail | head -n1)" = 'levels, group 0: migrations per timeslice 0.900 above limit 0.890 (1800 migrations, 2000 timeslices)' ]
	change nice_levels 'if .type == "worker" then .timer_late = {count: 100, p50_ns: 1000, p99_ns: 5000000, max_ns: 6000000, mean_ns: 2000, cv: 1} else . end'
	judge in.jsonl --max-p99-timer-late-ns 4000000
	said timer_late fail | grep -qx 'levels, group 0: worker 44 p99 timer lateness 5ms above limit 4ms (100 samples)'
	judge in.jsonl --max-p99-timer-late-ns 5000000
	verdict_is 0 pass
}

@test "cgroups against each other: shares and ratios" {
	local ask='if .type == "test" then .assert.shares = [{of: {half: 1, rest: 3}, tolerance_pct: 10}] |
		.assert.ratios = [{metric: "cpu_time", over: "rest", under: "half", min: 2, max: 4}] else . end'
	gets cpu_quota 'if .cgroup == "half" then 24 else 72 end'
	jq -c "$ask" in.jsonl >asked.jsonl
	judge asked.jsonl
	verdict_is 0 pass
	said share_of pass | grep -qx 'half got 25.0% of the CPU time, within 10% of 25.0%'
	said ratio pass | grep -qE '^rest has [23]\.?[0-9]* times the cpu_time of half$'
	gets cpu_quota 'if .cgroup == "half" then 24 else 30 end'
	quiet
	jq -c "$ask" in.jsonl >asked.jsonl
	judge asked.jsonl --no-share
	verdict_is 1 fail
	said share_of fail | grep -qx 'half got 44.4% of the CPU time, more than 10% off its 25.0%'
	said ratio fail | grep -q 'rest has 1.25 times the cpu_time of half, less than 2'
	jq -c 'if .type == "test" then .assert.shares = [{of: {half: 1, nobody: 3}}] else . end' in.jsonl >asked.jsonl
	judge asked.jsonl
	said share_of inconclusive | grep -qx 'nobody has no workers to compare'
}
