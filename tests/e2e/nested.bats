#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The kvm engine against a real KVM. Where the host's own is no use, that is the KVM of a
# guest of the tcg engine (tests/nested/boot): one boot runs all cases, the tests read
# what came out.

load helpers
load truth

VM="/nested/kt-vm -e kvm -k /nested/vmlinux"
SPECS="1n1l1c1t 1n1l2c1t 1n1l1c2t 1n1l2c2t 2n2l2c1t 1n3l1c1t"
# make check-long: all presets, too. Those of 64 CPUs boot in software in minutes, on the tcg
# engine never; of 128 in some six, of 252 in some twelve. WHOLE are booted with all their CPUs, each
# within LONG_LIMIT seconds, the others with two of them up.
LARGE=""
WHOLE=""
LONG_LIMIT=${LONG_LIMIT:-1800}
if [ -n "${KT_LONG:-}" ]; then
	SPECS="$SPECS tiny-1llc tiny-2llc odd-3llc odd-5llc odd-7llc smt-2llc smt-3llc numa2-4llc"
	SPECS="$SPECS medium-4llc medium-4llc-nosmt numa4-8llc"
	LARGE="medium-8llc medium-8llc-nosmt large-4llc large-8llc large-4llc-nosmt large-8llc-nosmt"
	LARGE="$LARGE numa2-8llc numa2-8llc-nosmt numa4-12llc near-max-llc near-max-llc-nosmt"
	LARGE="$LARGE max-cpu max-cpu-nosmt"
	WHOLE=${KT_WHOLE-medium-8llc medium-8llc-nosmt large-8llc-nosmt max-cpu}
fi

# name NAME LIMIT_S SIGNALS [kt-vm options]: a case, with the records on standard input
case_of() {
	local name=$1 limit=$2 signals=$3
	shift 3
	cat >"$dir/$name.in"
	echo "$name $((limit * 1000)) $signals $VM $*" >>"$dir/cases"
}

# plan_of NAME: the case of a guest with the plan in plan.jsonl, observed
plan_of() {
	kt-initrd -o "$dir/$1.img" <"$BATS_FILE_TMPDIR/plan.jsonl" >/dev/null &&
		jq -c 'if .type == "kernel" then .vmlinux = "/nested/vmlinux" else . end' <"$BATS_FILE_TMPDIR/plan.jsonl" |
		case_of "$1" 240 - -i "/nested/$1.img"
}

# of mixed_workloads: four layers of simulated CPUs take turns on the host's
LIMITS=(-a max_spread_pct=80 -a max_gap=off -a max_throughput_cv=3)

# shipped_case: the same with a distribution's kernel, which has its virtio-mmio as a module
shipped_case() {
	local kernel record=$BATS_FILE_TMPDIR/shipped.jsonl
	kernel=$("$KT_TOP/scripts/distro-kernel" 2>"$dir/../shipped.why") || return 0
	kt-kernel find "$kernel" >"$record"
	cp "$kernel" "$dir/shipped"
	cp "$(jq -r 'select(.type == "kernel") | .vmlinux' <"$record")" "$dir/shipped.vmlinux"
	{
		kt-topo 1n1l4c1t
		cat "$record"
	} | truth_initrd "$BATS_FILE_TMPDIR/truth" -o "$dir/shipped.img" |
		jq -c 'if .type == "kernel" then .vmlinux = "/nested/shipped.vmlinux" else . end' |
		case_of shipped 240 - -k /nested/shipped -i /nested/shipped.img --monitor 50ms -d 200s -a rdinit=/truth/init
}

setup_file() {
	export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
	export DIR=$BATS_FILE_TMPDIR/w
	dir=$DIR
	mkdir -p "$dir"
	make -s -C "$KT_TOP" nested >&2 || return
	{
		kt-topo 1n1l1c1t
		kt-kernel find
	} | kt-initrd -o "$dir/empty.img" >/dev/null || return
	for s in $SPECS; do
		kt-topo "$s" | case_of "$s" 120 - -i /nested/empty.img
	done
	for f in panic reboot garbage forge; do
		kt-topo 1n1l1c1t | case_of "$f" 120 - -i /nested/empty.img -a "kt.fault=$f"
	done
	kt-topo 1n1l1c1t | case_of early 120 - -i /nested/empty.img -a mem=4M
	kt-topo 1n1l1c1t | case_of triple 120 - -i /nested/empty.img -a kt.fault=reboot~reboot=t
	cp "$(kt-kernel find | jq -r 'select(.type == "kernel") | .vmlinux')" "$dir/virtual"
	# as some linkers leave it: e_entry, at 24, is a virtual address, and PVH the only way in
	printf '\x23\x01\x00\x81\xff\xff\xff\xff' |
		dd of="$dir/virtual" bs=1 seek=24 conv=notrunc status=none
	kt-topo 2n2l1c1t | case_of pvh 120 - -k /nested/virtual -i /nested/empty.img
	kt-topo 1n1l2c1t | case_of hang 120 - -i /nested/empty.img -d 20s -a kt.fault=hang
	kt-topo 1n1l2c1t | case_of int 120 2@15000 -i /nested/empty.img -a kt.fault=hang
	kt-topo 1n1l2c2t | case_of pause 120 "10@12000,12@13000,10@14000,12@15000,2@16000" \
		-i /nested/empty.img -a kt.fault=hang
	cp "$(command -v sh)" "$dir/sh"
	# which CPUs the cases may use
	echo 'cpus 60000 - /nested/sh -c while~read~-r~a~b;do~[~"$a"~!=~Cpus_allowed_list:~]||echo~"$b";done</proc/self/status' >>"$dir/cases"
	# APIC ids up to 292: two CPUs are started, then the last one
	echo "high 60000 - /nested/sh /nested/highid.sh 124" >"$BATS_FILE_TMPDIR/inner.cases"
	{
		kt-topo 1n1l1c1t
		kt-kernel find
	} | kt-initrd -o "$dir/high.img" -i "$KT_TOP/build/nested/init:/nested/init" -i "$dir/sh:/nested/sh" \
		-i "$KT_TOP/tests/nested/highid.sh:/nested/highid.sh" \
		-i "$BATS_FILE_TMPDIR/inner.cases:/nested/cases" >/dev/null || return
	kt-topo -m 1G 5n25l5c1t | case_of high 120 - -i /nested/high.img -d 100s -a rdinit=/nested/init~maxcpus=2
	{
		kt-guest plan mixed_workloads --topology 1n2l1c1t --duration 5s --scheduler scx_kt "${LIMITS[@]}"
		kt-topo 1n2l1c1t
		kt-kernel find
	} >"$BATS_FILE_TMPDIR/plan.jsonl"
	plan_of mixed || return
	cat >"$BATS_FILE_TMPDIR/fail.json" <<-END
		{ "topology": "1l2c1t", "duration": "4s", "scheduler": { "name": "scx_kt", "binary": "scx_kt", "args": ["--error-after", "2"] },
		  "cgroups": [{ "name": "a", "workers": 2 }] }
	END
	{
		kt-guest plan "$BATS_FILE_TMPDIR/fail.json"
		kt-topo 1l2c1t
		kt-kernel find
	} >"$BATS_FILE_TMPDIR/plan.jsonl"
	plan_of fail || return
	jq -n --arg binary "$(upstream scx_selftests)" '["enq_select_cpu_fails", "ddsp_bogus_dsq_fail"] as $names | {
		topology: "1l2c1t", payloads: $names | map({ name: ., binary: $binary, args: ["-q", "-t", .] }),
		steps: $names | map({ ops: [{ run_payload: . }, { wait_payload: { payload: ., timeout: "60s" } }], hold: "100ms" }) }' \
		>"$BATS_FILE_TMPDIR/selftests.json"
	{
		kt-guest plan "$BATS_FILE_TMPDIR/selftests.json"
		kt-topo 1l2c1t
		kt-kernel find
	} >"$BATS_FILE_TMPDIR/plan.jsonl"
	plan_of selftests || return
	truth_program "$BATS_FILE_TMPDIR/truth" || return
	{
		kt-topo 1n1l4c1t
		kt-kernel find
	} | truth_initrd "$BATS_FILE_TMPDIR/truth" -i scx_kt:/truth/scheduler -o "$dir/truth.img" |
		jq -c 'if .type == "kernel" then .vmlinux = "/nested/vmlinux" else . end' |
		case_of truth 240 - -k /nested/bzImage -i /nested/truth.img --monitor 50ms -d 200s -a rdinit=/truth/init || return
	cp "$(kt-kernel find | jq -r 'select(.type == "kernel") | .image')" "$dir/bzImage"
	shipped_case || return
	echo "control 60000 - /nested/test_kvm_engine" >>"$dir/cases"
	echo "safety 60000 - /nested/test_kvm_safety" >>"$dir/cases"
	cp "$KT_TOP/build/tests/kt-vm/test_kvm_engine" "$KT_TOP/build/tests/kt-vm/test_kvm_safety" "$dir/"
	# with two of its CPUs up, each of them is quick
	for s in $LARGE; do
		kt-topo "$s" | case_of "two.$s" 140 - -i /nested/empty.img -d 120s -a maxcpus=2
	done
	for s in $WHOLE; do
		kt-topo "$s" | case_of "$s" $((LONG_LIMIT + 20)) - -i /nested/empty.img -d "${LONG_LIMIT}s"
	done
	"$KT_TOP/tests/nested/boot" "$dir" \
		"$((1200 + $(wc -w <<<"$LARGE") * 160 + $(wc -w <<<"$WHOLE") * (LONG_LIMIT + 40)))s"
}

# of NAME FILTER: jq over what a case wrote
of() {
	jq -c "$2" "$DIR/$1.out"
}

# ended_with NAME CODE CAUSE
ended_with() {
	[ "$(cat "$DIR/$1.exit")" = "$2" ] || { cat "$DIR/$1.err"; tail -n 5 "$DIR/$1.out"; return 1; }
	[ "$(of "$1" 'select(.type == "vm_exit") | .cause')" = "\"$3\"" ]
}

@test "power-off, and the guest's records" {
	for s in $SPECS; do
		ended_with "$s" 0 poweroff
		[ ! -s "$DIR/$s.err" ]
		[ "$(of "$s" 'select(.type == "vm") | .engine')" = '"kvm"' ]
		[ "$(of "$s" 'select(.type == "boot") | .stage' | xargs)" = "start kernel init done" ]
	done
}

# what a guest sees, without sizes and times that differ from boot to boot
view() {
	jq -cS 'select(.type == "guest" and .event == "topology") | del(.t_ns, .guest_ns, .nodes[].memory_kib)'
}

@test "the guest sees the same topology on both engines" {
	for s in $SPECS; do
		{
			kt-topo "$s"
			kt-kernel find
		} | kt-initrd | kt-vm --engine tcg | view >tcg.json
		[ -s tcg.json ]
		view <"$DIR/$s.out" | diff - tcg.json
	done
}

@test "the guest's memory is what was asked for" {
	jq -se 'map(select(.event == "topology"))[0].nodes | length == 2 and all(.[]; .memory_kib > 900000 and .memory_kib < 1048577)' \
		"$DIR/2n2l2c1t.out"
}

@test "panic, reboot, triple fault: exit 1, each with its cause" {
	ended_with panic 1 panic
	of panic 'select(.type == "vm_exit") | .panic[0]' | grep "Kernel panic - not syncing: sysrq"
	ended_with reboot 1 reboot
	ended_with triple 1 triple_fault
}

@test "a kernel that dies before its drivers says why" {
	ended_with early 1 panic
	of early 'select(.type == "vm_exit") | .panic[0]' | grep "Kernel panic - not syncing: "
	[ "$(of early 'select(.type == "console") | .text' | grep -c "Linux version")" = 1 ]
}

@test "the console has the kernel's first line, its last one, and none twice" {
	for s in $SPECS; do
		of "$s" 'select(.type == "console") | .text' >console
		# the screen before hvc0 has 255 lines; of more, as with 4 nodes, the last ones are kept
		[ "$(grep -n "console \[hvc0\] enabled" console | cut -d: -f1)" -gt 250 ] ||
			grep -q "Linux version" console
		grep -q "Run /init as init process" console
		[ -z "$(grep '^"\[' console | sort | uniq -d)" ]
		[ "$(of "$s" 'select(.type == "vm_exit") | .console_dropped + .record_lost')" = 0 ]
	done
}

@test "interrupts reach a CPU whose APIC id is above 254" {
	ended_with high 0 poweroff
	of high 'select(.type == "guest") | .out // .err' >out
	cat out >&2
	grep -x '"cpu124 is online"' out
	of high 'select(.type == "console") | .text' | grep "Processor 124 APIC 0x124"
	grep -x '"irq 5 went to 124"' out
	# CPU0 CPU1 CPU124
	grep -qE '^"5: +[0-9]+ +[0-9]+ +0 ' out
	tail -n 3 out | grep -qE '^"5: +[0-9]+ +[0-9]+ +[1-9][0-9]* '
}

@test "garbage and forged records: exit 65" {
	ended_with garbage 65 garbage
	grep -q "^kt-vm: the guest wrote garbage on its record port, record " "$DIR/garbage.err"
	ended_with forge 65 garbage
	[ -z "$(of forge 'select(.type == "verdict")')" ]
}

@test "a hung guest ends at the deadline, and by ^C" {
	ended_with hang 1 deadline
	ended_with int 130 interrupted
	[ "$(of int 'select(.type == "end" and .tool == "kt-vm") | .exit')" -eq 130 ]
}

@test "pause and resume: all vCPUs within a second, and the guest lives on" {
	ended_with pause 130 interrupted
	[ "$(of pause 'select(.type == "control") | .op' | xargs)" = "pause resume pause resume" ]
	of pause 'select(.type == "control") | [.op, .took_ns / 1e6]' >&3
	[ -z "$(of pause 'select(.type == "control" and (.error or .took_ns > 1e9))')" ]
}

@test "control: pauses, registers, watchpoints and the sandbox on a real KVM" {
	cat "$DIR/control.out" "$DIR/control.err" >&2
	[ "$(cat "$DIR/control.exit")" = 0 ]
	grep -x "ok 2 watchpoints" "$DIR/control.out"
	run -1 grep -q "skip" "$DIR/control.out"
	grep "^# " "$DIR/control.out" >&3
}

# as root of a kernel without user namespaces
@test "safety: stuck vCPUs, pauses, failed starts and the unprivileged user on a real KVM" {
	cat "$DIR/safety.out" "$DIR/safety.err" >&2
	[ "$(cat "$DIR/safety.exit")" = 0 ]
	grep -x "ok 1 stuck_in_the_guest" "$DIR/safety.out"
}

@test "mixed_workloads with scx_kt" {
	ended_with mixed 0 poweroff
	of mixed 'select(.type == "sched")' | grep -q '"event":"attach"'
	kt-check <"$DIR/mixed.out" >verdict.jsonl || jq -r 'select(.type == "check") | .detail' verdict.jsonl
	# what the emulated host kept from the guest may leave a check undecided
	holds verdict.jsonl '.type == "verdict" and .failed == 0 and .passed > 3'
}

@test "what is seen from outside, behind the sandbox" {
	[ ! -s "$DIR/mixed.err" ]
	[ "$(of mixed 'select(.type == "observe") | .error')" = null ]
	[ "$(of mixed 'select(.type == "sample") | .cpu.nr_running | length' | sort -u)" = 2 ]
	[ "$(of mixed 'select(.type == "op") | [.op, .ok, .error]')" = '["snapshot",true,null]' ]
	holds "$DIR/mixed.out" '.type == "snapshot" and .name == "after_workload" and .reason == "op" and
		(.cpus | length == 2 and all(.[]; .regs.rip and .regs.cr3) and any(.[]; .stack | length > 2))'
	[ "$(kt snapshot show "$DIR/mixed.out" after_workload nr_dispatched)" -gt 0 ]
	of mixed 'select(.type == "snapshot") | .pause_ns / 1e6' | sed "s/^/# pause in ms: /" >&3
}

@test "a scheduler that fails is caught as it does" {
	ended_with fail 0 poweroff
	# the watchpoint: one CPU is still where the scheduler itself has said so
	holds "$DIR/fail.out" '.type == "snapshot" and .reason == "failure" and .exit.kind == "SCX_EXIT_ERROR_BPF" and
		all(.cpus[]; .regs.rip) and any(.cpus[]; (.regs.ip | startswith("scx_")) and any(.stack[]; test("kt_enqueue")))'
	holds "$DIR/fail.out" '.type == "scx_exit" and .exit.kind == "SCX_EXIT_ERROR_BPF" and
		.exit.msg == "scx_kt was asked to fail after 2000 ms" and (.exit.backtrace | length > 3)'
}

# a host's own CPU may have five levels
@test "what is read from outside is what the guest itself says, KASLR on" {
	ended_with truth 0 poweroff
	levels=$(of truth 'select(.type == "observe") | .page_table_levels')
	truth_tells "$DIR/truth.out" "$levels" scx
}

@test "the same of a distribution's kernel, whose virtio-mmio is a module" {
	[ -e "$DIR/shipped" ] || skip "$(cat "$BATS_FILE_TMPDIR/shipped.why")"
	ended_with shipped 0 poweroff
	levels=$(of shipped 'select(.type == "observe") | .page_table_levels')
	truth_tells "$DIR/shipped.out" "$levels"
}

@test "schedulers of the kernel source that fail: whose doing it is, as on tcg (selftests.bats)" {
	ended_with selftests 0 poweroff
	of selftests 'select(.type == "scx_exit") | .exit | [.ops, .kind, .blame.evidence, .blame.callbacks[0].program]' | diff - <(
		echo '["enq_select_cpu_fails","SCX_EXIT_ERROR","program","enq_select_cpu_fails_enqueue"]'
		echo '["ddsp_bogus_dsq_fail","SCX_EXIT_ERROR","path","ddsp_bogus_dsq_fail_select_cpu"]'
	)
	[ "$(of selftests 'select(.type == "snapshot") | any(.cpus[].stack[]; startswith("scx_ops_exit_kind"))' | xargs)" = 'true true' ]
}

@test "PVH: command line, initrd, memory map and ACPI tables arrive" {
	ended_with pvh 0 poweroff
	holds "$DIR/pvh.out" '.type == "guest" and .event == "topology" and (.nodes | length) == 2 and (.cpus | length) == 2'
	# Linux adds this range on that way in only; no screen is told of there, so that hvc0 has it all
	[ "$(of pvh 'select(.type == "boot") | .stage' | xargs)" = "start kernel init done" ]
}

@test "large presets: user space with two of their CPUs up" {
	[ -n "$LARGE" ] || skip "make check-long"
	for s in $LARGE; do
		ended_with "two.$s" 0 poweroff
		[ "$(of "two.$s" 'select(.type == "guest" and .event == "topology") | .cpus | length')" = 2 ]
		[[ " $WHOLE " == *" $s "* ]] ||
			echo "# $s: not booted whole, $(kt-topo "$s" | jq -r 'select(.cpus) | .cpus | length') CPUs: with two of them up" >&3
	done
}

@test "presets of 64, 128 and 252 CPUs: user space with all of them up" {
	[ -n "$WHOLE" ] || skip "make check-long"
	for s in $WHOLE; do
		ended_with "$s" 0 poweroff
		of "$s" 'select(.type == "boot" and .stage == "init") | .t_ns / 1e9 | floor' | sed "s/^/# $s: user space after s: /" >&3
	done
}

@test "nested in QEMU, no guest runs on its first CPU" {
	[ -e "$DIR/outer.jsonl" ] || skip "this machine's own KVM ran the guests"
	[ "$(cat "$DIR/cpus.out")" = 1-2 ]
}

@test "KVM's statistics, and the sandbox, are in the records" {
	[ "$(of 1n1l2c1t 'select(.type == "vm_exit") | .kvm.exits > 1000 and .kvm.io_exits > 10')" = true ]
	of 1n1l2c1t 'select(.type == "vm") | .sandbox | .no_new_privs, (.seccomp | length > 20)' | xargs |
		grep -x "true true"
}
