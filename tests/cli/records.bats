#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-records(7), the validator made from it, and every stream in the repository agree.
# shellcheck disable=SC2030,SC2031 # each @test is a subshell

load helpers

validate() {
	run --separate-stderr "$KT_TOP/tests/tools/validate-records"
}

# Names of members in the page: the words that .Cm marks within the section of each type.
members_of_page() {
	awk '
	/^\.Sh RECORDS/ { on = 1 }
	/^\.Sh EXAMPLES/ { on = 0 }
	!on { next }
	/^\.Bl -tag -width "duration_ns"/ { inner = 1; next }
	/^\.Bl/ { next }
	/^\.El/ { inner = 0; next }
	/^\.It Cm/ && !inner { type = $3; types[++n] = type; next }
	/^\.Nm|^\.Xr|^\.Dl/ { next }
	/Cm/ {
		for (i = 1; i <= NF && $i !~ /Cm$/; i++)
			;
		for (i++; i <= NF; i++) {
			if ($i ~ /^(No|Ns|Qq|Pq|Xr|Nm|Dv)$/)
				break
			if ($i ~ /^[a-z][a-z0-9_]*$/ && $i != "type" && !seen[type, $i]++)
				names[type] = names[type] " " $i
		}
	}
	END {
		for (i = 1; i <= n; i++)
			print types[i] ":" names[types[i]]
	}' "$KT_TOP/man/kt-records.7" |
		while read -r type names; do
			echo "$type $(tr ' ' '\n' <<<"$names" | LC_ALL=C sort | paste -sd ' ')"
		done
}

@test "the validator knows the types and members of the page, no others" {
	"$KT_TOP/tests/tools/validate-records" --list >types
	members_of_page | diff - types
}

streams() {
	find "$KT_TOP/tests/data" -name '*.jsonl' | grep .
}

@test "every stream in tests/data is valid" {
	for f in $(streams); do
		echo "$f"
		"$KT_TOP/tests/tools/validate-records" <"$f"
	done
}

@test "what kt-check makes of every stream in tests/data is valid" {
	for f in $(streams); do
		echo "$f"
		code=0
		kt-check <"$f" >judged || code=$?
		[ "$code" -eq "$(tail -n1 judged | jq .exit)" ]
		"$KT_TOP/tests/tools/validate-records" <judged
	done
}

wrong() {
	validate <<<"$1"$'\n''{"type":"end","tool":"t","exit":0,"records":0}'
	echo "$stderr"
	[ "$status" -eq 1 ]
	[ "$stderr" = "line 1: $2" ]
}

@test "the validator finds what is wrong" {
	wrong 'x' 'no object'
	wrong '[]' 'no object'
	wrong '{"t_ns":1,"type":"boot","stage":"init"}' 'the first member is no "type"'
	wrong '{"type":"bott"}' 'unknown type bott'
	wrong '{"type":"boot","t_ns":1}' 'boot.stage is missing'
	wrong '{"type":"boot","t_ns":null,"stage":"init"}' 'boot.t_ns is null'
	wrong '{"type":"boot","t_ns":1.5,"stage":"init"}' 'boot.t_ns is 1.5, expected kind i'
	wrong '{"type":"boot","t_ns":1,"stage":"into"}' \
		'boot.stage is "into", expected one of ["start","kernel","init","workload","done"]'
	wrong '{"type":"boot","t_ns":1,"stage":"init","x":1}' 'boot.x is unknown'
	wrong '{"type":"sched","name":"a","event":"flew","guest_ns":1}' 'unknown event "flew" of sched'
	wrong '{"type":"sched","name":"a","event":"exit","guest_ns":1,"reason":"r"}' 'sched.exit is missing'
	wrong '{"type":"vm_exit","t_ns":1,"cause":"poweroff","panic":[1]}' 'vm_exit.panic[0] is 1, expected kind s'
	wrong '{"type":"worker"}' 'worker.cgroup is missing
line 1: worker.index is missing
line 1: worker.tid is missing
line 1: worker.work is missing
line 1: worker.exit is missing
line 1: worker.work_units is missing
line 1: worker.iterations is missing
line 1: worker.migrations is missing
line 1: worker.wall_time_ns is missing
line 1: worker.cpu_time_ns is missing
line 1: worker.off_cpu_ns is missing
line 1: worker.off_cpu_pct is missing
line 1: worker.max_gap_ns is missing
line 1: worker.max_gap_cpu is missing
line 1: worker.max_gap_at_ns is missing
line 1: worker.cpus_used is missing'
}

@test "the validator finds a cut stream, and an empty one" {
	validate <<<'{"type":"boot","t_ns":1,"stage":"init"}'
	[ "$status" -eq 1 ]
	[ "$stderr" = "the last record is no end record" ]
	validate </dev/null
	[ "$status" -eq 1 ]
	[ "$stderr" = "no records" ]
}
