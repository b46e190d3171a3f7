#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# BPF maps of each kind in a snapshot from outside, against what a program (maps.c) has put into
# them in the guest, while kt knows nothing of it.
load helpers

setup_file() {
	export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache} RUN=$BATS_FILE_TMPDIR/run.jsonl
	cd "$BATS_FILE_TMPDIR" || return
	# shellcheck disable=SC2046
	cc -O2 -D_GNU_SOURCE -o maps "$KT_TOP/tests/e2e/maps.c" $(pkg-config --cflags --libs libbpf) || return
	cat >t.json <<-'END'
		{ "topology": "1l2c1t", "workloads": [{ "name": "maps", "binary": "./maps" }],
		  "steps": [{ "cgroups": [{ "name": "a", "workers": 1 }], "hold": "2s" },
			    { "ops": [{ "snapshot": "s" }], "cgroups": [{ "name": "b", "workers": 1 }], "hold": "100ms" }] }
	END
	{
		kt-guest plan t.json
		kt-topo 1l2c1t
		kt-kernel find
	} | kt-initrd | kt-vm --engine tcg >"$RUN"
}

# entries NAME [FILTER]: of the map, each on a line
entries() {
	jq -c "select(.type == \"snapshot\") | .maps[] | select(.name == \"$1\") | .entries[] | ${2:-.}" "$RUN"
}

# is NAME TYPE: entries on standard input, in any order
is() {
	[ "$(jq -r "select(.type == \"snapshot\") | .maps[] | select(.name == \"$1\") | .type" "$RUN")" = "$2" ]
	diff <(entries "$1" | sort) <(sort)
}

value() {
	printf '{"count":%d,"level":%d,"tag":"kt"}' "$1" "$2"
}

@test "the program has lived until the end" {
	"$KT_TOP/tests/tools/validate-records" <"$RUN"
	jq -r 'select(.type == "payload") | .exit, .stderr' "$RUN" | xargs | tee end
	[ "$(cat end)" = killed ]
}

@test "array, hash, LRU hash" {
	is t_array array <<-END
		{"key":0,"value":{"count":0,"level":0,"tag":""}}
		{"key":1,"value":$(value 11 -1)}
	END
	is t_hash hash <<<"{\"key\":1000,\"value\":$(value 21 -2)}"
	is t_lru lru_hash <<-END
		{"key":3,"value":$(value 31 -3)}
		{"key":4,"value":$(value 32 -3)}
	END
}

@test "a value for each CPU: array, hash, LRU hash" {
	is t_parray percpu_array <<<"{\"key\":0,\"values\":[$(value 41 0),$(value 42 -1)]}"
	is t_phash percpu_hash <<<"{\"key\":5,\"values\":[$(value 51 0),$(value 52 -1)]}"
	is t_plru lru_percpu_hash <<<"{\"key\":6,\"values\":[$(value 61 0),$(value 62 -1)]}"
}

@test "storage of a task and of cgroups, with whose it is" {
	[ "$(entries t_task '.owner.comm, .value' | xargs -d '\n')" = "\"maps\" $(value 71 -7)" ]
	[ "$(entries t_task .owner.pid)" -gt 1 ]
	is t_cgrp cgrp_storage <<-END
		{"owner":{"cgroup":"/"},"value":$(value 81 -8)}
		{"owner":{"cgroup":"/t_outer/t_inner"},"value":$(value 82 -9)}
	END
}

@test "an arena: the pages that it has" {
	[ "$(entries t_arena '[.page, (.value | length)]' | xargs)" = '[0x100000000000,8192] [0x100000003000,8192]' ]
	# first, fourth
	[ "$(entries t_arena '.value[:14]' | xargs)" = '66697273740000 666f7572746800' ]
	[ "$(entries t_arena '.value[14:] | test("[^0]")' | xargs)" = 'false false' ]
}

@test "a map that is too large is cut, and says so" {
	[ "$(entries t_large .key | sort -u | wc -l)" -eq 4096 ]
	[ -z "$(entries t_large 'select(.key != .value.count)')" ]
	[ "$(jq 'select(.type == "snapshot") | .maps[] | select(.name == "t_large") | .truncated' "$RUN")" -gt 0 ]
	[ -z "$(jq 'select(.type == "snapshot") | .maps[] | select(.name != "t_large" and .truncated)' "$RUN")" ]
}
