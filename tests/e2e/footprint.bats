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
	play -i "$KT_BIN/scx_kt:/flood/scx_kt" <<-'EOT'
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
	    "for g in spin pipe team own; do while read p; do for f in /proc/$p/fd/*; do echo $g $(readlink $f); done; done </sys/fs/cgroup/kt/$g/cgroup.procs; done >&2"],
	    "files": { "/bin/readlink": "/bin/readlink" } }],
	  "steps": [{ "ops": [{ "add_cgroup": { "name": "spin", "workers": 1 } }, { "add_cgroup": { "name": "pipe", "workers": 2, "work": "PipeIo" } },
	    { "add_cgroup": { "name": "team", "workers": 1, "clone": "thread" } },
	    { "add_cgroup": { "name": "own", "workers": 1, "work": { "Custom": { "program": "/bin/sleep", "args": ["60"] } } } },
	    { "run_payload": "look" }, { "wait_payload": { "payload": "look", "timeout": "50s" } }], "hold": "10ms" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	jq -r 'select(.type == "payload").stderr' run.jsonl >fds
	# the second one is what the kernel has given to process 1, which may be the console
	[ "$(grep -c '^spin' fds) $(grep -c '^spin /dev/null\|^spin /dev/console' fds)" = "4 3" ]
	grep -q '^spin /proc/.*/schedstat' fds
	# two ends of two pipes in each of the two; the leader of threads has the bell, too
	[ "$(grep '^pipe' fds | grep -c 'pipe:')" -eq 8 ]
	grep -q '^team anon_inode:\[eventfd\]' fds
	grep -q '^own /memfd:kt-stdout' fds
	run -1 grep -q "vport\|signalfd\|eventpoll\|pidfd\|socket\|kt-guest" fds
	run -1 grep -q "^spin.*eventfd\|^pipe.*eventfd\|^own.*eventfd" fds
}
