#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The ops that kt-vm does from outside: snapshot, watch, read, write_value. Engine tcg; the kvm
# engine has its case in nested.bats.
load helpers

# guest OPS [kt-vm options]: workers for a second, then a step with these ops; into run.jsonl
guest() {
	local ops=$1
	shift
	cat >t.json <<-END
		{ "topology": "1l2c1t", "scheduler": "scx_kt", "duration": "1s",
		  "steps": [{ "cgroups": [{ "name": "a", "workers": 2 }] },
			    { "ops": [$ops], "cgroups": [{ "name": "b", "workers": 2 }], "hold": "500ms" }] }
	END
	{
		kt-guest plan t.json
		kt-topo 1l2c1t
		kt-kernel find
	} | kt-initrd | kt-vm --engine tcg "$@" >run.jsonl
	"$KT_TOP/tests/tools/validate-records" <run.jsonl
}

# with REST: a guest with a test of these members beside topology, scheduler and duration
with() {
	printf '{ "topology": "1l2c1t", "scheduler": "scx_kt", "duration": "1s", %s }' "$1" >t.json
	{
		kt-guest plan t.json
		kt-topo 1l2c1t
		kt-kernel find
	} | kt-initrd | kt-vm --engine tcg >run.jsonl
	"$KT_TOP/tests/tools/validate-records" <run.jsonl
}

# op N FILTER: of the record of op N of step 1
op() {
	show "select(.type == \"op\" and .step == 1 and .index == $1) | $2"
}

# failed N PATTERN: that op failed, with words like these, and so did the run
failed() {
	local text
	text=$(op "$1" '.error' | jq -r .)
	printf '%s\n' "$text"
	# shellcheck disable=SC2053
	[[ $text == $2 ]]
	[ "$(op "$1" .ok)" = false ]
	show 'select(.type == "guest" and .event == "error") | .text' | jq -r . | grep -qF "step 1: op $1 ($(op "$1" .op | jq -r .)): ${text:0:40}"
	[ "$(show 'select(.type == "op" and .step == 1)' | wc -l)" -eq "$(($1 + 1))" ]
	kt-check <run.jsonl >verdict.jsonl || true
	holds verdict.jsonl '.type == "verdict" and .verdict != "pass"'
}

@test "five snapshots in one run, each a moment of its own" {
	guest '{ "snapshot": "s0" }, { "snapshot": "s1" }, { "snapshot": "s2" }, { "snapshot": "s3" }, { "snapshot": "s4" }'
	[ "$(show 'select(.type == "snapshot") | .name' | xargs)" = "s0 s1 s2 s3 s4" ]
	[ "$(show 'select(.type == "snapshot") | .reason' | sort -u)" = '"op"' ]
	[ "$(show 'select(.type == "snapshot") | .t_ns' | sort -nu | wc -l)" -eq 5 ]
	[ "$(show 'select(.type == "op") | [.op, .ok, .request]' | sort -u)" = '["snapshot",true,true]' ]
	[ "$(kt snapshot show run.jsonl s4 nr_dispatched)" -ge "$(kt snapshot show run.jsonl s0 nr_dispatched)" ]
	[ "$(kt snapshot show run.jsonl s0 nr_dispatched)" -gt 0 ]
	kt-check <run.jsonl >verdict.jsonl
	holds verdict.jsonl '.type == "verdict" and .verdict == "pass"'
}

@test "a snapshot in a loop: one for each time" {
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "scheduler": "scx_kt", "duration": "1s",
		  "steps": [{ "cgroups": [{ "name": "a", "workers": 2 }], "every": "300ms", "ops": [{ "snapshot": "again" }] }] }
	END
	{
		kt-guest plan t.json
		kt-topo 1l2c1t
		kt-kernel find
	} | kt-initrd | kt-vm --engine tcg >run.jsonl
	n=$(show 'select(.type == "snapshot" and .name == "again") | 1' | wc -l)
	[ "$n" -ge 2 ]
	[ "$(show 'select(.type == "op") | [.op, .ok]' | uniq -c | xargs)" = "$n [snapshot,true]" ]
	kt-check <run.jsonl >verdict.jsonl
	holds verdict.jsonl '.type == "verdict" and .verdict == "pass"'
}

@test "what the guest has set is what is read; what is written is what the guest has" {
	guest '{ "write": { "path": "/sys/kernel/debug/sched/base_slice_ns", "value": "7000001" } },
		{ "read": { "what": "sysctl_sched_base_slice" } },
		{ "write_value": { "what": "sysctl_sched_base_slice", "value": 5000002 } },
		{ "read": { "what": "sysctl_sched_base_slice", "name": "slice" } },
		{ "read": { "what": "(struct task_struct)init_task.comm" } },
		{ "read": { "what": "nr_dispatched" } },
		{ "write_value": { "what": ".bss:nr_stalled", "value": 77 } },
		{ "read": { "what": "nr_stalled" } },
		{ "read": { "what": "jiffies_64" } },
		{ "read": { "what": "runqueues[1].cpu" } },
		{ "read": { "what": "(u64)jiffies_64" } },
		{ "read": { "what": "(atomic_t)nr_threads" } }'
	[ "$(op 1 .value)" = 7000001 ]
	[ "$(op 3 '[.name, .value]')" = '["slice",5000002]' ]
	[ "$(op 4 .value)" = '"swapper/0"' ] || [ "$(op 4 .value)" = '"swapper"' ]
	[ "$(op 5 '.value > 0')" = true ]
	[ "$(op 7 .value)" = 77 ]
	[ "$(op 8 '.value > 1000')" = true ]
	[ "$(op 9 .value)" = 1 ]
	[ "$(op 10 '.value > 1000')" = true ]
	[ "$(op 11 '.value.counter > 10')" = true ] # any type of BTF will do
	# the scheduler itself says so at its end
	show 'select(.type == "sched" and .event == "log") | .text' | grep -q ' nr_stalled=77 '
	[ "$(show 'select(.type == "op" and .ok == false)')" = "" ]
}

@test "a watchpoint: snapshots by hits, their limit, their distance, their condition" {
	guest '{ "watch": { "what": "nr_dispatched", "name": "w", "hits": 2, "interval": "50ms" } }'
	[ "$(show 'select(.type == "snapshot") | [.name, .reason]' | uniq -c | xargs)" = "2 [w,watch]" ]
	[ "$(show 'select(.type == "snapshot") | .t_ns' | jq -s '.[1] - .[0] >= 50000000')" = true ]
	# kt_enqueue or another of its functions has just written it
	holds run.jsonl '.type == "snapshot" and ([.cpus[].stack[]] | any(.[]; test("bpf_prog_.*_kt_")))'
	guest '{ "watch": { "what": "sysctl_sched_base_slice", "hits": 5, "interval": "0s", "equals": 7000001 } },
		{ "write": { "path": "/sys/kernel/debug/sched/base_slice_ns", "value": "6000000" } },
		{ "write": { "path": "/sys/kernel/debug/sched/base_slice_ns", "value": "7000001" } },
		{ "write": { "path": "/sys/kernel/debug/sched/base_slice_ns", "value": "6000000" } }'
	[ "$(show 'select(.type == "snapshot") | .name')" = '"sysctl_sched_base_slice"' ]
	holds run.jsonl '.type == "snapshot" and ([.cpus[].stack[]] | any(.[]; startswith("debugfs_u32_set")))'
}

# own_kib PID: what the process has resident; on the tcg engine, the guest's memory is none of it
own_kib() {
	awk '/^Rss(Anon|File):/ { n += $2 } END { print n }' "/proc/$1/status"
}

# after PID PATTERN: own_kib of kt-vm a while after it wrote such a record
after() {
	local i kib
	for ((i = 0; i < 600; i++)); do
		grep -q "$2" run.jsonl && break
		sleep 0.1
	done
	sleep 0.5
	kib=$(own_kib "$1")
	echo "$2: $kib KiB"
	[ "$kib" -gt 1024 ]
	[ "$kib" -le 5120 ]
}

@test "beside the guest's memory kt-vm has at most 5 MiB, whatever it was asked for" {
	ldd "$(command -v kt-vm)" | grep -q 'lib[a-z]*san' && skip "a sanitizer has memory of its own"
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "scheduler": "scx_kt", "duration": "1s", "steps": [
			{ "cgroups": [{ "name": "a", "workers": 2 }], "hold": "2s" },
			{ "ops": [{ "snapshot": "s" }], "cgroups": [{ "name": "b", "workers": 2 }], "hold": "2s" },
			{ "ops": [{ "read": { "what": "(struct task_struct)init_task.comm" } }, { "read": { "what": "runqueues[1].cpu" } },
				{ "watch": { "what": "nr_dispatched", "hits": 1 } }], "cgroups": [{ "name": "c", "workers": 2 }], "hold": "2s" }] }
	END
	{
		kt-guest plan t.json
		kt-topo 1l2c1t
		kt-kernel find
	} | kt-initrd >guest.jsonl
	kt-vm --engine tcg <guest.jsonl >run.jsonl &
	after $! '"type":"step","index":0,"event":"hold"'
	after $! '"type":"step","index":1,"event":"hold"'
	after $! '"type":"step","index":2,"event":"hold"'
	wait $!
	[ "$(show 'select(.type == "snapshot") | .reason' | xargs)" = "op watch" ]
}

@test "names that are not there: what is" {
	guest '{ "read": { "what": "nr_dispatchd" } }, { "snapshot": "never" }'
	failed 0 'the guest'\''s BPF programs have no "nr_dispatchd" (they have '*' nr_dispatched '*
	[ -z "$(show 'select(.type == "snapshot")')" ]
	guest '{ "snapshot": "before" }, { "watch": { "what": "runqueues[0].nr_runing" } }'
	failed 1 'runqueues\[0\].nr_runing: struct "rq" has no member "nr_runing" (it has '*', nr_preferred_running, '*
	guest '{ "write_value": { "what": "runqueues[9].nr_running", "value": 1 } }'
	failed 0 'runqueues\[9\].nr_running: no such CPU at "\[9\].nr_running"'
	guest '{ "write_value": { "what": "exit_info", "value": 1 } }'
	failed 0 '"exit_info" is no number'
}

@test "kt-vm needs a watchpoint itself: a fourth is one too many" {
	guest '{ "watch": { "what": "nr_kept", "equals": 0 } }, { "watch": { "what": "nr_stalled" } },
		{ "watch": { "what": "nr_slowed" } }, { "watch": { "what": "started_ns" } }'
	failed 3 'all 4 watchpoints are in use'
}

@test "a watchpoint is over with its step; one of the backdrop is not" {
	with '"backdrop": { "ops": [{ "watch": { "what": "vtime_now", "name": "all", "hits": 1000, "interval": "50ms" } }] },
		"steps": [{ "ops": [{ "watch": { "what": "nr_dispatched", "name": "first", "hits": 1000, "interval": "50ms" } }],
				"cgroups": [{ "name": "a", "workers": 3 }], "hold": "500ms" },
			  { "cgroups": [{ "name": "b", "workers": 3 }], "hold": "500ms" }]'
	# by step: nothing has left the guest between the end of one and the start of the next
	jq -rn '[inputs] | reduce .[] as $r ({ step: "none" };
		if $r.type == "step" and $r.event == "start" then .step = "\($r.index)"
		elif $r.type == "step" and $r.event == "end" then .step = "none"
		elif $r.type == "snapshot" then .seen["\($r.name) \(.step)"] += 1 else . end) | .seen | keys[]' run.jsonl >seen
	cat seen
	grep -qx 'first 0' seen
	grep -qx 'all 1' seen
	run -1 grep -x 'first 1' seen
}

@test "watchpoints are over with the scheduler whose variables they are on" {
	local three='{ "watch": { "what": "nr_stalled" } }, { "watch": { "what": "nr_slowed" } }, { "watch": { "what": "nr_starved" } }'
	with "\"backdrop\": { \"ops\": [$three] }, \"steps\": [
		{ \"cgroups\": [{ \"name\": \"a\", \"workers\": 1 }], \"hold\": \"100ms\" },
		{ \"ops\": [\"detach_scheduler\", { \"attach_scheduler\": \"scx_kt\" }, $three],
		  \"cgroups\": [{ \"name\": \"b\", \"workers\": 1 }], \"hold\": \"100ms\" }]"
	show 'select(.type == "op" and .ok != true)'
	[ "$(show 'select(.type == "op") | [.op, .ok]' | sort | uniq -c | xargs)" = '1 [attach_scheduler,true] 1 [detach_scheduler,true] 6 [watch,true]' ]
}

@test "a live field is there from the first sample on that has its scheduler" {
	with '"watch_fields": ["nr_dispatched", "nr_nonsense"], "cgroups": [{ "name": "a", "workers": 2 }]'
	# a sample is never more than 200 ms late, and the map is older than the scheduler
	show 'select((.type == "sched" and .event == "attach") or .type == "sample") | [.type, .t_ns, .fields.nr_dispatched]' >seen
	jq -se '(map(select(.[0] == "sched"))[0][1]) as $t | map(select(.[0] == "sample" and .[1] > $t)) | length > 5 and all(.[2] != null)' seen
	[ "$(show 'select(.type == "sample") | .fields.nr_nonsense' | sort -u)" = null ]
}

@test "a vmlinux that is of no use: one warning, one record, and the guest runs" {
	local vmlinux image
	vmlinux=$(kt-kernel find | jq -r 'select(.type == "kernel") | .vmlinux')
	image=$(kt-kernel find | jq -r 'select(.type == "kernel") | .image')
	head -c 5000000 "$vmlinux" >cut.elf
	sed 's/Linux version [0-9]/Linux version X/' "$vmlinux" >other.elf
	for file in cut.elf other.elf; do
		{
			kt-topo 1l1c1t
			kt-kernel find | jq -c --arg f "$PWD/$file" 'if .type == "kernel" then .vmlinux = $f else . end'
		} | kt-initrd | kt-vm --engine tcg -m 50ms -k "$image" >run.jsonl 2>err
		cat err
		[ "$(wc -l <err)" -eq 1 ]
		grep -q '^kt-vm: warning: the guest runs unobserved: ' err
		[ "$(show 'select(.type == "vm_exit") | .cause')" = '"poweroff"' ]
		[ -z "$(show 'select(.type == "sample")')" ]
	done
	# the words are those of the record
	[ "$(show 'select(.type == "observe") | .error' | jq -r .)" = "$(sed 's/.*unobserved: //' err)" ]
}

@test "nobody observes: the op fails at once" {
	guest '{ "snapshot": "s" }' --monitor off
	failed 0 'the guest runs unobserved'
	[ "$(show 'select(.type == "op" or .event == "error") | .t_ns' | jq -s '.[1] - .[0] < 2e9')" = true ]
}

@test "the flight recorder is in a failure's snapshot, and can be switched off" {
	local on
	for on in true false; do
		cat >t.json <<-END
			{ "topology": "1l2c1t", "duration": "2s", "flight_recorder": $on,
			  "scheduler": { "name": "scx_kt", "binary": "scx_kt", "args": ["--error-after", "1"] },
			  "cgroups": [{ "name": "a", "workers": 2 }] }
		END
		{
			kt-guest plan t.json
			kt-topo 1l2c1t
			kt-kernel find
		} | kt-initrd | kt-vm --engine tcg >run.jsonl
		[ "$(show 'select(.type == "snapshot" and .reason == "failure") | (.flight // []) | length > 10')" = "$on" ]
	done
}

@test "QEMU that does not answer a pause: the run ends and says so" {
	local code=0 i
	printf '{ "topology": "1l2c1t", "duration": "30s", "num_snapshots": 100, "cgroups": [{ "name": "a", "workers": 1 }] }' >t.json
	{
		kt-guest plan t.json
		kt-topo 1l2c1t
		kt-kernel find
	} | kt-initrd >guest.jsonl
	kt-vm --engine tcg <guest.jsonl >run.jsonl 2>err &
	for ((i = 0; i < 600; i++)); do
		grep -q '"name":"periodic_001"' run.jsonl && break
		sleep 0.1
	done
	kill -STOP "$(pgrep -P $!)"
	wait $! || code=$?
	[ $code -eq 71 ]
	[ "$(cat err)" = "kt-vm: the guest is lost: qemu-system-x86_64 does not answer" ]
	[ "$(show 'select(.type == "vm_exit") | .cause')" = '"engine_lost"' ]
}

@test "a panic: the registers and stacks of all CPUs, also of the one that panicked" {
	local code=0
	printf '{ "topology": "1l2c1t", "duration": "1s", "cgroups": [{ "name": "a", "workers": 1 }] }' >t.json
	{
		kt-guest plan t.json
		kt-topo 1l2c1t
		kt-kernel find
	} | kt-initrd | kt-vm --engine tcg -a kt.fault=panic >run.jsonl || code=$?
	[ $code -eq 1 ]
	[ "$(show 'select(.type == "vm_exit") | .cause')" = '"panic"' ]
	holds run.jsonl '.type == "snapshot" and .name == "panic" and .reason == "failure" and
		(.cpus | length == 2 and all(.[]; .regs.rip) and
			any(.[]; .stack | any(.[]; startswith("panic+")) and any(.[]; startswith("sysrq_handle_crash+"))))'
}

@test "a guest that dies or hangs at boot: where its CPUs were, though nothing of it was observed" {
	local panic code
	for panic in -1 0; do
		code=0
		{
			kt-topo 1l2c1t
			kt-kernel find
		} | kt-initrd | kt-vm --engine tcg -m 1s -d 10s -a "panic=$panic rdinit=/none root=/dev/none" >run.jsonl || code=$?
		[ $code -eq 1 ]
		"$KT_TOP/tests/tools/validate-records" <run.jsonl
		[ "$(show 'select(.type == "boot") | .stage' | xargs)" = 'start kernel' ]
		run -1 holds run.jsonl '.type == "sample"'
		holds run.jsonl '.type == "snapshot" and .reason == "failure" and (.cpus | length == 2 and
			all(.[]; .regs.rip) and any(.[]; .stack | any(.[]; startswith("prepare_namespace+"))))'
	done
}
