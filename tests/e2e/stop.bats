#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Workers are stopped whatever keeps them from it, and soon; who cannot be is named.

load helpers
load play

# stopped_within MS: from the end of the hold, which was as long as the plan has it, to that of the step
stopped_within() {
	jq -se --argjson most "$1" '(map(select(.type == "test"))[0].steps[0].hold_ns) as $hold
		| (map(select(.type == "step" and .index == 0) | {(.event): .guest_ns}) | add)
		| ((.end - .hold - $hold) / 1e6) as $ms | ("stopped after \($ms) ms" | stderr) | $ms < $most' run.jsonl >/dev/null
}

@test "throttled workers start, and stop" {
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "2s", "cgroups": [{ "name": "a", "workers": 16, "cpu_max": "1%" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	jq -se 'map(select(.type == "worker")) | length == 16 and all(.[]; .exit == "completed")' run.jsonl
	# the quota held while they were measured, as far as a busy host lets it
	jq -se 'map(select(.type == "worker").schedstat.run_ns) | add < 4e8' run.jsonl
	stopped_within 3000
}

@test "an op stops a throttled cgroup, and its quota is there afterwards" {
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "2s", "steps": [
	  { "cgroups": [{ "name": "a", "workers": 8, "cpu_max": "1%" }], "hold": "1s" },
	  { "ops": [{ "add_cgroup": { "name": "b", "workers": 8, "cpu_max": "2%" } }, { "stop_cgroup": "b" },
	            { "spawn": { "cgroup": "b", "workers": 2 } }], "hold": "1s" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	jq -se 'map(select(.type == "op" and .op == "stop_cgroup")) | all(.[]; .ok and .duration_ns < 3e9)' run.jsonl
	# those that were born after it were throttled as before
	jq -se 'map(select(.type == "worker" and .cgroup == "b") | .cpu_time_ns)[-2:] | add < 8e7' run.jsonl
	jq -se 'map(select(.type == "worker")) | length == 18 and all(.[]; .exit == "completed")' run.jsonl
}

@test "frozen, paused, and moved away by others: they stop all the same" {
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "2s",
	  "payloads": [{ "name": "meddle", "binary": "/bin/sh", "args": ["-c",
	    "cd /sys/fs/cgroup; mkdir -p else/where; echo +cpu >cgroup.subtree_control; echo +cpu >else/cgroup.subtree_control; while read p; do echo $p >else/where/cgroup.procs; done <kt/moved/cgroup.procs; echo 1000 100000 >else/cpu.max; echo 1 >else/where/cgroup.freeze; echo 1 >kt/frozen/cgroup.freeze; while read p; do kill -STOP $p; done <kt/paused/cgroup.procs"],
	    "files": { "/bin/mkdir": "/bin/mkdir" } }],
	  "steps": [{ "ops": [
	      { "add_cgroup": { "name": "moved", "workers": 2 } }, { "add_cgroup": { "name": "frozen", "workers": 2 } },
	      { "add_cgroup": { "name": "paused", "workers": 2 } }, { "add_cgroup": { "name": "light", "workers": 2, "cpu_weight": 1 } },
	      { "run_payload": "meddle" }, { "wait_payload": { "payload": "meddle", "timeout": "30s" } }], "hold": "2s" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	[ "$(jq -r 'select(.type == "payload") | .exit + .stderr' run.jsonl)" = "exit 0" ]
	jq -se 'map(select(.type == "worker")) | length == 8 and all(.[]; .exit == "completed")' run.jsonl
	# they had been held, or this proves nothing
	jq -se 'map(select(.type == "worker" and (.cgroup | IN("moved", "frozen", "paused")))) | all(.[]; .max_gap_ns > 1.5e9)' run.jsonl
	stopped_within 5000
}

@test "a worker beside a real-time hog gets a CPU to stop on" {
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "2s",
	  "backdrop": { "cgroups": [{ "name": "hog", "workers": 1, "policy": { "fifo": 40 }, "affinity": { "exact": "1" } }],
	    "ops": [{ "write": { "path": "/sys/kernel/debug/sched/fair_server/cpu1/runtime", "value": "0" } }] },
	  "steps": [{ "cgroups": [{ "name": "a", "workers": 2, "policy": "idle", "affinity": { "exact": "1" } }], "hold": "2s" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	[ "$(workers a .exit)" = '"completed" "completed"' ]
	[ "$(workers hog .exit)" = '"completed"' ]
	stopped_within 5000
}
