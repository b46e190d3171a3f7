#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scx_kt keeps what it promises of cgroups, measured beside EEVDF; and the bugs of scx_bugs do
# what they say.

load helpers

# play SCHEDULER FILE [OPTION]...: the records in ./SCHEDULER.jsonl; whatever the verdict is
play() {
	local name=$1 file=$2
	shift 2
	kt test -q --runs "runs-${name##*/}" -s "$name" "$@" "$file" || :
	cp "runs-${name##*/}/latest/run.jsonl" "${name##*/}.jsonl"
}

# cpu FILE CGROUP: CPU time of its workers, in ms
cpu() {
	jq -s --arg c "$2" '[.[] | select(.type == "worker" and .cgroup == $c).cpu_time_ns] | add / 1e6 | floor' "$1"
}

# among VALUE MIN MAX
among() {
	echo "$1 is to be from $2 to $3"
	jq -en "$1 >= $2 and $1 <= $3"
}

@test "cpu.weight 300 beside 100 on one CPU: three times as much, under scx_kt as under EEVDF" {
	for s in scx_kt eevdf; do
		play "$s" "$KT_TOP/tests/truth/weights.json" -d 4s
		among "$(cpu "$s.jsonl" heavy) / $(cpu "$s.jsonl" light)" 2.5 3.5
	done
}

@test "a cgroup of three spinners has as much as one of a single one" {
	for s in scx_kt eevdf; do
		play "$s" "$KT_TOP/tests/truth/uneven_groups.json" -d 4s
		among "$(cpu "$s.jsonl" three) / $(cpu "$s.jsonl" one)" 0.8 1.25
	done
}

@test "cpu.max 50%: two spinners have half a CPU between them, the others the rest" {
	for s in scx_kt eevdf; do
		play "$s" cpu_quota -d 4s
		among "$(cpu "$s.jsonl" half)" 1600 2150
		among "$(cpu "$s.jsonl" rest)" 4000 8000
	done
}

@test "cpu.max 1% of 16 spinners: no stall at a watchdog of 3 s, no more than 1%, and all get some" {
	cat >tiny.json <<-END
		{ "scheduler": "scx_kt", "topology": "1l2c1t", "duration": "8s", "watchdog_timeout": "3s",
		  "assert": { "max_gap_ms": null, "not_stuck": false },
		  "cgroups": [{ "name": "tiny", "workers": 16, "cpu_max": "1%" }] }
	END
	play scx_kt ./tiny.json
	[ -z "$(jq -c 'select(.type == "sched" and .event == "exit")' scx_kt.jsonl)" ]
	among "$(cpu scx_kt.jsonl tiny)" 20 110
	[ "$(jq -r 'select(.type == "sched" and .event == "log").text' scx_kt.jsonl | grep -o 'nr_throttled=[0-9]*' | cut -d= -f2)" -gt 16 ]
}

@test "a quota above two cgroups holds for both together" {
	play scx_kt nested_limits -d 4s
	among "$(cpu scx_kt.jsonl outer/a) + $(cpu scx_kt.jsonl outer/b)" 3300 4300
}

# bug NAME FILE: plays it under that bug; records in ./bug.jsonl
bug() {
	jq -n --arg b "$1" '{name: "bug", binary: "scx_bugs"} + if $b == "none" then {} else {args: ["--bug", $b]} end' >bug.json
	play ./bug.json "$2" -d 4s
	mv bug.json.jsonl bug.jsonl
}

@test "scx_bugs without a bug keeps weights; with cgroup_weight_ignored it does not" {
	bug none "$KT_TOP/tests/truth/weights.json"
	among "$(cpu bug.jsonl heavy) / $(cpu bug.jsonl light)" 2.5 3.5
	bug cgroup_weight_ignored "$KT_TOP/tests/truth/weights.json"
	among "$(cpu bug.jsonl heavy) / $(cpu bug.jsonl light)" 0.7 1.4
}

@test "quota_ignored gives a limited cgroup as much as the others" {
	bug quota_ignored cpu_quota
	among "$(cpu bug.jsonl half) / $(cpu bug.jsonl rest)" 0.7 1.4
}
