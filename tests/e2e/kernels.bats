#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What kt-vm sees of a guest's kernel is what that kernel says itself: on the one that kt-kernel
# finds, and on the newest of the cache where that is 6.16 or later, whose sched_ext has its state
# elsewhere.
load helpers

# newer: KT_KERNEL is such a kernel
newer() {
	KT_KERNEL=$(kt-kernel list --json | jq -rs '[.[] | select(.type == "kernel" and
		(.version | split(".")[:2] | map(tonumber)) >= [6, 16])][0].key // empty')
	[ -n "$KT_KERNEL" ] || skip "no kernel from 6.16 on in the cache (make one: kt kernel build linux-7.3.tar.xz)"
	export KT_KERNEL
}

# guest FILE: the test in a guest; into run.jsonl
guest() {
	{
		kt-guest plan "$1"
		kt-topo "$(jq -r .topology "$1")"
		kt-kernel find
	} | kt-initrd | kt-vm --engine tcg >run.jsonl
	"$KT_TOP/tests/tools/validate-records" <run.jsonl
}

# A program that tells what the kernel says about itself, each line with a word in front.
teller() {
	cat >tell <<-'END'
		#!/bin/sh
		echo Y >/sys/kernel/debug/sched/verbose
		{
			for d in /sys/kernel/debug/sched/domains/cpu*/domain*; do
				read -r name <"$d/name"
				read -r flags <"$d/flags"
				cpu=${d%/*}
				echo "kt-$1 domain ${cpu##*/cpu} ${d##*/domain} $name $flags"
			done
			while read -r line; do echo "kt-$1 stat $line"; done </proc/schedstat
			[ ! -e /sys/kernel/sched_ext/root/events ] ||
				while read -r line; do echo "kt-$1 event $line"; done </sys/kernel/sched_ext/root/events
		} >/dev/kmsg
	END
	chmod +x tell
	tell='"payloads": [ { "name": "before", "binary": "./tell", "args": ["before"] },
			{ "name": "after", "binary": "./tell", "args": ["after"] } ]'
	told_ops='{ "run_payload": "before" }, { "wait_payload": { "payload": "before", "timeout": "30s" } },
		{ "snapshot": "s" },
		{ "run_payload": "after" }, { "wait_payload": { "payload": "after", "timeout": "30s" } }'
}

# told WORD KIND: what it had to say, line by line
told() {
	jq -r --arg said "kt-$1 $2 " 'select(.type == "console").text | sub("^\\[[ 0-9.]*\\] "; "") |
		select(startswith($said)) | ltrimstr($said)' run.jsonl
}

# CPU lists and masks as arrays; what /proc/schedstat says about each CPU's domains, lowest first.
words='
	def list: split(",")[] | split("-") | map(tonumber) | range(.[0]; (.[1] // .[0]) + 1);
	def mask: gsub(","; "") | explode | map(if . > 96 then . - 87 else . - 48 end) | reverse |
		[to_entries[] | .key as $i | .value as $v | range(4) | select(($v / pow(2; .) | floor) % 2 == 1) | 4 * $i + .];
	def names($version): ["count", "balanced", "failed"] + (if $version < 17 then ["imbalance"] else
			["imbalance_load", "imbalance_util", "imbalance_task", "imbalance_misfit"] end) +
			["gained", "hot_gained", "nobusyq", "nobusyg"] | map("lb_" + .);
	def counters($lb): ($lb | length) as $n | . as $v |
		["alb_count", "alb_failed", "alb_pushed", "sbe_count", "sbe_balanced", "sbe_pushed", "sbf_count",
			"sbf_balanced", "sbf_pushed", "ttwu_wake_remote", "ttwu_move_affine", "ttwu_move_balance"] as $rest |
		reduce range($n) as $i ({}; .[$lb[$i]] = [$v[$i], $v[$i + $n], $v[$i + 2 * $n]]) +
		reduce range($rest | length) as $i ({}; .[$rest[$i]] = $v[3 * $n + $i]);
	def schedstat: [inputs | split(" ")] | (.[0][1] | tonumber) as $version |
		(if $version < 17 then 1 else 2 end) as $span |
		reduce .[1:][] as $w ({cpu: -1, cpus: []};
			if $w[0] | startswith("cpu") then .cpu += 1
			elif $w[0] | startswith("domain") then .cpus[.cpu] += [{span: ($w[$span] | mask),
				counters: ($w[$span + 1:] | map(tonumber) | counters(names($version)))}]
			else . end) | .cpus;'

# domains_are_told: those of the record, for each CPU from the lowest up, are the guest's own
domains_are_told() {
	told before stat | jq -Rnc "$words schedstat" >before.json
	told after stat | jq -Rnc "$words schedstat" >after.json
	told before domain | jq -Rc --slurpfile stat before.json 'split(" ") | map(select(. != "")) |
		(.[0] | tonumber) as $cpu | (.[1] | tonumber) as $i |
		[$cpu, $i, .[2], (.[3:] | sort), $stat[0][$cpu][$i].span]' | sort >told.txt
	show 'select(.type == "domains")' | head -n 1 | jq -c "$words"' [.domains[] | {cpu: (.cpus | list), level, name, flags, span}] |
		group_by(.cpu)[] | sort_by(.level) | to_entries[] |
		[.value.cpu, .key, .value.name, (.value.flags | sort), [.value.span | list]]' | sort >seen.txt
	[ -s told.txt ]
	diff told.txt seen.txt
}

# counters_are_between: each of a snapshot is no less than what the guest said before it, and no
# more than what it said after it; and the sums of the samples around it hold those of all CPUs
counters_are_between() {
	show 'select(.type == "snapshot") | [.cpus[].domains | map(del(.level, .name))]' >seen.json
	jq -n --slurpfile before before.json --slurpfile seen seen.json --slurpfile after after.json '
		def all($j): [$j[0][][] | (.counters // .) | to_entries | sort_by(.key)[] | .value | if type == "array" then .[] else . end];
		all($before) as $a | all($seen) as $b | all($after) as $c |
		{n: ($b | length), same: (($a | length) == ($b | length) and ($b | length) == ($c | length)), grew: (($c | add) - ($a | add)),
		 sum: ($b | add), wrong: [range($b | length) | select($a[.] > $b[.] or $b[.] > $c[.])]}' | tee counters.json
	jq -e '.same and .n > 100 and .grew > 0 and .wrong == []' counters.json
	jq -sce '
		def sums: [.[] | {level, c: (del(.level, .name) | map_values(if type == "array" then add else . end))}] |
			group_by(.level) | map({level: .[0].level, c: (map(.c) | reduce .[] as $x ({}; reduce ($x | keys[]) as $k (.; .[$k] += $x[$k])))});
		(map(.type == "snapshot") | index(true)) as $i | (.[$i] | [.cpus[].domains[]] | sums) as $s |
		([.[:$i][] | select(.type == "sample")][-1].domains | sums) as $a | ([.[$i:][] | select(.type == "sample")][0].domains | sums) as $b |
		($s | length) > 2 and all(range($s | length); . as $l | $s[$l].level == $a[$l].level and
			all($s[$l].c | keys[]; . as $k | $a[$l].c[$k] <= $s[$l].c[$k] and $s[$l].c[$k] <= $b[$l].c[$k]))' run.jsonl
}

domains() {
	teller
	cat >t.json <<-END
		{ "topology": "2n2l2c2t", "kargs": [ "printk.devkmsg=on" ], $tell,
		  "steps": [ { "hold": "500ms", "cgroups": [ { "name": "a", "workers": 6 }, { "name": "b", "workers": 6, "work": "PipeIo" } ],
				"ops": [ $told_ops ] },
			{ "hold": "500ms", "cgroups": [], "ops": [
				{ "cpu_offline": "7" } ] } ] }
	END
	guest t.json
}

@test "scheduling domains and their counters are what the guest's kernel says" {
	domains
	domains_are_told
	# a CPU went, and perhaps came back before the end was over
	[[ $(show 'select(.type == "domains").domains[] | select(.name == "NUMA") | [.span, .cpus]' | xargs) == \
		'[0-7,0-7] [0-6,0-6]'* ]]
	counters_are_between
}

@test "newer: scheduling domains and their counters" {
	newer
	domains
	domains_are_told
	counters_are_between
}

# scheduler ARGS: workers that compute and workers that wait, under scx_kt
scheduler() {
	jq -n --args '{ topology: "1l2c1t", duration: "4s", sysctls: { "kernel.bpf_stats_enabled": "1" },
		scheduler: { name: "kt", binary: "scx_kt", args: $ARGS.positional }, expect_error: ($ARGS.positional != []),
		cgroups: [ { name: "a", workers: 3 }, { name: "p", workers: 2, work: "PipeIo" } ], num_snapshots: 2 }' -- "$@" >t.json
	guest t.json
}

# The kernel counts a run of a program when it is over: it may be one behind on each CPU.
runs_are_counted() {
	local snap
	snap=$(show 'select(.type == "snapshot" and .reason == "periodic")' | tail -n 1)
	jq -e '(.progs[] | select(.name == "kt_select_cpu").cnt) as $n | (.maps[] | select(.name | endswith(".bss")) |
		.entries[0].value.nr_select_cpu) as $said | $n > 10 and ($said - $n | fabs) <= 2' <<<"$snap"
	# and a sample has it on its way there
	show 'select(.type == "sample").progs[] | select(.name == "kt_dispatch") | .cnt' | awk '$1 < n { exit 1 } { n = $1 } END { exit n < 10 }'
}

# The end of scx_kt, all of it: what is said, by which callback, and what was going on.
end_is_told() { # KIND REASON
	holds run.jsonl ".type == \"scx_exit\" and .exit.ops == \"kt\" and .exit.kind == \"$1\" and .exit.reason == \"$2\" and
		(.exit.dump | contains(\"SCX scheduler state\") or contains(\"CPU states\")) and (.exit.backtrace | length) > 3"
	holds run.jsonl '.type == "snapshot" and .name == "failure" and .exit.kind == "'"$1"'" and (.flight | length) > 100 and
		(.maps | map(.name) | contains(["task_ctxs", "scx_kt.bss"])) and (.dsqs | map(.id) | sort) == [1, 2, 3] and
		all(.cpus[]; .curr.comm != "")'
}

@test "newer: a run of scx_kt, and the events that sched_ext counts" {
	newer
	scheduler
	kt-check --monitor <run.jsonl >verdict.jsonl
	holds verdict.jsonl '.type == "verdict" and .verdict == "pass"'
	holds verdict.jsonl '.type == "check" and .name == "fallback_rate" and .verdict == "pass"'
	[ "$(show 'select(.type == "observe") | .absent')" = '[]' ]
	runs_are_counted
	holds run.jsonl '.type == "sample" and (.dsqs | map(.id) | sort) == [1, 2, 3]'
	# bypassed once, to switch all tasks over
	holds run.jsonl '.type == "sample" and (.events | all(.[]; length == 2) and length > 10 and
		(.bypass_activate | add) == 1 and (.bypass_duration | add) > 0 and .select_cpu_fallback == [0, 0])'
}

@test "newer: scx_kt made with its types runs on it, and on an older one" {
	newer
	kt-kernel find >kernel.json
	make -s -C "$KT_TOP" "B=$PWD/build" "KT_VMLINUX=$(jq -r 'select(.type == "kernel").vmlinux' kernel.json)" "$PWD/build/bin/scx_kt" >&2
	PATH=$PWD/build/bin:$PATH
	local kernel
	for kernel in "$KT_KERNEL" 6.12; do
		KT_KERNEL=$kernel
		scheduler
		holds run.jsonl '.type == "sched" and .event == "attach" and .ops == "kt"'
		kt-check <run.jsonl >verdict.jsonl
	done
}

@test "newer: the end of a scheduler, by its own error" {
	newer
	scheduler --error-after 2
	end_is_told SCX_EXIT_ERROR_BPF scx_bpf_error
	holds run.jsonl '.type == "scx_exit" and .exit.msg == "scx_kt was asked to fail after 2000 ms" and
		any(.exit.backtrace[]; contains("kt_enqueue"))'
}

@test "newer: the end of a scheduler, by the watchdog" {
	newer
	scheduler --stall-after 2 --timeout-ms 2000
	end_is_told SCX_EXIT_ERROR_STALL "runnable task stall"
	holds run.jsonl '.type == "snapshot" and .name == "failure" and any(.cpus[].runnable[]; .runnable_jiffies > 400)'
	# in time: those that it has put aside are still there
	holds run.jsonl '.type == "snapshot" and .name == "failure" and .bypass == null and any(.dsqs[]; .id == 3 and .nr > 0)'
}
