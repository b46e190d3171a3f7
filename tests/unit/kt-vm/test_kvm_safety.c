// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/kvm/*.c kt-vm/device/*.c kt-vm/machine/early.c kt-vm/machine/gmem.c
// LINK: kt-vm/machine/loader.c kt-vm/machine/image.c kt-vm/engine/control.c
/* The kvm engine when a vCPU is stuck, in the guest or in the host, and whom it runs as. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kt-vm/engine/kvm/control.h"
#include "kt-vm/engine/kvm/devices.h"
#include "kvm_guest.h"
#include "record.h"

#define FLAG 0x8008ULL

static double now(void)
{
	return (double)clock_ns() / 1e9;
}

/* A guest of one CPU that has started. */
static void run(const char *code, size_t len)
{
	CHECK_INT(start(1, 64 << 20, code, len), 0);
}

/* ---- stuck in the guest ------------------------------------------------------------ */

static void stops(const char *code, size_t len)
{
	struct json_object *o = json_object_new_object();
	double began;
	uint64_t took;

	run(code, len);
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

	run(code, sizeof(code) - 1);
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

	run(code, sizeof(code) - 1);
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

/* ---- pauses amid an instruction ------------------------------------------------------ */

#define MMIO_GPA 0x10000000ULL
#define ROUNDS   20000U

static _Atomic uint32_t number;

static void get_number(void *self, uint64_t off, void *data, unsigned int len)
{
	uint32_t n = number;

	(void)self;
	(void)off;
	memcpy(data, &n, len < sizeof(n) ? len : sizeof(n));
}

static void set_number(void *self, uint64_t off, const void *data, unsigned int len)
{
	uint32_t n = 0;

	(void)self;
	(void)off;
	memcpy(&n, data, len < sizeof(n) ? len : sizeof(n));
	number = n;
}

/* One that reads and writes a device: KVM goes from the one exit to the other without the guest. */
static void interrupted(void)
{
	static const struct dev_ops ops = { get_number, set_number };
	static const char code[] = "\x80\x3c\x25\x08\x80\x00\x00\x00" /* 1: cmpb $0, FLAG */
				   "\x74\xf6"                         /* je 1b */
				   "\xb9\x20\x4e\x00\x00"             /* mov $ROUNDS, %ecx */
				   "\xff\x04\x25\x00\x00\x00\x10"     /* 1: incl MMIO_GPA */
				   "\xff\xc9\x75\xf5"                 /* dec %ecx; jnz 1b */
				   "\x66\xba\x04\x06\x66\xb8\x00\x20\x66\xef\xeb\xfe"; /* off */
	struct pollfd p = { .events = POLLIN };
	unsigned int pauses = 0;
	int fd[ENGINE_FDS];
	double began = now();
	uint64_t took;

	run(code, sizeof(code) - 1);
	CHECK_INT(bus_add(&((struct kvm_vm *)vm)->mmio, MMIO_GPA, 4, &ops, NULL), 0);
	gmem_write(&m.mem, FLAG, "x", 1);
	engine_kvm.fds(vm, fd);
	p.fd = fd[0];
	do {
		if (kvm_control.pause(vm, &took, &e) == 0)
			pauses += kvm_control.resume(vm, &took, &e) == 0;
	} while (poll(&p, 1, 0) == 0 && now() - began < 20);
	printf("# %u rounds, %u pauses\n", number, pauses);
	CHECK_INT(number, ROUNDS);
	CHECK(pauses > 10);
}

TEST(a_pause_amid_an_instruction_loses_nothing)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(interrupted), 0);
}

/* ---- hosts without a vDSO ---------------------------------------------------------------- */

/* There the C library makes this system call. */
time_t time(time_t *t)
{
	return (time_t)syscall(SYS_time, t);
}

static void reads_clock(void)
{
	static const char code[] =
		"\x30\xc0\xe6\x70\xe4\x71" /* xor %al, %al; out %al, $0x70; in $0x71, %al */
		"\x66\xba\x04\x06\x66\xb8\x00\x20\x66\xef\xeb\xfe"; /* off */
	struct pollfd p = { .events = POLLIN };
	int fd[ENGINE_FDS];

	run(code, sizeof(code) - 1);
	engine_kvm.fds(vm, fd);
	p.fd = fd[0];
	CHECK_INT(poll(&p, 1, 5000), 1);
	CHECK_INT(engine_kvm.handle(vm, &e), ENGINE_POWEROFF);
}

TEST(the_clock_of_a_host_without_vdso)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(reads_clock), 0);
}

/* ---- failures ------------------------------------------------------------------------ */

static unsigned int files; /* that may be open in the child */

static unsigned int descriptors(void)
{
	unsigned int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl((int)fd, F_GETFD) >= 0;
	return n;
}

/* A start that fails for want of descriptors leaves none behind; one that does not, ends with 2. */
static void starved(void)
{
	const struct rlimit l = { files, files };
	unsigned int before = descriptors();

	setrlimit(RLIMIT_NOFILE, &l);
	if (start(2, 64 << 20, COUNT_FOR_EVER, sizeof(COUNT_FOR_EVER) - 1) == 0)
		_exit(2);
	if (console >= 0)
		close(console);
	if (port >= 0)
		close(port);
	CHECK_INT(descriptors(), before);
}

TEST(a_failed_start_leaves_no_descriptor)
{
	unsigned int first = descriptors();
	int status = 0;

	if (no_kvm())
		SKIP(e.text);
	for (files = first; status == 0 && files < first + 64; files++)
		status = in_child(starved);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	printf("# %u starts failed for want of descriptors\n", files - 1 - first);
	CHECK(files > first + 8);
}

/* ---- what it can reach ------------------------------------------------------------------ */

/* What the caller has left open is no business of the guest's. */
static void inheriting(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int left = fcntl(null, F_DUPFD, 100), own = fcntl(null, F_DUPFD_CLOEXEC, 101);

	run("\xeb\xfe", 2);
	CHECK(lseek(left, 0, SEEK_CUR) == -1 && errno == EBADF);
	CHECK_INT(lseek(own, 0, SEEK_CUR), 0);
}

TEST(closes_what_it_was_given)
{
	if (no_kvm())
		SKIP(e.text);
	CHECK_INT(in_child(inheriting), 0);
}

/* ---- whom it runs as ------------------------------------------------------------------- */

static int ready[2];

static void waiting(void)
{
	run("\xeb\xfe", 2);
	if (write(ready[1], "x", 1) != 1)
		_exit(1);
	poll(NULL, 0, 60000);
}

static void runs_as(long long uid, long long gid)
{
	char x, status[64];
	pid_t pid;

	CHECK_INT(pipe2(ready, O_CLOEXEC), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		waiting();
		_exit(0);
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &x, 1), 1);
	close(ready[0]);
	snprintf(status, sizeof(status), "/proc/%d/status", pid);
	CHECK_INT(field(status, "Uid:", 10), uid);
	CHECK_INT(field(status, "Gid:", 10), gid);
	CHECK_INT(field(status, "Groups:", 10), 0);
	CHECK_INT(field(status, "CapEff:", 16), 0);
	CHECK_INT(field(status, "CapBnd:", 16), 0);
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
	CHECK_INT(pipe2(ready, O_CLOEXEC), 0);
	CHECK_INT(in_child(orphaned), 0);
	close(ready[1]); /* the guest's process has the only other end */
	p.fd = ready[0];
	CHECK_INT(poll(&p, 1, 5000), 1);
	CHECK_INT(read(ready[0], &x, 1), 0);
	close(ready[0]);
}

UNIT_MAIN(T(stuck_in_the_guest), T(stuck_in_the_host), T(coalesced_writes_stay_in_order),
	  T(a_pause_amid_an_instruction_loses_nothing), T(the_clock_of_a_host_without_vdso),
	  T(a_failed_start_leaves_no_descriptor), T(closes_what_it_was_given),
	  T(root_becomes_nobody_or_who_called_sudo), T(dies_with_its_parent))
