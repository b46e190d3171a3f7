/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TESTS_GUEST_KERNEL_H
#define KT_TESTS_GUEST_KERNEL_H

/*
 * What kt-vm knows of the kernel whose memory guest_image.h is: a vmlinux with symbols and ORC
 * data, BTF, where members are. guest_observer() makes an observer that has found that kernel.
 */
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest_image.h"

/* ---- vmlinux ------------------------------------------------------------------------- */

struct g_symbol {
	const char *name;
	uint64_t gpa, size;
};

static const struct g_symbol g_symbols[] = {
#define G_VARIABLE(name, member)                                            \
	{                                                                   \
		name, GPA(member), sizeof(((struct g_image *)NULL)->member) \
	}
	G_VARIABLE("linux_banner", banner),
	G_VARIABLE("__per_cpu_offset", per_cpu_offset),
	G_VARIABLE("phys_base", phys_base),
	G_VARIABLE("page_offset_base", page_offset_base),
	G_VARIABLE("__pgtable_l5_enabled", l5),
	G_VARIABLE("nr_cpu_ids", nr_cpus),
	G_VARIABLE("jiffies_64", jiffies),
	G_VARIABLE("a_number", number),
	G_VARIABLE("scx_exit_kind", exit_kind_early),
	G_VARIABLE("dsq_hash", dsq_hash),
	G_VARIABLE("scx_exit_info", exit_info),
	G_VARIABLE("scx_root", root),
	G_VARIABLE("scx_ops", ops),
	G_VARIABLE("event_stats_cpu", cpu[0].events),
	G_VARIABLE("sd_flag_debug", flag),
	G_VARIABLE("map_idr", map_idr),
	G_VARIABLE("prog_idr", prog_idr),
	G_VARIABLE("global_trace", trace_buffer),
	G_VARIABLE("event_sched_switch", switch_event),
	G_VARIABLE("event_sched_wakeup", wakeup_event),
	G_VARIABLE("bpf_kallsyms", bpf_ksyms),
	G_VARIABLE("init_task", task[0]),
	G_VARIABLE("stop_sched_class", class[0]),
	G_VARIABLE("dl_sched_class", class[1]),
	G_VARIABLE("rt_sched_class", class[2]),
	G_VARIABLE("fair_sched_class", class[3]),
	G_VARIABLE("ext_sched_class", class[4]),
	G_VARIABLE("idle_sched_class", class[5]),
	G_VARIABLE("__cpu_active_mask", active),
	G_VARIABLE("tk_core", tk),
	G_VARIABLE("tick_cpu_sched", cpu[0].tick),
	G_VARIABLE("kernel_cpustat", cpu[0].tick),
	G_VARIABLE("scx_ops_enable_state_var", scx_state),
	G_VARIABLE("__per_cpu_start", cpu[0]),
	G_VARIABLE("runqueues", cpu[0].rq),
	G_VARIABLE("__per_cpu_end", cpu[1]),
	{ "init_top_pgt", GPA(table), 4096 },
#undef G_VARIABLE
};

/* Functions, one behind the other from G_TEXT on, and what ORC says about each. */
static const struct {
	const char *name;
	int16_t sp_offset, bp_offset;
	uint8_t regs, type; /* sp_reg | bp_reg << 4 */
} g_functions[] = {
	{ "by_sp", 16, -16, 5 | 1 << 4, 2 }, /* call: frame above sp, bp saved */
	{ "by_bp", 16, -16, 4 | 4 << 4, 2 }, /* call: frame above bp */
	{ "by_sp_indirect", 8, 0, 9, 2 },    /* call: at the word that sp points to */
	{ "by_bp_indirect", 0, 0, 8, 2 },    /* call: the same of bp */
	{ "by_dx", 0, 0, 2, 2 },             /* call: other registers */
	{ "by_di", 0, 0, 3, 2 },
	{ "by_r10", 0, 0, 6, 2 },
	{ "by_r13", 0, 0, 7, 2 },
	{ "interrupted", 0, 0, 5, 3 },        /* pt_regs at sp */
	{ "interrupted_partly", 0, 0, 5, 4 }, /* the last five words of one */
	{ "the_end", 0, 0, 0, 1 },
};
#define G_FUNCTIONS (sizeof(g_functions) / sizeof(g_functions[0]))
#define G_SYMBOLS   (sizeof(g_symbols) / sizeof(g_symbols[0]))

static struct {
	Elf64_Ehdr h;
	Elf64_Phdr ph;
	Elf64_Shdr sh[8];
	Elf64_Sym sym[G_SYMBOLS + G_FUNCTIONS + 3];
	char str[2048], names[80];
	int32_t orc_ip[G_FUNCTIONS];
	uint8_t orc[G_FUNCTIONS][6];
	uint8_t orc_sum[20];
	char banner[1024];
	uint8_t btf[4096];
} g_vmlinux;

static struct btf *g_kernel_btf(void);

static size_t g_symbol(size_t n, const char *name, uint64_t addr, uint64_t size)
{
	static size_t at;

	if (n == 1)
		at = 1;
	g_vmlinux.sym[n] = (Elf64_Sym){ .st_name = (uint32_t)at,
					.st_info = STT_OBJECT,
					.st_shndx = SHN_ABS,
					.st_value = addr,
					.st_size = size };
	at += (size_t)sprintf(g_vmlinux.str + at, "%s", name) + 1;
	return n + 1;
}

static void g_section(size_t i, uint32_t name, uint32_t type, const void *data, size_t size)
{
	g_vmlinux.sh[i] = (Elf64_Shdr){
		.sh_name = name,
		.sh_type = type,
		.sh_addr = G_TEXT + 0x100000 * i,
		.sh_offset = (uint64_t)((const char *)data - (const char *)&g_vmlinux),
		.sh_size = size,
		.sh_link = type == SHT_SYMTAB ? 2 : 0,
		.sh_entsize = type == SHT_SYMTAB ? sizeof(Elf64_Sym) : 0,
	};
}

static void g_make_orc(void)
{
	uint64_t base = G_TEXT + 0x100000 * 4; /* the address of section 4 */
	size_t i;

	memcpy(g_vmlinux.orc_sum, "\xfe\x5d\x32\xbf", 4); /* the numbers of 6.4 */
	for (i = 0; i < G_FUNCTIONS; i++) {
		g_vmlinux.orc_ip[i] = (int32_t)(G_TEXT + i * G_FUNCTION - (base + 4 * i));
		memcpy(g_vmlinux.orc[i], &g_functions[i].sp_offset, 2);
		memcpy(g_vmlinux.orc[i] + 2, &g_functions[i].bp_offset, 2);
		g_vmlinux.orc[i][4] = g_functions[i].regs;
		g_vmlinux.orc[i][5] = g_functions[i].type;
	}
}

/* The types as a section of the file has them; their size. */
static size_t g_make_btf(void)
{
	struct btf *btf = g_kernel_btf();
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);

	if (size > sizeof(g_vmlinux.btf))
		abort();
	memcpy(g_vmlinux.btf, data, size);
	btf__free(btf);
	return size;
}

static void g_make_vmlinux(void)
{
	size_t i, n = 1;

	memset(&g_vmlinux, 0, sizeof(g_vmlinux));
	for (i = 0; i < G_SYMBOLS; i++)
		n = g_symbol(n, g_symbols[i].name, KMEM_START_KERNEL_MAP + g_symbols[i].gpa,
			     g_symbols[i].size);
	n = g_symbol(n, "_stext", G_TEXT, 0);
	for (i = 0; i < G_FUNCTIONS; i++)
		n = g_symbol(n, g_functions[i].name, G_TEXT + i * G_FUNCTION, G_FUNCTION);
	g_symbol(n, "_etext", G_TEXT + i * G_FUNCTION, 0);
	g_make_orc();
	strcpy(g_vmlinux.banner, G_BANNER);
	memcpy(g_vmlinux.names,
	       "\0.symtab\0.strtab\0.shstrtab\0.orc_unwind_ip\0.orc_unwind\0.orc_header\0.BTF", 71);
	g_section(1, 1, SHT_SYMTAB, g_vmlinux.sym, sizeof(g_vmlinux.sym));
	g_section(2, 9, SHT_STRTAB, g_vmlinux.str, sizeof(g_vmlinux.str));
	g_section(3, 17, SHT_STRTAB, g_vmlinux.names, sizeof(g_vmlinux.names));
	g_section(4, 27, SHT_PROGBITS, g_vmlinux.orc_ip, sizeof(g_vmlinux.orc_ip));
	g_section(5, 42, SHT_PROGBITS, g_vmlinux.orc, sizeof(g_vmlinux.orc));
	g_section(6, 54, SHT_PROGBITS, g_vmlinux.orc_sum, sizeof(g_vmlinux.orc_sum));
	g_section(7, 66, SHT_PROGBITS, g_vmlinux.btf, g_make_btf());
	g_vmlinux.ph = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = (uint64_t)(g_vmlinux.banner - (char *)&g_vmlinux),
		.p_vaddr = KMEM_START_KERNEL_MAP + GPA(banner),
		.p_filesz = sizeof(g_vmlinux.banner),
	};
	memcpy(g_vmlinux.h.e_ident, ELFMAG "\2\1\1", 7);
	g_vmlinux.h.e_type = ET_EXEC;
	g_vmlinux.h.e_machine = EM_X86_64;
	g_vmlinux.h.e_version = 1;
	g_vmlinux.h.e_phoff = offsetof(__typeof__(g_vmlinux), ph);
	g_vmlinux.h.e_shoff = offsetof(__typeof__(g_vmlinux), sh);
	g_vmlinux.h.e_ehsize = sizeof(g_vmlinux.h);
	g_vmlinux.h.e_phentsize = sizeof(g_vmlinux.ph);
	g_vmlinux.h.e_phnum = 1;
	g_vmlinux.h.e_shentsize = sizeof(g_vmlinux.sh[0]);
	g_vmlinux.h.e_shnum = 8;
	g_vmlinux.h.e_shstrndx = 3;
}

/* Types of the kernel: what paths go through, and events. */
static struct btf *g_kernel_btf(void)
{
	struct btf *b = btf__new_empty();
	int i32 = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	int u64 = btf__add_int(b, "u64", 8, 0), c, comm, text, task, rq, counts;

	btf__add_struct(b, "sched_ext_ops", 32); /* G_T_OPS */
	btf__add_field(b, "select_cpu", u64, 0, 0);
	btf__add_field(b, "enqueue", u64, 64, 0);
	c = btf__add_int(b, "char", 1, BTF_INT_SIGNED);
	comm = btf__add_array(b, i32, c, 16);
	text = btf__add_ptr(b, c);
	counts = btf__add_array(b, i32, i32, 3);
	task = btf__add_struct(b, "task_struct", sizeof(struct g_task));
	btf__add_field(b, "pid", i32, 0, 0);
	btf__add_field(b, "comm", comm, 8 * offsetof(struct g_task, comm), 0);
	btf__add_field(b, "name", text, 8 * offsetof(struct g_task, stack), 0);
	rq = btf__add_struct(b, "rq", sizeof(struct g_rq));
	btf__add_field(b, "nr_running", i32, 0, 0);
	btf__add_field(b, "clock", u64, 8 * offsetof(struct g_rq, clock), 0);
	btf__add_field(b, "curr", rq + 1, 8 * offsetof(struct g_rq, curr), 0);
	btf__add_ptr(b, task);
	btf__add_var(b, "runqueues", BTF_VAR_GLOBAL_ALLOCATED, rq);
	btf__add_struct(b, "trace_event_raw_sched_switch", 16);
	btf__add_field(b, "ent", u64, 0, 0);
	btf__add_field(b, "next_pid", i32, 64, 0);
	btf__add_enum(b, "scx_exit_kind", 4);
	btf__add_enum_value(b, "SCX_EXIT_NONE", 0);
	btf__add_enum_value(b, "SCX_EXIT_ERROR", 1024);
	btf__add_enum_value(b, "SCX_EXIT_ERROR_STALL", 1026);
	btf__add_struct(b, "scx_event_stats", 16);
	btf__add_field(b, "SCX_EV_FALLBACK", u64, 0, 0);
	btf__add_field(b, "SCX_EV_KEEP_LAST", u64, 64, 0);
	btf__add_struct(b, "sched_domain", offsetof(struct g_domain, span));
	btf__add_field(b, "lb_count", counts, 8 * offsetof(struct g_domain, lb_count), 0);
	btf__add_field(b, "ttwu_wake", i32, 8 * offsetof(struct g_domain, ttwu_wake), 0);
	btf__add_enum(b, "scx_rq_flags", 4);
	btf__add_enum_value(b, "SCX_RQ_BYPASSING", 64);
	return b;
}

/* ---- an observer of it --------------------------------------------------------------- */

struct g_probe {
	enum kprobe probe;
	uint32_t offset, size;
};

static const struct g_probe g_probes[] = {
#define G_AT(type, member) offsetof(type, member), sizeof(((type *)NULL)->member)
#define G_IMAGE(base, member) \
	(uint32_t)(GPA(base.member) - GPA(base)), sizeof(((struct g_image *)NULL)->base.member)
	{ KP_RQ_NR_RUNNING, G_AT(struct g_rq, nr_running) },
	{ KP_RQ_CLOCK, G_AT(struct g_rq, clock) },
	{ KP_RQ_CURR, G_AT(struct g_rq, curr) },
	{ KP_RQ_IDLE, G_AT(struct g_rq, idle) },
	{ KP_RQ_NR_SWITCHES, G_AT(struct g_rq, nr_switches) },
	{ KP_RQ_RUN_DELAY, G_AT(struct g_rq, run_delay) },
	{ KP_RQ_PCOUNT, G_AT(struct g_rq, pcount) },
	{ KP_RQ_YLD_COUNT, G_AT(struct g_rq, yld_count) },
	{ KP_RQ_SCX_NR_RUNNING, G_AT(struct g_rq, scx_nr_running) },
	{ KP_RQ_SCX_FLAGS, G_AT(struct g_rq, scx_flags) },
	{ KP_RQ_SCX_LOCAL_DSQ, G_AT(struct g_rq, local) },
	{ KP_RQ_SCX_RUNNABLE, G_AT(struct g_rq, runnable) },
	{ KP_TASK_PID, G_AT(struct g_task, pid) },
	{ KP_TASK_TGID, G_AT(struct g_task, tgid) },
	{ KP_TASK_COMM, G_AT(struct g_task, comm) },
	{ KP_TASK_SCX_DSQ, G_AT(struct g_task, dsq) },
	{ KP_TASK_SCX_DSQ_NODE, G_AT(struct g_task, dsq_node) },
	{ KP_TASK_SCX_DSQ_FLAGS, G_AT(struct g_task, dsq_flags) },
	{ KP_TASK_SCX_RUNNABLE_NODE, G_AT(struct g_task, runnable) },
	{ KP_TASK_SCX_RUNNABLE_AT, G_AT(struct g_task, runnable_at) },
	{ KP_TASK_SCX_SLICE, G_AT(struct g_task, slice) },
	{ KP_TASK_SCX_VTIME, G_AT(struct g_task, vtime) },
	{ KP_TASK_SCX_WEIGHT, G_AT(struct g_task, weight) },
	{ KP_RQ_CFS_TASKS, G_AT(struct g_rq, fair) },
	{ KP_RQ_RT_BITMAP, G_AT(struct g_rq, rt_bits) },
	{ KP_RQ_RT_QUEUE, G_AT(struct g_rq, rt) },
	{ KP_RQ_DL_PUSHABLE, G_AT(struct g_rq, dl) },
	{ KP_TASK_FLAGS, G_AT(struct g_task, flags) },
	{ KP_TASK_CPU, G_AT(struct g_task, cpu) },
	{ KP_TASK_ON_CPU, G_AT(struct g_task, on_cpu) },
	{ KP_TASK_ON_RQ, G_AT(struct g_task, on_rq) },
	{ KP_TASK_CLASS, G_AT(struct g_task, class) },
	{ KP_TASK_CPUS_PTR, G_AT(struct g_task, cpus) },
	{ KP_TASK_MIGRATION_DISABLED, G_AT(struct g_task, migration_disabled) },
	{ KP_TASK_LAST_QUEUED, G_AT(struct g_task, queued) },
	{ KP_TASK_CGROUPS, G_AT(struct g_task, cgroups) },
	{ KP_TASK_WEIGHT, G_AT(struct g_task, load) },
	{ KP_TASK_DELAYED, G_AT(struct g_task, delayed) },
	{ KP_TASK_CFS_RQ, G_AT(struct g_task, cfs_rq) },
	{ KP_TASK_GROUP_NODE, G_AT(struct g_task, group_node) },
	{ KP_TASK_RT_NODE, G_AT(struct g_task, rt_node) },
	{ KP_TASK_DL_NODE, G_AT(struct g_task, dl_node) },
	{ KP_CFS_THROTTLED, 0, 8 },
	{ KP_CSS_CGROUP, 0, 8 },
	{ KP_CGROUP_KN, 0, 8 },
	{ KP_KN_NAME, 0, 8 },
	{ KP_RB_RIGHT, 8, 8 },
	{ KP_RB_LEFT, 16, 8 },
	{ KP_TICK_FLAGS, G_AT(struct g_tick, flags) },
	{ KP_TICK_SEQ, G_AT(struct g_tick, seq) },
	{ KP_TICK_ENTRY, G_AT(struct g_tick, entry) },
	{ KP_TICK_IDLE, G_AT(struct g_tick, idle) },
	{ KP_TICK_IOWAIT, G_AT(struct g_tick, iowait) },
	{ KP_SEQCOUNT, 0, 4 },
	{ KP_TK_BASE, 0, 8 },
	{ KP_TK_NSEC, 8, 8 },
	{ KP_TK_SHIFT, 16, 4 },
	{ KP_DSQ_LIST, G_AT(struct g_dsq, list) },
	{ KP_DSQ_NR, G_AT(struct g_dsq, nr) },
	{ KP_DSQ_ID, G_AT(struct g_dsq, id) },
	{ KP_DSQ_HASH_NODE, G_AT(struct g_dsq, hash_node) },
	{ KP_RHT_TBL, 0, 8 },
	{ KP_TBL_SIZE, G_IMAGE(hash, size) },
	{ KP_TBL_BUCKETS, G_IMAGE(hash, bucket) },
	{ KP_EXIT_KIND, G_IMAGE(exit, kind) },
	{ KP_EXIT_CODE, G_IMAGE(exit, code) },
	{ KP_EXIT_REASON, G_IMAGE(exit, reason) },
	{ KP_EXIT_MSG, G_IMAGE(exit, msg) },
	{ KP_EXIT_DUMP, G_IMAGE(exit, dump) },
	{ KP_EXIT_BT, G_IMAGE(exit, bt) },
	{ KP_EXIT_BT_LEN, G_IMAGE(exit, bt_len) },
	{ KP_OPS_NAME, 16, 16 },
	{ KP_IDR_HEAD, 0, 8 },
	{ KP_IDR_NEXT, 8, 4 },
	{ KP_NODE_SLOTS, 0, 64 * 8 },
	{ KP_MAP_TYPE, G_AT(struct g_map, type) },
	{ KP_MAP_KEY_SIZE, G_AT(struct g_map, key_size) },
	{ KP_MAP_VALUE_SIZE, G_AT(struct g_map, value_size) },
	{ KP_MAP_MAX_ENTRIES, G_AT(struct g_map, max_entries) },
	{ KP_MAP_ID, G_AT(struct g_map, id) },
	{ KP_MAP_NAME, G_AT(struct g_map, name) },
	{ KP_MAP_BTF, G_AT(struct g_map, btf) },
	{ KP_MAP_BTF_KEY, G_AT(struct g_map, key_type) },
	{ KP_MAP_BTF_VALUE, G_AT(struct g_map, value_type) },
	{ KP_ARRAY_ELEM_SIZE, G_AT(struct g_map, elem_size) },
	{ KP_ARRAY_VALUE, G_AT(struct g_map, value) },
	{ KP_HTAB_BUCKETS, G_AT(struct g_map, buckets) },
	{ KP_HTAB_N_BUCKETS, G_AT(struct g_map, n_buckets) },
	{ KP_BUCKET, 0, 8 },
	{ KP_ELEM_KEY, G_AT(struct g_elem, key) },
	{ KP_SMAP_BUCKETS, G_AT(struct g_map, buckets) },
	{ KP_SMAP_BUCKET_LOG, G_AT(struct g_map, bucket_log) },
	{ KP_SMAP_BUCKET, 0, 8 },
	{ KP_SELEM_MAP_NODE, G_AT(struct g_selem, next) },
	{ KP_SELEM_STORAGE, G_AT(struct g_selem, storage) },
	{ KP_SELEM_DATA, G_AT(struct g_selem, value) },
	{ KP_STORAGE_OWNER, 0, 8 },
	{ KP_ARENA_VM, G_AT(struct g_map, vm) },
	{ KP_ARENA_USER_START, G_AT(struct g_map, user_start) },
	{ KP_ARENA_USER_END, G_AT(struct g_map, user_end) },
	{ KP_VM_ADDR, 0, 8 },
	{ KP_BTF_DATA, G_IMAGE(btf, data) },
	{ KP_BTF_DATA_SIZE, G_IMAGE(btf, size) },
	{ KP_BTF_ID, G_IMAGE(btf, id) },
	{ KP_BTF_BASE, G_IMAGE(btf, base) },
	{ KP_PROG_AUX, G_IMAGE(prog, aux) },
	{ KP_PROG_STATS, G_IMAGE(prog, stats) },
	{ KP_PROG_TYPE, G_IMAGE(prog, type) },
	{ KP_PROG_MEMBER, (uint32_t)(GPA(aux.member) - GPA(prog)), 4 },
	{ KP_AUX_ID, G_IMAGE(aux, id) },
	{ KP_AUX_NAME, G_IMAGE(aux, name) },
	{ KP_AUX_VERIFIED_INSNS, G_IMAGE(aux, insns) },
	{ KP_AUX_PROG, G_IMAGE(aux, prog) },
	{ KP_AUX_KSYM, G_IMAGE(aux, ksym) },
	{ KP_AUX_FUNC_IDX, G_IMAGE(aux, function) },
	{ KP_AUX_ATTACH_TYPE, G_IMAGE(aux, attach_type) },
	{ KP_STATS_CNT, 0, 8 },
	{ KP_STATS_NSECS, 8, 8 },
	{ KP_KSYM_LNODE, G_AT(struct g_ksym, link) },
	{ KP_KSYM_START, G_AT(struct g_ksym, start) },
	{ KP_KSYM_END, G_AT(struct g_ksym, end) },
	{ KP_KSYM_NAME, G_AT(struct g_ksym, name) },
	{ KP_KSYM_PROG, G_AT(struct g_ksym, is_prog) },
	{ KP_CALL_TYPE, 0, 2 },
	{ KP_TRACE_BUFFER, 0, 8 },
	{ KP_BUFFER_BUFFERS, 0, 8 },
	{ KP_RB_PAGES, G_IMAGE(buffer[0], pages) },
	{ KP_RB_READER, G_IMAGE(buffer[0], reader) },
	{ KP_BPAGE_LIST, G_AT(struct g_page, list) },
	{ KP_BPAGE_PAGE, G_AT(struct g_page, data) },
	{ KP_DPAGE_TIME, G_AT(struct g_data_page, time) },
	{ KP_DPAGE_COMMIT, G_AT(struct g_data_page, commit) },
	{ KP_DPAGE_DATA, G_AT(struct g_data_page, data) },
	{ KP_RQ_SD, G_AT(struct g_rq, sd) },
	{ KP_SD_PARENT, G_AT(struct g_domain, parent) },
	{ KP_SD_NAME, G_AT(struct g_domain, name) },
	{ KP_SD_LEVEL, G_AT(struct g_domain, level) },
	{ KP_SD_FLAGS, G_AT(struct g_domain, flags) },
	{ KP_SD, 0, offsetof(struct g_domain, span) },
	{ KP_SD_FLAG_NAME, G_IMAGE(flag[0], name) },
	{ KP_SD_FLAG, 0, 16 },
	{ KP_PCPU_EVENTS, offsetof(struct g_cpu, events), 16 },
};

/* Members of the scheduler's own struct. */
static const struct g_probe g_newer[] = {
	{ KP_SCX_DSQ_HASH, G_IMAGE(sched, dsq_hash) },
	{ KP_SCX_EXIT_INFO, G_IMAGE(sched, exit_info) },
	{ KP_SCX_EXIT_KIND, G_IMAGE(sched, exit_kind) },
	{ KP_SCX_BYPASS_DEPTH, G_IMAGE(sched, bypass_depth) },
	{ KP_SCX_EVENTS, G_IMAGE(sched, pcpu) },
	{ KP_SCX_OPS, G_IMAGE(sched, ops) },
	{ KP_STAT_ELAPSE, offsetof(struct g_tick, flags), 1 },
	{ KP_STAT_SEQ, G_AT(struct g_tick, seq) },
	{ KP_STAT_ENTRY, G_AT(struct g_tick, entry) },
	{ KP_STAT_IDLE, G_AT(struct g_tick, idle) },
	{ KP_STAT_IOWAIT, G_AT(struct g_tick, iowait) },
	{ KP_TK_DATA, 8, 8 },
#undef G_AT
#undef G_IMAGE
};

/* As of a kernel up to 6.15, or of one from 6.16 on, where a struct of the scheduler has all. */
static void guest_probes(struct kprobes *k, bool newer)
{
	size_t i;

	memset(k, 0, sizeof(*k));
	for (i = 0; i < sizeof(g_probes) / sizeof(g_probes[0]); i++)
		k->f[g_probes[i].probe] = (struct kfield){ .known = true,
							   .offset = g_probes[i].offset,
							   .size = g_probes[i].size };
	k->rq_bypassing = 64;
	k->scx_state[0] = KSCX_ENABLING;
	k->scx_state[1] = KSCX_ENABLED;
	k->scx_state[3] = KSCX_DISABLED;
	if (!newer)
		return;
	for (i = 0; i < sizeof(g_newer) / sizeof(g_newer[0]); i++)
		k->f[g_newer[i].probe] = (struct kfield){ .known = true,
							  .offset = g_newer[i].offset,
							  .size = g_newer[i].size };
	k->rq_bypassing = 0;
}

/* Opens a file that is what g_make_vmlinux() has made. */
static void g_open_vmlinux(struct ksym *k)
{
	int fd = memfd_create("vmlinux", MFD_CLOEXEC);
	struct errbuf e = { "" };
	char path[32];

	g_make_vmlinux();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, &g_vmlinux, sizeof(g_vmlinux)) != sizeof(g_vmlinux) ||
	    ksym_open(k, path, &e) || ksym_load(k, &e)) {
		fprintf(stderr, "vmlinux: %s\n", e.text);
		abort();
	}
	close(fd);
}

/*
 * An observer that has found the kernel in `memory` (of G_SIZE bytes, aligned to pages), with page
 * tables of 4 or 5 levels. The caller sets its engine.
 */
static void guest_observer(struct obs *o, struct machine *m, uint8_t *memory, unsigned int levels)
{
	unsigned int cpu;
	struct errbuf e;

	memset(o, 0, sizeof(*o));
	m->cpus = G_CPUS;
	m->mem = (struct gmem){ .fd = -1, .size = G_SIZE, .hva = memory };
	o->k.m = m;
	o->k.work_max = KVIEW_WORK;
	g_open_vmlinux(&o->k.sym);
	korc_open(&o->k.orc, &o->k.sym);
	if (kview_types(&o->k, &e) || kview_learn(&o->k, &e)) {
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
	guest_probes(&o->k.probe, false);
	o->k.rq = calloc(G_CPUS, sizeof(*o->k.rq));
	o->k.sd = calloc(G_CPUS, sizeof(*o->k.sd));
	o->idle = calloc(G_CPUS, sizeof(*o->idle));
	if (steal_init(&o->steal, G_CPUS))
		abort();
	o->k.runqueues = GVA(cpu[0].rq);
	for (cpu = 0; cpu < G_CPUS; cpu++)
		o->k.rq[cpu] = GVA(cpu[0].rq) + cpu * sizeof(struct g_cpu);
	kmem_init(&o->k.mem, &m->mem, &o->k.sym);
	o->k.mem.page_offset = G_PAGE_OFFSET;
	o->k.mem.levels = levels;
	o->k.mem.root = GPA(table);
	o->k.mem.cpus = G_CPUS;
	o->k.mem.attached = o->attached = true;
	kview_begin(&o->k);
}

#endif
