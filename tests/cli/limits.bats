#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-guest plan --assert and kt-check's options take and refuse the same limits, in the same words.

load helpers

# What a tool says of a value, without the names of the tool and of the limit; nothing if it is taken.
of_plan() { kt-guest plan -a "$1=$2" mixed_workloads 2>&1 >/dev/null | sed -n 's/^kt-guest: .*\(expected .*, found\)/\1/p'; }
of_check() { kt-check "--${1//_/-}=$2" </dev/null 2>&1 >/dev/null | sed -n 's/^kt-check: .*\(expected .*, found\)/\1/p'; }

@test "both tools refuse the same values of each limit, with the same words" {
	local key value n=0 refused=0 plan check
	for key in $(kt-check --help=records | jq -r 'select(.value == "N").name' | tr - _); do
		n=$((n + 1))
		for value in -1 0x10 0 0.5 7 100 1e16; do
			plan=$(of_plan "$key" "$value") check=$(of_check "$key" "$value")
			[ "$plan" = "$check" ] || {
				echo "$key=$value: '$plan' '$check'"
				return 1
			}
			[ -z "$plan" ] || refused=$((refused + 1))
		done
	done
	echo "$n limits, $refused refused"
	[ "$n" -ge 20 ]
	[ "$refused" -ge $((3 * n)) ] # two are no number, and 1e16 is above all ranges
}
