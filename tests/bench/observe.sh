#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What watching costs: a sample's CPU time for 4, 32 and 252 CPUs, and what a guest's workload
# does with the monitor and the flight recorder on against without, in alternating pairs.
set -euo pipefail
pairs=${PAIRS:-5}
vmlinux=$(kt-kernel find | jq -r 'select(.type == "kernel").vmlinux')
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for cpus in 4 32 252; do
	printf 'a sample of %d CPUs: %s us\n' "$cpus" "$(build/bench/sample_time "$vmlinux" "$cpus")"
done

cat >"$tmp/spin.json" <<'EOF'
{ "topology": "1l2c1t", "duration": "5s", "cgroups": [{ "name": "spin", "workers": 2 }, { "name": "pipe", "workers": 2, "work": "PipeIo" }] }
EOF
{
	kt-guest plan "$tmp/spin.json"
	kt-topo 1l2c1t
	kt-kernel find
} | kt-initrd >"$tmp/guest.jsonl"

# work WORDS...: work units of one run
work() {
	kt-vm "$@" <"$tmp/guest.jsonl" 2>/dev/null | jq -s 'map(select(.type == "worker").work_units) | add'
}

for ((i = 0; i < pairs; i++)); do
	on=$(work --monitor 100ms)
	off=$(work --monitor off)
	jq -n --argjson on "$on" --argjson off "$off" '$on / $off'
done | sort -n | jq -rs '"work done while observed / not: median \(.[length / 2 | floor] * 1000 | round / 1000) (\(map(. * 1000 | round / 1000 | tostring) | join(" ")))"'
