#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What watching costs: a sample's CPU time for 4, 32 and 252 CPUs, and what a guest's workload does
# with the monitor, and with the flight recorder as well, against without. Work counts per second of
# CPU time that the host gave, so that what else runs there matters little; runs with stand between
# two without, and how those two differ says what the figures are worth.
set -euo pipefail
rounds=${ROUNDS:-3}
vmlinux=$(kt-kernel find | jq -r 'select(.type == "kernel").vmlinux')
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for cpus in 4 32 252; do
	for tasks in 0 $((2 * cpus)) 2000; do
		read -r sample poll bytes < <(build/bench/sample_time "$vmlinux" "$cpus" "$tasks")
		printf 'a sample of %d CPUs on which %d tasks wait: %s us, %d bytes; a look at the threads between: %s us\n' \
			"$cpus" "$tasks" "$sample" "$bytes" "$poll"
	done
done

# guest WORK RECORDER: a guest of one CPU that does it for 4 seconds, and lives on until that was seen
guest() {
	cat >"$tmp/test.json" <<-END
		{ "topology": "1l1c1t", "flight_recorder": $2,
		  "steps": [{ "cgroups": [{ "name": "a", "workers": 2, "work": "$1" }], "hold": "4s" }, { "hold": "1s" }] }
	END
	{
		kt-guest plan "$tmp/test.json"
		kt-topo 1l1c1t
		kt-kernel find
	} | kt-initrd >"$tmp/$2.jsonl"
}

# cpu_ns PID: CPU time of kt-vm and of its engine's process
cpu_ns() {
	local p
	for p in "$1" $(pgrep -P "$1"); do
		cat /proc/"$p"/task/*/schedstat
	done | awk '{ ns += $1 } END { printf "%.0f\n", ns }'
}

# rate RECORDER WORDS...: work units of one run for each second of CPU time between start and end of the step
rate() {
	local pid line from=0 to=0
	mkfifo "$tmp/records"
	kt-vm "${@:2}" <"$tmp/$1.jsonl" >"$tmp/records" 2>"$tmp/err" &
	pid=$!
	while IFS= read -r line; do
		case $line in
		'{"type":"step","index":0,"event":"hold"'*) from=$(cpu_ns $pid) ;;
		'{"type":"step","index":0,"event":"end"'*) to=$(cpu_ns $pid) ;;
		'{"type":"worker"'*) printf '%s\n' "$line" ;;
		esac
	done < <(grep --line-buffered -E '^{"type":"(step|worker)"' "$tmp/records") >"$tmp/workers"
	rm "$tmp/records"
	wait $pid
	jq -s --argjson ns $((to - from)) '(map(.work_units) | add) * 1e9 / $ns' "$tmp/workers"
}

for work in SpinWait PipeIo; do
	guest $work true
	guest $work false
	for ((i = 0; i < rounds; i++)); do
		rate false --monitor off
		rate false --monitor 100ms
		rate true --monitor 100ms
		rate false --monitor off
	done | jq -rs --arg work $work '
		def pct: . * 1000 | round / 10 | tostring;
		def spread: sort | "\(.[length / 2 | floor] | pct) % (\(.[0] | pct) to \(.[-1] | pct))";
		[_nwise(4)] | "\($work), work per CPU second: " +
		"monitor / not \(map(2 * .[1] / (.[0] + .[3])) | spread), " +
		"monitor and flight recorder / not \(map(2 * .[2] / (.[0] + .[3])) | spread), " +
		"not / not \(map(.[3] / .[0]) | spread)"'
done
