#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Programs that a test brings: schedulers with all that they need, payloads, custom work,
# files. What the plan says of them, and what kt-initrd packs.
# shellcheck disable=SC2154 # stderr is set by run
# shellcheck disable=SC2030,SC2031 # each @test is a subshell
load helpers

# resolve FILTER FILE: that much of the plan, in $output
resolve() {
	run --separate-stderr kt-guest plan "$2"
	[ "$status" -eq 0 ] || {
		echo "$stderr"
		return 1
	}
	output=$(jq -c "select(.type == \"test\") | $1" <<<"$output")
}

# same EXPECTED: the last output; @ stands for this directory
same() {
	[ "$output" = "${1//@/$PWD}" ] || {
		echo "expected: ${1//@/$PWD}"
		echo "found:    $output"
		return 1
	}
}

# sched MEMBERS [TEST-MEMBERS]: t.json, with a scheduler that is this directory's program
sched() {
	printf '#!/bin/sh\n' >s && chmod +x s
	printf '{ "scheduler": { "name": "x", "binary": "./s", %s }, %s "cgroups": [{ "name": "a" }] }' \
		"$1" "${2-}" >t.json
}

# unpack STREAM: packs it, and unpacks the archive into ./root
unpack() {
	local at
	kt-initrd -o a.cpio <"$1" >out.jsonl
	rm -rf root && mkdir root
	at=$(LC_ALL=C grep -abom1 -P '\x28\xb5\x2f\xfd' a.cpio | head -1 | cut -d: -f1)
	(cd root && head -c "$at" ../a.cpio | cpio -idm --quiet)
	tail -c +$((at + 1)) a.cpio | zstd -dcq | (cd root && cpio -idm --quiet)
}

@test "a configuration: in place, from a file, of the test, with a template" {
	sched '"config": { "a": [1, 2] }, "args": ["-v"]' '"sched_args": ["-x"],'
	resolve '.scheduler | [.args, .files]' t.json
	same '[["--config","/kt/config/x.json","-v","-x"],[{"guest":"/kt/config/x.json","text":"{\"a\":[1,2]}"}]]'
	sched '"config": "k = 1\n", "config_arg": "f:{file}", "config_path": "/etc/x.toml"'
	resolve '.scheduler | [.args, .files]' t.json
	same '[["f:/etc/x.toml"],[{"guest":"/etc/x.toml","text":"k = 1\n"}]]'
	echo 1 >c.conf
	sched '"config_file": "c.conf", "config_arg": ["-c", "{file}"]'
	resolve '.scheduler | [.args, .files]' t.json
	same '[["-c","/kt/config/c.conf"],[{"host":"@/c.conf","guest":"/kt/config/c.conf","closure":false}]]'
	# that of the test goes before, and is needed where there is none
	sched '"config_file": "c.conf"' '"config": [],'
	resolve '.scheduler | [.args, .files]' t.json
	same '[["--config","/kt/config/c.conf"],[{"guest":"/kt/config/c.conf","text":"[]"}]]'
	sched '"config_path": "/x"' '"config": {},'
	resolve '.scheduler.files' t.json
	same '[{"guest":"/x","text":"{}"}]'
	# another scheduler has no use for them
	sched '"config_path": "/x"' '"config": {}, "sched_args": ["-x"],'
	run --separate-stderr kt-guest plan -s eevdf t.json
	[ "$status" -eq 0 ]
	sched '"config_file": "none.conf"'
	run --separate-stderr kt-guest plan t.json
	[ "$status" -eq 69 ]
	[ "$stderr" = 'kt-guest: t.json:1:63: unable to find "none.conf"' ]
}

@test "a scheduler of the kernel, a cgroup parent, constraints" {
	printf '{ "scheduler": { "name": "x", "kernel_builtin": { "enable": ["echo 1 > /x", "true"], "disable": ["false"] },
		"cgroup_parent": "/a/b", "constraints": { "min_llcs": 2, "max_cpus": 16 } },
		"constraints": { "min_llcs": 3, "requires_smt": true }, "cgroups": [{ "name": "a" }] }' >t.json
	resolve '[.scheduler.binary, .scheduler.builtin, .scheduler.cgroup_parent, .scheduler.files[0].guest, .constraints]' t.json
	same '[null,{"enable":["echo 1 > /x","true"],"disable":["false"]},"/a/b","/bin/sh",{"min_numa_nodes":1,"max_numa_nodes":1,"min_llcs":3,"max_llcs":12,"min_cpus":1,"max_cpus":16,"requires_smt":true}]'
	kt-guest plan t.json >plan.jsonl
	unpack plan.jsonl
	[ -x root/bin/sh ]
}

@test "the environment names programs for schedulers" {
	sched '"args": []'
	cp s other
	KT_SCHEDULER=$PWD/other resolve .scheduler.binary t.json
	same '"@/other"'
	KT_SCHEDULER=/bin/true KT_SCHEDULER_BIN_X=./other resolve .scheduler.binary t.json
	same '"@/other"'
	export KT_SCHEDULER_BIN_X=./none
	run --separate-stderr kt-guest plan t.json
	[ "$status" -eq 69 ]
	[ "$stderr" = 'kt-guest: KT_SCHEDULER_BIN_X: "./none" is no executable program' ]
	unset KT_SCHEDULER_BIN_X
	# an op's scheduler is not the one that KT_SCHEDULER stands for
	printf '{ "scheduler": { "name": "x", "binary": "./s" }, "steps": [{ "cgroups": [{ "name": "a" }],
		"ops": [{ "replace_scheduler": { "name": "y-1", "binary": "./s", "kargs": ["nosmt"] } },
			{ "replace_scheduler": "x" }, { "replace_scheduler": "y-1" }] }] }' >t.json
	KT_SCHEDULER=$PWD/other KT_SCHEDULER_BIN_Y_1=/bin/true resolve \
		'[.scheduler.binary, (.schedulers[] | .name, .binary, .guest_binary), .kargs, [.steps[0].ops[].scheduler]]' t.json
	same "[\"@/other\",\"y-1\",\"$(realpath /bin/true)\",\"/kt/schedulers/y-1\",[\"nosmt\"],[\"y-1\",\"x\",\"y-1\"]]"
	KT_SCHEDULER=$PWD/other resolve .schedulers[0].binary t.json
	same '"@/s"'
}

@test "payloads" {
	cp /bin/true p
	printf '{ "payloads": [{ "binary": "./p", "name": "one", "args": ["-a", "b"], "output": "json", "timeout": "1.5s", "cgroup": "a",
			"checks": [{ "exit_code": 3 }, { "metric": "x.0", "min": 1, "max": 2.5 }, { "metric": "y", "exists": false }],
			"metrics": [{ "name": "x.0", "polarity": "target", "target": 2, "unit": "us" }, { "name": "y" }] }],
		"payload": "one", "workloads": [{ "binary": "./p" }], "backdrop": { "cgroups": [{ "name": "a" }] } }' >t.json
	resolve '[.payload, .workloads, .payloads]' t.json
	same '["one",["p"],[{"name":"one","guest_binary":"/kt/programs/p","host":"@/p","args":["-a","b"],"output":"json","timeout_ns":1500000000,"checks":[{"exit_code":3},{"metric":"x.0","min":1,"max":2.5},{"metric":"y","exists":false}],"metrics":[{"name":"x.0","polarity":"target","unit":"us","target":2},{"name":"y","polarity":"none","unit":""}],"cgroup":"a"},{"name":"p","guest_binary":"/kt/programs/p","host":"@/p","args":[],"output":"exit","timeout_ns":null,"checks":[],"metrics":[],"cgroup":null}]]'
	# a program that two use is packed once; two of one name have places of their own
	resolve .programs t.json
	same '[{"host":"@/p","guest":"/kt/programs/p","closure":true}]'
	mkdir d && cp p d/p
	printf '{ "payload": { "binary": "./p" }, "workloads": [{ "name": "q", "binary": "d/p" }] }' >t.json
	resolve '[.programs[].guest], (.steps | map({hold_ns, until_payload}))' t.json
	same '["/kt/programs/p","/kt/programs/2/p"]
[{"hold_ns":12000000000,"until_payload":true}]'
	printf '{ "payload": { "binary": "no_such_program" } }' >t.json
	run --separate-stderr kt-guest plan t.json
	[ "$status" -eq 69 ]
	[ "$stderr" = 'kt-guest: t.json:1:26: unable to find program "no_such_program" beside kt or in PATH' ]
	printf '{ "payload": { "binary": "./t.json" } }' >t.json
	run --separate-stderr kt-guest plan t.json
	[ "$status" -eq 69 ]
	[ "$stderr" = 'kt-guest: t.json:1:26: "./t.json" is no executable program' ]
}

@test "what is packed: programs with all they need, files, directories, configurations" {
	printf '#!/usr/bin/env sh\n' >w.sh && chmod +x w.sh
	mkdir -p data/sub && echo 1 >data/sub/one && echo 2 >data/two
	sched '"config": { "k": 1 }' '"files": { "/data": "data", "/etc/two": "data/two", "/usr/bin/mytrue": "/bin/true" },'
	jq '.cgroups[0].work = {Custom: {program: "./w.sh", args: ["1"]}}
		| .payload = {binary: "true"}' t.json >u.json
	resolve '[.steps[0].cgroups[0].groups[0].work]' u.json
	same '[{"type":"Custom","program":"/kt/programs/w.sh","host":"@/w.sh","args":["1"]}]'
	kt-guest plan u.json >plan.jsonl
	unpack plan.jsonl
	[ "$(cat root/kt/config/x.json)" = '{"k":1}' ]
	[ "$(cat root/data/sub/one root/data/two root/etc/two | xargs)" = "1 2 2" ]
	[ -x root/kt/programs/w.sh ]
	[ -x root/kt/programs/true ]
	[ -x root/usr/bin/mytrue ]
	[ -x root/usr/bin/env ]
	[ -x "root$(command -v sh)" ] # the script's
	ldd /bin/true | grep -o '/[^ ]*' | while read -r lib; do [ -e "root$lib" ] || exit 1; done
	[ "$(jq '.files // empty' out.jsonl)" -eq "$(find root -mindepth 1 | wc -l)" ]
	# the same programs are taken from the cache
	stat -c '%i %n' "$XDG_CACHE_HOME"/kt/initrd/base-* >before
	kt-guest plan u.json | kt-initrd >again.jsonl
	stat -c '%i %n' "$XDG_CACHE_HOME"/kt/initrd/base-* | diff before -
}

# refused JQ MESSAGE: a plan with that change is refused
refused() {
	printf '%s\n%s\n' "$(jq -nc '{type: "test", name: "t", scheduler: null, programs: [], schedulers: []} | '"$1")" \
		'{"type":"end","tool":"kt-guest","exit":0,"records":1}' >bad.jsonl
	run --separate-stderr kt-initrd <bad.jsonl
	echo "$status: $stderr"
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-initrd: $2" ]
}

@test "records that ask for what must not be" {
	local t=/bin/true
	refused '.programs = [{host: "'$t'", guest: "/init"}]' \
		'line 1: programs[0].guest: /init in the guest is not for programs and files of a test'
	refused '.programs = [{host: "'$t'", guest: "/kt/plan.json"}]' \
		'line 1: programs[0].guest: /kt/plan.json in the guest is not for programs and files of a test'
	refused '.programs = [{host: "'$t'", guest: "/sys/x"}]' \
		'line 1: programs[0].guest: /sys/x in the guest is not for programs and files of a test'
	refused '.programs = [{host: "'$t'", guest: "/a/../init"}]' \
		'line 1: programs[0].guest: expected an absolute path in the guest without "..", found /a/../init'
	refused '.programs = [{host: "'$t'", guest: "a\nb"}]' \
		'line 1: programs[0].guest: expected an absolute path in the guest without "..", found a
b'
	refused '.programs = [{host: "'$t'"}]' \
		'line 1: programs[0].guest: expected an absolute path in the guest without "..", found none'
	refused '.programs = [{guest: "/x", host: "rel"}]' \
		'line 1: programs[0].host: expected an absolute path on this host, found rel'
	refused '.programs = [{guest: "/x", text: "t"}]' \
		'line 1: programs[0].host: expected an absolute path on this host, found none'
	refused '.programs = [5]' \
		'line 1: programs[0].guest: expected an absolute path in the guest without "..", found none'
	refused '.programs = [range(4097) | {guest: "/x\(.)", host: "/bin/true"}]' \
		'line 1: programs: more than 4096'
	refused '.programs = [{guest: "/x", host: "/dev/null"}]' '/dev/null: expected a file or a directory'
	refused '.programs = [{guest: "/x", host: "/nonexistent"}]' \
		'unable to include /nonexistent: No such file or directory'
	refused '.programs = [{guest: "/x", host: "/etc/passwd", closure: true}]' \
		'/etc/passwd: expected a program, an ELF file or a "#!" script'
	refused '.programs = [{guest: "/x", host: "/bin/true"}, {guest: "/x", host: "/etc/passwd"}]' \
		'two things go to /x in the guest: /bin/true and /etc/passwd'
	refused '.scheduler = {name: "s", binary: null}' \
		'line 1: scheduler.binary: expected the absolute path of a program'
	refused '.scheduler = {name: "s", binary: "/bin/true", guest_binary: "/init"}' \
		'line 1: scheduler.guest_binary: /init in the guest is not for programs and files of a test'
	refused '.schedulers = [{name: "s", binary: "true"}]' \
		'line 1: scheduler.binary: expected the absolute path of a program'
	refused '.scheduler = {name: "s", binary: "/bin/true", files: [{guest: "/proc/x", text: ""}]}' \
		'line 1: scheduler.files[0].guest: /proc/x in the guest is not for programs and files of a test'
	refused '.scheduler = {name: "s", binary: "/bin/true", files: [{guest: "/kt/scheduler", text: ""}]}' \
		'two things go to /kt/scheduler in the guest'
}
