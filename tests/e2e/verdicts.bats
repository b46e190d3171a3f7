#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A sample of make check-truth: seeded bugs that default checks catch by the right name, with a
# sentence about the real fault; and scx_bugs without a bug, which they leave alone.
load helpers

# caught BUG...: each is caught in one of its scenarios. What a loaded host does to one run may
# leave it inconclusive, not two.
caught() {
	local bug
	export TRUTH_OUT=$PWD/truth
	for bug in "$@"; do
		"$KT_TOP/tests/truth/bugs" "$bug" >out.txt || "$KT_TOP/tests/truth/bugs" "$bug" >out.txt || {
			cat out.txt
			return 1
		}
		sed -n '2,/^$/p' out.txt >&3
	done
}

@test "verdicts: idle CPUs beside tasks that wait" {
	caught llc_never_drained
}

@test "verdicts: weights that are ignored" {
	caught weight_ignored
}

@test "verdicts: a quota that limits nobody" {
	caught quota_ignored
}

@test "verdicts: tasks that wait for too long" {
	caught one_starved
}

@test "verdicts: forks that fail" {
	caught init_task_fails
}

@test "verdicts: a scheduler that the kernel throws out" {
	caught task_lost
}

@test "verdicts: the scheduler of these bugs, without one, is blamed for nothing" {
	local name
	for name in steady nice_levels cpu_quota fork_storm; do
		run kt test -q -d 3s --runs runs -s scx_bugs "$name"
		echo "$output"
		# a loaded host may leave it inconclusive
		[ "$status" -eq 0 ] || [ "$status" -eq 2 ]
		holds runs/latest/run.jsonl '.type == "verdict" and (.failed == 0)'
	done
}
