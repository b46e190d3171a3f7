#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What kt-vm reads from outside is what the guest itself says (truth.c, truth.jq): with KASLR on,
# with page tables of 4 and of 5 levels, on a kernel of kt's and on one of a distribution as it is
# shipped. The kvm engine has its case in nested.bats.
load helpers
load truth

setup_file() {
	export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
	truth_program "$BATS_FILE_TMPDIR/truth"
}

# has_scx KERNEL-RECORD
has_scx() {
	jq -se 'any(.[]; .sched_ext == true)' <<<"$1" >/dev/null
}

# look KERNEL-RECORD [kernel parameters]: a guest that is compared, as run.jsonl. It enters the
# bzImage, whose decompressor moves the kernel; with a scheduler where the kernel can have one
look() {
	local image scheduler=()
	image=$(jq -r 'select(.type == "kernel") | .image' <<<"$1")
	if has_scx "$1"; then
		scheduler=(-i scx_kt:/truth/scheduler)
	fi
	{
		kt-topo 1n1l4c1t
		echo "$1"
	} | truth_initrd "$BATS_FILE_TMPDIR/truth" "${scheduler[@]}" |
		kt-vm --engine tcg -k "$image" --monitor 50ms -d 3m -a "rdinit=/truth/init ${2-}" >run.jsonl
}

@test "truth: kt's own kernel, KASLR, 5-level paging" {
	look "$(kt-kernel find)"
	truth_tells run.jsonl 5 scx
}

@test "truth: kt's own kernel, KASLR, 4-level paging" {
	look "$(kt-kernel find)" no5lvl
	truth_tells run.jsonl 4 scx
}

# shipped [PACKAGE]: a distribution's kernel is observed like one of kt's
shipped() {
	local kernel record
	kernel=$("$KT_TOP/scripts/distro-kernel" "$@" 2>why) || skip "$(cat why)"
	record=$(kt-kernel find "$kernel")
	# it has no symbol table
	run -1 grep -qF " .symtab " <(readelf -SW "$(jq -r 'select(.type == "kernel") | .vmlinux' <<<"$record")")
	look "$record"
	if has_scx "$record"; then
		truth_tells run.jsonl 5 scx
	else
		truth_tells run.jsonl 5
		# what it lacks is told, once each
		holds run.jsonl '.type == "observe" and (.absent | index("rq.scx.nr_running") and (unique | length) == length)'
	fi
}

@test "truth: the distribution's newest kernel, without its debug package" {
	shipped
}

@test "truth: the distribution's own kernel, without its debug package" {
	shipped linux-image-cloud-amd64
}
