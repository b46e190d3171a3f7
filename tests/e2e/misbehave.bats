#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Each way in which scx_kt can misbehave makes the checks fail that are for it, and only
# those, for their own reasons; without a switch all of them pass.

load helpers

# judge NAME: runs tests/data/misbehave/NAME.json; records in ./run.jsonl, verdicts in ./judged.jsonl
judge() {
	local spec=2l2c1t
	{
		kt-guest plan "$KT_TOP/tests/data/misbehave/$1.json"
		kt-topo "$spec"
		kt-kernel find
	} | kt-initrd | kt-vm >run.jsonl
	again
}

# again [kt-check options]: judges ./run.jsonl once more
again() {
	run kt-check "$@" <run.jsonl
	printf '%s\n' "$output" >judged.jsonl
	jq -c 'select(.type == "check") | [.name, .verdict, .detail]' judged.jsonl
}

# failed: names of the checks that failed, each once
failed() {
	jq -rs '[.[] | select(.type == "check" and .verdict == "fail").name] | unique | join(" ")' judged.jsonl
}

# why NAME: the sentence of that failed check
why() {
	jq -r --arg n "$1" 'select(.type == "check" and .verdict == "fail" and .name == $n).detail' judged.jsonl
}

# rates CGROUP min|max: iterations a second of its slowest or fastest worker
rates() {
	jq -s --arg c "$1" "[.[] | select(.type == \"worker\" and .cgroup == \$c) |
		.iterations * 1e9 / .wall_time_ns] | $2" run.jsonl
}

logged() {
	jq -r 'select(.type == "sched" and .event == "log").text' run.jsonl
}

counter() {
	logged | grep -oE "\b$1=[0-9]+" | cut -d= -f2
}

@test "no switch: every check passes" {
	judge none
	[ "$status" -eq 0 ]
	[ -z "$(failed)" ]
	[ "$(jq -rs '[.[] | select(.type == "worker")] | length' run.jsonl)" -eq 4 ]
	[ "$(jq -r 'select(.type == "sched" and .event == "attach").ops' run.jsonl)" = kt ]
	[ "$(counter nr_dispatched)" -gt 0 ]
	[ "$(counter nr_stalled) $(counter nr_starved) $(counter nr_slowed)" = "0 0 0" ]
}

@test "--stall-after: the watchdog ejects it" {
	judge stall
	[ "$status" -eq 1 ]
	[ "$(failed)" = scheduler ]
	[[ "$(why scheduler)" =~ "EXIT: runnable task stall ("[^\ ]+"] failed to run for "[0-9.]+"s) (exit 1)" ]]
	[ "$(counter nr_stalled)" -gt 0 ]
	[ "$(jq -r 'select(.type == "vm_exit").cause' run.jsonl)" = poweroff ]
}

@test "--error-after: its own words are the reason" {
	judge error
	[ "$status" -eq 1 ]
	[ "$(failed)" = scheduler ]
	[[ "$(why scheduler)" == *"EXIT: scx_bpf_error (scx_kt was asked to fail after 2000 ms) (exit 1)" ]]
}

@test "--fail-verify: it never attaches, and the verifier's words are in the log" {
	judge verify
	[ "$status" -eq 1 ]
	[ "$(failed)" = scheduler ]
	[[ "$(why scheduler)" == *"did not attach: ended with exit 2 before it attached: scx_kt: unable to load the scheduler into the kernel: Permission denied" ]]
	logged | grep -q "invalid mem access 'map_value_or_null'"
}

@test "--starve: one worker makes no progress, and no other notices" {
	judge starve
	[ "$status" -eq 1 ]
	# and the CPU that idles beside it, which a busy host may explain
	[[ "$(failed)" =~ ^"progress wait"(" work_conservation")?$ ]]
	[ "$(why progress | wc -l)" -eq 1 ]
	[[ "$(why progress)" =~ ^"left: worker "([0-9]+)" stuck" ]]
	[[ "$(why wait)" =~ ^"task ${BASH_REMATCH[1]} \"left\" in DSQ 3, "[0-9.]+"s had waited for CPU " ]]
	[ "$(counter nr_starved)" -eq 1 ]
	# it was starved, not ejected
	[ -z "$(jq -c 'select(.type == "sched" and .event == "exit")' run.jsonl)" ]
}

@test "--slow: the workers of its cgroup are below a floor that all others keep" {
	judge slow
	[ "$status" -eq 1 ]
	# CPUs idle beside them, which a busy host may explain
	[[ "$(failed)" =~ ^share(" wait")?(" work_conservation")?$ ]]
	[ "$(why share | grep -c '^right: worker ')" -eq 2 ]
	[ "$(why share | wc -l)" -eq 2 ]
	fast=$(rates left min) slow=$(rates right max)
	jq -en "$fast > 5 * $slow"
	again --no-defaults --min-iteration-rate "$(jq -n "$fast * $slow | sqrt")"
	[ "$status" -eq 1 ]
	[ "$(failed)" = iteration_rate ]
	[ "$(why iteration_rate | grep -c '^right: worker ')" -eq 2 ]
	[ "$(why iteration_rate | wc -l)" -eq 2 ]
	[ "$(counter nr_slowed)" -gt 0 ]
}
