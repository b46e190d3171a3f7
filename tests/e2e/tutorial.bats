#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The README's promise on real guests: the tutorial's test under scx_kt, under upstream's
# schedulers and under EEVDF; broken on purpose; by hand; judged again without a VM.

load helpers

verdict_of() {
	jq -r 'select(.type == "verdict") | .verdict' "$1"
}

latest() {
	readlink -f "$XDG_STATE_HOME/kt/runs/latest"
}

@test "kt test mixed_workloads passes, and leaves its evidence" {
	run --separate-stderr kt test mixed_workloads
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[[ "$output" == *"PASS"*"mixed_workloads"* ]]
	[[ "$output" == *"background_spinner: workers=2"* ]]
	[[ "$output" == *"phased_worker: workers=2"* ]]
	[ "$(verdict_of "$(latest)/run.jsonl")" = pass ]
	"$KT_TOP/tests/tools/validate-records" <"$(latest)/run.jsonl"
	# it was our scheduler that ran them
	holds "$(latest)/run.jsonl" '.type == "sched" and .event == "attach" and (.ops | startswith("kt"))'
	# step 10: what the scheduler was at when the workload had run
	[ "$(kt snapshot show "$(latest)/run.jsonl" after_workload nr_dispatched)" -gt 0 ]
	holds "$(latest)/run.jsonl" '.type == "snapshot" and .name == "after_workload" and .reason == "op" and (.cpus | length == 4)'
	nothing_left
}

@test "the same with upstream's scx_simple" {
	sched=$(upstream scx_simple)
	run --separate-stderr kt test --duration 5s --scheduler "$sched" mixed_workloads
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	holds "$(latest)/run.jsonl" '.type == "sched" and .event == "attach" and (.ops | startswith("simple"))'
}

@test "the same with upstream's scx_qmap" {
	sched=$(upstream scx_qmap)
	run --separate-stderr kt test --duration 5s --scheduler "$sched" mixed_workloads
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	holds "$(latest)/run.jsonl" '.type == "sched" and .event == "attach" and (.ops | startswith("qmap"))'
}

@test "the same under EEVDF" {
	run --separate-stderr kt test --duration 5s --scheduler eevdf mixed_workloads
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	run -1 holds "$(latest)/run.jsonl" '.type == "sched"'
}

@test "step 9: an impossible floor fails, and the text names workers, rate and floor" {
	run --separate-stderr kt test --duration 3s --assert min_iteration_rate=50000000 mixed_workloads
	echo "$output" "$stderr"
	[ "$status" -eq 1 ]
	[[ "$output" =~ worker\ [0-9]+\ iteration\ rate\ [0-9.]+/s\ below\ floor\ 50000000\.0/s ]]
	[[ "$output" == *"sched=scx_kt"*"topo=1n2l2c1t"* ]]
	[ "$(jq -rs '[.[] | select(.type == "check" and .verdict == "fail") | .name] | unique | join(" ")' "$(latest)/run.jsonl")" = iteration_rate ]
	# judged again with another limit: no VM, another verdict
	run --separate-stderr sh -c "kt-check --min-iteration-rate 1 <'$(latest)/run.jsonl' >again.jsonl"
	[ "$status" -eq 0 ]
	[ "$(verdict_of again.jsonl)" = pass ]
}

@test "the pipeline by hand gives the same" {
	run --separate-stderr bash -c '
		{ kt-guest plan --duration 3s mixed_workloads; kt-topo 2l2c1t; kt-kernel find; } |
			kt-initrd | kt-vm | tee run.jsonl | kt-check | kt-report'
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[[ "$output" == *"PASS"*"mixed_workloads"* ]]
	"$KT_TOP/tests/tools/validate-records" <run.jsonl
}

@test "two runs never overwrite one another" {
	# no limits: two guests at once on two cores are not fair to anyone
	echo '{ "duration": "1s", "cgroups": [ { "name": "a" } ] }' >t.json
	kt test t.json >/dev/null &
	kt test t.json >/dev/null
	wait
	[ "$(find "$XDG_STATE_HOME/kt/runs" -name run.jsonl | wc -l)" -eq 2 ]
	[ -e "$XDG_STATE_HOME/kt/runs/latest/run.jsonl" ]
}

@test "a scheduler whose library is missing: named with who needs it, before any boot" {
	printf 'int libkt_gone(void) { return 0; }\n' >gone.c
	gcc -shared -fPIC -Wl,-soname,libkt_gone.so.1 -o libkt_gone.so gone.c
	printf 'int libkt_gone(void); int main(void) { return libkt_gone(); }\n' >scx_broken.c
	gcc -o scx_broken scx_broken.c ./libkt_gone.so
	rm libkt_gone.so
	run --separate-stderr kt test --scheduler ./scx_broken mixed_workloads
	echo "$stderr"
	[ "$status" -eq 65 ]
	[[ "$stderr" == *"libkt_gone.so.1"*"scx_broken"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "^C in mid-run: exit 130, evidence kept, nothing left" {
	kt test mixed_workloads >out 2>err &
	pid=$!
	for _ in $(seq 300); do
		grep -qs '"stage":"workload"' "$XDG_STATE_HOME"/kt/runs/*/run.jsonl && break
		sleep 0.1
	done
	kill -INT "$pid"
	ended "$pid"
	[ "$status" -eq 130 ]
	nothing_left
	holds "$(latest)/run.jsonl" '.type == "vm_exit" and .cause == "interrupted"'
}
