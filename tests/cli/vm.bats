#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-vm's errors that need no guest.

load helpers

vm() {
	run --separate-stderr sh -c "kt-topo ${SPEC:-1n1l1c1t} | kt-vm $*"
}

last_end() {
	tail -n 1 <<<"$output" | jq -r '"\(.type) \(.tool) \(.exit)"'
}

@test "a text file as kernel" {
	seq 1 1000 >text
	vm -k text
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: text is no kernel image (expected a bzImage or an x86-64 vmlinux)" ]
	[ "$(last_end)" = "end kt-vm 65" ]
}

@test "an empty file, a directory and no file as kernel" {
	: >empty
	vm -k empty
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: empty is no kernel image (expected a bzImage or an x86-64 vmlinux)" ]
	vm -k .
	[ "$status" -eq 65 ]
	vm -k missing
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: unable to read the kernel missing: No such file or directory" ]
}

@test "an ELF program is no kernel" {
	vm -k "$(command -v jq)"
	[ "$status" -eq 65 ]
	[[ "$stderr" == *"is no x86-64 kernel (expected vmlinux or bzImage)" ]]
}

@test "a kernel cut short" {
	# a boot sector with the right marks and nothing behind it
	head -c 2048 /dev/zero >short.img
	printf '\x04' | dd of=short.img bs=1 seek=$((0x1f1)) conv=notrunc status=none
	printf '\x55\xaa\xeb\x66HdrS\x0f\x02' | dd of=short.img bs=1 seek=$((0x1fe)) conv=notrunc status=none
	printf '\x01' | dd of=short.img bs=1 seek=$((0x236)) conv=notrunc status=none
	vm -k short.img
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: kernel short.img is cut: 2048 bytes" ]
}

@test "no kernel, no topology, an empty stream, a cut stream" {
	vm
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: no kernel: expected a kernel record (kt-kernel find) or --kernel" ]
	run --separate-stderr sh -c 'echo "{\"type\":\"end\",\"tool\":\"x\",\"exit\":0,\"records\":0}" | kt-vm -k x'
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: no topology record on standard input (kt-topo makes one)" ]
	run --separate-stderr kt-vm -k x </dev/null
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: standard input: the input is empty" ]
	run --separate-stderr sh -c 'kt-topo 1n1l1c1t | head -n 1 | kt-vm -k x'
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: standard input: the input is cut: no end record after line 1" ]
	run --separate-stderr sh -c 'kt-topo 1n1l1c1t | head -c 100 | kt-vm -k x'
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: standard input: line 1: the input is cut in the middle of a record" ]
}

@test "a tool before that failed: its code, no second message" {
	run --separate-stderr sh -c 'kt-topo 3x2y 2>/dev/null | kt-vm -k x'
	[ "$status" -eq 64 ]
	[ -z "$stderr" ]
	[ "$(last_end)" = "end kt-vm 64" ]
}

@test "a plan for another topology" {
	echo '{"type":"test","name":"x","topology":"1n4l4c2t"}' >plan.jsonl
	run --separate-stderr sh -c '{ cat plan.jsonl; kt-topo 2l2c1t; } | kt-vm -k x'
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-vm: the plan was made for topology 1n4l4c2t, the topology record says 1n2l2c1t (use kt-guest plan --topology 1n2l2c1t)" ]
}

@test "topology records that lie" {
	# each edit makes one thing wrong; kt-vm must say so and touch nothing
	kt-topo 2l2c1t >topo
	lie() {
		jq -c "if .type == \"topology\" then $1 else . end" topo > lied
		run --separate-stderr sh -c 'kt-vm -k x < lied'
		[ "$status" -eq 65 ]
		[ "$stderr" = "kt-vm: topology record: $2" ]
	}
	lie '.llcs = 0' "a count is missing or out of range"
	lie '.llcs = 3' "its counts contradict its list of CPUs"
	lie '.cpus = []' "its counts contradict its list of CPUs"
	lie '.cpus[1].id = 2' "a CPU is not where its counts put it"
	lie '.cpus[2].llc = 0' "a CPU is not where its counts put it"
	lie '.cpus[3].apic_id = 5' "a CPU is not where its counts put it"
	lie '.cpus[0] = 7' "a CPU is not where its counts put it"
	lie '.memory = []' "less than 64 MiB of memory"
	lie '.memory[0].gpa = 4096' "its memory ranges are not contiguous"
	lie '.memory[0].length = -4096' "its memory ranges are not contiguous"
	lie '.memory[0].length = 4611686018427387904' "its memory ranges are not contiguous"
	lie '.acpi.base = 0' "its ACPI tables are missing or in the wrong place"
	lie '.acpi.base = 655360' "its ACPI tables are missing or in the wrong place"
	lie 'del(.acpi)' "its ACPI tables are missing or in the wrong place"
	lie '.memory[0].length = 3221225472' "a memory range crosses 2 GiB"
}

@test "usage" {
	run --separate-stderr kt-vm --engine hyperv </dev/null
	[ "$status" -eq 64 ]
	[ "${stderr_lines[0]}" = "kt-vm: unknown engine 'hyperv' (expected auto, kvm or tcg)" ]
	run --separate-stderr kt-vm --deadline soon </dev/null
	[ "$status" -eq 64 ]
	[[ "${stderr_lines[0]}" == "kt-vm: --deadline: 'soon' is no duration "* ]]
	run --separate-stderr kt-vm --deadline 0s </dev/null
	[ "$status" -eq 64 ]
	[ "${stderr_lines[0]}" = "kt-vm: --deadline: expected more than 0" ]
	run --separate-stderr kt-vm x </dev/null
	[ "$status" -eq 64 ]
	[ "${stderr_lines[0]}" = "kt-vm: unexpected argument 'x'" ]
	run kt-vm --help
	[ "$status" -eq 0 ]
	[[ "$output" == "Usage: kt-vm "* ]]
}

@test "no QEMU, and one that is too old: exit 69 and what to do" {
	mkdir none old
	ln -s "$(command -v kt-vm)" "$(command -v kt-topo)" none/
	kernel=$(command -v jq)
	run --separate-stderr sh -c "kt-topo 1l1c1t | PATH=$PWD/none kt-vm -e tcg -k $kernel"
	[ "$status" -eq 69 ]
	[ "$stderr" = "kt-vm: the tcg engine cannot run this guest here: qemu-system-x86_64 is not installed (Debian: qemu-system-x86)" ]
	printf '#!/bin/sh\necho QEMU emulator version 7.2.15\n' >old/qemu-system-x86_64
	chmod +x old/qemu-system-x86_64
	PATH=$PWD/old:$PATH run kt-vm --probe
	[[ "${lines[1]}" == "tcg: no: qemu-system-x86_64 is version 7.2, 8.0 or later is needed"* ]]
	run kt-vm --probe
	[ "$status" -eq 0 ]
	[[ "$output" == "kvm: "* ]]
	[[ "${lines[1]}" == "tcg: yes: QEMU "* ]]
}

@test "tcg: APIC ids above 254: exit 69, before anything is started" {
	SPEC=5n25l5c1t vm -e tcg -k "$(command -v jq)"
	[ "$status" -eq 69 ]
	[ "$stderr" = "kt-vm: the tcg engine cannot run this guest here: 25 of the 125 CPUs of 5n25l5c1t have APIC ids above 254 (up to 292), which only the kvm engine can run (sizes that are powers of two waste no ids)" ]
	[ "$(last_end)" = "end kt-vm 69" ]
}

@test "kvm: each thing that the host lacks has its own line, exit 69" {
	dev=/dev/kvm
	[ -e "$dev" ] && [ "$(id -u)" -eq 0 ] || skip "needs root, to change who may open $dev"
	unshare -m true 2>/dev/null || skip "no mount namespaces here"
	# a mount namespace of its own: the host's /dev/kvm stays as it is
	no_kvm() {
		run --separate-stderr unshare -m sh -c "$1; kt-topo 1l1c1t | setpriv ${2:-} kt-vm -e kvm -k /bin/true"
		[ "$status" -eq 69 ]
		[ "$stderr" = "kt-vm: the kvm engine cannot run this guest here: $3" ]
	}
	no_kvm "mount -t tmpfs none /dev" "" "there is no usable /dev/kvm (turn on virtualization in the firmware, and load kvm_intel or kvm_amd)"
	: >plain
	no_kvm "mount --bind plain $dev" "" "/dev/kvm speaks version -1 of the API (expected 12)"
	chmod 600 plain
	chmod 755 "$BATS_TEST_TMPDIR"
	no_kvm "mount --bind plain $dev" "--reuid 65534 --clear-groups --inh-caps=-all" \
		"no permission to open /dev/kvm (join the group that owns it, often kvm)"
}

@test "--nested is of tcg only" {
	run --separate-stderr kt-vm --nested </dev/null
	[ "$status" -eq 64 ]
	[ "${stderr_lines[0]}" = "kt-vm: --nested needs --engine tcg" ]
}
