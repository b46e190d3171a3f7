#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-guest plan: what is said of test files that are wrong, and where in them. Each test is a
# table of tests/data/bad.
load helpers

# Every case of the table with the test's name: exit code, message, and nothing but an end record.
refused() {
	local name names code n=0 bad=0
	names=$(cases "$BATS_TEST_DESCRIPTION")
	for name in $names; do
		code=0 n=$((n + 1))
		kt-guest plan "$name.json" >"$name.out" 2>"$name.said" || code=$?
		[ "$code" -eq 65 ] && cmp -s "$name.said" "$name.err" &&
			[ "$(<"$name.out")" = '{"type":"end","tool":"kt-guest","exit":65,"records":0}' ] && continue
		printf '%s: exit %s\n' "$name" "$code"
		diff "$name.err" "$name.said" || :
		bad=$((bad + 1))
	done
	echo "# $n cases" >&3
	[ "$n" -gt 0 ]
	[ "$bad" -eq 0 ]
}

@test "assert" {
	refused
}

@test "cgroup" {
	refused
}

@test "cpuset" {
	refused
}

@test "expect" {
	refused
}

@test "op" {
	refused
}

@test "payload" {
	refused
}

@test "scheduler" {
	refused
}

@test "step" {
	refused
}

@test "syntax" {
	refused
}

@test "test" {
	refused
}

@test "topology" {
	refused
}

@test "work" {
	refused
}

@test "worker" {
	refused
}

@test "bytes that no text has" {
	printf '{ "cgroups":\0[] }\n' >nul.json
	run -65 --separate-stderr kt-guest plan nul.json
	[ "$stderr" = 'kt-guest: nul.json:1:13: syntax error: a NUL byte' ]
	printf '{\n\t"description": "\377\376"\n}\n' >utf8.json
	run -65 --separate-stderr kt-guest plan utf8.json
	[ "$stderr" = 'kt-guest: utf8.json:2:18: syntax error: invalid utf-8 string' ]
}

@test "every table of tests/data/bad has its test" {
	diff <(cd "$KT_TOP/tests/data/bad" && printf '%s\n' *) \
		<(sed -n 's/^@test "\([a-z]*\)" {$/\1.cases/p' "$BATS_TEST_FILENAME")
}
