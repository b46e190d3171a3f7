#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-initrd: what is packed, what is cached, what is said when something is missing.
# shellcheck disable=SC2154 # stderr and stderr_lines are set by run
load helpers

END='{"type":"end","tool":"kt-guest","exit":0,"records":1}'

# A stream with a plan: $1 is the scheduler's binary (none: the kernel's own).
plan() {
	local sched=null
	[ $# -eq 0 ] || sched="{\"name\":\"s\",\"binary\":\"$1\"}"
	printf '{"type":"test","name":"t","scheduler":%s}\n%s\n' "$sched" "$END"
}

# pack [OPTION...] < STREAM: leaves the archive as a.cpio, its stream as out.jsonl
pack() {
	kt-initrd -o a.cpio "$@" >out.jsonl
}

# Splits a.cpio into plan.cpio and base.cpio: the second part starts with zstd's magic.
split_parts() {
	local at
	at=$(LC_ALL=C grep -abom1 -P '\x28\xb5\x2f\xfd' a.cpio | head -1 | cut -d: -f1)
	head -c "$at" a.cpio >plan.cpio
	tail -c +$((at + 1)) a.cpio | zstd -dcq >base.cpio
}

# Unpacks both parts of a.cpio into ./root.
unpack() {
	rm -rf root && mkdir root
	split_parts
	[ ! -s plan.cpio ] || (cd root && cpio -idm --quiet <../plan.cpio)
	(cd root && cpio -idm --quiet) <base.cpio
}

# program NAME [LIB...]: a program that needs libNAME.so for each LIB
program() {
	local out=$1
	shift
	echo 'int main(void) { return 0; }' >main.c
	# shellcheck disable=SC2086 # flags are words
	gcc -o "$out" main.c -Wl,--no-as-needed -L. "${@/#/-l}" ${LDFLAGS-}
}

library() {
	echo "int $1(void) { return 0; }" >lib.c
	gcc -shared -fPIC -Wl,-soname,"lib$1.so" -o "${2-.}/lib$1.so" lib.c
}

@test "the plan, kt-guest and the mount points are packed" {
	pack < <(plan)
	unpack
	run cat root/kt/plan.json
	[ "$output" = '{"type":"test","name":"t","scheduler":null}' ]
	[ "$(head -c 4 root/init)" = $'\x7fELF' ]
	[ "$(readelf -n "$KT_BIN/kt-guest" | grep 'Build ID')" = "$(readelf -n root/init | grep 'Build ID')" ]
	[ -x root/init ]
	for d in dev proc sys run tmp; do [ -d "root/$d" ]; done
	[ "$(stat -c %a root/tmp)" = 1777 ]
	[ ! -e root/kt/scheduler ]
}

@test "modules of the virtio console are packed, in the order in which they load" {
	local d=$PWD/lib/modules/9.8.7/kernel/drivers
	mkdir -p "$d"/{virtio,char,net}
	echo ring >"$d/virtio/virtio_ring.ko"
	echo core >"$d/virtio/virtio.ko"
	echo mmio >"$d/virtio/virtio_mmio.ko.xz"
	echo console >"$d/char/virtio_console.ko.zst"
	echo net >"$d/net/virtio_net.ko"
	pack < <(plan | sed "1i {\"type\":\"kernel\",\"modules\":\"$PWD/lib/modules/9.8.7\"}")
	unpack
	[ "$(cd root/kt/modules && tail -n +1 -- * | xargs)" = "==> 0.ko <== ring ==> 1.ko <== core ==> 5.ko.xz <== mmio ==> 6.ko.zst <== console" ]
	pack < <(plan | sed '1i {"type":"kernel","modules":null}')
	unpack
	[ ! -e root/kt/modules ]
}

@test "records pass unchanged and in order, the initrd record follows" {
	plan >in.jsonl
	sed -i '1i {"type":"kernel","x": 1}' in.jsonl
	pack <in.jsonl
	head -3 out.jsonl | cmp - in.jsonl
	[ "$(sed -n 4p out.jsonl | jq -r .type)" = initrd ]
	[ "$(sed -n 5p out.jsonl)" = '{"type":"end","tool":"kt-initrd","exit":0,"records":1}' ]
	[ "$(wc -l <out.jsonl)" = 5 ]
	[ "$(sed -n 4p out.jsonl | jq -r .sha256)" = "$(sha256sum a.cpio | cut -d' ' -f1)" ]
	[ "$(sed -n 4p out.jsonl | jq -r .size)" = "$(stat -c %s a.cpio)" ]
	[ "$(sed -n 4p out.jsonl | jq -r .path)" = "$PWD/a.cpio" ]
	unpack
	[ "$(sed -n 4p out.jsonl | jq -r .files)" = "$(find root -mindepth 1 | wc -l)" ]
}

@test "a dynamic scheduler runs from what was packed" {
	pack < <(plan /bin/bash)
	unpack
	[ "$(stat -c %a root/kt/scheduler)" = 755 ]
	# its own loader with its own libraries, nothing of the host's
	# shellcheck disable=SC2016 # for the shell in there
	run env -i LD_LIBRARY_PATH= root/lib64/ld-linux-x86-64.so.2 --inhibit-cache \
		--library-path root/lib/x86_64-linux-gnu:root/lib64 root/kt/scheduler -c 'echo $((6*7))'
	[ "$output" = 42 ]
}

@test "same input, same bytes; another time, directory and umask do not matter" {
	program prog
	plan "$PWD/prog" >in.jsonl
	mkdir data && echo x >data/b && echo y >data/a
	pack -i data:/data <in.jsonl
	mv a.cpio first.cpio
	rm -rf cache
	touch -d 2001-01-01 prog data/a
	umask 077
	TMPDIR=$PWD pack -i data:/data <in.jsonl
	cmp first.cpio a.cpio
	split_parts
	for part in base plan; do
		cpio -tv --quiet <$part.cpio >list
		[ -s list ]
		run -1 grep -v 'root *root' list
	done
}

@test "the cache: a second run packs nothing, another plan only the plan" {
	program prog
	plan "$PWD/prog" | kt-initrd >one
	[ "$(find cache/kt/initrd -name 'base-*' | wc -l)" = 1 ]
	touch -d 2001-01-01 cache/kt/initrd/base-*
	plan "$PWD/prog" | kt-initrd >two
	cmp one two
	# used: its time is now
	[ -z "$(find cache/kt/initrd -name 'base-*' -mmin +1)" ]
	plan "$PWD/prog" | sed 's/"t"/"u"/' | kt-initrd >three
	run -1 cmp -s one three
	[ "$(find cache/kt/initrd -name 'base-*' | wc -l)" = 1 ]
	[ "$(find cache/kt/initrd -name '*.cpio' | wc -l)" = 2 ]
	path=$(jq -r 'select(.type == "initrd").path' three)
	[ "$(basename "$path")" = "$(sha256sum "$path" | cut -d' ' -f1).cpio" ]
}

@test "the cache: a program that changed is packed again, whatever its time says" {
	program prog
	plan "$PWD/prog" | kt-initrd >one
	touch -r prog time
	printf 'x' >>prog
	touch -r time prog
	plan "$PWD/prog" | kt-initrd >two
	run -1 cmp -s one two
	[ "$(find cache/kt/initrd -name 'base-*' | wc -l)" = 2 ]
}

@test "the cache keeps 16 old archives, and all young ones" {
	mkdir -p cache/kt/initrd
	for i in {10..39}; do
		echo >cache/kt/initrd/"$i".cpio
		touch -d "1 day ago +$i minutes" cache/kt/initrd/"$i".cpio
		echo >cache/kt/initrd/base-"$i"
	done
	touch -d '1 day ago' cache/kt/initrd/.tmp-old
	plan | kt-initrd >out
	[ "$(find cache/kt/initrd -name '*.cpio' | wc -l)" = 16 ]
	[ ! -e cache/kt/initrd/24.cpio ]
	[ -e cache/kt/initrd/25.cpio ]
	[ "$(find cache/kt/initrd -name 'base-*' | wc -l)" = 31 ]
	[ ! -e cache/kt/initrd/.tmp-old ]
	[ -e "$(jq -r 'select(.type == "initrd").path' out)" ]
}

@test "many at once" {
	program prog
	for i in 1 2 3 4 5 6; do
		plan "$PWD/prog" | kt-initrd >"out.$i" &
	done
	wait
	for i in 2 3 4 5 6; do cmp out.1 "out.$i"; done
	[ "$(find cache/kt/initrd -name '*.cpio' | wc -l)" = 1 ]
	[ -z "$(find cache/kt/initrd -name '.tmp*')" ]
}

@test "debug sections are left out, symbols stay" {
	echo 'int main(void) { return 0; }' >main.c
	for i in {1..1500}; do
		echo "struct s$i { int a_$i, b_$i; } v$i; int f$i(struct s$i *p) { return p->a_$i; }"
	done >pads.c
	gcc -g3 -o prog main.c pads.c
	pack < <(plan "$PWD/prog")
	unpack
	run readelf -S root/kt/scheduler
	[[ $output != *.debug_info* ]]
	[[ $output == *.symtab* ]]
}

@test "a library found by RUNPATH goes where the guest looks for it" {
	mkdir -p lib opt
	library inner lib
	library outer lib
	LDFLAGS="-Wl,-rpath,\$ORIGIN/lib:$PWD/opt -Wl,--enable-new-dtags -Llib" program prog outer
	mv lib/libouter.so opt
	LDFLAGS="-Wl,-rpath,\$ORIGIN/lib -Wl,--enable-new-dtags -Llib" program prog2 inner
	pack -i prog2:/data/x/prog2 < <(plan "$PWD/prog")
	unpack
	[ -e "root$PWD/opt/libouter.so" ]
	[ -e root/data/x/lib/libinner.so ]
}

@test "RPATH of the loader counts for its libraries, RUNPATH does not" {
	mkdir lib
	library inner lib
	echo 'int inner(void); int outer(void) { return inner(); }' >lib.c
	gcc -shared -fPIC -Wl,-soname,libouter.so -o lib/libouter.so lib.c -Llib -linner
	LDFLAGS="-Wl,-rpath,$PWD/lib -Wl,--disable-new-dtags -Llib -Wl,-rpath-link,lib" \
		program old outer
	pack < <(plan "$PWD/old")
	unpack
	[ -e "root$PWD/lib/libinner.so" ]
	LDFLAGS="-Wl,-rpath,$PWD/lib -Wl,--enable-new-dtags -Llib -Wl,-rpath-link,lib" \
		program new outer
	run --separate-stderr pack < <(plan "$PWD/new")
	[ "$status" = 65 ]
	[[ $stderr == "kt-initrd: libinner.so, needed by $PWD/lib/libouter.so, was not found (searched ld.so.cache, "* ]]
}

@test "a library that only LD_LIBRARY_PATH finds goes beside libc" {
	mkdir lib
	library inner lib
	LDFLAGS=-Llib program prog inner
	LD_LIBRARY_PATH=$PWD/lib pack < <(plan "$PWD/prog")
	unpack
	libc=$(find root -name libc.so.6)
	[ -e "$(dirname "$libc")/libinner.so" ]
}

@test "a missing library is named with who needs it" {
	library gone
	program prog gone
	rm libgone.so
	run --separate-stderr pack < <(plan "$PWD/prog")
	[ "$status" = 65 ]
	[ "$stderr" = "kt-initrd: libgone.so, needed by $PWD/prog, was not found (searched ld.so.cache, /lib/x86_64-linux-gnu, /usr/lib/x86_64-linux-gnu, /lib64, /usr/lib64, /lib, /usr/lib)" ]
	[ "$(tail -1 out.jsonl)" = '{"type":"end","tool":"kt-initrd","exit":65,"records":0}' ]
	[ ! -e a.cpio ]
}

@test "a library for another machine is not taken" {
	library odd
	program prog odd
	printf '\xb7' | dd of=libodd.so bs=1 seek=18 conv=notrunc status=none
	LD_LIBRARY_PATH=$PWD run --separate-stderr pack < <(plan "$PWD/prog")
	[ "$status" = 65 ]
	[ "$stderr" = "kt-initrd: libodd.so, needed by $PWD/prog, is for another machine (found $PWD/libodd.so)" ]
}

@test "scripts bring their interpreter" {
	printf '#!/bin/bash -e\necho hi\n' >sched
	chmod +x sched
	pack < <(plan "$PWD/sched")
	unpack
	[ -x root/bin/bash ]
	[ -n "$(find root -name libc.so.6)" ]
	printf '#!/usr/bin/env bash\necho hi\n' >sched
	pack < <(plan "$PWD/sched")
	unpack
	[ -x root/usr/bin/env ]
	[ -n "$(find root -name bash)" ]
	printf '#!/no/such\n' >sched
	run --separate-stderr pack < <(plan "$PWD/sched")
	[ "$status" = 65 ]
	[ "$stderr" = "kt-initrd: /no/such, the interpreter of $PWD/sched, was not found" ]
	printf '#!/usr/bin/env no-such\n' >sched
	run --separate-stderr pack < <(plan "$PWD/sched")
	[ "$status" = 65 ]
	[ "$stderr" = "kt-initrd: $PWD/sched: interpreter: no-such was not found in PATH" ]
}

@test "a scheduler that cannot run is refused" {
	run --separate-stderr pack < <(plan /no/such)
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: unable to open /no/such: No such file or directory' ]
	echo text >text
	run --separate-stderr pack < <(plan "$PWD/text")
	[ "$status" = 65 ]
	[ "$stderr" = "kt-initrd: $PWD/text: expected a program, an ELF file or a \"#!\" script" ]
	program prog
	printf '\xb7' | dd of=prog bs=1 seek=18 conv=notrunc status=none
	run --separate-stderr pack < <(plan "$PWD/prog")
	[ "$status" = 65 ]
	[ "$stderr" = "kt-initrd: $PWD/prog is a program for another machine" ]
	gcc -c -o prog.o main.c
	run --separate-stderr pack < <(plan "$PWD/prog.o")
	[ "$stderr" = "kt-initrd: $PWD/prog.o is an ELF file, but no program" ]
	run --separate-stderr pack < <(plan "$PWD")
	[ "$stderr" = "kt-initrd: $PWD: expected a regular file" ]
	run --separate-stderr pack < <(plan relative)
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: line 1: scheduler.binary: expected the absolute path of a program' ]
}

@test "--include: files, programs, directories and where they go" {
	mkdir -p data/sub
	echo a >data/a
	echo '#!/bin/bash' >data/sub/tool
	chmod +x data/sub/tool
	ln -s ../a data/sub/link
	mkfifo data/fifo
	pack -i data -i data/a:/etc/a --include=true -i ./data:/etc < <(plan)
	unpack
	[ "$(cat root/kt/files/data/sub/link)" = a ]
	[ "$(cat root/etc/a)" = a ]
	[ -x root/etc/sub/tool ]
	[ -x root/bin/bash ]
	[ ! -e root/etc/fifo ]
	[ -x "root$(type -P true)" ]
}

@test "--include: what cannot be included" {
	echo a >a
	echo b >b
	run --separate-stderr pack -i no-such-program < <(plan)
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: unable to include no-such-program: neither in this directory nor in PATH' ]
	run --separate-stderr pack -i ./no < <(plan)
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: unable to include ./no: No such file or directory' ]
	run --separate-stderr pack -i a:/x -i b:/x < <(plan)
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: two things go to /x in the guest: a and b' ]
	run --separate-stderr pack -i a:/x -i b:/x/y < <(plan)
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: two things go to /x in the guest: a and a directory' ]
	pack -i a:/x -i ./a://x < <(plan)
	run --separate-stderr pack -i . < <(plan)
	[ "$stderr" = 'kt-initrd: unable to include .: give its place, as in .:/data' ]
	mkdir d && ln -s nowhere d/l
	run --separate-stderr pack -i d < <(plan)
	[ "$stderr" = 'kt-initrd: unable to include d/l: the link leads nowhere' ]
	rm d/l && ln -s . d/loop
	run --separate-stderr pack -i d < <(plan)
	[ "$stderr" = 'kt-initrd: unable to include d/loop: a loop of links' ]
	run --separate-stderr pack -i a:/ < <(plan)
	[ "$stderr" = 'kt-initrd: a file cannot go to / in the guest' ]
}

@test "input that is cut, wrong, or failed upstream" {
	run --separate-stderr kt-initrd </dev/null
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: the input is empty' ]
	[ "$output" = '{"type":"end","tool":"kt-initrd","exit":65,"records":0}' ]
	run --separate-stderr kt-initrd <<<'{"type":"test"}'
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: the input is cut: no end record after line 1' ]
	run --separate-stderr kt-initrd <<<'nonsense'
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: line 1: expected a record, a JSON object with a "type"' ]
	run --separate-stderr kt-initrd < <(plan && plan)
	[ "$status" = 65 ]
	[ "$stderr" = 'kt-initrd: line 3: a second test record: expected one plan' ]
	run --separate-stderr kt-initrd <<<'{"type":"end","tool":"kt-guest","exit":65,"records":0}'
	[ "$status" = 65 ]
	[ "$stderr" = '' ]
	[ "${lines[0]}" = '{"type":"end","tool":"kt-guest","exit":65,"records":0}' ]
	[ "${lines[1]}" = '{"type":"end","tool":"kt-initrd","exit":65,"records":0}' ]
	[ ! -e cache/kt/initrd ]
}

@test "mistakes on the command line" {
	run --separate-stderr kt-initrd --incldue=x </dev/null
	[ "$status" = 64 ]
	[ "$stderr" = "kt-initrd: unknown option '--incldue=x', did you mean '--include'?
Try 'kt-initrd --help'." ]
	[ "$output" = '{"type":"end","tool":"kt-initrd","exit":64,"records":0}' ]
	run --separate-stderr kt-initrd -o </dev/null
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt-initrd: option '-o' needs a value" ]
	run --separate-stderr kt-initrd more </dev/null
	[ "$status" = 64 ]
	[ "${stderr_lines[0]}" = "kt-initrd: unexpected argument 'more'" ]
}

@test "places that cannot be written" {
	run --separate-stderr kt-initrd -o /dev/full < <(plan)
	[ "$status" = 74 ]
	[ "$stderr" = 'kt-initrd: /dev/full: expected a regular file to write to' ]
	[ -c /dev/full ]
	run --separate-stderr kt-initrd -o no/dir/x < <(plan)
	[ "$status" = 74 ]
	[ "$stderr" = 'kt-initrd: unable to write no/dir/x: No such file or directory' ]
	run --separate-stderr env -u XDG_CACHE_HOME -u HOME kt-initrd < <(plan)
	[ "$status" = 69 ]
	[ "$stderr" = 'kt-initrd: no place for a cache: set HOME or XDG_CACHE_HOME, or give --output' ]
	run --separate-stderr env -u XDG_CACHE_HOME -u HOME kt-initrd -o a.cpio < <(plan)
	[ "$status" = 0 ]
	run --separate-stderr env TMPDIR=/no/such kt-initrd < <(plan)
	[ "$status" = 71 ]
	[ "$stderr" = 'kt-initrd: unable to make a directory in /no/such: No such file or directory' ]
	plan >in
	run --separate-stderr bash -c 'kt-initrd <in >/dev/full'
	[ "$status" = 74 ]
	[ "$stderr" = 'kt-initrd: unable to write to standard output: No space left on device' ]
}

@test "without cpio: what to install" {
	run --separate-stderr env PATH=/no/such "$KT_BIN/kt-initrd" < <(plan)
	[ "$status" = 69 ]
	[ "$stderr" = 'kt-initrd: GNU cpio was not found: install the package cpio' ]
	[ -z "$(find cache -name '.tmp*')" ]
}

@test "a cpio that fails" {
	mkdir bin
	printf '#!/bin/bash\necho "cpio: no luck" >&2\nexit 2\n' >bin/cpio
	chmod +x bin/cpio
	mkdir tmp
	run --separate-stderr env PATH="$PWD/bin:$PATH" TMPDIR="$PWD/tmp" kt-initrd < <(plan)
	[ "$status" = 71 ]
	[ "$stderr" = 'kt-initrd: cpio failed (exit 2): cpio: no luck' ]
	[ -z "$(ls tmp)" ]
}

@test "a signal leaves nothing behind" {
	mkdir bin tmp
	printf '#!/bin/bash\necho >started\nexec sleep 77.7\n' >bin/cpio
	chmod +x bin/cpio
	plan >in
	for sig in INT TERM; do
		rm -f tmp/started
		# a script's background jobs ignore SIGINT: an own process group does not
		PATH="$PWD/bin:$PATH" TMPDIR=$PWD/tmp setsid env --default-signal=INT \
			"$KT_BIN/kt-initrd" <in >out 2>err &
		pid=$!
		for _ in {1..100}; do
			[ -z "$(find tmp -name started)" ] || break
			sleep 0.05
		done
		kill -s $sig $pid
		status=0
		wait $pid || status=$?
		[ "$status" = $((128 + $(kill -l $sig))) ]
		[ "$(cat err)" = '' ]
		[ -z "$(ls tmp)" ]
		[ -z "$(find cache -name '.tmp*')" ]
	done
	run -1 pgrep -f 'sleep 77.7'
}

@test "--help and --version" {
	run --separate-stderr kt-initrd --help
	[ "$status" = 0 ]
	[ "${lines[0]}" = 'Usage: kt-initrd [OPTION]... < RECORDS' ]
	run kt-initrd -V
	[ "$status" = 0 ]
	[[ $output == 'kt-initrd '* ]]
	run --separate-stderr bash -c 'kt-initrd --help >/dev/full'
	[ "$status" = 74 ]
}
