# SPDX-License-Identifier: GPL-2.0-only
# For tests of kt-check: judging streams of tests/data, whole or changed.
# shellcheck disable=SC2154 # stderr is set by run

DATA=$KT_TOP/tests/data

# judge STREAM [OPTION...]: the stream of that name in tests/data, or that file; into out.jsonl.
# Checks that are on by default are off, unless a file sets DEFAULTS to nothing.
judge() {
	local in=$DATA/$1.jsonl
	[ -e "$1" ] && in=$1
	shift
	# shellcheck disable=SC2086 # none or one word
	run --separate-stderr kt-check ${DEFAULTS---no-defaults} "$@" <"$in"
	printf '%s\n' "$output" >out.jsonl
}

# The checks of the last run with this verdict: "name: detail" a line. Those that are on for every
# run and hold by samples or the log, of which most streams here have none, are in check_defaults.bats.
found() {
	jq -r --arg v "$1" 'select(.type == "check" and .verdict == $v and (.name | IN("work_conservation",
		"wait", "timeslice", "migration", "yield", "callbacks", "affinity", "kernel_log", "topology", "records", "observer") | not)) |
		"\(.name): \(.detail)"' out.jsonl
}

# verdict_is CODE VERDICT
verdict_is() {
	echo "$stderr"
	found fail
	[ "$status" -eq "$1" ]
	[ -z "$stderr" ]
	[ "$(jq -r 'select(.type == "verdict") | .verdict' out.jsonl)" = "$2" ]
	[ "$(tail -n1 out.jsonl | jq -c '[.type, .tool, .exit]')" = "[\"end\",\"kt-check\",$1]" ]
}

# fails_by STREAM "name: detail" [OPTION...]: exactly these checks fail
fails_by() {
	local stream=$1 expected=$2
	shift 2
	judge "$stream" "$@"
	verdict_is 1 fail
	[ "$(found fail)" = "$expected" ]
}

# bad_input MESSAGE: one message, exit 65, no verdict
bad_input() {
	echo "$stderr"
	[ "$status" -eq 65 ]
	[ "$stderr" = "kt-check: $1" ]
	[ "$(tail -n1 out.jsonl)" = '{"type":"end","tool":"kt-check","exit":65,"records":0}' ]
	! grep -q '"type":"verdict"' out.jsonl
}

usage() {
	local message=$1
	shift
	run --separate-stderr kt-check "$@" </dev/null
	[ "$status" -eq 64 ]
	[ "$stderr" = "$message"$'\n'"Try 'kt-check --help'." ]
	[ "$output" = '{"type":"end","tool":"kt-check","exit":64,"records":0}' ]
}

# edit STREAM JQ: a stream changed as if its tools had written it so, as in.jsonl
edit() {
	jq -c "$2" "$DATA/$1.jsonl" | recount >in.jsonl
}
