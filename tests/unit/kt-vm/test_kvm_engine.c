// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/kvm/*.c kt-vm/device/*.c kt-vm/machine/early.c kt-vm/machine/gmem.c
// LINK: kt-vm/machine/loader.c kt-vm/machine/image.c kt-vm/engine/control.c
/* The kvm engine: start, output, ends, pause, registers, and the sandbox. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "kt-vm/engine/kvm/control.h"
#include "kvm_guest.h"

#define OUT_AX(port, value)                                           \
	"\x66\xba" port                         /* mov $port, %dx */  \
	"\x66\xb8" value                        /* mov $value, %ax */ \
	"\x66\xef"                              /* out %ax, %dx */
#define PUTC(c) "\x66\xba\xf8\x03\xb0" c "\xee" /* mov $0x3f8, %dx; mov $c, %al; out %al, %dx */

/* The first thing that the engine says within five seconds. */
static enum engine_event event(void)
{
	enum engine_event ev = ENGINE_NONE;
	uint64_t end = clock_ns() + 5000000000ULL;
	struct pollfd p[ENGINE_FDS];
	int fd[ENGINE_FDS];
	size_t i, n = engine_kvm.fds(vm, fd);

	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
	while (ev == ENGINE_NONE && clock_ns() < end)
		if (poll(p, n, 100) > 0)
			ev = engine_kvm.handle(vm, &e);
	return ev;
}

static bool moves(void)
{
	uint64_t end = clock_ns() + 2000000000ULL, was = counter();

	while (counter() == was && clock_ns() < end)
		usleep(1000);
	return counter() != was;
}

static void end(void)
{
	struct json_object *o = json_object_new_object();

	engine_kvm.halt(vm, o);
	json_object_put(o);
	engine_kvm.stop(vm);
}

static void pausing(void)
{
	struct engine_thread t;
	struct vcpu_regs r;
	uint64_t took, max = 0, stood;
	int i;

	CHECK_INT(start(2, 64 << 20, COUNT_FOR_EVER, sizeof(COUNT_FOR_EVER) - 1), 0);
	CHECK(moves());
	CHECK_INT(kvm_control.regs(vm, 0, &r, &e), -EBUSY);
	for (i = 0; i < 100; i++) {
		CHECK_INT(kvm_control.pause(vm, &took, &e), 0);
		max = took > max ? took : max;
		stood = counter();
		usleep(1000);
		CHECK(counter() == stood);
		CHECK_INT(kvm_control.regs(vm, 0, &r, &e), 0);
		CHECK(r.rip >= CODE && r.rip < CODE + 10);
		CHECK_INT(r.cr3, MACHINE_PAGE_TABLES);
		CHECK_INT(r.gpr[6], MACHINE_BOOT_PARAMS);
		CHECK_INT(kvm_control.regs(vm, 2, &r, &e), -EINVAL);
		CHECK_INT(kvm_control.thread(vm, 1, &t, &e), 0);
		CHECK(t.pid == getpid() && t.tid != t.pid && t.run_ns > 0);
		CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
		CHECK(moves());
	}
	printf("# longest of 100 pauses of 2 vCPUs: %llu us\n", (unsigned long long)max / 1000);
	CHECK(max < 1000000000ULL);
	end();
}

TEST(pause_resume_registers)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(pausing), 0);
}

static void expect_hit(uint64_t rip)
{
	struct engine_hit h = { 9, 9 };
	struct vcpu_regs r;
	uint64_t stood;

	CHECK_INT(event(), ENGINE_HIT);
	CHECK(kvm_control.hit(vm, &h));
	CHECK(h.cpu == 0 && h.watch == 0);
	CHECK(!kvm_control.hit(vm, &h));
	stood = counter();
	CHECK_INT(kvm_control.regs(vm, 0, &r, &e), 0);
	CHECK_INT(r.rip, rip);
	CHECK_INT(engine_kvm.handle(vm, &e), ENGINE_NONE);
	CHECK(counter() == stood);
}

static void watching(void)
{
	struct engine_watch w = { .addr = COUNTER, .type = ENGINE_WATCH_WRITE, .len = 8 };
	uint64_t took, was;
	int i;

	CHECK_INT(start(1, 64 << 20, COUNT_FOR_EVER, sizeof(COUNT_FOR_EVER) - 1), 0);
	CHECK(moves());
	CHECK_INT(kvm_control.watch(vm, &w, 1, &e), -EBUSY);
	CHECK_INT(kvm_control.pause(vm, &took, &e), 0);
	w.len = 3;
	CHECK_INT(kvm_control.watch(vm, &w, 1, &e), -EINVAL);
	w.len = 8;
	CHECK_INT(kvm_control.watch(vm, &w, 5, &e), -EINVAL);
	CHECK_INT(kvm_control.watch(vm, &w, 1, &e), 0);
	was = counter();
	for (i = 0; i < 100; i++) {
		CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
		expect_hit(CODE + 8);
		CHECK(counter() == was + (uint64_t)i + 1);
	}

	/* and of an instruction: RF lets it be passed */
	w = (struct engine_watch){ .addr = CODE, .type = ENGINE_WATCH_EXECUTE, .len = 1 };
	CHECK_INT(kvm_control.watch(vm, &w, 1, &e), 0);
	for (i = 0; i < 10; i++) {
		CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
		expect_hit(CODE);
		CHECK(counter() == was + 100 + (uint64_t)i);
	}

	/* a hit that nobody knows of yet: the guest does not go on */
	CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
	usleep(100000);
	CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
	expect_hit(CODE);

	CHECK_INT(kvm_control.watch(vm, NULL, 0, &e), 0);
	CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
	CHECK(moves());
	CHECK_INT(engine_kvm.handle(vm, &e), ENGINE_NONE);
	end();
}

/* Two CPUs write to the same place, and nothing else: no write goes without a hit. */
static void watching_two(void)
{
	static const char code[] =
		"\x48\xb8\xf0\x66\xff\x06\x00\x80\xeb\xf8" /* "1: lock incl 0x8000; jmp 1b" */
		"\x48\x89\x04\x25\x00\x00\x01\x00"         /* in real mode, to 0x10000 */
		"\xb9\x1b\x00\x00\x00\x0f\x32"             /* IA32_APIC_BASE: x2APIC mode */
		"\x80\xcc\x04\x0f\x30"
		"\xb9\x30\x08\x00\x00\xba\x01\x00\x00\x00" /* ICR: to the CPU with id 1 */
		"\xb8\x00\x45\x00\x00\x0f\x30"             /* INIT */
		"\xb8\x10\x46\x00\x00\x0f\x30"             /* start at 0x10000 */
		"\xf0\x48\xff\x04\x25\x00\x80\x00\x00"     /* 1: lock incq 0x8000 */
		"\xeb\xf5";                                /* jmp 1b */
	const struct engine_watch w = { .addr = COUNTER, .type = ENGINE_WATCH_WRITE, .len = 8 };
	unsigned int hits[2] = { 0 }, both = 0, n, i;
	struct engine_hit h;
	uint64_t took, was;

	CHECK_INT(start(2, 64 << 20, code, sizeof(code) - 1), 0);
	CHECK(moves());
	CHECK_INT(kvm_control.pause(vm, &took, &e), 0);
	CHECK_INT(kvm_control.watch(vm, &w, 1, &e), 0);
	was = counter();
	for (i = 0; i < 200; i++) {
		CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
		CHECK_INT(event(), ENGINE_HIT);
		for (n = 0; kvm_control.hit(vm, &h); n++) {
			CHECK(h.cpu < 2 && h.watch == 0);
			hits[h.cpu % 2]++;
		}
		CHECK(n >= 1 && n <= 2);
		both += n == 2;
		CHECK_INT(counter() - was, hits[0] + hits[1]);
	}
	printf("# 200 stops: %u hits of one CPU, %u of the other, %u at once\n", hits[0], hits[1],
	       both);
	CHECK(both > 0);
	end();
}

#define STEPS 0x8010ULL
#define DR6   0x8018ULL

/* Steps over one instruction, which counts, again and again, as a debugger in the guest does. */
extern const char step_start[], step_end[];
asm(".pushsection .rodata\n"
    "step_start:\n"
    "	lgdt 0x100000 + step_gdtr - step_start\n"
    "	lidt 0x100000 + step_idtr - step_start\n"
    "	mov $0x70000, %esp\n"
    "1:	pushfq\n"
    "	orl $0x100, (%rsp)\n" /* TF */
    "	popfq\n"
    "	incq 0x8000\n"
    "	jmp 1b\n"
    "step_over:\n"
    "	incq 0x8010\n"
    "	mov %db6, %rax\n"
    "	mov %rax, 0x8018\n"
    "	andl $~0x100, 16(%rsp)\n"
    "	iretq\n"
    "	.balign 8\n"
    "step_gdt: .quad 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff\n"
    "step_idt: .quad 0, 0\n" /* of the second: the address, the segment 0x10, an interrupt gate */
    "	.word step_over - step_start, 0x10, 0x8e00, 0x10\n"
    "	.quad 0\n"
    "step_gdtr: .word 31; .quad 0x100000 + step_gdt - step_start\n"
    "step_idtr: .word 31; .quad 0x100000 + step_idt - step_start\n"
    "step_end:\n"
    ".popsection");

static uint64_t at(uint64_t gpa)
{
	return __atomic_load_n((uint64_t *)gmem_at(&m.mem, gpa, 8), __ATOMIC_RELAXED);
}

/* Watchpoints are armed meanwhile, on something else and on what the instruction counts. */
static void stepping(void)
{
	struct engine_watch w = { .addr = 0x8100, .type = ENGINE_WATCH_WRITE, .len = 8 };
	struct engine_hit h;
	uint64_t took, was;
	int i;

	CHECK_INT(start(1, 64 << 20, step_start, (size_t)(step_end - step_start)), 0);
	CHECK(moves());
	CHECK_INT(kvm_control.pause(vm, &took, &e), 0);
	CHECK(at(STEPS) + 1 >= counter());
	CHECK_INT(kvm_control.watch(vm, &w, 1, &e), 0);
	CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
	for (i = 0; i < 100; i++)
		CHECK(moves());
	CHECK_INT(kvm_control.pause(vm, &took, &e), 0);
	CHECK(at(STEPS) + 1 >= counter());
	CHECK_INT(at(DR6) & 0xf00f, 0x4000);

	w.addr = COUNTER;
	CHECK_INT(kvm_control.watch(vm, &w, 1, &e), 0);
	was = counter();
	for (i = 0; i < 100; i++) {
		CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
		CHECK_INT(event(), ENGINE_HIT);
		CHECK(kvm_control.hit(vm, &h));
		CHECK_INT(counter(), was + (uint64_t)i + 1);
		CHECK_INT(at(STEPS) + 1, counter());
		CHECK_INT(at(DR6) & 0xf00f, 0x4000);
	}
	end();
}

TEST(a_debugger_in_the_guest_steps)
{
	char what[64];

	if (kvm_probe(NULL, what, sizeof(what), &e))
		SKIP(e.text);
	CHECK_INT(in_child(stepping), 0);
}

TEST(watchpoints)
{
	char what[64];

	if (kvm_probe(NULL, what, sizeof(what), &e))
		SKIP(e.text);
	CHECK_INT(in_child(watching), 0);
}

TEST(two_cpus_hit_a_watchpoint)
{
	char what[64];

	if (kvm_probe(NULL, what, sizeof(what), &e))
		SKIP(e.text);
	CHECK_INT(in_child(watching_two), 0);
}

static void speaking(void)
{
	static const char code[] = PUTC("H") PUTC("i") PUTC("\n") PUTC("!")
		OUT_AX("\x04\x06", "\x00\x20") COUNT_FOR_EVER;
	char buf[16] = "";

	CHECK_INT(start(1, 64 << 20, code, sizeof(code) - 1), 0);
	CHECK_INT(event(), ENGINE_POWEROFF);
	CHECK_INT(read(console, buf, sizeof(buf)), 4);
	CHECK_STR(buf, "Hi\n!");
	end();
}

TEST(output_then_power_off)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(speaking), 0);
}

static void resetting(void)
{
	static const char code[] = "\xb0\xfe\xe6\x64" COUNT_FOR_EVER; /* out %al, $0x64 */

	struct vcpu_regs r = { 0 };
	uint64_t took;

	CHECK_INT(start(1, 64 << 20, code, sizeof(code) - 1), 0);
	CHECK_INT(event(), ENGINE_RESET);
	/* there is no way back, but the registers are what they were */
	CHECK_INT(kvm_control.pause(vm, &took, &e), -ESRCH);
	CHECK_INT(kvm_control.regs(vm, 0, &r, &e), 0);
	CHECK_INT(r.gpr[0] & 0xff, 0xfe);
	CHECK(r.rip - CODE <= 4);
	CHECK_INT(kvm_control.resume(vm, &took, &e), -ESRCH);
	end();
}

static void faulting(void)
{
	CHECK_INT(start(1, 64 << 20, "\x0f\x0b", 2), 0); /* ud2, and no IDT */
	CHECK_INT(event(), ENGINE_TRIPLE_FAULT);
	end();
}

TEST(reset_and_triple_fault)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(resetting), 0);
	CHECK_INT(in_child(faulting), 0);
}

/* Nobody reads what it says; it is ended from outside. */
static void flooding(void)
{
	static const char code[] = "\x48\xff\x04\x25\x00\x80\x00\x00"
				   "\x66\xba\xf8\x03\xb0"
				   "x"
				   "\xee"
				   "\xeb\xef";
	uint64_t start_ns;

	CHECK_INT(start(1, 64 << 20, code, sizeof(code) - 1), 0);
	usleep(300000);
	CHECK(moves());
	start_ns = clock_ns();
	end();
	CHECK(clock_ns() - start_ns < 3000000000ULL);
}

TEST(nobody_reads_the_console)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(flooding), 0);
}

static void opening(void)
{
	CHECK_INT(start(1, 64 << 20, COUNT_FOR_EVER, sizeof(COUNT_FOR_EVER) - 1), 0);
	fflush(stdout);
	open("/etc/passwd", O_RDONLY);
}

TEST(a_forbidden_call_kills)
{
	int status;

	if (no_kvm())
		SKIP(e.text);
	status = in_child(opening);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

/* ---- a child seen from outside ------------------------------------------------------ */

static int ready[2];

static void waiting(void)
{
	uint64_t began = clock_ns(), took;
	int rc = start(4, 2048ULL << 20, COUNT_FOR_EVER, sizeof(COUNT_FOR_EVER) - 1);

	took = rc ? 0 : clock_ns() - began;
	if (write(ready[1], &took, sizeof(took)) != sizeof(took))
		_exit(1);
	poll(NULL, 0, 60000);
}

/* Resident KiB of mappings; those of 64 MiB and more are the guest's memory. */
static long long own_kib(pid_t pid)
{
	unsigned long long from, to, rss;
	long long sum = 0;
	bool own = false;
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			own = to - from < 64ULL << 20;
		else if (own && sscanf(line, "Rss: %llu kB", &rss) == 1)
			sum += (long long)rss;
	}
	if (f)
		fclose(f);
	return sum;
}

static void check_threads(pid_t pid)
{
	char path[320];
	struct dirent *de;
	int threads = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, de->d_name);
		CHECK_INT(field(path, "Seccomp:", 10), 2);
		CHECK_INT(field(path, "NoNewPrivs:", 10), 1);
		CHECK_INT(field(path, "CapEff:", 16), 0);
		CHECK_INT(field(path, "CapPrm:", 16), 0);
		threads++;
	}
	if (d)
		closedir(d);
	CHECK(threads >= 6); /* 4 vCPUs, output, and the caller's; KVM may add its own */
}

TEST(sandbox_cost_and_memory)
{
	uint64_t took = 0;
	pid_t pid;

	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(pipe2(ready, O_CLOEXEC), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		waiting();
		_exit(0);
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &took, sizeof(took)), sizeof(took));
	CHECK(took > 0);
	printf("# 4 vCPUs, 2 GiB: %llu us to the first guest instruction, ",
	       (unsigned long long)took / 1000);
	printf("%lld KiB beside the guest's memory\n", own_kib(pid));
	check_threads(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* What a run's memory may grow by: ASan's shadow grows with what was touched (gcc 14). */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_KIB(before) 2048
#else
#define GROWTH_KIB(before) ((before) / 100)
#endif

#define MIB_SAID (getenv("KT_LONG") ? 100U : 4U) /* 100 take a minute where KVM emulates */

/* Says lines of 80 bytes for ever; tells our parent of the first MiB, and of MIB_SAID more. */
static void shouting(void)
{
	static const char code[] = "\x66\xba\xf8\x03"                 /* 1: mov $0x3f8, %dx */
				   "\xb9\x00\x00\x10\x00"             /* mov $0x100000, %ecx */
				   "\xbe\x00\x00\x20\x00"             /* mov $0x200000, %esi */
				   "\xf3\x6e"                         /* rep outsb */
				   "\x48\xff\x04\x25\x00\x80\x00\x00" /* incq 0x8000 */
				   "\xeb\xe6";                        /* jmp 1b */
	uint64_t next = 1;
	char *text;
	int i;

	CHECK_INT(start(1, 64 << 20, code, sizeof(code) - 1), 0);
	text = gmem_at(&m.mem, 0x200000, 0x100000);
	for (i = 0; i < 0x100000; i++)
		text[i] = i % 80 == 79 ? '\n' : 'x';
	for (;;) {
		while (counter() < next)
			usleep(1000);
		if (write(ready[1], &next, sizeof(next)) != sizeof(next))
			_exit(1);
		next = counter() + MIB_SAID;
	}
}

TEST(much_console_to_nobody)
{
	uint64_t n = 0, from;
	long long before, after;
	pid_t pid;

	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(pipe2(ready, O_CLOEXEC), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		shouting();
	close(ready[1]); /* its death ends the reading */
	CHECK_INT(read(ready[0], &n, sizeof(n)), sizeof(n));
	before = own_kib(pid);
	from = clock_ns();
	CHECK_INT(read(ready[0], &n, sizeof(n)), sizeof(n));
	after = own_kib(pid);
	printf("# %u MiB of console to nobody: %llu ms, memory %lld KiB, then %lld KiB\n", MIB_SAID,
	       (unsigned long long)(clock_ns() - from) / 1000000, before, after);
	CHECK(before > 0 && after <= before + GROWTH_KIB(before));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

UNIT_MAIN(T(pause_resume_registers), T(watchpoints), T(two_cpus_hit_a_watchpoint),
	  T(a_debugger_in_the_guest_steps), T(output_then_power_off), T(reset_and_triple_fault),
	  T(nobody_reads_the_console), T(a_forbidden_call_kills), T(sandbox_cost_and_memory),
	  T(much_console_to_nobody))
