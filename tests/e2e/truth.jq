# SPDX-License-Identifier: GPL-2.0-only
# usage: jq -sc -f truth.jq < RUN
# Compares what kt-vm read from outside with what the guest (truth.c) said before and after.
# Makes a line of each field: {field, compared, exact, close, wrong}.
#
# A counter is right if it is not less than before and not more than after. What may go either
# way is compared where nothing can have happened: on CPUs that have not switched tasks between
# the two. "exact" counts the comparisons where before and after are the same number, "close"
# those where they differ by 2 % at most: these prove more than that it counts at all.

def hex: ltrimstr("0x") | explode
	| reduce .[] as $c (0; . * 16 + (if $c > 96 then $c - 87 else $c - 48 end));

# "key   : value" lines as an object
def keys_of: [splits("\n") | capture("^ *\\.?(?<key>[^ ].*?) *: (?<value>.*)$")] | from_entries;

# /proc/schedstat: [{CPU's counters}]
def schedstat: [splits("\n") | select(startswith("cpu")) | [splits(" +")] | .[1:] | map(tonumber)
	| {yld_count: .[0], sched_count: .[2], sched_goidle: .[3], ttwu_count: .[4],
	   ttwu_local: .[5], run_delay_ns: .[7], pcount: .[8]}];

# its domains: [[{level by level}] by CPU]; kinds of idle as kt has them: busy, idle, about to idle
def domains: (capture("^version (?<v>[0-9]+)").v | tonumber) as $version
	| [splits("\ncpu") | select(test("^[0-9]")) | [splits("\n") | select(startswith("domain"))
		| [splits(" +") | select(test("^[0-9]+$")) | tonumber] | ((length - 12) / 3) as $each
		| [range(3) as $i | .[$each * $i:$each * ($i + 1)]] as $kind
		| (if $version < 16 then [$kind[1], $kind[0], $kind[2]] else $kind end) as $kind
		| .[$each * 3:] as $rest
		| {lb_count: ($kind | map(.[0])), lb_balanced: ($kind | map(.[1])), lb_failed: ($kind | map(.[2])),
		   lb_gained: ($kind | map(.[$each - 4])), lb_nobusyg: ($kind | map(.[$each - 1])),
		   alb_count: [$rest[0]], alb_pushed: [$rest[2]],
		   ttwu_wake_remote: [$rest[9]], ttwu_move_affine: [$rest[10]]}]];

# /proc/stat: [idle ns of each CPU], in units of 10 ms; of its two figures each is rounded down
def idle: [splits("\n") | select(test("^cpu[0-9]")) | [splits(" +")] | (.[4] | tonumber) + (.[5] | tonumber) | . * 10000000];

# ms with six digits
def ns: split(".") | (.[0] | tonumber) * 1000000 + (.[1] | tonumber);

# /sys/kernel/debug/sched/debug: {jiffies, cpu: [{...}]}
def debug: split("\ncpu#") | {jiffies: (.[0] | keys_of.jiffies | tonumber), cpu: [.[1:][]
	| split("\n\n")[0] | keys_of | {nr_running: (.nr_running | tonumber),
		nr_switches: (.nr_switches | tonumber), curr_pid: (.["curr->pid"] | tonumber),
		clock_ns: (.clock | ns)}]};

# /proc/PID/stat of its tasks: [{pid, comm, state, cpu}]
def task: capture("^(?<pid>[0-9]+) \\((?<comm>.*)\\) (?<state>.) (?<rest>.*)")
	| {pid: (.pid | tonumber), comm, state, cpu: (.rest | split(" ")[35] | tonumber)};

def said($round; $phase; $what): map(select(.event == "truth" and .round == $round
	and .phase == $phase and .what == $what) | .text);

def counter($field; $lo; $hi; $v): select($v != null)
	| {$field, exact: ($lo == $hi), close: ($hi - $lo <= $hi / 50), ok: ($lo <= $v and $v <= $hi), $lo, $hi, $v};
def same($field; $says; $v): {$field, exact: true, close: true, ok: ($says == $v), lo: $says, hi: $says, $v};

# what was seen of a CPU in a round, in a snapshot or in samples, and the phases around that
def seen($round; $cpu):
	(map(select(.event == "truth" and .phase == "samples" and .round == $round))[0].t_ns) as $from
	| (map(select(.type == "op" and .op == "read" and .step == $round))[0].t_ns) as $to
	| (.[] | select(.type == "snapshot" and .name == "round\($round)") | .cpus[$cpu]
		| {from: "before", to: "between", v: {nr_running, nr_switches, clock_ns, curr_pid: .curr.pid, curr_comm: .curr.comm}}),
	  (.[] | select(.type == "sample" and .t_ns > $from and .t_ns < $to) | .cpu
		| {from: "between", to: "after", v: map_values(.[$cpu])});

def of_cpu($round; $cpu):
	. as $run
	| (reduce ("before", "between", "after") as $p ({}; .[$p] = {
		schedstat: ($run | said($round; $p; "schedstat")[0] | schedstat[$cpu]),
		idle: ($run | said($round; $p; "stat")[0] | idle[$cpu]),
		debug: ($run | said($round; $p; "debug")[0] | debug.cpu[$cpu])})) as $says
	| (said($round; "before"; "task") | map(task)) as $tasks
	| seen($round; $cpu) as {$from, $to, $v}
	| $says[$from].schedstat as $s0 | $says[$to].schedstat as $s1
	| $says[$from].debug as $d0 | $says[$to].debug as $d1
	| ($s0 | keys[] | counter(.; $s0[.]; $s1[.]; $v[.])),
	  # while the host keeps an idle vCPU in an interrupt, kt-vm counts on and the kernel does not
	  counter("idle_total_ns"; $says[$from].idle - 20000000; $says[$to].idle + 40000000 + $v.steal_ns;
		$v.idle_total_ns),
	  counter("nr_switches"; $d0.nr_switches; $d1.nr_switches; $v.nr_switches),
	  counter("clock_ns"; $d0.clock_ns; $d1.clock_ns; $v.clock_ns),
	  (select($d0.nr_switches == $d1.nr_switches and $d0.nr_running == $d1.nr_running)
		# a task may be queued here for a moment and run elsewhere, without a switch
		| (select($v.nr_running != $d0.nr_running + 1) | same("nr_running"; $d0.nr_running; $v.nr_running)),
		  same("curr_pid"; $d0.curr_pid; $v.curr_pid),
		  same("curr_comm"; ($tasks[] | select(.pid == $d0.curr_pid) | .comm); $v.curr_comm));

def of_domains($round; $cpu):
	(said($round; "before"; "schedstat")[0] | domains[$cpu]) as $s0
	| (said($round; "between"; "schedstat")[0] | domains[$cpu]) as $s1
	| .[] | select(.type == "snapshot" and .name == "round\($round)") | .cpus[$cpu].domains
	| range($s0 | length) as $level | ($s0[$level] | keys[]) as $k | range($s0[$level][$k] | length) as $i
	| counter("domain \($k)"; $s0[$level][$k][$i]; $s1[$level][$k][$i]; .[$level][$k] | if type == "array" then .[$i] else . end);

# sched_ext events, over all CPUs
def events: [splits("\n") | capture("^SCX_EV_(?<key>.*) (?<value>[0-9]+)$")] | from_entries
	| with_entries(.key |= ascii_downcase | .value |= tonumber);
def of_events($round):
	(said($round; "before"; "root/events")[] | events) as $e0
	| (said($round; "between"; "root/events")[0] | events) as $e1
	| .[] | select(.type == "snapshot" and .name == "round\($round)") | .cpus
	| ($e0 | keys[]) as $k
	| counter("scx events"; $e0[$k]; $e1[$k]; map(.events[$k]) | add);

# three tasks that spin on one CPU: one runs, and the others wait there or in a queue. A CPU that
# was stopped in schedule() may have its task back in the list, and none chosen yet.
def queued($round):
	(said($round; "before"; "task") | map(task | select(.comm == "crowd" and .state == "R" and .cpu == 2).pid)
		| sort) as $crowd
	| .[] | select(.type == "snapshot" and .name == "round\($round)")
	| select(.cpus[2].curr.comm == "crowd" and any(.. | objects; has("vtime")))
	| select(.cpus[2] | .curr.pid as $curr | all(.runnable[].pid; . != $curr))
	| same("runnable"; $crowd; [.cpus[2] | .curr.pid, .runnable[].pid] - ([.cpus[2] | .curr.pid, .runnable[].pid] - $crowd) | sort),
	  same("dsq_tasks"; $crowd; [.cpus[2].curr.pid, (.cpus[2].local_dsq[], .dsqs[].tasks[] | .pid | select([.] | inside($crowd)))] | sort);

# Samples of a round, in which PID 1 sleeps on CPU 0: it was idle since then at most, and for long in
# one; those of the crowd that do not run wait on CPU 2, all of them in some sample, and may run there
# alone.
def samples($round):
	(map(select(.event == "truth" and .phase == "samples" and .round == $round))[0].t_ns) as $from
	| (map(select(.type == "op" and .op == "read" and .step == $round))[0].t_ns) as $to
	| .[] | select(.type == "sample" and .t_ns > $from and .t_ns < $to) | . + {$from};
def of_samples($round):
	(said($round; "before"; "task") | map(task | select(.comm == "crowd").pid) | sort) as $crowd
	| ((said($round; "before"; "state")[0] // "disabled") | rtrimstr("\n")) as $state
	| ((if $state == "enabled" then "ext" else "fair" end)) as $class
	| samples($round)
	| counter("idle_for_ns"; 0; .t_ns - .from + 100000000; .cpu.idle_for_ns[0]),
	  same("online"; [1, 1, 1, 1]; .cpu.online),
	  same("curr_outside"; [0, 0, 0, 0]; .cpu.curr_outside),
	  (select(.cpu.curr_comm[2] == "crowd") | same("curr_class"; $class; .cpu.curr_class[2])),
	  (select(.scx) | same("scx state"; $state; .scx.state)),
	  (.waiting | range(.pid | length) as $i | map_values(.[$i]) | select(.comm == "crowd")
		| same("waiting"; {comm: "crowd", cpu: 2, cpus: "2", $class, cgroup: "", kthread: 0, weight: 1024, known: true};
			{comm, cpu, cpus, class, cgroup, kthread, weight, known: (.pid | IN($crowd[]))}));
def of_all($last):
	[range($last + 1) as $round | samples($round)] as $s
	| same("idle for long"; true; any($s[]; .cpu.idle_for_ns[0] > 40000000)),
	  same("all wait"; true; any($s[]; [.waiting.comm[] | select(. == "crowd")] == ["crowd", "crowd"]
		and .cpu.curr_comm[2] == "crowd" and any(.waiting.wait_ns[]; . >= 1000000 and . < 5000000000)));

def asked($round; $what): .[] | select(.type == "op" and .step == $round and .what == $what and .ok) | .value;
def of_kernel($round):
	(said($round; "before"; "debug")[0] | debug.jiffies) as $j0
	| (said($round; "after"; "debug")[0] | debug.jiffies) as $j1
	| counter("jiffies_64"; $j0; $j1; asked($round; "(u64)jiffies_64") % 4294967296),
	  (said($round; "before"; "schedstat")[0] | schedstat[1].pcount) as $p0
	  | (said($round; "after"; "schedstat")[0] | schedstat[1].pcount) as $p1
	  | counter("read: rq_sched_info.pcount"; $p0; $p1; asked($round; "runqueues[1].rq_sched_info.pcount")),
	  same("scx ops"; said($round; "before"; "root/ops")[] | rtrimstr("\n");
		.[] | select(.type == "snapshot" and .name == "round\($round)") | .exit.ops),
	  same("scx nr_rejected"; said($round; "before"; "nr_rejected")[] | tonumber; asked($round; "(atomic_long_t)scx_nr_rejected.counter")),
	  same("scx enable_seq"; said($round; "before"; "enable_seq")[] | tonumber; asked($round; "(atomic_long_t)scx_enable_seq.counter"));

# bpftool's words for the entries of a map, in kt's
def entries: fromjson | map(.formatted | if has("values") then .values |= map(.value) else . end);
def by_key: sort_by(.key);
def maps($last):
	([.[] | select(.type == "snapshot") | .maps] | first) as $first
	| range($first | length) as $i | $first[$i] as $m
	| (said(0; "before"; "map \($m.id)")[0] // "[]") as $before
	| if ($m.name | startswith("t_")) then
		same("map \($m.type)"; $before | entries | by_key; $m.entries | by_key)
	  elif ($m.name | endswith(".data")) then
		($before | fromjson[0].formatted.value[".data"] | add | keys[]) as $k
		| same("scheduler's .data"; $before | fromjson[0].formatted.value[".data"] | add[$k]; $m.entries[0].value[$k])
	  elif ($m.name | endswith(".bss")) then
		($before | fromjson[0].formatted.value[".bss"] | add) as $b0
		| (said($last; "after"; "map \($m.id)")[0] | fromjson[0].formatted.value[".bss"] | add) as $b1
		# how much competes at a moment goes up and down
		| ($b0 | del(.root_sum, .nr_active) | to_entries[] | select(.value | type == "number").key) as $k
		| .[] | select(.type == "snapshot") | .maps[$i].entries[0].value
		| counter("scheduler's .bss"; $b0[$k]; $b1[$k]; .[$k])
	  else empty end;

def progs($last):
	(said(0; "before"; "progs")[0] | fromjson) as $p0
	| (said($last; "after"; "progs")[0] | fromjson) as $p1
	| $p0[] as $b | ($p1[] | select(.id == $b.id)) as $a
	| .[] | select(.type == "snapshot") | .progs[] | select(.id == $b.id)
	| same("program name"; $b.name; .name),
	  counter("program run_cnt"; $b.run_cnt // 0; $a.run_cnt // 0; .cnt),
	  counter("program run_time_ns"; $b.run_time_ns // 0; $a.run_time_ns // 0; .ns);

# how the kernel was found: where its text is, linked for 16 MiB and for 2 GiB below the end
def once($what): said(0; "once"; $what)[0];
def layout: (.[] | select(.type == "observe")) as $o
	| same("kaslr_virt"; (once("text")[8:16] | hex) - 2164260864; $o.kaslr_virt | hex),
	  same("kaslr_phys"; (once("code") | capture("^ *(?<a>[0-9a-f]+)-").a | hex) - 16777216; $o.kaslr_phys | hex),
	  same("page_table_levels"; if once("cpuinfo") | test(" la57[ \n]") then 5 else 4 end; $o.page_table_levels);

(map(select(.type == "snapshot")) | length - 1) as $last
| [range($last + 1) as $round | (range(4) as $cpu | of_cpu($round; $cpu), of_domains($round; $cpu)), of_events($round), queued($round), of_samples($round), of_kernel($round)]
	+ [of_all($last), maps($last), progs($last), layout]
| group_by(.field)[] | {field: .[0].field, compared: length, exact: map(select(.exact)) | length,
	close: map(select(.close)) | length,
	wrong: map(select(.ok | not) | [.lo, .v, .hi])}
