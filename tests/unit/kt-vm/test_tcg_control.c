// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/tcg/*.c kt-vm/engine/control.c kt-vm/engine/tcg/reset.S kt-vm/machine/gmem.c
// LINK: kt-vm/machine/machine.c kt-vm/machine/loader.c kt-vm/machine/image.c kt-vm/machine/pvh.c
// LINK: kt-vm/machine/pvh_enter.S
/*
 * The control table on the tcg engine: with a guest of a few instructions, and, as
 * "test_tcg_control TOPOLOGY KERNEL INITRD WATCHED-ADDRESS" (tests/e2e/control.bats), with
 * Linux: TOPOLOGY is a file of records, the address one that its kernel often writes.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "kt-vm/engine/engine.h"
#include "kt-vm/engine/tcg/tcg.h"
#include "record.h"
#include "unit.h"

#define CODE    0x100000ULL
#define COUNTER 0x8000ULL

/* 1: incq 0x8000; nop; jmp 1b */
#define COUNT_FOR_EVER "\x48\xff\x04\x25\x00\x80\x00\x00\x90\xeb\xf5"

static const struct engine_control *const c = &tcg_control;
static struct machine m;
static struct errbuf e;
static void *vm;
static int console, port;
static char **arguments;
static bool port_used; /* the guest has said something on it */

/* One CPU; the guest's memory has the code, and the first 4 GiB mapped (the ROM is at their end).
 */
static bool start(void)
{
	uint64_t *pml4;
	unsigned int i;

	m = (struct machine){ .nodes = 1, .llcs = 1, .cores = 1, .threads = 1, .cpus = 1 };
	m.entry = CODE;
	m.memory = 64 << 20;
	if (gmem_init(&m.mem, m.memory, &e))
		return false;
	pml4 = gmem_at(&m.mem, MACHINE_PAGE_TABLES, 0x2000);
	pml4[0] = (MACHINE_PAGE_TABLES + 0x1000) | 3;
	for (i = 0; i < 4; i++)
		pml4[512 + i] = (uint64_t)i << 30 | 0x83;
	gmem_write(&m.mem, CODE, COUNT_FOR_EVER, sizeof(COUNT_FOR_EVER) - 1);
	return engine_tcg.start(&vm, &m, &console, &port, &e) == 0;
}

static void end(void)
{
	engine_tcg.stop(vm);
	close(console);
	close(port);
}

static uint64_t counter(void)
{
	return __atomic_load_n((uint64_t *)gmem_at(&m.mem, COUNTER, 8), __ATOMIC_RELAXED);
}

static bool moves(void)
{
	uint64_t end_ns = clock_ns() + 5 * NSEC_PER_SEC, was = counter();

	while (counter() == was && clock_ns() < end_ns)
		usleep(1000);
	return counter() != was;
}

/* What the engine says within `ms`; the console is thrown away meanwhile. */
static enum engine_event event(unsigned int ms)
{
	uint64_t end_ns = clock_ns() + ms * NSEC_PER_MSEC;
	enum engine_event ev = engine_tcg.handle(vm, &e);
	static char rubbish[65536];

	while (ev == ENGINE_NONE && clock_ns() < end_ns) {
		struct pollfd p[2 + ENGINE_FDS] = { { .fd = console, .events = POLLIN },
						    { .fd = port, .events = POLLIN } };
		int fd[ENGINE_FDS];
		size_t i, n = engine_tcg.fds(vm, fd);

		for (i = 0; i < n; i++)
			p[2 + i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
		poll(p, 2 + n, ms < 20 ? (int)ms : 20);
		for (i = 0; i < 2; i++)
			if (p[i].revents & POLLIN && read(p[i].fd, rubbish, sizeof(rubbish)) > 0)
				port_used |= i == 1;
		ev = engine_tcg.handle(vm, &e);
	}
	return ev;
}

static void pause_it(void)
{
	uint64_t took;

	if (c->pause(vm, &took, &e)) {
		printf("# pause: %s\n", e.text);
		unit_bad++;
	}
}

static void resume_it(void)
{
	uint64_t took;

	if (c->resume(vm, &took, &e)) {
		printf("# resume: %s\n", e.text);
		unit_bad++;
	}
}

TEST(pause_resume_registers)
{
	uint64_t took, max = 0, sum = 0, began, stood;
	struct vcpu_regs r;
	int i;

	if (!start())
		SKIP(e.text);
	CHECK(moves());
	CHECK_INT(c->regs(vm, 0, &r, &e), -EBUSY);
	CHECK_INT(c->regs(vm, 1, &r, &e), -EINVAL);
	for (i = 0; i < 50; i++) {
		CHECK_INT(c->pause(vm, &took, &e), 0);
		max = took > max ? took : max;
		sum += took;
		CHECK_INT(c->pause(vm, &took, &e), 0); /* once more does not matter */
		stood = counter();
		usleep(1000);
		CHECK(counter() == stood);
		began = clock_ns();
		CHECK_INT(c->regs(vm, 0, &r, &e), 0);
		if (i == 0 || i == 49)
			printf("# registers in %llu us\n",
			       (unsigned long long)(clock_ns() - began) / 1000);
		CHECK(r.rip >= CODE && r.rip < CODE + 11);
		CHECK_INT(r.cr3, MACHINE_PAGE_TABLES);
		CHECK_INT(r.gpr[6], MACHINE_BOOT_PARAMS);
		CHECK_INT(r.efer & 0x500, 0x500); /* long mode */
		CHECK_INT(r.cr0 & 0x80000001, 0x80000001);
		CHECK(r.cr4 & 0x20);
		CHECK_INT(c->resume(vm, &took, &e), 0);
		CHECK_INT(c->resume(vm, &took, &e), 0);
		CHECK(moves());
	}
	printf("# longest of 50 pauses: %llu us, mean %llu us\n", (unsigned long long)max / 1000,
	       (unsigned long long)sum / 50000);
	CHECK(max < NSEC_PER_SEC);
	end();
	gmem_free(&m.mem);
}

static void expect_hit(unsigned int watch, uint64_t rip)
{
	struct vcpu_regs r = { 0 };
	struct engine_hit h = { 9, 9 };
	uint64_t stood;

	CHECK_INT(event(5000), ENGINE_HIT);
	CHECK(c->hit(vm, &h));
	CHECK_INT(h.cpu, 0);
	CHECK_INT(h.watch, watch);
	CHECK(!c->hit(vm, &h));
	stood = counter();
	CHECK_INT(c->regs(vm, 0, &r, &e), 0);
	CHECK_INT(r.rip, rip);
	CHECK_INT(event(5), ENGINE_NONE);
	CHECK(counter() == stood);
}

TEST(watchpoints)
{
	struct engine_watch w[5] = {
		{ .addr = CODE + 0x1000, .type = ENGINE_WATCH_WRITE, .len = 4 },
		{ .addr = COUNTER, .type = ENGINE_WATCH_WRITE, .len = 3 }
	};
	uint64_t began, was;
	int i;

	if (!start())
		SKIP(e.text);
	CHECK(moves());
	w[1].len = 8;
	CHECK_INT(c->watch(vm, w, 2, &e), -EBUSY);
	pause_it();
	w[1].len = 3;
	CHECK_INT(c->watch(vm, w, 2, &e), -EINVAL);
	w[1].len = 8;
	CHECK_INT(c->watch(vm, w, 5, &e), -EINVAL);
	CHECK_INT(c->watch(vm, w, 2, &e), 0);
	was = counter();
	began = clock_ns();
	for (i = 0; i < 100; i++) {
		resume_it();
		expect_hit(1, CODE + 8);
		CHECK(counter() == was + (uint64_t)i + 1); /* each single one */
	}
	printf("# a hit, its registers and resume in %llu us\n",
	       (unsigned long long)(clock_ns() - began) / 100000 - 5000);

	/* of an instruction: before it, and it is passed */
	w[0] = (struct engine_watch){ .addr = CODE, .type = ENGINE_WATCH_EXECUTE, .len = 1 };
	CHECK_INT(c->watch(vm, w, 1, &e), 0);
	was = counter();
	for (i = 0; i < 10; i++) {
		resume_it();
		expect_hit(0, CODE);
		CHECK(counter() == was + (uint64_t)i);
	}
	/* that and its data at once */
	CHECK_INT(c->watch(vm, w, 2, &e), 0);
	for (i = 0; i < 10; i++) {
		resume_it();
		expect_hit(1, CODE + 8);
		resume_it();
		expect_hit(0, CODE);
	}
	CHECK_INT(c->watch(vm, NULL, 0, &e), 0);
	resume_it();
	CHECK_INT(event(200), ENGINE_NONE);
	CHECK(moves());
	end();
	gmem_free(&m.mem);
}

/* A pause and a hit at the same time, over and over: no hit is untold, none comes late. */
TEST(hits_meet_pauses)
{
	struct engine_watch w = { .addr = COUNTER, .type = ENGINE_WATCH_ACCESS, .len = 8 };
	struct engine_hit h;
	uint64_t was, took;
	int i, hits = 0;

	if (!start())
		SKIP(e.text);
	CHECK(moves());
	pause_it();
	CHECK_INT(c->watch(vm, &w, 1, &e), 0);
	for (i = 0; i < 200; i++) {
		was = counter();
		resume_it();
		pause_it();
		CHECK_INT(c->resume(vm, &took, &e), 0);
		/* resumed, or left paused for the hit: it comes now in any case */
		CHECK_INT(event(5000), ENGINE_HIT);
		hits += c->hit(vm, &h);
		CHECK(counter() > was);
	}
	CHECK_INT(hits, 200);
	CHECK_INT(c->watch(vm, NULL, 0, &e), 0);
	resume_it();
	CHECK(moves());
	CHECK_INT(event(100), ENGINE_NONE);
	end();
	gmem_free(&m.mem);
}

TEST(threads)
{
	struct engine_thread t, later;

	if (!start())
		SKIP(e.text);
	CHECK(moves());
	CHECK_INT(c->thread(vm, 0, &t, &e), 0);
	CHECK_INT(t.pid, ((struct tcg *)vm)->qemu.pid);
	CHECK(t.tid > t.pid);
	usleep(200000);
	CHECK_INT(c->thread(vm, 0, &later, &e), 0);
	CHECK(later.run_ns > t.run_ns + 10 * NSEC_PER_MSEC);
	CHECK(later.wait_ns >= t.wait_ns);
	CHECK_INT(c->thread(vm, 1, &t, &e), -EINVAL);
	end();
	gmem_free(&m.mem);
}

/* QEMU that does not answer, and then is gone: all ends in time. */
TEST(qemu_is_stopped)
{
	struct engine_watch w = { .addr = COUNTER, .type = ENGINE_WATCH_WRITE, .len = 8 };
	struct vcpu_regs r;
	uint64_t took, began;
	pid_t pid;

	if (!start())
		SKIP(e.text);
	CHECK(moves());
	pause_it();
	CHECK_INT(c->regs(vm, 0, &r, &e), 0);
	resume_it();
	pause_it(); /* with nothing known of it */
	pid = ((struct tcg *)vm)->qemu.pid;
	kill(pid, SIGSTOP);
	began = clock_ns();
	CHECK_INT(c->regs(vm, 0, &r, &e), -ETIMEDOUT);
	CHECK_STR(e.text, "qemu-system-x86_64 does not answer");
	CHECK_INT(c->watch(vm, &w, 1, &e), -ETIMEDOUT);
	CHECK_INT(c->resume(vm, &took, &e), -ETIMEDOUT);
	CHECK(clock_ns() - began < 3 * ENGINE_CONTROL_NS + NSEC_PER_SEC);
	kill(pid, SIGKILL);
	began = clock_ns();
	CHECK_INT(event(2000), ENGINE_LOST);
	CHECK_STR(e.text, "qemu-system-x86_64 was killed by signal 9");
	CHECK(c->resume(vm, &took, &e) != 0);
	CHECK(c->regs(vm, 0, &r, &e) != 0);
	end();
	CHECK(clock_ns() - began < NSEC_PER_SEC);
	CHECK(kill(pid, 0) != 0);
	gmem_free(&m.mem);
}

/* ---- Linux --------------------------------------------------------------------------- */

static bool start_linux(char **argv)
{
	struct json_object *o = NULL;
	FILE *f = fopen(argv[1], "re");
	char *line = NULL, text[512];
	size_t cap = 0;

	engine_tcg.cmdline(text, sizeof(text), 250);
	while (f && !o && getline(&line, &cap, f) > 0) {
		o = json_tokener_parse(line);
		if (!rec_is(o, "topology")) {
			json_object_put(o);
			o = NULL;
		}
	}
	if (f)
		fclose(f);
	free(line);
	if (!o || machine_topology(&m, o, &e))
		return false;
	m.shared = true;
	strcat(text, " panic=-1 rdinit=/init mitigations=off");
	return machine_prepare(&m, o, argv[2], argv[3], text, &e) == 0 &&
	       engine_tcg.start(&vm, &m, &console, &port, &e) == 0;
}

static bool in_kernel(const struct vcpu_regs *r)
{
	return r->rip >= 0xffffffff81000000ULL && r->gs_base >> 63;
}

/* Where the vCPUs of a booted kernel may be. Returns whether two had different page tables. */
static bool check_regs(void)
{
	static struct vcpu_regs r[TOPO_MAX_CPUS];
	bool differ = false;
	unsigned int i, j;

	for (i = 0; i < m.cpus; i++) {
		CHECK_INT(c->regs(vm, i, &r[i], &e), 0);
		CHECK(r[i].rip >= 0xffffffff81000000ULL || (r[i].rip > 0 && r[i].rip < 1ULL << 47));
		CHECK(r[i].cr3 != 0 && r[i].cr3 < m.memory + (4ULL << 30));
		CHECK((r[i].cr0 & 0x80000001) == 0x80000001);
		CHECK((r[i].efer & 0x501) == 0x501);
		CHECK(r[i].rflags & 2);
		for (j = 0; j < i; j++) {
			differ |= r[i].cr3 != r[j].cr3;
			/* each has its own per-CPU area and its own stack */
			if (in_kernel(&r[i]) && in_kernel(&r[j]))
				CHECK(r[i].gs_base != r[j].gs_base && r[i].rsp != r[j].rsp);
		}
	}
	return differ;
}

TEST(linux_guest)
{
	struct engine_watch w = { .type = ENGINE_WATCH_WRITE, .len = 8 };
	uint64_t from, pause_max = 0, took;
	struct engine_thread t;
	struct engine_hit h;
	unsigned int i, seen = 0;
	bool differ = false;

	if (!start_linux(arguments)) {
		printf("# %s\n", e.text);
		CHECK(!"started");
		return;
	}
	for (i = 0; i < 600 && !port_used; i++) /* boots */
		CHECK_INT(event(100), ENGINE_NONE);
	for (i = 0; i < 20 || (!differ && i < 200); i++) { /* and works */
		CHECK_INT(c->pause(vm, &took, &e), 0);
		pause_max = took > pause_max ? took : pause_max;
		differ |= check_regs();
		resume_it();
		CHECK_INT(event(20), ENGINE_NONE);
	}
	CHECK(differ);
	printf("# longest of %u pauses of %u vCPUs: %llu us\n", i, m.cpus,
	       (unsigned long long)pause_max / 1000);
	for (i = 0; i < m.cpus; i++)
		CHECK_INT(c->thread(vm, i, &t, &e), 0);
	w.addr = strtoull(arguments[4], NULL, 16);
	pause_it();
	CHECK_INT(c->watch(vm, &w, 1, &e), 0);
	from = clock_ns();
	for (i = 0; i < 100; i++) {
		resume_it();
		CHECK_INT(event(5000), ENGINE_HIT);
		if (!c->hit(vm, &h) || h.cpu >= m.cpus || h.watch != 0)
			break;
		seen |= 1U << h.cpu;
	}
	CHECK_INT(i, 100);
	printf("# 100 hits in %llu ms, CPUs %#x\n",
	       (unsigned long long)(clock_ns() - from) / 1000000, seen);
	CHECK_INT(c->watch(vm, NULL, 0, &e), 0);
	resume_it();
	CHECK_INT(event(1000), ENGINE_NONE);
	CHECK_INT(event(60000), ENGINE_POWEROFF);
	CHECK_INT(c->pause(vm, &took, &e), -ESRCH);
	end();
	machine_free(&m);
}

int main(int argc, char **argv)
{
	static const struct unit_test small[] = { T(pause_resume_registers), T(watchpoints),
						  T(hits_meet_pauses), T(threads),
						  T(qemu_is_stopped) };
	static const struct unit_test on_linux[] = { T(linux_guest) };

	arguments = argv;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return argc == 5 ? unit_run(on_linux, 1)
			 : unit_run(small, sizeof(small) / sizeof(small[0]));
}
