#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The checks of kt-check that are always on, over a run of four workers on four CPUs whose samples
# are made here: for each check what fails it, what the host explains, and what passes.

load helpers
load check

# The checks that are on by default are what this file is about.
export DEFAULTS=

# stream [FILTER [RECORDS]]: as in.jsonl the run, with a sample each 100 ms from 8.2 s to 11.4 s of
# its one step, whose workers begin at 8.3 s. FILTER changes each sample, whose number is $n;
# RECORDS the other records.
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
			scx: {state: \"enabled\", ops: \"kt\", bypass: false}, steal: [], dsqs: [],
			progs: [{id: 7, name: \"kt_enqueue\", op: \"enqueue\", cnt: (10 * (\$n + 1)), ns: (90000 * (\$n + 1))}],
			cost_ns: 50000};
		def idle(\$cpu; \$ns): .cpu.idle_for_ns[\$cpu] = \$ns | .cpu.idle_total_ns[\$cpu] += \$ns |
			.cpu.nr_running[\$cpu] = 0 | .cpu.curr_class[\$cpu] = \"idle\";
		def waits(\$pid; \$cpu; \$cpus; \$ns; \$class): .cpu.nr_running[\$cpu] += 1 |
			.waiting.pid += [\$pid] | .waiting.tgid += [\$pid] | .waiting.comm += [\"kt-w\"] |
			.waiting.kthread += [0] | .waiting.cgroup += [\"background_spinner\"] |
			.waiting.cpu += [\$cpu] | .waiting.cpus += [\$cpus] | .waiting.class += [\$class] |
			.waiting.weight += [1024] | .waiting.dsq += [if \$class == \"ext\" then 1 else null end] |
			.waiting.wait_ns += [\$ns];
		def withheld(\$n; \$cpu; \$from): if \$n > \$from then
			.cpu.vcpu_ns[\$cpu] -= (\$n - \$from) * 100000000 |
			.cpu.steal_ns[\$cpu] += (\$n - \$from) * 100000000 else . end;
		inputs | ${2:-.} |
		(if .type != \"step\" or .index != 0 then empty
			elif .event == \"hold\" then range(2) as \$n | sample(\$n) | ${1:-.}
			elif .event == \"end\" then range(2; 33) as \$n | sample(\$n) | ${1:-.}
			else empty end), ." "$DATA/defaults/base.jsonl" | recount >in.jsonl
}

# judged CODE VERDICT DETAIL [OPTION...]: the exit code, and what the check in $check says; of
# affinity, what samples tell, for there is one of each cgroup by its workers, too
judged() {
	local code=$1 says=$2${3:+ $3}
	shift 3
	judge in.jsonl "$@"
	echo "$stderr"
	jq -r --arg name "$check" 'select(.type == "check" and .name == $name and
		(.name != "affinity" or .cgroup == null)) | .verdict + " " + .detail' \
		out.jsonl | tee check.txt
	[ "$status" -eq "$code" ]
	[ "$(cat check.txt)" = "$says" ]
}

@test "the run as it is passes every check" {
	stream
	judge in.jsonl
	verdict_is 0 pass
	[ "$(jq -r 'select(.type == "check" and .verdict != "pass") | .detail' out.jsonl)" = 'there is no kernel log
no record tells what kt itself used' ]
}

@test "work_conservation: a CPU that idles while a task waits that may run there" {
	check=work_conservation
	# the same task, all along
	stream 'idle(3; ($n + 1) * 100000000) | waits(71; 2; "2-3"; ($n + 1) * 100000000; "ext")'
	judged 1 fail 'CPU 3 idle for 3s on end in step 0, and in each of 31 samples a task that may run there waited (worst: task 71 "kt-w" in DSQ 1, 3.07s)' --no-wait
	# a queue that goes round: each waits for 20 ms only
	stream 'idle(3; ($n + 1) * 100000000) | waits(71 + $n; 2; "2-3"; 20000000; "ext")'
	judged 1 fail 'CPU 3 idle for 3s on end in step 0, and in each of 31 samples a task that may run there waited (worst: task 73 "kt-w" in DSQ 1, 20ms)'
	# once, for 300 ms
	stream 'if $n == 9 then idle(3; 300000000) | waits(71; 2; "2-3"; 400000000; "ext") else . end'
	judged 1 fail 'CPU 3 idle 300ms on end in step 0 while a task that may run there waited (worst: task 71 "kt-w" in DSQ 1, 400ms)'
	# now here, now there, and often: 12 ms each time are no tenth of a CPU
	stream 'if $n % 2 == 0 then idle($n / 2 % 4; 12000000) | waits(71; 2; "0-3"; 12000000; "ext") else . end'
	judged 1 fail 'in 16 of 31 samples in step 0 a CPU was idle while tasks that may run there waited, CPU 0 most often (worst: task 71 "kt-w" in DSQ 1, 12ms)'
	judged 0 '' '' --no-work-conservation
}

@test "work_conservation: masks, class, quota, offline CPUs and short waits are no violation" {
	check=work_conservation
	local idle='idle(3; ($n + 1) * 100000000)' wait='1000000000; "ext")'
	local fine='no CPU idled for long beside a task that may run there (0ns in all, 31 samples)'
	stream "$idle | waits(71; 2; \"0-2\"; $wait"
	judged 0 pass "$fine" --no-wait
	stream "$idle | waits(71; 2; \"2-3\"; 1000000000; \"rt\")"
	judged 0 pass "$fine"
	stream "$idle | waits(71; 2; \"2-3\"; $wait | .cpu.online[3] = 0"
	judged 0 pass "$fine" --no-wait
	stream "$idle | waits(71; 2; \"2-3\"; $wait" \
		'if .type == "test" then .steps[0].cgroups[0].files = {"cpu.max": "50000 100000"} else . end'
	judged 0 pass "$fine" --no-wait
	stream 'if $n % 9 == 0 then idle(3; 30000000) | waits(71; 2; "2-3"; 20000000; "ext") else . end'
	judged 0 pass 'no CPU idled for long beside a task that may run there (59.9ms in all, 31 samples)'
}

@test "work_conservation: what the host did, and what nobody promised" {
	check=work_conservation
	stream 'if $n == 9 then idle(3; 300000000) | waits(71; 2; "2-3"; 400000000; "ext") else . end |
		if $n > 6 then .cpu.steal_ns[3] += (([$n, 9] | min) - 6) * 100000000 | .cpu.vcpu_ns[3] -= (([$n, 9] | min) - 6) * 100000000 else . end'
	judged 2 inconclusive 'CPU 3 idle 300ms on end in step 0 while a task that may run there waited (worst: task 71 "kt-w" in DSQ 1, 400ms); vCPU 3 was not run for 300ms of the 300ms from 0.6s on'
	[[ $(jq -r 'select(.type == "verdict") | .advice' out.jsonl) == "the host kept the guest from running: "*"(4 on a host of 2 now)"* ]]
	stream 'idle(3; ($n + 1) * 100000000) | waits(71; 2; "2-3"; 20000000; "ext")' \
		'if .type == "test" then .scheduler.promises = {"work_conserving": false} else . end'
	judged 0 skip 'the scheduler does not promise to keep CPUs busy'
	stream 'del(.waiting)'
	judged 0 skip 'no sample tells which tasks wait and which CPUs idle'
}

@test "wait: longer than rounds, weights and slices explain" {
	check="wait"
	stream 'if $n >= 9 and $n < 15 then waits(71; 2; "2-3"; ($n - 8) * 100000000; "ext") else . end'
	judged 1 fail 'task 71 "kt-w" in DSQ 1, 600ms had waited for CPU 2 at 1.4s, more than 400ms, which is 5 rounds of 2 tasks with slices of 20ms'
	judged 0 '' '' --no-wait
	# a light task may wait for longer, beside one that is heavy
	stream 'if $n >= 9 and $n < 15 then waits(71; 2; "2-3"; ($n - 8) * 100000000; "ext") | .waiting.weight = [512] else . end' \
		'if .type == "test" then .steps[0].cgroups[0].groups[0].nice = -3 else . end'
	judged 0 pass 'the longest wait for a CPU in 31 samples: task 71 "kt-w" in DSQ 1, 600ms'
	# and one whose quota is used up
	stream 'if $n >= 9 and $n < 15 then waits(71; 2; "2-3"; ($n - 8) * 100000000; "ext") else . end' \
		'if .type == "test" then .steps[0].cgroups[0].files = {"cpu.max": "10000 100000"} else . end'
	judged 0 pass 'the longest wait for a CPU in 31 samples: task 71 "kt-w" in DSQ 1, 600ms'
}

@test "wait: what the host did, and what a higher class did" {
	check="wait"
	stream 'if $n >= 9 and $n < 15 then waits(71; 2; "2-3"; ($n - 8) * 100000000; "ext") else . end |
		.steal = (if $n == 14 then [[2, (.t_ns - 550000000), .t_ns, 500000000]] else [] end) |
		.cpu.vcpu_ns[2] -= ([([$n, 14] | min) - 9, 0] | max) * 100000000'
	judged 2 inconclusive 'task 71 "kt-w" in DSQ 1, 600ms had waited for CPU 2 at 1.4s, more than 400ms, which is 5 rounds of 2 tasks with slices of 20ms; vCPU 2 was not run for 500ms of the 600ms from 0.8s on'
	stream 'if $n >= 9 and $n < 15 then waits(71; 2; "2-3"; ($n - 8) * 100000000; "ext") |
		.cpu.curr_class[2] = "rt" | .cpu.curr_comm[2] = "hog" else . end'
	judged 0 pass 'no task of its own class kept another waiting: task 71 "kt-w" in DSQ 1, 600ms waited, while its CPU ran tasks of a higher class for 600ms (rt "hog")'
}

@test "wait: beside an idle CPU, that nobody promised to use" {
	check="wait"
	local idle='if $n >= 9 and $n < 15 then waits(71; 2; "2-3"; ($n - 8) * 100000000; "ext") | .cpu.curr_class[3] = "idle" else . end'
	stream "$idle"
	judged 1 fail 'task 71 "kt-w" in DSQ 1, 600ms had waited for CPU 2 at 1.4s, more than 400ms, which is 5 rounds of 2 tasks with slices of 20ms'
	stream "$idle" 'if .type == "test" then .scheduler.promises = {"work_conserving": false} else . end'
	judged 0 pass 'task 71 "kt-w" in DSQ 1, 600ms waited beside an idle CPU, which the scheduler does not promise to use'
	# a CPU that its mask does not have is none of its business
	stream "${idle/2-3/0-2}" 'if .type == "test" then .scheduler.promises = {"work_conserving": false} else . end'
	judged 1 fail 'task 71 "kt-w" in DSQ 1, 600ms had waited for CPU 2 at 1.4s, more than 400ms, which is 5 rounds of 2 tasks with slices of 20ms'
}

@test "timeslice: workers that only compute are not switched all the time" {
	check=timeslice
	local spin='if .type == "test" then (.steps[0].cgroups[].groups[].work) = {type: "SpinWait"} else . end |
		if .type == "worker" then .schedstat.timeslices = N else . end'
	stream . "${spin//N/30}"
	judged 0 pass 'workers that only compute ran for 100ms at a time in step 0'
	stream . "${spin//N/9000}"
	judged 1 fail 'workers that only compute were switched after 333us on average in step 0, where 500us is the least that is sound'
	judged 0 '' '' --no-timeslice
	# a turn ends, too, when a quota is used up
	stream . "${spin//N/9000}"' | if .type == "test" then .steps[0].cgroups[1].files = {"cpu.max": "1000 100000"} else . end'
	judged 0 '' '' --no-quota --no-share
	# where some yield or sleep there is a reason for short turns
	stream . 'if .type == "worker" then .schedstat.timeslices = 9000 else . end'
	judged 0 '' ''
}

@test "migration: workers that could have a CPU each stay there" {
	check=migration
	local free='if .type == "test" then (.steps[0].cgroups[].groups[].work) = {type: "SpinWait"} | (.steps[0].cgroups[].cpus) = null else . end |
		if .type == "worker" then .cpus_allowed = null | .migrations = N else . end'
	stream . "${free//N/2}"
	judged 0 pass 'workers that could have a CPU each moved 0.6 times a second in step 0' --no-isolation
	stream . "${free//N/100}"
	judged 1 fail 'workers that could have a CPU each moved 31.4 times a second in step 0, more than 10' --no-isolation
	judged 0 '' '' --no-isolation --no-migration
	# five on four CPUs have to move
	stream . "${free//N/100}"' | if .type == "test" then .steps[0].cgroups[0] |= (.workers = 3 | .groups[0].workers = 3) else . end |
		if .type == "worker" and .tid == 63 then ., (.tid = 80 | .index = 2) else . end'
	judged 0 '' '' --no-isolation
	# and so does who may use one CPU only, now this one and now that
	stream . 'if .type == "worker" then .migrations = 100 else . end'
	judged 0 '' ''
}

@test "yield: who wakes up beside workers that yield need not wait for a slice" {
	check=yield
	local lat='{count: COUNT, p50_ns: 9000000, p99_ns: P99, max_ns: P99, mean_ns: 9000000, cv: 0.2, worst: [range(64) | {ns: P99, at_ns: (1000000000 + . * 20000000), cpu: 2}]}'
	local beside='if .type == "test" then .steps[0].cgroups[0].groups[0].work = {type: "YieldHeavy"} | .steps[0].cgroups[1].groups[0].work = {type: "Bursty"} |
		(.steps[0].cgroups[].cpus) = null else . end | if .type == "worker" then .cpus_allowed = null else . end |
		if .type == "worker" and .cgroup == "phased_worker" then .cpu_time_ns = 200000000 | .wake_latency = LAT else . end'
	late() {
		local l=${lat//COUNT/$1}
		l=${l//P99/$2}
		echo "${beside//LAT/$l}"
	}
	stream . "$(late 200 2000000)"
	judged 0 pass 'who woke up beside workers that yield ran after 2ms (the worst p99) in step 0' --no-isolation
	stream . "$(late 200 18000000)"
	judged 1 fail 'phased_worker: worker 65 had to wait 18ms after wake-ups (p99 of 200), more than 10ms, though all that ran beside it yield all the time
fail phased_worker: worker 66 had to wait 18ms after wake-ups (p99 of 200), more than 10ms, though all that ran beside it yield all the time' --no-isolation
	judged 0 '' '' --no-yield --no-isolation
	# the host may explain all of them
	stream 'withheld($n; 2; 5)' "$(late 200 18000000)"
	judged 2 inconclusive "phased_worker: worker 65 had to wait 18ms after wake-ups (p99 of 200), more than 10ms, though all that ran beside it yield all the time; vCPU 2 was not run for 28ms of the 28ms from 1.1s on
inconclusive phased_worker: worker 66 had to wait 18ms after wake-ups (p99 of 200), more than 10ms, though all that ran beside it yield all the time; vCPU 2 was not run for 28ms of the 28ms from 1.1s on" --no-isolation
	stream . "$(late 200 18000000)"' | if .type == "test" then .scheduler.promises = {"yield": false} else . end'
	judged 0 skip 'the scheduler does not promise to heed yields' --no-isolation
	# few wake-ups have no p99
	stream . "$(late 50 18000000)"
	judged 0 '' '' --no-isolation
	# who has much may have to wait for it; so may who is light, limited, or has other CPUs
	stream . "$(late 200 18000000)"' | if .type == "worker" then .cpu_time_ns = 2500000000 else . end'
	judged 0 '' '' --no-isolation --no-share
	stream . "$(late 200 18000000)"' | if .type == "test" then .steps[0].cgroups[1].groups[0].nice = 3 else . end'
	judged 0 '' '' --no-isolation --no-share
	stream . "$(late 200 18000000)"' | if .type == "test" then .steps[0].cgroups[1].files = {"cpu.weight": "20"} else . end'
	judged 0 '' '' --no-isolation --no-share
	stream . "$(late 200 18000000)"' | if .type == "test" then .steps[0].cgroups[1].files = {"cpu.max": "10000 100000"} else . end'
	judged 0 '' '' --no-isolation --no-share --no-quota
	stream . "$(late 200 18000000)"' | if .type == "worker" and .cgroup == "phased_worker" then .cpus_allowed = "2-3" else . end'
	judged 0 '' '' --no-isolation --no-share
}

@test "callbacks: none of them takes long on average" {
	check=callbacks
	local progs='.progs = [{id: 7, name: "kt_enqueue", op: "enqueue", cnt: (10 * ($n + 1)), ns: (NS * ($n + 1))},
		{id: 8, name: "kt_init", op: "init", cnt: 1, ns: 900000000}, {id: 9, name: "other", cnt: 50, ns: 900000000}]'
	stream "${progs//NS/400000}"
	judged 0 pass "enqueue, the slowest of the scheduler's callbacks, took 40us on average (330 calls)"
	stream "${progs//NS/30000000}"
	judged 1 fail "the scheduler's enqueue took 3ms on average (330 calls), more than 1ms"
	judged 0 '' '' --no-callbacks
	stream "withheld(\$n; 1; 20) | ${progs//NS/30000000}"
	judged 2 inconclusive "the scheduler's enqueue took 3ms on average (330 calls), more than 1ms; vCPU 1 was not run for 1200ms of the 3200ms from 0.0s on"
	# of each callback the host has its part, also of those that a sample tells last
	stream "withheld(\$n; 1; 20) | .progs = [{id: 6, name: \"kt_running\", op: \"running\", cnt: 100, ns: 1000}] + (${progs//NS/30000000} | .progs)"
	judged 2 inconclusive "the scheduler's enqueue took 3ms on average (330 calls), more than 1ms; vCPU 1 was not run for 1200ms of the 3200ms from 0.0s on"
	# little in all is no burden
	stream "${progs//NS/12000000}"
	judged 0 pass "enqueue, the slowest of the scheduler's callbacks, took 1.2ms on average (330 calls)"
	stream 'del(.progs)'
	judged 0 skip "no sample tells what the scheduler's callbacks cost"
}

@test "affinity: a task that runs where its mask forbids it, three times in a row" {
	check=affinity
	stream 'if $n >= 9 and $n <= 11 then .cpu.curr_outside[1] = 1 else . end'
	judged 1 fail 'task 64 "kt-w" ran on CPU 1, which its mask does not have, in 3 samples in a row, the last at 1.1s'
	judged 0 '' '' --no-affinity
	stream 'if $n == 9 or $n == 10 or $n == 12 then .cpu.curr_outside[1] = 1 else . end'
	judged 0 pass 'no task ran outside its mask in three of 31 samples in a row'
	# each look may find a worker that changes its mask all the time on its way
	stream 'if $n >= 9 and $n <= 11 then .cpu.curr_outside[1] = 1 else . end' \
		'if .type == "worker" and .cgroup == "background_spinner" then .work = "AffinityChurn" else . end'
	judged 0 pass 'no task ran outside its mask in three of 31 samples in a row'
	# the host ran nobody who could have moved it
	stream 'if $n >= 9 and $n <= 11 then .cpu.curr_outside[1] = 1 else . end |
		if $n >= 10 then .cpu.steal_ns[0] += 95000000 | .cpu.vcpu_ns[0] -= 95000000 else . end'
	judged 0 pass 'no task ran outside its mask in three of 31 samples in a row'
}

@test "scheduler: away, in bypass, or another in its place" {
	check=scheduler
	stream 'if $n >= 5 and $n < 20 then .scx = {state: "disabled", ops: "", bypass: false} else . end'
	judged 1 fail "scheduler scx_kt was away, and the kernel's own scheduler in its place, for 1.5s from 0.5s on"
	judged 0 pass 'scheduler scx_kt attached and ran until it was stopped' --no-scheduler
	stream 'if $n >= 5 and $n < 20 then .scx.bypass = true else . end'
	judged 1 fail 'scheduler scx_kt was bypassed by the kernel for 1.5s from 0.5s on'
	stream 'if $n >= 5 then .scx.ops = "simple" else . end'
	judged 1 fail 'scheduler scx_kt had another in its place for 2.7s from 0.5s on (simple)'
	stream 'if $n >= 5 and $n < 10 then .scx.state = "disabled" else . end'
	judged 0 pass 'scheduler scx_kt attached and ran until it was stopped'
	# it starts over when a CPU goes: the guest tells for how long
	stream . 'if .type == "sched" and .event == "stop" then ., (.event = "restart" | .duration_ns = 4300000000) else . end'
	judged 1 fail "scheduler scx_kt was away, and the kernel's own scheduler in its place, for 4.3s from -0.5s on"
	# the plan did it
	stream 'if $n >= 5 and $n < 20 then .scx.state = "disabled" else . end' \
		'if .type == "test" then .steps[1].ops += [{"op": "restart_scheduler"}] elif .type == "op" then ., (.index = 1 | .op = "restart_scheduler") else . end'
	judged 0 pass 'scheduler scx_kt attached and ran until it was stopped'
	# the host held all that could bring it back
	stream 'if $n >= 5 and $n < 20 then .scx.state = "disabled" else . end | withheld($n; 1; 6)'
	judged 2 inconclusive "scheduler scx_kt was away, and the kernel's own scheduler in its place, for 1.5s from 0.5s on; vCPU 1 was not run for 1400ms of the 1500ms from 0.5s on"
}

@test "scheduler: a time limit that passed while the host kept a vCPU away is no proof" {
	check=scheduler
	# ended FROM EVENT REASON: 3.4 s into its samples, and vCPU 1 did not run from so many tenths on
	ended() {
		stream "withheld(\$n; 1; $1)" "if .type == \"sched\" and .event == \"stop\" then
			.event = \"$2\" | .reason = \"$3\" | .guest_ns = 10171000000 else . end"
	}
	ended 15 exit 'EXIT: runnable task stall (a[63] failed to run for 2.500s)'
	judged 1 fail 'scheduler scx_kt died 3.2s into the workload, between or after its steps: EXIT: runnable task stall (a[63] failed to run for 2.500s)'
	ended 8 exit 'EXIT: runnable task stall (a[63] failed to run for 2.500s)'
	judged 2 inconclusive 'scheduler scx_kt died 3.2s into the workload, between or after its steps: EXIT: runnable task stall (a[63] failed to run for 2.500s); vCPU 1 was not run for 2400ms of the 2500ms from 0.7s on'
	ended 8 failed 'not attached after 2 s'
	judged 2 inconclusive 'scheduler scx_kt did not attach: not attached after 2 s; vCPU 1 was not run for 2000ms of the 2000ms from 1.2s on'
	# what names no time is not excused
	ended 8 exit 'EXIT: scx_bpf_error (no)'
	judged 1 fail 'scheduler scx_kt died 3.2s into the workload, between or after its steps: EXIT: scx_bpf_error (no)'
}

@test "progress: who had no turn because of a quota tells nothing of the scheduler" {
	check=progress
	local none='if .type == "worker" and .tid == 63 then .work_units = 0 | .iterations = 0 else . end'
	stream . "$none"
	judged 1 'fail background_spinner: worker 63 made no progress (0 work units)
pass phased_worker: all workers made progress' '' --not-stuck
	stream . "$none"' | if .type == "test" then .steps[0].cgroups[0].files = {"cpu.max": "1000 100000"} else . end'
	judged 2 'inconclusive background_spinner: worker 63 made no progress (0 work units), where a quota leaves less than two turns to each
pass phased_worker: all workers made progress' '' --not-stuck --no-quota
}

# log TEXT: the run with these lines on its console, as its samples end
log() {
	stream
	jq -c "if .type == \"sample\" and .t_ns == 11400000000 then ., ($1 | {type: \"console\", t_ns: 11400000000, text: .}) else . end" \
		in.jsonl | recount >log.jsonl
	mv log.jsonl in.jsonl
}

@test "kernel_log: what a kernel says only when something is broken" {
	check=kernel_log
	log '"[    1.000000] all is well"'
	judged 0 pass 'the kernel complains of nothing'
	log '"[    1.000000] WARNING: CPU: 1 PID: 57 at kernel/sched/ext.c:123 f+0x1/0x2", "[    1.000001] Modules linked in:", "[    1.1] BUG: scheduling while atomic: a/1/0x2"'
	judged 1 fail 'the kernel complains: WARNING: CPU: 1 PID: 57 at kernel/sched/ext.c:123 f+0x1/0x2 | Modules linked in:, and 1 complaints more'
	judged 0 '' '' --no-kernel-log
	log '"[    1.000000] Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on"'
	judged 0 pass 'the kernel complains of nothing but what is allowed (1: it tells of a setting that is of no account in a guest of a test)'
	log '"[    1.000000] WARNING: CPU: 1 at f+0x1"'
	jq -c 'if .type == "test" then .assert.kernel_log_allow = [{text: "f+0x", reason: "the test asks for it"}] else . end' in.jsonl >a.jsonl
	mv a.jsonl in.jsonl
	judged 0 pass 'the kernel complains of nothing but what is allowed (1: the test asks for it)'
}

@test "kernel_log: a CPU that the host did not run looks locked up" {
	check=kernel_log
	log '"[   30.000000] watchdog: BUG: soft lockup - CPU#2 stuck for 22s! [kt-w:63]"'
	judged 1 fail 'the kernel complains: watchdog: BUG: soft lockup - CPU#2 stuck for 22s! [kt-w:63]'
	jq -c 'if .type == "sample" then .t_ns as $t | .cpu.vcpu_ns[2] = 5000000000 | .cpu.steal_ns[2] = $t - 8200000000 else . end' in.jsonl >a.jsonl
	mv a.jsonl in.jsonl
	judged 2 inconclusive 'the kernel complains: watchdog: BUG: soft lockup - CPU#2 stuck for 22s! [kt-w:63]; vCPU 2 was not run for 3200ms of the 3200ms from 0.0s on'
}

@test "topology: the guest has what was asked for" {
	check=topology
	stream
	judged 0 pass 'the guest has the 4 CPUs and 1 nodes that were asked for'
	stream . 'if .event == "topology" then .cpus |= .[:3] else . end'
	judged 1 fail 'the guest has 3 CPUs, asked for were 4'
	stream . 'if .event == "topology" then .cpus[1].llc_cpus = "0-3" else . end'
	judged 1 fail 'CPU 1 of the guest shares its LLC with CPUs 0-3, asked for were 0-1'
	stream . 'if .event == "topology" then .cpus[2].node = 1 else . end'
	judged 1 fail 'CPU 2 of the guest is on node 1, asked for was 0'
	judged 0 '' '' --no-topology
	stream . 'select(.event != "topology")'
	judged 0 skip 'no record tells what the guest has'
}

@test "records: nothing of them is lost" {
	check=records
	stream
	judged 0 pass 'no record was lost'
	stream . 'if .type == "vm_exit" then .record_lost = 512 else . end'
	judged 1 fail "512 bytes of the guest's records were lost"
	judged 0 '' '' --no-records
}

@test "observer: kt itself must not compete" {
	check=observer
	local record='{type: "observer", step: 0, guest_ns: 10293704381, wall_ns: 3000000000, cpus: [{cpu: 0, ns: 1000000}, {cpu: 1, ns: NS}]}'
	record="if .type == \"step\" and .event == \"end\" and .index == 0 then $record, . else . end"
	stream . "${record/NS/90000000}"
	judged 2 inconclusive 'kt itself used 90ms of CPU 1 in 3s in step 0, 3.0% where 2% are too many'
	[[ $(jq -r 'select(.type == "verdict") | .advice' out.jsonl) == "there was too little to judge by"* ]]
	judged 0 '' '' --no-observer
	stream . "${record/NS/30000000}"
	judged 0 pass 'kt itself used no more than 1.0% of a CPU'
}

@test "gap: each is held against what the host withheld in its very window" {
	check=gap
	# 1.2 s that end 1.75 s after the start: guest 7.65 s to 8.85 s, host 8.88 s to 10.08 s
	local gap='if .type == "worker" and .tid == 63 then .max_gap_ns = 1200000000 | .max_gap_at_ns = 1750000000 | .gaps = [{ns: 1200000000, at_ns: 1750000000, cpu: 0}] else . end'
	stream . "$gap"
	judged 1 fail 'background_spinner: worker 63 gap 1200ms above limit 1000ms (on cpu 0, 1.8s after its start)
pass phased_worker: worst gap 164ms within limit 1000ms' --max-gap-ms 1000
	# CPU 1, which the worker may use, was withheld for 300 ms in the window
	stream 'if $n >= 8 then .cpu.steal_ns[1] += (([$n, 10] | min) - 7) * 100000000 | .cpu.vcpu_ns[1] -= (([$n, 10] | min) - 7) * 100000000 else . end' "$gap"
	judged 2 inconclusive 'background_spinner: worker 63 gap 1200ms above limit 1000ms (on cpu 0, 1.8s after its start); vCPU 1 was not run for 300ms of the 1210ms from 0.7s on
pass phased_worker: worst gap 164ms within limit 1000ms' --max-gap-ms 1000
	# the same, of a CPU that it may not use, or at another time
	stream 'if $n >= 8 then .cpu.steal_ns[2] += 300000000 else . end' "$gap"
	judged 1 fail 'background_spinner: worker 63 gap 1200ms above limit 1000ms (on cpu 0, 1.8s after its start)
pass phased_worker: worst gap 164ms within limit 1000ms' --max-gap-ms 1000
	stream 'if $n >= 22 then .cpu.steal_ns[1] += (([$n, 24] | min) - 21) * 100000000 else . end' "$gap"
	judged 1 fail 'background_spinner: worker 63 gap 1200ms above limit 1000ms (on cpu 0, 1.8s after its start)
pass phased_worker: worst gap 164ms within limit 1000ms' --max-gap-ms 1000
}

@test "wake_latency: outliers that the host made do not count" {
	check=wake_latency
	local late='if .type == "worker" and .tid == 63 then .wake_latency = {count: 300, p50_ns: 1000, p99_ns: 40000000, max_ns: 50000000, mean_ns: 900000, cv: 2,
		worst: [range(5) | {ns: (50000000 - . * 1000000), at_ns: (1000000000 + . * 100000000), cpu: 0}]} else . end'
	local says='background_spinner: worker 63 p99 wake latency 40ms above limit 30ms (300 samples)'
	stream . "$late"
	judge in.jsonl --max-p99-wake-latency-ns 30000000
	found fail | grep -qxF "wake_latency: $says"
	# three of five explained: two of 300 are left, no more than 1 %
	stream 'if $n >= 12 then .cpu.steal_ns[0] += (([$n, 14] | min) - 11) * 90000000 | .cpu.vcpu_ns[0] -= (([$n, 14] | min) - 11) * 90000000 else . end' "$late"
	judge in.jsonl --max-p99-wake-latency-ns 30000000
	found inconclusive | grep -qF "wake_latency: $says; vCPU 0 was not run for"
}

@test "imbalance: CPUs that are offline, and tasks that may not move, are none" {
	check=imbalance
	stream '.cpu.nr_running[0] = 5 | waits(71; 0; "0-1"; 5000000; "ext") | .cpu.nr_running[2] = 0'
	judged 1 fail 'imbalance ratio 6.0 above limit 4.0 in 33 samples in a row, the last one 33 at 3.2s, 6 tasks on one CPU and 1 on another' --monitor --max-local-dsq-depth off
	stream '.cpu.nr_running[0] = 5 | waits(71; 0; "0"; 5000000; "ext") | .cpu.nr_running[2] = 0'
	judged 0 pass 'worst imbalance ratio 1.0 within limit 4.0 (33 samples)' --monitor --max-local-dsq-depth off
	stream '.cpu.nr_running[0] = 3 | waits(71; 0; "0-3"; 5000000; "ext") | .cpu.nr_running[2] = 0 | .cpu.online[2] = 0'
	judged 0 pass 'worst imbalance ratio 4.0 within limit 4.0 (33 samples)' --monitor --max-local-dsq-depth off
	stream '.cpu.nr_running[0] = 2 | waits(71; 0; "0-3"; 5000000; "ext") | .cpu.nr_running[2] = 0'
	judged 1 fail 'imbalance ratio 6.0 above limit 4.0 in 33 samples in a row, the last one 33 at 3.2s, 3 tasks on one CPU and 0 on another' --monitor --max-local-dsq-depth off
}

@test "defaults: one switch for all, and one each, in the plan and as options" {
	stream 'if $n >= 9 and $n < 15 then waits(71; 2; "2-3"; ($n - 8) * 100000000; "ext") else . end'
	judge in.jsonl --no-defaults
	verdict_is 0 pass
	run -1 grep -q '"name":"wait"' out.jsonl
	jq -c 'if .type == "test" then .assert.wait = false else . end' in.jsonl >a.jsonl
	judge a.jsonl
	verdict_is 0 pass
	jq -c 'if .type == "test" then .assert.defaults = false | .assert.topology = true else . end' in.jsonl >a.jsonl
	judge a.jsonl
	verdict_is 0 pass
	[ "$(jq -r 'select(.type == "check") | .name' out.jsonl | grep -cE '^(wait|topology)$')" -eq 1 ]
	# a run without samples has nothing for them to judge by, and says so
	stream 'empty'
	judge in.jsonl
	verdict_is 0 pass
	[ "$(jq -r 'select(.type == "check" and .name == "wait") | .verdict + " " + .detail' out.jsonl)" = 'skip no sample tells which tasks wait' ]
}

@test "the deadline: a guest that the host kept from running says nothing" {
	check=run
	late='if .t_ns then .t_ns = ([.t_ns - 8100000000, 0] | max) else . end |
		if .type == "vm_exit" then .cause = "deadline" | .detail = "80s were over" else . end'
	stream 'withheld($n; 2; 10)'
	jq -c "$late" in.jsonl >late.jsonl && mv late.jsonl in.jsonl
	judged 2 inconclusive 'the guest did not end before the deadline: 80s were over; vCPU 2 was not run for 2200ms of the 4031ms from -0.1s on'
	# less than half of the time is no excuse
	stream 'withheld($n; 2; 20)'
	jq -c "$late" in.jsonl >late.jsonl && mv late.jsonl in.jsonl
	judged 1 fail 'the guest did not end before the deadline: 80s were over'
}

@test "a guest's error: who waited for a CPU then is told" {
	check=run
	oops='if .type == "end" and .tool == "kt-guest" and .t_ns then ({type: "guest", event: "error", t_ns, guest_ns: 4000000000, text: "oops"}), . else . end'
	stream 'if $n > 20 then waits(46; 1; "0-3"; ($n - 20) * 100000000; "ext") else . end' "$oops"
	judged 1 fail 'the guest reports: oops; by then task 46 "kt-w" in DSQ 1 had waited 1.2s for a CPU'
	# half a second is nothing to tell of
	stream 'if $n > 27 then waits(46; 1; "0-3"; ($n - 27) * 100000000; "ext") else . end' "$oops"
	judged 1 fail 'the guest reports: oops'
}

@test "the host: its part, load and engine are told" {
	stream 'withheld($n; 2; 0)'
	judge in.jsonl
	[ "$(jq -c 'select(.type == "stats" and .host) | .host | [.worst_cpu, .worst_pct > 80, .steal_pct > 20 and .steal_pct < 26, .load[0], .engine, .known]' out.jsonl)" = '[2,true,true,7.75,"tcg",true]' ]
}
