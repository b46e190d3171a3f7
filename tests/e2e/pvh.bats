#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A kernel with no entry point in memory is entered by its PVH note.

load helpers

@test "PVH: command line, initrd, memory map and ACPI tables arrive" {
	vmlinux=$(kt-kernel find | jq -r 'select(.type == "kernel") | .vmlinux // empty')
	[ -n "$vmlinux" ] || skip "the cached kernel has no vmlinux"
	cp "$vmlinux" virtual
	# as some linkers leave it: e_entry, at 24, is a virtual address
	printf '\x23\x01\x00\x81\xff\xff\xff\xff' | dd of=virtual bs=1 seek=24 conv=notrunc status=none
	boot 2n2l1c1t -k "$PWD/virtual"
	[ "$(show 'select(.type == "vm_exit") | .cause')" = '"poweroff"' ]
	holds run.jsonl '.type == "guest" and .event == "topology" and (.nodes | length) == 2 and (.cpus | length) == 2'
	# Linux adds this range on that way in only
	holds run.jsonl '.type == "console" and (.text | contains("[mem 0x00000000000a0000-0x00000000000fffff] reserved"))'
}
