#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt run as root of a machine of its own: a guest, in which kt and its tools are a payload. There
# it has controllers to bind CPUs with, several LLCs, sched_ext, and a scheduler to leave alone.

load helpers

# A guest in which the script on stdin runs as a payload, with kt in /host/bin and its tests.
# What it prints is JSON, whose numbers are the metrics of its record.
play() {
	local tool files
	{
		echo '#!/bin/bash'
		# the guest's kt-guest lives in the root, as daemons of a machine do in theirs
		echo 'export PATH=/host/bin:/usr/bin:/bin HOME=/tmp XDG_STATE_HOME=/tmp/state'
		cat
	} >inner.sh
	chmod +x inner.sh
	for tool in kt kt-guest kt-check kt-report scx_kt; do
		files+="\"/host/bin/$tool\": \"$KT_BIN/$tool\", "
	done
	for tool in bash cat sleep find grep; do
		files+="\"/usr/bin/$tool\": \"$(command -v "$tool")\", "
	done
	cat >t.json <<-END
		{ "topology": "2l2c1t", "memory_mib": 2048, "duration": "30s",
		  "payload": { "name": "inner", "binary": "./inner.sh", "output": "json", "timeout": "28s" },
		  "files": { $files "/bin/bash": "$(command -v bash)", "/host/share/kt/tests": "$KT_TOP/share/tests" },
		  "cgroups": [{ "name": "idle", "workers": 1, "work": { "Bursty": { "burst": "1ms", "sleep": "1s" } } }] }
	END
	kt test -q --runs runs t.json || true
	jq -c 'select(.type == "payload")' runs/latest/run.jsonl
}

# metric NAME: what the script has printed
metric() {
	jq -r --arg n "$1" 'select(.type == "payload").metrics[$n]' runs/latest/run.jsonl
}

@test "three scenarios as root, with controllers, LLCs and a scheduler; one is killed half-way" {
	play <<-'END'
		left() { find /sys/fs/cgroup -name 'kt.*' | grep -c .; }
		say() { printf '"%s": %s, ' "$1" "$2"; }
		exec 3>&1 4>&2 >/tmp/log 2>&1
		kt run -q -d 1s -s eevdf -a max_spread_pct=90 steady; a=$?
		kt run -q -d 1s -s eevdf -a max_spread_pct=90 steady_llc; b=$?
		grep -q '"cpus":"2-3"' /tmp/state/kt/runs/latest/run.jsonl; c=$?
		kt run -q -d 1s -a max_spread_pct=90 -t 2l2c1t cpuset_resize; d=$?
		grep -q '"event":"attach"' /tmp/state/kt/runs/latest/run.jsonl; e=$?
		f=$(left)
		kt run -q -d 30s -t 2l2c1t cpuset_resize & p=$!
		for i in 1 2 3 4 5 6 7 8; do sleep 0.5; grep -q enabled /sys/kernel/sched_ext/state && break; done
		sleep 0.5
		kill -KILL $p; wait $p; sleep 1
		g=$(left)
		grep -q disabled /sys/kernel/sched_ext/state; h=$?
		kt doctor --clean; i=$(left)
		scx_kt & s=$!
		for j in 1 2 3 4 5 6 7 8 9; do sleep 0.5; grep -q enabled /sys/kernel/sched_ext/state && break; done
		kt run -q -d 1s -t 2l2c1t cpuset_resize; j=$?
		grep -q 'scheduler kt runs on this machine (enabled), and kt does not displace it' /tmp/log; k=$?
		kt run -q -d 1s -s eevdf -a max_spread_pct=90 steady; l=$?
		kill -INT $s; wait $s
		cat /tmp/log >&4
		exec >&3
		printf '{'
		say steady $a; say llc $b; say cpus $c; say resize $d; say attached $e; say left $f
		say killed $g; say detached $h; say cleaned $i; say refused $j; say why $k
		printf '"under": %s}\n' $l
	END
	jq -r 'select(.type == "payload").stderr' runs/latest/run.jsonl
	# what the host of this guest took, nothing tells a run in it: it may be inconclusive
	[[ "$(metric steady)" =~ ^[02]$ ]]
	[[ "$(metric llc)" =~ ^[02]$ ]]
	[ "$(metric cpus)" -eq 0 ]
	[[ "$(metric resize)" =~ ^[02]$ ]]
	[ "$(metric attached)" -eq 0 ]
	[ "$(metric left)" -eq 0 ]
	[ "$(metric killed)" -ge 1 ]
	[ "$(metric detached)" -eq 0 ]
	[ "$(metric cleaned)" -eq 0 ]
	[ "$(metric refused)" -eq 69 ]
	[ "$(metric why)" -eq 0 ]
	[ "$(metric under)" -eq 0 ]
}
