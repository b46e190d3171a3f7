#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt run: a test in cgroups of this machine. Each test has a mount namespace in which
# /sys/fs/cgroup is the machine's cgroup v2, wherever that is; tests/e2e/host.bats does the
# same as root of a guest, with controllers and schedulers.
# shellcheck disable=SC2154,SC2030,SC2031 # stderr is set by run; each @test is a subshell

load helpers

# Where the machine has its cgroup v2, or nothing.
cgroup2() {
	awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
}

setup_file() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -n "$(cgroup2)" ] || skip "no cgroup v2 on this machine"
	unshare -m true 2>/dev/null || skip "no mount namespaces here"
	[ -w "$(cgroup2)/cgroup.procs" ] || skip "cgroup v2 is read-only here"
}

# within COMMAND...: in that namespace; takes the place of the shell (for run and for jobs)
within() {
	exec unshare -m bash -c 'mount --make-rprivate / && mount --bind "$0" /sys/fs/cgroup && exec "$@"' \
		"$(cgroup2)" "$@"
}

teardown() {
	[ -z "$(left)" ] || (within kt doctor --clean)
}

left() {
	find "$(cgroup2)" -name 'kt.*' 2>/dev/null
}

test_file() {
	cat >t.json <<-'END'
		{ "topology": "1l1c1t", "duration": "1s",
		  "assert": { "not_stuck": true, "max_gap": null, "max_spread_pct": 75 },
		  "steps": [{ "ops": [{ "add_cgroup": "x/y" }],
		    "cgroups": [{ "name": "a" }, { "name": "b", "work": { "Bursty": { "burst": "5ms" } } }] }] }
	END
}

# Waits until the run in the background has its workers.
started() {
	for _ in {1..100}; do
		[ "$(find "$(cgroup2)" -path '*/kt.*/a/cgroup.procs' -exec cat {} + 2>/dev/null | wc -l)" -ge 2 ] && return
		sleep 0.1
	done
	return 1
}

@test "kt run: a test passes on this machine, and nothing is left of it" {
	test_file
	run --separate-stderr within kt run --runs runs t.json
	echo "$output$stderr"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ "$output" == *'PASS t ['* ]]
	[ -z "$(left)" ]
	jq -c 'select(.type != "test")' runs/latest/run.jsonl | "$KT_TOP/tests/tools/validate-records"
	[ "$(jq -r 'select(.type == "host").cpu_of | length' runs/latest/run.jsonl)" -eq 1 ]
	[ "$(jq -r 'select(.type == "worker").exit' runs/latest/run.jsonl | sort | uniq -c | tr -s ' ')" = ' 4 completed' ]
	jq -es 'all(.[] | select(.type == "worker"); .work_units > 0)' runs/latest/run.jsonl
	[ -e runs/latest/report.txt ]
}

@test "kt run: a program that cannot be executed is counted, and fails the run" {
	printf '#!/none/interpreter\n' >script
	chmod +x script
	cat >t.json <<-'END'
		{ "duration": "300ms", "cgroups": [{ "name": "a", "workers": 1, "work": { "Custom": { "program": "./script" } } }] }
	END
	run --separate-stderr within kt run -s eevdf --runs runs t.json
	echo "$output$stderr"
	[ "$status" -eq 1 ]
	jq -es 'any(.[]; .type == "worker" and .failed.exec == 1 and .failed.error == "ENOENT")' runs/latest/run.jsonl
	[[ "$output" == *'a: worker '*' ended by itself (exit 127); calls failed, 1 of exec (ENOENT)'* ]]
	[ -z "$(left)" ]
}

@test "kt run: after ^C nothing is left, and the records are there" {
	test_file
	within kt run -q -d 60s --runs runs t.json 2>err &
	started
	kill -INT $!
	wait $! && status=0 || status=$?
	[ "$status" -eq 130 ]
	grep -q '^kt: interrupted; the records so far are in ' err
	[ -z "$(left)" ]
}

@test "kt run: what a SIGKILL leaves, kt doctor --clean removes, or the next run" {
	test_file
	local how
	for how in doctor run; do
		within kt run -q -d 60s --runs runs t.json 2>/dev/null &
		started
		kill -KILL $!
		wait $! || true
		sleep 0.3
		[ -n "$(left)" ]
		if [ $how = doctor ]; then
			run --separate-stderr within kt doctor --clean
			[ "$status" -eq 0 ]
			[[ "$output" =~ ^/sys/fs/cgroup/kt\.[0-9-]+"  removed, with "[0-9]+" processes"$ ]]
		else
			run --separate-stderr within kt run -q --runs runs t.json
			[ "$status" -eq 0 ]
			[[ "$stderr" =~ ^"kt-guest: removed /sys/fs/cgroup/kt."[0-9-]+", left of a run that was killed, and the "[0-9]+" processes in it"$ ]]
		fi
		[ -z "$(left)" ]
	done
	# one that goes on is left alone
	within kt run -q -d 4s --runs runs t.json &
	started
	run within kt doctor --clean
	[ -z "$output" ]
	wait $!
}

@test "kt run: only one process of the run survives its killing, and is found" {
	# a child that has left its parent: it dies with the cgroup alone
	cat >linger.sh <<-'END'
		#!/bin/sh
		setsid sleep 300 </dev/null >/dev/null 2>&1 &
		exec sleep 300
	END
	chmod +x linger.sh
	cat >t.json <<-'END'
		{ "topology": "1l1c1t", "payload": { "name": "linger", "binary": "./linger.sh" }, "cgroups": [{ "name": "a" }] }
	END
	within kt run -q -d 60s --runs runs t.json 2>/dev/null &
	started
	sleep 0.5
	kill -KILL $!
	wait $! || true
	sleep 0.3
	run within kt doctor --clean
	[[ "$output" == *"  removed, with 1 processes" ]]
	[ -z "$(left)" ]
}

@test "kt run: what only looks into a guest is left out" {
	cat >t.json <<-'END'
		{ "topology": "1l1c1t", "duration": "1s", "steps": [
		  { "cgroups": [{ "name": "a" }], "hold": "full" },
		  { "ops": [{ "snapshot": "x" }, { "watch": { "what": "nr_stalled" } }], "hold": "0s" }] }
	END
	run --separate-stderr within kt run --runs runs t.json
	echo "$output$stderr"
	[ "$status" -eq 0 ]
	[ "$stderr" = 'kt-guest: warning: 2 ops left out: there is no guest to look into (kt test has one)' ]
	[ -z "$(left)" ]
}

# as_nobody DIR COMMAND...: in DIR, which is nobody's, without root, in a cgroup that was given to
# it, as a user's scope is. The checkout may be where nobody cannot go.
as_nobody() {
	# shellcheck disable=SC2016 # expands there
	within bash -c 'cd "$1" && shift && mount --bind "$KT_BIN" bin && d=/sys/fs/cgroup/delegated &&
		mkdir "$d" && echo 0 >"$d/cgroup.procs" &&
		chown nobody "$d" "$d"/cgroup.{procs,subtree_control,threads} &&
		PATH=$PWD/bin:$PATH exec setpriv --reuid nobody --regid nogroup --clear-groups "$@"' - "$@"
}

@test "kt run: without root in a delegated cgroup" {
	local d
	d=$(mktemp -d)
	cd "$d"
	mkdir bin
	test_file
	chown -R nobody .
	run --separate-stderr as_nobody "$d" kt run --runs runs t.json
	echo "$output$stderr"
	rmdir "$(cgroup2)/delegated"
	mv runs "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	rm -r "$d"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ "$output" == *'PASS t ['* ]]
	[ "$(jq -r 'select(.type == "worker").exit' runs/latest/run.jsonl | sort | uniq -c | tr -s ' ')" = ' 4 completed' ]
	[ -z "$(left)" ]
}

# refuses MESSAGE: exit 69, that message, no run directory, nothing left
refuses() {
	run --separate-stderr within kt run --runs runs t.json
	echo "$stderr"
	[ "$status" -eq 69 ]
	[ "$stderr" = "kt-guest: $1" ]
	[ -z "$output" ]
	[ -z "$(left)" ]
	[ ! -e runs/latest ]
}

@test "kt run: what it does not do to a machine" {
	echo '{ "topology": "64l16c1t", "cgroups": [{ "name": "a" }] }' >t.json
	refuses "this machine has not the topology 1n64l16c1t: 64 LLCs with 16 cores of 1 thread on 1 NUMA node (of $(nproc) CPUs that may be used here)"
	echo '{ "topology": "1l2c1t", "steps": [{ "ops": [{ "cpu_offline": "1" }], "cgroups": [{ "name": "a" }] }] }' >t.json
	refuses 'the test has the op cpu_offline, which changes the machine itself: it runs in a guest only (kt test)'
	echo '{ "topology": "1l2c1t", "steps": [{ "ops": [{ "read": { "what": "runqueues[0].nr_running", "name": "n" } }], "cgroups": [{ "name": "a" }] }] }' >t.json
	refuses 'the test has the op read, which is done from outside: it runs in a guest only (kt test)'
	echo '{ "sysctls": { "kernel.pid_max": "12345" }, "cgroups": [{ "name": "a" }] }' >t.json
	refuses "the test wants sysctl kernel.pid_max = 12345, which is $(cat /proc/sys/kernel/pid_max) here, and kt run changes no setting of the machine"
	echo '{ "kargs": ["nohz_full=7"], "cgroups": [{ "name": "a" }] }' >t.json
	refuses 'the test wants kernel argument nohz_full=7, with which this machine was not booted'
}

@test "kt run: no cgroup v2" {
	test_file
	run --separate-stderr unshare -m sh -c 'mount --make-rprivate / && mount -t tmpfs none /sys/fs/cgroup && exec "$@"' - kt run --runs runs t.json
	[ "$status" -eq 69 ]
	[ "$stderr" = 'kt-guest: no cgroup v2 in /sys/fs/cgroup' ]
}

@test "kt run: usage" {
	run --separate-stderr kt run
	[ "$status" -eq 64 ]
	[ "${stderr_lines[0]}" = 'kt: run: expected the name or the file of a test' ]
	run --separate-stderr kt run -e tcg steady
	[ "$status" -eq 64 ]
	[ "${stderr_lines[0]}" = "kt: run: unknown option '-e'" ]
	run --separate-stderr kt-guest run
	[ "$status" -eq 64 ]
	run --separate-stderr kt-guest run /nonexistent
	[ "$status" -eq 65 ]
	[ "$stderr" = 'kt-guest: unable to open /nonexistent: No such file or directory' ]
}
