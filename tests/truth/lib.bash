# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # what it sets is for those who load it
# Loaded by the campaigns that try kt's verdicts: tests/truth/bugs and tests/truth/sound.

TRUTH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$TRUTH/../.." && pwd)
OUT=${TRUTH_OUT:-$TOP/build/truth}
PATH=$TOP/build/bin:$PATH
export KT_PATH=$TRUTH:$TOP/share/tests LC_ALL=C.UTF-8
unset KT_SCHEDULER KT_RUNS

cd "$TOP" || exit 71
LOOPS=0 # compile loops beside the guests
load_pids=()

die() {
	echo "${0##*/}: $*" >&2
	exit 64
}

# A compile loop: what a busy host does beside a guest.
compile_loop() {
	trap 'exit 0' TERM
	while :; do
		for f in "$TOP"/lib/*.c; do
			gcc -std=gnu17 -D_GNU_SOURCE -DKT_VERSION='"x"' -O2 -iquote "$TOP/lib" -c -o /dev/null \
				"$f" 2>/dev/null
		done
	done
}

load_begin() {
	local i
	for ((i = 0; i < LOOPS; i++)); do
		compile_loop &
		load_pids+=($!)
	done
}

load_end() {
	[ ${#load_pids[@]} -eq 0 ] || kill "${load_pids[@]}" 2>/dev/null
	load_pids=()
}
trap load_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# run_one DIR KEEP NAME [kt test options]: a test in DIR, whose run is left at DIR/KEEP.jsonl; its
# exit code in $code
run_one() {
	local dir=$1 keep=$2 name=$3
	shift 3
	mkdir -p "$dir"
	rm -rf "$dir/.runs-$keep"
	code=0
	kt test -q --runs "$dir/.runs-$keep" "$@" "$name" >"$dir/$keep.txt" 2>&1 </dev/null || code=$?
	rm -f "$dir/$keep.jsonl"
	mv "$dir/.runs-$keep/latest/run.jsonl" "$dir/$keep.jsonl" 2>/dev/null
	rm -rf "$dir/.runs-$keep"
}

# failing FILE VERDICT: names of the checks with that verdict, each once, separated by commas
checks_that() {
	jq -rs --arg v "$2" '[.[] | select(.type == "check" and .verdict == $v).name] | unique | join(",")' \
		"$1" 2>/dev/null
}

# sentence FILE VERDICT [CHECK]: the first sentence of a check with that verdict
sentence() {
	jq -rs --arg v "$2" --arg c "${3-}" '[.[] | select(.type == "check" and .verdict == $v and
		($c == "" or .name == $c)).detail][0] // ""' "$1" 2>/dev/null
}
