#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-check: every check at and around its limit, the right reason for each fault, and input
# that cannot be believed.

load helpers
load check

@test "a good run passes; lines go through unchanged, in order, first" {
	judge pass
	verdict_is 0 pass
	[ -z "$(found fail)$(found inconclusive)$(found skip)" ]
	head -n "$(wc -l <"$DATA/pass.jsonl")" out.jsonl | cmp - "$DATA/pass.jsonl"
	[ "$(tail -n2 out.jsonl)" = '{"type":"verdict","test":"mixed_workloads","verdict":"pass","passed":14,"failed":0,"inconclusive":0,"skipped":0}
{"type":"end","tool":"kt-check","exit":0,"records":19}' ]
}

@test "what a good run says, word for word" {
	judge pass
	[ "$(found pass)" = 'run: the guest powered off, 4 workers reported
scheduler: scheduler scx_kt attached and ran until it was stopped
isolation: background_spinner: all workers stayed within cpus 0-1
isolation: phased_worker: all workers stayed within cpus 2-3
progress: background_spinner: all workers made progress
progress: phased_worker: all workers made progress
spread: background_spinner: spread 0.1% within limit 20.0%
spread: phased_worker: spread 0.1% within limit 20.0%
gap: background_spinner: worst gap 10ms within limit 2000ms
gap: phased_worker: worst gap 21ms within limit 2000ms
throughput_cv: background_spinner: throughput CV 0.000 within limit 0.500
throughput_cv: phased_worker: throughput CV 0.000 within limit 0.500
work_rate: background_spinner: lowest work rate 5266331.7/cpu-s meets floor 1.0/cpu-s
work_rate: phased_worker: lowest work rate 4803045.7/cpu-s meets floor 1.0/cpu-s' ]
}

@test "stats: by name in the plan's order, then all" {
	judge pass
	[ "$(grep '"type":"stats"' out.jsonl | grep -v '"host"')" = '{"type":"stats","cgroup":"background_spinner","workers":2,"cpus":2,"spread_pct":0.050,"avg_off_cpu_pct":0.525,"max_gap_ms":10.000,"max_gap_cpu":0,"migrations":1,"iterations":209580,"p99_wake_us":null,"run_delay_us":105000.000}
{"type":"stats","cgroup":"phased_worker","workers":2,"cpus":2,"spread_pct":0.050,"avg_off_cpu_pct":1.525,"max_gap_ms":21.000,"max_gap_cpu":2,"migrations":1,"iterations":189230,"p99_wake_us":310.000,"run_delay_us":305000.000}
{"type":"stats","cgroup":null,"workers":4,"cpus":4,"spread_pct":0.050,"avg_off_cpu_pct":1.025,"max_gap_ms":21.000,"max_gap_cpu":2,"migrations":2,"iterations":398810,"p99_wake_us":310.000,"run_delay_us":205000.000}' ]
}

@test "the kernel's own scheduler: nothing is asked of a scheduler" {
	judge eevdf
	verdict_is 0 pass
	run -1 grep -q '"name":"scheduler"' out.jsonl
}

@test "the tutorial's step 9: workers, observed rate and floor" {
	fails_by rate_floor 'iteration_rate: background_spinner: worker 71 iteration rate 5240.0/s below floor 50000000.0/s
iteration_rate: background_spinner: worker 72 iteration rate 5239.0/s below floor 50000000.0/s
iteration_rate: phased_worker: worker 73 iteration rate 4731.0/s below floor 50000000.0/s
iteration_rate: phased_worker: worker 74 iteration rate 4730.5/s below floor 50000000.0/s'
	[ "$(grep '"worker":71,' out.jsonl)" = \
		'{"type":"check","name":"iteration_rate","cgroup":"background_spinner","worker":71,"observed":5240.000,"limit":50000000.000,"unit":"/s","verdict":"fail","detail":"background_spinner: worker 71 iteration rate 5240.0/s below floor 50000000.0/s"}' ]
}

@test "with another limit the verdict changes" {
	judge rate_floor --min-iteration-rate 4730.5
	verdict_is 0 pass
	judge rate_floor --min-iteration-rate off
	verdict_is 0 pass
	fails_by pass 'iteration_rate: phased_worker: worker 74 iteration rate 4730.5/s below floor 4731.0/s' \
		--min-iteration-rate 4731
}

@test "a stream that was judged is judged anew, as if it had not been" {
	kt-check <"$DATA/rate_floor.jsonl" >once.jsonl || true
	printf '%s\n' '{"type":"end","tool":"kt-report","exit":65,"records":0}' >>once.jsonl
	judge once.jsonl
	verdict_is 1 fail
	kt-check --no-defaults <"$DATA/rate_floor.jsonl" | cmp - out.jsonl
	judge once.jsonl --min-iteration-rate 1
	verdict_is 0 pass
}

@test "each check at its limit, and beyond" {
	judge pass --max-gap-ms 21
	verdict_is 0 pass
	fails_by pass 'gap: phased_worker: worker 73 gap 21.0ms above limit 20.9ms (on cpu 2, 3.0s after its start)' \
		--max-gap-ms 20.9
	judge pass --max-spread-pct 0.06
	verdict_is 0 pass
	fails_by pass 'spread: background_spinner: spread 0.05% above limit 0.04% (off-CPU 0.50% to 0.55%, 2 workers)
spread: phased_worker: spread 0.05% above limit 0.04% (off-CPU 1.50% to 1.55%, 2 workers)' --max-spread-pct 0.04
	judge pass --min-work-rate 4803045
	verdict_is 0 pass
	fails_by pass 'work_rate: phased_worker: worker 73 work rate 4803045.7/cpu-s below floor 4803100.0/cpu-s' \
		--min-work-rate 4803100
	fails_by unfair 'throughput_cv: background_spinner: throughput CV 0.377 above limit 0.370 (mean 8454276.9/cpu-s, 2 workers)
throughput_cv: phased_worker: throughput CV 1.000 above limit 0.370 (mean 22854240.9/cpu-s, 2 workers)' \
		--max-throughput-cv 0.37 --no-isolation --max-gap-ms off --max-spread-pct off --min-work-rate off
}

@test "isolation, spread, gap, throughput CV and work rate: each for its own reason" {
	fails_by unfair 'isolation: background_spinner: worker 72 ran on cpus 2 outside its cpuset 0-1
spread: background_spinner: spread 54.5% above limit 20.0% (off-CPU 0.5% to 55.0%, 2 workers)
gap: background_spinner: worker 72 gap 2500ms above limit 2000ms (on cpu 1, 3.0s after its start)
throughput_cv: phased_worker: throughput CV 1.000 above limit 0.500 (mean 22854240.9/cpu-s, 2 workers)
work_rate: phased_worker: worker 73 work rate 0.3/cpu-s below floor 1.0/cpu-s'
	judge unfair --no-isolation --no-not-stuck --max-gap-ms off --max-spread-pct off \
		--max-throughput-cv off --min-work-rate off
	verdict_is 0 pass
	[ "$(found pass | wc -l)" -eq 2 ]
}

@test "a worker without progress fails that check and no other" {
	fails_by stuck 'progress: background_spinner: worker 71 made no progress (0 work units)'
	[ "$(found skip)" = 'spread: background_spinner: spread needs two workers that made progress
throughput_cv: background_spinner: throughput CV needs two workers that made progress' ]
}

@test "without the progress check it is judged like the others" {
	judge stuck --no-not-stuck
	verdict_is 1 fail
	[ "$(found fail)" = 'spread: background_spinner: spread 99.5% above limit 20.0% (off-CPU 0.6% to 100.0%, 2 workers)' ]
	[ "$(found inconclusive)" = 'throughput_cv: background_spinner: no throughput CV: 1 of 2 workers have no CPU time
work_rate: background_spinner: worker 71 has no work rate: it has no CPU time' ]
}

@test "a worker that does not answer the stop is stuck, whatever it did before" {
	edit pass 'if .tid == 73 then .exit = "killed" else . end'
	fails_by in.jsonl 'progress: phased_worker: worker 73 stuck: it did not answer the stop (94620000 work units)'
}

@test "the scheduler died: reason, when, in which step; the workload is not judged" {
	fails_by sched_died 'scheduler: scheduler scx_kt died 3.2s into the workload, in step 0: runnable task stall (kworker/0:1[31] failed to run for 5.004s) (exit 1)'
	[ "$(found skip | sort -u -t: -k2)" = 'isolation: not judged: the scheduler died' ]
	[ "$(found skip | wc -l)" -eq 6 ]
}

@test "the scheduler did not attach" {
	fails_by sched_failed 'scheduler: scheduler scx_kt did not attach: the program ended before it attached (exit 1)'
}

@test "the scheduler died between steps, before any, and without a word" {
	edit sched_died 'select(.type != "step")'
	fails_by in.jsonl 'scheduler: scheduler scx_kt died before the workload: runnable task stall (kworker/0:1[31] failed to run for 5.004s) (exit 1)'
	edit sched_died 'if .type == "step" then .event = "end" elif .event == "exit" then del(.reason, .exit) else . end |
		if .type == "step" and .guest_ns == 2400000000 then .event = "start" else . end'
	jq -c 'select(.type == "step" and .event == "end")' in.jsonl >end
	{ grep -v '"event":"exit"' in.jsonl | sed '/"tool":"kt-guest".*"t_ns"/,$d'
	  grep '"event":"exit"' in.jsonl | sed "s/\"t_ns\":[0-9]*/$(tail -n1 end | grep -o '"t_ns":[0-9]*')/"
	  sed -n '/"tool":"kt-guest".*"t_ns"/,$p' in.jsonl; } >moved.jsonl
	fails_by moved.jsonl 'scheduler: scheduler scx_kt died 3.2s into the workload, between or after its steps: no reason was given'
}

@test "no word about the scheduler: inconclusive" {
	edit pass 'select(.type != "sched")'
	judge in.jsonl
	verdict_is 2 inconclusive
	[ "$(found inconclusive)" = 'scheduler: no record says that scheduler scx_kt attached' ]
	edit pass 'select(.type != "sched" or .event != "stop")'
	judge in.jsonl
	verdict_is 2 inconclusive
	[ "$(found inconclusive)" = 'scheduler: no record says that scheduler scx_kt was stopped' ]
}

@test "how a guest can end badly, and the workload is not judged" {
	fails_by panic 'run: the guest panicked: Kernel panic - not syncing: sysrq triggered crash'
	[ "$(found skip | sed 's/^[a-z_]*: //' | sort -u)" = 'not judged: the run failed' ]
	[ -z "$(found inconclusive)" ]
	fails_by deadline 'run: the guest did not end before the deadline: 80s were over'
	edit deadline 'if .type == "vm_exit" then .cause = "reboot" | .detail = null else . end'
	fails_by in.jsonl 'run: the guest rebooted'
	edit deadline 'if .type == "vm_exit" then .cause = "triple_fault" | del(.detail) else . end'
	fails_by in.jsonl "run: the guest's CPU hit a triple fault"
	edit deadline 'if .type == "vm_exit" then .cause = "engine_lost" else . end'
	fails_by in.jsonl 'run: the engine died under the guest: 80s were over'
	edit deadline 'if .type == "vm_exit" then .cause = "interrupted" else . end'
	fails_by in.jsonl 'run: the run was interrupted: 80s were over'
	edit deadline 'if .type == "vm_exit" then .cause = "sunset" else . end'
	fails_by in.jsonl 'run: the guest ended by "sunset": 80s were over'
	edit deadline 'select(.type != "vm_exit")'
	fails_by in.jsonl 'run: no record says how the guest ended'
}

@test "a guest that could not do its work" {
	fails_by guest_error 'run: the guest reports: unable to make cgroup phased_worker: No space left on device'
	edit guest_error 'select(.event != "error")'
	fails_by in.jsonl 'run: kt-guest ended with exit code 71 in the guest'
}

@test "a worker that ended by itself" {
	edit pass 'if .tid == 73 then .exit = "signal 11" else . end'
	fails_by in.jsonl 'run: phased_worker: worker 73 ended by itself (signal 11)'
}

@test "workers missing, and too many" {
	fails_by missing_worker 'run: phased_worker: 1 of 2 planned workers reported'
	edit pass 'if .tid == 73 then ., (.tid = 75) else . end'
	fails_by in.jsonl 'run: phased_worker: 3 of 2 planned workers reported'
	edit pass 'if .tid == 73 then .cgroup = "other" else . end'
	fails_by in.jsonl 'run: phased_worker: 1 of 2 planned workers reported
run: other: 1 of 0 planned workers reported'
	edit pass 'select(.type != "worker")'
	fails_by in.jsonl 'run: background_spinner: 0 of 2 planned workers reported
run: phased_worker: 0 of 2 planned workers reported'
}

@test "no check on: run and scheduler decide" {
	judge no_checks
	verdict_is 0 pass
	[ "$(found pass)" = 'run: the guest powered off, 4 workers reported
scheduler: scheduler scx_kt attached and ran until it was stopped' ]
}

@test "a plan without workers: the checks have nothing to judge" {
	edit pass 'select(.type != "worker") | if .type == "test" then .steps[].cgroups = [] else . end'
	judge in.jsonl
	verdict_is 0 pass
	[ "$(found skip | head -n1)" = 'isolation: not judged: the plan has no workers' ]
}

@test "steps of one cgroup are judged each for itself; no time is inconclusive" {
	judge two_steps
	verdict_is 2 inconclusive
	[ "$(found inconclusive)" = 'spread: a (step 1): no spread: 1 of 2 workers have no wall time
throughput_cv: a (step 1): no throughput CV: 1 of 2 workers have no CPU time
work_rate: a (step 1): worker 83 has no work rate: it has no CPU time
iteration_rate: a (step 1): worker 83 has no iteration rate: it has no wall time' ]
	[ "$(found skip)" = 'isolation: a (step 0): has no cpuset
isolation: a (step 1): has no cpuset' ]
	[ "$(jq -c 'select(.type == "stats" and .host == null) | [.cgroup, .workers]' out.jsonl)" = '["a",4]
[null,4]' ]
	jq -es 'map(select(.verdict == "inconclusive" and .type == "check").observed) == [null, null, null, null]' out.jsonl
}

@test "no work at all: no throughput CV" {
	edit pass 'if .type == "worker" then .work_units = 0 else . end'
	judge in.jsonl --no-not-stuck --min-work-rate off
	verdict_is 2 inconclusive
	[ "$(found inconclusive)" = 'throughput_cv: background_spinner: no throughput CV: no worker did any work
throughput_cv: phased_worker: no throughput CV: no worker did any work' ]
	judge in.jsonl
	verdict_is 1 fail
	[ "$(found skip | grep -c 'no worker that made progress')" -eq 4 ]
}

@test "a tool before could not do its work: passed on, no verdict, the same code" {
	judge upstream
	[ "$status" -eq 69 ]
	[ -z "$stderr" ]
	{ cat "$DATA/upstream.jsonl"; echo '{"type":"end","tool":"kt-check","exit":69,"records":0}'; } | cmp - out.jsonl
}

@test "cut and empty input" {
	head -n 30 "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	bad_input 'the input is cut: no end record after line 30'
	head -c 2000 "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	bad_input "line $(($(wc -l <in.jsonl) + 1)): the input is cut in the middle of a record"
	judge /dev/null
	bad_input 'the input is empty'
	# only the guest said that it was done
	sed '/"t_ns":24300000000}$/q' "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	[[ "$stderr" == "kt-check: the input is cut: no end record after line "* ]]
	[ "$status" -eq 65 ]
}

@test "a cut stream stays cut when it is judged again" {
	head -n 30 "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	cp out.jsonl in.jsonl
	judge in.jsonl
	bad_input 'the input is cut: no end record after line 31'
}

@test "no test, two tests" {
	edit pass 'select(.type != "test")'
	judge in.jsonl
	bad_input 'line 8: vm record: expected the test record before it'
	head -n 8 "$DATA/pass.jsonl" | tail -n +2 >in.jsonl
	judge in.jsonl
	bad_input 'no test record in the input'
	edit pass 'if .type == "test" then ., . else . end'
	judge in.jsonl
	bad_input 'line 2: test record: expected one test in the input, this is a second'
}

# refuses JQ MESSAGE: the stream so changed has one bad record; all of it goes through
refuses() {
	edit pass "$1"
	judge in.jsonl
	bad_input "$2"
	head -n -1 out.jsonl | cmp - in.jsonl
}

@test "records that cannot be believed: one message with line and member" {
	refuses 'if .tid == 73 then .work_units = "many" else . end' \
		'line 24: worker record: expected a whole number >= 0 as work_units'
	refuses 'if .tid == 73 then .wall_time_ns = -1 else . end' \
		'line 24: worker record: expected a whole number >= 0 as wall_time_ns'
	refuses 'if .tid == 73 then .iterations = 1.5 else . end' \
		'line 24: worker record: expected a whole number >= 0 as iterations'
	refuses 'if .tid == 73 then del(.cgroup) else . end' \
		'line 24: worker record: expected a string as cgroup and a number as step'
	refuses 'if .tid == 73 then .tid = null else . end' \
		'line 24: worker record: expected a whole number >= 0 as tid'
	refuses 'if .tid == 73 then .cpus_used = "0-x" else . end' \
		'line 24: worker record: expected a CPU list as cpus_used'
	refuses 'if .tid == 73 then .cpus_allowed = 3 else . end' \
		'line 24: worker record: expected a CPU list or null as cpus_allowed'
	refuses 'if .tid == 73 then .cpus_allowed = "9-1" else . end' \
		'line 24: worker record: expected a CPU list or null as cpus_allowed'
	refuses 'if .tid == 73 then .off_cpu_pct = {} else . end' \
		'line 24: worker record: expected a number as off_cpu_pct'
	refuses 'if .tid == 73 then .exit = 0 else . end' \
		'line 24: worker record: expected a string as exit'
	refuses 'if .type == "vm_exit" then .cause = 1 else . end' \
		'line 32: vm_exit record: expected a string as cause'
	refuses 'if .type == "step" then .index = "0" else . end' \
		'line 20: step record: expected a string as event and numbers >= 0 as index and guest_ns'
	refuses 'if .type == "sched" then del(.event) else . end' \
		'line 16: sched record: expected a string as event'
	refuses 'if .type == "test" then .name = [] else . end' \
		'line 1: test record: expected a string as name'
	refuses 'if .type == "test" then .assert.isolation = "yes" else . end' \
		'line 1: test record: expected true or false as isolation'
	refuses 'if .type == "test" then .assert.max_gap_ms = "2s" else . end' \
		'line 1: test record: expected a number >= 0 or null as max_gap_ms'
	refuses 'if .type == "test" then .steps[0].cgroups[0].workers = -1 else . end' \
		'line 1: test record: expected a number of workers in each cgroup'
	refuses 'if .type == "test" then .steps[0].cgroups[0] = 7 else . end' \
		'line 1: test record: expected a name and a number of workers in each cgroup'
}

@test "NaN, infinity and huge numbers" {
	sed 's/"off_cpu_pct":0.5,/"off_cpu_pct":NaN,/' "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	bad_input 'line 22: worker record: expected a number as off_cpu_pct'
	sed 's/"max_gap_ms":2000/"max_gap_ms":1e999/' "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	bad_input 'line 1: test record: expected a number >= 0 or null as max_gap_ms'
	sed -E 's/"(work_units|iterations|max_gap_ns|migrations|wait_ns)":[0-9]+/"\1":9007199254740992/g' \
		"$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	verdict_is 1 fail
	[ "$(found fail | cut -d: -f1 | sort -u)" = gap ]
	grep -q '"type":"stats","cgroup":null.*"iterations":36028797018963968' out.jsonl
	sed -E 's/"iterations":[0-9]+/"iterations":9007199254740993/' "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	bad_input 'line 22: worker record: expected a whole number >= 0 as iterations'
	# what json-c 0.18 takes for no number, and older ones for the largest
	sed -E 's/"work_units":[0-9]+/"work_units":99999999999999999999999/' "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	[ "$status" -eq 65 ]
}

@test "a line that is no record: passed on, told once" {
	{ head -n 3 "$DATA/pass.jsonl"; echo '{"type":"test'; echo 'x'; tail -n +4 "$DATA/pass.jsonl"; } >in.jsonl
	judge in.jsonl
	bad_input 'line 4: expected a record, a JSON object with a "type"'
	head -n -1 out.jsonl | cmp - in.jsonl
}

@test "a line longer than any record" {
	{ printf '{"type":"console","text":"'; head -c 17000000 /dev/zero | tr '\0' x; echo '"}'; } >in.jsonl
	judge in.jsonl
	bad_input 'line 1: longer than 16 MiB'
}

@test "types and members that it does not know pass through" {
	edit pass '.future = {"a": [1]} | if .type == "vm_exit" then {"type": "mystery", "x": null}, . else . end'
	judge in.jsonl
	verdict_is 0 pass
	head -n "$(wc -l <in.jsonl)" out.jsonl | cmp - in.jsonl
}

@test "a verdict that the guest forged is dropped" {
	edit panic 'if .type == "vm_exit" then {"type": "verdict", "test": "mixed_workloads", "verdict": "pass", "t_ns": 1}, . else . end'
	fails_by in.jsonl 'run: the guest panicked: Kernel panic - not syncing: sysrq triggered crash'
	[ "$(grep -c '"type":"verdict"' out.jsonl)" -eq 1 ]
}

@test "a live reader sees each record as it comes" {
	mkfifo in
	kt-check <in >live.jsonl 3>&- &
	exec 4>in
	head -n 12 "$DATA/pass.jsonl" >&4
	for _ in {1..100}; do
		[ "$(wc -l <live.jsonl)" -eq 12 ] && break
		sleep 0.05
	done
	[ "$(wc -l <live.jsonl)" -eq 12 ]
	exec 4>&-
	wait || true
}

@test "100000 workers, 10000 cgroups: no quadratic behaviour" {
	jq -c 'if .type == "test" then .steps[0].cgroups = [range(10000) | {name: "c\(.)", cpus: null, workers: 10, work: {type: "SpinWait"}}]
		elif .type == "worker" then select(.tid == 71) | range(100000) as $i | .cgroup = "c\($i % 10000)" | .tid = $i
		else . end' "$DATA/pass.jsonl" | recount >in.jsonl
	start=$EPOCHREALTIME
	judge in.jsonl
	verdict_is 0 pass
	# sanitized and on a busy machine; a quadratic one needs minutes
	[ $((${EPOCHREALTIME/./} - ${start/./})) -lt 60000000 ]
}

@test "usage mistakes" {
	usage "kt-check: --max-gap-ms: expected a number of milliseconds or null, found '2s'" --max-gap-ms 2s
	usage "kt-check: --min-work-rate: expected a number above 0, or null, found '-1'" --min-work-rate=-1
	usage "kt-check: --max-spread-pct: expected a number from 0 to below 100, or null, found 'nan'" --max-spread-pct nan
	usage "kt-check: --max-throughput-cv: expected a number of 0 or more, or null, found ''" --max-throughput-cv ''
	usage "kt-check: unexpected argument 'run.jsonl' (records come on standard input)" run.jsonl
	usage "kt-check: unknown option '--wrokers'" --wrokers
	usage "kt-check: option '--max-gap-ms' needs a value" --max-gap-ms
}

@test "a terminal as input is a mistake" {
	run script -qec 'kt-check' /dev/null
	[ "$status" -eq 64 ]
	[[ "$output" == *"kt-check: standard input is a terminal, expected the records of a run"* ]]
}

@test "help and version" {
	run --separate-stderr kt-check --help
	[ "$status" -eq 0 ]
	[[ "$output" == "Usage: kt-check "* ]]
	[ -z "$stderr" ]
	run --separate-stderr kt-check -V
	[ "$status" -eq 0 ]
	[[ "$output" == "kt-check "* ]]
}

@test "a full disk is told" {
	run --separate-stderr sh -c 'kt-check <"$1" >/dev/full' sh "$DATA/pass.jsonl"
	[ "$status" -eq 74 ]
	[ "$stderr" = "kt-check: unable to write to standard output: No space left on device" ]
}

@test "a guest that powers off in mid-test does not pass, whoever schedules" {
	# no end of the second step, none of the guest: its workers were not even planned for
	edit eevdf 'select((.type == "step" and .index == 1 and .event == "end" or .type == "end" and has("t_ns")) | not)'
	fails_by in.jsonl 'run: the guest powered off in step 1, before its test had ended'
	edit eevdf 'select((.type == "step" and .index == 1 or .type == "end" and has("t_ns")) | not)'
	fails_by in.jsonl 'run: the guest powered off before step 1, before its test had ended'
	edit eevdf 'select((.type == "end" and has("t_ns")) | not)'
	fails_by in.jsonl 'run: the guest powered off after the last step, before its test had ended'
	edit pass 'select((.type == "end" and has("t_ns")) | not)'
	fails_by in.jsonl 'run: the guest powered off after the last step, before its test had ended'
	# an expected end of the scheduler explains steps that are left out, not a guest that is gone
	edit sched_died 'select((.type == "end" and has("t_ns")) | not)'
	judge in.jsonl
	verdict_is 1 fail
	found fail | grep -qx 'run: the guest powered off .*, before its test had ended'
}

@test "each step of the plan begins and ends, once and in order" {
	edit eevdf 'select(.type != "step" or .index != 1)'
	fails_by in.jsonl 'run: step 1 of the plan did not begin'
	edit eevdf 'select(.type != "step" or .index != 1 or .event != "end")'
	fails_by in.jsonl 'run: step 1 of the plan did not end'
	edit pass 'if .type == "step" and .index == 1 then .index = 2 else . end'
	judge in.jsonl
	bad_input 'line 26: step record: step 2, and the plan has 2'
	edit pass 'select(.type != "step" or .index != 0)'
	judge in.jsonl
	bad_input 'line 24: step record: start of step 1, and the next one is step 0'
	edit pass 'select(.type != "step" or .index != 0 or .event != "end")'
	judge in.jsonl
	bad_input 'line 25: step record: start of step 1 while step 0 runs'
	edit pass 'if .type == "step" and .index == 1 then .guest_ns = 7 else . end'
	judge in.jsonl
	bad_input 'line 26: step record: guest_ns is less than that of the step record before'
}

@test "two runs in one stream, whichever records tell" {
	cat "$DATA/unfair.jsonl" "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	bad_input 'line 34: test record: expected one test in the input, this is a second'
	grep -v '"type":"test"' "$DATA/pass.jsonl" | cat "$DATA/unfair.jsonl" - >in.jsonl
	judge in.jsonl
	bad_input 'line 34: end record: expected one end of kt-guest in the input, this is a second'
	grep '"type":"vm"' "$DATA/pass.jsonl" | cat "$DATA/unfair.jsonl" - >in.jsonl
	judge in.jsonl
	bad_input 'line 34: vm record: expected one vm in the input, this is a second'
}

@test "a record that is missing or there twice is missed by those who counted" {
	grep -v '"event":"topology"' "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	bad_input 'line 28: end record: the guest wrote 14 records, 13 of them are in the input'
	sed '/"type":"console"/p' "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	bad_input 'the input has 35 records, its tools say that they wrote 33'
	# a guest that panicked has not counted, kt-vm has
	grep -v '"event":"attach"' "$DATA/panic.jsonl" >in.jsonl
	judge in.jsonl
	bad_input "the input has 48 records, its tools say that they wrote 49"
	edit pass 'if .tool == "kt-vm" then .records = null else . end'
	judge in.jsonl
	bad_input 'line 33: end record: expected a string as tool and a whole number >= 0 as records'
}

@test "an exit code that cannot be" {
	for code in 256 -1 null '"0"' 1.5 '[]'; do
		for tool in kt-topo kt-vm; do
			sed "/\"tool\":\"$tool\"/s/\"exit\":0/\"exit\":$code/" "$DATA/pass.jsonl" >in.jsonl
			judge in.jsonl
			bad_input "line $(grep -n "\"tool\":\"$tool\"" in.jsonl | cut -d: -f1): end record: expected a whole number from 0 to 255 as exit"
		done
		# the guest's own
		sed "/\"tool\":\"kt-guest\".*t_ns/s/\"exit\":0/\"exit\":$code/" "$DATA/pass.jsonl" >in.jsonl
		judge in.jsonl
		bad_input "line 29: end record: expected a whole number from 0 to 255 as exit"
	done
	sed '/"tool":"kt-vm"/s/"exit":0,//' "$DATA/pass.jsonl" >in.jsonl
	judge in.jsonl
	[ "$status" -eq 65 ]
}

@test "records that are not where they were written" {
	# the guest's end before what it did
	{ head -n 19 "$DATA/pass.jsonl"; sed -n 29p "$DATA/pass.jsonl"; sed -n '20,28p;30,$p' "$DATA/pass.jsonl"; } >in.jsonl
	judge in.jsonl
	bad_input 'line 20: end record: the guest wrote 14 records, 5 of them are in the input'
	# a worker's report after the next step has begun
	{ head -n 24 "$DATA/pass.jsonl"; sed -n 26p "$DATA/pass.jsonl"; sed -n 25p "$DATA/pass.jsonl"; tail -n +27 "$DATA/pass.jsonl"; } >in.jsonl
	judge in.jsonl
	bad_input 'line 26: worker record: t_ns is less than that of a record before it'
}
