#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Control of a Linux guest on the tcg engine: pauses, registers of each vCPU, watchpoints
# on a kernel symbol, the host's threads (tests/unit/kt-vm/test_tcg_control.c; on the kvm engine
# tests/unit/kt-vm/test_kvm_engine.c does it, nested.bats).

load helpers

@test "pause, registers, a watchpoint on jiffies_64, and the guest ends well" {
	{
		kt-guest plan steady --topology 1n1l2c2t --duration 6s --scheduler eevdf
		kt-topo 1n1l2c2t
		kt-kernel find
	} | kt-initrd >in.jsonl
	kernel=$(jq -r 'select(.type == "kernel") | .vmlinux' in.jsonl)
	initrd=$(jq -r 'select(.type == "initrd") | .path' in.jsonl)
	symbol=$(nm "$kernel" | awk '$3 == "jiffies_64" { print $1 }')
	run timeout 100 "$KT_TOP/build/san/tests/kt-vm/test_tcg_control" in.jsonl "$kernel" "$initrd" "$symbol"
	echo "$output" >&2
	grep "^# longest\|^# 100 hits" <<<"$output" >&3
	[ "$status" -eq 0 ]
}
