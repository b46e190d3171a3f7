#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What kt does itself in the guest competes with nobody, and is measured: descriptors that forked
# workers have inherited, floods of output, and who may write records.

load helpers
load play

# observed: the greatest part of a CPU, in percent, that kt's own processes took in a hold
observed() {
	jq -s '[.[] | select(.type == "observer") | .wall_ns as $wall | .cpus[] | .ns * 100 / $wall] | max // 0' run.jsonl
}

# at_most PCT: of a CPU was used; four times what is judged, since a busy host is in the figure
at_most() {
	echo "observed: $(observed) %"
	has '.type == "observer" and .step == 0 and .wall_ns > 1.9e9'
	jq -ne "$(observed) < $1"
}

@test "a payload that ends before the workers does not keep the runner busy" {
	play <<-'EOT'
	{ "scheduler": "scx_kt", "topology": "1l2c1t", "duration": "8s", "watchdog_timeout": "3s",
	  "payload": { "name": "brief", "binary": "true" }, "cgroups": [{ "name": "a", "workers": 2 }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	[ "$(scheduler_events)" = "start attach stop" ]
	[ "$(workers a .exit)" = '"completed" "completed"' ]
	has '.type == "payload" and .exit == "exit 0"'
	at_most 8
}

@test "payloads that flood their output wait for it to be read" {
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "4s",
	  "payloads": [{ "name": "flood", "binary": "yes" }, { "name": "drops", "binary": "/bin/sh",
	    "args": ["-c", "while :; do echo x >&2; done"] }],
	  "backdrop": { "payloads": ["flood", "drops"] }, "cgroups": [{ "name": "a", "workers": 1 }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	has '.type == "payload" and .name == "flood" and .exit == "killed"'
	has '.type == "payload" and .name == "drops" and .exit == "killed" and (.stderr | startswith("x\nx\n"))'
	at_most 8
}

@test "a scheduler that floods its log waits for it to be read" {
	cat >flood <<-'EOT'
	#!/bin/sh
	(sleep 3; while :; do echo "so much to say"; done) &
	exec /flood/scx_kt
	EOT
	chmod +x flood
	INITRD_ARGS=(-i "$KT_BIN/scx_kt:/flood/scx_kt")
	play <<-EOT
	{ "scheduler": { "name": "loud", "binary": "/bin/sh", "args": ["-c", "(sleep 1; while :; do echo so much to say; done) & exec /flood/scx_kt"] },
	  "topology": "1l2c1t", "duration": "4s", "cgroups": [{ "name": "a", "workers": 2 }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	[ "$(scheduler_events)" = "start attach stop" ]
	has '.type == "sched" and .event == "log" and .text == "so much to say"'
	at_most 8
}

@test "workers have no descriptor but their own" {
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "2s",
	  "payloads": [{ "name": "look", "binary": "/bin/sh", "args": ["-c",
	    "sleep 1; for g in spin pipe team own; do for p in $(cat /sys/fs/cgroup/kt/$g/cgroup.procs); do for f in /proc/$p/fd/*; do echo $g $(readlink $f); done; done; done >&2"],
	    "files": { "/bin/readlink": "/bin/readlink", "/bin/sleep": "/bin/sleep", "/bin/cat": "/bin/cat" } }],
	  "backdrop": { "payloads": ["look"] },
	  "cgroups": [{ "name": "spin", "workers": 1 }, { "name": "pipe", "workers": 2, "work": "PipeIo" },
	    { "name": "team", "workers": 1, "clone": "thread" },
	    { "name": "own", "workers": 1, "work": { "Custom": { "program": "/bin/sleep", "args": ["60"] } } } ] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	jq -r 'select(.type == "payload").stderr' run.jsonl >fds
	[ "$(grep '^spin' fds | sort | uniq -c | awk '{ print $1, $3 }' | sed 's/[0-9]*:.*//;s,/proc/[0-9].*,schedstat,' | paste -sd ' ')" = \
		"3 /dev/null 1 schedstat" ]
	# two ends of two pipes in each of the two; the leader of threads has the bell, too
	[ "$(grep '^pipe' fds | grep -c 'pipe:')" -eq 8 ]
	[ "$(grep '^own' fds | sort -u | paste -sd ' ')" = "own /dev/null own /memfd:kt-stderr (deleted) own /memfd:kt-stdout (deleted)" ]
	run ! grep -q "vport\|signalfd\|eventpoll\|pidfd\|socket" fds
}
