#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The guest sees the topology that was asked for: nodes, LLCs, cores, SMT, distances,
# access to memory, read from its sysfs and compared with the record.

load helpers

# From the topology record: what the guest's own record must say, as one comparable object.
# Package = node, die = LLC within it; CPU lists are spelled out, so that formats do not matter.
asked='
def cpus(f): [.cpus[] | select(f) | .id];
select(.type == "topology") | . as $t | {
	cpus: [.cpus[] | . as $c | {id,
		smt: ($t | cpus(.llc == $c.llc and .core == $c.core)),
		llc: ($t | cpus(.llc == $c.llc)),
		node}],
	nodes: [.nodes[] | . as $n | {id, cpus: ($t | cpus(.node == $n.id)), distances: $t.distances[.id],
		access: (if $t.numa_nodes > 1 then {read_latency_ns: 100, read_bandwidth_mbs: 51200} else null end)}]
}'
seen='
def list: if . == null or . == "" then [] else
	[split(",")[] | split("-") | map(tonumber) | range(.[0]; (.[1] // .[0]) + 1)] end;
select(.type == "guest" and .event == "topology") | {
	cpus: [.cpus | sort_by(.id)[] | {id, smt: (.smt_cpus | list), llc: (.llc_cpus | list), node}],
	nodes: [.nodes | sort_by(.id)[] | {id, cpus: (.cpus | list), distances, access}]
}'

same_topology() {
	boot "$1"
	show "$asked" >asked
	show "$seen" >seen
	[ -s seen ]
	diff asked seen
	# and the memory: each node's near what was asked (the kernel keeps some for itself)
	jq -se '
		(map(select(.type == "topology"))[0].nodes) as $want |
		(map(select(.type == "guest" and .event == "topology"))[0].nodes | sort_by(.id)) as $have |
		all(range(0; $want | length); . as $i |
			($have[$i].memory_kib / 1024 / $want[$i].memory_mib) as $r | $r > 0.75 and $r <= 1)' run.jsonl
	[ "$(jq -r 'select(.type == "vm_exit") | .cause' run.jsonl)" = poweroff ]
}

@test "1n1l1c1t: one CPU" { same_topology 1n1l1c1t; }
@test "tiny-1llc" { same_topology tiny-1llc; }
@test "tiny-2llc" { same_topology tiny-2llc; }
@test "odd-3llc: LLC count and size no powers of two" { same_topology odd-3llc; }
@test "odd-5llc" { same_topology odd-5llc; }
@test "odd-7llc" { same_topology odd-7llc; }
@test "smt-2llc: SMT siblings" { same_topology smt-2llc; }
@test "smt-3llc" { same_topology smt-3llc; }
@test "2n4l2c2t: NUMA and SMT" { same_topology 2n4l2c2t; }
@test "numa2-4llc" { same_topology numa2-4llc; }
@test "numa4-8llc: 32 CPUs in 4 nodes" { same_topology numa4-8llc; }
@test "medium-4llc: 32 CPUs with SMT" { same_topology medium-4llc; }
