#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# How a guest can end, and what kt-vm says of it: each with one message, the right exit
# code and nothing left behind.

load helpers

# guest FAULT: boots with a fault asked of kt-guest; status and stderr as by run
guest() {
	{
		kt-topo 1n1l2c1t
		kt-kernel find
	} | kt-initrd >in.jsonl
	run --separate-stderr sh -c "kt-vm --engine tcg $* <in.jsonl >run.jsonl"
}

# hanging [kt-vm options]: a guest that boots and then hangs, in the background; its kt-vm is $pid
hanging() {
	{
		kt-topo 1n1l1c1t
		kt-kernel find
	} | kt-initrd >in.jsonl
	kt-vm --engine tcg -a kt.fault=hang "$@" <in.jsonl >run.jsonl 2>err &
	pid=$!
	for _ in $(seq 100); do
		grep -q '"stage":"kernel"' run.jsonl && break
		sleep 0.1
	done
}

cause() {
	jq -r 'select(.type == "vm_exit") | .cause' run.jsonl
}

ends() {
	jq -r 'select(.type == "end" and .tool == "kt-vm") | .exit' run.jsonl
}

@test "power-off: exit 0, boot milestones in order" {
	guest
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(cause)" = poweroff ]
	[ "$(ends)" -eq 0 ]
	[ "$(jq -r 'select(.type == "boot") | .stage' run.jsonl | xargs)" = "start kernel init done" ]
	jq -se '[.[] | select(.type == "boot") | .t_ns] | . == sort' run.jsonl
	nothing_left
}

@test "panic: exit 1, the cause and its first lines" {
	guest "-a kt.fault=panic"
	[ "$status" -eq 1 ]
	[ "$(cause)" = panic ]
	holds run.jsonl '.type == "vm_exit" and (.panic[0] | contains("Kernel panic - not syncing: sysrq"))'
	[ "$(jq -r 'select(.type == "vm_exit") | .panic | length' run.jsonl)" -gt 3 ]
	nothing_left
}

@test "reboot: exit 1" {
	guest "-a kt.fault=reboot"
	[ "$status" -eq 1 ]
	[ "$(cause)" = reboot ]
}

@test "triple fault: exit 1, told apart from a reboot" {
	# reboot=t makes the kernel load an empty IDT and trap
	guest "-a 'kt.fault=reboot reboot=t'"
	[ "$status" -eq 1 ]
	[ "$(cause)" = triple_fault ]
}

@test "a hung guest: ended at the deadline, exit 1" {
	guest "-d 15s -a kt.fault=hang"
	[ "$status" -eq 1 ]
	[ "$(cause)" = deadline ]
	holds run.jsonl '.type == "vm_exit" and (.detail == "the guest was still running after 15s")'
	nothing_left
}

@test "garbage on the record port: one message, exit 65" {
	guest "-a kt.fault=garbage"
	[ "$status" -eq 65 ]
	[[ "$stderr" == "kt-vm: the guest wrote garbage on its record port, record "* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[ "$(ends)" -eq 65 ]
	nothing_left
}

@test "the guest cannot write the host's records" {
	guest "-a kt.fault=forge"
	[ "$status" -eq 65 ]
	run -1 holds run.jsonl '.type == "verdict"'
}

@test "QEMU killed: one message, exit 71" {
	hanging
	pkill -KILL -P "$pid" qemu-system
	ended "$pid"
	[ "$status" -eq 71 ]
	[ "$(cat err)" = "kt-vm: the guest is lost: qemu-system-x86_64 was killed by signal 9" ]
	[ "$(cause)" = engine_lost ]
}

@test "QEMU that stands still: a bounded pause, one message, exit 71, nothing left" {
	hanging
	pkill -STOP -P "$pid" qemu-system
	start=$(date +%s%N)
	kill -USR1 "$pid"
	ended "$pid"
	[ $((($(date +%s%N) - start) / 1000000)) -lt 4000 ]
	[ "$status" -eq 71 ]
	[ "$(cat err)" = "kt-vm: the guest is lost: qemu-system-x86_64 does not answer" ]
	[ "$(cause)" = engine_lost ]
	holds run.jsonl '.type == "control" and .op == "pause" and .error == "qemu-system-x86_64 does not answer"'
	[ "$(ends)" -eq 71 ]
	nothing_left
}

@test "QEMU that stands still at the deadline, and one that never says a word" {
	hanging -d 8s
	pkill -STOP -P "$pid" qemu-system
	ended "$pid"
	[ "$status" -eq 1 ]
	[ "$(cause)" = deadline ]
	nothing_left
	mkdir mute
	printf '#!/bin/sh\necho $$ >mute/pid\nexec sleep 60\n' >mute/qemu-system-x86_64
	chmod +x mute/qemu-system-x86_64
	start=$(date +%s%N)
	PATH=$PWD/mute:$PATH guest
	[ "$status" -eq 71 ]
	[ "$stderr" = "kt-vm: qemu-system-x86_64 does not answer" ]
	[ $((($(date +%s%N) - start) / 1000000)) -lt 15000 ]
	run -1 kill -0 "$(cat mute/pid)"
}

@test "QEMU that is too old, or ends at once: told before the guest runs" {
	mkdir old
	cat >old/qemu-system-x86_64 <<-'END'
		#!/bin/bash
		[[ "$*" =~ id=qmp,fd=([0-9]+) ]]
		echo '{"QMP":{"version":{"qemu":{"micro":0,"minor":2,"major":7},"package":""},"capabilities":[]}}' >&"${BASH_REMATCH[1]}"
		exec sleep 60
	END
	chmod +x old/qemu-system-x86_64
	PATH=$PWD/old:$PATH guest
	[ "$status" -eq 69 ]
	[[ "$stderr" == "kt-vm: the tcg engine cannot run this guest here: qemu-system-x86_64 is version 7.2, 8.0 or later is needed"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[ "$(ends)" -eq 69 ]
	run -1 holds run.jsonl '.type == "vm"'
	printf '#!/bin/sh\necho "qemu-system-x86_64: no such thing" >&2\nexit 3\n' >old/qemu-system-x86_64
	PATH=$PWD/old:$PATH guest
	[ "$status" -eq 71 ]
	[ "$stderr" = "kt-vm: qemu-system-x86_64 ended with 3: no such thing" ]
}

@test "^C: the guest ends, the stream is complete, exit 130" {
	hanging
	kill -INT "$pid"
	ended "$pid"
	[ "$status" -eq 130 ]
	[ "$(cause)" = interrupted ]
	nothing_left
}

@test "kt-vm killed: QEMU does not outlive it" {
	hanging
	qemu=$(pgrep -P "$pid")
	kill -KILL "$pid"
	wait "$pid" || true
	for _ in $(seq 50); do
		kill -0 "$qemu" 2>/dev/null || break
		sleep 0.1
	done
	run -1 kill -0 "$qemu"
}

@test "a bzImage boots, too" {
	image=$(kt-kernel find | jq -r 'select(.type == "kernel") | .image')
	guest "-k $image"
	[ "$status" -eq 0 ]
	[ "$(cause)" = poweroff ]
}
