#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Work types in a plan: what their parameters come to, and what is said about wrong ones.

load helpers

# work JSON [MEMBERS]: t.json with a cgroup of that work, and further members
work() {
	printf '{ "cgroups": [{ "name": "a", "work": %s%s }] }\n' "$1" "${2:+, $2}" >t.json
}

@test "types and their defaults" {
	local line want
	while read -r line want; do
		work "$line"
		run --separate-stderr kt-guest plan t.json
		echo "$line: $output $stderr"
		[ "$(jq -c 'select(.type == "test") | .steps[0].cgroups[0].groups[0].work' <<<"$output")" = "$want" ]
	done <<-'END'
		"SmtSiblingSpin" {"type":"SmtSiblingSpin"}
		"AluHot" {"type":"AluHot","width":"widest"}
		{"AluHot":{"width":"512"}} {"type":"AluHot","width":"512"}
		"IpcVariance" {"type":"IpcVariance","hot_iters":100000,"cold_iters":1024,"period_iters":64}
		"IdleChurn" {"type":"IdleChurn","burst_ns":1000000,"sleep_ns":5000000,"precise_timing":false}
		"CachePressure" {"type":"CachePressure","size_bytes":32768,"stride_bytes":64}
		{"CacheYield":{"size":"1M","stride":128}} {"type":"CacheYield","size_bytes":1048576,"stride_bytes":128}
		"CachePipe" {"type":"CachePipe","size_bytes":32768,"stride_bytes":64,"burst_iters":1024}
		"FutexFanOut" {"type":"FutexFanOut","fan_out":4,"spin_iters":1024}
		"FanOutCompute" {"type":"FanOutCompute","fan_out":4,"footprint_bytes":262144,"operations":5,"sleep_ns":100000}
		"WakeChain" {"type":"WakeChain","depth":4,"wake":"pipe","work_per_hop_ns":100000}
		"AsymmetricWaker" {"type":"AsymmetricWaker","waker":"fifo","wakee":"normal","burst_iters":1024}
		"EpollStorm" {"type":"EpollStorm","producers":1,"consumers":2,"events_per_burst":32}
		"ThunderingHerd" {"type":"ThunderingHerd","waiters":7,"batches":1000,"inter_batch_ns":5000000}
		"Schbench" {"type":"Schbench","message_threads":1,"worker_threads":0,"footprint_bytes":262144,"operations":5,"sleep_ns":100000,"skip_locking":false,"requests_per_sec":0,"auto_rps":0,"split_percent":100,"pipe_transfer_bytes":0}
		"Taobench" {"type":"Taobench","fast_threads":0,"slow_threads":2,"cache_bytes":16777216,"object_bytes":1024,"shards":16,"hit_pct":90,"arrival_rate":0,"slow_path_p99_ns":1000000}
		{"Sequence":[{"alu":"1ms"}]} {"type":"Sequence","phases":[{"kind":"alu","ns":1000000}]}
	END
}

@test "the size of a group, which is also the default number of workers" {
	local line want
	while read -r line want; do
		work "$line"
		[ "$(kt-guest plan t.json | jq 'select(.type == "test") | .steps[0].cgroups[0].workers')" = "$want" ]
		work "$line" "\"workers\": $((want + 1))"
		run kt-guest plan t.json
		[ "$status" -eq 65 ]
	done <<-'END'
		"SmtSiblingSpin" 2
		"CachePipe" 2
		{"FutexFanOut":{"fan_out":6}} 7
		"FanOutCompute" 5
		{"WakeChain":{"depth":3}} 3
		"AsymmetricWaker" 2
		{"EpollStorm":{"producers":2,"consumers":3}} 5
		"ThunderingHerd" 8
		"Schbench" 1
		"Taobench" 1
	END
}

@test "wrong parameters" {
	local line want
	while IFS='|' read -r line want; do
		work "$line"
		run --separate-stderr kt-guest plan t.json
		echo "$stderr"
		[ "$status" -eq 65 ]
		[ "$stderr" = "kt-guest: t.json:1:$want" ]
	done <<-'END'
		{ "AsymmetricWaker": { "wakee": "fifo" } }|59: "waker" and "wakee" are the same class
		{ "CachePressure": { "size": "1KiB", "stride": "4KiB" } }|57: "stride" is larger than "size"
		{ "CachePressure": { "size": "big" } }|67: "size": 'big' is no size (expected a whole number and K, M, G or T, such as "512M")
		{ "CachePressure": { "size": "16" } }|67: "size": expected from 64 to 1073741824 bytes, found "16"
		{ "CachePressure": { "size": 16 } }|67: "size": expected a size such as "32KiB", or bytes from 64 to 1073741824, found 16
		{ "AluHot": { "width": 512 } }|61: "width": expected one of "widest", "scalar", "128", "256", "512", found 512
		{ "Sequence": [{ "nap": "1ms" }] }|55: unknown key "nap" in a phase (expected one of spin, sleep, yield, io, alu)
		{ "Schbench": { "pipe_transfer_bytes": "4KiB", "auto_rps": 50 } }|52: "pipe_transfer_bytes" leaves no room for a rate of requests
		{ "Schbench": { "message_threads": 64, "worker_threads": 65 } }|52: more than 4096 threads
		{ "Taobench": { "cache": "8KiB" } }|52: "cache" has no room for an object in each shard
		{ "SmtSiblingSpin": { "a": 1 } }|58: work type SmtSiblingSpin takes no parameters
		{ "WakeChain": { "depth": 1 } }|64: "depth": expected a whole number from 2 to 1024, found 1
	END
	work '"Schbench"' '"workers": 2'
	run --separate-stderr kt-guest plan t.json
	[ "$status" -eq 65 ]
	[ "$stderr" = 'kt-guest: t.json:1:61: "workers": one of Schbench fills its CPUs with threads of its own (expected 1, found 2)' ]
}
