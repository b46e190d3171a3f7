# SPDX-License-Identifier: GPL-2.0-only
# What kt-records(7) says, for a machine; tests/cli/records.bats compares the names in both.
# Run by tests/tools/validate-records: raw lines in, one line out for each thing that is wrong.
# Kinds: s string, i whole number, n number, b boolean, any; with ? it may be absent or null.
# [kind] is an array, [kind, "?"] one that may be absent; a "?" member makes an object optional,
# a "*" member gives the kind of members that have no name here. A "by" member names the member
# that picks one of "variants", whose members are there in addition.

def program: {host: "s?", guest: "s", closure: "b?", text: "s?"};

def scheduler: {
	name: "s", binary: "s?", guest_binary: "s?", args: ["s"], sysctls: {"*": "s"}, kargs: ["s"], files: [program, "?"],
	cgroup_parent: "s?", promises: {
		"?": true, nice: "b?", cgroup_weight: "b?", cgroup_max: "b?", work_conserving: "b?", affinity: "b?", yield: "b?"
	},
	builtin: {"?": true, enable: ["s"], disable: ["s"]}
};

def task: {
	pid: "i", comm: "s", slice_ns: "i", vtime: "i", weight: "i", runnable_jiffies: "i?"
};
def scx_exit: {
	"?": true, ops: "s", kind: "any", exit_code: "i", reason: "s?", msg: "s?", backtrace: ["s"], dump: "s?",
	blame: {
		"?": true, evidence: "s", callbacks: [{op: "s?", program: "s?", missing: "b?"}],
		task: {"?": true, pid: "i", comm: "s", waited_ms: "i"}, dsq: "s?", cpu: "i?"
	}
};

def event: {ns: "i", at_ns: "i", cpu: "i"};

# Counters are whole numbers, or arrays of them.
def domain: {level: "i", name: "s", "*": "any"};

def affinity: {"?": true, kind: "s", cpus: "any", pool: "s?", count: "i?"};

# Limits on workers: of the test, of a cgroup, of a worker group.
def limits: {
	isolation: "b?", not_stuck: "b?", max_gap_ms: "n?", max_spread_pct: "n?", max_throughput_cv: "n?",
	min_work_rate: "n?", min_iteration_rate: "n?", max_p99_wake_latency_ns: "n?", max_p99_timer_late_ns: "n?",
	max_wake_latency_cv: "n?", max_migration_ratio: "n?", max_migrations_per_s: "n?",
	max_migrations_per_timeslice: "n?", min_page_locality: "n?", max_cross_node_migration_ratio: "n?",
	max_slow_tier_ratio: "n?"
};

def group: {
	workers: "i", work: {type: "s", "*": "any"}, nice: "i?", affinity: affinity, comm: "s?", pcomm: "s?",
	uid: "i?", gid: "i?", clone: "s?", assert: ({"?": true} + limits),
	policy: {"?": true, kind: "s", priority: "i?", runtime_ns: "i?", deadline_ns: "i?", period_ns: "i?"},
	mem_policy: {"?": true, mode: "s", nodes: "s?", flags: ["s", "?"]}
};

def cgroup: {
	name: "s", cpus: "s?", mems: "s?", files: {"?": true, "*": "s"}, payload: "s?", groups: [group, "?"],
	assert: ({"?": true} + limits),
	workers: "i?", work: {"?": true, type: "s", "*": "any"}
};

def op: {
	op: "s", cgroup: "any", cpus: "s?", mems: "s?", cgroups: ["s", "?"], group: ({"?": true} + group),
	affinity: affinity, from: "s?", to: "s?", payload: "s?", timeout_ns: "i?", tag: "s?", scheduler: "s?",
	weight: "i?", value: "any", signal: "s?", key: "s?", path: "s?", what: "s?", name: "s?", hits: "i?",
	interval_ns: "i?", equals: "i?"
};

def schema: {
	test: {
		name: "s", file: "s", description: "s?", topology: "s", options: ["s", "?"],
		memory_mib: "i", duration_ns: "i", watchdog_ns: "i",
		kargs: ["s", "?"], sysctls: {"?": true, "*": "s"},
		scheduler: ({"?": true} + scheduler), schedulers: [scheduler, "?"], programs: [program, "?"],
		payloads: [{
			name: "s", guest_binary: "s", host: "s", args: ["s"], output: "s", timeout_ns: "i?", cgroup: "s?",
			checks: [{metric: "s?", min: "n?", max: "n?", exists: "b?", exit_code: "i?"}],
			metrics: [{name: "s", polarity: "s", unit: "s", target: "n?"}]
		}, "?"],
		payload: "s?", workloads: ["s", "?"],
		constraints: {
			"?": true, min_numa_nodes: "i", max_numa_nodes: "i", min_llcs: "i", max_llcs: "i", min_cpus: "i",
			max_cpus: "i", requires_smt: "b"
		},
		expect: {"?": true, error: "b", contains: ["s", "?"], matches: ["s", "?"]}, allow_inconclusive: "b?",
		backdrop: {"?": true, cgroups: [cgroup], ops: [op], payloads: ["s"]},
		assert: (limits + {
			cleanup_budget_ms: "n?",
			monitor: "b?", max_imbalance_ratio: "n?", max_local_dsq_depth: "n?", fail_on_rq_clock_stuck: "b?",
			max_fallback_rate: "n?", max_keep_last_rate: "n?", sustained_samples: "n?",
			defaults: "b?", work_conservation: "b?", share: "b?", quota: "b?", affinity: "b?", wait: "b?",
			timeslice: "b?", migration: "b?", yield: "b?", callbacks: "b?",
			fork: "b?", progress: "b?", scheduler: "b?", kernel_log: "b?", topology: "b?", records: "b?",
			observer: "b?",
			kernel_log_allow: [{text: "s", reason: "s"}, "?"],
			shares: [{of: {"*": "n"}, tolerance_pct: "n"}, "?"],
			ratios: [{metric: "s", over: "s", under: "s", min: "n?", max: "n?"}, "?"]
		}),
		flight_recorder: "b?", num_snapshots: "i?", watch_fields: ["s", "?"],
		temporal: [{
			field: "s", pattern: "s", source: "s", cpus: "s?", of: "s?", min: "n?", max: "n?", target: "n?",
			tolerance: "n?", time_ns: "i?", from_step: "i?", to_step: "i?", value: "s?"
		}, "?"],
		steps: [{
			hold_ns: "i", every_ns: "i?", until_payload: "b?", ops: [op, "?"], cgroups: [cgroup]
		}]
	},
	item: {kind: "s", name: "s", description: "s?", file: "s?", error: "s?"},
	host: {
		kernel: "s", cgroup: "s", cpus: "s", cpu_of: ["i"], nodes: [{id: "i", cpus: "s"}], scheduler: "s?",
		guest_ns: "i"
	},
	topology: {
		spec: "s", name: "s?", numa_nodes: "i", llcs: "i", cores_per_llc: "i", threads_per_core: "i",
		cpus: [{id: "i", apic_id: "i", node: "i", llc: "i", core: "i", thread: "i"}],
		nodes: [{id: "i", memory_mib: "i", cpus: "s"}],
		distances: [["i"]],
		memory: [{node: "i", gpa: "i", length: "i"}],
		acpi: {base: "i", rsdp: "i", image: "s", tables: [{signature: "s", offset: "i", length: "i"}]}
	},
	kernel: {version: "s", image: "s", vmlinux: "s?", config: "s?", modules: "s?", source: "s", key: "s?", sched_ext: "b?"},
	initrd: {path: "s", size: "i", sha256: "s", files: "i"},
	vm: {
		engine: "s", engine_version: "s", cpus: "i", memory_mib: "i", cmdline: "s", deadline_ns: "i",
		why: "s?", sandbox: {
			"?": true, qemu: "s?", no_new_privs: "b?", capabilities: "s?", forbidden: "s?", seccomp: ["s", "?"]
		},
		host: {cpus: "i", kernel: "s", cpu_model: "s", load: ["n", "?"]}
	},
	boot: {t_ns: "i", stage: "s"},
	observe: {
		t_ns: "i", took_ns: "i", period_ns: "i", error: "s?", kaslr_virt: "s?", kaslr_phys: "s?",
		page_table_levels: "i?", absent: ["s", "?"]
	},
	domains: {
		t_ns: "i", domains: [{level: "i", name: "s", span: "s", cpus: "s", flags: ["s"]}]
	},
	sample: {
		t_ns: "i", cost_ns: "i", cpu: {
			nr_running: ["i", "?"], scx_nr_running: ["i", "?"], scx_flags: ["i", "?"], clock_ns: ["i", "?"],
			local_dsq: ["i", "?"], curr_pid: ["i", "?"], curr_comm: ["s", "?"], idle: ["i", "?"],
			nr_switches: ["i", "?"], run_delay_ns: ["i", "?"], pcount: ["i", "?"], yld_count: ["i", "?"],
			sched_count: ["i", "?"], sched_goidle: ["i", "?"], ttwu_count: ["i", "?"], ttwu_local: ["i", "?"],
			vcpu_ns: ["i", "?"], steal_ns: ["i", "?"], online: ["i", "?"], idle_total_ns: ["i", "?"],
			idle_for_ns: ["i", "?"], curr_class: ["s", "?"], curr_outside: ["i", "?"]
		},
		waiting: {
			"?": true, pid: ["i"], tgid: ["i"], comm: ["s"], kthread: ["i"], cgroup: ["s"], cpu: ["i"], cpus: ["s"],
			class: ["s"], weight: ["i"], dsq: ["any"], wait_ns: ["i"]
		},
		waiting_more: "i?", scx: {"?": true, state: "s", ops: "s", bypass: "b"}, steal: [["i"], "?"],
		events: {"?": true, select_cpu_fallback: ["i"], dispatch_keep_last: ["i"], "*": ["i"]},
		dsqs: [{id: "i", nr: "i"}], progs: [{id: "i", name: "s", op: "s?", cnt: "i", ns: "i"}, "?"],
		domains: [domain, "?"], fields: {"?": true, "*": "any"}
	},
	snapshot: {
		name: "s", reason: "s", t_ns: "i", pause_ns: "i", stop_ns: "i?", read_ns: "i?", resume_ns: "i?",
		truncated: "b?",
		cpus: [{
			cpu: "i", curr: {pid: "i", comm: "s"}, nr_running: "i", scx_nr_running: "i", clock_ns: "i",
			nr_switches: "i", local_dsq: [task], runnable: [task], events: {"?": true, "*": "i"},
			domains: [domain, "?"], regs_error: "s?", stack: ["s", "?"],
			regs: {"?": true, ip: "s", rip: "s", rsp: "s", rflags: "s", cr3: "s"}
		}],
		bypass: "b?", exit: scx_exit, dsqs: [{id: "i", nr: "i", tasks: [task]}],
		maps: [{
			name: "s", id: "i", type: "any", max_entries: "i", truncated: "i?",
			entries: [{key: "any", owner: {"?": true, pid: "i?", comm: "s?", cgroup: "s?"}, page: "any", value: "any", values: "any"}]
		}],
		progs: [{id: "i", name: "s", op: "s?", cnt: "i", ns: "i", verified_insns: "i"}],
		flight: [{ts_ns: "i", cpu: "i", event: "s", "*": "any"}, "?"]
	},
	scx_exit: {t_ns: "i", exit: scx_exit},
	console: {t_ns: "i", text: "s"},
	guest: {
		event: "s", guest_ns: "i", by: "event", variants: {
			init: {kernel: "s", cmdline: "s", cpus_online: "s"},
			topology: {
				cpus: [{id: "i", package: "i", die: "i", core: "i", node: "i", smt_cpus: "s", llc_cpus: "s?"}],
				nodes: [{
					id: "i", cpus: "s", memory_kib: "i", distances: ["i"],
					access: {"?": true, read_latency_ns: "i?", read_bandwidth_mbs: "i?"}
				}]
			},
			error: {text: "s"},
			done: {}
		}
	},
	step: {index: "i", event: "s", guest_ns: "i", setup_ns: "i?", workers: "i?"},
	observer: {step: "i?", guest_ns: "i", wall_ns: "i", cpus: [{cpu: "i", ns: "i"}], ops_ns: "i?"},
	op: {
		step: "i?", index: "i", op: "s", guest_ns: "i", duration_ns: "i", ok: "b", error: "s?", count: "i?",
		cgroup: "s?", cgroups: ["s", "?"], from: "s?", to: "s?", cpus: "s?", effective: "any", weight: "i?",
		value: "any", request: "b?", what: "s?", name: "s?", hits: "i?", interval_ns: "i?", equals: "i?", now: "s?", online: "s?", frozen: "i?", tasks: "i?", workers: "i?", signal: "s?", tag: "s?",
		procs: ["i", "?"], payload: "s?", timeout_ns: "i?", scheduler: "s?", key: "s?", path: "s?", "*": "any"
	},
	worker: {
		step: "i?", cgroup: "s", index: "i", group: "i?", tid: "i", work: "s", cpus_allowed: "s?", exit: "s",
		work_units: "i", iterations: "i", migrations: "i",
		wall_time_ns: "i", cpu_time_ns: "i", off_cpu_ns: "i", off_cpu_pct: "n",
		start_ns: "i?", start_delay_ns: "i?",
		max_gap_ns: "i", max_gap_cpu: "i", max_gap_at_ns: "i", gaps: [event, "?"], cpus_used: "s",
		wake_latency: {
			"?": true, count: "i", p50_ns: "n", p99_ns: "n", max_ns: "n", mean_ns: "n", cv: "n?", worst: [event, "?"]
		},
		timer_late: {
			"?": true, count: "i", p50_ns: "i", p99_ns: "i", max_ns: "i", mean_ns: "i", cv: "n", worst: [event, "?"]
		},
		run_delay: {
			"?": true, count: "i", p50_ns: "i", p99_ns: "i", max_ns: "i", mean_ns: "i", cv: "n", worst: [event, "?"]
		},
		failed: {"?": true, fork: "i", exec: "i", other: "i", error: "s"},
		schedstat: {"?": true, run_ns: "i", wait_ns: "i", timeslices: "i"},
		proc: {
			"?": true, voluntary_ctxt_switches: "i", nonvoluntary_ctxt_switches: "i",
			minor_faults: "i", major_faults: "i", child_minor_faults: "i",
			utime_ns: "i", stime_ns: "i", migrations: "i?", nice: "i", policy: "i", threads: "i?"
		},
		numa_pages: {"?": true, "*": "i"}, numa_pages_migrated: "i?", medium: "s?", metrics: {"?": true, "*": "n"},
		stderr: "s?"
	},
	sched: {
		name: "s", event: "s", guest_ns: "i", by: "event", variants: {
			start: {pid: "i?"},
			attach: {ops: "s", duration_ns: "i?"},
			failed: {reason: "s"},
			exit: {reason: "s", exit: "s"},
			restart: {duration_ns: "i"},
			stop: {duration_ns: "i?", error: "s?"},
			log: {text: "s"}
		}
	},
	payload: {
		name: "s", step: "i?", cgroup: "s?", exit: "s", guest_ns: "i", duration_ns: "i", metrics: {"*": "n"},
		truncated: "b?", stderr: "s"
	},
	control: {t_ns: "i", op: "s", took_ns: "i", error: "s?"},
	vm_exit: {
		t_ns: "i", cause: "s", detail: "s?", panic: ["s", "?"], kvm: {"?": true, stuck: "s?", "*": "any"},
		console_dropped: "i?", record_lost: "i?", load: ["n", "?"]
	},
	stats: {
		host: {
			"?": true, steal_pct: "n?", worst_pct: "n?", worst_cpu: "i", load: ["n", "?"], engine: "s?", known: "b"
		},
		field: "s?", samples: "i?", mean: "n?", min: "n?", max: "n?", last: "n?", delta: "n?", cpu_max: "n?",
		cgroup: "s?", workers: "i?", cpus: "i?", spread_pct: "n?", avg_off_cpu_pct: "n?", max_gap_ms: "n?",
		max_gap_cpu: "i?", migrations: "i?", iterations: "i?", p99_wake_us: "n?", run_delay_us: "n?",
		groups: [{
			step: "i?", group: "i", work: "s?", workers: "i", spread_pct: "n", max_gap_ms: "n",
			migrations: "i", iterations: "i"
		}, "?"]
	},
	check: {
		name: "s", cgroup: "s?", group: "i?", payload: "s?", worker: "i?", observed: "any", limit: "any", unit: "s?",
		verdict: "s", detail: "s"
	},
	verdict: {
		test: "s", verdict: "s", passed: "i", failed: "i", inconclusive: "i", skipped: "i", allowed: "b?", advice: "s?"
	},
	end: {tool: "s", exit: "i", records: "i"}
};

# Records of the guest get a t_ns on their way.
def from_guest: ["guest", "step", "op", "worker", "sched", "payload", "observer", "end"];

# What a member may be, beyond its kind.
def words: {
	"item.kind": ["test", "scheduler", "work", "leftover"],
	"kernel.source": ["cache", "host", "path"],
	"vm.engine": ["tcg", "kvm"],
	"boot.stage": ["start", "kernel", "init", "workload", "done"],
	"step.event": ["start", "hold", "end"],
	"sample.scx.state": ["enabling", "enabled", "disabling", "disabled"],
	"vm_exit.cause": ["poweroff", "reboot", "panic", "triple_fault", "deadline", "engine_lost", "interrupted", "garbage"],
	"check.name": ["isolation", "progress", "spread", "gap", "throughput_cv", "work_rate", "iteration_rate",
		"imbalance", "local_dsq_depth", "rq_clock", "fallback_rate", "keep_last_rate", "temporal",
		"wake_latency", "wake_latency_cv", "migration_ratio", "page_locality", "cross_node_migration",
		"slow_tier", "cleanup", "payload", "scheduler", "run", "share", "quota", "affinity", "fork",
		"share_of", "ratio", "timer_late", "migrations_per_s", "migrations_per_timeslice",
		"work_conservation", "wait", "timeslice", "migration", "yield", "callbacks", "kernel_log", "topology", "records", "observer"],
	"check.verdict": ["pass", "fail", "inconclusive", "skip"],
	"verdict.verdict": ["pass", "fail", "inconclusive", "skip"]
};

def kind_ok($k):
	if $k == "s" then type == "string"
	elif $k == "i" then type == "number" and . == floor
	elif $k == "n" then type == "number"
	elif $k == "b" then type == "boolean"
	else true end;

def optional:
	type as $t |
	if $t == "string" then endswith("?") or . == "any"
	elif $t == "array" then .[1] == "?"
	else .["?"] == true end;

def bad($s; $path):
	if . == null then
		(if $s | optional then empty else "\($path) is null" end)
	elif ($s | type) == "string" then
		(if kind_ok($s | rtrimstr("?")) then empty
		 else "\($path) is \(tojson), expected kind \($s)" end),
		(words[$path] as $w |
		 if $w == null or IN($w[]) then empty else "\($path) is \(tojson), expected one of \($w)" end)
	elif ($s | type) == "array" then
		(if type == "array" then to_entries[] | .key as $i | .value | bad($s[0]; "\($path)[\($i)]")
		 else "\($path) is \(tojson), expected an array" end)
	elif type != "object" then "\($path) is \(tojson), expected an object"
	else
		. as $o |
		(($s | keys_unsorted[] | select(. != "?" and . != "*")) as $m |
		 if $o | has($m) then $o[$m] | bad($s[$m]; "\($path).\($m)")
		 elif $s[$m] | optional then empty
		 else "\($path).\($m) is missing" end),
		($o | keys_unsorted[] | select(. as $m | $s | has($m) | not) as $m |
		 if $s["*"] then $o[$m] | bad($s["*"]; "\($path).\($m)")
		 else "\($path).\($m) is unknown" end)
	end;

# The schema of this one record, its variant included.
def schema_of:
	. as $o | schema[$o.type] |
	if .by then (.variants[$o[.by] // ""] // {"*": "any"}) + del(.by, .variants) else . end |
	. + {type: "s"} |
	if ($o.type | IN(from_guest[])) then . + {t_ns: "i?"} else . end;

def bad_record:
	if type != "object" then "no object"
	elif keys_unsorted[0] != "type" or (.type | type) != "string" then "the first member is no \"type\""
	elif schema[.type] == null then "unknown type \(.type)"
	elif schema[.type].by and (.event as $e | schema[.type].variants | has($e // "") | not) then
		"unknown event \(.event | tojson) of \(.type)"
	else schema_of as $s | bad($s; .type) end;

# With --list: every name of a type, nested ones too.
if $list then
	schema | to_entries[] | .key as $type |
	[.value | .. | objects | keys_unsorted[] | select(IN("?", "*", "type", "by", "variants") | not)] -
	(.value.variants // {} | keys) + [.value.variants // {} | .[] | .. | objects | keys_unsorted[] | select(IN("?", "*") | not)] |
	"\($type): \(unique - ["type"] | join(" "))"
else
	[inputs] as $lines |
	(if ($lines | length) == 0 then "no records" else empty end),
	($lines | to_entries[] | .key as $n | .value |
	 (try fromjson catch "no JSON") | bad_record | "line \($n + 1): \(.)"),
	(if ($lines | length) > 0 and ($lines[-1] | fromjson? | .type? // "") != "end"
	 then "the last record is no end record" else empty end)
end
