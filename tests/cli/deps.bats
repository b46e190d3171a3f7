#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/deps without installing anything: that it installs all of it on a minimal
# system is proved where CI starts from one.

load helpers

@test "deps: usage" {
	run --separate-stderr "$KT_TOP/scripts/deps"
	[ "$status" -eq 64 ]
	[ "$stderr" = "deps: usage: scripts/deps check|ensure [truth]|install|list [fedora]" ]
	run --separate-stderr "$KT_TOP/scripts/deps" list hurd
	[ "$status" -eq 64 ]
	[ "$stderr" = "deps: no list for 'hurd', expected debian or fedora" ]
}

@test "deps: the lists for both distributions" {
	run --separate-stderr "$KT_TOP/scripts/deps" list
	[ "$status" -eq 0 ]
	[[ "$output" == "apt-get install "*" libbpf-dev "*" linux-source-6.12 "*" qemu-system-x86 "* ]]
	run --separate-stderr "$KT_TOP/scripts/deps" list fedora
	[ "$status" -eq 0 ]
	[[ "$output" == "dnf install "*" dwarves "*" libbpf-devel "*" qemu-system-x86-core "* ]]
	[[ "$output" != *"linux-source"* ]]
}

@test "deps: with all of it there, check and ensure are silent, and quick" {
	"$KT_TOP/scripts/deps" check || skip "this machine lacks what was just named"
	run timeout 2 "$KT_TOP/scripts/deps" ensure
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

# A system with little more than a shell; old programs are stubs.
poor() {
	local p
	[ ! -e /usr/sbin/gcc ] || skip "this system's /usr/sbin is its /usr/bin"
	mkdir bin
	for p in sh cat sed cut sort tr grep id; do
		ln -s "$(command -v $p)" bin/
	done
	printf '#!/bin/sh\necho "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"\n' >bin/qemu-system-x86_64
	printf '#!/bin/sh\necho "bpftool v10.3.0"\n' >bin/bpftool
	chmod +x bin/qemu-system-x86_64 bin/bpftool
}

@test "deps: what is missing or too old is named with its packages" {
	poor
	run --separate-stderr env PATH="$PWD/bin" "$KT_TOP/scripts/deps" check
	[ "$status" -eq 69 ]
	[[ "$stderr" == *"deps: missing: gcc (Debian: gcc, Fedora: gcc)"* ]]
	[[ "$stderr" == *"deps: missing: library json-c (Debian: libjson-c-dev, Fedora: json-c-devel)"* ]]
	[[ "$stderr" == *"deps: missing: library libbpf 1.4 or later (Debian: libbpf-dev, Fedora: libbpf-devel)"* ]]
	[[ "$stderr" == *"deps: missing: qemu-system-x86_64 8.0 or later (Debian: qemu-system-x86, Fedora: qemu-system-x86-core)"* ]]
	[[ "$stderr" != *"missing: bpftool"* ]]
}

@test "deps: without apt-get, ensure says what to type elsewhere" {
	poor
	run --separate-stderr env PATH="$PWD/bin" "$KT_TOP/scripts/deps" ensure
	[ "$status" -eq 69 ]
	[[ "${stderr_lines[-1]}" == "deps: this system has no apt-get; on Fedora: dnf install "* ]]
}

@test "upstream-scx: usage, and no kernel" {
	run --separate-stderr "$KT_TOP/scripts/upstream-scx" a b
	[ "$status" -eq 64 ]
	[ "$stderr" = "upstream-scx: usage: upstream-scx [OUTDIR]" ]
	run --separate-stderr env KT_KERNEL=0.1 "$KT_TOP/scripts/upstream-scx"
	[ "$status" -eq 69 ]
	[[ "$stderr" == "kt-kernel: no kernel 0.1: "* ]]
}
