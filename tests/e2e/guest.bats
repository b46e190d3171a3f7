#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-guest as PID 1: what its workers measure, how it tells of schedulers that fail, and
# that it always ends the guest. Plans are made by hand, so that they can be wrong.

load helpers

# plan JQ-EXPRESSION: a test record with these changes; one step without workers otherwise
plan() {
	jq -nc '{type: "test", name: "t", file: "/t.json", topology: "1n2l2c1t", memory_mib: 1024,
		duration_ns: 2e9, watchdog_ns: 5e9, scheduler: null, assert: {},
		steps: [{hold_ns: 0, cgroups: []}]}
		| def group($name; $cpus; $workers; $work):
			{name: $name, cpus: $cpus, workers: $workers, work: $work};
		def sched($binary; $args):
			{name: "s", binary: $binary, args: $args, sysctls: {}, kargs: []};
		'"$1"
	echo '{"type":"end","tool":"kt-guest","exit":0,"records":1}'
}

# guest JQ-EXPRESSION: runs that plan; records in run.jsonl
guest() {
	{
		plan "$1"
		kt-topo 2l2c1t
		kt-kernel find
	} | kt-initrd | kt-vm >run.jsonl
	has '.type == "vm_exit" and .cause == "poweroff"'
}

# has CONDITION: some record meets it
has() {
	jq -se "any(.[]; $1)" run.jsonl
}

guest_exit() {
	jq -r 'select(.type == "end" and .t_ns) | .exit' run.jsonl
}

log_of() {
	jq -r 'select(.type == "sched" and .event == "log") | .text' run.jsonl
}

@test "every work type works, and measures itself" {
	guest '.steps = [
		{hold_ns: 2e9, cgroups: [
			group("spin"; "0-1"; 2; {type: "SpinWait"}),
			group("yield"; null; 1; {type: "YieldHeavy"}),
			group("mixed"; "2"; 1; {type: "Mixed"})]},
		{hold_ns: 2e9, cgroups: [
			group("bursty"; "1,3"; 2; {type: "Bursty", burst_ns: 5e7, sleep_ns: 1e8}),
			group("pipe"; null; 2; {type: "PipeIo", burst_iters: 1024}),
			group("futex"; null; 4; {type: "FutexPingPong", spin_iters: 1024}),
			group("seq"; "2-3"; 1; {type: "Sequence", phases: [
				{kind: "spin", ns: 1e8}, {kind: "yield", ns: 2e7},
				{kind: "sleep", ns: 5e6}, {kind: "io", ns: 5e6}]})]},
		{hold_ns: 0, cgroups: []}]'
	[ "$(guest_exit)" -eq 0 ]
	"$KT_TOP/tests/tools/validate-records" <run.jsonl
	# in the order of the plan, each step's workers behind its end
	[ "$(jq -r 'select(.type == "step") | "\(.index)\(.event)"' run.jsonl | xargs)" = \
		"0start 0hold 0end 1start 1hold 1end 2start 2hold 2end" ]
	[ "$(jq -r 'select(.type == "worker") | "\(.step)\(.cgroup)\(.index)"' run.jsonl | xargs)" = \
		"0spin0 0spin1 0yield0 0mixed0 1bursty0 1bursty1 1pipe0 1pipe1 1futex0 1futex1 1futex2 1futex3 1seq0" ]
	jq -se '
		def list: if . == null then [range(4)] else
			[split(",")[] | split("-") | map(tonumber) | range(.[0]; (.[1] // .[0]) + 1)] end;
		map(select(.type == "worker")) | all(.[];
			.exit == "completed" and .work_units > 0 and .iterations > 0
			and .wall_time_ns >= 2e9 and .wall_time_ns < 5e9
			and .cpu_time_ns > 0 and .cpu_time_ns < .wall_time_ns * 1.02 + 2e7 and .off_cpu_ns == ([.wall_time_ns - .cpu_time_ns, 0] | max)
			and .max_gap_ns > 0 and .max_gap_at_ns <= .wall_time_ns
			and (.cpus_used | length > 0) and ((.cpus_used | list) - (.cpus_allowed | list) == [])
			and .schedstat.run_ns > 0 and .schedstat.timeslices > 0)' run.jsonl
	# latencies where a type waits, and nowhere else
	[ "$(jq -r 'select(.type == "worker" and .wake_latency == null) | .cgroup' run.jsonl | sort -u | xargs)" = "mixed spin yield" ]
	jq -se 'map(.wake_latency? // empty) | all(.[];
		.count > 0 and .p50_ns <= .p99_ns and .p99_ns <= .max_ns and .mean_ns <= .max_ns)' run.jsonl
	# partners take turns; the stop may end one in the middle of a round
	jq -se 'map(select(.type == "worker" and .cgroup == "futex") | .iterations)
		| (.[0] - .[1] | fabs) <= 2 and (.[2] - .[3] | fabs) <= 2' run.jsonl
}

@test "a sleep is off the CPU, and no gap" {
	guest '.steps = [{hold_ns: 5e9, cgroups: [
		group("a"; null; 1; {type: "Bursty", burst_ns: 1e7, sleep_ns: 2e9})]}]'
	jq -se 'map(select(.type == "worker"))[0]
		| .off_cpu_pct > 90 and .max_gap_ns < 1.5e9 and .wake_latency.count == 2' run.jsonl
	# and the step did not wait for the sleeper
	jq -se 'map(select(.type == "worker"))[0].wall_time_ns < 5.9e9' run.jsonl
}

@test "a scheduler that errors out in mid-run: its reason, and the workload is cut short" {
	guest '.scheduler = sched("'"$KT_BIN/scx_kt"'"; ["--error-after", "1"]) | .steps = [
		{hold_ns: 2e10, cgroups: [group("a"; null; 2; {type: "SpinWait"})]},
		{hold_ns: 2e10, cgroups: [group("b"; null; 2; {type: "SpinWait"})]}]'
	[ "$(guest_exit)" -eq 0 ]
	[ "$(jq -r 'select(.type == "sched" and .event != "log") | .event' run.jsonl | xargs)" = "start attach exit" ]
	jq -se 'map(select(.type == "sched" and .event == "exit"))[0]
		| (.reason | startswith("EXIT: scx_bpf_error")) and .exit == "exit 1"' run.jsonl
	[ "$(jq -r 'select(.type == "worker") | .cgroup + .exit' run.jsonl | xargs)" = "acompleted acompleted" ]
	jq -se 'map(select(.type == "step") | .guest_ns) | .[1] - .[0] < 5e9' run.jsonl
}

@test "a scheduler that the verifier refuses: failed, its log, no workload" {
	guest '.scheduler = sched("'"$KT_BIN/scx_kt"'"; ["--fail-verify"]) | .steps = [
		{hold_ns: 2e9, cgroups: [group("a"; null; 2; {type: "SpinWait"})]}]'
	[ "$(guest_exit)" -eq 0 ]
	[ "$(jq -r 'select(.type == "sched" and .event != "log") | .event' run.jsonl | xargs)" = "start failed" ]
	has '.event == "failed" and (.reason | startswith("ended with exit 2 before it attached: scx_kt: "))'
	log_of | grep -q 'invalid mem access'
	run -1 has '.type == "step" or .type == "worker"'
}

@test "a worker that starves to the end: killed, told as it is, and the rest is left out" {
	guest '.watchdog_ns = 3e10 | .duration_ns = 1e10
		| .scheduler = sched("'"$KT_BIN/scx_kt"'"; ["--starve", "a"]) | .steps = [
		{hold_ns: 2e9, cgroups: [group("a"; null; 2; {type: "SpinWait"})]},
		{hold_ns: 2e9, cgroups: [group("b"; null; 2; {type: "SpinWait"})]}]'
	[ "$(guest_exit)" -eq 71 ]
	jq -se 'map(select(.type == "worker" and .exit == "killed")) | length == 1 and (.[0]
		| .work_units == 0 and .cpu_time_ns == 0 and .off_cpu_pct == 100
		and .max_gap_ns == .wall_time_ns and .max_gap_cpu == -1 and .cpus_used == "")' run.jsonl
	[ "$(jq -r 'select(.type == "worker" and .exit == "completed") | .cgroup' run.jsonl)" = a ]
	[[ "$(jq -r 'select(.type == "guest" and .event == "error") | .text' run.jsonl)" =~ ^"workers of step 0 would not die before their scheduler was stopped; the steps after it are left out: 1 worker of a (SpinWait), first "[01]": state R (runnable) in /kt/a"$ ]]
}

@test "a program that is no scheduler: failed, and its log is kept within bounds" {
	guest '.scheduler = sched("/usr/bin/seq"; ["1", "5000"])'
	[ "$(jq -r 'select(.event == "failed") | .reason' run.jsonl)" = "ended with exit 0 before it attached: 5000" ]
	[ "$(log_of | wc -l)" -eq 4097 ]
	[ "$(log_of | tail -1)" = "(further lines of the scheduler are not kept)" ]
	[ "$(log_of | sed -n 4096p)" = 4096 ]
}

@test "a log line without end is cut, and need not be text" {
	guest '.scheduler = sched("/usr/bin/printf"; ["\\377%09000d", "1"])'
	jq -se 'map(select(.event == "log" and .type == "sched").text) | length == 1 and (.[0]
		| length == 4096 and startswith("\ufffd000"))' run.jsonl
}

@test "a scheduler that attaches nothing: failed after the wait" {
	guest '.duration_ns = 3e10 | .scheduler = sched("/usr/bin/sleep"; ["1000"])'
	# it has computed next to nothing, and what it has comes on top
	[[ "$(jq -r 'select(.event == "failed") | .reason' run.jsonl)" =~ ^"not attached after 3"[0-3]" s"$ ]]
}

@test "a sysctl that the kernel does not have: an error of the guest, or the scheduler's that wants it" {
	guest '.sysctls = {"kernel.no_such": "1"}'
	[ "$(guest_exit)" -eq 71 ]
	[ "$(jq -r 'select(.type == "guest" and .event == "error") | .text' run.jsonl)" = \
		"sysctl kernel.no_such = 1: No such file or directory" ]
	guest '.scheduler = sched("/usr/bin/true"; []) | .scheduler.sysctls = {"kernel.no_such": "1"}'
	[ "$(guest_exit)" -eq 0 ]
	[ "$(jq -r 'select(.event == "failed") | .reason' run.jsonl)" = \
		"sysctl kernel.no_such = 1: No such file or directory" ]
	run -1 has '.type == "step"'
}

@test "plans that plan never writes: an error of the guest, not a hang" {
	guest '.steps[0].cgroups = [group("a"; null; 1; {type: "Nothing"})]'
	[ "$(jq -r 'select(.event == "error") | .text' run.jsonl)" = "step 0: unknown work type 'Nothing'" ]
	guest '.steps[0].cgroups = [group("a"; null; 3; {type: "PipeIo", burst_iters: 1})]'
	[ "$(jq -r 'select(.event == "error") | .text' run.jsonl)" = \
		"step 0: PipeIo works in groups of 2, and 3 workers make none" ]
	guest '.steps[0].cgroups = [group("a"; "77"; 1; {type: "SpinWait"})]'
	has '.event == "error" and (.text | startswith("step 0: unable to write \u002777\u0027 to "))'
}
