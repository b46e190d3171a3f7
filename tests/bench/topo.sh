#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Time of kt-topo for 252 CPUs (and for 1024), beside the start of a process that does
# nothing: medians of 51 runs each, taken in turn. Prints one line; exits with 1 when
# 252 CPUs take 10 ms or more.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${KT_BIN:-$top/build/bin}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C

# took NAME COMMAND...: adds the microseconds of one run to the file NAME
took() {
	local name=$1 from=$EPOCHREALTIME to
	shift
	"$@" >"$dir/out"
	to=$EPOCHREALTIME
	echo $((${to/./} - ${from/./})) >>"$dir/$name"
}

median_ms() {
	sort -n "$dir/$1" | awk 'NR == 26 { printf "%.2f", $1 / 1000 }'
}

nothing=$(type -P true)
for _ in {1..51}; do
	took nothing "$nothing"
	took cpus252 "$bin/kt-topo" max-cpu
	took cpus1024 "$bin/kt-topo" 4n32l16c2t
done
n=$(median_ms nothing) t=$(median_ms cpus252) m=$(median_ms cpus1024)
awk -v n="$n" -v t="$t" -v m="$m" 'BEGIN {
	printf "topo: 252 CPUs %.2f ms, 1024 CPUs %.2f ms; a process that does nothing %.2f ms: ratio %.2f\n", t, m, n, t / n
	exit t >= 10
}'
