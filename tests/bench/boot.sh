#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What kt costs beside the workload: the wall time of `kt test` less the time that the
# workload was asked to run, against plain `qemu-system-x86_64 -kernel -initrd` of the same
# kernel and initrd to user space and off. Runs alternate, so that both meet the same
# noise; the median counts. Target: ratio <= 1.0.
set -eu
runs=${RUNS:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export XDG_STATE_HOME=$dir/state

now_ms() { echo $(($(date +%s%N) / 1000000)); }
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }

kernel=$(kt-kernel find | jq -r 'select(.type == "kernel") | .image')
kt-initrd </dev/null >initrd.jsonl 2>/dev/null || kt-topo 2l2c1t | kt-initrd >initrd.jsonl
initrd=$(jq -r 'select(.type == "initrd") | .path' initrd.jsonl)

# as one would type it: same CPUs and memory, same kernel and initrd, firmware and all
plain() {
	qemu-system-x86_64 -accel tcg,thread=multi -M q35 -cpu max -smp 4 -m 2048 -nodefaults \
		-display none -no-reboot -kernel "$kernel" -initrd "$initrd" \
		-append "console=ttyS0 panic=-1 rdinit=/init mitigations=off" \
		-serial file:serial -device virtio-serial-pci \
		-chardev file,id=r,path=records -device virtserialport,chardev=r,name=kt.records \
		2>/dev/null
	grep -q 'Power down' serial
}

for _ in $(seq "$runs"); do
	t=$(now_ms)
	plain
	echo $(($(now_ms) - t)) >>plain.ms
	t=$(now_ms)
	kt test -q --duration 2s mixed_workloads >report || { cat report; exit 1; }
	echo $(($(now_ms) - t - 2000)) >>kt.ms
done
p=$(median plain.ms)
k=$(median kt.ms)
printf 'plain QEMU, boot and off:             %5d ms (%s)\n' "$p" "$(sort -n plain.ms | xargs)"
printf 'kt test, all but the workload:        %5d ms (%s)\n' "$k" "$(sort -n kt.ms | xargs)"
printf 'ratio kt / plain:                     %5s (target <= 1.0)\n' "$(jq -n "$k / $p * 100 | round / 100")"
jq -r 'select(.type == "boot") | "  kt: \(.stage) at \(.t_ns / 1000000 | round) ms"' state/kt/runs/latest/run.jsonl
