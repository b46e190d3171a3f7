// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's own word: PID 1 of a guest that is compared with what kt-vm reads from outside.
 *
 * It makes things to look at, BPF maps, a program that counts switches, tasks that run where
 * they are told, and a scheduler where /truth/scheduler is there. Then, some times: it reads
 * what the kernel says, asks for a snapshot, reads the same again, gives the monitor time for
 * samples, and reads it once more. All that it reads is text in records of its own, which go out
 * at the end of a round:
 *
 *	{"type":"guest","event":"truth","round":N,"phase":"before","what":"schedstat","text":...}
 *
 * It stays on CPU 0 and the others are left alone meanwhile: what counts there stands still.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/module.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS    8
#define SAMPLES   400000000LL /* ns for the monitor */
#define TASKS     16
#define TEXT_MAX  (900u << 10)
#define CPUS      4
#define ENTRIES   5
#define BPFTOOL   "/truth/bpftool"
#define SCHEDULER "/truth/scheduler"

static FILE *port;
static int answers;
static pid_t task[TASKS];
static int tasks;

/* ---- records --------------------------------------------------------------------- */

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void put_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void put_record(FILE *f, int round, const char *phase, const char *what, const char *text)
{
	fprintf(f,
		"{\"type\":\"guest\",\"event\":\"truth\",\"guest_ns\":%lld,\"round\":%d,"
		"\"phase\":\"%s\",\"what\":\"%s\",\"text\":",
		now_ns(), round, phase, what);
	put_string(f, text);
	fputs("}\n", f);
	fflush(f);
}

static void die(const char *what)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: %m", what);
	if (port)
		fprintf(port,
			"{\"type\":\"guest\",\"event\":\"error\",\"guest_ns\":%lld,\"text\":\"%s\"}"
			"\n",
			now_ns(), text);
	fprintf(stderr, "truth: %s\n", text);
	if (port)
		fclose(port);
	reboot(RB_POWER_OFF);
}

/* What kt-vm does from outside; `more` are further members. Returns when it has answered. */
static void request(int round, const char *op, const char *more)
{
	char c = 0;

	fprintf(port,
		"{\"type\":\"op\",\"step\":%d,\"index\":0,\"op\":\"%s\",%s,\"guest_ns\":%lld,"
		"\"duration_ns\":0,\"ok\":false,\"request\":true}\n",
		round, op, more, now_ns());
	fflush(port);
	while (c != '\n')
		if (read(answers, &c, 1) != 1)
			die("the record port");
}

/* ---- what the guest says --------------------------------------------------------- */

static char *read_all(int fd)
{
	char *text = malloc(TEXT_MAX + 1);
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && len < TEXT_MAX && (n = read(fd, text + len, TEXT_MAX - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static void say_file(FILE *f, int round, const char *phase, const char *what, const char *path)
{
	char *text = read_all(open(path, O_RDONLY | O_CLOEXEC));

	if (*text)
		put_record(f, round, phase, what, text);
	free(text);
}

/* Only the lines of a file that end in `name`. */
static void say_line(FILE *f, const char *what, const char *path, const char *name)
{
	FILE *in = fopen(path, "re");
	char line[512];

	while (in && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) > strlen(name) &&
		    strcmp(line + strlen(line) - strlen(name), name) == 0)
			put_record(f, 0, "once", what, line);
	}
	if (in)
		fclose(in);
}

/* In the words of bpftool, which is packed with its libraries. */
static void say_bpftool(FILE *f, int round, const char *phase, const char *what, char *const *argv)
{
	int out[2];
	char *text;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		die("pipe");
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	text = read_all(out[0]);
	waitpid(pid, NULL, 0);
	put_record(f, round, phase, what, text);
	free(text);
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static void say_maps(FILE *f, int round, const char *phase)
{
	union bpf_attr attr = { 0 };
	char id[16], what[32];

	for (; bpf(BPF_MAP_GET_NEXT_ID, &attr) == 0; attr.start_id = attr.next_id) {
		snprintf(id, sizeof(id), "%u", attr.next_id);
		snprintf(what, sizeof(what), "map %s", id);
		say_bpftool(f, round, phase, what,
			    (char *[]){ BPFTOOL, "-j", "map", "dump", "id", id, NULL });
	}
}

static void say_tasks(FILE *f, int round, const char *phase)
{
	char path[64];
	int i;

	for (i = 0; i < tasks; i++) {
		snprintf(path, sizeof(path), "/proc/%d/stat", task[i]);
		say_file(f, round, phase, "task", path);
	}
}

static void say_bpf(FILE *f, int round, const char *phase)
{
	say_bpftool(f, round, phase, "progs", (char *[]){ BPFTOOL, "-j", "prog", "show", NULL });
	say_maps(f, round, phase);
}

static void say_scheduler(FILE *f, int round, const char *phase)
{
	static const char *const scx[] = { "state", "nr_rejected", "enable_seq", "root/ops",
					   "root/events" };
	char path[64];
	size_t i;

	say_file(f, round, phase, "schedstat", "/proc/schedstat");
	say_file(f, round, phase, "stat", "/proc/stat");
	say_file(f, round, phase, "debug", "/sys/kernel/debug/sched/debug");
	say_tasks(f, round, phase);
	for (i = 0; i < sizeof(scx) / sizeof(scx[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/sched_ext/%s", scx[i]);
		say_file(f, round, phase, scx[i], path);
	}
}

/* ---- things to look at ----------------------------------------------------------- */

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void spin(const char *name, int cpu)
{
	pid_t pid = fork();

	if (!pid) {
		pin(cpu);
		prctl(PR_SET_NAME, name);
		for (;;)
			;
	}
	task[tasks++] = pid;
}

/* Two that wake each other on the CPUs of theirs, yield, and stop in the end. */
static void talk(const char *name, const int cpu[2])
{
	int a[2], b[2], i, side;
	pid_t pid;
	char c = 0;

	if (pipe2(a, O_CLOEXEC) || pipe2(b, O_CLOEXEC))
		die("pipe");
	for (side = 0; side < 2; side++) {
		pid = fork();
		if (pid) {
			task[tasks++] = pid;
			continue;
		}
		pin(cpu[side]);
		prctl(PR_SET_NAME, name);
		for (i = 0; i < 200; i++) {
			if (side == 0 && write(a[1], &c, 1) != 1)
				_exit(1);
			if (read(side ? a[0] : b[0], &c, 1) != 1)
				_exit(1);
			if (side == 1 && write(b[1], &c, 1) != 1)
				_exit(1);
			sched_yield();
		}
		kill(getpid(), SIGSTOP);
		_exit(0);
	}
	for (i = 2; i > 0; i--)
		waitpid(task[tasks - i], NULL, WUNTRACED);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
}

struct value {
	uint64_t count;
	uint32_t tag;
	int32_t delta;
};

/* BTF of u32 and struct value, as types 1 and 4. */
static int load_btf(void)
{
	static const char names[] = "\0u32\0u64\0s32\0value\0count\0tag\0delta";
	struct {
		struct btf_header h;
		struct btf_type u32_t;
		uint32_t u32_enc;
		struct btf_type u64_t;
		uint32_t u64_enc;
		struct btf_type s32_t;
		uint32_t s32_enc;
		struct btf_type value_t;
		struct btf_member m[3];
		char names[sizeof(names)];
	} b = {
		.h = { .magic = BTF_MAGIC, .version = 1, .hdr_len = sizeof(b.h) },
		.u32_t = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = 4 },
		.u32_enc = 32,
		.u64_t = { .name_off = 5, .info = BTF_KIND_INT << 24, .size = 8 },
		.u64_enc = 64,
		.s32_t = { .name_off = 9, .info = BTF_KIND_INT << 24, .size = 4 },
		.s32_enc = BTF_INT_SIGNED << 24 | 32,
		.value_t = { .name_off = 13,
			     .info = BTF_KIND_STRUCT << 24 | 3,
			     .size = sizeof(struct value) },
		.m = { { .name_off = 19, .type = 2 },
		       { .name_off = 25, .type = 1, .offset = 64 },
		       { .name_off = 29, .type = 3, .offset = 96 } },
	};
	union bpf_attr attr = { .btf = (uintptr_t)&b };

	memcpy(b.names, names, sizeof(names));
	b.h.type_len = (uint32_t)(b.names - (char *)&b.u32_t);
	b.h.str_off = b.h.type_len;
	b.h.str_len = sizeof(names);
	attr.btf_size = b.h.hdr_len + b.h.type_len + b.h.str_len;
	return (int)bpf(BPF_BTF_LOAD, &attr);
}

static void make_map(const char *name, uint32_t type, int btf)
{
	union bpf_attr attr = { .map_type = type,
				.key_size = 4,
				.value_size = sizeof(struct value),
				.max_entries = ENTRIES,
				.btf_fd = (uint32_t)btf,
				.btf_key_type_id = 1,
				.btf_value_type_id = 4 };
	struct value v[CPUS];
	uint32_t key;
	int fd, cpu;

	strcpy(attr.map_name, name);
	fd = (int)bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		die(name);
	for (key = 0; key < ENTRIES; key++) {
		for (cpu = 0; cpu < CPUS; cpu++)
			v[cpu] = (struct value){ .count = (uint64_t)rand() << 20,
						 .tag = 100 * key + (uint32_t)cpu,
						 .delta = -(int)key - cpu };
		attr = (union bpf_attr){ .map_fd = (uint32_t)fd,
					 .key = (uintptr_t)&key,
					 .value = (uintptr_t)v };
		if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
			die(name);
	}
}

/* return 0; at each switch. The kernel counts how often, and for how long. */
static void make_program(void)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
				.insns = (uintptr_t)code,
				.insn_cnt = 2,
				.license = (uintptr_t) "GPL",
				.prog_name = "truth_switch" };
	int fd = (int)bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("BPF_PROG_LOAD");
	attr = (union bpf_attr){ .raw_tracepoint = { .name = (uintptr_t) "sched_switch",
						     .prog_fd = (uint32_t)fd } };
	if (bpf(BPF_RAW_TRACEPOINT_OPEN, &attr) < 0)
		die("BPF_RAW_TRACEPOINT_OPEN");
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* The scheduler is there when the kernel says so. */
static void start_scheduler(void)
{
	char *state, *const argv[] = { SCHEDULER, NULL };
	bool enabled = false;
	int i;

	if (access(SCHEDULER, X_OK))
		return;
	if (fork() == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	for (i = 0; i < 200 && !enabled; i++) {
		usleep(100000);
		state = read_all(open("/sys/kernel/sched_ext/state", O_RDONLY | O_CLOEXEC));
		enabled = strncmp(state, "enabled", 7) == 0;
		free(state);
	}
	if (!enabled)
		die("the scheduler has not attached");
}

static void make_things(void)
{
	static const uint32_t types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY,
					  BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_HASH,
					  BPF_MAP_TYPE_LRU_HASH };
	static const char *const names[] = { "t_array", "t_percpu_array", "t_hash", "t_percpu_hash",
					     "t_lru_hash" };
	int btf = load_btf();
	size_t i;

	if (btf < 0)
		die("BPF_BTF_LOAD");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		make_map(names[i], types[i], btf);
	make_program();
	start_scheduler();
	talk("talk1", (int[]){ 1, 1 });
	talk("talk23", (int[]){ 2, 3 });
	talk("talk31", (int[]){ 3, 1 });
	spin("alone", 1);
	for (i = 0; i < 3; i++)
		spin("crowd", 2);
	sleep(2);
}

/* ---- the rounds ------------------------------------------------------------------ */

/*
 * A record is written before kt-vm has it, and a request answered behind that: samples between
 * the two here are behind one reading, and before the next.
 */
static void one_round(int round)
{
	static const char *const values[] = { "(u64)jiffies_64",
					      "runqueues[1].rq_sched_info.pcount",
					      "(atomic_long_t)scx_nr_rejected.counter",
					      "(atomic_long_t)scx_enable_seq.counter" };
	struct timespec t = { .tv_nsec = SAMPLES };
	char *text, more[80];
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	say_scheduler(f, round, "before");
	snprintf(more, sizeof(more), "\"name\":\"round%d\"", round);
	request(round, "snapshot", more);
	say_scheduler(f, round, "between");
	put_record(port, round, "samples", "begin", "");
	nanosleep(&t, NULL);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(more, sizeof(more), "\"what\":\"%s\"", values[i]);
		request(round, "read", more);
	}
	say_scheduler(f, round, "after");
	fclose(f);
	fputs(text, port);
	fflush(port);
	free(text);
}

/* Those that kt-initrd has packed for a kernel that has virtio as modules. */
static void load_modules(void)
{
	struct dirent **entry;
	char path[512];
	int n = scandir("/kt/modules", &entry, NULL, alphasort), i, fd, flags;

	for (i = 0; i < n; i++) {
		if (entry[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/kt/modules/%s", entry[i]->d_name);
		flags = strstr(path, ".ko.") ? MODULE_INIT_COMPRESSED_FILE : 0;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (syscall(SYS_finit_module, fd, "", flags))
			die(path);
	}
}

/* The port of that name is /dev/vportXpY. */
static void find_port(void)
{
	DIR *d = opendir("/sys/class/virtio-ports");
	struct dirent *de;
	char path[512];
	char *name;

	while (d && (de = readdir(d))) {
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", de->d_name);
		name = read_all(open(path, O_RDONLY | O_CLOEXEC));
		if (strcmp(name, "kt.records\n") == 0) {
			snprintf(path, sizeof(path), "/dev/%s", de->d_name);
			answers = open(path, O_RDWR | O_CLOEXEC);
			port = answers < 0 ? NULL : fdopen(dup(answers), "we");
		}
		free(name);
	}
	if (d)
		closedir(d);
}

/* It may come up a while after its module. */
static void open_port(void)
{
	int i;

	for (i = 0; i < 100 && !port; i++) {
		if (i)
			usleep(50000);
		find_port();
	}
	if (!port)
		die("the record port");
}

int main(void)
{
	int round;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	load_modules();
	open_port();
	pin(0);
	write_file("/proc/sys/kernel/sched_schedstats", "1");
	write_file("/proc/sys/kernel/bpf_stats_enabled", "1");
	say_line(port, "text", "/proc/kallsyms", " _text");
	say_line(port, "code", "/proc/iomem", " : Kernel code");
	say_file(port, 0, "once", "cpuinfo", "/proc/cpuinfo");
	make_things();
	say_bpf(port, 0, "before");
	for (round = 0; round < ROUNDS; round++)
		one_round(round);
	say_bpf(port, ROUNDS - 1, "after");
	fputs("{\"type\":\"end\",\"tool\":\"kt-guest\",\"exit\":0,\"records\":0}\n", port);
	fclose(port);
	reboot(RB_POWER_OFF);
	return 0;
}
