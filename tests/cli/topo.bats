#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kt-topo: records, messages, and tables as an independent reader (iasl) takes them.

load helpers

topo() {
	run --separate-stderr kt-topo "$@"
}

# The member $1 of the first record of the last run.
member() {
	head -n1 <<<"$output" | jq -c "$1"
}

end_record() {
	echo "{\"type\":\"end\",\"tool\":\"kt-topo\",\"exit\":$1,\"records\":$2}"
}

# fails_with CODE MESSAGE ARG...: one message, the end record, nothing else
fails_with() {
	local code=$1 message=$2
	shift 2
	topo "$@"
	[ "$status" -eq "$code" ]
	[ "$stderr" = "kt-topo: $message" ]
	[ "$output" = "$(end_record "$code" 0)" ]
}

# the names in a directory, dot files included
names() {
	find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' '
}

usage() {
	local message=$1
	shift
	fails_with 64 "$message"$'\n'"Try 'kt-topo --help'." "$@"
}

@test "a record and the end record" {
	topo 2l2c1t
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq 2 ]
	[ "${lines[1]}" = "$(end_record 0 1)" ]
	[[ "${lines[0]}" == '{"type":"topology","spec":"1n2l2c1t","name":null,'* ]]
	[ "$(member 'del(.acpi.image, .acpi.tables)')" = '{"type":"topology","spec":"1n2l2c1t","name":null,"numa_nodes":1,"llcs":2,"cores_per_llc":2,"threads_per_core":1,"cpus":[{"id":0,"apic_id":0,"node":0,"llc":0,"core":0,"thread":0},{"id":1,"apic_id":1,"node":0,"llc":0,"core":1,"thread":0},{"id":2,"apic_id":2,"node":0,"llc":1,"core":0,"thread":0},{"id":3,"apic_id":3,"node":0,"llc":1,"core":1,"thread":0}],"nodes":[{"id":0,"memory_mib":2048,"cpus":"0-3"}],"distances":[[10]],"memory":[{"node":0,"gpa":0,"length":2147483648}],"acpi":{"base":262144,"rsdp":262144}}' ]
}

@test "a preset has a name, nodes and distances" {
	topo numa2-4llc
	[ "$status" -eq 0 ]
	[ "$(member '[.spec, .name]')" = '["2n4l4c1t","numa2-4llc"]' ]
	[ "$(member .nodes)" = '[{"id":0,"memory_mib":1024,"cpus":"0-7"},{"id":1,"memory_mib":1024,"cpus":"8-15"}]' ]
	[ "$(member .distances)" = '[[10,20],[20,10]]' ]
	[ "$(member '[.cpus[8] | .node, .llc, .core]')" = '[1,2,0]' ]
}

@test "several topologies in the order given" {
	topo 1l1c1t tiny-2llc 1l1c1t
	[ "$status" -eq 0 ]
	[ "$(jq -c .spec <<<"$output" | tr '\n' ' ')" = '"1n1l1c1t" "1n2l2c1t" "1n1l1c1t" null ' ]
	[ "${lines[3]}" = "$(end_record 0 3)" ]
}

@test "the image is the tables, byte for byte" {
	topo --acpi-dir t 3n9l5c1t
	member .acpi.image | jq -r . | base64 -d >image
	cmp -n 36 image t/rsdp.bin
	local n=0 signature offset length
	while read -r signature offset length; do
		cmp <(tail -c +$((offset + 1)) image | head -c "$length") "t/${signature,,}.aml"
		n=$((n + 1))
	done < <(member .acpi.tables | jq -r '.[] | "\(.signature) \(.offset) \(.length)"')
	[ "$n" -eq 9 ]
	[ "$(names t)" = "apic.aml dsdt.aml facp.aml facs.aml hmat.aml hpet.aml rsdp.bin slit.aml srat.aml xsdt.aml " ]
}

@test "memory: asked for, floor, hole" {
	topo -m 3G 2n2l1c1t
	[ "$(member .memory)" = '[{"node":0,"gpa":0,"length":1610612736},{"node":1,"gpa":1610612736,"length":536870912},{"node":1,"gpa":4294967296,"length":1073741824}]' ]
	topo --memory 1M 1l1c1t
	[ "$(member '[.nodes[].memory_mib]')" = '[256]' ]
	topo 1l64c1t
	[ "$(member '[.nodes[].memory_mib]')" = '[4096]' ]
	topo max-cpu
	[ "$(member '[.nodes[].memory_mib]')" = '[16128]' ]
	topo -m 20G max-cpu
	[ "$(member '[.nodes[].memory_mib]')" = '[20480]' ]
}

@test "no topology" {
	fails_with 64 "'3x2y' is no topology (expected [Nn]NlNcNt such as 2l2c1t or 1n2l4c2t, or a preset: see 'kt-topo --list')" 3x2y
}

@test "LLCs that do not fit the nodes" {
	fails_with 64 "topology '2n5l2c1t': 5 LLCs cannot be spread evenly over 2 NUMA nodes (llcs must be a multiple of nodes)" 2n5l2c1t
}

@test "limits" {
	fails_with 64 "topology '1l1025c1t': more than 1024 CPUs" 1l1025c1t
	fails_with 64 "topology '65n65l1c1t': more than 64 NUMA nodes" 65n65l1c1t
	fails_with 64 "topology '2l0c1t': every count must be at least 1" 2l0c1t
	topo 1l1024c1t
	[ "$status" -eq 0 ]
	[ "$(member '.cpus | length')" = 1024 ]
}

@test "a mistake in the last topology leaves nothing half done" {
	fails_with 64 "topology '2l0c1t': every count must be at least 1" --acpi-dir d 1l1c1t 2l0c1t
	[ ! -e d ]
}

@test "usage" {
	usage "no topology given (such as 2l2c1t; see 'kt-topo --list')"
	usage "--list takes no topology" --list 1l1c1t
	usage "--memory: 'lots' is no size (expected a whole number and K, M, G or T, such as \"512M\")" -m lots 1l1c1t
	usage "--memory: '1500K' is not a whole number of MiB up to 512G" -m 1500K 1l1c1t
	usage "--memory: '0' is not a whole number of MiB up to 512G" -m 0 1l1c1t
	usage "--memory: '1T' is not a whole number of MiB up to 512G" -m 1T 1l1c1t
	usage "unknown option '--nonsense'" --nonsense
	usage "option '-m' needs a value" 1l1c1t -m
}

@test "--help and --version" {
	topo --help
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == "Usage: kt-topo "* ]]
	[[ "$output" != *'"type"'* ]]
	topo -V
	[ "$status" -eq 0 ]
	[[ "$output" == "kt-topo "* ]]
}

@test "--list agrees with kt-topology(7)" {
	topo --list
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 25 ]
	[ "${lines[0]}" = "NAME                 SPEC         CPUS  LLCS NODES     MEMORY" ]
	[ "${lines[2]}" = "tiny-2llc            1n2l2c1t        4     2     1   2048 MiB" ]
	diff <(tail -n +2 <<<"$output" | awk '{ $1 = $1; print }') \
		<(sed -n 's/^\.It \([a-z0-9-]* Ta [0-9]n.* MiB\) Ta.*/\1/p' "$KT_TOP/man/kt-topology.7" | sed 's/ Ta / /g')
}

@test "a full disk" {
	run --separate-stderr bash -c 'kt-topo 1l1c1t >/dev/full'
	[ "$status" -eq 74 ]
	[ "$stderr" = "kt-topo: unable to write to standard output: No space left on device" ]
}

@test "--acpi-dir: a directory for each of several, whole files, no leftovers" {
	topo --acpi-dir a/b tiny-1llc 2l2c1t
	[ "$status" -eq 0 ]
	[ "$(names a/b)" = "1n2l2c1t tiny-1llc " ]
	ino=$(stat -c %i a/b/1n2l2c1t/apic.aml)
	exec 7<a/b/1n2l2c1t/apic.aml # keeps the inode from being used again
	topo --acpi-dir a/b/1n2l2c1t 2l2c1t
	[ "$(stat -c %i a/b/1n2l2c1t/apic.aml)" != "$ino" ]
	[ "$(names a/b/1n2l2c1t | wc -w)" -eq 9 ]
}

@test "--acpi-dir that cannot be" {
	touch file
	fails_with 71 "unable to make the directory file/x: Not a directory" --acpi-dir file/x 1l1c1t
	fails_with 71 "unable to make the directory file: Not a directory" --acpi-dir file 1l1c1t
	mkdir -p d/slit.aml/x
	fails_with 71 "unable to write d/slit.aml: Is a directory" --acpi-dir d 1l1c1t
	[ -z "$(find d -name '.*.aml.*')" ]
}

# Every table of every preset, and of odd ones, goes through iasl without a finding.
@test "iasl disassembles every table of every preset" {
	command -v iasl || skip "iasl is not installed (acpica-tools)"
	mapfile -t names < <(kt-topo --list | awk 'NR > 1 { print $1 }')
	odd=(1n1l1c1t 3n9l5c1t 4n32l16c2t 64n64l16c1t 1n1l255c1t 1n1l256c1t 1n341l3c1t 7n7l3c3t)
	[ "${#names[@]}" -eq 24 ]
	topo --acpi-dir t "${names[@]}" "${odd[@]}"
	[ "$status" -eq 0 ]
	for d in t/*; do
		iasl -d "$d"/*.aml >iasl.log 2>&1 || { cat iasl.log; false; }
		if grep -niE 'error|warning|invalid|incorrect|unknown' iasl.log "$d"/*.dsl; then
			false
		fi
		[ "$(names "$d" | grep -o '\.dsl' | wc -l)" -eq "$(find "$d" -name '*.aml' | wc -l)" ]
	done
	# 8 tables, and the HMAT where there are nodes to compare
	diff <(jq -r 'select(.numa_nodes) | "\(.name // .spec) \(if .numa_nodes > 1 then 9 else 8 end)"' <<<"$output" | sort) \
		<(for d in t/*; do echo "${d#t/} $(find "$d" -name '*.aml' | wc -l)"; done | sort)
	[ -e t/numa2-4llc/hmat.dsl ]
	[ "$(names t | wc -w)" -eq 32 ]
	[ "$(grep -c 'Processor Local x2APIC]' t/4n32l16c2t/apic.dsl)" -eq 769 ]
	[ "$(grep -c 'Processor Local APIC]' t/4n32l16c2t/apic.dsl)" -eq 255 ]
}

# iasl -d takes also what means something else; so compare with the source by hand, both
# compiled by iasl, which writes lengths in another form than kt-topo.
@test "the DSDT says what tests/data/dsdt.asl says, and compiles without a finding" {
	command -v iasl || skip "iasl is not installed (acpica-tools)"
	topo --acpi-dir t 2n4l2c2t
	cd t
	iasl -d dsdt.aml
	run iasl -p got dsdt.dsl
	[ "$status" -eq 0 ]
	[[ "$output" == *"0 Errors, 0 Warnings, 0 Remarks"* ]]
	iasl -p want "$KT_TOP/tests/data/dsdt.asl"
	cmp got.aml want.aml
}
