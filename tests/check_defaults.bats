#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The checks of kt-check that are always on, over a run of four workers on four CPUs whose samples
# are made here: for each check what fails it, what the host explains, and what passes.

load helpers
load check

# stream [FILTER [RECORDS]]: as in.jsonl the run, with a sample each 100 ms from 8.2 s to 11.4 s of
# its one step. FILTER changes each sample, whose number is $n; RECORDS the other records.
stream() {
	jq -cn "
		def four(f): [range(4) | f];
		def sample(\$n): {type: \"sample\", t_ns: (8200000000 + \$n * 100000000), cpu: {
			nr_running: four(1), clock_ns: four(7000000000 + \$n * 100000000),
			curr_pid: [63, 64, 65, 66], curr_comm: four(\"kt-w\"), curr_class: four(\"ext\"),
			curr_outside: four(0), online: four(1), idle_total_ns: four(1000000000),
			idle_for_ns: four(0), vcpu_ns: four(5000000000 + \$n * 100000000), steal_ns: four(0)},
			waiting: {pid: [], tgid: [], comm: [], kthread: [], cgroup: [], cpu: [], cpus: [],
				class: [], weight: [], dsq: [], wait_ns: []},
			scx: {state: \"enabled\", ops: \"kt\", bypass: false}, steal: [], dsqs: [], cost_ns: 50000};
		def idle(\$cpu; \$ns): .cpu.idle_for_ns[\$cpu] = \$ns | .cpu.idle_total_ns[\$cpu] += \$ns |
			.cpu.nr_running[\$cpu] = 0 | .cpu.curr_class[\$cpu] = \"idle\";
		def waits(\$pid; \$cpu; \$cpus; \$ns; \$class): .cpu.nr_running[\$cpu] += 1 |
			.waiting.pid += [\$pid] | .waiting.tgid += [\$pid] | .waiting.comm += [\"kt-w\"] |
			.waiting.kthread += [0] | .waiting.cgroup += [\"background_spinner\"] |
			.waiting.cpu += [\$cpu] | .waiting.cpus += [\$cpus] | .waiting.class += [\$class] |
			.waiting.weight += [1024] | .waiting.dsq += [if \$class == \"ext\" then 1 else null end] |
			.waiting.wait_ns += [\$ns];
		def withheld(\$cpu; \$from): if \$n > \$from then
			.cpu.vcpu_ns[\$cpu] -= (\$n - \$from) * 100000000 |
			.cpu.steal_ns[\$cpu] += (\$n - \$from) * 100000000 else . end;
		inputs | ${2:-.} |
		(if .type == \"step\" and .event == \"end\" and .index == 0 then
			range(33) as \$n | sample(\$n) | ${1:-.} else empty end), ." \
		"$DATA/defaults/base.jsonl" >in.jsonl
}

# judged CODE VERDICT DETAIL [OPTION...]: the exit code, and what the check in $check says
judged() {
	local code=$1 says="$2 $3"
	shift 3
	judge in.jsonl "$@"
	echo "$stderr"
	jq -r --arg name "$check" 'select(.type == "check" and .name == $name) | .verdict + " " + .detail' \
		out.jsonl | tee check.txt
	[ "$status" -eq "$code" ]
	[ "$(cat check.txt)" = "$says" ]
}

@test "the run as it is passes every check" {
	stream
	judge in.jsonl
	verdict_is 0 pass
	[ -z "$(found inconclusive)" ]
	[ "$(found skip)" = 'observer: no record tells what kt itself used' ]
}

@test "work_conservation: a CPU that idles while a task waits that may run there" {
	check=work_conservation
	stream 'idle(3; ($n + 1) * 100000000) | waits(71; 2; "2-3"; 20000000; "ext")'
	judged 1 fail ''
}
