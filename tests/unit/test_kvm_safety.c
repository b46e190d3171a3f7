// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kvm.c kt-vm/kvm_vm.c kt-vm/kvm_vcpu.c kt-vm/kvm_devices.c kt-vm/kvm_control.c
// LINK: kt-vm/kvm_probe.c kt-vm/early.c kt-vm/ioapic.c kt-vm/sandbox.c kt-vm/cpuid.c kt-vm/bus.c
// LINK: kt-vm/gmem.c kt-vm/uart.c kt-vm/pm.c kt-vm/legacy.c kt-vm/engine_control.c
// LINK: kt-vm/virtio_console.c
// LINK: kt-vm/virtio_mmio.c kt-vm/virtq.c kt-vm/outbuf.c kt-vm/loader.c kt-vm/image.c
/*
 * The kvm engine when a vCPU is stuck, in the guest or in the host, and whom it runs as;
 * with guests of a few instructions, which even a KVM that emulates can run. Each test is
 * a process of its own, since the sandbox is for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kt-vm/engine.h"
#include "kt-vm/kvm.h"
#include "record.h"
#include "unit.h"

#define CODE 0x100000ULL
#define FLAG 0x8008ULL

static struct machine m;
static struct errbuf e;
static void *vm;
static int console, port;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One CPU; the first GiB is mapped. */
static void start(const char *code, size_t len)
{
	uint64_t *pml4;
	unsigned int i;

	m = (struct machine){ .nodes = 1, .llcs = 1, .cores = 1, .threads = 1, .cpus = 1 };
	m.entry = CODE;
	m.memory = 64 << 20;
	CHECK_INT(gmem_init_private(&m.mem, m.memory, &e), 0);
	pml4 = gmem_at(&m.mem, MACHINE_PAGE_TABLES, 0x3000);
	pml4[0] = (MACHINE_PAGE_TABLES + 0x1000) | 3;
	pml4[512] = (MACHINE_PAGE_TABLES + 0x2000) | 3;
	for (i = 0; i < 512; i++)
		pml4[1024 + i] = (uint64_t)i << 21 | 0x83;
	gmem_write(&m.mem, CODE, code, len);
	CHECK_INT(engine_kvm.start(&vm, &m, &console, &port, &e), 0);
}

static int in_child(void (*body)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		unit_bad = 0;
		body();
		fflush(stdout);
		_exit(unit_bad ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static bool no_kvm(void)
{
	int kvm = kvm_open(&e);

	if (kvm >= 0)
		close(kvm);
	return kvm < 0;
}

/* ---- stuck in the guest ------------------------------------------------------------ */

static void stops(const char *code, size_t len)
{
	struct json_object *o = json_object_new_object();
	double began;
	uint64_t took;

	start(code, len);
	usleep(50000);
	CHECK_INT(kvm_control.pause(vm, &took, &e), 0);
	CHECK(took < 1000000000ULL);
	CHECK_INT(kvm_control.resume(vm, &took, &e), 0);
	began = now();
	engine_kvm.halt(vm, o);
	CHECK(!rec_get_str(rec_get_obj(o, "kvm"), "stuck", NULL));
	engine_kvm.stop(vm);
	CHECK(now() - began < 1);
	json_object_put(o);
}

static void halted(void)
{
	stops("\xfa\xf4", 2); /* cli; hlt */
}

static void looping(void)
{
	stops("\xfa\xeb\xfe", 3); /* cli; jmp . */
}

TEST(stuck_in_the_guest)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(halted), 0);
	CHECK_INT(in_child(looping), 0);
}

/* ---- stuck in the host ------------------------------------------------------------- */

static _Atomic bool inside;

/* A device that does not come back. */
static void hang(void *self, uint64_t off, const void *data, unsigned int len)
{
	(void)self;
	(void)off;
	(void)data;
	(void)len;
	inside = true;
	for (;;)
		usleep(100000);
}

static void nothing(void *self, uint64_t off, void *data, unsigned int len)
{
	(void)self;
	(void)off;
	memset(data, 0, len);
}

static void stuck(void)
{
	static const struct dev_ops ops = { nothing, hang };
	static const char code[] = "\x80\x3c\x25\x08\x80\x00\x00\x00" /* 1: cmpb $0, FLAG */
				   "\x74\xf6"                         /* je 1b */
				   "\x66\xba\x00\x05\xee"             /* out %al, $0x500 */
				   "\xeb\xfe";
	struct json_object *o = json_object_new_object();
	uint64_t took;
	double began;

	start(code, sizeof(code) - 1);
	CHECK_INT(bus_add(&((struct kvm_vm *)vm)->pio, 0x500, 1, &ops, NULL), 0);
	gmem_write(&m.mem, FLAG, "x", 1);
	for (began = now(); !inside && now() - began < 5;)
		usleep(1000);
	CHECK(inside);
	began = now();
	CHECK_INT(kvm_control.pause(vm, &took, &e), -ETIMEDOUT);
	CHECK(now() - began < 3);
	CHECK(strstr(e.text, "vCPU 0 is stuck in the host"));
	began = now();
	engine_kvm.halt(vm, o);
	CHECK(strstr(rec_get_str(rec_get_obj(o, "kvm"), "stuck", ""), "vCPU 0 is stuck"));
	engine_kvm.stop(vm);
	printf("# a vCPU stuck in the host: given up after %.1f s\n", now() - began);
	CHECK(now() - began < 8);
	json_object_put(o);
}

TEST(stuck_in_the_host)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(stuck), 0);
}

/* ---- the order of coalesced writes --------------------------------------------------- */

#define OUT(port, value) "\x66\xba" port "\x03\xb0" value "\xee" /* out value, $0x3XX */
#define TIMES            5000

/* A byte of output, then one for the divisor: the same port, told apart by another one only. */
static void ordered(void)
{
	static const char code[] = "\xb9\x88\x13\x00\x00" /* mov $TIMES, %ecx */
		OUT("\xf8", "x") OUT("\xfb", "\x80") OUT("\xf8", "\x01")
			OUT("\xfb", "\x03") "\xff\xc9\x75\xe0" /* dec %ecx; jnz */
					    "\x66\xba\x04\x06\x66\xb8\x00\x20\x66\xef\xeb\xfe";
	int fd[ENGINE_FDS];
	struct pollfd p = { .events = POLLIN };
	unsigned int got = 0, other = 0;
	double began = now();
	char buf[8192];
	ssize_t n, i;
	bool ended;

	start(code, sizeof(code) - 1);
	engine_kvm.fds(vm, fd);
	p.fd = fd[0];
	fcntl(console, F_SETFL, O_NONBLOCK);
	do {
		ended = poll(&p, 1, 0) != 0;
		kvm_devices_kick(vm); /* its thread drains and drains */
		while ((n = read(console, buf, sizeof(buf))) > 0)
			for (i = 0; i < n; i++, got++)
				other += buf[i] != 'x';
	} while (!ended && now() - began < 20);
	CHECK_INT(other, 0);
	CHECK_INT(got, TIMES);
}

TEST(coalesced_writes_stay_in_order)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(ordered), 0);
}

/* ---- whom it runs as ------------------------------------------------------------------- */

static int ready[2];

static void waiting(void)
{
	start("\xeb\xfe", 2);
	if (write(ready[1], "x", 1) != 1)
		_exit(1);
	poll(NULL, 0, 60000);
}

static long long field(pid_t pid, const char *key, int base)
{
	char path[64], line[256];
	long long v = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			v = strtoll(line + strlen(key), NULL, base);
	if (f)
		fclose(f);
	return v;
}

static void runs_as(long long uid, long long gid)
{
	pid_t pid;
	char x;

	CHECK_INT(pipe(ready), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		waiting();
		_exit(0);
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &x, 1), 1);
	close(ready[0]);
	CHECK_INT(field(pid, "Uid:", 10), uid);
	CHECK_INT(field(pid, "Gid:", 10), gid);
	CHECK_INT(field(pid, "Groups:", 10), 0);
	CHECK_INT(field(pid, "CapEff:", 16), 0);
	CHECK_INT(field(pid, "CapBnd:", 16), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(root_becomes_nobody_or_who_called_sudo)
{
	if (no_kvm())
		SKIP(e.text);
	if (geteuid())
		SKIP("this is not root");
	unsetenv("SUDO_UID");
	runs_as(65534, 65534);
	setenv("SUDO_UID", "1234", 1);
	setenv("SUDO_GID", "4321", 1);
	runs_as(1234, 4321);
	setenv("SUDO_UID", "-1", 1);
	runs_as(65534, 65534);
	setenv("SUDO_UID", "0", 1);
	runs_as(65534, 65534);
}

/* Its parent's death is its own, also as another user. */
static void orphaned(void)
{
	pid_t pid = fork();
	char x;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		waiting();
		_exit(0);
	}
	CHECK_INT(read(ready[0], &x, 1), 1);
}

TEST(dies_with_its_parent)
{
	struct pollfd p = { .events = POLLIN };
	char x;

	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(pipe(ready), 0);
	CHECK_INT(in_child(orphaned), 0);
	close(ready[1]); /* the guest's process has the only other end */
	p.fd = ready[0];
	CHECK_INT(poll(&p, 1, 5000), 1);
	CHECK_INT(read(ready[0], &x, 1), 0);
	close(ready[0]);
}

UNIT_MAIN(T(stuck_in_the_guest), T(stuck_in_the_host), T(coalesced_writes_stay_in_order),
	  T(root_becomes_nobody_or_who_called_sudo), T(dies_with_its_parent))
