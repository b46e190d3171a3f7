#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-guest plan: what a test file comes to, and what is said about one that is wrong.
# shellcheck disable=SC2030,SC2031 # that each test has its own environment is the point
load helpers

end_record() {
	printf '{"type":"end","tool":"kt-guest","exit":%d,"records":%d}' "$1" "$2"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CACHE_HOME=$PWD/cache XDG_STATE_HOME=$PWD/state
	unset KT_PATH
	export KT_SCHEDULER=$PWD/sched
	printf '#!/bin/sh\n' >sched
	chmod +x sched
}

# A test file t.json of one cgroup "a" with the given further members, on $TOPO.
cgroup() {
	printf '{ "topology": "%s", "cgroups": [{ "name": "a"%s }] }\n' "${TOPO:-1l4c1t}" \
		"${1:+, $1}" >t.json
}

# The members of the test that $1 selects.
plan() {
	run --separate-stderr kt-guest plan "${@:2}"
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
	[ "${lines[1]}" = "$(end_record 0 1)" ]
	output=$(jq -c "$1" <<<"${lines[0]}")
}

# Where the tests are that come with the build under test.
shipped() {
	realpath -e "$KT_BIN/../share/kt/tests" 2>/dev/null || realpath -e "$KT_BIN/../../share/kt/tests"
}

# Exit code, message and nothing but the end record.
fails() {
	run --separate-stderr kt-guest plan "${@:3}"
	printf 'exit %s: %s\n' "$status" "$stderr"
	[ "$status" -eq "$1" ]
	[ "$stderr" = "$2" ]
	[ "$output" = "$(end_record "$1" 0)" ]
}

@test "mixed_workloads is resolved in full" {
	plan 'del(.file, .description)' mixed_workloads
	[ "$output" = '{"type":"test","name":"mixed_workloads","topology":"1n2l2c1t","memory_mib":2048,"duration_ns":20000000000,"watchdog_ns":5000000000,"kargs":[],"sysctls":{},"scheduler":{"name":"scx_kt","binary":"'"$PWD/sched"'","guest_binary":"/kt/scheduler","args":[],"sysctls":{},"kargs":[]},"schedulers":[],"programs":[],"payloads":[],"payload":null,"workloads":[],"assert":{"isolation":true,"not_stuck":true,"max_gap_ms":2000,"max_spread_pct":20,"max_throughput_cv":0.5,"min_work_rate":1,"min_iteration_rate":null},"expect":null,"allow_inconclusive":false,"backdrop":null,"steps":[{"hold_ns":20000000000,"cgroups":[{"name":"background_spinner","cpus":"0-1","files":{},"workers":2,"groups":[{"work":{"type":"SpinWait"},"workers":2,"clone":"process"}]},{"name":"phased_worker","cpus":"2-3","files":{},"workers":2,"groups":[{"work":{"type":"Sequence","phases":[{"kind":"spin","ns":100000000},{"kind":"yield","ns":20000000}]},"workers":2,"clone":"process"}]}],"ops":[]},{"hold_ns":0,"cgroups":[],"ops":[{"op":"snapshot","name":"after_workload"}]}]}' ]
	plan .file mixed_workloads
	[ "$output" = "\"$(shipped)/mixed_workloads.json\"" ]
}

@test "every shipped test is right" {
	local f n=0
	for f in "$KT_TOP"/share/tests/*.json; do
		plan .name "$f"
		[ "$output" = "\"$(basename "$f" .json)\"" ]
		n=$((n + 1))
	done
	[ "$n" -eq "$(kt-guest list | jq -s 'map(select(.kind == "test")) | length')" ]
}

@test "defaults" {
	printf '{ "cgroups": [{ "name": "a" }] }' >t.json
	plan 'del(.file)' t.json
	[ "$output" = '{"type":"test","name":"t","topology":"1n1l2c1t","memory_mib":2048,"duration_ns":12000000000,"watchdog_ns":5000000000,"kargs":[],"sysctls":{},"scheduler":null,"schedulers":[],"programs":[],"payloads":[],"payload":null,"workloads":[],"assert":{"isolation":false,"not_stuck":false,"max_gap_ms":null,"max_spread_pct":null,"max_throughput_cv":null,"min_work_rate":null,"min_iteration_rate":null},"expect":null,"allow_inconclusive":false,"backdrop":null,"steps":[{"hold_ns":12000000000,"cgroups":[{"name":"a","cpus":null,"files":{},"workers":2,"groups":[{"work":{"type":"SpinWait"},"workers":2,"clone":"process"}]}],"ops":[]}]}' ]
}

@test "a preset brings its memory, and its spec" {
	TOPO=numa4-12llc cgroup
	plan '[.topology, .memory_mib]' t.json
	[ "$output" = '["4n12l8c2t",4096]' ]
	plan '[.topology, .memory_mib]' --topology tiny-1llc t.json
	[ "$output" = '["1n1l4c1t",2048]' ]
}

@test "work types with their defaults" {
	local line want
	while read -r line want; do
		cgroup "\"work\": $line"
		plan '.steps[0].cgroups[0].groups[0].work' t.json
		echo "$line: $output"
		[ "$output" = "$want" ]
	done <<-'END'
		"SpinWait" {"type":"SpinWait"}
		"CpuSpin" {"type":"SpinWait"}
		"YieldHeavy" {"type":"YieldHeavy"}
		"Mixed" {"type":"Mixed"}
		"Bursty" {"type":"Bursty","burst_ns":50000000,"sleep_ns":100000000}
		{"Bursty":{"sleep":"1.5s"}} {"type":"Bursty","burst_ns":50000000,"sleep_ns":1500000000}
		"PipeIo" {"type":"PipeIo","burst_iters":1024}
		{"PipeIo":{"burst_iters":7}} {"type":"PipeIo","burst_iters":7}
		"FutexPingPong" {"type":"FutexPingPong","spin_iters":1024}
		{"SpinWait":{}} {"type":"SpinWait"}
		{"Sequence":[{"sleep":"1ms"},{"io":"2us"}]} {"type":"Sequence","phases":[{"kind":"sleep","ns":1000000},{"kind":"io","ns":2000}]}
	END
}

@test "CPU sets" {
	local topo set want
	while read -r topo set want; do
		TOPO=$topo cgroup "\"cpuset\": $set"
		plan '.steps[0].cgroups[0].cpus' t.json
		echo "$topo $set: $output"
		[ "$output" = "\"$want\"" ]
	done <<-'END'
		2l2c1t {"llc":1} 2-3
		2n4l2c2t {"llc":3} 12-15
		2n4l2c2t {"numa":1} 8-15
		1l10c1t {"range":[0,0.5]} 0-3
		1l10c1t {"range":[0.5,1]} 4-8
		1l2c1t {"range":[0,1]} 0-1
		1l3c1t {"range":[0,1]} 0-1
		1l101c1t {"range":[0,0.29]} 0-28
		1l9c1t {"disjoint":[0,3]} 0-1
		1l9c1t {"disjoint":[2,3]} 4-7
		1l9c1t {"disjoint":{"index":1,"of":3}} 2-3
		1l9c1t {"overlap":{"index":0,"of":2,"fraction":0.5}} 0-5
		1l9c1t {"overlap":{"index":1,"of":2,"fraction":0.5}} 2-7
		1l9c1t {"overlap":{"index":1,"of":2,"fraction":0}} 4-7
		1l9c1t {"exact":"8,0-2,4"} 0-2,4,8
	END
}

@test "steps and holds" {
	cat >t.json <<-'END'
		{ "duration": "10s", "steps": [
			{ "cgroups": [{ "name": "a" }, { "name": "b" }], "hold": "full" },
			{ "cgroups": [{ "name": "a" }], "hold": 0.25 },
			{ "cgroups": [], "hold": "0s" },
			{ "cgroups": [{ "name": "a" }], "hold": "1.5s" },
			{ "cgroups": [{ "name": "a" }] } ] }
	END
	plan '[.steps[] | [.hold_ns, (.cgroups | length)]]' t.json
	[ "$output" = '[[10000000000,2],[2500000000,1],[0,0],[1500000000,1],[10000000000,1]]' ]
	plan '.steps[1].hold_ns' --duration 2s t.json
	[ "$output" = 500000000 ]
}

@test "limits: scheduler, test, options; the last that says something wins" {
	cat >t.json <<-'END'
		{ "scheduler": { "name": "x", "topology": "3l1c1t",
				 "assert": { "isolation": true, "max_gap_ms": 5, "min_work_rate": 3,
					     "max_spread_pct": 4 } },
		  "assert": { "not_starved": true, "max_gap_ms": null, "min_work_rate": 7 },
		  "cgroups": [{ "name": "a" }] }
	END
	plan '[.topology] + (.assert | to_entries | map(.value))' t.json
	[ "$output" = '["1n3l1c1t",true,true,null,4,null,7,null]' ]
	plan '[.topology] + (.assert | to_entries | map(.value))' -t 1l1c1t --assert isolation=false \
		--assert max_spread_pct=off -a max_throughput_cv=0.0005 -a min_iteration_rate=5e7 t.json
	[ "$output" = '["1n1l1c1t",false,true,null,null,0.0005,7,50000000]' ]
	plan '.assert | [.max_gap_ms, .max_spread_pct]' --scheduler eevdf -a not_stuck=true t.json
	[ "$output" = '[null,15]' ]
}

@test "limits with units are the numbers of the record" {
	echo '{ "assert": { "max_gap": "1.5s", "max_p99_wake_latency": "5ms", "max_p99_timer_late": "250us",
		"cleanup_budget": "2s" }, "cgroups": [{ "name": "a" }] }' >t.json
	plan '.assert | [.max_gap_ms, .max_p99_wake_latency_ns, .max_p99_timer_late_ns, .cleanup_budget_ms]' t.json
	[ "$output" = '[1500,5000000,250000,2000]' ]
	plan '.assert | [.max_gap_ms, .max_p99_wake_latency_ns]' -a max_gap=20ms -a max_p99_wake_latency=off t.json
	[ "$output" = '[20,null]' ]
	# the last layer wins, whatever the unit
	plan '.assert.max_gap_ms' -a max_gap_ms=7 t.json
	[ "$output" = 7 ]
}

@test "limits of a cgroup and of a worker group: what each sets itself, the inner one first" {
	cat >t.json <<-'END'
		{ "topology": "1l4c1t", "assert": { "max_gap": "3s", "max_spread_pct": 30 },
		  "backdrop": { "cgroups": [{ "name": "a", "assert": { "max_p99_wake_latency": "5ms", "isolation": true } }] },
		  "steps": [{
		    "cgroups": [{ "name": "b", "assert": { "max_gap": "1s", "max_spread_pct": null },
				  "groups": [{ "workers": 1 }, { "workers": 1, "assert": { "max_gap": null, "not_stuck": true } }] },
				{ "name": "c" }],
		    "ops": [{ "spawn": { "workers": 1, "assert": { "min_work_rate": 2 } } }] }] }
	END
	plan '[.assert.max_gap_ms, .backdrop.cgroups[0].assert, .backdrop.cgroups[0].groups[0].assert]' t.json
	[ "$output" = '[3000,{"isolation":true,"max_p99_wake_latency_ns":5000000},{"isolation":true,"max_p99_wake_latency_ns":5000000}]' ]
	plan '.steps[0] | .cgroups[0].assert, [.cgroups[0].groups[].assert], .cgroups[1].assert, .ops[0].group.assert' t.json
	[ "$output" = '{"max_gap_ms":1000,"max_spread_pct":null}
[{"max_gap_ms":1000,"max_spread_pct":null},{"not_stuck":true,"max_gap_ms":null,"max_spread_pct":null}]
null
{"min_work_rate":2}' ]
	# not_stuck of some brings the gap and the spread to them, where the test says nothing
	cgroup '"assert": { "not_stuck": true }'
	plan '.steps[0].cgroups[0].groups[0].assert' t.json
	[ "$output" = '{"not_stuck":true,"max_gap_ms":2000,"max_spread_pct":15}' ]
	plan '.steps[0].cgroups[0].groups[0].assert' -a max_gap=1s t.json
	[ "$output" = '{"not_stuck":true,"max_spread_pct":15}' ]
}

@test "default checks: only what differs is in the record" {
	echo '{ "assert": { "defaults": true, "wait": true, "share": false, "quota": null }, "cgroups": [{ "name": "a" }] }' >t.json
	plan '.assert | del(.[] | nulls) | keys_unsorted' t.json
	[ "$output" = '["isolation","not_stuck","share","quota"]' ]
	plan '.assert | [.share, .quota, .defaults, .wait]' t.json
	[ "$output" = '[false,false,null,null]' ]
	plan '.assert | [.share, .quota, .defaults, .wait]' -a defaults=false t.json
	[ "$output" = '[null,null,false,true]' ]
	plan '.assert | [.share, .quota, .kernel_log]' -a share=true -a kernel_log=off t.json
	[ "$output" = '[null,false,false]' ]
}

@test "shares and ratios of cgroups, and what the kernel may say" {
	cat >t.json <<-'END'
		{ "scheduler": { "name": "x", "assert": { "kernel_log_allow": { "text": "one", "reason": "r" } } },
		  "assert": {
			"share": { "heavy": 3, "light": 1, "tolerance_pct": 12.5 },
			"ratio": { "of": "cpu_time", "over": "heavy", "under": "a/b", "min": 1.5, "max": 4 },
			"kernel_log": { "allow": [{ "text": "two", "reason": "s" }] } },
		  "backdrop": { "cgroups": [{ "name": "heavy" }, { "name": "light" }] },
		  "steps": [{ "ops": [{ "add_cgroup": "a/b" }, { "spawn": { "cgroup": "a/b" } }] }] }
	END
	plan '.assert | .shares, .ratios, .kernel_log_allow, .share, .kernel_log' t.json
	[ "$output" = '[{"of":{"heavy":3,"light":1},"tolerance_pct":12.5}]
[{"metric":"cpu_time","over":"heavy","under":"a/b","min":1.5,"max":4}]
[{"text":"one","reason":"r"},{"text":"two","reason":"s"}]
null
null' ]
	jq '.assert.share = [.assert.share, { heavy: 1, light: 2 }]' t.json >u.json
	plan '.assert.shares[1]' u.json
	[ "$output" = '{"of":{"heavy":1,"light":2},"tolerance_pct":10}' ]
}

@test "a limit that --duration makes pointless is left out, with a note" {
	echo '{ "duration": "10s", "assert": { "max_gap": "3s", "max_p99_wake_latency": "1s" },
		"cgroups": [{ "name": "a", "assert": { "max_gap_ms": 2500 } }] }' >t.json
	plan '.assert.max_gap_ms, .steps[0].cgroups[0].assert.max_gap_ms' -d 5s t.json
	[ "$output" = $'3000\n2500' ]
	run --separate-stderr kt-guest plan -d 2s t.json
	[ "$status" -eq 0 ]
	[ "$stderr" = 'kt-guest: warning: t.json:2:42: "max_gap_ms": 2.5s is left out: with --duration no worker lives for more than 2s, so it can never be exceeded
kt-guest: warning: t.json:1:34: "max_gap": 3s is left out: with --duration no worker lives for more than 2s, so it can never be exceeded' ]
	[ "$(jq -c '.assert.max_gap_ms, .assert.max_p99_wake_latency_ns, .steps[0].cgroups[0].assert' <<<"${lines[0]}")" = $'null\n1000000000\n{"max_gap_ms":null}' ]
	# one that the file's own durations make pointless may make sense in a longer run
	echo '{ "duration": "2s", "assert": { "max_gap": "3s" }, "cgroups": [{ "name": "a" }] }' >t.json
	plan .assert.max_gap_ms -d 5s t.json
	[ "$output" = 3000 ]
	fails 65 'kt-guest: t.json:1:33: "max_gap": 3s can never be exceeded: no worker that it is about lives for more than 2s' t.json
	fails 65 'kt-guest: --assert: max_gap_ms: 20s can never be exceeded: no worker lives for more than 12s' -a max_gap=20s steady -d 12s
	fails 65 'kt-guest: --assert: max_gap_ms: 3s can never be exceeded: no worker lives for more than 2s with that --duration' -a max_gap=3s -d 2s steady
}

@test "promises of schedulers: all that are named, or some; those of scx_kt are not another's" {
	cgroup
	export KT_SCHEDULER_BIN_X=$KT_SCHEDULER KT_SCHEDULER_BIN_SCX_KT=$KT_SCHEDULER
	jq '.scheduler = { name: "x", promises: ["nice", "yield"] }' t.json >u.json
	plan .scheduler.promises u.json
	[ "$output" = '{"nice":true,"cgroup_weight":false,"cgroup_max":false,"work_conserving":false,"affinity":false,"yield":true}' ]
	jq '.scheduler = { name: "x", promises: { cgroup_max: true, nice: false } }' t.json >u.json
	plan .scheduler.promises u.json
	[ "$output" = '{"nice":false,"cgroup_max":true}' ]
	jq '.scheduler = "scx_kt"' t.json >u.json
	plan '.scheduler.promises | [.[]] | [length, all]' u.json
	[ "$output" = '[6,true]' ]
	unset KT_SCHEDULER_BIN_SCX_KT
	plan .scheduler.promises u.json
	[ "$output" = null ] # KT_SCHEDULER is another program
	plan .scheduler -s eevdf u.json
	[ "$output" = null ]
}

@test "comments and a last comma are fine" {
	printf '// x\n{ /* y */ "cgroups": [{ "name": "a", },], } // z\n' >t.json
	plan .name t.json
}

@test "schedulers: none, by path, by name, as a file" {
	unset KT_SCHEDULER
	mkdir -p sub kt.d/schedulers bin
	cp sched sub/my_sched
	cp sched bin/on_path
	export PATH=$PATH:$PWD/bin
	local value want
	printf '{ "args": ["-v"], "binary": "../../sub/my_sched" }' >kt.d/schedulers/named.json
	printf '{ "name": "other", "binary": "my_sched", "kargs": ["nosmt"], "sysctls": { "kernel.x": "1 2" } }' \
		>sub/file.json
	cp sched bin/my_sched
	while read -r value want; do
		printf '{ "scheduler": %s, "cgroups": [{ "name": "a" }] }' "$value" >sub/t.json
		plan 'if .scheduler then .scheduler | [.name, .binary, .args, .kargs, .sysctls] else null end' sub/t.json
		echo "$value: $output"
		[ "$output" = "${want//@/$PWD}" ]
	done <<-'END'
		null null
		"eevdf" null
		"./my_sched" ["my_sched","@/sub/my_sched",[],[],{}]
		"on_path" ["on_path","@/bin/on_path",[],[],{}]
		"named" ["named","@/sub/my_sched",["-v"],[],{}]
		"./file.json" ["other","@/bin/my_sched",[],["nosmt"],{"kernel.x":"1 2"}]
		{"name":"on_path","args":["a","b"]} ["on_path","@/bin/on_path",["a","b"],[],{}]
	END
	plan .scheduler.binary --scheduler ./sched sub/t.json # from here, not from the file
	[ "$output" = "\"$PWD/sched\"" ]
	KT_SCHEDULER=my_sched plan '[.scheduler.name, .scheduler.binary]' sub/t.json
	[ "$output" = "[\"on_path\",\"$PWD/bin/my_sched\"]" ]
	KT_SCHEDULER=my_sched plan .scheduler.binary -s on_path sub/t.json
	[ "$output" = "\"$PWD/bin/on_path\"" ]
}

@test "schedulers that are not there" {
	unset KT_SCHEDULER
	printf '{\n"scheduler": "scx_none", "cgroups": [{ "name": "a" }] }' >t.json
	fails 69 'kt-guest: t.json:2:14: unable to find scheduler "scx_none": no such .json in kt.d/schedulers, '"$(dirname "$(shipped)")"'/schedulers, no such program beside kt or in PATH; type KT_SCHEDULER=/path/to/it or --scheduler eevdf' t.json
	fails 69 'kt-guest: --scheduler: unable to find scheduler "nope": no such .json in kt.d/schedulers, '"$(dirname "$(shipped)")"'/schedulers, no such program beside kt or in PATH; type KT_SCHEDULER=/path/to/it or --scheduler eevdf' -s nope t.json
	fails 69 'kt-guest: --scheduler: scheduler "./t.json.x" is no executable program' -s ./t.json.x t.json
	fails 69 'kt-guest: --scheduler: scheduler "/etc/passwd" is no executable program' -s /etc/passwd t.json
	fails 69 'kt-guest: --scheduler: unable to find scheduler file "./x.json"' -s ./x.json t.json
	KT_SCHEDULER=/nope fails 69 'kt-guest: KT_SCHEDULER: "/nope" is no executable program' t.json
	mkdir -p kt.d/schedulers
	printf '{\n"arg": [] }' >kt.d/schedulers/scx_none.json
	fails 65 'kt-guest: kt.d/schedulers/scx_none.json:2:1: unknown key "arg" in the scheduler (did you mean "args"?)' t.json
}

@test "where tests are looked up" {
	mkdir -p kt.d p1 p2
	printf '{ "description": "p2", "cgroups": [{ "name": "a" }] }' | tee p2/x.json >p2/y.json
	export KT_PATH=$PWD/p1::p2
	plan .description x
	[ "$output" = '"p2"' ]
	sed s/p2/p1/ p2/x.json >p1/x.json
	plan .description x
	[ "$output" = '"p1"' ]
	sed s/p2/d/ p2/x.json >kt.d/x.json
	plan .description x
	[ "$output" = '"d"' ]
	sed s/p2/mine/ p2/x.json >kt.d/steady.json
	plan .description steady # before the shipped one of that name
	[ "$output" = '"mine"' ]
	plan .file p2/x.json
	[ "$output" = "\"$PWD/p2/x.json\"" ]
	fails 65 'kt-guest: unable to read y.json: No such file or directory' y.json
}

@test "tests that are not there" {
	local share
	share=$(shipped)
	mkdir p
	export KT_PATH=p
	fails 65 "kt-guest: unknown test \"mixed_worklods\": not in kt.d, p, $share (did you mean \"mixed_workloads\"?)" mixed_worklods
	fails 65 "kt-guest: unknown test \"qqqq\": no qqqq.json in kt.d, p, $share" qqqq
	fails 65 'kt-guest: unable to read x.json: No such file or directory' x.json
	fails 65 'kt-guest: unable to read ./p: Is a directory' ./p
	head -c 1048577 /dev/zero | tr '\0' ' ' >big.json
	fails 65 'kt-guest: big.json: longer than 1 MiB, the limit of such a file' big.json
}

# The names that "expected one of ..." of a bad test file lists.
listed() {
	sed -E 's/.*expected one of (.*)\)$/\1/; s/, /\n/g' "$1.err" | sort
}

@test "the schema for editors knows the same names" {
	local schema=$KT_TOP/share/test.schema.json key keys
	cases test
	diff <(listed key-far) <(jq -r '.properties | keys[] | select(. != "$schema")' "$schema" | sort)
	keys=$(jq -r '.definitions.assert.properties | keys[] | select(IN("ratio", "kernel_log_allow") | not)' "$schema")
	for key in $keys; do
		echo "{ \"assert\": { \"$key\": null }, \"cgroups\": [{ \"name\": \"a\" }] }" >t.json
		plan .name t.json
	done
	keys=$(jq -r '.definitions.workers_assert.properties | keys[]' "$schema")
	for key in $keys; do
		cgroup "\"assert\": { \"$key\": null }"
		plan .name t.json
	done
	diff <(kt-guest list --work | jq -r 'select(.type == "item").name' | sort) <(jq -r '.definitions.work.oneOf[1].properties | keys[] | select(. != "CpuSpin" and . != "IoSync")' "$schema" | sort)
}

@test "the pages name every key, work type and CPU set" {
	local word words
	words=$(jq -r '[.. | .properties? // empty | keys[]] | unique[]' "$KT_TOP/share/test.schema.json")
	[ "$(wc -l <<<"$words")" -gt 100 ]
	for word in $words; do
		grep -qwF -- "$word" "$KT_TOP/man/kt-test.5" "$KT_TOP/man/kt-work.7" || {
			echo "neither kt-test.5 nor kt-work.7 names $word"
			return 1
		}
	done
	# each type of work has an entry of its own
	diff <(kt-guest list --work | jq -r 'select(.type == "item").name' | sort) \
		<(sed -nE 's/^\.It Cm ([A-Z][A-Za-z]+)( .*)?$/\1/p' "$KT_TOP/man/kt-work.7" | sort)
}

@test "a CPU set that does not fit the topology of the command line" {
	cgroup '"cpuset": { "exact": "3" }'
	fails 65 "kt-guest: t.json:1:73: \"exact\": topology '1n1l2c1t' has only the CPUs 0 to 1, found \"3\"" -t 1l2c1t t.json
}

@test "a long path loses its beginning, not the message" {
	local d=$PWD i
	for i in 1 2 3 4 5 6; do d=$d/$(printf '%050d' "$i"); done
	mkdir -p "$d"
	printf '{ "x": 1 }' >"$d/t.json"
	run --separate-stderr kt-guest plan "$d/t.json"
	[ "$status" -eq 65 ]
	[[ $stderr = "kt-guest: ..."*"/t.json:1:3: unknown key \"x\" in the test (expected one of description, "*", flight_recorder)" ]]
}

@test "usage" {
	local try=$'\n'"Try 'kt-guest --help'."
	fails 64 "kt-guest: plan: no test given (a name or a file)$try"
	fails 64 "kt-guest: plan: more than one test given$try" a b
	fails 64 "kt-guest: --topology: '3x2y' is no topology (expected [Nn]NlNcNt such as 2l2c1t or 1n2l4c2t, or a preset: see 'kt-topo --list')$try" -t 3x2y a
	fails 64 "kt-guest: --duration: '5' is no duration (expected a number and ns, us, ms, s, m or h, such as \"1.5s\")$try" -d 5 a
	fails 64 "kt-guest: --duration: '0s' is not above 0s and at most 24h$try" -d 0s a
	fails 64 "kt-guest: --assert: 'max_gab' is no limit (did you mean \"max_gap\"?)$try" -a max_gab=1 a
	fails 64 "kt-guest: --assert: max_gap: expected a duration such as 5ms, or null, found '1'$try" -a max_gap=1 a
	fails 64 "kt-guest: --assert: \"ratio\" can only be given in the test$try" -a ratio=1 a
	fails 64 "kt-guest: --assert: max_spread_pct: expected a number from 0 to below 100, or null, found '100'$try" -a max_spread_pct=100 a
	fails 64 "kt-guest: --assert: 'x' is no limit (expected KEY=VALUE with a KEY of \"assert\" in kt-test(5))$try" -a x=1 a
	fails 64 "kt-guest: --assert: isolation: expected true, false or null, found '2'$try" -a isolation=2 a
	fails 64 "kt-guest: --assert: max_gap_ms: expected a number of milliseconds or null, found ''$try" -a max_gap_ms a
	run --separate-stderr kt-guest plan --nope a
	[ "$status" -eq 64 ]
	[ "$output" = "$(end_record 64 0)" ]
	[ "${stderr_lines[1]}" = "Try 'kt-guest --help'." ]
	run --separate-stderr kt-guest
	[ "$status" -eq 64 ]
	[ "$stderr" = "kt-guest: no command given (expected plan, list, run or clean)$try" ]
	run --separate-stderr kt-guest plam x
	[ "$status" -eq 64 ]
	[ "$stderr" = "kt-guest: unknown command 'plam' (expected plan, list, run or clean)$try" ]
}

@test "help and version" {
	run --separate-stderr kt-guest --help
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
	[ "${lines[0]}" = "Usage: kt-guest plan [OPTION]... NAME|FILE" ]
	run --separate-stderr kt-guest plan --help
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "Usage: kt-guest plan [OPTION]... NAME|FILE" ]
	[[ $output == *"--assert=KEY=VALUE"* ]]
	run --separate-stderr kt-guest plan -V
	[ "$status" -eq 0 ]
	[[ $output = "kt-guest "* ]]
}

@test "a full disk is told" {
	cgroup
	run --separate-stderr sh -c 'kt-guest plan t.json >/dev/full'
	[ "$status" -eq 74 ]
	[[ $stderr = "kt-guest: unable to write to standard output: No space left on device" ]]
}
