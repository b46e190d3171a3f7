#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The driver: what it starts, what it passes on, what it leaves behind. The tools around
# it are stand-ins here, for exit codes, signals and timing; tests/e2e runs the real ones.
# shellcheck disable=SC2154 # stderr and stderr_lines are set by run
load helpers

# A program $1 of which the rest is read from stdin, beside a copy of kt.
fake() {
	{
		echo '#!/bin/bash'
		echo "echo \"\${0##*/} \$*\" >>$PWD/calls"
		cat
	} >"bin/$1"
	chmod +x "bin/$1"
}

# check_says CODE VERDICT [EXIT]: a kt-check that gives this verdict, and ends so
check_says() {
	fake kt-check <<-END
		cat
		echo '{"type":"verdict","verdict":"$2"}'
		echo '{"type":"end","tool":"kt-check","exit":$1}'
		exit ${3-$1}
	END
}

stand_ins() {
	mkdir bin
	cp "$KT_BIN/kt" bin
	fake kt-guest <<-'END'
		name=${!#}
		echo '{"type":"test","name":"'"${name##*/}"'","topology":"1n2l2c1t","memory_mib":512,"duration_ns":1000000000,"steps":[{}]}'
		echo '{"type":"end","tool":"kt-guest","exit":0,"records":1}'
	END
	fake kt-topo <<<'echo "{\"type\":\"topology\"}"; echo "{\"type\":\"end\",\"exit\":0}"'
	fake kt-kernel <<<'echo "{\"type\":\"kernel\"}"; echo "{\"type\":\"end\",\"exit\":0}"'
	fake kt-initrd <<<'cat; echo "{\"type\":\"initrd\"}"; echo "{\"type\":\"end\",\"exit\":0}"'
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\",\"engine\":\"none\"}"; echo "{\"type\":\"end\",\"exit\":0}"'
	check_says 0 pass
	# its exit code is that of the verdict in its input, as kt-report's
	fake kt-report <<-'END'
		in=$(cat)
		echo "REPORT $*"
		echo "replay $KT_REPLAY"
		case $in in
		*'"verdict":"pass"'*) exit 0 ;;
		*'"verdict":"fail"'*) exit 1 ;;
		*'"verdict":"inconclusive"'*) exit 2 ;;
		esac
		exit 65
	END
	PATH=$PWD/bin:$PATH
}

runs() {
	find state/kt/runs -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l
}

# Waits until a command succeeds.
await() {
	for _ in {1..200}; do
		! "$@" 2>/dev/null || return 0
		sleep 0.05
	done
	return 1
}

# No process has this command line.
gone() {
	! pgrep -fx "$1" >/dev/null
}

@test "kt test: what is started, in what order, with which options" {
	stand_ins
	run --separate-stderr kt test --scheduler s -t 2l2c1t -d 5s -a max_gap_ms=7 \
		--assert=isolation=off -e tcg --kernel=6.12 -v mixed
	[ "$status" = 0 ]
	[ "$stderr" = '' ]
	# the filters start together: their order is not fixed
	run cat calls
	[ "${lines[0]}" = 'kt-guest plan --scheduler s --topology 2l2c1t --duration 5s --assert max_gap_ms=7 --assert isolation=off -- mixed' ]
	[ "${lines[1]}" = 'kt-topo --memory 512M 1n2l2c1t' ]
	[ "${lines[2]}" = 'kt-kernel find -- 6.12' ]
	[ "$(sort calls | grep -E 'initrd|vm|check')" = 'kt-check 
kt-initrd 
kt-vm --engine tcg' ]
	[ "$(grep -c 'kt-report --color=never --verbose$' calls)" = 1 ]
	[ "$(grep -c 'kt-report --verbose$' calls)" = 1 ]
}

@test "kt test: the run directory holds records and report, latest points to it" {
	stand_ins
	run --separate-stderr kt test mixed
	[ "$status" = 0 ]
	[ "${lines[0]}" = 'REPORT ' ]
	[ "${lines[1]}" = 'replay kt test mixed' ]
	[[ $(readlink state/kt/runs/latest) =~ ^[0-9]{8}-[0-9]{6}-mixed$ ]]
	cd state/kt/runs/latest
	[ "$(jq -r .type run.jsonl | tr '\n' ' ')" = \
		'test end topology end kernel end initrd end vm end verdict end ' ]
	[ "$(head -1 report.txt)" = 'REPORT --color=never' ]
	[ "$(ls -A)" = 'report.txt
run.jsonl' ]
}

@test "kt test: run directories never overwrite one another" {
	stand_ins
	for _ in 1 2 3 4 5 6; do kt test -q mixed & done
	wait
	[ "$(runs)" = 6 ]
	[ "$(wc -l <state/kt/runs/latest/run.jsonl)" = 12 ]
	[ "$(cat state/kt/runs/*-mixed*/run.jsonl | wc -l)" = 72 ]
	KT_RUNS=$PWD/here kt test -q mixed
	[ -e here/latest/run.jsonl ]
	kt test -q --runs there mixed
	[ -e there/latest/run.jsonl ]
	run --separate-stderr kt test --runs /proc/no mixed
	[ "$status" = 74 ]
	[ "$stderr" = 'kt: unable to create /proc/no: No such file or directory' ]
	run --separate-stderr env -u HOME -u XDG_STATE_HOME kt test mixed
	[ "$status" = 74 ]
	[ "$stderr" = 'kt: no place for runs: set HOME, XDG_STATE_HOME or KT_RUNS' ]
}

@test "kt test: a name that is no file name" {
	stand_ins
	mkdir 'my tests'
	run --separate-stderr kt test -a 'a=1 2' "my tests/it's"
	[ "$status" = 0 ]
	[ "${lines[1]}" = "replay kt test -a 'a=1 2' 'my tests/it'\\''s'" ]
	[[ $(readlink state/kt/runs/latest) == *-it_s ]]
	run kt test -q -- --odd
	[ "$status" = 0 ]
	grep -q -- 'kt-guest plan -- --odd' calls
}

@test "kt test: fail and inconclusive pass through, and say where the records are" {
	stand_ins
	check_says 1 fail
	run --separate-stderr kt test mixed
	[ "$status" = 1 ]
	[ "$stderr" = "kt: the records are in $PWD/state/kt/runs/$(readlink state/kt/runs/latest)" ]
	check_says 2 inconclusive
	run --separate-stderr kt test -q mixed
	[ "$status" = 2 ]
	[ "${lines[0]}" = 'REPORT ' ]
	check_says 0 pass
	run --separate-stderr kt test -q mixed
	[ "$status" = 0 ]
	[ "$output$stderr" = '' ]
}

@test "kt test: several tests, the worst code, one closing line" {
	stand_ins
	fake kt-check <<-'END'
		in=$(cat)
		echo "$in"
		code=0 verdict=pass
		case $in in
		*'"name":"bad"'*) code=1 verdict=fail ;;
		*'"name":"odd"'*) code=2 verdict=inconclusive ;;
		esac
		echo "{\"type\":\"verdict\",\"verdict\":\"$verdict\"}"
		echo "{\"type\":\"end\",\"tool\":\"kt-check\",\"exit\":$code}"
		exit $code
	END
	run --separate-stderr kt test good odd
	[ "$status" = 2 ]
	[ "${stderr_lines[-1]}" = '1 passed, 0 failed, 1 inconclusive' ]
	run --separate-stderr kt test bad good odd good
	[ "$status" = 1 ]
	[ "${stderr_lines[-1]}" = '2 passed, 1 failed, 1 inconclusive' ]
	fake kt-vm <<<'cat >/dev/null; echo "kt-vm: no luck" >&2; exit 69'
	run --separate-stderr kt test bad good
	[ "$status" = 69 ]
	[ "${stderr_lines[-1]}" = '0 passed, 0 failed, 0 inconclusive, 2 not run' ]
}

@test "kt test: a source that fails ends it there, with its message and code" {
	stand_ins
	fake kt-guest <<<'echo "kt-guest: no such test" >&2; echo "{\"type\":\"end\",\"exit\":65}"; exit 65'
	run --separate-stderr kt test mixed
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-guest: no such test' ]
	[ "$output" = '' ]
	[ "$(cat calls)" = 'kt-guest plan -- mixed' ]
	[ ! -e state/kt/runs ]
	fake kt-guest <<<'echo "{\"type\":\"end\",\"exit\":0}"'
	run --separate-stderr kt test mixed
	[ "$status" = 70 ]
	[ "$stderr" = 'kt: kt-guest plan: expected a test record with name, topology and steps' ]
	fake kt-guest <<<'kill -9 $$'
	run --separate-stderr kt test mixed
	[ "$status" = 71 ]
	[ "$stderr" = 'kt: kt-guest was killed by signal 9 (Killed)' ]
}

@test "kt test: no kernel, no initrd: no run directory is left" {
	stand_ins
	fake kt-kernel <<<'echo "kt-kernel: none" >&2; exit 69'
	run --separate-stderr kt test mixed
	[ "$status" = 69 ]
	[ "$stderr" = 'kt-kernel: none' ]
	fake kt-kernel <<<'echo "{\"type\":\"end\",\"exit\":0}"'
	fake kt-initrd <<<'cat; echo "kt-initrd: libx.so, needed by y, was not found" >&2; exit 65'
	fake kt-vm <<<'cat; exit 65'
	fake kt-check <<<'cat; exit 65'
	run --separate-stderr kt test mixed
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: libx.so, needed by y, was not found' ]
	[ "$output" = '' ]
	[ "$(runs)" = 0 ]
	[ ! -e state/kt/runs/latest ]
}

@test "kt test: a tool that is killed is named, the others end" {
	stand_ins
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"; kill -9 $$'
	run --separate-stderr kt test mixed
	[ "$status" = 71 ]
	[ "${stderr_lines[0]}" = 'kt: kt-vm was killed by signal 9 (Killed)' ]
	[ "$(runs)" = 1 ]
	# the judge dies while the guest goes on
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"; exec sleep 66.6'
	fake kt-check <<<'read -r; kill -11 $$'
	run --separate-stderr kt test mixed
	[ "$status" = 71 ]
	[ "${stderr_lines[0]}" = 'kt: kt-check was killed by signal 11 (Segmentation fault)' ]
	gone 'sleep 66.6'
}

@test "kt test: a tool that gives up early, and one that does not end" {
	stand_ins
	fake kt-check <<<'read -r; echo "kt-check: line 1: odd" >&2; exit 65'
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"; sleep 0.2; while echo x; do :; done 2>/dev/null; kill -PIPE $$'
	run --separate-stderr kt test mixed
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-check: line 1: odd' ]
	fake kt-check <<<'cat'
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"; exec >&-; exec sleep 77.1'
	run --separate-stderr kt test mixed
	[ "$status" = 71 ]
	[ "${stderr_lines[0]}" = 'kt: kt-vm did not end and was stopped' ]
	gone 'sleep 77.1'
}

@test "kt test: a tool that is missing or cannot run" {
	stand_ins
	rm bin/kt-vm
	run -127 --separate-stderr env PATH=/usr/bin:/bin bin/kt test mixed
	[ "$stderr" = 'kt: kt-vm was not found beside kt, in ../libexec/kt or in PATH' ]
	[ "$(runs)" = 0 ]
	printf 'no program' >bin/kt-vm
	chmod +x bin/kt-vm
	printf '\x7fELF broken' >bin/kt-vm
	run --separate-stderr env PATH=/usr/bin:/bin bin/kt test mixed
	[ "$status" = 126 ]
	[ "$stderr" = "kt: unable to run $PWD/bin/kt-vm: Exec format error" ]
}

@test "kt test: SIGINT and SIGTERM end the guest, keep the records, leave no process" {
	stand_ins
	fake kt-vm <<-'END'
		cat
		echo '{"type":"vm"}'
		trap 'exec 2>/dev/null # bash tells of a job that was killed, if it has the time
			echo "{\"type\":\"vm_exit\",\"cause\":\"interrupted\"}"; echo "{\"type\":\"end\",\"exit\":143}"; kill %1; exit 143' TERM
		sleep 55.5 &
		wait
	END
	for sig in INT TERM; do
		rm -rf state
		setsid env --default-signal=INT kt test mixed >out 2>err &
		pid=$!
		await grep -q '"vm"' state/kt/runs/latest/run.jsonl
		kill -s $sig $pid
		code=0
		wait $pid || code=$?
		[ "$code" = $((128 + $(kill -l $sig))) ]
		cat err
		[ "$(cat err)" = "kt: interrupted; the records so far are in $PWD/state/kt/runs/$(readlink state/kt/runs/latest)" ]
		[ "$(cat out)" = '' ]
		[ "$(jq -r .type state/kt/runs/latest/run.jsonl | tail -4 | tr '\n' ' ')" = 'vm_exit end verdict end ' ]
		[ -e state/kt/runs/latest/report.txt ]
		gone 'sleep 55.5'
	done
}

@test "kt test: a second signal does not wait for a guest that does not answer" {
	stand_ins
	fake kt-vm <<<'trap "" TERM; cat; echo "{\"type\":\"vm\"}"; sleep 44.4; sleep 44.4'
	kt test mixed >out 2>err &
	pid=$!
	await grep -q '"vm"' state/kt/runs/latest/run.jsonl
	kill -TERM $pid
	sleep 0.3
	kill -TERM $pid
	SECONDS=0
	code=0
	wait $pid || code=$?
	[ "$code" = 143 ]
	[ "$SECONDS" -lt 15 ]
	gone 'sleep 44.4'
}

@test "kt test: a signal before the guest: nothing is left" {
	stand_ins
	fake kt-kernel <<<'exec sleep 33.3'
	kt test mixed >out 2>err &
	pid=$!
	await grep -q kt-kernel calls
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	[ "$code" = 143 ]
	[ ! -e state/kt/runs ]
	gone 'sleep 33.3'
}

@test "kt test: when kt itself is killed, so are the tools" {
	stand_ins
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"; exec sleep 22.2'
	kt test mixed &
	pid=$!
	await grep -q '"vm"' state/kt/runs/latest/run.jsonl
	await pgrep -fx 'sleep 22.2'
	kill -9 $pid
	wait $pid || true
	await gone 'sleep 22.2'
	# what came until then is there
	grep -q '"vm"' state/kt/runs/latest/run.jsonl
}

@test "kt test: records that cannot be written" {
	stand_ins
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"; head -c 3000000 /dev/zero | tr "\0" x; echo'
	run --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 1024; exec kt test mixed'
	[ "$status" = 74 ]
	[[ ${stderr_lines[0]} == "kt: unable to write $PWD/state/kt/runs/"*-mixed/run.jsonl:\ File\ too\ large ]]
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"'
	fake kt-report <<<'cat >/dev/null; echo x || exit 74'
	run --separate-stderr bash -c 'kt test mixed >/dev/full'
	[ "$status" = 74 ]
}

@test "kt test: lines that are no records, too long, or cut do no harm to the copy" {
	stand_ins
	fake kt-vm <<-'END'
		cat
		echo '{"type":"vm"}'
		echo '{"type":"step","event":"start","index":'
		echo '{"type":"step","event":"start","index":"x"}'
		head -c 20000000 /dev/zero | tr '\0' y
		echo
		printf '{"type":"vm_exit"'
	END
	fake kt-check <<<'exec cat'
	run script -qec 'kt test mixed' /dev/null
	[ "$status" = 70 ]
	tail -c 17 state/kt/runs/latest/run.jsonl | grep -q '^{"type":"vm_exit"$'
	[ "$(stat -c %s state/kt/runs/latest/run.jsonl)" -gt 20000000 ]
}

@test "kt test: the progress line is drawn on a terminal only, and taken away" {
	stand_ins
	fake kt-vm <<-'END'
		cat
		echo '{"type":"vm"}'
		echo '{"type":"step","event":"start","index":0}'
		echo 'kt-vm: warning: said in between' >&2
		sleep "${NAP-0}"
		echo '{"type":"vm_exit"}'
	END
	NAP=1.5 script -qec 'kt test mixed' /dev/null | tr '\r' '\n' >screen
	sed -i 's/\x1b\[K//' screen
	for stage in plan kernel pack boot 'step 1/1' 'step 1/1, 1 s of 1 s' judging; do
		grep -qx "mixed: $stage" screen
	done
	grep -qx 'kt-vm: warning: said in between' screen
	grep -qx 'REPORT ' screen
	script -qec 'kt test -q mixed' /dev/null | tr '\r' '\n' >screen
	grep -qx 'kt-vm: warning: said in between' screen
	run -1 grep -q 'mixed: ' screen
	run --separate-stderr kt test mixed
	[ "$stderr" = 'kt-vm: warning: said in between' ]
}

@test "kt TOOL: arguments and status pass through" {
	run --separate-stderr kt topo --list
	[ "$status" = 0 ]
	[ "$output" = "$(kt-topo --list)" ]
	run --separate-stderr kt topo 3x2y
	code=0
	kt-topo 3x2y >/dev/null 2>err || code=$?
	[ "$status" = "$code" ]
	[ "$stderr" = "$(cat err)" ]
	mkdir bin
	cp "$KT_BIN/kt" bin
	printf '#!/bin/sh\nkill -9 $$\n' >bin/kt-mine
	chmod +x bin/kt-mine
	run bin/kt mine
	[ "$status" = 137 ]
	printf '\x7fELF broken' >bin/kt-mine
	run --separate-stderr bin/kt mine
	[ "$status" = 126 ]
	[ "$stderr" = "kt: unable to run $PWD/bin/kt-mine: Exec format error" ]
}

@test "kt: commands that do not exist, tools that are not installed" {
	run --separate-stderr kt tset
	[ "$status" = 64 ]
	[ "$stderr" = "kt: unknown command 'tset', did you mean 'test'?
Try 'kt --help'." ]
	run --separate-stderr kt kernle find
	[ "${stderr_lines[0]}" = "kt: unknown command 'kernle', did you mean 'kernel'?" ]
	run --separate-stderr kt ../x
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt: unknown command '../x'" ]
	mkdir bin
	cp "$KT_BIN/kt" bin
	run -127 --separate-stderr env PATH=/usr/bin:/bin bin/kt topo 1l1c1t
	[ "$stderr" = 'kt: kt-topo was not found beside kt, in ../libexec/kt or in PATH' ]
}

@test "kt: mistakes on the command line, help, version" {
	run --separate-stderr kt
	[ "$status" = 64 ]
	[ -z "$output" ]
	[ "${stderr_lines[0]}" = 'Usage: kt COMMAND [ARGUMENT]...' ]
	[[ $stderr == *'  test        run tests'* ]]
	run --separate-stderr kt --hlep
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt: unknown option '--hlep', did you mean '--help'?" ]
	run --separate-stderr kt test
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = 'kt: test: expected the name or the file of a test' ]
	run --separate-stderr kt test --durtion=5s x
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt: test: unknown option '--durtion=5s', did you mean '--duration'?" ]
	run --separate-stderr kt test x -d
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt: test: option '-d' needs a value" ]
	run --separate-stderr kt doctor me
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt: doctor: unexpected argument 'me'" ]
	for words in --help 'test --help' 'doctor --help'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr kt $words
		[ "$status" = 0 ]
		[[ ${lines[0]} == 'Usage: kt '* ]]
	done
	run kt --version
	[ "$status" = 0 ]
	[[ $output == 'kt '* ]]
}

@test "kt doctor: all is well" {
	stand_ins
	fake kt-vm <<<'echo "kvm: no: no /dev/kvm"; echo "tcg: yes: QEMU 10.0"'
	fake kt-kernel <<<'echo "{\"type\":\"kernel\",\"version\":\"6.12.1\",\"image\":\"/k/bzImage\"}"'
	fake scx_kt </dev/null
	fake qemu-system-x86_64 <<<'echo "QEMU emulator version 10.0.2 (Debian)"'
	fake cpio <<<'echo "cpio (GNU cpio) 2.13"'
	run --separate-stderr kt doctor
	[ "$status" = 0 ]
	[ "${lines[1]}" = 'ok       qemu       QEMU 10.0' ]
	[ "${lines[2]}" = 'no       engine     kvm: no: no /dev/kvm' ]
	[ "${lines[3]}" = 'ok       engine     tcg: yes: QEMU 10.0' ]
	[ "${lines[4]}" = 'ok       kernel     6.12.1 (/k/bzImage)' ]
	[ "${lines[5]}" = 'ok       cpio       cpio (GNU cpio) 2.13' ]
	[ "${lines[6]}" = "ok       scheduler  $PWD/bin/scx_kt" ]
	[[ ${lines[7]} == "ok       cache      $PWD/cache/kt/"* ]]
	[ "$stderr" = '' ]
}

@test "kt doctor: what is missing, and what to type" {
	mkdir bin empty
	cp "$KT_BIN/kt" bin
	run --separate-stderr env PATH="$PWD/empty" bin/kt doctor
	[ "$status" = 69 ]
	[ "${lines[0]}" = 'missing  tools      kt-kernel kt-topo kt-initrd kt-vm kt-guest kt-check kt-report' ]
	[ "${lines[1]}" = '                      type: make install' ]
	[ "${lines[2]}" = 'missing  qemu       qemu-system-x86_64 was not found' ]
	[ "${lines[3]}" = '                      type: apt install qemu-system-x86' ]
	[ "${lines[4]}" = 'missing  cpio       cpio was not found' ]
	[ "${lines[6]}" = 'missing  scheduler  scx_kt, which the shipped tests run, was not built' ]
	[ "${lines[7]}" = '                      type: make scx' ]
	rm -rf bin
	stand_ins
	fake kt-vm <<<'echo "tcg: no: no QEMU"; exit 69'
	fake kt-kernel <<<'echo "kt-kernel: none" >&2; exit 69'
	fake scx_kt </dev/null
	fake qemu-system-x86_64 <<<'echo "QEMU emulator version 7.2.22 (Debian)"'
	fake cpio <<<'echo "bsdcpio 3.6.2"'
	: >file
	run --separate-stderr env XDG_CACHE_HOME="$PWD/file" kt doctor
	[ "$status" = 69 ]
	[ "$stderr" = '' ]
	[ "${lines[1]}" = 'missing  qemu       QEMU 7.2 crashes guests at random; 8.0 or later is needed' ]
	[ "${lines[2]}" = '                      type: apt install -t bookworm-backports qemu-system-x86' ]
	[ "${lines[3]}" = 'no       engine     tcg: no: no QEMU' ]
	[ "${lines[4]}" = 'missing  engine     no engine can run a guest here' ]
	[ "${lines[6]}" = 'missing  kernel     no kernel that a guest could boot' ]
	[ "${lines[7]}" = '                      type: kt kernel build' ]
	[ "${lines[8]}" = 'missing  cpio       cpio is not GNU cpio' ]
	[[ $output == *"missing  cache      $PWD/file/kt/: Not a directory"* ]]
}

@test "kt list: what can be found, where the first of a name hides the others" {
	mkdir -p kt.d/schedulers more
	echo '{ "description": "mine", "cgroups": [{ "name": "a" }] }' >kt.d/steady.json
	echo '{ "cgroups": [{ "name": "a" }] }' >more/a_test_of_mine.json
	echo '{ oops' >more/broken.json
	echo '{ "description": "my scheduler" }' >kt.d/schedulers/mine.json
	touch more/.hidden.json more/other.txt
	export KT_PATH=more
	run --separate-stderr kt list
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	grep -qx 'steady  *mine' <<<"$output"
	grep -qx 'a_test_of_mine' <<<"$output"
	grep -qx 'broken  *bad file more/broken.json:1:3: .*' <<<"$output"
	grep -qx 'mixed_workloads  *CPU spinners .*' <<<"$output"
	[ "$(cut -d' ' -f1 <<<"$output")" = "$(cut -d' ' -f1 <<<"$output" | LC_ALL=C sort -u)" ]
	run kt list --schedulers
	grep -qx 'mine  *my scheduler' <<<"$output"
	grep -q "^scx_kt  *kt's own scheduler" <<<"$output"
	rm -r kt.d more
	run kt list --schedulers
	[ "$status" = 0 ]
	[ "$(wc -l <<<"$output")" -eq 1 ]
}

@test "kt list --work: every type with what it does" {
	run kt list --work
	[ "$status" = 0 ]
	grep -qx 'SpinWait  *1024 pause instructions' <<<"$output"
	[ "$(grep -vcE '^[A-Z][A-Za-z]+  +[^ ]' <<<"$output")" = 0 ]
}

@test "kt list --json and kt show --json: records, as they come" {
	kt list --json >list.jsonl
	"$KT_TOP/tests/tools/validate-records" <list.jsonl
	[ "$(jq -r 'select(.type == "item") | .kind' list.jsonl | sort -u)" = test ]
	kt list --work --json | "$KT_TOP/tests/tools/validate-records"
	KT_SCHEDULER=/bin/true kt show --json -d 3s steady >show.jsonl
	[ "$(jq -c 'select(.type == "test") | [.name, .duration_ns]' show.jsonl)" = '["steady",3000000000]' ]
}

@test "kt show: the plan for people; a name that is none, and the nearest" {
	cat >t.json <<-'END'
		{ "description": "a test", "topology": "2l1c1t", "duration": "1500ms",
		  "assert": { "not_stuck": true, "max_gap_ms": 0.5 },
		  "cgroups": [{ "name": "a", "cpuset": { "llc": 1 },
		    "work": { "Bursty": { "burst": "5ms" } } }] }
	END
	run --separate-stderr kt show t.json
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "$output" = "t
description a test
file        $PWD/t.json
scheduler   eevdf, the kernel's own
guest       1n2l1c1t, 2048 MiB, watchdog 5s
assert      not_stuck, max_gap 500us, max_spread_pct 15
step 0, 1.5s
  cgroup a on cpus 1: 2 Bursty burst=5ms sleep=100ms" ]
	cat >judged.json <<-'END'
		{ "topology": "2l1c1t", "duration": "1500ms",
		  "assert": { "max_p99_wake_latency": "5ms", "topology": false, "max_spread_pct": 40,
		    "kernel_log": { "allow": [{ "text": "rcu", "reason": "a known one" }] },
		    "share": { "a": 3, "b": 1, "tolerance_pct": 10 },
		    "ratio": { "of": "cpu_time", "over": "a", "under": "b", "min": 2.5 } },
		  "cgroups": [{ "name": "a", "workers": 1 },
		    { "name": "b", "workers": 1, "assert": { "max_spread_pct": null, "max_gap": "200ms" } }] }
	END
	run --separate-stderr kt show judged.json
	echo "$output"
	[ "$status" = 0 ]
	[ "$(sed 1,4d <<<"$output")" = "assert      max_spread_pct 40, max_p99_wake_latency 5ms, topology off
share       a 3 : b 1, within 10 %
ratio       cpu_time of a by those of b, at least 2.5
kernel may  say \"rcu\": a known one
step 0, 1.5s
  cgroup a: 1 SpinWait
  cgroup b: 1 SpinWait (max_gap 200ms, max_spread_pct off)" ]
	run --separate-stderr kt show mixed_worklods
	[ "$status" = 65 ]
	[ -z "$output" ]
	[[ "$stderr" == 'kt-guest: unknown test "mixed_worklods": not in '*' (did you mean "mixed_workloads"?)' ]]
}

@test "kt list and kt show: usage" {
	run --separate-stderr kt list x
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt: list: unexpected argument 'x'" ]
	run --separate-stderr kt list --wrk
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt: list: unknown option '--wrk', did you mean '--work'?" ]
	run --separate-stderr kt show
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = 'kt: show: expected the name or the file of one test' ]
	run --separate-stderr kt show -d
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt: show: option '-d' needs a value" ]
	run --separate-stderr kt show -d soon steady
	[ "$status" = 64 ]
}

@test "kt test: an exit code of kt-check is believed with its verdict and its end only" {
	stand_ins
	# broken WORDS...: not a pass, with these words
	broken() {
		run --separate-stderr kt test -q mixed
		echo "$stderr"
		[ "$status" = 70 ]
		[ "${stderr_lines[0]}" = "kt: $*" ]
	}
	fake kt-check <<<'cat'
	broken 'kt-check ended with exit code 0, and there is no verdict'
	fake kt-check <<<'cat; echo garbage'
	broken 'kt-check ended with exit code 0, and there is no verdict'
	fake kt-check <<<'exec cat >/dev/null'
	broken 'kt-check ended with exit code 0, and there is no verdict'
	fake kt-check <<<'cat; echo "{\"type\":\"verdict\",\"verdict\":\"pass\"}"'
	broken 'kt-check ended with exit code 0, and the last record is not its end record'
	fake kt-check <<<'cat; echo "{\"type\":\"verdict\",\"verdict\":\"pass\"}"; echo "{\"type\":\"end\",\"tool\":\"kt-check\",\"exit\":0}"; printf cut'
	broken 'kt-check ended with exit code 0, and the last record is not its end record'
	fake kt-check <<<'cat; echo "{\"type\":\"verdict\",\"verdict\":\"pass\",\"t_ns\":1}"; echo "{\"type\":\"end\",\"tool\":\"kt-check\",\"exit\":0}"'
	broken 'kt-check ended with exit code 0, and there is no verdict'
	check_says 1 fail 0
	broken 'kt-check ended with exit code 0, its end record says 1, and its verdict 1'
	check_says 0 fail
	broken 'kt-check ended with exit code 0, its end record says 0, and its verdict 1'
	check_says 0 pass 1
	broken 'kt-check ended with exit code 1, its end record says 0, and its verdict 0'
	check_says 0 great
	broken 'kt-check ended with exit code 0, its end record says 0, and its verdict -1'
	check_says 3 pass
	broken 'kt-check ended with exit code 3, expected 0, 1 or 2'
	fake kt-check <<<'cat; for i in 1 2; do echo "{\"type\":\"verdict\",\"verdict\":\"pass\"}"; done; echo "{\"type\":\"end\",\"tool\":\"kt-check\",\"exit\":0}"'
	broken 'kt-check gave 2 verdicts, expected one'
	check_says 0 pass
	fake kt-vm <<<'cat; echo "{\"type\":\"end\",\"exit\":0}"'
	broken 'the run was judged, and no record says that it began'
	fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"; exit 3'
	broken 'kt-vm ended with exit code 3, expected 0 or 1'
	stand_ins_again() { check_says 0 pass; fake kt-vm <<<'cat; echo "{\"type\":\"vm\"}"'; }
	stand_ins_again
	kt test -q mixed
}

@test "kt test: a report that fails is no pass, and leaves no report.txt" {
	stand_ins
	fake kt-report <<<'cat >/dev/null; kill -9 $$'
	run --separate-stderr kt test -q mixed
	[ "$status" = 71 ]
	[ "${stderr_lines[0]}" = 'kt: kt-report was killed by signal 9 (Killed)' ]
	[ ! -e state/kt/runs/latest/report.txt ]
	[ "$(ls -A state/kt/runs/latest/)" = run.jsonl ]
	check_says 1 fail
	run --separate-stderr kt test mixed
	[ "$status" = 71 ]
	[ ! -e state/kt/runs/latest/report.txt ]
	check_says 0 pass
	fake kt-report <<<'cat >/dev/null; exit 0'
	run --separate-stderr kt test -q mixed
	[ "$status" = 70 ]
	[ "${stderr_lines[0]}" = 'kt: kt-report had nothing to say' ]
	fake kt-report <<<'cat >/dev/null; echo NOT JUDGED; exit 1'
	run --separate-stderr kt test -q mixed
	[ "$status" = 70 ]
	[ "${stderr_lines[0]}" = 'kt: kt-report ended with exit code 1, expected 0, that of the run' ]
	fake kt-report <<<'cat >/dev/null; echo broken; exit 65'
	run --separate-stderr kt test -q mixed
	[ "$status" = 65 ]
	# the one for people, when the one for the file went well
	fake kt-report <<<'cat >/dev/null; echo x; case $* in *never*) exit 0 ;; esac; kill -9 $$'
	run --separate-stderr kt test mixed
	[ "$status" = 71 ]
	fake kt-report <<<'exec >&-; exit 74'
	run --separate-stderr kt test mixed
	[ "$status" = 74 ]
}

@test "kt test --retry-inconclusive: again, as often as asked for, and each attempt is kept" {
	stand_ins
	# inconclusive until there are $GOOD runs
	fake kt-check <<-'END'
		cat
		code=2 verdict=inconclusive
		[ "$(grep -c '^kt-check' calls)" -lt "$GOOD" ] || code=0 verdict=pass
		echo "{\"type\":\"verdict\",\"verdict\":\"$verdict\"}"
		echo "{\"type\":\"end\",\"tool\":\"kt-check\",\"exit\":$code}"
		exit $code
	END
	GOOD=2 run --separate-stderr kt test -q --retry-inconclusive=2 mixed
	[ "$status" = 0 ]
	[ "$(grep -v 'records are in' <<<"$stderr")" = 'kt: mixed was inconclusive at attempt 1 of 3
kt: mixed passed at attempt 2 of 3' ]
	[ "$(runs)" = 2 ]
	rm -r calls state
	GOOD=9 run --separate-stderr kt test -q --retry-inconclusive 2 mixed
	[ "$status" = 2 ]
	[ "$(grep -v 'records are in' <<<"$stderr")" = 'kt: mixed was inconclusive at attempt 1 of 3
kt: mixed was inconclusive at attempt 2 of 3
kt: mixed was inconclusive at attempt 3 of 3' ]
	[ "$(runs)" = 3 ]
	# the first passes at once, the second later
	rm -r calls state
	echo kt-check >calls
	GOOD=2 run --separate-stderr kt test -q --retry-inconclusive=1 mixed
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	rm calls
	GOOD=2 run --separate-stderr kt test -q --retry-inconclusive=1 mixed other
	[ "$status" = 0 ]
	[ "${stderr_lines[-1]}" = '2 passed (1 not at the first attempt), 0 failed, 0 inconclusive' ]
	check_says 1 fail
	rm -r calls state
	run --separate-stderr kt test -q --retry-inconclusive=3 mixed
	[ "$status" = 1 ]
	[ "$(runs)" = 1 ]
	for n in -1 x 101 ''; do
		run --separate-stderr kt test --retry-inconclusive="$n" mixed
		[ "$status" = 64 ]
		[[ ${stderr_lines[0]} == 'kt: test: --retry-inconclusive: '* ]]
	done
}

@test "kt test --wait-quiet: a busy machine is waited for, up to a time" {
	stand_ins
	busy=()
	for _ in $(seq $((2 * $(nproc)))); do
		timeout 60 sh -c 'while :; do :; done' 3>&- &
		busy+=($!)
	done
	SECONDS=0
	run --separate-stderr kt test -q --wait-quiet 1500ms mixed
	kill "${busy[@]}"
	[ "$status" = 0 ]
	[ "$SECONDS" -ge 1 ]
	[[ ${stderr_lines[0]} =~ ^'kt: '[0-9.]+' tasks on '[0-9]+' CPUs, of which the run needs '[1-4]': waiting up to 1.5s'$ ]]
	[[ ${stderr_lines[1]} =~ ^'kt: warning: still '[0-9.]+' tasks on '[0-9]+' CPUs after 1.5s, of which the run needs '[1-4]': going on'$ ]]
	run --separate-stderr kt test --wait-quiet=soon mixed
	[ "$status" = 64 ]
	[[ ${stderr_lines[0]} == 'kt: test: --wait-quiet: '* ]]
	# a signal ends the wait, and no guest is started
	for _ in $(seq $((2 * $(nproc)))); do
		timeout 60 sh -c 'while :; do :; done' 3>&- &
		busy+=($!)
	done
	: >calls
	kt test --wait-quiet=1h mixed 2>err 3>&- &
	pid=$!
	await grep -q 'waiting up to' err
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	kill "${busy[@]}" 2>/dev/null || true
	[ "$code" = 143 ]
	run -1 grep -q kt-vm calls
}
