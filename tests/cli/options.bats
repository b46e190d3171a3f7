#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The options of all tools: one form of help and of mistakes, and what shells complete.

# shellcheck disable=SC2030,SC2031 # each test has the variables of its own runs

load helpers

TOOLS='kt kt-kernel kt-topo kt-initrd kt-vm kt-guest kt-check kt-report'
COMMANDS='test run list show snapshot doctor completion'

# mistake WORDS...: a usage error of one message and a hint, into $message
mistake() {
	run --separate-stderr "$@" </dev/null
	[ "$status" -eq 64 ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[ "${stderr_lines[1]}" = "Try '${1##*/} --help'." ]
	message=${stderr_lines[0]}
}

@test "a mistake in an option: every tool says it in the same words, under its name" {
	for tool in $TOOLS; do
		mistake "$tool" --nonesuch
		[ "$message" = "$tool: unknown option '--nonesuch'" ]
		mistake "$KT_BIN/$tool" -%
		[ "$message" = "$tool: unknown option '-%'" ]
		mistake "$tool" --hepl
		[ "$message" = "$tool: unknown option '--hepl', did you mean '--help'?" ]
		mistake "$tool" --version=3
		[ "$message" = "$tool: option '--version=3' takes no value" ]
		mistake "$tool" --help=me
		[ "$message" = "$tool: option '--help=me' takes no value but 'records'" ]
	done
	for command in $COMMANDS; do
		mistake kt "$command" --nonesuch
		[ "$message" = "kt: $command: unknown option '--nonesuch'" ]
	done
	for command in plan list run clean; do
		mistake kt-guest "$command" --nonesuch
		[ "$message" = "kt-guest: $command: unknown option '--nonesuch'" ]
	done
}

@test "a value that is missing, a name that is cut, letters in one word" {
	mistake kt-vm --engine
	[ "$message" = "kt-vm: option '--engine' needs a value" ]
	mistake kt-vm -e
	[ "$message" = "kt-vm: option '-e' needs a value" ]
	mistake kt-report --p
	[ "$message" = "kt-report: option '--p' is ambiguous" ]
	mistake kt-topo --list -%l
	[ "$message" = "kt-topo: unknown option '-%'" ]
	run -0 kt-topo --lis
	[[ ${lines[0]} == NAME* ]]
	run -0 kt-topo --version
	[[ $output == 'kt-topo '* ]]
}

# narrow COMMAND...: what it prints begins with its usage and has 80 columns at most
narrow() {
	run --separate-stderr "$@"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == 'Usage: kt'* ]]
	[ "$(awk 'length > 80' <<<"$output")" = '' ]
	[[ $output == *'  -h, --help '* ]]
}

@test "--help: 80 columns, and nothing on standard error" {
	for tool in $TOOLS; do
		narrow "$tool" --help
		[ -z "$stderr" ]
	done
	for command in $COMMANDS; do
		narrow kt "$command" --help
	done
	for command in plan list run clean; do
		narrow kt-guest "$command" -h
	done
}

@test "--help=records: each option that --help shows, and none besides" {
	for tool in $TOOLS; do
		"$tool" --help=records >records
		jq -es 'all(.type == "operands" or (.type == "option" and (.name | length > 0) and
			(.help | length > 0))) and any(.name == "help")' records
		diff <(jq -r 'select(.type == "option" and .command == null) | .name' records | sort) \
			<("$tool" --help | sed -nE 's/^  (-., |    )--([a-z0-9-]+).*/\2/p' | sort)
	done
}

# words LINE...: what may stand in place of the last word, without explanations, into $found
words() {
	run --separate-stderr kt completion words "$@"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	found=$(cut -f1 <<<"$output")
}

@test "completion: commands, tools, options, values, and what there is" {
	words kt t
	[ "$found" = $'test\ntopo' ]
	words kt test --sch
	[ "$found" = '--scheduler=' ]
	words kt test --engine=k
	[ "$found" = '--engine=kvm' ]
	words kt vm -e t
	[ "$found" = tcg ]
	words kt-vm --engine ''
	[ "$found" = $'auto\nkvm\ntcg' ]
	words kt guest pl
	[ "$found" = plan ]
	words kt guest plan --a
	[ "$found" = '--assert=' ]
	words kt run --en # a run has no engine
	[ -z "$found" ]
	words kt test mixed_w
	[ "$found" = $'mixed_workloads\n:file' ]
	words kt test -t max-cpu-
	[ "$found" = max-cpu-nosmt ]
	words kt test -s scx_k
	[ "$found" = $'scx_kt\n:file' ]
	words kt-initrd -o ''
	[ "$found" = :file ]
	words kt-topo --acpi-dir=
	[ "$found" = :directory ]
	words kt nonesuch --x ''
	[ -z "$found" ]
	words kt
	[ -z "$found" ]
	mkdir -p runs/20260101-000000-a
	KT_RUNS=$PWD/runs words kt snapshot show "$PWD/runs/2"
	[ "$found" = "$PWD/runs/20260101-000000-a"$'\n:file' ]
}

@test "completion: bash completes a word, a value behind =, and a file" {
	touch 'some file'
	cat >try.bash <<'EOF'
eval "$(kt completion bash)"
compopt() { :; } # outside of a completion there is nothing to set
complete -p kt kt-vm >/dev/null || exit 1
try() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_kt
	(IFS=,; echo "${COMPREPLY[*]}")
}
try kt test --dur
try kt test --engine = k
try kt test --engine =
try kt-topo --memory = 4
try kt-vm -k som
EOF
	run --separate-stderr bash try.bash
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$output" = $'--duration=\nkvm\nauto,kvm,tcg\n\nsome file' ]
}

@test "completion: zsh" {
	command -v zsh >/dev/null || skip 'there is no zsh'
	kt completion zsh >_kt
	zsh -n _kt
	cat >try.zsh <<'EOF'
autoload -Uz compinit && compinit -u -d $PWD/dump
eval "$(kt completion zsh)"
[ "$_comps[kt-vm]" = _kt ] || exit 1
_describe() { local name=$2; print -rl -- "${(@P)name}"; }
words=(kt test --dur) CURRENT=3
_kt
words=(kt vm --engine=k) CURRENT=3
_kt
EOF
	run --separate-stderr zsh -f try.zsh
	[ "$status" -eq 0 ]
	[ "$output" = $'--duration=:duration of the test, such as 20s\n--engine=kvm:--engine=kvm' ]
}

@test "completion: fish" {
	command -v fish >/dev/null || skip 'there is no fish'
	kt completion fish >kt.fish
	run --separate-stderr fish --no-config -c 'source kt.fish; complete -C "kt test --dur"; complete -C "kt vm --engine=k"'
	[ "$status" -eq 0 ]
	[ "$output" = $'--duration=\tduration of the test, such as 20s\n--engine=kvm' ]
}

@test "completion: usage" {
	mistake kt completion
	[ "$message" = 'kt: completion: expected bash, zsh or fish' ]
	mistake kt completion tcsh
	[ "$message" = "kt: completion: expected bash, zsh or fish, not 'tcsh'" ]
}
