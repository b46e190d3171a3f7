#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Schedulers of the kernel source that fail on purpose, seen from outside as they do: the kind of
# the end, the kernel's words, and the callback whose doing it is. All of them run in one guest,
# one after the other, as payloads: kt knows nothing of them. Engine tcg; nested.bats has one on
# kvm.
load helpers

# name of the step | what the kernel calls the scheduler | kind | message (a glob) | evidence | callback
table() {
	cat <<-'END'
		enq_last_no_enq_fails|enq_last_no_enq_fails|SCX_EXIT_ERROR|SCX_OPS_ENQ_LAST requires ops.enqueue() to be implemented|message|enqueue (missing)
		enq_select_cpu_fails|enq_select_cpu_fails|SCX_EXIT_ERROR|kfunc with mask 0x* called from an operation only allowing 0x*|program|enqueue enq_select_cpu_fails_enqueue
		ddsp_bogus_dsq_fail|ddsp_bogus_dsq_fail|SCX_EXIT_ERROR|non-existent DSQ 0xcafef00d for *|path|select_cpu ddsp_bogus_dsq_fail_select_cpu
		ddsp_vtimelocal_fail|ddsp_vtimelocal_fail|SCX_EXIT_ERROR|cannot use vtime ordering for built-in DSQs|path|select_cpu ddsp_vtimelocal_fail_select_cpu
		select_cpu_dispatch_bad_dsq|select_cpu_dispatch_bad_dsq|SCX_EXIT_ERROR|non-existent DSQ 0xcafef00d for *|path|select_cpu select_cpu_dispatch_bad_dsq_select_cpu
		select_cpu_dispatch_dbl_dsp|select_cpu_dispatch_dbl_dsp|SCX_EXIT_ERROR|* already direct-dispatched|program|select_cpu select_cpu_dispatch_dbl_dsp_select_cpu
		qmap_error|qmap|SCX_EXIT_ERROR_BPF|test triggering error|program|enqueue qmap_enqueue
		qmap_stall|qmap|SCX_EXIT_ERROR_STALL|* failed to run for *s|queue|enqueue qmap_enqueue
		qmap_kthread|qmap|SCX_EXIT_ERROR_STALL|*failed to *s|queue|enqueue qmap_enqueue
	END
}

setup_file() {
	export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache} RUN=$BATS_FILE_TMPDIR/run.jsonl
	local selftests qmap
	selftests=$(upstream scx_selftests) || return
	qmap=$(upstream scx_qmap) || return
	# qmap's -t and -T forget each third task of users or of the kernel; the latter may be a task
	# that the watchdog finds, or the watchdog itself
	table | jq -Rn --arg selftests "$selftests" --arg qmap "$qmap" '
		{ qmap_error: ["-e", "5"], qmap_stall: ["-t", "3"], qmap_kthread: ["-T", "3"] } as $args |
		([inputs / "|" | .[0]] + ["exit", "prog_run"]) as $names | {
			topology: "1l2c1t",
			payloads: $names | map({ name: ., binary: (if $args[.] then $qmap else $selftests end),
				args: ($args[.] // ["-q", "-t", .]) }),
			steps: $names | map({ ops: [{ run_payload: . }, { wait_payload: { payload: ., timeout: "60s" } }],
				hold: "100ms" }) }' >"$BATS_FILE_TMPDIR/t.json"
	{
		kt-guest plan "$BATS_FILE_TMPDIR/t.json"
		kt-topo 1l2c1t
		kt-kernel find
	} | kt-initrd | kt-vm --engine tcg >"$RUN"
}

# ends FILTER: of the ends by an error, one line each
ends() {
	jq -r "select(.type == \"scx_exit\" and (.exit.kind | startswith(\"SCX_EXIT_ERROR\"))) | .exit | $1" "$RUN"
}

@test "each end is caught: its scheduler and kind, the kernel's words, and whose doing it was" {
	"$KT_TOP/tests/tools/validate-records" <"$RUN"
	ends '[.ops, .kind, .msg, .blame.evidence,
		([.blame.callbacks[] | "\(.op) \(.program // "(missing)")"] | join(" or "))] | join("|")' >ends
	echo "# scheduler|kind|message|evidence|callback" >&3
	sed 's/^/# /' ends >&3
	[ "$(wc -l <ends)" -eq "$(table | wc -l)" ]
	paste -d '\n' <(table | cut -d '|' -f 2-) ends | while read -r want && read -r got; do
		printf 'expected %s\nfound    %s\n' "$want" "$got"
		# shellcheck disable=SC2053
		[[ $got == $want ]]
	done
}

@test "a snapshot of each, from the moment when it failed" {
	[ "$(jq -c 'select(.type == "snapshot") | [.name, .reason]' "$RUN" | sort | uniq -c | xargs)" = "$(table | wc -l) [failure,failure]" ]
	diff <(jq -r 'select(.type == "snapshot") | .exit.ops' "$RUN") <(table | cut -d '|' -f 2)
	# with the programs that are its callbacks; the CPU that has found the error is still at it,
	# and no task has been moved, unless the kernel was about to give them to the scheduler
	jq -c 'select(.type == "snapshot") | [any(.progs[]; .op), any(.cpus[].stack[]; startswith("scx_ops_exit_kind")),
		(.bypass == null or any(.cpus[].stack[]; startswith("scx_ops_bypass")))]' "$RUN" | sort -u | tee found
	[ "$(cat found)" = '[true,true,true]' ]
}

@test "of a stall: who waits, for how long, and that the scheduler had put it nowhere" {
	ends 'select(.kind == "SCX_EXIT_ERROR_STALL") | .blame | "\(.task.comm)[\(.task.pid)] \(.task.waited_ms) \(.dsq)"' | tee stalls
	[ "$(wc -l <stalls)" -eq 2 ]
	awk '$(NF - 1) < 4000 || $NF != "none" { bad = 1 } END { exit bad }' stalls
	# the kernel's message names the first one
	[ "$(head -n 1 stalls | cut -d ' ' -f 1)" = "$(ends 'select(.kind == "SCX_EXIT_ERROR_STALL") | .msg' | head -n 1 | cut -d ' ' -f 1)" ]
}

@test "the report: a line for each, and a dump" {
	kt-check <"$RUN" | kt-report -v >report
	grep '^BUG SUMMARY' report | tee summary
	[ "$(wc -l <summary)" -eq "$(table | wc -l)" ]
	[ "$(grep -c -x -e '--- dump ---' report)" -eq "$(table | wc -l)" ]
	# as in the table
	paste -d '\n' <(table) summary | while IFS='|' read -r _ name kind msg _ callback && read -r line; do
		read -r op program <<<"$callback"
		who="$program (ops.$op)"
		[ "$program" != '(missing)' ] || who=", in ops.$op, which is missing"
		printf '%s\n' "$line"
		# shellcheck disable=SC2053
		[[ $line == "BUG SUMMARY $name: $kind: "*": "$msg*$who* ]]
	done
}

@test "a scheduler that ends itself in an orderly way is no failure, but seen at it" {
	# selftest "exit": from each of six callbacks; "prog_run": from a program of its own
	jq -r 'select(.type == "scx_exit" and .exit.kind == "SCX_EXIT_UNREG_BPF") | .exit |
		[.ops, .exit_code, .msg, (.blame.callbacks[] | .op, .program)] | join(" ")' "$RUN" >orderly
	diff orderly - <<-'END'
		exit 0 0 select_cpu exit_select_cpu
		exit 1 1 enqueue exit_enqueue
		exit 2 2 dispatch exit_dispatch
		exit 3 3 enable exit_enable
		exit 4 4 init_task exit_init_task
		exit 5 5 init exit_init
		prog_run 3735928559 Exited from PROG_RUN  prog_run_syscall
	END
	kt-check <"$RUN" >judged
	holds judged '.type == "verdict" and .verdict == "pass"'
}
