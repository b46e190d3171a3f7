#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-kernel on small trees that answer kbuild's targets in no time: arguments, the
# cache, errors and clean-up. A real kernel is built by `make check` from nothing;
# what it then boots is up to the e2e tests.

load helpers

# An empty bzImage of a release: boot_flag, HdrS, protocol, kernel_version, xloadflags.
image() { # FILE VERSION [PROTOCOL-BYTES] [XLOADFLAGS-BYTE]
	head -c 768 /dev/zero >"$1"
	poke "$1" 510 '\125\252'
	poke "$1" 514 'HdrS'
	poke "$1" 518 "${3:-\017\002}"
	poke "$1" 526 '\000\001'
	poke "$1" 566 "${4:-\001}"
	poke "$1" 768 "$2 (kt@kt) #1"
}

poke() { # FILE OFFSET FORMAT
	# shellcheck disable=SC2059 # octal escapes
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# A tree that "compiles" FILES files; what lies in it steers it: `drop` holds options
# that olddefconfig leaves out and `keep` lines that it adds, `slow` the seconds that a
# file takes, `broken` an error.
tree() { # DIR VERSION [FILES]
	local a b c
	IFS=. read -r a b c <<<"$2"
	mkdir -p "$1"
	touch "$1/Kconfig"
	image "$1/image" "$2"
	echo 'int x;' >"$1/x.c"
	cat >"$1/Makefile" <<-END
		VERSION = $a
		PATCHLEVEL = $b
		SUBLEVEL = $c
		EXTRAVERSION =
		FILES = $(seq -s ' ' "${3:-3}")
		O = .
		.RECIPEPREFIX = >
	END
	cat >>"$1/Makefile" <<-'END'
		tinyconfig:
		>@: >$(O)/.config
		olddefconfig:
		>@touch drop keep; grep -vwFf drop $(O)/.config | cat - keep >$(O)/c; mv $(O)/c $(O)/.config
		>@touch $(O)/configured
		bzImage: $(FILES:%=%.o)
		>@! [ -e broken ] || { cat broken; exit 1; }
		>@mkdir -p $(O)/arch/x86/boot
		>@cp image $(O)/arch/x86/boot/bzImage
		>@gcc -g -c -o $(O)/vmlinux x.c
		>@echo "$(LOCALVERSION)$(KCFLAGS) $(KBUILD_BUILD_USER)" >$(O)/how
		%.o:
		>@echo "  CC      drivers/$@"
		>@! [ -e slow ] || sleep $$(cat slow)
	END
}

end_record() { # EXIT RECORDS
	echo "{\"type\":\"end\",\"tool\":\"kt-kernel\",\"exit\":$1,\"records\":$2}"
}

# Asserts that the command failed so, with this one message.
failed() { # EXIT MESSAGE
	[ "$status" -eq "$1" ]
	[ "$stderr" = "kt-kernel: $2" ]
	[ "$output" = "$(end_record "$1" 0)" ]
}

# Asserts that nothing half made is in the cache; logs of failed builds may be.
clean() {
	[ -z "$(find cache/kt/kernels -mindepth 1 -name '.*')" ]
	[ -z "$(find cache/kt/build -mindepth 1 -not -name '*.log')" ]
}

# The cache on a disk of 2 MiB: where it fills up depends on what is written there.
small_disk() { # SIZE-OF-IMAGE
	[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
	mkdir cache
	mount -t tmpfs -o size=2m none cache || skip "no mount here"
	tree t 9.8.7
	head -c "$1" /dev/urandom >>t/image
}

disk_full() {
	left=$(ls -A cache/kt/kernels; find cache/kt/build -mindepth 1 -not -name '*.log')
	umount cache
	[ "$status" -eq 74 ]
	[ "${stderr_lines[-1]}" = "kt-kernel: no space left in $PWD/cache/kt/kernels (a build needs about 3 GiB)" ]
	[ "$output" = "$(end_record 74 0)" ]
	[ -z "$left" ]
}

wait_for() { # COMMAND...: at most 10 s
	for _ in {1..100}; do
		"$@" && return
		sleep 0.1
	done
	return 1
}

@test "kernel: --help and --version" {
	run --separate-stderr kt-kernel --help
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${lines[0]}" = "Usage: kt-kernel build [-k] [-f FILE] [SOURCE]" ]
	[[ "$output" != *'"end"'* ]]
	run --separate-stderr kt-kernel -V
	[ "$status" -eq 0 ]
	[[ "$output" =~ ^kt-kernel\ [^\ ]+$ ]]
}

@test "kernel: usage mistakes exit 64, say what was expected, and end the stream" {
	local hint=$'\n'"Try 'kt-kernel --help'."
	run --separate-stderr kt-kernel
	failed 64 "a command is missing: build, find or list$hint"
	run --separate-stderr kt-kernel make
	failed 64 "unknown command 'make', expected build, find or list$hint"
	run --separate-stderr kt-kernel find -k
	failed 64 "--keep is an option of build$hint"
	run --separate-stderr kt-kernel list --fragment x
	failed 64 "--fragment is an option of build$hint"
	run --separate-stderr kt-kernel find --json
	failed 64 "--json is an option of list$hint"
	run --separate-stderr kt-kernel find 6.12 6.13
	failed 64 "unexpected operand '6.13'$hint"
	run --separate-stderr kt-kernel find --frob
	failed 64 "unknown option '--frob'$hint"
}

@test "kernel: neither HOME nor XDG_CACHE_HOME" {
	run --separate-stderr env -u HOME -u XDG_CACHE_HOME kt-kernel find
	failed 69 "no place for the cache: set HOME or XDG_CACHE_HOME to an absolute path"
	run --separate-stderr env -u HOME -u XDG_CACHE_HOME kt-kernel list --json
	failed 69 "no place for the cache: set HOME or XDG_CACHE_HOME to an absolute path"
}

@test "kernel: a record that cannot be written is exit 74" {
	image b 9.8.7
	run --separate-stderr sh -c 'kt-kernel find ./b >/dev/full'
	[ "$status" -eq 74 ]
	[ "$stderr" = "kt-kernel: unable to write to standard output: No space left on device" ]
}

@test "kernel: find a path: what is no kernel is named with the reason" {
	echo "no kernel at all" >text
	run --separate-stderr kt-kernel find ./text
	failed 65 "kernel ./text: no bzImage (no Linux boot header in it)"
	image old 9.8.7 '\013\002'
	run --separate-stderr kt-kernel find ./old
	failed 65 "kernel ./old: a bzImage of boot protocol 2.11, where 2.12 or later was expected"
	image short 9.8.7 '\017\002' '\002'
	run --separate-stderr kt-kernel find ./short
	failed 65 "kernel ./short: a bzImage without a 64-bit entry"
	run --separate-stderr kt-kernel find ./nothing
	failed 65 "unable to open kernel ./nothing: No such file or directory"
	mkdir dir
	run --separate-stderr kt-kernel find ./dir
	failed 65 "no kernel in ./dir: neither arch/x86/boot/bzImage nor bzImage is there; type 'kt kernel build ./dir'"
	cp /bin/true vmlinux
	run --separate-stderr kt-kernel find ./vmlinux
	failed 65 "./vmlinux is a vmlinux, and the bzImage that belongs to it is neither beside it nor in arch/x86/boot/bzImage"
	mkfifo pipe
	run --separate-stderr timeout 5 kt-kernel find ./pipe
	failed 65 "kernel ./pipe is not a file"
}

@test "kernel: find a path: image, tree and vmlinux give what belongs together" {
	image b 9.8.7
	run --separate-stderr kt-kernel find b
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "{\"type\":\"kernel\",\"version\":\"9.8.7\",\"image\":\"$PWD/b\",\"vmlinux\":null,\"config\":null,\"modules\":null,\"source\":\"path\",\"key\":null,\"sched_ext\":null}" ]
	[ "${lines[1]}" = "$(end_record 0 1)" ]

	mkdir -p t/arch/x86/boot
	image t/arch/x86/boot/bzImage 9.8.7
	cp /bin/true t/vmlinux
	echo CONFIG_SCHED_CLASS_EXT=y >t/.config
	for spec in t/ t/vmlinux t/arch/x86/boot/bzImage; do
		run --separate-stderr kt-kernel find "$spec"
		[ "$status" -eq 0 ]
		[ "$(jq -r 'select(.type == "kernel") | [.image, .vmlinux, .config, .sched_ext] | @tsv' <<<"$output")" = \
			"$PWD/t/arch/x86/boot/bzImage"$'\t'"$PWD/t/vmlinux"$'\t'"$PWD/t/.config"$'\ttrue' ]
	done
}

# packed FILE PACKER...: a bzImage with FILE in it, as kbuild packs it: its size comes behind
packed() {
	local file=$1 size n
	shift
	image b 9.8.7
	poke b 497 '\003' # setup_sects: the payload is 64 bytes behind them
	truncate -s $((4 * 512 + 64)) b
	"$@" <"$file" >payload
	size=$(stat -c %s "$file")
	[ "$1" = gzip ] || le32 "$size" >>payload
	n=$(stat -c %s payload)
	cat payload <(echo "what follows") >>b
	poke b $((0x248)) "$(le32 64 printf)$(le32 "$n" printf)"
}

# le32 N [printf]: a number of four bytes, or the octal escapes that make it
le32() {
	local text
	# shellcheck disable=SC1003
	text=$(printf '\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24)))
	if [ $# -eq 2 ]; then
		printf '%s' "$text"
	else
		# shellcheck disable=SC2059
		printf "$text"
	fi
}

@test "kernel: the vmlinux in a bzImage is unpacked into the cache, once" {
	local n=0
	head -c 3000000 /bin/bash >vm
	for packer in "gzip -9" "zstd -q" "lz4 -qlc9" "xz --check=crc32" "xz --format=lzma"; do
		# shellcheck disable=SC2086
		packed vm $packer
		run --separate-stderr kt-kernel find ./b
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		vmlinux=$(jq -r 'select(.type == "kernel").vmlinux' <<<"$output")
		[ "$vmlinux" = "$PWD/cache/kt/vmlinux/$(sha256sum <b | cut -d' ' -f1)" ]
		cmp vm "$vmlinux"
		n=$((n + 1))
	done
	[ "$(find cache/kt/vmlinux -type f | wc -l)" -eq "$n" ]
	echo changed >"$vmlinux"
	[ "$(kt-kernel find ./b | jq -r 'select(.type == "kernel").vmlinux')" = "$vmlinux" ]
	[ "$(cat "$vmlinux")" = changed ]
}

@test "kernel: a vmlinux that cannot be unpacked is warned of; the kernel still boots" {
	warns() { # MESSAGE [PATH]
		run --separate-stderr env PATH="${2:-$PATH}" "$KT_BIN/kt-kernel" find ./b
		[ "$status" -eq 0 ]
		[ "$stderr" = "kt-kernel: warning: kernel $PWD/b: $1" ]
		[ "$(jq -r 'select(.type == "kernel").vmlinux' <<<"$output")" = null ]
		[ -z "$(ls -A cache/kt/vmlinux 2>/dev/null)" ]
	}
	head -c 300000 /bin/bash >vm
	packed vm zstd -q
	poke b $((4 * 512 + 64 + 1000)) 'xxxxxxxx'
	warns "the vmlinux in it is damaged (zstd)"
	packed vm xz --check=crc32
	poke b $((4 * 512 + 64 + $(stat -c %s payload) - 4)) '\001\000\000\000' # a size of 1
	warns "the vmlinux in it is damaged (xz)"
	packed vm cat
	warns "the vmlinux in it is packed in no known format"
	packed vm zstd -q
	truncate -s 10000 b
	warns "the vmlinux in it ends behind the file"
	packed vm zstd -q
	warns "its vmlinux takes zstd to unpack: No such file or directory" "$PWD"
}

@test "kernel: find a path: a distribution's kernel with its configuration and modules" {
	companions() {
		kt-kernel find "$1" | jq -r 'select(.type == "kernel") | [.config, .modules] | map(. // "none") | @tsv'
	}
	mkdir -p a/boot a/lib/modules/9.8.7-x/kernel b/usr/lib/modules/9.8.7-y/kernel c/boot
	image a/boot/vmlinuz-9.8.7-x 9.8.7-x
	touch a/boot/config-9.8.7-x b/usr/lib/modules/9.8.7-y/config
	image b/usr/lib/modules/9.8.7-y/vmlinuz 9.8.7-y
	image c/boot/vmlinuz-9.8.7-x 9.8.7-x
	[ "$(companions a/boot/vmlinuz-9.8.7-x)" = "$PWD/a/boot/config-9.8.7-x"$'\t'"$PWD/a/lib/modules/9.8.7-x" ]
	[ "$(companions b/usr/lib/modules/9.8.7-y/vmlinuz)" = \
		"$PWD/b/usr/lib/modules/9.8.7-y/config"$'\t'"$PWD/b/usr/lib/modules/9.8.7-y" ]
	[ "$(companions c/boot/vmlinuz-9.8.7-x)" = none$'\t'none ]
	mkdir -p c/usr/lib/modules/9.8.7-x
	[ "$(companions c/boot/vmlinuz-9.8.7-x)" = none$'\t'"$PWD/c/usr/lib/modules/9.8.7-x" ]
}

@test "kernel: find with nothing there says where it looked and what to type" {
	run --separate-stderr kt-kernel find 9.9
	[ "$status" -eq 69 ]
	[[ "$stderr" == "kt-kernel: no kernel 9.9: $PWD/cache/kt/kernels holds none, and "* ]]
	[[ "$stderr" == *"; type 'kt kernel build SOURCE'" ]]
	[ "$output" = "$(end_record 69 0)" ]
}

@test "kernel: build a tree: the cache has the image, symbols, configuration and facts" {
	tree t 9.8.7 5
	run --separate-stderr kt-kernel build t
	[ "$status" -eq 0 ]
	key=$(jq -r 'select(.type == "kernel").key' <<<"$output")
	[[ "$key" =~ ^9\.8\.7-tree-x86_64-kc[0-9a-f]{8}$ ]]
	entry=$PWD/cache/kt/kernels/$key
	[ "${lines[0]}" = "{\"type\":\"kernel\",\"version\":\"9.8.7\",\"image\":\"$entry/bzImage\",\"vmlinux\":\"$entry/vmlinux\",\"config\":\"$entry/config\",\"modules\":null,\"source\":\"cache\",\"key\":\"$key\",\"sched_ext\":true}" ]
	[ "${lines[1]}" = "$(end_record 0 1)" ]
	[ "${stderr_lines[0]}" = "kt-kernel: configuring 9.8.7" ]
	[ "${stderr_lines[1]}" = "kt-kernel: building 9.8.7" ]
	[[ "${stderr_lines[3]}" =~ ^"kt-kernel: $key is in the cache after "[0-9]+s$ ]]

	cmp t/image "$entry/bzImage"
	grep -qx CONFIG_SCHED_CLASS_EXT=y "$entry/config"
	readelf -SW "$entry/vmlinux" >sections
	grep -q symtab sections
	run -1 grep -q debug_info sections
	[ "$(jq -c '[.version, .source, .source_kind, .key, .files, .sha256]' "$entry/metadata.json")" = \
		"[\"9.8.7\",\"$PWD/t\",\"tree\",\"$key\",5,\"$(sha256sum t/image | cut -c1-64)\"]" ]
	clean
	[ ! -e t/.config ] # built out of tree
	[ -z "$(ls cache/kt/build)" ]
}

@test "kernel: a tree that is configured as wanted is built in place, any other is left alone" {
	tree t 9.8.7
	cp "$KT_TOP/share/kt.config" t/.config
	run --separate-stderr env MAKEFLAGS=-n KCFLAGS=-Wfoo ARCH=arm kt-kernel build t
	[ "$status" -eq 0 ]
	[ -e t/vmlinux ]
	[ ! -e t/configured ]
	[ "$(cat t/how)" = "-Wno-error kt" ]
	[ "$(jq .files cache/kt/kernels/*/metadata.json)" -eq 0 ]

	grep -v -e CONFIG_KVM= -e CONFIG_NUMA= "$KT_TOP/share/kt.config" >t/.config
	cp t/.config before
	run --separate-stderr kt-kernel build t
	failed 65 "$PWD/t is configured for something else: its .config lacks CONFIG_NUMA, CONFIG_KVM; set these, or clean it with 'make -C $PWD/t mrproper'"
	cmp before t/.config
	clean
}

@test "kernel: --keep keeps the work directory, and the next build goes on from there" {
	tree t 9.8.7
	kt-kernel build -k t
	rm cache/kt/build/*/obj/configured # fails if it is not there
	rm -r cache/kt/kernels/*
	kt-kernel build -k t
	[ -e "$(echo cache/kt/build/*/obj/vmlinux)" ]
	[ ! -e "$(echo cache/kt/build/*/obj)/configured" ]
	kt-kernel build t
	[ -z "$(ls cache/kt/build)" ]
}

@test "kernel: build tarballs; the same one again costs nothing" {
	tree linux-9.8.7 9.8.7
	tar -czf a.tar.gz linux-9.8.7
	tar -cJf b.tar.xz linux-9.8.7
	tar --zstd -cf c.tar.zst linux-9.8.7
	for t in a.tar.gz b.tar.xz c.tar.zst; do
		run --separate-stderr kt-kernel build "$t"
		[ "$status" -eq 0 ]
		[ "${stderr_lines[0]}" = "kt-kernel: unpacking $t" ]
		[[ "${lines[0]}" == *'"key":"9.8.7-tarball-x86_64-kc'* ]]
		clean
	done
	before=$(ls -di cache/kt/kernels/*)
	run --separate-stderr kt-kernel build c.tar.zst
	[ "$status" -eq 0 ]
	[[ "$stderr" =~ ^"kt-kernel: 9.8.7-tarball-x86_64-kc"[0-9a-f]+" is in the cache already"$ ]]
	[[ "${lines[0]}" == *'"version":"9.8.7"'* ]]
	[ "$before" = "$(ls -di cache/kt/kernels/*)" ]
}

@test "kernel: sources that are none" {
	run --separate-stderr kt-kernel build nowhere
	failed 65 "unable to open source nowhere: No such file or directory"
	echo text >file
	run --separate-stderr kt-kernel build file
	failed 65 "source file is neither a directory nor a tarball (.tar.xz, .tar.gz, .tar.zst)"
	mkdir empty
	run --separate-stderr kt-kernel build empty
	failed 65 "source $PWD/empty: no kernel tree: it has no readable Makefile"
	echo 'all:' >empty/Makefile
	run --separate-stderr kt-kernel build empty
	failed 65 "source $PWD/empty: no kernel tree: it lacks a Kconfig file or VERSION in its Makefile"
	run --separate-stderr kt-kernel build 'deb:../x'
	failed 65 "deb:../x names no Debian package"

	head -c 1000 /dev/urandom >bad.tar.gz
	run --separate-stderr kt-kernel build bad.tar.gz
	[ "$status" -eq 65 ]
	[ "${stderr_lines[0]}" = "kt-kernel: unpacking bad.tar.gz" ]
	[[ "${stderr_lines[-1]}" =~ ^"kt-kernel: unable to unpack $PWD/bad.tar.gz (exit code 2); the whole log is $PWD/cache/kt/build/"[0-9a-f]+\.log$ ]]
	[ "$output" = "$(end_record 65 0)" ]
	clean
}

@test "kernel: a package that is not to be had" {
	run --separate-stderr kt-kernel build deb:linux-source-0.0
	[ "$status" -eq 69 ]
	[[ "${stderr_lines[-1]}" == "kt-kernel: linux-source-0.0 is not installed and could not be downloaded; try 'apt-get install linux-source-0.0' as root, or give a kernel tree or a tarball (exit code "* ]] ||
		[ "${stderr_lines[-1]}" = "kt-kernel: deb:linux-source-0.0 comes from Debian packages and this system has no apt-get; give a kernel tree or a tarball" ]
	[ "$output" = "$(end_record 69 0)" ]
	clean
}

@test "kernel: every required option that was dropped is named" {
	tree t 9.8.7
	printf '%s\n' CONFIG_KVM CONFIG_SCHED_CLASS_EXT CONFIG_NR_CPUS >t/drop
	run --separate-stderr kt-kernel build t
	[ "$status" -eq 65 ]
	[ "${stderr_lines[-1]}" = "kt-kernel: 9.8.7 dropped 3 required options: CONFIG_NR_CPUS, CONFIG_SCHED_CLASS_EXT, CONFIG_KVM" ]
	[ "$output" = "$(end_record 65 0)" ]
	clean
	[ -z "$(ls cache/kt/kernels)" ]
}

@test "kernel: options that newer kernels no longer offer are none that was dropped" {
	tree t 9.8.7
	printf '%s\n' CONFIG_SCHED_DEBUG CONFIG_X86_5LEVEL CONFIG_PROC_SYSCTL >t/drop
	run --separate-stderr kt-kernel build t
	[ "$status" -eq 65 ]
	# what stands for it has to be there
	[ "${stderr_lines[-1]}" = "kt-kernel: 9.8.7 dropped 1 required option: CONFIG_PROC_SYSCTL" ]
	echo CONFIG_SYSCTL=y >heir
	kt-kernel build -f heir t
	# one that is offered and off is missing, whatever its name
	tree u 9.8.7
	echo CONFIG_X86_5LEVEL >u/drop
	echo '# CONFIG_X86_5LEVEL is not set' >u/keep
	run --separate-stderr kt-kernel build u
	[ "$status" -eq 65 ]
	[ "${stderr_lines[-1]}" = "kt-kernel: 9.8.7 dropped 1 required option: CONFIG_X86_5LEVEL" ]
}

@test "kernel: --fragment adds settings and makes another key" {
	tree t 9.8.7
	printf '%s\n' '# mine' CONFIG_KASAN=y '# CONFIG_KVM is not set' >mine
	run --separate-stderr kt-kernel build -f mine t
	[ "$status" -eq 0 ]
	grep -qx CONFIG_KASAN=y cache/kt/kernels/*/config
	kt-kernel build t
	[ "$(find cache/kt/kernels -name bzImage | wc -l)" -eq 2 ]
	# without a word, the one of kt.config alone is meant
	run -1 grep -q KASAN "$(kt-kernel find | jq -r 'select(.type == "kernel").config')"

	run --separate-stderr kt-kernel build -f nowhere t
	failed 65 "unable to read nowhere: No such file or directory"
	echo hello >nothing
	run --separate-stderr kt-kernel build -f nothing t
	failed 65 "nothing sets no option"
	echo CONFIG_KASAN=y >t/drop
	rm -r cache/kt/build
	run --separate-stderr kt-kernel build -f mine t
	[ "$status" -eq 65 ]
	[ "${stderr_lines[-1]}" = "kt-kernel: 9.8.7 dropped 1 required option: CONFIG_KASAN" ]
}

@test "kernel: a build that fails shows its errors and leaves the log alone" {
	tree t 9.8.7 40
	printf 'x.c:1: error: the first\n' >t/broken
	seq 30 >>t/broken
	run --separate-stderr kt-kernel build t
	[ "$status" -eq 65 ]
	[[ "$stderr" == *$'\n    x.c:1: error: the first\n    ...\n'* ]]
	[ "$(grep -c '^    ' <<<"$stderr")" -eq 22 ]
	log=$(sed -n 's/^kt-kernel: 9.8.7 does not build (exit code 2); the whole log is //p' <<<"$stderr")
	grep -q 'drivers/40.o' "$log"
	clean
	[ -z "$(ls cache/kt/kernels)" ]
	rm t/broken
	kt-kernel build t
	[ ! -e "$log" ]
}

@test "kernel: progress: a line every ten seconds where stderr is no terminal" {
	tree t 9.8.7 4
	echo 7 >t/slow
	MAKEFLAGS='' run --separate-stderr taskset -c 0 kt-kernel build t
	[ "$status" -eq 0 ]
	[[ "$stderr" =~ "kt-kernel: building 9.8.7: 2 of ~"[0-9]+" files, 10s" ]]
}

@test "kernel: progress: one line with a bar on a terminal" {
	tree t 9.8.7 4
	echo 0.5 >t/slow
	kt-kernel build -k t # the number of files is known from here on
	rm -r cache/kt/build
	run script -qec "stty cols 100; kt-kernel build t" /dev/null
	[ "$status" -eq 0 ]
	[[ "$output" == *$'\rkt-kernel: building 9.8.7 ['*'----] '*'%, '* ]]
	[[ "$output" == *'] 50%, '* ]]
	[[ "$output" == *$'\r\033[K'* ]]
}

compiling() {
	grep -qs CC cache/kt/build/*.log
}

# ^C, and what else ends it: make is gone, nothing is left.
interrupt() { # SIGNAL EXIT
	tree t 9.8.7 4
	echo 31.4 >t/slow
	# a shell's background jobs ignore SIGINT
	env --default-signal=INT kt-kernel build t >out 2>err 3>&- &
	wait_for compiling
	kill "-$1" $!
	rc=0
	wait $! || rc=$?
	[ "$rc" -eq "$2" ]
	[ "$(tail -n 1 err)" = "kt-kernel: interrupted" ]
	[ "$(cat out)" = "$(end_record "$2" 0)" ]
	run -1 pgrep -f 'sleep 31[.]4'
	[ -z "$(ls -A cache/kt/kernels)" ]
	[ -z "$(ls -A cache/kt/build)" ]
}

@test "kernel: ^C in mid-build leaves nothing behind" {
	interrupt INT 130
}

@test "kernel: SIGTERM in mid-build leaves nothing behind" {
	interrupt TERM 143
}

@test "kernel: after kill -9 there is no entry, and the next build works" {
	tree t 9.8.7 4
	echo 2 >t/slow
	kt-kernel build t >out 2>err 3>&- &
	wait_for compiling
	kill -9 $!
	run --separate-stderr kt-kernel list --json
	[ "$output" = "$(end_record 0 0)" ]
	rm t/slow
	kt-kernel build t
	clean
}

@test "kernel: two builds of one source: the second waits and finds the entry" {
	tree linux 9.8.7 2
	echo 1 >linux/slow
	tar -cf a.tar linux
	kt-kernel build a.tar >out1 2>err1 3>&- &
	wait_for compiling
	run --separate-stderr kt-kernel build a.tar
	wait $!
	[ "$status" -eq 0 ]
	[ "${stderr_lines[0]}" = "kt-kernel: waiting for another build of $PWD/a.tar" ]
	[[ "${stderr_lines[1]}" == *" is in the cache already" ]]
	[ "$(head -n 1 out1)" = "${lines[0]}" ]
	clean
}

@test "kernel: a disk that fills up in the build leaves no half entry" {
	small_disk 3M
	run --separate-stderr kt-kernel build t
	disk_full
}

@test "kernel: a disk that fills up with the image leaves no half entry" {
	small_disk 3M
	cp "$KT_TOP/share/kt.config" t/.config # built in place, elsewhere
	run --separate-stderr kt-kernel build t
	disk_full
}

@test "kernel: a disk that fills up with the symbols leaves no half entry" {
	small_disk 1M
	cp "$KT_TOP/share/kt.config" t/.config
	echo 'char big[1 << 21] = { 1 };' >>t/x.c
	run --separate-stderr kt-kernel build t
	disk_full
}

@test "kernel: programs that a build needs are named" {
	mkdir bin
	for p in make gcc ld objcopy perl tar xz lz4 pahole bc; do
		ln -s "$(command -v $p)" bin/
	done
	tree t 9.8.7
	run --separate-stderr env PATH="$PWD/bin" "$KT_BIN/kt-kernel" build t
	failed 69 "a kernel build needs flex, bison: install them first"
}

# An entry that no build made.
entry() { # VERSION KEY [BASE]
	local d=cache/kt/kernels/$2
	mkdir -p "$d"
	image "$d/bzImage" "$1"
	: >"$d/vmlinux"
	echo CONFIG_SCHED_CLASS_EXT=y >"$d/config"
	base=${3-$(base)}
	cat >"$d/metadata.json" <<-END
		{"version":"$1","source":"/x","source_kind":"tree","key":"$2","kconfig":"$base",
		 "base":"$base","built_at":"2026-01-01T00:00:00Z","files":1,
		 "sha256":"$(sha256sum "$d/bzImage" | cut -c1-64)"}
	END
}

# The sum of kt.config's settings, as the tool takes it.
base() {
	grep -E '^CONFIG_|^# CONFIG_.* is not set$' "$KT_TOP/share/kt.config" | sha256sum | cut -c1-64
}

found() { # SPEC...: the version found
	kt-kernel find "$@" | jq -r 'select(.type == "kernel").version'
}

@test "kernel: find by version, series and key; the newest wins, in the order of releases" {
	entry 9.9.9 a
	entry 9.12.117 b
	entry 9.12-rc3 c
	entry 9.12.20 d
	entry 8.1.1 e
	[ "$(found)" = 9.12.117 ]
	[ "$(found 9.12)" = 9.12.117 ]
	[ "$(found 9.12.20)" = 9.12.20 ]
	[ "$(found 9.9)" = 9.9.9 ]
	[ "$(found 8)" = 8.1.1 ]
	[ "$(found c)" = 9.12-rc3 ]
	[ "$(KT_KERNEL=8.1.1 found)" = 8.1.1 ]
	[ "$(KT_KERNEL=8.1.1 found 9.9.9)" = 9.9.9 ]
	rm -r cache/kt/kernels/[bd]
	[ "$(found)" = 9.12-rc3 ]
	run --separate-stderr kt-kernel find 9.1
	[ "$status" -eq 69 ]
	[[ "$stderr" == "kt-kernel: no kernel 9.1: $PWD/cache/kt/kernels holds only c, a, e, and "* ]]
}

@test "kernel: find takes today's kt.config first, and an older one with a warning" {
	entry 9.9.9 new 0000
	entry 9.8.7 old
	run --separate-stderr kt-kernel find
	[[ "${lines[0]}" == *'"version":"9.8.7"'* ]]
	[ -z "$stderr" ]
	run --separate-stderr kt-kernel find 9.9
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == *'"version":"9.9.9"'* ]]
	[ "$stderr" = "kt-kernel: warning: new was built from another kt.config than the one here; 'kt kernel build' makes a new one" ]
}

@test "kernel: list: a table for people, records, and what is corrupt and why" {
	run --separate-stderr kt-kernel list
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$stderr" = "kt-kernel: no kernels in $PWD/cache/kt/kernels; type 'kt kernel build'" ]
	entry 9.8.7 good
	entry 9.8.6 stale 0000
	entry 9.8.5 changed
	poke cache/kt/kernels/changed/bzImage 700 x
	entry 9.8.4 cut
	truncate -s 100 cache/kt/kernels/cut/bzImage
	entry 9.8.3 half
	rm cache/kt/kernels/half/vmlinux
	entry 9.8.2 plain
	echo '{"version": ' >cache/kt/kernels/plain/metadata.json
	entry 9.8.1 conf
	rm cache/kt/kernels/conf/config
	run --separate-stderr kt-kernel list
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	diff - <(echo "$output") <<-END
		VERSION      KEY     BUILT                STATE
		9.8.7        good    2026-01-01T00:00:00Z good
		9.8.6        stale   2026-01-01T00:00:00Z from another kt.config
		-            changed -                    corrupt: bzImage is not the one that was built
		-            cut     -                    corrupt: bzImage: no bzImage (no Linux boot header in it)
		-            half    -                    corrupt: vmlinux is missing
		-            conf    -                    corrupt: config is missing or no configuration
		-            plain   -                    corrupt: metadata.json cannot be read
	END
	run --separate-stderr kt-kernel list --json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.type == "kernel").key' <<<"$output")" = $'good\nstale' ]
	[ "${lines[-1]}" = "$(end_record 0 2)" ]
	[ "${#stderr_lines[@]}" -eq 5 ]
	[ "${stderr_lines[0]}" = "kt-kernel: warning: $PWD/cache/kt/kernels/changed is corrupt: bzImage is not the one that was built" ]

	run --separate-stderr kt-kernel find half
	failed 65 "$PWD/cache/kt/kernels/half is corrupt: vmlinux is missing; type 'kt kernel build'"
}

@test "kernel: leftovers of killed builds go after a day" {
	mkdir -p cache/kt/kernels/.tmp-new cache/kt/kernels/.tmp-old
	touch -d '2 days ago' cache/kt/kernels/.tmp-old
	kt-kernel list
	[ ! -e cache/kt/kernels/.tmp-old ]
	[ -e cache/kt/kernels/.tmp-new ]
}

@test "kernel: the machine's own kernel is taken if it can be a guest's" {
	unshare -m true 2>/dev/null || skip "no mount namespace here"
	r=$(uname -r)
	image host "$r"
	cat >own <<-END
		mount -t tmpfs none /boot || exit 77
		[ ! -d /lib/modules ] || mount -t tmpfs none /lib/modules || exit 77
		[ "\$1" = none ] || cp host /boot/vmlinuz-$r
		[ "\$1" = bare ] || [ "\$1" = none ] || cp "\$1" /boot/config-$r
		exec kt-kernel find
	END
	run unshare -m sh own none
	[ "$status" -ne 77 ] || skip "no mount here"
	[[ "$output" == "kt-kernel: no kernel: $PWD/cache/kt/kernels holds none, and there is no readable /boot/vmlinuz-$r; type 'kt kernel build'"* ]]

	sed 's/$/=y/; s/^/CONFIG_/' <<-END >good
		SCHED_CLASS_EXT
		VIRTIO_PCI
		VIRTIO_CONSOLE
		SERIAL_8250_CONSOLE
		BLK_DEV_INITRD
		RD_ZSTD
		DEVTMPFS
		CGROUPS
		CPUSETS
		ACPI_NUMA
		BPF_SYSCALL
		DEBUG_INFO_BTF
	END
	run --separate-stderr unshare -m sh own good
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "{\"type\":\"kernel\",\"version\":\"$r\",\"image\":\"/boot/vmlinuz-$r\",\"vmlinux\":null,\"config\":\"/boot/config-$r\",\"modules\":null,\"source\":\"host\",\"key\":null,\"sched_ext\":true}" ]

	grep -v -e VIRTIO_PCI -e SCHED <good >bad
	run --separate-stderr unshare -m sh own bad
	failed 69 "no kernel: $PWD/cache/kt/kernels holds none, and /boot/vmlinuz-$r lacks CONFIG_SCHED_CLASS_EXT=y, CONFIG_VIRTIO_PCI=y or CONFIG_VIRTIO_MMIO=y; type 'kt kernel build'"
}

@test "kernel: the kernel's own schedulers are made from what it was built from, by the newest clang" {
	tree t 9.8.7
	kt-kernel build t
	mkdir -p bin t/tools/sched_ext t/tools/testing/selftests/sched_ext
	cat >t/tools/sched_ext/Makefile <<-'END'
		.RECIPEPREFIX = >
		all:
		>@echo 'x.bpf.c:1:1: error: made by $(CLANG)' >&2; false
	END
	printf '#!/bin/sh\necho 99.1.2\n' >bin/clang-99
	chmod +x bin/clang-99
	KT_KERNEL=9.8 PATH=$PWD/bin:$PATH run --separate-stderr "$KT_TOP/scripts/upstream-scx"
	[ "$status" -eq 65 ]
	[ "${stderr_lines[0]}" = "upstream-scx: building the schedulers of 9.8" ]
	[ "${stderr_lines[1]}" = "x.bpf.c:1:1: error: made by clang-99" ]
	[ "${stderr_lines[-1]}" = "upstream-scx: tools/sched_ext of 9.8 does not build with clang-99 (99.1.2); a newer clang may, if installed" ]
	clean
	rm -r t
	KT_KERNEL=9.8 run --separate-stderr "$KT_TOP/scripts/upstream-scx"
	[ "$status" -eq 69 ]
	[ "$stderr" = "upstream-scx: no kernel source: set KT_KERNEL_SRC to a tree, or install linux-source-9.8" ]
}
