#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What measuring costs: instructions per iteration of SpinWait as kt-guest's workers run it,
# against the same loop alone. perf counts them where the CPU lets it, else callgrind. Under
# that a millisecond, and so a checkpoint, comes after far fewer iterations than on the CPU;
# hence the price of an iteration and that of a checkpoint are counted apart, and the number
# of checkpoints is that of a run on the CPU.
set -u
cd "$(dirname "$0")/../.." || exit 71
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bin=build/bench/overhead_spin
native=30000 # iterations: about a second

# instructions MODE ITERATIONS
by_perf() {
	perf stat -x, -e instructions:u "$bin" "$1" "$2" 2>&1 >/dev/null | cut -d, -f1
}
by_callgrind() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bin" "$1" "$2" 2>&1 >"$tmp/out" |
		sed -n 's/.*Collected : //p'
}

# each MODE N COUNTER: instructions per iteration, without what is before and after the loop
each() {
	awk -v a="$("$3" "$1" "$2")" -v z="$("$3" "$1" 0)" -v n="$2" 'BEGIN { print (a - z) / n }'
}

if perf stat -x, -e instructions:u true 2>"$tmp/perf" && ! grep -q 'not supported' "$tmp/perf"; then
	bare=$(each bare $native by_perf)
	kt=$(each kt $native by_perf)
	by=perf
else
	n=5000
	bare=$(each bare $n by_callgrind)
	quiet=$(each quiet $n by_callgrind)
	before=$(by_callgrind count 0)
	all=$(by_callgrind count $n)
	slow=$(cut -d' ' -f1 "$tmp/out") # checkpoints under callgrind
	rate=$("$bin" count $native | awk -v n=$native '{ print $1 / n }')
	kt=$(awk -v n=$n -v z="$before" -v a="$all" -v q="$quiet" -v s="$slow" -v r="$rate" \
		'BEGIN { print q + (a - z - q * n) / s * r }')
	by=callgrind
fi
awk -v b="$bare" -v k="$kt" -v by="$by" 'BEGIN {
	printf "SpinWait: %.1f instructions an iteration, %.1f alone (%s): ratio %.4f\n", k, b, by, k / b }'

# The same in time: the median of pairs, since the machine may have other things to do.
for _ in 1 2 3 4 5 6 7; do
	echo "$("$bin" bare $native | cut -d" " -f2) $("$bin" kt $native | cut -d" " -f2)"
done | awk '{ print $2 / $1 }' | sort -n | sed -n '4s/.*/SpinWait: time of an iteration, against alone: ratio &/p'
