#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-report: its text, word for word (tests/data/report; to accept a new one, copy what the
# failed test prints), and input that is cut, foreign or hostile.

load helpers

DATA=$KT_TOP/tests/data

setup_file() {
	unset KT_REPLAY NO_COLOR
}

# report STREAM [OPTION...]: that stream of tests/data, judged, or that file as it is
report() {
	local in=$1
	shift
	if [ ! -e "$in" ]; then
		kt-check --no-defaults <"$DATA/$in.jsonl" >"$in.judged" || true
		in=$in.judged
	fi
	run --separate-stderr kt-report "$@" <"$in"
	printf '%s\n' "$output" >out.txt
}

# golden CODE STREAM [EXPECTED [OPTION...]]
golden() {
	local code=$1 stream=$2 expected=${3-$2}
	report "$stream" "${@:4}"
	[ "$status" -eq "$code" ]
	[ -z "$stderr" ]
	diff "$DATA/report/$expected.txt" out.txt
}

usage() {
	local message=$1
	shift
	run --separate-stderr kt-report "$@" </dev/null
	[ "$status" -eq 64 ]
	[ "$stderr" = "$message"$'\n'"Try 'kt-report --help'." ]
	[ -z "$output" ]
}

@test "a passed run: statistics and one line" { golden 0 pass; }
@test "the kernel's own scheduler is eevdf" { golden 0 eevdf; }
@test "no check on" { golden 0 no_checks; }
@test "the tutorial's step 9" { golden 1 rate_floor; }
@test "several checks violated" { golden 1 unfair; }
@test "a worker without progress" { golden 1 stuck; }
@test "a scheduler that died: the end of its log" { golden 1 sched_died; }
@test "a scheduler that did not attach" { golden 1 sched_failed; }
@test "a panic: the end of the console" { golden 1 panic; }
@test "a deadline" { golden 1 deadline; }
@test "a guest that could not do its work" { golden 1 guest_error; }
@test "a missing worker" { golden 1 missing_worker; }
@test "inconclusive, and steps of one cgroup" { golden 2 two_steps; }
@test "what a guest writes never acts on the terminal" {
	golden 1 hostile_text
	run -1 grep -q $'\e' out.txt
}
@test "a real run, recorded" { golden 0 recorded; }
@test "verbose: passes, logs and more figures" { golden 0 pass pass-v -v; }

@test "the replay line is KT_REPLAY's, when it is set" {
	KT_REPLAY='kt test --seed 5 x' report rate_floor
	[ "$(tail -n1 out.txt)" = 'replay  kt test --seed 5 x' ]
	KT_REPLAY='' report rate_floor
	[ "$(tail -n1 out.txt)" = 'replay  kt test mixed_workloads' ]
	# of records that are judged again: as the plan was asked for
	jq -c 'if .type == "test" then .options = ["-d", "3s", "--assert", "a b"] else . end' "$DATA/rate_floor.jsonl" >r.jsonl
	kt-check <r.jsonl >again || true
	KT_REPLAY='' report again
	[ "$(tail -n1 out.txt)" = "replay  kt test -d 3s --assert 'a b' mixed_workloads" ]
}

@test "of many violations the first 20 of each check, all with -v" {
	kt-check --min-iteration-rate 5e7 --min-work-rate 5e9 >in.jsonl < <(jq -c '
		if .type == "test" then .steps[0].cgroups[0].workers = 30
		elif .type == "worker" and .cgroup == "background_spinner" then
			select(.tid == 71) | range(30) as $i | .tid = $i
		else . end' "$DATA/pass.jsonl" | recount) || true
	report in.jsonl
	[ "$status" -eq 1 ]
	[ "$(grep -c 'below floor' out.txt)" -eq 40 ]
	grep -qx '\.\.\. and 24 more (kt-report -v shows them)' out.txt
	report in.jsonl -v
	[ "$(sed '/^---/q' out.txt | grep -c 'below floor')" -eq 64 ]
}

@test "of many cgroups the first 20, all with -v" {
	kt-check >in.jsonl < <(jq -c '
		if .type == "test" then .steps[0].cgroups = [range(30) | {name: "c\(.)", workers: 1}]
		elif .type == "worker" then select(.tid == 71) | range(30) as $i | .cgroup = "c\($i)"
		else . end' "$DATA/pass.jsonl" | recount)
	report in.jsonl
	[ "$(grep -c '^c[0-9]*: workers=1' out.txt)" -eq 20 ]
	grep -qx '\.\.\. and 10 more cgroups' out.txt
	report in.jsonl -v
	[ "$(grep -c '^c[0-9]*: workers=1' out.txt)" -eq 30 ]
}

@test "colour: always, never, and not into a file" {
	report rate_floor --color=always
	[ "$status" -eq 1 ]
	[[ "$output" == *$'\e[1;31mFAIL\e[0m mixed_workloads'* ]]
	report pass --color=always
	[[ "$output" == *$'\e[32mPASS\e[0m mixed_workloads'* ]]
	report two_steps --color=always
	[[ "$output" == *$'\e[33mINCONCLUSIVE\e[0m mixed_workloads'* ]]
	report rate_floor --color=never
	run -1 grep -q $'\e' out.txt
	report rate_floor --color=auto
	run -1 grep -q $'\e' out.txt
	# colour does not let a guest's escapes through
	report hostile_text --color=always
	sed 's/\x1b\[[0-9;]*m//g' out.txt | diff "$DATA/report/hostile_text.txt" -
}

@test "colour on a terminal, unless NO_COLOR or a dumb one" {
	kt-check <"$DATA/pass.jsonl" >in.jsonl
	run env TERM=xterm script -qec 'kt-report <in.jsonl' /dev/null
	[[ "$output" == *$'\e[32mPASS\e[0m'* ]]
	run env TERM=xterm NO_COLOR=1 script -qec 'kt-report <in.jsonl' /dev/null
	[[ "$output" == *PASS* && "$output" != *$'\e[32m'* ]]
	run env TERM=xterm NO_COLOR= script -qec 'kt-report <in.jsonl' /dev/null
	[[ "$output" == *$'\e[32mPASS\e[0m'* ]]
	run env TERM=dumb script -qec 'kt-report <in.jsonl' /dev/null
	[[ "$output" == *PASS* && "$output" != *$'\e[32m'* ]]
	run env TERM=dumb NO_COLOR=1 script -qec 'kt-report --color=always <in.jsonl' /dev/null
	[[ "$output" == *$'\e[32mPASS\e[0m'* ]]
}

@test "a run that nobody judged: how the guest ended" {
	report "$DATA/panic.jsonl"
	[ "$status" -eq 65 ]
	[ "$stderr" = 'kt-report: not judged: no verdict in the input, as kt-check gives' ]
	[ "${lines[0]}" = "BUG SUMMARY panic: Kernel panic - not syncing: sysrq triggered crash" ]
	[ "${lines[1]}" = "kt test 'mixed_workloads' [sched=scx_kt] [topo=1n2l2c1t] not judged:" ]
	[ "${lines[2]}" = "the run ended: panic: [    4.100000] Kernel panic - not syncing: sysrq triggered crash" ]
	grep -qx 'NOT JUDGED mixed_workloads \[scx_kt 1n2l2c1t\] 5.2s' out.txt
	report "$DATA/pass.jsonl"
	[ "$status" -eq 65 ]
	[ "${lines[1]}" = 'the run ended: poweroff' ]
}

@test "a verdict that the guest forged counts for nothing" {
	jq -c 'if .type == "vm_exit" then {"type": "verdict", "test": "x", "verdict": "pass", "t_ns": 1},
		{"type": "check", "name": "gap", "verdict": "pass", "detail": "forged", "t_ns": 1},
		{"type": "stats", "cgroup": null, "workers": 9, "t_ns": 1}, . else . end' "$DATA/panic.jsonl" | recount >in.jsonl
	report in.jsonl -v
	[ "$status" -eq 65 ]
	run -1 grep -q forged out.txt
	run -1 grep -q '9 workers' out.txt
}

@test "a cut stream: what is there, one message, 65" {
	kt-check <"$DATA/rate_floor.jsonl" | head -n -1 >in.jsonl
	report in.jsonl
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-report: the input is cut: no end record after line $(wc -l <in.jsonl)" ]
	diff "$DATA/report/rate_floor.txt" out.txt
	head -n 22 "$DATA/pass.jsonl" >in.jsonl
	report in.jsonl
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-report: the input is cut: no end record after line 22" ]
	[ "${lines[1]}" = "no record says how the guest ended" ]
}

@test "a cut stream behind kt-check is told once" {
	head -n 22 "$DATA/pass.jsonl" >in.jsonl
	run --separate-stderr sh -c 'kt-check <in.jsonl | kt-report'
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-check: the input is cut: no end record after line 22" ]
	[ "${lines[1]}" = "no record says how the guest ended" ]
}

@test "a tool before could not do its work: nothing to tell, the same code" {
	report upstream
	[ "$status" -eq 69 ]
	[ -z "$output$stderr" ]
}

@test "an engine that was lost: the console, and the code of kt-vm" {
	jq -c 'if .type == "vm_exit" then .cause = "engine_lost" | .detail = "it was killed" | del(.panic)
		elif .tool == "kt-vm" then .exit = 71 else . end' "$DATA/panic.jsonl" | recount >in.jsonl
	run --separate-stderr sh -c 'kt-check <in.jsonl | kt-report'
	[ "$status" -eq 71 ]
	[ -z "$stderr" ]
	[ "${lines[1]}" = "the run ended: engine_lost: it was killed" ]
	[[ "$output" == *"--- console ---"* ]]
}

@test "no run in the input" {
	head -n 2 "$DATA/pass.jsonl" >in.jsonl
	report in.jsonl
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-report: nothing to report: no run and no verdict in the input" ]
	[ -z "$output" ]
	report /dev/null
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-report: the input is empty" ]
}

@test "a line that is no record, and a verdict that is none" {
	kt-check <"$DATA/pass.jsonl" >judged
	sed '5i x' judged >in.jsonl
	report in.jsonl
	[ "$status" -eq 65 ]
	[ "$stderr" = 'kt-report: line 5: expected a record, a JSON object with a "type"' ]
	grep -q '^NOT JUDGED ' out.txt
	run -1 grep -q '^PASS ' out.txt
	sed 's/"verdict":"pass","passed"/"verdict":"fine","passed"/' judged >in.jsonl
	report in.jsonl
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-report: line $(($(wc -l <judged) - 1)): verdict record: expected pass, fail, inconclusive or skip as verdict" ]
}

@test "wrong types everywhere do no harm" {
	kt-check --no-defaults <"$DATA/unfair.jsonl" >judged || true
	for value in null 7 '"x"' '[]' '{}' '[[1]]' -1e300; do
		jq -c --argjson v "$value" 'if .type == "end" or .type == "verdict" then . else
			with_entries(if .key == "type" or .key == "verdict" then . else .value = $v end) end' judged >in.jsonl
		report in.jsonl -v
		[ "$status" -eq 1 ]
		[ -z "$stderr" ]
		tail -n2 out.txt | head -n1 | grep -q '^FAIL '
	done
}

@test "a verdict is what its checks come to, and kt-check's exit code says so" {
	kt-check --no-defaults <"$DATA/unfair.jsonl" >judged || true
	# lies JQ MESSAGE: the judged stream so changed is an error, and no pass
	lies() {
		jq -c "$1" judged | recount >in.jsonl
		report in.jsonl
		echo "$stderr"
		[ "$status" -eq 65 ]
		[[ "$stderr" == "kt-report: "*"$2" ]]
		run -1 grep -q '^PASS ' out.txt
	}
	lies 'if .type == "verdict" then .verdict = "pass" else . end' 'the verdict is not what the checks come to'
	lies 'if .type == "verdict" then .verdict = "inconclusive" | .allowed = true else . end' 'the verdict is not what the checks come to'
	lies 'select(.type != "check" or .verdict != "fail")' 'the verdict counts 5 checks as fail, the input has 0'
	lies 'if .type == "check" then .verdict = "pass" elif .type == "verdict" then .verdict = "pass" else . end' 'the verdict counts 5 checks as fail, the input has 0'
	lies 'if .type == "verdict" then .failed = null else . end' 'verdict record: expected a whole number >= 0 as failed'
	lies 'if .type == "check" then .verdict = null else . end' 'check record: expected pass, fail, inconclusive or skip as verdict'
	lies 'if .tool == "kt-check" then .exit = 0 else . end' "the verdict is one of exit code 1, and kt-check's end record says 0"
	lies 'if .type == "check" and .verdict == "fail" then .verdict = "skip" elif .type == "verdict" then .verdict = "pass" | .skipped += .failed | .failed = 0 else . end' "the verdict is one of exit code 0, and kt-check's end record says 1"
	lies 'select(.type != "verdict")' 'not judged: no verdict in the input, as kt-check gives'
	lies 'if .type == "verdict" then ., . else . end' 'expected one verdict in the input, this is a second'
}

@test "the host's part, and what to do about an inconclusive run" {
	kt-check --no-defaults <"$DATA/two_steps.jsonl" >judged || true
	# told HOST: the records with these figures of the host, as kt-check gives them
	told() {
		jq -c --argjson host "$1" 'select(.type != "stats" or .host == null) | if .type == "verdict" then {type: "stats", cgroup: null, host: $host}, (.advice = "fewer vCPUs") else . end' \
			judged | recount >in.jsonl
		report in.jsonl
		echo "$stderr"
		[ "$status" -eq 2 ]
	}
	told '{"steal_pct": 12.34, "worst_pct": 46, "worst_cpu": 2, "load": [7.1, 6, 5], "engine": "tcg", "known": true}'
	[ "$(tail -n4 out.txt)" = 'host: steal 12.3% mean, 46.0% on vCPU 2; load 7.1; tcg
INCONCLUSIVE mixed_workloads [eevdf 1n2l2c1t] 24.6s
advice  fewer vCPUs
replay  kt test mixed_workloads' ]
	told '{"steal_pct": 0, "worst_pct": null, "worst_cpu": null, "load": null, "engine": null, "known": false}'
	grep -qx 'host: steal unknown' out.txt
}

@test "two runs in one stream are none" {
	kt-check <"$DATA/unfair.jsonl" >fail || true
	kt-check <"$DATA/pass.jsonl" >pass
	cat fail pass >in.jsonl
	report in.jsonl
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-report: line $(($(wc -l <fail) + 1)): test record: expected one test in the input, this is a second" ]
	run -1 grep -q '^PASS ' out.txt
	sed -i 5d fail
	report fail
	[ "$status" -eq 65 ]
	[[ "$stderr" == 'kt-report: the input has '*' records, its tools say that they wrote '* ]]
}

@test "a very long string is cut" {
	jq -c 'if .type == "console" then .text = "x" * 100000 else . end' "$DATA/panic.jsonl" | recount >in.jsonl
	report in.jsonl
	grep -q 'x \[95904 bytes more\]$' out.txt
	[ "$(wc -c <out.txt)" -lt 100000 ]
}

@test "usage mistakes" {
	usage "kt-report: --color: expected auto, always or never, not 'red'" --color=red
	usage "kt-report: unexpected argument 'run.jsonl' (records come on standard input)" run.jsonl
	usage "kt-report: unknown option '--html'" --html
}

@test "a terminal as input is a mistake" {
	run script -qec 'kt-report' /dev/null
	[ "$status" -eq 64 ]
	[[ "$output" == *"kt-report: standard input is a terminal, expected the records of a run"* ]]
}

@test "help and version" {
	run --separate-stderr kt-report --help
	[ "$status" -eq 0 ]
	[[ "$output" == "Usage: kt-report "* ]]
	run --separate-stderr kt-report -V
	[ "$status" -eq 0 ]
	[[ "$output" == "kt-report "* ]]
}

@test "a full disk is told" {
	kt-check <"$DATA/pass.jsonl" >in.jsonl
	run --separate-stderr sh -c 'kt-report <in.jsonl >/dev/full'
	[ "$status" -eq 74 ]
	[ "$stderr" = "kt-report: unable to write to standard output: No space left on device" ]
}

@test "ops, payloads and metrics" {
	jq -c 'if .type == "test" then .payloads = [{name: "load", metrics: [{name: "iops", polarity: "higher", unit: "1/s"}], checks: [{metric: "iops", min: 5}]}] | .payload = "load" |
			.steps[0].ops = [{op: "set_cpuset", cgroup: "a", cpus: "0"}, {op: "freeze", cgroup: "a"}] | .steps[0].every_ns = 1
		elif .type == "step" and .event == "end" and .index == 0 then .,
			{type: "op", step: 0, index: 0, op: "set_cpuset", cgroup: "a", cpus: "0", effective: "0", guest_ns: 1, duration_ns: 1500000, ok: true, error: null, count: 3},
			{type: "op", step: 0, index: 1, op: "freeze", cgroup: "a", guest_ns: 1, duration_ns: 1500000, ok: false, error: "no such thing"},
			{type: "payload", name: "load", step: null, cgroup: null, guest_ns: 1, exit: "exit 0", duration_ns: 2500000000, metrics: {other: 1, iops: 1234.5}, stderr: ""}
		elif .tid == 71 then .metrics = {p99_us: 17} else . end' "$KT_TOP/tests/data/pass.jsonl" | recount >in.jsonl
	kt-check <in.jsonl >judged.jsonl || true
	run kt-report <judged.jsonl
	[ "$status" -eq 1 ]
	[ "${lines[1]}" = 'step 0, op 1 (freeze a): no such thing' ]
	[ "$(sed -n '/^--- steps/,/^--- stats/p' <<<"$output")" = '--- steps ---
0.0s step 0 start
20.1s step 0 end
  set_cpuset a cpus=0 effective=0: 3 times, 1.5ms at most
  freeze a: failed: no such thing
20.7s step 1 start
20.7s step 1 end
--- stats ---' ]
	[ "$(sed -n '/^--- metrics/,/p99_us/p' <<<"$output")" = '--- metrics ---
payload load: exit 0 after 2.5s
  iops 1234.5 1/s (higher is better)
  other 1
background_spinner worker 0 (SpinWait)
  p99_us 17' ]
}

@test "a plan, and a list" {
	run kt-report --plan <"$KT_TOP/tests/data/pass.jsonl"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = mixed_workloads ]
	[ "${lines[-2]}" = '  cgroup phased_worker on cpus 2-3: 2 Sequence phases={ kind=spin ns=100ms },{ kind=yield ns=20ms }' ]
	echo '{"type":"end","tool":"kt-guest","exit":0,"records":0}' >none.jsonl
	run --separate-stderr kt-report --plan <none.jsonl
	[ "$status" -eq 65 ]
	[ "$stderr" = 'kt-report: nothing to report: no test in the input' ]
	run --separate-stderr kt-report --list <none.jsonl
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
}

@test "a record may have null where an object stands: the plan is told without it" {
	for cgroups in '[null]' '[{"groups":[null],"files":null}]' 'null'; do
		printf '%s\n' '{"type":"test","name":"x","steps":[null,{"cgroups":'"$cgroups"',"ops":[null]}],"cgroups":'"$cgroups"',"backdrop":{"cgroups":'"$cgroups"'},"payloads":[null],"assert":null}' \
			'{"type":"end","tool":"kt-guest","exit":0,"records":2}' >null.jsonl
		run --separate-stderr kt-report --plan <null.jsonl
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ $output == *'x'* ]]
	done
}

@test "times at the ends of their range: a report, and a trace" {
	for key in t_ns guest_ns duration_ns wall_time_ns max_gap_ns max_gap_at_ns setup_ns; do
		for most in 9223372036854775807 -9223372036854775808; do
			kt-check --no-defaults <"$DATA/pass.jsonl" |
				jq -c "if has(\"$key\") and .type != \"sample\" then .$key = $most else . end" >far.jsonl
			run --separate-stderr kt-report -v --perfetto=far.json <far.jsonl
			[ "$status" -le 2 ]
			[[ $stderr != *'runtime error'* ]]
			jq -e .traceEvents far.json >/dev/null
		done
	done
}
