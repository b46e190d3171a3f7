# SPDX-License-Identifier: GPL-2.0-only
# Loaded by tests that play a test file in a guest and look at its records.

# play [kt-initrd options]: the test file on stdin, in a guest of its topology; records in run.jsonl
play() {
	cat >t.json
	kt-guest plan t.json >plan.jsonl
	{
		cat plan.jsonl
		kt-topo "$(jq -r 'select(.type == "test").topology' plan.jsonl)"
		kt-kernel find
	} | kt-initrd "$@" | kt-vm >run.jsonl
	jq -c 'select(.type | IN("op", "worker", "payload", "step", "sched", "guest", "observer"))
		| del(.cpus_of, .nodes, .gaps, .run_delay.worst, .wake_latency.worst, .timer_late.worst)' run.jsonl
	has '.type == "vm_exit" and .cause == "poweroff"'
	"$KT_TOP/tests/tools/validate-records" <run.jsonl
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

# workers CGROUP FILTER: one line
workers() {
	jq -c 'select(.type == "worker" and .cgroup == "'"$1"'") | '"$2" run.jsonl | paste -sd ' '
}

# scheduler_events: in one line
scheduler_events() {
	jq -r 'select(.type == "sched" and .event != "log") | .event' run.jsonl | paste -sd ' '
}
