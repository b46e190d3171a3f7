#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What scx_bugs says without a kernel that takes it; on guests: e2e/scx.bats.

export KT_BIN=${BATS_TEST_DIRNAME%/*/*}/build/bin
load helpers

# wrong MESSAGE ARG...: a usage mistake, told in one line and the pointer to --help
wrong() {
	local message=$1
	shift
	run --separate-stderr scx_bugs "$@"
	echo "$stderr"
	[ "$status" -eq 64 ]
	[ -z "$output" ]
	[ "$stderr" = "$message"$'\n'"Try 'scx_bugs --help'." ]
}

@test "scx_bugs --help and --version" {
	run --separate-stderr scx_bugs --help
	[ "$status" -eq 0 ]
	[[ "$output" == "Usage: scx_bugs [OPTION]..."* ]]
	[ -z "$stderr" ]
	run --separate-stderr scx_bugs -V
	[ "$status" -eq 0 ]
	[[ "$output" =~ ^scx_bugs\ [^\ ]+$ ]]
}

@test "--list: at least 40 bugs, each with a name of its own and a sentence" {
	run --separate-stderr scx_bugs --list
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" -ge 40 ]
	[ "$(printf '%s\n' "${lines[@]}" | cut -f1 | sort | uniq -d)" = "" ]
	for line in "${lines[@]}"; do
		[[ "$line" =~ ^[a-z0-9_]+$'\t'[^$'\t']+$ ]]
	done
}

@test "a bug that it does not have" {
	wrong "scx_bugs: --bug: no bug 'lifoo' (did you mean 'lifo'?)" --bug lifoo
	wrong "scx_bugs: --bug: no bug 'weight_ignore' (did you mean 'weight_ignored'?)" \
		--bug weight_ignore
	wrong "scx_bugs: --bug: no bug 'zzzzzzzzzzzz' (--list prints them)" --bug zzzzzzzzzzzz
	wrong "scx_bugs: --bug: no bug '' (--list prints them)" --bug ''
}

@test "numbers out of range, and arguments that it does not have" {
	wrong "scx_bugs: --timeout-ms: '0' is not a whole number from 1 to 30000" --timeout-ms 0
	wrong "scx_bugs: unexpected argument 'now'" now
	SCX_TIMEOUT_MS=soon wrong \
		"scx_bugs: SCX_TIMEOUT_MS: 'soon' is not a whole number from 1 to 30000"
}

@test "each bug is in tests/truth/bugs.tsv, and each line there is whole" {
	local bug scenario options check why
	grep -v '^#' "$KT_TOP/tests/truth/bugs.tsv" >bugs
	scx_bugs --list >list
	diff <(cut -f1 list | sort) <(cut -f1 bugs | sort -u)
	while IFS=$'\t' read -r bug scenario options check why; do
		echo "$bug $scenario $options $check $why"
		[ -e "$KT_TOP/tests/truth/$scenario.json" ] || [ -e "$KT_TOP/share/tests/$scenario.json" ]
		[ -n "$options" ]
		[[ "$check" =~ ^[a-z0-9_]+(,[a-z0-9_]+)*$ ]]
		[[ "$why" == *. ]]
	done <bugs
}
