#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The kvm engine against QEMU with -accel kvm, on the same real KVM: the host's where it has
# one, else that of a guest of the tcg engine (tests/nested/boot). All in one such guest.
#
# Each VMM gets the same initrd (kt-guest without a plan: it says what it finds, and powers
# off), memory, number of vCPUs, console (hvc0, with the same log level) and kernel
# parameters, as far as they are not about kt-vm's own devices. PID 1's first record comes on
# the record port from all of them; its arrival outside is "init". QEMU boots as it does
# best: microvm without legacy devices, by qboot and the vmlinux (PVH), which saves the
# decompression; q35, with all that -nodefaults and machine options can take away, boots
# the bzImage as everybody does. kt-vm also makes records of the console, and is sandboxed.
# Runs alternate, medians count. Targets: init within 0.5 of q35 and 0.8 of microvm; 5 MiB
# of memory beside the guest's; 15 ms before the first guest instruction.
set -euo pipefail
runs=${RUNS:-3}
top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/build/bin:$PATH
vcpus="1 2 4"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# the file of that name in QEMU's directories
firmware() {
	qemu-system-x86_64 -L help | while read -r d; do
		if [ -e "$d/$1" ]; then
			echo "$d/$1"
			break
		fi
	done
}

kernel=$(kt-kernel find | jq -r 'select(.type == "kernel") | .vmlinux')
cp "$(command -v sh)" "$dir/"
cp "$(command -v qemu-system-x86_64)" "$dir/qemu"
cp "$top/build/bench/vmm_time" "${kernel%vmlinux}bzImage" "$dir/"
for f in bios-256k.bin qboot.rom linuxboot_dma.bin kvmvapic.bin; do
	cp "$(firmware $f)" "$dir/"
done
{
	kt-topo 1l1c1t
	kt-kernel find
} | kt-initrd -o "$dir/initrd" >/dev/null
for n in $vcpus; do
	kt-topo -m 512M "1l${n}c1t" >"$dir/topology$n"
done

cat >"$dir/plan.json" <<'END'
{ "topology": "1l4c1t", "duration": "1s", "num_snapshots": 2, "cgroups": [{ "name": "spin", "workers": 4 }] }
END
{
	kt-guest plan "$dir/plan.json"
	kt-topo -m 512M 1l4c1t
	kt-kernel find
} | kt-initrd -o "$dir/plan.img" | jq -c 'if .type == "kernel" then .vmlinux = "/nested/vmlinux" else . end' >"$dir/observed.4.1.in"

# run.sh VMM VCPUS: one guest
cat >"$dir/run.sh" <<'END'
d=${0%/*} vmm=$1 n=$2
common="panic=-1 rdinit=/init mitigations=off random.trust_cpu=on rcupdate.rcu_expedited=1"
common="$common console=hvc0 hpet=disable tsc=reliable no_timer_check 8250.nr_uarts=1"
qemu() {
	exec "$d/vmm_time" "$d/qemu" -L "$d" -accel kvm -cpu host -smp "$n" -m 512 -nodefaults \
		-no-user-config -display none -no-reboot -initrd "$d/initrd" -append "$common" \
		-chardev file,id=c,path=/dev/null -chardev file,id=r,path=/proc/self/fd/1 "$@" \
		-device virtconsole,chardev=c -device virtserialport,chardev=r,name=kt.records
}
case $vmm in
kt-vm)
	exec "$d/vmm_time" "$d/kt-vm" -e kvm -k "$d/vmlinux" -i "$d/initrd" <"$d/topology$n"
	;;
observed)
	exec "$d/vmm_time" "$d/kt-vm" -e kvm -i "$d/plan.img"
	;;
microvm)
	qemu -M microvm,x-option-roms=off,pit=off,pic=off,isa-serial=off,rtc=off -bios qboot.rom \
		-kernel "$d/vmlinux" -device virtio-serial-device
	;;
q35)
	qemu -M q35,sata=off,smbus=off,usb=off,graphics=off,vmport=off -kernel "$d/bzImage" \
		-device virtio-serial-pci
	;;
esac
END

case_of() { # NAME VMM VCPUS
	echo "$1 120000 - /nested/sh /nested/run.sh $2 $3" >>"$dir/cases"
}
for vmm in kt-vm microvm q35; do # what is slow once only
	case_of "warm.$vmm" "$vmm" 1
done
for i in $(seq "$runs"); do
	for n in $vcpus; do
		for vmm in kt-vm microvm q35; do
			case_of "$vmm.$n.$i" "$vmm" "$n"
		done
	done
done
case_of observed.4.1 observed 4
"$top/tests/nested/boot" "$dir" 30m

# median VMM VCPUS MEMBER: of the runs that got as far
median() {
	cat "$dir/$1.$2".*.out | jq -s --arg m "$3" \
		'[.[] | select(.type == "bench" and .init_ns > 0)[$m]] | sort | .[length / 2 | floor] // 0'
}

printf '%-8s %5s %12s %12s %14s %14s\n' VMM vCPUs 'init, ms' 'off, ms' 'beside, KiB' 'guest, KiB'
for n in $vcpus; do
	for vmm in kt-vm microvm q35; do
		printf '%-8s %5s %12d %12d %14d %14d\n' "$vmm" "$n" \
			"$(($(median $vmm "$n" init_ns) / 1000000))" \
			"$(($(median $vmm "$n" end_ns) / 1000000))" \
			"$(median $vmm "$n" rss_kib)" "$(median $vmm "$n" guest_kib)"
	done
done
ratio() { # VCPUS MEMBER PEER
	jq -rn --argjson k "$(median kt-vm "$1" "$2")" --argjson p "$(median "$3" "$1" "$2")" \
		'if $p > 0 then $k / $p * 100 | round / 100 else "none: the peer has failed" end'
}
for n in $vcpus; do
	printf '%s vCPUs: init %s of q35 (target <= 0.5), %s of microvm (<= 0.8); off %s and %s\n' "$n" \
		"$(ratio "$n" init_ns q35)" "$(ratio "$n" init_ns microvm)" \
		"$(ratio "$n" end_ns q35)" "$(ratio "$n" end_ns microvm)"
done
of_median=$(grep -l "\"init_ns\":$(median kt-vm 4 init_ns)," "$dir"/kt-vm.4.*.out)
printf 'kt-vm beside its guest, 4 vCPUs: %s MiB (target <= 5)\n' \
	"$(jq -n "$(median kt-vm 4 rss_kib) / 102.4 | round / 10")"
printf 'with an observer: %s MiB once symbols and types of the kernel are read, %s MiB at most (target <= 5)\n' \
	"$(jq -n "$(median observed 4 rss_kib) / 102.4 | round / 10")" \
	"$(jq -n "$(median observed 4 max_rss_kib) / 102.4 | round / 10")"

echo 'exits of kt-vm, 4 vCPUs:'
jq -r 'select(.type == "vm_exit").kvm | to_entries[] | select(.key | test("exits$|^insn|^pf_taken|^hyper"))
	| "  \(.key) \(.value)"' "$of_median"

# The kernel's clock starts when it finds kvmclock; printk says the time since.
echo 'where its time goes, 4 vCPUs:'
jq -rs '
	def stamp: .text | capture("^\\[ *(?<s>[0-9.]+)\\]").s | tonumber * 1e9;
	(.[] | select(.type == "bench")) as $bench
	| (.[] | select(.type == "boot" and .stage == "init").t_ns) as $init
	| [.[] | select(.type == "console" and (.text | startswith("[")))] as $lines
	| ([$lines[] | .t_ns - stamp] | min) as $zero # early lines come all at once, and late
	| ([$lines[] | select(.text | contains("Run /init")).t_ns][0]) as $user
	| [["kt-vm: probe, memory, tables, VM", $bench.init_ns - $init],
	   ["kernel: until it has a clock", $zero],
	   ["kernel: until hvc0 speaks", $lines[0].t_ns - $zero],
	   ["kernel: until /init runs", $user - $lines[0].t_ns],
	   ["PID 1: until its first record", $init - $user],
	   ["PID 1 and kernel: power-off", $bench.end_ns - $bench.init_ns]][]
	| "  \(.[1] / 1e6 | round) ms \(.[0])"' "$of_median"

# On the host itself, whose KVM need not run a kernel for it. Before other processes, where
# that is allowed: their share of the CPUs is not what is asked for.
first=
chrt -f 1 true 2>/dev/null && first='chrt -f 1'
for _ in $(seq 21); do
	kt-topo -m 2G 1l4c1t | $first "$top/build/bench/kvm_setup" "$kernel" "$dir/initrd" || true
done >"$dir/setup"
echo 'kt-vm on this host before the first guest instruction, 4 vCPUs, 2 GiB, in ms (best, median):'
jq -rs '
	def show(f): map(f / 1e4 | round / 100) | sort | "\(.[0]) \(.[length / 2 | floor])";
	"  start of the process            \(show(.exec_ns))",
	"  probe                           \(show(.probe_ns))",
	"  memory, initrd, tables          \(show(.prepare_ns))",
	"  VM, devices, kernel, sandbox    \(show(.start_ns))",
	"  all of it (target <= 15)        \(show(.exec_ns + .probe_ns + .prepare_ns + .start_ns))"' "$dir/setup"
