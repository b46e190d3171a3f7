#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What a test asserts of single cgroups, and nothing else: a latency of those that sleep, shares by
# weight, a quota. EEVDF keeps to each; a scheduler with the bug does not.
load helpers

# play SCHEDULER: the verdict of t.json under it. What a busy host made inconclusive is run again.
play() {
	local s=$1
	if [ "$s" != eevdf ]; then
		jq -n --arg bug "$s" '{name: "bad", binary: "scx_bugs", args: ["--bug", $bug],
			promises: ["nice", "cgroup_weight", "cgroup_max", "work_conserving", "affinity", "yield"]}' >bad.json
		s=./bad.json
	fi
	run kt test -q --retry-inconclusive 3 --runs runs -s "$s" t.json
	echo "$output"
}

# says CHECK: "verdict cgroup" of each of its records
says() {
	jq -r --arg c "$1" 'select(.type == "check" and .name == $c) | "\(.verdict) \(.cgroup)"' \
		runs/latest/run.jsonl | sort -u | paste -sd,
}

@test "asserted: how late sleepers run, not the spinners beside them" {
	cat >t.json <<-'END'
		{ "topology": "1l1c1t", "duration": "4s", "assert": { "defaults": false },
		  "cgroups": [{ "name": "spinners", "workers": 2 },
		    { "name": "sleepers", "workers": 2, "work": { "Bursty": { "burst": "1ms", "sleep": "9ms" } },
		      "assert": { "max_p99_wake_latency": "150ms" } }] }
	END
	play eevdf
	[ "$status" -eq 0 ]
	[ "$(says wake_latency)" = 'pass sleepers' ]
	play slice_800ms
	[ "$status" -eq 1 ]
	[[ "$(says wake_latency)" == *'fail sleepers'* && "$(says wake_latency)" != *spinners* ]]
	[[ "$output" =~ 'sleepers: worker '[0-9]+' p99 wake latency '[0-9.]+m?'s above limit 150ms' ]]
}

@test "asserted: one to three by weight" {
	cat >t.json <<-'END'
		{ "topology": "1l1c1t", "duration": "5s",
		  "assert": { "defaults": false, "share": { "heavy": 3, "light": 1, "tolerance_pct": 10 } },
		  "cgroups": [{ "name": "heavy", "workers": 2, "cpu_weight": 300 }, { "name": "light", "workers": 2, "cpu_weight": 100 }] }
	END
	play eevdf
	[ "$status" -eq 0 ]
	[[ "$(says share_of)" == *pass* && "$(says share_of)" != *fail* ]]
	play cgroup_weight_ignored
	[ "$status" -eq 1 ]
	[[ "$(says share_of)" == *fail* ]]
}

@test "asserted: a quota" {
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "duration": "4s", "assert": { "defaults": false, "quota": true },
		  "cgroups": [{ "name": "half", "workers": 2, "cpu_max": "50%" }, { "name": "rest", "workers": 2 }] }
	END
	play eevdf
	[ "$status" -eq 0 ]
	[[ "$(says quota)" == *'pass half'* && "$(says quota)" != *fail* ]]
	play quota_ignored
	[ "$status" -eq 1 ]
	[ "$(says quota)" = 'fail half' ]
}
