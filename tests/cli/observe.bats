#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What was seen from outside, over recorded streams: monitor and temporal checks, the report of a
# failure, traces, snapshots by name. No guest runs here.
# shellcheck disable=SC2030,SC2031 # each @test is a subshell

load helpers

DATA=$KT_TOP/tests/data/observe

# stream [FILTER]: the recorded run with five snapshots, changed by a jq filter, as in.jsonl
stream() {
	jq -c "${1:-.}" "$DATA/series.jsonl" | recount >in.jsonl
}

# samples FILTER: the same, with the filter applied to each sample; $n is its number
samples() {
	jq -cn "foreach inputs as \$r (0; if \$r.type == \"sample\" then . + 1 else . end;
		. as \$n | \$r | if .type == \"sample\" then ($1) else . end)" \
		"$DATA/series.jsonl" | recount >in.jsonl
}

judge() {
	run --separate-stderr kt-check "$@" <in.jsonl
	printf '%s\n' "$output" >out.jsonl
	echo "$stderr"
}

# says CODE CHECK VERDICT DETAIL: what the records of one check say, all of them
says() {
	jq -r --arg name "$2" 'select(.type == "check" and .name == $name) | .verdict + " " + .detail' out.jsonl |
		tee check.txt
	[ "$status" -eq "$1" ]
	diff check.txt - <<<"$3"
}

@test "monitor: the run as it was passes, and kernels without counters are no fault" {
	stream
	judge --monitor
	says 0 imbalance 'pass worst imbalance ratio 2.0 within limit 4.0 (52 samples)'
	says 0 local_dsq_depth 'pass worst local DSQ depth 1 within limit 50 (52 samples)'
	says 0 rq_clock 'pass no clock of 4 CPUs stood still where it should not (52 samples)'
	says 0 fallback_rate 'skip this kernel has no counters of sched_ext events'
	says 0 keep_last_rate 'skip this kernel has no counters of sched_ext events'
	judge
	run -1 grep -q '"name":"imbalance"' out.jsonl
}

@test "monitor: a kernel without sched_ext is judged by the rest" {
	samples 'del(.cpu.local_dsq, .cpu.scx_nr_running, .cpu.scx_flags, .events)'
	judge --monitor
	says 0 local_dsq_depth 'skip this kernel has no local DSQs: it is built without sched_ext'
	says 0 imbalance 'pass worst imbalance ratio 2.0 within limit 4.0 (52 samples)'
	judge --max-local-dsq-depth 5
	says 2 local_dsq_depth 'inconclusive this kernel has no local DSQs: it is built without sched_ext'
}

@test "monitor: counters that are asked for by themselves and are not there" {
	stream
	judge --max-fallback-rate 200
	says 2 fallback_rate 'inconclusive this kernel has no counters of sched_ext events'
	run -1 grep -q '"name":"keep_last_rate"' out.jsonl
}

@test "monitor: a violation takes samples in a row, as many as asked for" {
	samples 'if $n >= 30 and $n < 35 then .cpu.nr_running = [9,1,1,0] else . end'
	judge --monitor
	says 1 imbalance 'fail imbalance ratio 18.0 above limit 4.0 in 5 samples in a row, the last one 34 at 1.8s, 9 tasks on one CPU and 0 on another'
	samples 'if $n >= 30 and $n < 34 then .cpu.nr_running = [9,1,1,0] else . end'
	judge --monitor
	says 0 imbalance 'pass imbalance ratio 18.0, above limit 4.0 in no more than 4 samples in a row (52 samples, worst at 1.4s, 9 tasks on one CPU and 0 on another)'
	judge --monitor --sustained-samples 4
	[ "$status" -eq 1 ]
	judge --monitor --sustained-samples 4 --max-imbalance-ratio 18
	[ "$status" -eq 0 ]
	samples 'if $n == 30 or $n == 32 or $n == 34 or $n == 36 or $n == 38 then .cpu.local_dsq = [0,0,51,0] else . end'
	judge --monitor
	says 0 local_dsq_depth 'pass local DSQ depth 51, above limit 50 in no more than 1 samples in a row (52 samples, worst at 1.4s on cpu 2)'
	samples 'if $n >= 30 and $n <= 38 then .cpu.local_dsq = [0,0,51,0] else . end'
	judge --max-local-dsq-depth 50
	says 1 local_dsq_depth 'fail local DSQ depth 51 above limit 50 in 9 samples in a row, the last one 38 at 2.2s on cpu 2'
}

@test "monitor: what comes before and after the steps is not judged" {
	samples 'if $n < 17 or $n > 68 then .cpu.nr_running = [9,0,0,0] else . end'
	judge --monitor --sustained-samples 1
	says 0 imbalance 'pass worst imbalance ratio 2.0 within limit 4.0 (52 samples)'
}

# clock PER: cpu 1 stands from sample 30 to 40, its vCPU gets PER ns a sample
clock() {
	samples "if \$n >= 30 and \$n <= 40 then .cpu.clock_ns[1] = 5 |
		.cpu.vcpu_ns[1] = 1000000000 + \$n * $1 $2 else . end"
}

@test "monitor: a clock that is stuck, and those that only seem to be" {
	clock 40000000
	judge --monitor
	says 1 rq_clock 'fail cpu 1: clock stuck at 5ns in 10 samples in a row, the last one 40, while its vCPU ran for 400ms and had tasks'
	judge --monitor --no-fail-on-rq-clock-stuck
	[ "$status" -eq 0 ]
	judge --fail-on-rq-clock-stuck --sustained-samples 11
	[ "$status" -eq 0 ]
	clock 19000000 # 190 ms in all, less than 5 times 40 ms
	judge --monitor
	[ "$status" -eq 0 ]
	clock 40000000 '| .cpu.nr_running[1] = 0'
	judge --monitor
	[ "$status" -eq 0 ]
	samples 'del(.cpu.vcpu_ns) | if $n >= 30 and $n <= 40 then .cpu.clock_ns[1] = 5 else . end'
	judge --monitor
	says 2 rq_clock 'inconclusive cpu 1: clock stood at 5ns in 10 samples, and nothing says whether the host ran the vCPU'
}

@test "monitor: counters of sched_ext events" {
	samples '.events.select_cpu_fallback = [100 * $n, 0, 200 * $n, 0] | .events.dispatch_keep_last = [$n, 0, 0, 0]'
	judge --monitor
	[ "$status" -eq 1 ]
	jq -r 'select(.name == "fallback_rate") | .detail' out.jsonl |
		grep -qE '^fallback rate [0-9.]+/s above limit 200.0/s in 51 samples in a row, the last one 68 at'
	[ "$(jq -r 'select(.name == "keep_last_rate") | .verdict == "pass" and .observed < 20' out.jsonl)" = true ]
}

@test "monitor: without a signal nothing is said" {
	stream 'select(.type != "sample")'
	judge --monitor
	says 2 imbalance 'inconclusive nothing was observed: no sample was taken while the workload ran'
	stream 'if .type == "observe" then .error = "the vmlinux is of another kernel" else select(.type != "sample") end'
	judge --monitor
	says 2 rq_clock 'inconclusive nothing was observed: the vmlinux is of another kernel'
	samples '.cpu.clock_ns = [7,7,7,7]'
	judge --monitor
	says 2 local_dsq_depth 'inconclusive nothing was observed: the clocks of all CPUs are the same in all samples'
	samples 'select($n < 20)'
	judge --monitor
	says 2 imbalance 'inconclusive 3 samples with imbalance ratio, fewer than the 5 in a row that a violation takes'
	judge --monitor --sustained-samples 3
	says 0 imbalance 'pass worst imbalance ratio 1.0 within limit 4.0 (3 samples)'
}

@test "monitor: the plan turns it on, and parts of it off" {
	stream 'if .type == "test" then .assert += {"monitor": true, "max_local_dsq_depth": null, "sustained_samples": 60} else . end'
	judge
	says 2 imbalance 'inconclusive 52 samples with imbalance ratio, fewer than the 60 in a row that a violation takes'
	run -1 grep -q '"name":"local_dsq_depth"' out.jsonl
	judge --no-monitor
	[ "$status" -eq 0 ]
}

# temporal JSON...: these checks on the run
temporal() {
	stream "if .type == \"test\" then .temporal = [$1] else . end"
	judge
}

@test "temporal: a counter from snapshots and from samples" {
	temporal '{"field": "nr_dispatched", "pattern": "nondecreasing", "source": "samples"},
		{"field": ".bss:nr_dispatched", "pattern": "strictly_increasing", "source": "snapshots"},
		{"field": "nr_dispatched", "pattern": "rate_within", "source": "snapshots", "min": 0, "max": 500}'
	says 0 temporal 'pass nr_dispatched nondecreasing: from 19 to 162 in 52 samples
pass .bss:nr_dispatched strictly_increasing: from 51 to 133 in 5 snapshots
pass nr_dispatched rate_within: 25.6094/s to 34.5177/s, within 0/s and 500/s, in 5 snapshots'
}

@test "temporal: failures name field, pattern, sample and time" {
	temporal '{"field": "nr_dispatched", "pattern": "rate_within", "source": "snapshots", "min": 100, "max": 500},
		{"field": "nr_stalled", "pattern": "always_true", "source": "snapshots"},
		{"field": "cpus[0].nr_running", "pattern": "each", "source": "snapshots", "min": 2},
		{"field": "nr_dispatched", "pattern": "steady_within", "source": "samples", "time_ns": 1000000000, "tolerance": 0.1}'
	says 1 temporal 'fail nr_dispatched rate_within: 32.8183/s from periodic_000 at 1.2s to periodic_001 at 1.8s, not within 100/s and 500/s
fail nr_stalled always_true: false in periodic_000 at 1.2s
fail cpus[0].nr_running each: 1 in periodic_000 at 1.2s, below 2
fail nr_dispatched steady_within: 47 in sample 26 at 1.0s, more than 10% away from the mean 108.349'
}

@test "temporal: too little to say anything is inconclusive" {
	temporal '{"field": "nosuch", "pattern": "each", "source": "snapshots", "min": 1},
		{"field": "nosuch", "pattern": "nondecreasing", "source": "samples"},
		{"field": "nr_dispatched", "pattern": "ratio_across_steps", "source": "samples", "from_step": 0, "to_step": 1, "max": 1},
		{"field": "nr_dispatched", "pattern": "converges_to", "source": "snapshots", "target": 1, "tolerance": 1, "time_ns": 9000000000}'
	says 2 temporal 'inconclusive nosuch each: no value in 5 snapshots: there is no such variable
inconclusive nosuch nondecreasing: no value in 52 samples: there is no such variable
inconclusive nr_dispatched ratio_across_steps: too few samples with a value in step 1
inconclusive nr_dispatched converges_to: not yet within 1 of 1 when the snapshots end, before the deadline of 9.0s'
}

@test "temporal: fields that each CPU has, in one number" {
	samples '.fields.load = [$n, 2 * $n, 0, 1]'
	jq -c 'if .type == "test" then .watch_fields += ["load"] | .temporal = [
		{"field": "load", "pattern": "each", "source": "samples", "max": 205, "min": 52},
		{"field": "load", "pattern": "each", "source": "samples", "cpus": "max", "min": 34, "max": 136},
		{"field": "load", "pattern": "always_true", "source": "samples", "cpus": "min"}] else . end' in.jsonl >x
	mv x in.jsonl
	judge
	says 1 temporal 'pass load each: 52 to 205 in 52 samples
pass load each: 34 to 136 in 52 samples
fail load always_true: false in sample 17 at 0.0s'
	jq -es 'any(.[]; . == {"type":"stats","field":"load","samples":52,"mean":128.5,"min":52,"max":205,"last":205,"delta":153,"cpu_max":136})' out.jsonl
}

@test "temporal: a run that failed is not judged by it" {
	jq -c 'if .type == "test" then .temporal = [{"field": "nr_dispatched", "pattern": "nondecreasing", "source": "samples"}] else . end' \
		"$DATA/stall.jsonl" | recount >in.jsonl
	judge
	says 1 temporal 'skip nr_dispatched nondecreasing: not judged: the scheduler died'
}

@test "temporal: a record that is not complete" {
	temporal '{"field": "x", "pattern": "sinking"}'
	[ "$status" -eq 65 ]
	[ "$stderr" = 'kt-check: line 1: test record: expected field, pattern and what goes with it in each temporal check' ]
}

# plan MEMBERS: a test file with these, and what kt-guest makes of it
plan() {
	printf '{ "duration": "3s", "cgroups": [{ "name": "a" }], %s }\n' "$1" >t.json
	run --separate-stderr kt-guest plan t.json
	printf '%s\n' "$output" "$stderr"
}

refused() {
	plan "$1"
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-guest: t.json:1:$2" ]
}

@test "plan: where a field is read from" {
	plan '"num_snapshots": 2, "watch_fields": ["x"], "temporal": [{ "field": "x", "nondecreasing": true },
		{ "field": "y", "always_true": true }, { "field": "x", "ratio_within": { "of": "y", "at_most": 1 } }]'
	[ "$status" -eq 0 ]
	jq -ce 'select(.type == "test") | [.num_snapshots, .watch_fields, .temporal[].source]' <<<"$output" |
		diff - <(echo '[2,["x","y"],"samples","snapshots","samples"]')
	plan '"temporal": [{ "field": ".bss:y", "each": { "between": [0, 0.0005] } }]'
	jq -ce 'select(.type == "test") | [.watch_fields, .temporal]' <<<"$output" |
		diff - <(echo '[[".bss:y"],[{"field":".bss:y","pattern":"each","min":0,"max":0.0005,"source":"samples"}]]')
}

@test "plan: what is wrong with it" {
	refused '"num_snapshots": 24' '68: "num_snapshots": 24 is too many: over the middle 80 % of the test, 100ms or more apart, there is time for 23'
	refused '"num_snapshots": 1001' '68: "num_snapshots": expected a whole number from 0 to 1000, found 1001'
	refused '"watch_fields": ["x", "x"]' '73: "x" is there twice'
	refused '"watch_fields": ["a b"]' '68: "watch_fields"[0]: expected a name such as "nr_dispatched", ".bss:nr_dispatched" or "stats[0].count", found "a b"'
	refused '"temporal": [{ "nondecreasing": true }]' '64: a temporal check has a "field"'
	refused '"temporal": [{ "field": "x" }]' '64: a temporal check has a pattern, such as "nondecreasing": true'
	refused '"temporal": [{ "field": "x", "nondecreasing": true, "each": {} }]' '103: "each" beside "nondecreasing": a temporal check has one pattern'
	refused '"temporal": [{ "field": "x", "nondecreasing": false }]' '97: "nondecreasing": expected true, found false'
	refused '"temporal": [{ "field": "x", "rate_within": [2, 1] }]' '95: "rate_within": expected an array of two numbers, the lower one first, found an array'
	refused '"temporal": [{ "field": "x", "each": {} }]' '88: "each": expected "at_least", "at_most" or both, or "between"'
	refused '"temporal": [{ "field": "x", "converges_to": { "target": 1 } }]' '96: "converges_to" has no "tolerance"'
	refused '"temporal": [{ "field": "x", "ratio_across_steps": { "from": 0, "to": 1 } }]' '121: "to": expected the number of a step from 0 to 0, found 1'
	refused '"temporal": [{ "field": "maps.a[0].value", "always_true": true }]' '75: "maps.a[0].value" is read from snapshots only, and the test has no "num_snapshots"'
	refused '"temporal": [{ "field": "x", "cpus": "all" }]' '88: "cpus": expected "sum", "max", "min" or "mean", found "all"'
	plan '"assert": { "sustained_samples": 0 }'
	[ "$stderr" = 'kt-guest: t.json:1:84: "sustained_samples": expected a number from 1 to 1000000, or null, found 0' ]
}

# told STREAM [OPTION...]
told() {
	kt-check <"$DATA/$1.jsonl" >judged || true
	run --separate-stderr kt-report "${@:2}" <judged
	printf '%s\n' "$output" >out.txt
}

@test "report: a failure, first of all in one line" {
	told error
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = 'BUG SUMMARY SCX_EXIT_ERROR_BPF: scx_bpf_error: scx_kt was asked to fail after 2000 ms, in kt_enqueue (ops.enqueue)' ]
	diff "$DATA/error.txt" out.txt
	told stall
	[ "${lines[0]}" = 'BUG SUMMARY SCX_EXIT_ERROR_STALL: runnable task stall: left[63] failed to run for 2.080s; left[63] has been runnable for 520 jiffies and waits in DSQ 3 (5 tasks), from which kt_dispatch did not take it' ]
	diff "$DATA/stall.txt" out.txt
}

# summary FILTER: the first line of the report of the stall, changed
summary() {
	jq -c "$1" "$DATA/${2:-stall}.jsonl" | kt-check | kt-report | sed -n 1p
}

@test "report: where a stalled task is" {
	local blame='{"evidence": "queue", "callbacks": [{"op": "dispatch", "program": "kt_dispatch"}], "task": {"pid": 63, "comm": "left", "waited_ms": 2080}, "dsq": "3", "cpu": 1}'
	local exit='{"ops": "kt", "kind": "SCX_EXIT_ERROR_STALL", "exit_code": 0, "reason": "runnable task stall", "msg": "left[63] failed to run for 2.080s", "backtrace": []}'
	local of="if .type == \"scx_exit\" then .exit = $exit + {blame: ($blame"
	# the kernel's dump has been there before the snapshot
	[[ $(summary "$of)} else . end") = *'; left[63] has waited for 2080 ms in DSQ 3, from which kt_dispatch (ops.dispatch) did not take it' ]]
	[[ $(summary "$of | .dsq = \"global\")} else . end") = *' in the global DSQ, from which kt_dispatch (ops.dispatch) did not take it' ]]
	[[ $(summary "$of | .dsq = \"local\" | .callbacks = [])} else . end") = *' in the local DSQ of cpu 1' ]]
	[[ $(summary "$of | .dsq = \"none\" | .callbacks[0] |= {op: \"enqueue\", program: \"kt_enqueue\"})} else . end") = *' in no DSQ: kt_enqueue (ops.enqueue) put it in none' ]]
	# without it there is the snapshot, if it was in time
	[[ $(summary 'if .type == "snapshot" then .dsqs = [] else . end') = *' and waits in no DSQ: kt_enqueue put it in none' ]]
	[[ $(summary 'if .type == "snapshot" then .dsqs = [] | .cpus[2].local_dsq = [{"pid": 63, "comm": "left"}] else . end') = *' and waits in the local DSQ of cpu 2, where kworker/u18:1[43] runs' ]]
	[[ $(summary 'if .type == "snapshot" then .bypass = true else . end') = *"; left[63] has been runnable for 520 jiffies and waits where the kernel has put it since: the scheduler's queue is not known" ]]
	[[ $(summary 'select(.type != "snapshot")') = 'BUG SUMMARY SCX_EXIT_ERROR_STALL: runnable task stall: left[63] failed to run for 2.080s' ]]
	# without words of the scheduler, those of the console
	[[ $(summary 'if .type == "sched" and .event == "exit" then .reason = "it ended" else select(.type != "snapshot") end') = 'BUG SUMMARY SCX_EXIT_ERROR_STALL: runnable task stall' ]]
}

# blamed BLAME: the end of the summary when this is the failure's
blamed() {
	summary "if .type == \"scx_exit\" then .exit.blame = $1 else . end" error | sed 's/.*fail after 2000 ms//'
}

@test "report: whose doing an error was" {
	[ "$(blamed null)" = '' ]
	[ "$(blamed '{"evidence": "program", "callbacks": [{"program": "on_timer"}]}')" = ', in on_timer' ]
	[ "$(blamed '{"evidence": "message", "callbacks": [{"op": "enqueue", "missing": true}]}')" = ', in ops.enqueue, which is missing' ]
	[ "$(blamed '{"evidence": "path", "callbacks": [{"op": "select_cpu", "program": "a"}, {"op": "enqueue", "program": "b"}]}')" = ', in a (ops.select_cpu) or b (ops.enqueue)' ]
}

@test "report: schedulers that fail one after the other" {
	jq -c 'if .type == "snapshot" then (.exit.ops = "first"), . elif .type == "scx_exit" then (.exit.ops = "first"), (.exit.kind = "SCX_EXIT_UNREG_KERN"), . else . end' "$DATA/error.jsonl" | recount >x.jsonl
	run bash -c 'kt-check <x.jsonl | kt-report'
	[ "${lines[0]}" = 'BUG SUMMARY first: SCX_EXIT_ERROR_BPF: scx_bpf_error: scx_kt was asked to fail after 2000 ms, in kt_enqueue (ops.enqueue)' ]
	[ "${lines[1]}" = 'BUG SUMMARY kt: SCX_EXIT_ERROR_BPF: scx_bpf_error: scx_kt was asked to fail after 2000 ms, in kt_enqueue (ops.enqueue)' ]
	[[ ${lines[2]} != BUG* ]]
	[ "$(grep -A1 -x -e '--- dump ---' <<<"$output" | grep scheduler:)" = $'scheduler: first\nscheduler: kt' ]
	# there is room for 32 and the last
	jq -c 'if .type == "scx_exit" then . as $x | range(40) | tostring as $n | $x | .exit.ops = $n else . end' "$DATA/error.jsonl" | recount >x.jsonl
	run bash -c 'kt-check <x.jsonl | kt-report'
	[ "$(grep -c ^BUG <<<"$output")" -eq 33 ]
	[[ ${lines[31]} = 'BUG SUMMARY 31: '* ]]
	[[ ${lines[32]} = 'BUG SUMMARY 39: '* ]]
}

@test "report: a guest that hangs, and what its CPUs are at" {
	jq -c 'if .type == "vm_exit" then .cause = "deadline" | .detail = "20s were over" else
		select(.type != "scx_exit" and (.type == "sched" and .event == "exit" | not)) |
		if .type == "snapshot" then .exit.kind = "SCX_EXIT_NONE" else . end end' "$DATA/error.jsonl" | recount >x.jsonl
	run bash -c 'kt-check <x.jsonl | kt-report'
	[ "${lines[0]}" = 'BUG SUMMARY deadline: 20s were over; cpu 0 left[61] in scx_dump_task+0x12f, cpu 1 left[62] in native_queued_spin_lock_slowpath+0x84, cpu 2 right[63] in user mode, cpu 3 right[64] in user mode' ]
}

@test "report: monitor, fields and timeline" {
	told series
	[ "$status" -eq 0 ]
	diff "$DATA/series.txt" out.txt
	told series -v
	grep -qx '  phased_worker: workers=2 off_cpu=[0-9.]*% run_delay=[0-9.]*ms iter=70 migrations=2 gap=206ms (cpu [0-9])' out.txt
}

@test "report: what sched_ext counted, how domains were balanced, what programs ran" {
	samples '.events = {select_cpu_fallback: [$n, 2 * $n], dispatch_keep_last: [5, 5], bypass_activate: [0, $n]} |
		.domains = [{level: 0, name: "SMT", lb_count: [$n, 10 * $n, 0], lb_failed: [0, 1, 0], lb_gained: [7, $n, 0]},
			{level: 2, name: "MC", lb_count: [3, 3, 3], lb_failed: [0, 0, 0], lb_gained: [0, 0, 0]}] |
		.progs = [{id: 7, name: "kt_enqueue", cnt: ($n * 2), ns: ($n * 2000)}]'
	first=$(jq -n '[foreach inputs as $r ({n: 0, run: false};
			if $r.type == "step" then .run = ($r.event != "end") elif $r.type == "sample" then .n += 1 else . end;
			if $r.type == "sample" and .run then .n else empty end)] | [.[0], .[-1]]' in.jsonl)
	n=$(jq '.[1] - .[0]' <<<"$first")
	run bash -c 'kt-report -v <in.jsonl'
	grep -qx "events: select_cpu_fallback=$((3 * n)), bypass_activate=$n" <<<"$output"
	grep -qxE "balance: SMT [0-9]+/s \\(failed=0 moved=$n\\)" <<<"$output"
	grep -qx "bpf kt_enqueue: $(jq '.[1] * 2' <<<"$first") runs, 1000ns each" <<<"$output"
}

@test "report: what changed with a step is told" {
	jq -cn 'foreach inputs as $r ({n: 0}; if $r.type == "sample" then .n += 1 else . end; .n as $n | $r |
		if .type == "sample" and $n == 40 then {type: "step", index: 0, event: "end", guest_ns: 6000000000, t_ns: .t_ns},
			{type: "step", index: 1, event: "start", guest_ns: 6000000000, t_ns: .t_ns}, .
		elif .type == "sample" and $n > 40 then .cpu.nr_running = [8, 1, 1, 1] | .events.dispatch_keep_last = [$n * 10]
		elif .type == "step" and .event == "end" then .index = 1
		elif .type == "worker" then ., (.step = 1 | .iterations = 1) else . end)' "$DATA/series.jsonl" | recount >x.jsonl
	run bash -c 'kt-report -v <x.jsonl'
	grep -qxE '  worse than the step before: keep-lasts/s [0-9.]+, was 0\.0' <<<"$output"
	grep -qxE '  worse than the step before: imbalance [0-9.]+, was 1\.[0-9]' <<<"$output"
	grep -qxE '  worse than the step before: iterations/s [0-9.]+, was [0-9.]+' <<<"$output"
	run -1 grep -q 'fallbacks/s' <<<"$output"
}

# The rules of the trace-event format, as far as they are used: what breaks one is printed.
trace_rules='
	def number: type == "number" and . >= 0;
	.traceEvents as $e |
	([$e[] | select(.ph == "M" and .name == "process_name") | .pid]) as $named |
	([$e[] | select(.ph == "M" and .name == "thread_name") | [.pid, .tid]] | unique) as $tracks |
	($e[] | select(.ph | IN("M", "X", "i", "C") | not) | "unknown phase: \(.)"),
	($e[] | select((.name | type) != "string" or (.pid | number | not) or (.tid | number | not)) | "no name, pid or tid: \(.)"),
	($e[] | select(.ph != "M" and (.ts | number | not)) | "no time: \(.)"),
	($e[] | select(.ph == "X" and (.dur | number | not)) | "no duration: \(.)"),
	($e[] | select(.ph == "i" and (.s | IN("g", "p", "t") | not)) | "no scope: \(.)"),
	($e[] | select(.ph == "C" and (.args | length == 0 or any(.[]; type != "number"))) | "a counter of no numbers: \(.)"),
	($e[] | select(.pid as $p | $named | index($p) | not) | "a process without a name: \(.)"),
	($e[] | select(.ph == "X") | select([.pid, .tid] as $t | $tracks | bsearch($t) < 0) | "a track without a name: \(.)"),
	([$e[] | select(.ph == "X")] | group_by([.pid, .tid])[] | sort_by(.ts, -.dur) |
		foreach .[] as $x ({open: [], bad: null};
			.open |= map(select(. > $x.ts + 0.0005)) |
			.bad = (if any(.open[]; . < $x.ts + $x.dur - 0.0015) then $x else null end) |
			.open += [$x.ts + $x.dur]; .bad // empty) | "slices that overlap: \(.)")'

@test "report: a trace keeps the rules of its format, and has all tracks" {
	local f
	for f in series error stall; do
		kt-report --perfetto="$f.json" <"$DATA/$f.jsonl" >/dev/null || true
		jq -r "$trace_rules" "$f.json" >broken
		cat broken
		[ ! -s broken ]
	done
	[ "$(jq -r '[.traceEvents[] | select(.ph == "X" and .pid == 4 and .tid == 1) | .name] | join(",")' series.json)" = 'step 0' ]
	[ "$(jq -r '[.traceEvents[] | select(.ph == "i" and .pid == 4 and .tid == 3) | .name] | join(",")' series.json)" = \
		periodic_000,periodic_001,periodic_002,periodic_003,periodic_004 ]
	[ "$(jq -r '[.traceEvents[] | select(.ph == "M" and .pid == 3 and .name == "thread_name")] | length' series.json)" -eq 4 ]
	[ "$(jq -r '[.traceEvents[] | select(.ph == "C") | .name] | unique | join(",")' series.json)" = 'DSQs,fields,local DSQ,nr_running' ]
	# the last moments, and the end
	jq -e '[.traceEvents[] | select(.pid == 2 and .ph == "X")] | length > 20' error.json
	jq -e '[.traceEvents[] | select(.ph == "i" and .s == "g") | .name] | index("SCX_EXIT_ERROR_BPF")' error.json
	jq -e '([.traceEvents[] | select(.pid == 2 and .ph != "M") | .ts] | max) <= ([.traceEvents[] | select(.name == "failure") | .ts] | max)' error.json
}

# The least distance between two clocks is the one that counts: 6 ms for what the guest dates, 5 ms
# for the scheduler's clock, and 4 ms where an event would come after its snapshot otherwise.
@test "report: the clocks of a trace" {
	local wakeup='"cpu":0,"event":"sched_wakeup","comm":"a","pid":1'
	cat >clocks.jsonl <<-END
		{"type":"guest","event":"done","guest_ns":4000000,"t_ns":10000000}
		{"type":"step","index":0,"event":"start","guest_ns":12000000,"t_ns":20000000}
		{"type":"sample","t_ns":30000000,"cost_ns":1,"cpu":{"clock_ns":[24500000,25000000]},"dsqs":[]}
		{"type":"snapshot","name":"one","reason":"failure","t_ns":31000000,"pause_ns":1,"cpus":[],"dsqs":[],"maps":[],"progs":[],"flight":[{"ts_ns":20000000,$wakeup}]}
		{"type":"snapshot","name":"two","reason":"failure","t_ns":40000000,"pause_ns":1,"cpus":[],"dsqs":[],"maps":[],"progs":[],"flight":[{"ts_ns":36000000,$wakeup}]}
		{"type":"step","index":0,"event":"end","guest_ns":43000000,"t_ns":50000000}
		{"type":"end","tool":"kt-vm","exit":0,"records":7}
	END
	"$KT_TOP/tests/tools/validate-records" <clocks.jsonl
	kt-report --perfetto=clocks.json <clocks.jsonl >/dev/null || true
	jq -c '.traceEvents[] | select(.name == "step 0" or .name == "sched_wakeup") | [.name, .ts, .dur]' clocks.json >found
	diff - found <<-'END'
		["sched_wakeup",25000,null]
		["sched_wakeup",40000,null]
		["step 0",18000,31000]
	END
}

@test "the rules of a trace find what breaks them" {
	local bad
	for bad in '.traceEvents[20].ph = "Z"' '.traceEvents |= map(if .ph == "X" then del(.dur) else . end)' \
		'.traceEvents |= map(if .ph == "X" and .pid == 1 then .dur += 1e6 else . end)' \
		'.traceEvents |= map(select(.name != "thread_name"))' '.traceEvents |= map(if .ph == "C" then .args = {} else . end)'; do
		kt-report --perfetto=t.json <"$DATA/series.jsonl" >/dev/null || true
		echo "$bad"
		jq "$bad" t.json >bad.json
		! jq -r "$trace_rules" bad.json >broken || [ -s broken ]
	done
}

@test "report: a trace that cannot be written" {
	run --separate-stderr kt-report --perfetto=no/such/dir/t.json <"$DATA/series.jsonl"
	[ "$status" -eq 74 ]
	[ "$stderr" = 'kt-report: unable to write no/such/dir/t.json: No such file or directory' ]
}

@test "--perfetto writes to a pipe or a device, and never puts a file in its place" {
	mkfifo pipe
	cat pipe >got &
	kt-check <"$DATA/series.jsonl" >judged
	kt-report --perfetto=pipe <judged >/dev/null || true
	wait
	[ -p pipe ]
	jq -e '.traceEvents | length > 0' got
	ln -s /dev/full full
	run --separate-stderr kt-report --perfetto=full <judged
	[ "$status" -eq 74 ]
	[ "$stderr" = "kt-report: unable to write full: No space left on device" ]
	[ -L full ]
	[ -c /dev/full ]
}

show() {
	run --separate-stderr kt snapshot show "$@"
}

# lacks MESSAGE ARGUMENT...
lacks() {
	show "${@:2}"
	printf '%s\n' "$stderr"
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt: $1" ]
	[ -z "$output" ]
}

@test "snapshot: a list, one of them, and values by name" {
	local r=$DATA/series.jsonl
	show "$r"
	[ "$status" -eq 0 ]
	[ "${lines[2]}" = 'periodic_002  periodic  at 6.752s, paused for 72.82ms, 4 cpus, 6 maps' ]
	[ "${#lines[@]}" -eq 5 ]
	show "$r" periodic_002
	grep -qx 'cpu 0  background_spin\[63\]  nr_running 1, scx 1, local DSQ 0' <<<"$output"
	grep -qx '  nr_dispatched = 90' <<<"$output"
	for path in nr_dispatched .bss:nr_dispatched 'maps.scx_kt.bss[0].value.nr_dispatched' 'scx_kt.bss:nr_dispatched'; do
		show "$r" periodic_002 "$path"
		[ "$output" = 90 ]
	done
	show "$r" periodic_002 'cpus[0].curr.comm'
	[ "$output" = background_spin ]
	show "$r" periodic_002 'maps.timers[0].key'
	[ "$output" = 0 ]
	mkdir run
	cp "$r" run/run.jsonl
	show run periodic_004 nr_dispatched
	[ "$output" = 133 ]
}

@test "snapshot: a per-CPU map, and a name that is in two maps" {
	jq -c 'if .type == "snapshot" then .maps += [
		{"name": "cpu_stats", "type": "percpu_array", "entries": [{"key": 0, "values": [{"n": 1}, {"n": 2}]}]},
		{"name": "other.bss", "type": "array", "entries": [{"key": 0, "value": {"nr_dispatched": 7}}]}] else . end' \
		"$DATA/series.jsonl" | recount >r.jsonl
	show r.jsonl periodic_000 'cpu_stats[0].n'
	[ "$(tr -d ' \n' <<<"$output")" = '[1,2]' ]
	show r.jsonl periodic_000 other.bss:nr_dispatched
	[ "$output" = 7 ]
	lacks 'snapshot periodic_000: "nr_dispatched" is in scx_kt.bss and in other.bss: say in which, as in scx_kt.bss:nr_dispatched' r.jsonl periodic_000 nr_dispatched
}

@test "snapshot: what is not there is answered with what is" {
	local r=$DATA/series.jsonl vars='stall_after_ns, error_after_ns, starve_cgroup, slow_cgroup, slow_factor, slow_rest_max_ns, fail_verify, nr_select_cpu, nr_idle_hits, nr_enqueued, nr_dispatched, nr_kept, nr_stalled, nr_starved, nr_slowed, vtime_now, started_ns, starved_pid, exit_info, exit_dump, ____kt_enqueue.fmt'
	lacks 'no snapshot "periodic_02" (did you mean "periodic_002"? there are periodic_000, periodic_001, periodic_002, periodic_003, periodic_004)' "$r" periodic_02
	lacks "snapshot periodic_002: no variable \"nr_dispatch\" (did you mean \"nr_dispatched\"? there are $vars)" "$r" periodic_002 nr_dispatch
	lacks 'snapshot periodic_002: no map ".bsss" (there are task_ctxs, timers, scx_kt.rodata, scx_kt.bss, scx_kt.data, kt_ops)' "$r" periodic_002 .bsss:x
	lacks 'snapshot periodic_002: no map "task_ctx" (did you mean "task_ctxs"? there are task_ctxs, timers, scx_kt.rodata, scx_kt.bss, scx_kt.data, kt_ops)' "$r" periodic_002 maps.task_ctx
	lacks 'snapshot periodic_002: "cpus" has 4 items, no [9]' "$r" periodic_002 'cpus[9].curr'
	lacks 'snapshot periodic_002: no member "com" (did you mean "comm"? there are pid, comm)' "$r" periodic_002 'cpus[0].curr.com'
	lacks 'snapshot periodic_002: "nr_kept" is a number and has no members' "$r" periodic_002 nr_kept.x
	lacks 'snapshot periodic_002: "cpus[0.x": expected a path such as nr_dispatched, .bss:stats.count, maps.NAME[0].value or cpus[0].curr.comm, found "[0.x"' "$r" periodic_002 'cpus[0.x'
	lacks 'unable to open none.jsonl: No such file or directory' none.jsonl
	lacks "$KT_TOP/tests/data/pass.jsonl has no snapshots" "$KT_TOP/tests/data/pass.jsonl"
}

@test "snapshot: a guest's text does not act on the terminal" {
	jq -c 'if .type == "snapshot" then .cpus[0].curr.comm = "a\u001b[31mb\u009b" else . end' "$DATA/series.jsonl" | recount >r.jsonl
	show r.jsonl periodic_000 'cpus[0].curr.comm'
	[ "$(printf '%s' "$output" | tr -d '?\200-\377')" = 'a[31mb' ]
	show r.jsonl periodic_000
	run -1 grep -q $'\e' <<<"$output"
}

@test "snapshot: usage" {
	run --separate-stderr kt snapshot
	[ "$status" -eq 64 ]
	[ "$stderr" = 'kt: snapshot: expected "show"'$'\n'"Try 'kt --help'." ]
	run --separate-stderr kt snapshot show
	[ "$stderr" = 'kt: snapshot show: expected a run, the name of a snapshot and a path'$'\n'"Try 'kt --help'." ]
	run --separate-stderr kt snapshot -h
	[ "$status" -eq 0 ]
}
