#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-guest plan: what cgroups, workers and ops come to; the schema and the page say the same.
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CACHE_HOME=$PWD/cache XDG_STATE_HOME=$PWD/state
	unset KT_PATH
	mkdir bin
	printf '#!/bin/sh\n' | tee sched bin/stress-ng bin/load bin/fio bin/scx_kt jobs.fio layers.json >mybench
	chmod +x sched mybench bin/*
	export KT_SCHEDULER=$PWD/sched PATH=$PATH:$PWD/bin
}

# $1: a jq filter on the test record of t.json, which stdin is.
plan() {
	cat >t.json
	run --separate-stderr kt-guest plan t.json
	[ "$stderr" = "" ] || printf '%s\n' "$stderr"
	[ "$status" -eq 0 ]
	output=$(jq -c "$1" <<<"${lines[0]}")
}

# Lines "TOPOLOGY | members of cgroup a | what filter $1 makes of it".
cgroups() {
	local topo members want
	while IFS='|' read -r topo members want; do
		plan "$1" <<<"{ \"topology\": \"${topo// /}\", \"cgroups\": [{ \"name\": \"a\", $members }] }"
		printf '%s: %s\n' "$members" "$output"
		[ "$output" = "${want# }" ]
	done
}

@test "limits become files" {
	cgroups '.steps[0].cgroups[0].files' <<-'END'
		1l2c1t | "cpu_max": "50%" | {"cpu.max":"50000 100000"}
		1l2c1t | "cpu_max": "12.5%" | {"cpu.max":"12500 100000"}
		1l2c1t | "cpu_max": "max" | {"cpu.max":"max 100000"}
		1l2c1t | "cpu_max": { "quota": "5ms" } | {"cpu.max":"5000 100000"}
		1l2c1t | "cpu_max": { "quota": "30ms", "period": "20ms" } | {"cpu.max":"30000 20000"}
		1l2c1t | "cpu_weight": 300, "io_weight": 1 | {"cpu.weight":"300","io.weight":"1"}
		1l2c1t | "memory_max": "max", "memory_high": "64M", "memory_low": 0 | {"memory.low":"0","memory.high":"67108864","memory.max":"max"}
		1l2c1t | "swap_max": 0, "pids_max": "max" | {"memory.swap.max":"0","pids.max":"max"}
		1l2c1t | "pids_max": 2 | {"pids.max":"2"}
	END
}

@test "memory nodes follow the CPU set unless they are given" {
	cgroups '.steps[0].cgroups[0] | [.cpus, .mems]' <<-'END'
		2n2l2c1t | "cpuset": { "numa": 1 } | ["2-3","1"]
		2n2l2c1t | "cpuset": { "exact": "1-2" } | ["1-2","0-1"]
		2n2l2c1t | "cpuset": { "numa": 1 }, "cpuset_mems": "0-1" | ["2-3","0-1"]
		2n2l2c1t | "cpuset_mems": { "numa": [0] } | [null,"0"]
		1n2l2c1t | "cpuset": { "llc": 1 } | ["2-3",null]
	END
}

@test "numbers of workers" {
	cgroups '.steps[0].cgroups[0] | [.workers, (.groups | map(.workers))]' <<-'END'
		1l4c1t | "workers": 3 | [3,[3]]
		1l4c1t | "workers": "150%" | [6,[6]]
		1l4c1t | "workers": "100%", "cpuset": { "exact": "1-3" } | [3,[3]]
		1l4c1t | "workers": "10%" | [1,[1]]
		1l4c1t | "workers": "60%", "work": "PipeIo" | [4,[4]]
		1l4c1t | "work": "FutexFanOut" | [5,[5]]
		1l4c1t | "work": "Schbench" | [1,[1]]
		1l4c1t | "workers": 4, "groups": [{}, { "workers": 1 }] | [5,[4,1]]
	END
}

@test "affinities" {
	cgroups '.steps[0].cgroups[0].groups[0].affinity' <<-'END'
		2l2c2t | "affinity": "inherit" | null
		2l2c2t | "affinity": "single_cpu", "cpuset": { "exact": "3,5" } | {"kind":"exact","cpus":"3"}
		2l2c2t | "affinity": "llc_aligned" | {"kind":"exact","cpus":"0-3"}
		2l2c2t | "affinity": "llc_aligned", "cpuset": { "exact": "3-6" } | {"kind":"exact","cpus":"4-6"}
		2l2c2t | "affinity": "cross_cgroup", "cpuset": { "llc": 1 } | {"kind":"exact","cpus":"0-7"}
		2l2c2t | "affinity": "smt_sibling_pair", "cpuset": { "exact": "1-5" } | {"kind":"each","cpus":["2-3","2-3","4-5","4-5"]}
		2l2c2t | "affinity": "random" | {"kind":"random","pool":"0-7","count":4}
		2l2c2t | "affinity": "random", "cpuset": { "exact": "6" } | {"kind":"random","pool":"6","count":1}
		2l2c2t | "affinity": { "random": { "count": 2 } } | {"kind":"random","pool":"0-7","count":2}
		2l2c2t | "affinity": { "random": { "pool": { "llc": 1 } } } | {"kind":"random","pool":"4-7","count":2}
		2l2c2t | "affinity": { "exact": "1,3" } | {"kind":"exact","cpus":"1,3"}
		2l2c2t | "affinity": { "exact": { "llc": 1 } } | {"kind":"exact","cpus":"4-7"}
	END
}

@test "policies, memory policies, names and ids" {
	cgroups '.steps[0].cgroups[0].groups[0] | del(.work, .workers)' <<-'END'
		2n2l2c1t | "policy": "batch", "nice": -20 | {"policy":{"kind":"batch"},"nice":-20,"clone":"process"}
		2n2l2c1t | "policy": { "rr": 99 } | {"policy":{"kind":"rr","priority":99},"clone":"process"}
		2n2l2c1t | "policy": { "deadline": { "runtime": "1ms", "period": "10ms" } } | {"policy":{"kind":"deadline","runtime_ns":1000000,"deadline_ns":10000000,"period_ns":10000000},"clone":"process"}
		2n2l2c1t | "policy": { "deadline": { "runtime": "1ms", "deadline": "2ms", "period": "10ms" } } | {"policy":{"kind":"deadline","runtime_ns":1000000,"deadline_ns":2000000,"period_ns":10000000},"clone":"process"}
		2n2l2c1t | "mem_policy": "default" | {"clone":"process"}
		2n2l2c1t | "mem_policy": "local" | {"mem_policy":{"mode":"local","nodes":null},"clone":"process"}
		2n2l2c1t | "mem_policy": "interleave" | {"mem_policy":{"mode":"interleave","nodes":"0-1"},"clone":"process"}
		2n2l2c1t | "mem_policy": "interleave", "cpuset": { "numa": 1 } | {"mem_policy":{"mode":"interleave","nodes":"1"},"clone":"process"}
		2n2l2c1t | "mem_policy": { "preferred": 1 } | {"mem_policy":{"mode":"preferred","nodes":"1"},"clone":"process"}
		2n2l2c1t | "mem_policy": { "bind": [1, 0], "flags": ["static_nodes", "numa_balancing"] } | {"mem_policy":{"mode":"bind","nodes":"0-1","flags":["static_nodes","numa_balancing"]},"clone":"process"}
		2n2l2c1t | "numa_node": 1 | {"affinity":{"kind":"exact","cpus":"2-3"},"mem_policy":{"mode":"bind","nodes":"1"},"clone":"process"}
		2n2l2c1t | "numa_node": 1, "affinity": "single_cpu" | {"affinity":{"kind":"exact","cpus":"0"},"mem_policy":{"mode":"bind","nodes":"1"},"clone":"process"}
		2n2l2c1t | "comm": "x y", "uid": 1, "gid": 4294967294, "clone": "thread" | {"uid":1,"gid":4294967294,"comm":"x y","clone":"thread"}
		2n2l2c1t | "pcomm": "game" | {"pcomm":"game","clone":"thread"}
	END
}

@test "a group is as its cgroup where it says nothing" {
	cgroups '.steps[0].cgroups[0].groups | map(del(.work))' <<-'END'
		2n2l2c1t | "nice": 3, "numa_node": 0, "groups": [{}, { "nice": 0 }, { "affinity": "single_cpu" }, { "numa_node": 1 }] | [{"workers":2,"nice":3,"affinity":{"kind":"exact","cpus":"0-1"},"mem_policy":{"mode":"bind","nodes":"0"},"clone":"process"},{"workers":2,"nice":0,"affinity":{"kind":"exact","cpus":"0-1"},"mem_policy":{"mode":"bind","nodes":"0"},"clone":"process"},{"workers":2,"nice":3,"affinity":{"kind":"exact","cpus":"0"},"mem_policy":{"mode":"bind","nodes":"0"},"clone":"process"},{"workers":2,"nice":3,"affinity":{"kind":"exact","cpus":"2-3"},"mem_policy":{"mode":"bind","nodes":"1"},"clone":"process"}]
	END
}

@test "ops are flat in the record" {
	plan '.steps[0].ops[]' <<-'END'
		{ "topology": "2n2l2c1t", "scheduler": "sched",
		  "payloads": [{ "binary": "load" }],
		  "backdrop": { "cgroups": [{ "name": "a", "cpuset": { "numa": 0 } },
					    { "name": "b", "cpuset": { "numa": 1 }, "cpuset_mems": 0 }] },
		  "steps": [{ "ops": [
			{ "add_cgroup": "x/y" },
			{ "add_cgroup": { "name": "z", "workers": 1 } },
			{ "set_cpuset": { "cgroup": "a", "cpuset": { "exact": "3" } } },
			{ "set_cpuset": { "cgroup": "b", "cpuset": { "exact": "1" } } },
			{ "clear_cpuset": "a" },
			{ "clear_cpuset": "b" },
			{ "spawn": { "workers": 1 } },
			{ "spawn": { "cgroup": "x/y", "nice": 1, "workers": 1 } },
			{ "move_tasks": { "from": "x/y", "to": "a" } },
			{ "set_affinity": { "cgroup": "a", "affinity": "inherit" } },
			{ "run_payload": "load" },
			{ "wait_payload": { "payload": "load", "timeout": "1s" } },
			{ "run_payload": { "payload": "load", "cgroup": "a" } },
			{ "kill_payload": "load" },
			{ "cpu_offline": { "llc": 1 } },
			{ "cpu_online": "2-3" },
			"restart_scheduler",
			{ "detach_scheduler": {} },
			{ "set_cpu_max": { "cgroup": "z", "cpu_max": "10%" } },
			{ "signal": { "cgroup": "z", "signal": "STOP" } },
			{ "stop_cgroup": "z" },
			{ "remove_cgroup": "z" },
			{ "snapshot": "x-1" },
			{ "watch": { "what": "jiffies_64" } },
			{ "watch": { "what": ".bss:a", "name": "n", "hits": 1, "interval": "0s", "equals": 0 } },
			{ "read": { "what": "scx_root->exit_info.kind" } },
			{ "write_value": { "what": "(struct x *)y[0].z", "value": -1 } } ] }] }
	END
	diff - <(printf '%s\n' "$output") <<-'END'
		{"op":"add_cgroup","cgroup":{"name":"x/y","cpus":null,"files":{},"workers":0,"groups":[]}}
		{"op":"add_cgroup","cgroup":{"name":"z","cpus":null,"files":{},"workers":1,"groups":[{"work":{"type":"SpinWait"},"workers":1,"clone":"process"}]}}
		{"op":"set_cpuset","cgroup":"a","cpus":"3","mems":"1"}
		{"op":"set_cpuset","cgroup":"b","cpus":"1"}
		{"op":"clear_cpuset","cgroup":"a","mems":""}
		{"op":"clear_cpuset","cgroup":"b"}
		{"op":"spawn","cgroup":null,"group":{"work":{"type":"SpinWait"},"workers":1,"clone":"process"}}
		{"op":"spawn","cgroup":"x/y","group":{"work":{"type":"SpinWait"},"workers":1,"nice":1,"clone":"process"}}
		{"op":"move_tasks","from":"x/y","to":"a"}
		{"op":"set_affinity","cgroup":"a","affinity":null}
		{"op":"run_payload","payload":"load","cgroup":null}
		{"op":"wait_payload","payload":"load","timeout_ns":1000000000}
		{"op":"run_payload","payload":"load","cgroup":"a"}
		{"op":"kill_payload","payload":"load"}
		{"op":"cpu_offline","cpus":"2-3"}
		{"op":"cpu_online","cpus":"2-3"}
		{"op":"restart_scheduler"}
		{"op":"detach_scheduler"}
		{"op":"set_cpu_max","cgroup":"z","value":"10000 100000"}
		{"op":"signal","cgroup":"z","signal":"STOP"}
		{"op":"stop_cgroup","cgroup":"z"}
		{"op":"remove_cgroup","cgroup":"z"}
		{"op":"snapshot","name":"x-1"}
		{"op":"watch","what":"jiffies_64","hits":16,"interval_ns":100000000}
		{"op":"watch","what":".bss:a","name":"n","hits":1,"interval_ns":0,"equals":0}
		{"op":"read","what":"scx_root->exit_info.kind"}
		{"op":"write_value","what":"(struct x *)y[0].z","value":-1}
	END
}

@test "the CPUs that are online are those that percent and affinities are of" {
	plan '.steps[0].cgroups[0].groups[0] | [.workers, .affinity.cpus]' <<-'END'
		{ "topology": "1l4c1t", "steps": [{ "ops": [{ "cpu_offline": "1-2" }],
		  "cgroups": [{ "name": "a", "workers": "100%", "affinity": "cross_cgroup" }] }] }
	END
	[ "$output" = '[2,"0,3"]' ]
}

@test "what a step may do with what is there" {
	plan '.name' <<-'END'
		{ "topology": "1l4c1t",
		  "backdrop": { "cgroups": [{ "name": "bd" }, { "name": "bd/in", "groups": [] }],
				"ops": [{ "freeze": "bd" }] },
		  "steps": [
			{ "ops": [{ "spawn": { "cgroup": "bd/in", "workers": 1 } }] },
			{ "ops": [{ "freeze": "bd" }, { "unfreeze": "bd" },
				  { "move_tasks": { "from": "bd", "to": "bd/in" } }] },
			{ "ops": [{ "stop_cgroup": "bd/in" }, { "remove_cgroup": "bd/in" },
				  { "add_cgroup": "bd/in" }],
			  "cgroups": [{ "name": "mine" }] },
			{ "ops": [{ "add_cgroup": "bd/in" }], "cgroups": [{ "name": "mine" }] },
			{ "cgroups": [{ "name": "mine" }], "every": "10ms", "hold": "1s",
			  "ops": [{ "add_cgroup": "new" }, { "remove_cgroup": "new" },
				  { "cpu_offline": "3" }, { "cpu_online": "3" },
				  { "stop_cgroup": "mine" }, { "spawn": { "cgroup": "mine" } },
				  { "run_payload": { "payload": { "binary": "load" } } },
				  { "kill_payload": "load" }] }
		  ] }
	END
}

@test "a test may be nothing but a payload or a backdrop" {
	plan '[.steps[] | [.hold_ns, .cgroups, .ops]], .payload' <<-'END'
		{ "duration": "1s", "payload": { "binary": "load" } }
	END
	[ "$output" = $'[[1000000000,[],[]]]\n"load"' ]
	plan '.backdrop.payloads, (.steps | length)' <<-'END'
		{ "payloads": [{ "binary": "load", "name": "l" }],
		  "backdrop": { "cgroups": [{ "name": "a", "groups": [] }], "payloads": ["l"] } }
	END
	[ "$output" = $'["l"]\n1' ]
}

# What the test of the page's example is: the text, by section.
example() {
	local rest='"cgroups": [{ "name": "a" }]'
	case $1 in
	OPS)
		printf '{ "topology": "2l2c1t", "scheduler": "scx_kt", "payloads": [{ "binary": "load" }], '
		printf '"backdrop": { "cgroups": [{ "name": "a", "cpuset": { "llc": 0 } }, '
		printf '{ "name": "b", "cpuset": { "exact": "0-3" } }] }, "steps": [{ "ops": [%s] }] }' "$2"
		return
		;;
	CGROUPS | WORKERS | WORK | 'CPU SETS')
		[[ $2 = *'{ "name"'* && $2 != *'":'*'{ "name"'* ]] ||
			set -- "$1" "{ \"name\": \"a\", $2 }"
		printf '{ "topology": "2n4l4c2t", "cgroups": [%s] }' "$2"
		return
		;;
	SCHEDULERS) [[ $2 = *'"scheduler"'* ]] || set -- "$1" "\"scheduler\": { \"name\": \"scx_kt\", $2 }" ;;
	esac
	case $2 in
	*'"config":'*) rest+=', "scheduler": { "name": "scx_kt", "config": { "guest": "/c", "args": ["{file}"] } }' ;;
	*'"sched_args"'*) rest+=', "scheduler": "scx_kt"' ;;
	esac
	[[ $2 = *'"cgroups"'* || $2 = *'"steps"'* || $2 = *'"payload"'* ]] && rest=
	[[ $2 = ' {'* ]] && printf '%s' "$2" || printf '{ %s%s }' "$2" "${rest:+, $rest}"
}

@test "every example of the pages is right, for the plan and for the schema" {
	local section text n=0 bad=0
	while IFS=$'\t' read -r section text; do
		n=$((n + 1))
		example "$section" "$text" >"ex$n.json"
		kt-guest plan "ex$n.json" >/dev/null 2>err && continue
		bad=$((bad + 1))
		cat "ex$n.json" err
	done < <(awk -f "$KT_TOP/tests/tools/examples.awk" "$KT_TOP/man/kt-test.5" "$KT_TOP/man/kt-work.7")
	[ "$n" -ge 90 ]
	[ "$bad" -eq 0 ]
	run bash -c 'ls ex*.json | "$KT_TOP/tests/tools/validate-tests" "$KT_TOP/share/test.schema.json" | grep -v ": ok$"'
	echo "$output"
	[ "$output" = "" ]
}

@test "every key of the schema but parameters of work types is in an example" {
	local key keys bad=0
	awk -f "$KT_TOP/tests/tools/examples.awk" "$KT_TOP/man/kt-test.5" "$KT_TOP/man/kt-work.7" >examples
	keys=$(jq -r 'del(.definitions.work) | [.. | objects | .properties? // empty | keys[]] |
		unique[] | select(IN("$schema", "not_starved") | not)' "$KT_TOP/share/test.schema.json")
	[ "$(wc -l <<<"$keys")" -gt 100 ]
	for key in $keys; do
		grep -qF "\"$key\"" examples && continue
		echo "neither kt-test.5 nor kt-work.7 has an example of $key"
		bad=1
	done
	[ "$bad" -eq 0 ]
}

@test "every shipped test is right by the schema, and those that are judged for their verdicts" {
	local files=("$KT_TOP"/share/tests/*.json "$KT_TOP"/tests/truth/*.json)
	printf '%s\n' "${files[@]}" | "$KT_TOP/tests/tools/validate-tests" "$KT_TOP/share/test.schema.json" >said
	printf '%s: ok\n' "${files[@]}" | diff - said
}

@test "the schema rejects what is wrong whatever else the test says" {
	local f bad=0 n
	for f in "$KT_TOP"/tests/data/bad/*.cases; do
		cases "$(basename "$f" .cases)"
	done >names
	sed 's/$/.json/' names | "$KT_TOP/tests/tools/validate-tests" "$KT_TOP/share/test.schema.json" >said
	[ "$(wc -l <said)" -eq "$(wc -l <names)" ]
	while read -r f; do
		f=${f%.json: ok}
		# a schema cannot count what is in an array
		[ "$f" = sched-config-arg-twice ] && continue
		grep -qE 'unknown (key|op|affinity|policy|memory policy)|found (an (object|array)|true|false|null)$|(without|needs) "|takes no arg' \
			"$f.err" || continue
		echo "the schema takes $f: $(cat "$f.err")"
		bad=1
	done < <(grep ': ok$' said)
	[ "$bad" -eq 0 ]
	n=$(grep -cv -e ': ok$' -e ': no JSON$' said)
	echo "$n rejected"
	[ "$n" -ge 100 ]
}
