#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What a test makes happen in its guest: ops, attributes, nested cgroups, threads, a backdrop.
# What is claimed is checked by others where that can be: by /proc as a payload reads it, by the
# files of cgroup v2, by the kernel's word in worker records.

load helpers

# play [TOPOLOGY]: the test file on stdin, in a guest; records in run.jsonl
play() {
	local spec=${1:-2l2c1t}
	cat >t.json
	kt-guest plan --topology "$spec" t.json >plan.jsonl
	run_plan "$spec"
}

# run_plan SPEC: the plan in plan.jsonl
run_plan() {
	{
		cat plan.jsonl
		kt-topo "$1"
		kt-kernel find
	} | kt-initrd | kt-vm >run.jsonl
	jq -c 'select(.type | IN("op", "worker", "payload", "step", "sched", "guest")) | del(.cpus, .nodes)' run.jsonl
	has '.type == "vm_exit" and .cause == "poweroff"'
}

# edit JQ: the resolved plan, made into one that plan would never write
edit() {
	kt-guest plan --topology "${2:-2l2c1t}" t.json | jq -c "if .type == \"test\" then $1 else . end" >plan.jsonl
	run_plan "${2:-2l2c1t}"
}

has() {
	jq -se "any(.[]; $1)" run.jsonl >/dev/null
}

guest_exit() {
	jq -r 'select(.type == "end" and .t_ns) | .exit' run.jsonl
}

errors() {
	jq -r 'select(.type == "guest" and .event == "error") | .text' run.jsonl
}

# op NAME [FILTER]: records of that op
op() {
	jq -c 'select(.type == "op" and .op == "'"$1"'") | '"${2:-.}" run.jsonl
}

# workers CGROUP FILTER: one line
workers() {
	jq -c 'select(.type == "worker" and .cgroup == "'"$1"'") | '"$2" run.jsonl | paste -sd ' '
}

# A payload that says of each thread in a cgroup what its /proc status says, on stderr.
# shellcheck disable=SC2016 # the guest's shell expands it
PROBE='
for cgroup; do
	for dir in /sys/fs/cgroup/kt/$cgroup /sys/fs/cgroup/kt/$cgroup/@leaf; do
		[ -e $dir/cgroup.threads ] || continue
		while read -r tid; do
			line=$cgroup
			while read -r key value rest; do
				case $key in
				Name: | Tgid: | Pid: | Uid: | Gid: | Cpus_allowed_list:) line="$line $value" ;;
				esac
			done </proc/$tid/status
			echo "$line" >&2
		done <$dir/cgroup.threads
	done
done'

probe() {
	jq -nc --arg script "$PROBE" '{name: "probe", binary: "/bin/sh", args: (["-c", $script, "probe"] + $ARGS.positional)}' --args "$@"
}

# said: what the probe has said, without thread ids that equal process ids
said() {
	jq -r 'select(.type == "payload" and .name == "probe") | .stderr' run.jsonl
}

@test "attributes of workers are what the kernel says they are" {
	play <<-EOF
	{ "duration": "1s", "payloads": [$(probe rt users each crew team)],
	  "backdrop": { "cgroups": [
	    { "name": "rt", "work": { "Bursty": { "burst": "1ms", "sleep": "9ms" } }, "groups": [
	      { "workers": 1, "policy": { "fifo": 7 }, "comm": "first" }, { "workers": 1, "policy": { "rr": 3 } },
	      { "workers": 1, "policy": "batch", "nice": 5 }, { "workers": 1, "policy": "idle" },
	      { "workers": 1, "nice": -3 }, { "workers": 1, "policy": "ext" },
	      { "workers": 1, "policy": { "deadline": { "runtime": "2ms", "deadline": "8ms", "period": "10ms" } } } ] },
	    { "name": "users", "cpuset": { "exact": "0-2" }, "workers": 1, "uid": 1000, "gid": 100, "affinity": { "exact": "1" } },
	    { "name": "each", "workers": 4, "affinity": { "random": { "pool": "0-3", "count": 2 } } },
	    { "name": "crew", "workers": 2, "clone": "thread" },
	    { "name": "team", "workers": 2, "pcomm": "boss", "comm": "hand", "uid": 7 } ] },
	  "steps": [{ "ops": [{ "run_payload": "probe" }, { "wait_payload": { "payload": "probe", "timeout": "20s" } }],
	    "hold": "300ms" }] }
	EOF
	[ "$(guest_exit)" -eq 0 ]
	# policy and nice of each, from /proc/PID/stat: FIFO, RR, BATCH, IDLE, NORMAL, EXT, DEADLINE
	[ "$(workers rt '"\(.group):\(.proc.policy)/\(.proc.nice)"')" = \
		'"0:1/0" "1:2/0" "2:3/5" "3:5/0" "4:0/-3" "5:7/0" "6:6/0"' ]
	said >said
	grep -Eq '^rt first ' said
	grep -Eq '^users users ([0-9]+) \1 1000 100 1$' said
	# two CPUs for each, drawn anew for each of them, and the same as the record says
	[ "$(grep -c '^each ' said)" -eq 4 ]
	[ "$(grep '^each ' said | awk '{ print $NF }' | sort)" = \
		"$(jq -r 'select(.cgroup == "each" and .type == "worker") | .cpus_allowed' run.jsonl | sort)" ]
	[ "$(grep '^each ' said | awk '{ print $NF }' | sort -u | wc -l)" -gt 1 ]
	# threads: one process that is none of them, and the names that they were given
	[ "$(grep -c '^crew crew ' said)" -eq 3 ]
	[ "$(awk '$1 == "crew" { print $3 }' said | sort -u | wc -l)" -eq 1 ]
	grep -Eq '^team boss ([0-9]+) \1 0 0 ' said
	[ "$(grep -Ec '^team hand [0-9]+ [0-9]+ 7 0 ' said)" -eq 2 ]
	jq -se 'map(select(.type == "worker")) | length == 16 and all(.[]; .exit == "completed" and .step == null
		and .work_units > 0 and .cpu_time_ns > 0)' run.jsonl
}

@test "ops act, and the kernel's files say so" {
	play <<-EOF
	{ "duration": "2s", "payloads": [$(probe a/b/c low)],
	  "backdrop": { "cgroups": [{ "name": "low", "workers": 1 }, { "name": "high", "cpuset": { "llc": 1 } }] },
	  "steps": [
	    { "ops": [
	        { "add_cgroup": { "name": "a", "workers": 1 } },
	        { "add_cgroup": { "name": "a/b/c", "workers": 2, "cpuset": { "exact": "0-1" } } },
	        { "capture_procs": { "cgroup": "a", "tag": "outer" } },
	        { "set_cpuset": { "cgroup": "a/b/c", "cpuset": { "exact": "1-2" } } },
	        { "swap_cpusets": ["a/b/c", "high"] },
	        { "clear_cpuset": "a/b/c" },
	        { "set_affinity": { "cgroup": "a/b/c", "affinity": { "exact": "3" } } },
	        { "run_payload": "probe" }, { "wait_payload": { "payload": "probe", "timeout": "20s" } },
	        { "set_cpu_weight": { "cgroup": "low", "cpu_weight": 7 } },
	        { "set_cpu_max": { "cgroup": "low", "cpu_max": "50%" } },
	        { "freeze": "a" }, { "unfreeze": "a" },
	        { "signal": { "cgroup": "a/b/c", "signal": "USR2" } },
	        { "sysctl": { "key": "kernel.sched_autogroup_enabled", "value": "0" } },
	        { "write": { "path": "/sys/kernel/debug/sched/migration_cost_ns", "value": "123456" } } ],
	      "hold": "200ms" },
	    { "ops": [
	        { "spawn": { "cgroup": "high", "workers": 2 } }, { "spawn": { "workers": 1 } },
	        { "capture_procs": { "cgroup": "high", "tag": "before" } },
	        { "move_tasks": { "from": "high", "to": "low" } },
	        { "capture_procs": { "cgroup": "high", "tag": "after" } },
	        { "capture_procs": { "cgroup": "low", "tag": "after" } },
	        { "stop_cgroup": "low" }, { "capture_procs": { "cgroup": "low", "tag": "stopped" } },
	        { "remove_cgroup": "high" }, { "add_cgroup": "high" } ],
	      "hold": "200ms" } ] }
	EOF
	[ "$(guest_exit)" -eq 0 ]
	jq -se 'map(select(.type == "op")) | length == 26 and all(.[]; .ok)' run.jsonl
	# a cgroup with children keeps its own in a leaf, and has them all the same
	[ "$(op capture_procs 'select(.tag == "outer").procs | length')" -eq 1 ]
	[ "$(op set_cpuset .effective)" = '"1-2"' ]
	[ "$(op swap_cpusets .effective)" = '["2-3","1-2"]' ]
	[ "$(op clear_cpuset .effective)" = '"0-3"' ]
	[ "$(op set_affinity .tasks)" -eq 2 ]
	[ "$(said | awk '$1 == "a/b/c" { print $NF }' | xargs)" = "3 3" ]
	# what applied to them, one set after the other
	[ "$(workers a/b/c .cpus_allowed)" = 'null null' ]
	[ "$(op set_cpu_weight .now)" = '"7"' ]
	[ "$(op set_cpu_max .now)" = '"50000 100000"' ]
	[ "$(op freeze .frozen) $(op unfreeze .frozen)" = "1 0" ]
	[ "$(op signal .tasks)" -eq 2 ]
	[ "$(op sysctl .now)" = '"0"' ]
	# two of the backdrop and two of the step went to the other cgroup, and were stopped there
	[ "$(op move_tasks .tasks)" -eq 4 ]
	[ "$(op capture_procs '[.step, .tag, (.procs | length)]' | tail -n +2 | paste -sd ' ')" = \
		'[1,"before",4] [1,"after",0] [1,"after",5] [1,"stopped",0]' ]
	[ "$(workers high '[.step, .index, .exit]')" = '[null,0,"completed"] [null,1,"completed"] [1,2,"completed"] [1,3,"completed"]' ]
	[ "$(workers low '[.step, .exit]')" = '[null,"completed"]' ]
	[ "$(workers / '[.step, .cpus_allowed, .exit]')" = '[1,null,"completed"]' ]
	jq -se 'map(select(.type == "worker")) | length == 9 and all(.[]; .exit == "completed")' run.jsonl
}

@test "a cpuset that changes: workers are judged by all that applied; loops, and CPUs that go" {
	play <<-'EOF'
	{ "duration": "2s",
	  "backdrop": { "cgroups": [{ "name": "c", "workers": 2, "cpuset": { "exact": "1,3" }, "affinity": { "exact": "3" } },
	                            { "name": "d", "workers": 4, "work": "Mixed" }] },
	  "steps": [
	    { "cgroups": [{ "name": "a", "workers": 2, "cpuset": { "exact": "0" } },
	                  { "name": "b", "workers": 2, "cpuset": { "exact": "1,3" }, "affinity": { "exact": "3" } }],
	      "ops": [{ "set_cpuset": { "cgroup": "a", "cpuset": { "exact": "1" } } }, { "freeze": "b" }, { "unfreeze": "b" },
	              { "set_cpuset": { "cgroup": "a", "cpuset": { "exact": "2" } } }],
	      "every": "300ms", "hold": "1s" },
	    { "ops": [{ "cpu_offline": "2-3" }], "hold": "500ms" },
	    { "ops": [{ "cpu_online": "2-3" }, { "cpu_offline": "2" }], "hold": "500ms" } ] }
	EOF
	[ "$(guest_exit)" -eq 0 ]
	# the union of the three; the last of each loop is told, with how often it was done
	[ "$(workers a .cpus_allowed)" = '"0-2" "0-2"' ]
	[ "$(workers b .cpus_allowed)" = '"3" "3"' ]
	[ "$(jq -r 'select(.type == "op" and .step == 0) | "\(.op) \(.count >= 2)"' run.jsonl | paste -sd ' ')" = \
		"set_cpuset true freeze true unfreeze true set_cpuset true" ]
	jq -se 'map(select(.type == "worker" and .cgroup == "a")) | all(.[]; .migrations >= 1 and .cpus_used != "0")' run.jsonl
	# CPU 3 went while they were bound to it: the kernel took the rest of their cpuset
	[ "$(workers c '[.cpus_allowed, .exit]')" = '["1,3","completed"] ["1,3","completed"]' ]
	jq -se 'map(select(.type == "worker" and .cgroup == "c")) | all(.[]; .cpus_used | test("1"))' run.jsonl
	[ "$(op cpu_offline .online | paste -sd ' ')" = '"0-1" "0-1,3"' ]
	[ "$(op cpu_online .online)" = '"0-3"' ]
	jq -se 'map(select(.type == "worker")) | length == 10 and all(.[]; .exit == "completed" and .work_units > 0)' run.jsonl
}

@test "what goes wrong around workers is told, and the test goes on" {
	play <<-'EOF'
	{ "duration": "1s",
	  "steps": [
	    { "ops": [{ "add_cgroup": { "name": "a", "workers": 2 } }, { "add_cgroup": { "name": "a/b", "workers": 2 } },
	              { "add_cgroup": { "name": "t", "workers": 2, "clone": "thread" } }, { "add_cgroup": { "name": "s", "workers": 2 } },
	              { "signal": { "cgroup": "a/b", "signal": "KILL" } }, { "signal": { "cgroup": "t", "signal": "TERM" } },
	              { "signal": { "cgroup": "s", "signal": "STOP" } }, { "freeze": "a" }], "hold": "300ms" },
	    { "ops": [{ "add_cgroup": { "name": "a", "workers": 2, "memory_max": "1M" } }], "hold": "100ms" },
	    { "cgroups": [{ "name": "a", "workers": 2 }], "ops": [{ "add_cgroup": "x" }, { "remove_cgroup": "x" }], "hold": "100ms" } ] }
	EOF
	[ "$(guest_exit)" -eq 0 ]
	# stopped while frozen, and while paused by a signal: they went on to stop
	[ "$(workers a '[.step, .exit]')" = '[0,"completed"] [0,"completed"] [1,"completed"] [1,"completed"] [2,"completed"] [2,"completed"]' ]
	[ "$(workers s .exit)" = '"completed" "completed"' ]
	[ "$(workers a/b .exit)" = '"signal 9" "signal 9"' ]
	[ "$(workers t .exit)" = '"signal 15" "signal 15"' ]
}

@test "an op that fails ends the test: its record, the workers' records, and the guest's error" {
	cat >t.json <<-'EOF'
	{ "duration": "1s", "steps": [
	    { "cgroups": [{ "name": "b", "workers": 1 }], "ops": [{ "add_cgroup": { "name": "a", "workers": 1 } }, { "freeze": "a" },
	       { "unfreeze": "a" }], "every": "100ms", "hold": "1s" },
	    { "cgroups": [{ "name": "c" }] } ] }
	EOF
	# the second round would make "a" again, and the third op is of a cgroup that is not there
	sed -i 's/"every": "100ms", //' t.json
	edit '.steps[0].ops += [{op: "remove_cgroup", cgroup: "a"}, {op: "freeze", cgroup: "a"}, {op: "unfreeze", cgroup: "a"}]'
	[ "$(guest_exit)" -eq 71 ]
	[ "$(errors)" = "step 0: op 4 (freeze): there is no cgroup 'a' now" ]
	[ "$(jq -r 'select(.type == "op") | "\(.op) \(.ok)"' run.jsonl | tail -1)" = "freeze false" ]
	[ "$(op freeze 'select(.ok | not).error')" = "\"there is no cgroup 'a' now\"" ]
	[ "$(jq -r 'select(.type == "step") | "\(.index)\(.event)"' run.jsonl | xargs)" = "0start 0end" ]
	[ "$(workers a .exit)" = '"completed"' ]
}

@test "attributes that the kernel refuses name the worker, the attribute and the reason" {
	cat >t.json <<-'EOF'
	{ "duration": "1s", "cgroups": [{ "name": "a", "workers": 2 }] }
	EOF
	edit '.steps[0].cgroups[0].groups[0] += {policy: {kind: "deadline", runtime_ns: 9e8, deadline_ns: 1e9, period_ns: 1e9}, affinity: {kind: "exact", cpus: "1"}}'
	[ "$(guest_exit)" -eq 71 ]
	errors | grep -Eqx 'step 0: worker [01] of a \(SpinWait\): policy deadline: Operation not permitted'
	[ "$(jq -r 'select(.type == "step") | .event' run.jsonl | xargs)" = "start end" ]
	# and a thread says the same as a process
	edit '.steps[0].cgroups[0].groups[0] += {clone: "thread", affinity: {kind: "exact", cpus: "77"}}'
	errors | grep -Eqx 'step 0: worker [01] of a \(SpinWait\): affinity 77: Invalid argument'
}

@test "a scheduler that dies while an op waits" {
	play <<-EOF
	{ "scheduler": { "name": "s", "binary": "$KT_BIN/scx_kt", "args": ["--error-after", "2"] }, "duration": "1s",
	  "payloads": [{ "name": "long", "binary": "/bin/sleep", "args": ["1000"] }],
	  "steps": [
	    { "ops": [{ "add_cgroup": { "name": "a", "workers": 2 } }, { "run_payload": { "payload": "long", "cgroup": "a" } },
	              { "wait_payload": { "payload": "long", "timeout": "60s" } }, { "add_cgroup": "z" }], "hold": "10s" },
	    { "cgroups": [{ "name": "b", "workers": 2 }], "hold": "10s" } ] }
	EOF
	[ "$(guest_exit)" -eq 0 ]
	[ -z "$(errors)" ]
	has '.type == "sched" and .event == "exit" and (.reason | startswith("EXIT: scx_bpf_error"))'
	[ "$(jq -r 'select(.type == "op") | "\(.op) \(.ok)"' run.jsonl | paste -sd ' ')" = \
		"add_cgroup true run_payload true wait_payload true" ]
	[ "$(workers a .exit)" = '"completed" "completed"' ]
	[ "$(jq -r 'select(.type == "payload") | .exit' run.jsonl)" = killed ]
	[ "$(jq -r 'select(.type == "step") | "\(.index)\(.event)"' run.jsonl | xargs)" = "0start 0end" ]
}

@test "memory on nodes: policies bind, and the pages are counted" {
	play 2n2l2c1t <<-'EOF'
	{ "duration": "1s", "cgroups": [
	    { "name": "a", "workers": 1, "work": { "CachePressure": { "size": "1MiB" } }, "mem_policy": { "bind": "1" } },
	    { "name": "b", "workers": 1, "work": { "CachePressure": { "size": "1MiB" } }, "cpuset": { "numa": 0 } },
	    { "name": "c", "workers": 1, "clone": "thread", "work": { "CachePressure": { "size": "1MiB" } },
	      "mem_policy": { "interleave": "0-1" } } ] }
	EOF
	[ "$(guest_exit)" -eq 0 ]
	[ "$(workers a '.numa_pages | ."0" == 0 and ."1" > 0')" = true ]
	[ "$(workers b '.numa_pages | ."0" > 0 and ."1" == 0')" = true ]
	[ "$(workers c '.numa_pages | ."0" > 0 and ."1" > 0')" = true ]
	[ "$(workers a '.numa_pages_migrated >= 0')" = true ]
}

@test "a thousand workers in a hundred cgroups start together, and all report" {
	jq -nc '{duration: "1s", cgroups: [range(100) | {name: "c\(.)", workers: 10}]}' | play >log 2>&1 || { cat log; false; }
	[ "$(guest_exit)" -eq 0 ]
	[ "$(jq -r 'select(.type == "worker") | .exit' run.jsonl | sort | uniq -c | xargs)" = "1000 completed" ]
	[ "$(jq -r 'select(.type == "step" and .event == "hold") | .workers' run.jsonl)" -eq 1000 ]
	# two seconds, where the machine has the time to boot a guest as fast as it can
	jq -se '(map(select(.type == "guest" and .event == "init"))[0].guest_ns) as $boot
		| map(select(.event == "hold"))[0].setup_ns as $setup | $setup < 2e9 or $boot > 1.3e9' run.jsonl
}
