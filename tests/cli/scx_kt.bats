#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What scx_kt says without a kernel that takes it; on guests: e2e/misbehave.bats.

export KT_BIN=${BATS_TEST_DIRNAME%/*/*}/build/bin
load helpers

# wrong MESSAGE ARG...: a usage mistake, told in one line and the pointer to --help
wrong() {
	local message=$1
	shift
	run --separate-stderr scx_kt "$@"
	echo "$stderr"
	[ "$status" -eq 64 ]
	[ -z "$output" ]
	[ "$stderr" = "$message"$'\n'"Try 'scx_kt --help'." ]
}

@test "scx_kt --help and --version" {
	run --separate-stderr scx_kt --help
	[ "$status" -eq 0 ]
	[[ "$output" == "Usage: scx_kt [OPTION]..."* ]]
	[ -z "$stderr" ]
	run --separate-stderr scx_kt -V
	[ "$status" -eq 0 ]
	[[ "$output" =~ ^scx_kt\ [^\ ]+$ ]]
}

@test "numbers out of range, and no numbers" {
	wrong "scx_kt: --timeout-ms: '0' is not a whole number from 1 to 30000" --timeout-ms 0
	wrong "scx_kt: --timeout-ms: '30001' is not a whole number from 1 to 30000" --timeout-ms 30001
	wrong "scx_kt: --stall-after: '2s' is not a whole number from 1 to 3600" --stall-after 2s
	wrong "scx_kt: --error-after: '' is not a whole number from 1 to 3600" --error-after ''
	wrong "scx_kt: --slow: '1' is not a whole number from 2 to 100" --slow cg_0:1
	SCX_TIMEOUT_MS=soon wrong \
		"scx_kt: SCX_TIMEOUT_MS: 'soon' is not a whole number from 1 to 30000"
}

@test "a cgroup is named by its own name, not by a path" {
	wrong "scx_kt: --starve: 'kt/cg_0' is no cgroup's own name (1 to 63 bytes, without '/')" \
		--starve kt/cg_0
	wrong "scx_kt: --slow: ':3' is no cgroup's own name (1 to 63 bytes, without '/')" --slow :3
	name=$(printf 'x%.0s' {1..64})
	wrong "scx_kt: --starve: '$name' is no cgroup's own name (1 to 63 bytes, without '/')" \
		--starve "$name"
}

@test "arguments and options that it does not have" {
	wrong "scx_kt: unexpected argument 'now'" now
	run --separate-stderr scx_kt --stall
	[ "$status" -eq 64 ]
	run --separate-stderr scx_kt --bogus
	[ "$status" -eq 64 ]
	[ "$stderr" = "scx_kt: unrecognized option '--bogus'"$'\n'"Try 'scx_kt --help'." ]
}

@test "a kernel without sched_ext: libbpf says why, exit 2" {
	[ ! -e /sys/kernel/sched_ext ] || skip "this kernel has sched_ext"
	run --separate-stderr scx_kt
	echo "$stderr"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ "$stderr" == *"libbpf: "*"scx_kt: unable to "* ]]
}
