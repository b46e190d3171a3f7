#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Work types that wait for devices, timers and locks, fork, move, and change how they are
# scheduled. That each does what it claims is the kernel's word: tracepoints that a Custom
# worker (events.c) counts, and /proc. Bounds are low: two CPUs may have to do for four.

load helpers

setup_file() {
	local p
	for p in events left; do
		cc -O2 -D_GNU_SOURCE -static -o "$BATS_FILE_TMPDIR/$p" \
			"$BATS_TEST_DIRNAME/$p.c" || return
	done
}

# run_test TOPOLOGY STEPS [EVENT...]: with group(name; workers; work) in jq; the records in
# run.jsonl. Events as events.c has them; the first step is left to it.
run_test() {
	local topology=$1 steps=$2
	shift 2
	cp "$BATS_FILE_TMPDIR"/{events,left} .
	jq -n --arg topology "$topology" '
		def group($name; $workers; $work): {$name, $workers, $work};
		{$topology, duration: "2s", memory_mib: 1024, steps: [{cgroups: [], hold: "1s"}, '"$steps"']}
		| if ($ARGS.positional | length) > 0 then .backdrop.cgroups = [group("watch"; 1;
			{Custom: {program: "./events", args: $ARGS.positional}})] else . end' \
		--args "$@" >t.json
	run --separate-stderr kt test t.json
	cp state/kt/runs/latest/run.jsonl .
	[ "$status" -eq 0 ] || show 'select(.type == "worker") | .stderr // empty'
	[ "$status" -eq 0 ] || echo "$output"
	[ "$status" -eq 0 ]
}

# all workers measured themselves
plausible() {
	jq -se 'map(select(.type == "worker" and .work != "Custom")) | length > 0 and all(.[];
		.exit == "completed" and .work_units > 0 and .iterations > 0
		and .wall_time_ns >= 1.9e9 and .wall_time_ns < 4e9 and .cpu_time_ns > 0
		and .max_gap_ns > 0 and .run_delay.count > 0 and (.cpus_used | length > 0)
		and (.wake_latency == null or .wake_latency.p50_ns <= .wake_latency.max_ns))' run.jsonl
}

# metrics CONDITION: of what was counted
metrics() {
	jq -se 'map(select(.type == "worker" and .cgroup == "watch"))[0].metrics | '"$1" run.jsonl || {
		show 'select(.cgroup? == "watch") | .metrics, .stderr'
		return 1
	}
}

# workers STEP CGROUP CONDITION: of the array of these workers
workers() {
	jq -se --argjson step "$1" --arg cgroup "$2" \
		'map(select(.type == "worker" and .step == $step and .cgroup == $cgroup)) | '"$3" \
		run.jsonl || {
		show --arg cgroup "$2" 'select(.cgroup? == $cgroup)'
		return 1
	}
}

@test "work that waits for a disk" {
	run_test 1n2l2c1t '{cgroups: [
		group("sync"; 1; "IoSync"), group("read"; 1; "IoRandRead"), group("convoy"; 1; "IoConvoy")]}' \
		'sync_writes=sync:block:block_rq_issue?rwbs ~ "W*S*"' \
		'sync_flushes=sync:syscalls:sys_enter_fdatasync' \
		'reads=read:block:block_rq_issue?rwbs ~ "R*"' \
		'read_bytes=read:syscalls:sys_enter_pread64?count == 4096' \
		'convoy_reads=convoy:block:block_rq_issue?rwbs ~ "R*"' \
		'convoy_writes=convoy:syscalls:sys_enter_pwrite64' \
		'convoy_flushes=convoy:syscalls:sys_enter_fdatasync'
	plausible
	# each of them has a disk, and its name is in the record
	show 'select(.type == "worker" and .work != "Custom") | .medium' | sort | uniq -c |
		grep -qx ' *3 "/dev/nullb0"'
	metrics '.sync_writes >= 20 and .sync_flushes >= 1 and .sync_writes > 10 * .sync_flushes'
	metrics '.reads >= 20 and .read_bytes >= .reads * 0.9'
	metrics '.convoy_reads >= 20 and .convoy_writes >= .convoy_reads * 0.9
		and .convoy_flushes < .convoy_writes / 30'
	# nearly each request is a real wait
	workers 1 read '.[0] | .proc.voluntary_ctxt_switches > .work_units / 2'
	workers 1 sync '.[0] | .proc.voluntary_ctxt_switches > .work_units / 4'
	[ "$(show 'select(.type == "worker") | .work' | sort -u | xargs)" = \
		"Custom IoConvoy IoRandRead IoSyncWrite" ]
}

@test "without the null_blk driver's disk it is a file" {
	run_test 1n1l2c1t '{cgroups: [group("a"; 1; "IoConvoy"), group("b"; 1; "IoSyncWrite"),
		group("c"; 1; "IoRandRead")]}'
	kt-guest plan t.json | jq -c 'if .type == "test" then .kargs = ["null_blk.nr_devices=0"] else . end' >plan.jsonl
	{
		cat plan.jsonl
		kt-topo 1n1l2c1t
		kt-kernel find
	} | kt-initrd | kt-vm >run.jsonl
	plausible
	[ "$(show 'select(.type == "worker") | .medium' | sort -u)" = '"file in /tmp"' ]
}

@test "work that waits for a timer and goes through the network" {
	run_test 1n2l2c1t '{cgroups: [
		group("timer"; 1; "TimerLatency"), group("slow"; 1; {TimerLatency: {interval: "50ms"}}),
		group("net"; 2; "NetTraffic"), group("irq"; 2; "IrqWake")]},
		{cgroups: [group("left"; 1; {Custom: {program: "./left"}})], hold: "500ms"}' \
		'sleeps=timer:syscalls:sys_enter_clock_nanosleep?flags == 1' \
		'slow=slow:syscalls:sys_enter_clock_nanosleep?flags == 1' \
		'sent=net:net:net_dev_xmit?name ~ "kt*"' \
		'received=net:net:netif_receive_skb?name ~ "kt*p"' \
		'datagrams=irq:net:net_dev_xmit?name == "lo"' \
		'softirqs=irq:irq:softirq_entry?vec == 3'
	plausible
	metrics '.sleeps >= 50 and .slow >= 5 and .slow <= 45'
	workers 1 timer '.[0] | .wake_latency.count >= 50 and .proc.voluntary_ctxt_switches >= 40'
	metrics '.sent >= 200 and .received >= .sent / 2'
	workers 1 net 'all(.[]; .medium == "veth")'
	# the sender's datagram wakes the receiver from the softirq that it causes
	metrics '.datagrams >= 20 and .softirqs >= 20'
	workers 1 irq '.[1] | .medium == "lo" and .wake_latency.count >= 20
		and .proc.voluntary_ctxt_switches >= 20'
	workers 2 left '.[0].metrics | .devices == 0 and .processes == 0'
}

@test "work that forks, signals and faults" {
	run_test 2n2l2c1t '{cgroups: [
		group("fork"; 1; "ForkExit"), group("signal"; 2; "SignalStorm")]},
		{cgroups: [
		group("fault"; 1; "PageFaultChurn"), group("sweep"; 1; "NumaWorkingSetSweep")]},
		{cgroups: [group("left"; 1; {Custom: {program: "./left"}})], hold: "500ms"}' \
		'forks=fork:sched:sched_process_fork' \
		'waits=fork:sched:sched_process_wait' \
		'sent=signal:signal:signal_generate?sig == 12' \
		'delivered=signal:signal:signal_deliver?sig == 12' \
		'dropped=fault:syscalls:sys_enter_madvise?behavior == 4' \
		'mbinds=sweep:syscalls:sys_enter_mbind' \
		'moved=sweep:migrate:mm_migrate_pages?succeeded > 100'
	plausible
	metrics '.forks >= 10 and .waits >= .forks / 2'
	workers 1 fork '.[0] | .work_units >= 10 and .wake_latency.count > 0
		and .proc.voluntary_ctxt_switches > .work_units / 2'
	metrics '.sent >= 500 and .delivered >= 3'
	workers 2 fault '.[0].proc.minor_faults >= 1000'
	metrics '.dropped >= 5'
	metrics '.mbinds >= 1 and .moved >= 1'
	workers 3 left '.[0].metrics.processes == 0'
}

@test "work that changes how it is scheduled" {
	run_test 2n2l2c1t '{cgroups: [
		group("nice"; 1; "NiceSweep"), group("pin"; 1; "AffinityChurn"),
		group("cross"; 4; {CrossAffinityChurn: {siblings: 4}}), group("policy"; 1; "PolicyChurn"),
		group("node"; 1; "NumaMigrationChurn")]}' \
		'niced=nice:syscalls:sys_enter_setpriority' \
		'negative=nice:syscalls:sys_enter_setpriority?niceval > 1000' \
		'pinned=pin:syscalls:sys_enter_sched_setaffinity?pid == 0' \
		'others=cross:syscalls:sys_enter_sched_setaffinity?pid != 0' \
		'own=cross:syscalls:sys_enter_sched_setaffinity?pid == 0' \
		'batch=policy:syscalls:sys_enter_sched_setscheduler?policy == 3' \
		'idle=policy:syscalls:sys_enter_sched_setscheduler?policy == 5' \
		'fifo=policy:syscalls:sys_enter_sched_setscheduler?policy == 1' \
		'rr=policy:syscalls:sys_enter_sched_setscheduler?policy == 2' \
		'nodes=node:syscalls:sys_enter_sched_setaffinity'
	plausible
	metrics '.niced >= 80 and .negative > .niced / 3 and .negative < .niced * 2 / 3'
	metrics '.pinned >= 20'
	workers 1 pin '.[0] | .migrations >= 10 and .cpus_used == "0-3"'
	# the last call of each is its own, when it puts back what it found
	metrics '.others >= 40 and .own <= 4'
	workers 1 cross 'all(.[]; .migrations >= 5)'
	metrics '[.batch, .idle, .fifo, .rr] | all(.[]; . >= 5) and max <= min * 1.5 + 10'
	# a turn every 100 ms from node to node
	metrics '.nodes >= 5 and .nodes <= 22'
	workers 1 node '.[0] | .migrations >= 4 and (.cpus_used | test("[01]") and test("[23]"))'
}

@test "work that moves between cgroups" {
	run_test 1n2l2c1t '{cgroups: [
		{name: "churn", workers: 2, work: {CgroupChurn: {groups: 3, cycle: "50ms"}}, cpuset: {llc: 1}},
		group("storm"; 1; "CgroupAttachStorm"), group("auto"; 1; {CgroupAttachStorm: {reap: "auto"}})]},
		{cgroups: [group("left"; 1; {Custom: {program: "./left"}})], hold: "500ms"}' \
		'moves=churn:cgroup:cgroup_attach_task?dst_path ~ "*churn*"' \
		'away=churn:cgroup:cgroup_attach_task?dst_path ~ "*.churn2"' \
		'forks=storm:sched:sched_process_fork' \
		'attached=storm:cgroup:cgroup_attach_task?dst_path ~ "*storm.churn1"' \
		'waits=storm:sched:sched_process_wait' \
		'auto_attached=auto:cgroup:cgroup_attach_task?dst_path ~ "*auto.churn1"' \
		'auto_waits=auto:sched:sched_process_wait'
	plausible
	metrics '.moves >= 10 and .moves <= 130 and .away >= 2 and .away < .moves'
	workers 1 churn 'all(.[]; .cpus_allowed == "2-3" and (.cpus_used | test("^[2-3]")))'
	metrics '.forks >= 10 and .waits >= .forks / 2'
	# some children are gone before they can be attached
	metrics '.attached >= 5 and .auto_attached >= 5 and .auto_waits < 20'
	workers 2 left '.[0].metrics | .cgroups == 0 and .processes == 0'
}

@test "work that fights for locks and queues" {
	run_test 1n2l2c1t '{cgroups: [
		group("mutex"; 4; "MutexContention"),
		group("plain"; 3; "PriorityInversion"), group("pi"; 3; {PriorityInversion: {lock: "pi"}}),
		group("fast"; 3; {ProducerConsumerImbalance: {consume_iters: 1}}),
		group("full"; 3; {ProducerConsumerImbalance: {queue_target: 2, consume_iters: 20000}})]}' \
		'waits=mutex:syscalls:sys_enter_futex?op == 0' \
		'wakes=mutex:syscalls:sys_enter_futex?op == 1' \
		'plain_boosts=plain:sched:sched_pi_setprio' \
		'plain_waits=plain:syscalls:sys_enter_futex?op == 0' \
		'pi_boosts=pi:sched:sched_pi_setprio' \
		'pi_waits=pi:syscalls:sys_enter_futex?op == 13' \
		'pi_plain=pi:syscalls:sys_enter_futex?op < 2' \
		'fast_waits=fast:syscalls:sys_enter_futex?op == 0' \
		'full_waits=full:syscalls:sys_enter_futex?op == 0'
	jq -se 'map(select(.type == "worker")) | all(.[]; .exit == "completed")' run.jsonl
	metrics '.waits >= 5 and .wakes >= 5'
	workers 1 mutex 'map(.wake_latency.count // 0) | add >= 5'
	workers 1 mutex 'all(.[]; .iterations >= 5)'
	# high, medium, low: two of real time
	workers 1 plain 'map(.proc.policy) == [1, 1, 0]'
	# before they begin, workers wait at kt's own gate, by a plain futex
	metrics '.plain_boosts == 0 and .plain_waits >= 10 and .pi_boosts >= 3 and .pi_waits >= 3
		and .pi_plain <= 6'
	# consumers that are faster sleep; producers that are faster wait for room
	metrics '.fast_waits >= 5'
	workers 1 fast '.[2].wake_latency.count >= 5'
	workers 1 full 'all(.[0, 1]; .iterations < 500)'
	metrics '.full_waits >= 1'
}

@test "real-time work on a single CPU: it takes it, and the guest still ends in time" {
	run_test 1n1l1c1t '{cgroups: [group("storm"; 3; "PreemptStorm")]},
		{cgroups: [group("starve"; 2; "RtStarvation")]},
		{cgroups: [group("plain"; 3; "PriorityInversion")]},
		{cgroups: [group("pi"; 3; {PriorityInversion: {lock: "pi"}})]}'
	jq -se 'map(select(.type == "worker")) | length == 11 and all(.[];
		.exit == "completed" and .wall_time_ns < 4e9)' run.jsonl
	# each time that it wakes, one that spins must go
	workers 1 storm '.[0].proc.policy == 1 and .[0].iterations >= 50 and .[0].wake_latency.count >= 50'
	workers 1 storm '.[0].iterations as $n
		| map(.proc.nonvoluntary_ctxt_switches) | .[1] + .[2] >= $n / 2'
	workers 2 starve 'map(.cpu_time_ns / .wall_time_ns) | .[0] >= 0.7 and .[1] <= 0.25'
	workers 2 starve 'map(.proc.policy) == [1, 0]'
	workers 3 plain 'all(.[]; .iterations > 0)'
	workers 4 pi 'all(.[]; .iterations > 0)'
}

@test "what parameters these types take, and how many workers" {
	# refuse WORKERS WORK MESSAGE
	refuse() {
		printf '{ "cgroups": [{ "name": "a", "workers": %s,\n"work": %s }] }' "$1" "$2" >t.json
		run --separate-stderr kt-guest plan t.json
		[ "$status" -eq 65 ]
		[ "$stderr" = "kt-guest: t.json:$3" ] || {
			echo "$stderr"
			return 1
		}
	}
	refuse 3 '"MutexContention"' '1:41: "workers": those of MutexContention come in groups of 4, so it cannot be 3 (such as 4 can)'
	refuse 2 '"ProducerConsumerImbalance"' '1:41: "workers": those of ProducerConsumerImbalance come in groups of 3, so it cannot be 2 (such as 3 can)'
	refuse 3 '{"PriorityInversion": {"medium": 0}}' '1:41: "workers": those of PriorityInversion come in groups of 2, so it cannot be 3 (such as 4 can)'
	refuse 2 '{"PreemptStorm": {"cfs_workers": 3}}' '1:41: "workers": those of PreemptStorm come in groups of 4, so it cannot be 2 (such as 4 can)'
	refuse 3 '{"RtStarvation": {"rt": 2, "cfs": 2}}' '1:41: "workers": those of RtStarvation come in groups of 4, so it cannot be 3 (such as 4 can)'
	refuse 3 '"IrqWake"' '1:41: "workers": those of IrqWake come in groups of 2, so it cannot be 3 (such as 4 can)'
	refuse 3 '"SignalStorm"' '1:41: "workers": those of SignalStorm come in groups of 2, so it cannot be 3 (such as 4 can)'
	refuse 3 '{"CrossAffinityChurn": {"siblings": 4}}' '1:41: "workers": those of CrossAffinityChurn come in groups of 4, so it cannot be 3 (such as 4 can)'
	refuse 2 '{"PriorityInversion": {"lock": "fair"}}' '2:40: "lock": expected one of "plain", "pi", found "fair"'
	refuse 2 '{"RtStarvation": {"prio": 50}}' '2:35: "prio": expected a whole number from 1 to 49, found 50'
	refuse 2 '{"CgroupChurn": {"groups": 1}}' '2:36: "groups": expected a whole number from 2 to 64, found 1'
	refuse 2 '{"CgroupAttachStorm": {"reap": 1}}' '2:40: "reap": expected one of "wait", "auto", found 1'
	refuse 2 '{"NetTraffic": {"frame": 9000}}' '2:34: "frame": expected a size such as "32KiB", or bytes from 46 to 1500, found 9000'
	refuse 2 '{"TimerLatency": {"interval": "0"}}' '2:39: "interval": expected a duration above 0s and of at most 1h, found "0"'
	refuse 2 '{"PageFaultChurn": {"region": "1KiB"}}' '2:39: "region": expected from 65536 to 1073741824 bytes, found "1KiB"'
	refuse 2 '{"NumaWorkingSetSweep": {"regions": 64}}' '2:34: unknown key "regions" in work type NumaWorkingSetSweep (did you mean "region"?)'
	refuse 2 '{"NiceSweep": {"step": 1}}' '2:23: work type NiceSweep takes no parameters'
}

@test "defaults of these types, as resolved; a disk comes with the types that need one" {
	resolved() {
		printf '{ "cgroups": [{ "name": "a", "workers": 12, "work": "%s" }] }' "$1" >t.json
		kt-guest plan t.json | jq -c 'select(.type == "test")
			| .steps[0].cgroups[0] | (.work // .groups[0].work) | del(.type)'
	}
	[ "$(resolved TimerLatency)" = '{"interval_ns":1000000}' ]
	[ "$(resolved NetTraffic)" = '{"burst":16,"frame_bytes":256}' ]
	[ "$(resolved IrqWake)" = '{"interval_ns":1000000,"spin_iters":1024}' ]
	[ "$(resolved ForkExit)" = '{}' ]
	[ "$(resolved NiceSweep)" = '{}' ]
	[ "$(resolved AffinityChurn)" = '{"spin_iters":1024}' ]
	[ "$(resolved CrossAffinityChurn)" = '{"siblings":2,"spin_iters":1024}' ]
	[ "$(resolved PolicyChurn)" = '{"spin_iters":1024}' ]
	[ "$(resolved NumaMigrationChurn)" = '{"period_ns":100000000}' ]
	[ "$(resolved CgroupChurn)" = '{"groups":2,"cycle_ns":100000000}' ]
	[ "$(resolved CgroupAttachStorm)" = '{"reap":"wait"}' ]
	[ "$(resolved PageFaultChurn)" = '{"region_bytes":4194304,"touches":256,"spin_iters":64}' ]
	[ "$(resolved NumaWorkingSetSweep)" = '{"region_bytes":4194304,"period_ns":100000000}' ]
	[ "$(resolved MutexContention)" = '{"contenders":4,"hold":256,"work":1024}' ]
	[ "$(resolved PriorityInversion)" = '{"high":1,"medium":1,"low":1,"hold":4096,"work":1024,"lock":"plain"}' ]
	[ "$(resolved ProducerConsumerImbalance)" = '{"producers":2,"consumers":1,"rate_hz":1000,"consume_iters":4096,"queue_target":1024}' ]
	[ "$(resolved SignalStorm)" = '{"signals":16,"work":1024}' ]
	[ "$(resolved PreemptStorm)" = '{"cfs_workers":2,"rt_burst":1024,"rt_sleep_ns":1000000}' ]
	[ "$(resolved RtStarvation)" = '{"rt":1,"cfs":1,"prio":49,"burst":1024}' ]
	kt-guest plan t.json | jq -se '.[0].kargs == []'
	# the test's own come last, and so win
	printf '{ "kargs": ["null_blk.completion_nsec=9"], "cgroups": [
		{ "name": "a", "work": "IoSync" }, { "name": "b", "work": "IoRandRead" }] }' >t.json
	[ "$(kt-guest plan t.json | jq -c 'select(.type == "test") | .kargs')" = '["null_blk.nr_devices=1","null_blk.gb=1","null_blk.memory_backed=1","null_blk.irqmode=2","null_blk.completion_nsec=50000","null_blk.completion_nsec=9"]' ]
}
