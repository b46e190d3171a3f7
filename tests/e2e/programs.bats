#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Programs of a test in a real guest: schedulers that come and go, payloads, custom work.

load helpers

# run_test NAME: NAME.json; its records in ./run.jsonl, its exit code in $status
run_test() {
	status=0
	kt test "$1.json" >out 2>err || status=$?
	cp "$XDG_STATE_HOME"/kt/runs/latest/run.jsonl run.jsonl
	"$KT_TOP/tests/tools/validate-records" <run.jsonl || return
}

# has CONDITION: some record meets it
has() {
	holds run.jsonl "$1" || {
		cat out err
		jq -c 'select(.type == "sched" or .type == "op" or .type == "payload" or .type == "worker" or .event == "error")' run.jsonl
		return 1
	}
}

# none CONDITION: no record meets it
none() {
	jq -se "any(.[]; $1) | not" run.jsonl >/dev/null
}

# script NAME < BODY: an executable
script() {
	cat >"$1" && chmod +x "$1"
}

@test "a test that is its payload ends with it; its numbers are judged" {
	script p <<-'END'
		#!/bin/sh
		echo "warming up [1]"
		echo '{ "jobs": [ { "iops": 7.25, "ok": true } ], "deep": { "us": [1, 2] } }'
		echo "some words" >&2
		exit 3
	END
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "memory_mib": 512, "duration": "60s",
		  "payload": { "binary": "./p", "output": "json", "checks": [ { "exit_code": 3 },
			{ "metric": "jobs.0.iops", "min": 7, "max": 8 }, { "metric": "none", "exists": false } ] } }
	END
	run_test t
	[ "$status" -eq 0 ]
	has '.type == "payload" and .name == "p" and .exit == "exit 3" and .step == null
		and .metrics == {"jobs.0.iops": 7.25, "jobs.0.ok": 1, "deep.us.0": 1, "deep.us.1": 2}
		and .stderr == "some words\n" and .duration_ns < 30e9'
	has '.type == "check" and .name == "payload" and .verdict == "pass"'
	jq '.payload.checks[1].min = 7.5' t.json >u.json
	run_test u
	[ "$status" -eq 1 ]
	grep -q 'payload p: jobs.0.iops 7.25 below 7.5' out
}

@test "payloads: time limits, kills, what they leave behind, cgroups, the end of their step" {
	script loop <<-'END'
		#!/bin/sh
		(while :; do :; done) &
		while :; do :; done
	END
	script who <<-'END'
		#!/bin/sh
		while read -r line; do echo "$line" >&2; done </proc/self/cgroup
		exit 5
	END
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "memory_mib": 512,
		  "payloads": [
			{ "name": "late", "binary": "./loop", "timeout": "200ms" },
			{ "name": "shot", "binary": "./loop" }, { "name": "left", "binary": "./loop", "cgroup": "b" },
			{ "name": "who", "binary": "./who", "checks": [ { "exit_code": 5 } ] } ],
		  "workloads": [ { "name": "all", "binary": "./loop" } ],
		  "steps": [ { "hold": "100ms", "cgroups": [], "ops": [
			{ "add_cgroup": "b" }, { "run_payload": "late" }, { "run_payload": "shot" }, { "run_payload": "left" },
			{ "run_payload": { "payload": "who", "cgroup": "b" } },
			{ "wait_payload": { "payload": "late", "timeout": "20s" } },
			{ "wait_payload": { "payload": "who", "timeout": "20s" } },
			{ "kill_payload": "shot" } ] } ] }
	END
	run_test t
	[ "$status" -eq 1 ] # a time limit that was reached is a failure
	grep -q 'payload late did not end in time' out
	has '.type == "payload" and .name == "late" and .exit == "timeout" and .step == 0 and .duration_ns >= 2e8'
	has '.type == "payload" and .name == "shot" and .exit == "killed"'
	has '.type == "payload" and .name == "left" and .exit == "killed" and .cgroup == "b" and .step == 0'
	has '.type == "payload" and .name == "who" and .exit == "exit 5" and .cgroup == "b" and (.stderr | test("/b$"; "m"))'
	has '.type == "payload" and .name == "all" and .exit == "killed" and .step == null'
	# the cgroup could be removed: nothing of the group was left in it
	none '.type == "guest" and .event == "error"'
}

@test "a payload that outlives its wait fails the test" {
	script loop <<<$'#!/bin/sh\nwhile :; do :; done'
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "memory_mib": 512, "payloads": [ { "name": "x", "binary": "./loop" } ],
		  "steps": [ { "cgroups": [], "ops": [ { "run_payload": "x" }, { "wait_payload": { "payload": "x", "timeout": "300ms" } } ] } ] }
	END
	run_test t
	[ "$status" -eq 1 ]
	has '.type == "op" and .ok == false and .error == "payload '\''x'\'' still runs after 0.3 s"'
}

@test "hackbench and cyclictest" {
	command -v hackbench cyclictest >/dev/null || skip "hackbench and cyclictest are not installed (rt-tests)"
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "memory_mib": 512, "duration": "60s",
		  "workloads": [ { "binary": "hackbench", "args": ["-g", "1", "-l", "10"] } ],
		  "payload": { "binary": "cyclictest", "args": ["-q", "-t", "1", "-i", "10000", "-l", "50", "--json=/dev/stdout"],
			"output": "json", "checks": [ { "exit_code": 0 }, { "metric": "thread.0.cycles", "min": 50, "max": 50 },
				{ "metric": "thread.0.max", "min": 1 } ],
			"metrics": [ { "name": "thread.0.max", "polarity": "lower", "unit": "us" } ] } }
	END
	run_test t
	[ "$status" -eq 0 ] || cat out err
	has '.type == "payload" and .name == "cyclictest" and .exit == "exit 0" and .metrics["thread.0.cycles"] == 50'
	has '.type == "payload" and .name == "hackbench"'
}

@test "a scheduler is detached, attached, restarted and replaced by another" {
	simple=$(upstream scx_simple) || skip "no sources of the kernel's own schedulers"
	jq -n --arg simple "$simple" '{ scheduler: "scx_kt", topology: "1l2c1t", memory_mib: 512, duration: "500ms",
		assert: { not_stuck: true }, steps: [ { cgroups: [ { name: "a" } ] },
		{ ops: [ "detach_scheduler", { attach_scheduler: "scx_kt" }, "restart_scheduler" ], cgroups: [ { name: "a" } ] },
		{ ops: [ { replace_scheduler: { name: "simple", binary: $simple } } ], cgroups: [ { name: "a" } ] },
		{ ops: [ { replace_scheduler: "scx_kt" } ], cgroups: [ { name: "a" } ] } ] }' >t.json
	run_test t
	[ "$status" -eq 0 ] || cat out err
	[ "$(jq -r 'select(.type == "sched" and .event != "log") | "\(.name):\(.event)"' run.jsonl | xargs)" = \
		"scx_kt:start scx_kt:attach scx_kt:stop scx_kt:start scx_kt:attach scx_kt:stop scx_kt:start scx_kt:attach scx_kt:stop simple:start simple:attach simple:stop scx_kt:start scx_kt:attach scx_kt:stop" ]
	[ "$(jq -r 'select(.type == "sched" and .event == "attach") | .ops' run.jsonl | xargs)" = "kt kt kt simple kt" ]
	has '.type == "op" and .op == "replace_scheduler" and .ok and .duration_ns > 0'
}

@test "a replacement that does not attach fails the test, with its log" {
	script broken <<-'END'
		#!/bin/sh
		echo "no such thing as a scheduler here"
		exit 7
	END
	cat >t.json <<-'END'
		{ "scheduler": "scx_kt", "topology": "1l2c1t", "memory_mib": 512, "duration": "500ms",
		  "steps": [ { "cgroups": [ { "name": "a" } ], "ops": [ { "replace_scheduler": { "name": "broken", "binary": "./broken" } } ] } ] }
	END
	run_test t
	[ "$status" -eq 1 ]
	grep -q 'scheduler broken did not attach: ended with exit 7 before it attached: no such thing as a scheduler here' out
	has '.type == "sched" and .name == "broken" and .event == "log"'
	none '.type == "worker"'
}

@test "a scheduler that dies after it replaced another is told by its own name" {
	cat >t.json <<-'END'
		{ "scheduler": "scx_kt", "topology": "1l2c1t", "memory_mib": 512, "duration": "5s",
		  "steps": [ { "cgroups": [ { "name": "a" } ], "ops": [ { "replace_scheduler": { "name": "dying", "binary": "scx_kt", "args": ["--error-after", "1"] } } ] } ] }
	END
	run_test t
	[ "$status" -eq 1 ]
	has '.type == "sched" and .name == "dying" and .event == "exit"'
}

@test "a scheduler of the kernel: switched on and off by commands, whose failure is told" {
	cat >t.json <<-'END'
		{ "scheduler": { "name": "tick", "cgroup_parent": "/own/cells", "sysctls": { "kernel.sched_autogroup_enabled": "0" },
			"kernel_builtin": { "enable": [ "echo on; test -d /sys/fs/cgroup/own/cells && echo there", "true" ], "disable": [ "echo off" ] } },
		  "topology": "1l2c1t", "memory_mib": 512, "duration": "300ms", "cgroups": [ { "name": "a" } ] }
	END
	run_test t
	[ "$status" -eq 0 ] || cat out err
	[ "$(jq -r 'select(.type == "sched") | .text // .event' run.jsonl | xargs)" = "start on there attach off stop" ]
	jq '.scheduler.kernel_builtin.enable = ["echo not here >&2; exit 4"]' t.json >u.json
	run_test u
	[ "$status" -eq 1 ]
	has '.type == "sched" and .event == "failed" and (.reason | test("ended with exit 4: not here"))'
}

@test "a scheduler gets its configuration and arguments" {
	script s <<-'END'
		#!/bin/sh
		echo "$@"
		while read -r line; do echo "$line"; done <"$2"
		exit 1
	END
	cat >t.json <<-'END'
		{ "scheduler": { "name": "s", "binary": "./s", "args": ["-a"], "config_arg": ["-c", "{file}"], "config_path": "/etc/s.conf" },
		  "config": "slice = 5\n", "sched_args": ["-x y"], "topology": "1l2c1t", "memory_mib": 512, "cgroups": [ { "name": "a" } ] }
	END
	run_test t
	[ "$status" -eq 1 ]
	[ "$(jq -r 'select(.type == "sched" and .event == "log") | .text' run.jsonl)" = "-c /etc/s.conf -a -x y
slice = 5" ]
}

@test "custom work: in C, as a script, one that dies, one that will not stop" {
	cat >c.c <<-'END'
		#include <signal.h>
		#include <stdio.h>
		static volatile sig_atomic_t stop;
		static void on(int s) { (void)s; stop = 1; }
		int main(void)
		{
			unsigned long n = 0;
			signal(SIGTERM, on);
			puts("hello");
			while (!stop)
				n++;
			printf("{\"work_units\": %lu, \"iterations\": 1}\n{\"iterations\": 7, \"metrics\": {\"lat\": {\"p99\": 1.5}}}\n", n);
			return 0;
		}
	END
	gcc -O1 -o c c.c
	script sh_work <<-'END'
		#!/bin/sh
		trap 'echo "{\"index\": $KT_WORKER}"; exit 0' TERM
		while :; do :; done
	END
	script dies <<<$'#!/bin/sh\necho "out of luck" >&2\nexit 9'
	script deaf <<<$'#!/bin/sh\ntrap "" TERM\nwhile :; do :; done'
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "memory_mib": 512, "duration": "1s", "assert": { "not_stuck": true, "max_spread_pct": null },
		  "cgroups": [ { "name": "c", "workers": 1, "work": { "Custom": { "program": "./c" } }, "cpuset": { "exact": "0" } },
			{ "name": "s", "workers": 3, "work": { "Custom": { "program": "./sh_work" } } } ] }
	END
	run_test t
	[ "$status" -eq 0 ] || cat out err
	has '.type == "worker" and .cgroup == "c" and .exit == "completed" and .work_units > 1000 and .iterations == 7
		and .metrics == {"lat.p99": 1.5} and .cpu_time_ns > 0 and .run_delay.count > 0 and .schedstat.run_ns > 0
		and .cpus_used == "0"'
	# two share a CPU: each was ready and did not run for a time slice at least
	has '.type == "worker" and .cgroup == "s" and .max_gap_ns >= 5e6 and .max_gap_ns < 1e9 and .max_gap_cpu >= 0'
	has '.type == "worker" and .cgroup == "s" and .index == 1 and .metrics == {index: 1} and .exit == "completed"
		and .work_units > 1000'
	jq '.cgroups = [{name: "d", workers: 1, work: {Custom: {program: "./dies"}}},
		{name: "e", workers: 1, work: {Custom: {program: "./deaf"}}}]' t.json >u.json
	run_test u
	[ "$status" -eq 1 ]
	has '.type == "worker" and .cgroup == "d" and .exit == "exit 9" and .stderr == "out of luck\n"'
	has '.type == "worker" and .cgroup == "e" and .exit == "killed"'
}
