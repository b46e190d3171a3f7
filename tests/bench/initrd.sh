#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Time of kt-initrd for kt-guest and a dynamic scheduler: with an empty cache, and as
# every later run pays it, against plain "cpio | zstd" of the same files. Prints one line;
# exits with 1 when a warm run takes more than 50 ms, or longer than the peer.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${KT_BIN:-$top/build/bin}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CACHE_HOME=$dir/cache LC_ALL=C

sched=$bin/scx_kt
[ -x "$sched" ] || sched=/bin/bash
cat >"$dir/in" <<END
{"type":"test","name":"bench","scheduler":{"name":"s","binary":"$sched"}}
{"type":"end","tool":"kt-guest","exit":0,"records":1}
END

# median_ms COMMAND...: of 9 runs
median_ms() {
	local from to
	for _ in {1..9}; do
		from=$(date +%s%N)
		"$@"
		to=$(date +%s%N)
		echo $(((to - from) / 10000))
	done | sort -n | sed -n 5p | sed 's/..$/.&/;s/^\./0./'
}
warm() { "$bin/kt-initrd" <"$dir/in" >"$dir/out"; }
cold() {
	rm -rf "$dir/cache"
	warm
}
peer() {
	(cd "$dir/root" && find . | sort | cpio -o -H newc --quiet | zstd -qc >"$dir/peer.zst")
}

cold
mkdir "$dir/root"
for f in "$XDG_CACHE_HOME"/kt/initrd/base-*; do
	zstd -dcq <"$f" | (cd "$dir/root" && cpio -idm --quiet)
done
c=$(median_ms cold) w=$(median_ms warm) p=$(median_ms peer)
awk -v c="$c" -v w="$w" -v p="$p" 'BEGIN {
	printf "initrd: warm %.1f ms, cold %.1f ms; cpio | zstd of the same files %.1f ms: ratio %.2f\n", w, c, p, w / p
	exit w > 50 || w > p
}'
