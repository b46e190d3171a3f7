#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The shipped scenarios on real guests: none fails under the kernel's own scheduler and under
# schedulers that are sound, and each misbehaviour of scx_kt is caught. Both tables are in the
# output. make check takes one or two of each family; make check-long (KT_LONG=1) all of them.

load helpers

SCENARIOS=$KT_TOP/share/tests
# one or two of each family: basic, cpuset, dynamic, stress, affinity, interaction, nested,
# performance, hotplug
SOME="light_sleepers cpuset_resize cgroup_churn fork_storm affinity_layers rt_beside_fair
	nested_cpusets wake_chain hotplug"

names() {
	if [ -n "${KT_LONG:-}" ]; then
		basename -s .json "$SCENARIOS"/*.json
	else
		xargs -n 1 <<<"$SOME"
	fi
}

# A line of a table, into the output of the run.
row() {
	printf '%-24s %s\n' "$1" "$2" >&3
}

# play NAME [kt test options]: its exit code in $code, what failed in $why, of which $check
play() {
	local name=$1
	shift
	code=0
	kt test -q -d 2s --runs runs "$@" "$name" >out.txt 2>&1 || code=$?
	check=$(jq -r 'select(.type == "check" and .verdict == "fail").name' runs/latest/run.jsonl 2>/dev/null | head -n 1)
	why=$(jq -rs 'map(select(.type == "check" and (.verdict | IN("fail", "inconclusive"))))
		| sort_by(.verdict)[0] | "\(.name): \(.detail)"' runs/latest/run.jsonl 2>/dev/null)
}

# none_fails SCHEDULER [kt test options]: none fails under it. What a busy host does to a guest whose CPUs are software
# may leave a run without a verdict, and the table says so; it makes none a failure. Nor is one what
# tests/truth/known.tsv knows of the scheduler $known.
none_fails() {
	local name word bad=0 unsure=0 n=0 known=${known:-nobody}
	for name in $(names); do
		n=$((n + 1))
		play "$name" -s "$@"
		word=pass
		case $code in
		0) ;;
		2) unsure=$((unsure + 1)) word="inconclusive: $why" ;;
		*)
			if [ "$code" -eq 1 ] && grep -q "^$known	$name	.*$check" "$KT_TOP/tests/truth/known.tsv"; then
				word="right: $why"
			else
				bad=$((bad + 1)) word="FAIL ($code): $why"
			fi
			;;
		esac
		row "$name" "$word"
	done
	row "of $n" "$bad failed, $unsure inconclusive"
	[ "$n" -gt 0 ]
	[ "$bad" -eq 0 ]
}

@test "there are 14 of the reference, and more than 30 others; each is valid and says what it does" {
	local n=0 name public=0
	for name in steady steady_llc oversubscribed cpuset_apply cpuset_clear cpuset_resize cgroup_add \
		cgroup_remove affinity_change affinity_pinned host_contention mixed_workloads \
		nested_steady nested_task_move; do
		[ -e "$SCENARIOS/$name.json" ]
		public=$((public + 1))
	done
	for name in "$SCENARIOS"/*.json; do
		kt-guest plan "$name" >plan.jsonl
		jq -es '.[0].description | length > 0' plan.jsonl
		# a small machine, a short time
		jq -es '.[0].topology | capture("(?<l>\\d+)l(?<c>\\d+)c(?<t>\\d+)t") | map_values(tonumber) |
			.l * .c * .t <= 4' plan.jsonl
		jq -es '.[0] | .duration_ns <= 12e9 or .name == "mixed_workloads"' plan.jsonl
		n=$((n + 1))
	done
	[ "$public" -eq 14 ]
	[ "$n" -ge 44 ]
	for name in basic cpuset dynamic stress affinity interaction nested performance hotplug; do
		grep -q "\"description\": \"$name: " "$SCENARIOS"/*.json
	done
	row scenarios "$n"
}

@test "none fails under EEVDF" {
	none_fails eevdf
}

@test "none fails under scx_simple" {
	local simple
	simple=$(upstream scx_simple) || skip "the kernel's own schedulers cannot be built"
	# what it puts into its queue waits for a CPU to look: an idle one is not told (tests/truth/sound)
	jq -n --arg binary "$simple" '{name: "scx_simple", $binary, promises: ["nice", "affinity", "yield"]}' >simple.json
	known=scx_simple none_fails ./simple.json
}

@test "none fails under scx_kt" {
	[ -n "${KT_LONG:-}" ] || skip "make check-long; the tests before are the same scenarios"
	none_fails scx_kt
}

# The name of the first cgroup that a test starts workers in, its last part.
first_cgroup() {
	kt-guest plan -s eevdf "$SCENARIOS/$1.json" | jq -r 'select(.type == "test") |
		[.backdrop.cgroups[]?, .steps[].cgroups[]? | select(([.groups[].workers] | add) > 0).name][0] |
		split("/")[-1]'
}

# misbehave NAME SWITCH...: runs it under scx_kt with these switches (CG is the first cgroup)
misbehave() {
	local name=$1 cg
	shift
	cg=$(first_cgroup "$name")
	printf '%s\n' "${@//CG/$cg}" | jq -Rn '{name: "bad", binary: "scx_kt", args: [inputs]}' >bad.json
	play "$name" -s ./bad.json
}

@test "each misbehaviour of scx_kt is caught by at least one" {
	local name switch line caught some="cpuset_resize nested_cpusets light_sleepers"
	local -A hits
	[ -z "${KT_LONG:-}" ] || some=$(names)
	row "caught by the check" "$(printf '%-15s' stall error verify starve slow:10 slow:100)"
	for name in $some; do
		line=
		for switch in "--stall-after 1 --timeout-ms 2000" "--error-after 1" "--fail-verify" \
			"--starve CG --timeout-ms 30000" "--slow CG:10" "--slow CG:100"; do
			# shellcheck disable=SC2086 # words
			misbehave "$name" $switch
			caught=-
			if [ "$code" -eq 1 ]; then
				caught=$check
				hits[$switch]=$((${hits[$switch]:-0} + 1))
			elif [ "$code" -ne 0 ]; then
				caught="?$code"
			fi
			line+=$(printf '%-14s.' "$caught")
		done
		row "$name" "${line//./ }"
	done
	for switch in "--stall-after 1 --timeout-ms 2000" "--error-after 1" "--fail-verify" \
		"--starve CG --timeout-ms 30000" "--slow CG:10" "--slow CG:100"; do
		row "caught by" "${hits[$switch]:-0} of $(wc -w <<<"$some"): $switch"
		[ "${hits[$switch]:-0}" -ge 1 ]
	done
}
