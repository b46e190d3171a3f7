#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-check and the whole language: worker groups, ops, the backdrop, payloads, expected errors,
# and the checks of latency, migration and memory, each at its limit and beyond.

load helpers
load check

# group STREAM...: the plan's first cgroup has two groups of one worker each
groups='if .type == "test" then .steps[0].cgroups[0].groups = [{workers: 1, work: {type: "SpinWait"}}, {workers: 1, work: {type: "Mixed"}}]
	elif .tid == 72 then .group = 1 | .work = "Mixed" else . end'

@test "worker groups are counted together and compared each for itself" {
	edit unfair "$groups"
	judge in.jsonl --no-isolation --max-gap-ms off --max-throughput-cv off --min-work-rate off
	verdict_is 0 pass
	[ "$(found skip)" = 'spread: background_spinner, group 0: spread needs two workers that made progress
spread: background_spinner, group 1: spread needs two workers that made progress' ]
	judge in.jsonl --max-gap-ms 2000 --no-isolation --max-throughput-cv off --min-work-rate off
	[ "$(found fail)" = 'gap: background_spinner, group 1: worker 72 gap 2500ms above limit 2000ms (on cpu 1, 3.0s after its start)' ]
	[ "$(jq -c 'select(.type == "check" and .name == "gap" and .verdict == "fail") | [.cgroup, .group, .worker]' out.jsonl)" = '["background_spinner",1,72]' ]
	[ "$(jq -c 'select(.type == "stats" and .cgroup == "background_spinner").groups | map([.step, .group, .work, .workers])' out.jsonl)" = '[[0,0,"SpinWait",1],[0,1,"Mixed",1]]' ]
	[ "$(jq -c 'select(.type == "stats" and .cgroup == "phased_worker").groups' out.jsonl)" = null ]
	"$KT_TOP/tests/tools/validate-records" <out.jsonl
	edit pass "$groups"' | select(.tid != 72)'
	fails_by in.jsonl 'run: background_spinner: 1 of 2 planned workers reported'
}

# A plan whose second step adds workers by ops; their worker records follow the last one.
with_ops() {
	jq -c 'if .type == "test" then .steps[1].ops = [
			{op: "add_cgroup", cgroup: {name: "late", groups: [{workers: 1, work: {type: "SpinWait"}}]}},
			{op: "spawn", cgroup: "late", group: {workers: 1, work: {type: "SpinWait"}}},
			{op: "spawn", cgroup: null, group: {workers: 1, work: {type: "SpinWait"}}} ] |
			.backdrop = {cgroups: [{name: "back", groups: [{workers: 1, work: {type: "SpinWait"}}]}], ops: [], payloads: []}
		elif .type == "worker" and .tid == 74 then .,
			(.cgroup = "late" | .step = 1 | .tid = 80), (.cgroup = "late" | .step = 1 | .tid = 81),
			(.cgroup = "/" | .step = 1 | .tid = 82), (.cgroup = "back" | .step = null | .tid = 83),
			({type: "op", step: 1, guest_ns: 1, duration_ns: 1, ok: true, error: null} | (.index = 0, .index = 1, .index = 2) | .op = "x")
		else . end' "$DATA/no_checks.jsonl" | recount >in.jsonl
}

@test "what ops and the backdrop start is expected" {
	with_ops
	judge in.jsonl
	verdict_is 0 pass
	jq -c 'select(.tid != 81)' in.jsonl | recount >less.jsonl
	fails_by less.jsonl 'run: late: 1 of 2 planned workers reported'
	jq -c 'select(.tid != 82)' in.jsonl | recount >less.jsonl
	fails_by less.jsonl 'run: /: 0 of 1 planned workers reported'
	jq -c 'select(.tid != 83)' in.jsonl | recount >less.jsonl
	fails_by less.jsonl 'run: back: 0 of 1 planned workers reported'
	jq -c 'select(.type != "op" or .index != 1)' in.jsonl | recount >less.jsonl
	fails_by less.jsonl 'run: 2 of 3 planned ops reported'
}

@test "of an op that is repeated, what it starts counts as often" {
	with_ops
	jq -c 'if .type == "test" then .steps[1].every_ns = 1000000 | .steps[1].ops = [.steps[1].ops[1]]
		elif .tid == 82 or (.type == "op" and .index > 0) then empty
		elif .type == "op" then .count = 2 else . end' in.jsonl | recount >loop.jsonl
	judge loop.jsonl
	verdict_is 0 pass
	jq -c 'if .type == "op" then .count = 3 else . end' loop.jsonl | recount >more.jsonl
	fails_by more.jsonl 'run: late: 2 of 3 planned workers reported'
}

@test "an op that failed is the reason, not what comes of it" {
	with_ops
	jq -c 'if .type == "op" and .index == 1 then .ok = false | .op = "spawn" | .cgroup = "late" | .error = "no such thing"
		elif .tid == 81 then empty else . end' in.jsonl | recount >bad.jsonl
	fails_by bad.jsonl 'run: step 1, op 1 (spawn late): no such thing'
	jq -c 'if .type == "op" then .step = null else . end' bad.jsonl | recount >back.jsonl
	fails_by back.jsonl 'run: backdrop, op 1 (spawn late): no such thing'
}

# with_payload RECORD CHECKS: the good run with a payload "load" of these checks; RECORD changes
# its payload record
with_payload() {
	jq -c --argjson checks "$2" "if .type == \"test\" then
			.payloads = [{name: \"load\", checks: \$checks}] | .payload = \"load\"
		elif .tid == 74 then ., ({type: \"payload\", name: \"load\", step: null, cgroup: null, guest_ns: 1, exit: \"exit 0\",
			duration_ns: 1500000000, metrics: {\"a.b\": 10, \"c.0\": 0.5}, stderr: \"hm\nno luck\n\"} | $1)
		else . end" "$DATA/no_checks.jsonl" | recount >in.jsonl
}

@test "a payload: exit code, metrics, and no record of it" {
	with_payload . '[]'
	judge in.jsonl
	verdict_is 0 pass
	found pass | grep -qx 'payload: payload load: exit 0 after 1.5s'
	with_payload empty '[]'
	fails_by in.jsonl 'run: payload load: 0 of 1 planned runs reported'
	with_payload '.exit = "exit 3"' '[]'
	fails_by in.jsonl 'payload: payload load ended with exit 3, expected exit 0: no luck'
	with_payload '.exit = "exit 3"' '[{"exit_code": 3}]'
	judge in.jsonl
	verdict_is 0 pass
	with_payload '.exit = "signal 9"' '[]'
	fails_by in.jsonl 'payload: payload load ended with signal 9, expected exit 0: no luck'
	with_payload '.exit = "timeout"' '[]'
	fails_by in.jsonl 'payload: payload load did not end in time: it ran for 1.5s'
	with_payload '.exit = "killed"' '[]'
	judge in.jsonl
	verdict_is 0 pass
}

@test "a payload's metrics at their limits" {
	with_payload . '[{"metric": "a.b", "min": 10, "max": 10}, {"metric": "c.0", "exists": true}, {"metric": "d", "exists": false}]'
	judge in.jsonl
	verdict_is 0 pass
	found pass | grep -qx 'payload: payload load: exit 0 after 1.5s, as its checks ask'
	with_payload . '[{"metric": "a.b", "min": 10.5}, {"metric": "c.0", "max": 0.25}]'
	fails_by in.jsonl 'payload: payload load: a.b 10 below 10.5
payload: payload load: c.0 0.5 above 0.25'
	with_payload . '[{"metric": "d", "min": 1}, {"metric": "c.0", "exists": false}]'
	fails_by in.jsonl 'payload: payload load: its output has no metric d
payload: payload load: its output has a metric c.0'
	jq -c 'select(.type == "test" | not)' out.jsonl | "$KT_TOP/tests/tools/validate-records"
}

@test "payloads are not judged when the scheduler died" {
	with_payload '.exit = "exit 1"' '[]'
	jq -c 'if .type == "sched" and .event == "stop" then .event = "exit" | .reason = "r" | .exit = "exit 1" else . end' in.jsonl | recount >died.jsonl
	judge died.jsonl
	verdict_is 1 fail
	[ "$(found skip | grep payload)" = 'payload: not judged: the scheduler died' ]
}

# expecting JSON STREAM: that stream, of a test that expects an error
expecting() {
	jq -c --argjson e "$1" 'if .type == "test" then .expect = $e else . end' "$DATA/$2.jsonl" >in.jsonl
}

@test "an expected error: the scheduler must die, and with these words" {
	expecting '{"error": true, "contains": [], "matches": []}' sched_died
	judge in.jsonl
	verdict_is 0 pass
	found pass | grep -qx 'scheduler: scheduler scx_kt died 3.2s into the workload, in step 0: runnable task stall (kworker/0:1\[31\] failed to run for 5.004s) (exit 1), as the test expects'
	expecting '{"error": true, "contains": ["task stall", "5.004s"], "matches": ["^runnable .* for [0-9.]+s"]}' sched_died
	judge in.jsonl
	verdict_is 0 pass
	expecting '{"error": true, "contains": ["task stall", "oops"], "matches": []}' sched_died
	fails_by in.jsonl 'scheduler: scheduler scx_kt died 3.2s into the workload, in step 0: runnable task stall (kworker/0:1[31] failed to run for 5.004s) (exit 1); expected an error that contains "oops"'
	expecting '{"error": true, "contains": [], "matches": ["stall$"]}' sched_died
	fails_by in.jsonl 'scheduler: scheduler scx_kt died 3.2s into the workload, in step 0: runnable task stall (kworker/0:1[31] failed to run for 5.004s) (exit 1); expected an error that matches "stall$"'
	expecting '{"error": true, "contains": [], "matches": []}' sched_failed
	judge in.jsonl
	verdict_is 0 pass
	expecting '{"error": true, "contains": [], "matches": []}' pass
	fails_by in.jsonl 'scheduler: scheduler scx_kt ran until it was stopped; expected an error'
	# a panic is no error of the scheduler
	expecting '{"error": true, "contains": [], "matches": []}' panic
	judge in.jsonl
	verdict_is 1 fail
}

@test "an inconclusive run that the test allows" {
	jq -c 'select(.type != "sched") | if .type == "test" then .allow_inconclusive = true else . end' "$DATA/pass.jsonl" | recount >in.jsonl
	judge in.jsonl
	verdict_is 0 inconclusive
	[ "$(jq -c 'select(.type == "verdict").allowed' out.jsonl)" = true ]
	run kt-report <out.jsonl
	[ "$status" -eq 0 ]
	jq -c 'if .type == "test" then .allow_inconclusive = true else . end' "$DATA/unfair.jsonl" | recount >in.jsonl
	judge in.jsonl
	verdict_is 1 fail
}

@test "several schedulers, one after another" {
	jq -c 'if .type == "sched" and .event == "stop" then ., (.event = "attach" | .ops = "x"), . else . end' "$DATA/pass.jsonl" | recount >in.jsonl
	judge in.jsonl
	verdict_is 0 pass
	found pass | grep -qx 'scheduler: 2 schedulers attached, one after another, and each ran until it was stopped'
	jq -c 'if .type == "sched" and .event == "stop" then ., (.event = "attach" | .ops = "x") else . end' "$DATA/pass.jsonl" | recount >in.jsonl
	judge in.jsonl
	verdict_is 2 inconclusive
}

@test "wake latency: of types that block, else on the run queue; says which" {
	edit pass 'if .tid == 71 or .tid == 72 then .run_delay = {count: 9, p50_ns: 1, p99_ns: 7000, max_ns: 9000, mean_ns: 2000, cv: 0.5} else . end'
	judge in.jsonl --max-p99-wake-latency-ns 310000
	verdict_is 0 pass
	found pass | grep -qx 'wake_latency: background_spinner: worst p99 queue latency 7us within limit 310us'
	found pass | grep -qx 'wake_latency: phased_worker: worst p99 wake latency 310us within limit 310us'
	fails_by in.jsonl 'wake_latency: phased_worker: worker 73 p99 wake latency 310us above limit 309.999us (160 samples)' \
		--max-p99-wake-latency-ns 309999
	judge pass --max-p99-wake-latency-ns 310000
	verdict_is 2 inconclusive
	[ "$(found inconclusive)" = 'wake_latency: background_spinner: worker 71 measured no latency: it never waited
wake_latency: background_spinner: worker 72 measured no latency: it never waited' ]
}

@test "wake latency CV: all samples of a group together" {
	# 160 of mean 40000 cv 0.7, 158 of mean 41000 cv 0.6: CV 0.651
	judge pass --max-wake-latency-cv 0.66
	[ "$(found pass | grep latency_cv)" = 'wake_latency_cv: phased_worker: wake latency CV 0.651 within limit 0.660 (mean 40497ns, 318 samples)' ]
	[ "$(found inconclusive)" = 'wake_latency_cv: background_spinner: no queue latency CV: 0 samples' ]
	judge pass --max-wake-latency-cv 0.64
	[ "$(found fail)" = 'wake_latency_cv: phased_worker: wake latency CV 0.651 above limit 0.640 (mean 40497ns, 318 samples)' ]
}

@test "migration ratio" {
	edit pass 'if .type == "worker" then .iterations = 10 | .migrations = 1 else . end'
	judge in.jsonl --max-migration-ratio 0.1
	verdict_is 0 pass
	fails_by in.jsonl 'migration_ratio: background_spinner: migration ratio 0.100 above limit 0.090 (2 migrations, 20 iterations)
migration_ratio: phased_worker: migration ratio 0.100 above limit 0.090 (2 migrations, 20 iterations)' --max-migration-ratio 0.09
	edit pass 'if .type == "worker" then .iterations = 0 else . end'
	judge in.jsonl --max-migration-ratio 0.1
	verdict_is 2 inconclusive
	found inconclusive | grep -qx 'migration_ratio: phased_worker: no migration ratio: no iteration was counted'
}

# Two nodes of two CPUs each, and a third of memory alone; pages by node for every worker.
on_nodes() {
	jq -c --argjson pages "$1" 'if .type == "topology" then .nodes = [
			{id: 0, memory_mib: 1024, cpus: "0-1"}, {id: 1, memory_mib: 1024, cpus: "2-3"},
			{id: 2, memory_mib: 1024, cpus: ""}]
		elif .type == "worker" then .numa_pages = $pages | .numa_pages_migrated = 5 else . end' \
		"$DATA/pass.jsonl" | recount >in.jsonl
}

@test "page locality, cross-node migration, slow tier" {
	on_nodes '{"0": 90, "1": 0, "2": 10}'
	judge in.jsonl --min-page-locality 0.9
	[ "$(found fail)" = 'page_locality: phased_worker: page locality 0.000 below floor 0.900 (0 local, 200 pages)' ]
	found pass | grep -qx 'page_locality: background_spinner: page locality 0.900 meets floor 0.900 (180 local, 200 pages)'
	judge in.jsonl --max-slow-tier-ratio 0.1 --max-cross-node-migration-ratio 0.05
	verdict_is 0 pass
	judge in.jsonl --max-slow-tier-ratio 0.05 --max-cross-node-migration-ratio 0.04
	[ "$(found fail | grep phased)" = 'cross_node_migration: phased_worker: cross-node migration ratio 0.050 above limit 0.040 (10 migrated, 200 pages)
slow_tier: phased_worker: slow-tier ratio 0.100 above limit 0.050 (20 on nodes without CPUs, 200 pages)' ]
	# the nodes that the plan names count, not those of the CPUs
	jq -c 'if .type == "test" then .steps[0].cgroups[1].mems = "0,2" else . end' in.jsonl | recount >mems.jsonl
	judge mems.jsonl --min-page-locality 0.9
	verdict_is 0 pass
}

@test "no pages: inconclusive, but a failure where the plan binds memory" {
	on_nodes '{"0": 0}'
	judge in.jsonl --min-page-locality 0.9
	verdict_is 2 inconclusive
	found inconclusive | grep -qx 'page_locality: phased_worker: no page locality: no page was seen'
	jq -c 'if .type == "test" then .steps[0].cgroups[].groups = [{workers: 2, mem_policy: {mode: "bind", nodes: "0"}}] else . end' in.jsonl | recount >bind.jsonl
	judge bind.jsonl --min-page-locality 0.9
	verdict_is 1 fail
	found fail | grep -qx 'page_locality: phased_worker: no page locality: memory is bound to nodes, and no page was seen'
	judge pass --min-page-locality 0.9
	verdict_is 2 inconclusive
	found inconclusive | grep -qx 'page_locality: phased_worker: no page locality: no worker told where its pages are'
	edit pass 'select(.type != "topology")'
	judge in.jsonl --max-slow-tier-ratio 0.5
	found inconclusive | grep -qx 'slow_tier: phased_worker: no slow-tier ratio: no record says which nodes there are'
}

@test "cleanup budget" {
	# the last step ends at guest time 23.1 s, which is host time 24.1 s; the guest is done at 24.3 s
	judge pass --cleanup-budget-ms 200
	verdict_is 0 pass
	fails_by pass 'cleanup: the cleanup took 200ms, more than its budget of 199ms' --cleanup-budget-ms 199
	judge panic --cleanup-budget-ms 199
	found skip | grep -qx 'cleanup: not judged: the run failed'
}

# A run without a guest: no records of a VM, no host time.
on_host() {
	jq -c 'select(.type | IN("vm", "vm_exit", "boot", "console", "initrd", "kernel", "topology") | not) |
		if .type == "end" and .tool == "kt-guest" and .t_ns then ({type: "guest", event: "done", guest_ns: 23300000000}, del(.t_ns))
		elif .type == "end" then empty else del(.t_ns) end |
		if .type == "guest" and .event == "init" then {type: "host", kernel: "6.12", cgroup: "/sys/fs/cgroup/kt.1-2-3", cpus: "0-3",
			cpu_of: [0, 1, 2, 3], nodes: [{id: 0, cpus: "0-3"}], scheduler: null, guest_ns: 1800000000} else . end |
		'"${1-.}" "$DATA/pass.jsonl" | recount
}

@test "a run without a guest" {
	on_host >in.jsonl
	judge in.jsonl --cleanup-budget-ms 200
	verdict_is 0 pass
	found pass | grep -qx 'run: the run came to its end, 4 workers reported'
	run kt-report -v <out.jsonl
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "kt run 'mixed_workloads' [sched=scx_kt] [topo=1n2l2c1t] passed" ]
	grep -qx 'on this machine, kernel=6.12 cpus=0-3 cgroup=/sys/fs/cgroup/kt.1-2-3' <<<"$output"
	[ "${lines[-1]}" = 'PASS mixed_workloads [scx_kt 1n2l2c1t] 21.5s' ]
	on_host 'select(.event != "done")' >in.jsonl
	fails_by in.jsonl 'run: the run did not come to its end'
	on_host 'if .event == "done" then {type: "guest", event: "error", guest_ns: 1, text: "oops"}, . else . end' >in.jsonl
	fails_by in.jsonl 'run: kt-guest reports: oops'
}
