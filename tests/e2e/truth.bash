# SPDX-License-Identifier: GPL-2.0-only
# Loaded by the tests that compare what kt-vm reads from outside with what the guest says.

# truth_program FILE: PID 1 of such a guest
truth_program() {
	cc -O2 -D_GNU_SOURCE -static -o "$1" "$KT_TOP/tests/e2e/truth.c"
}

# truth_initrd PROGRAM [kt-initrd options]: with records as kt-initrd takes them
truth_initrd() {
	local program=$1
	shift
	kt-initrd -i "$program:/truth/init" -i bpftool:/truth/bpftool "$@"
}

# truth_tells RUN LEVELS [scx]: in the records of such a guest nothing that was compared is wrong;
# the fields that it must have, with scx those of a scheduler, too, were each compared with a
# number that (nearly) stood still; KASLR has moved the kernel, which has page tables of so many levels
truth_tells() {
	local run=$1 levels=$2 wrong field fields
	fields=(nr_running nr_switches curr_pid curr_comm yld_count sched_goidle ttwu_count ttwu_local
		idle_total_ns idle_for_ns online curr_outside curr_class waiting "idle for long" "all wait"
		run_delay_ns pcount kaslr_virt kaslr_phys page_table_levels "program name"
		"domain lb_count" "domain lb_balanced" "domain alb_count" "domain ttwu_wake_remote"
		"map array" "map percpu_array" "map hash" "map percpu_hash" "map lru_hash")
	[ "${3-}" != scx ] || fields+=("scx ops" "scx state" "scx nr_rejected" "scx enable_seq" runnable dsq_tasks
		"program run_cnt" "program run_time_ns" "scheduler's .bss" "scheduler's .data")
	holds "$run" '.cause == "poweroff"'
	run ! holds "$run" '.type == "guest" and .event == "error"'
	holds "$run" ".type == \"observe\" and .page_table_levels == $levels and
		(.kaslr_virt != \"0x0\" or .kaslr_phys != \"0x0\")"
	jq -sc -f "$KT_TOP/tests/e2e/truth.jq" <"$run" >fields.jsonl
	jq -sr '"# \(length) fields, \(map(.compared) | add) comparisons, \(map(.exact) | add) of them with numbers that stood still"' \
		fields.jsonl >&3
	wrong=$(jq -c 'select(.wrong != [])' fields.jsonl)
	printf '%s\n' "$wrong"
	[ -z "$wrong" ]
	for field in "${fields[@]}"; do
		jq -se --arg f "$field" 'any(.[]; .field == $f and
			(.close > 0 or (.compared > 0 and ($f | startswith("idle_")))))' fields.jsonl >/dev/null || {
			echo "not compared: $field"
			return 1
		}
	done
}
