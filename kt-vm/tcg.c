// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tcg engine: QEMU's software CPU as a child process. Only its CPUs,
 * interrupt controllers, serial port and virtio-console are used; the guest's
 * memory is ours (a memfd that both map), and so is every byte in it. There is
 * no firmware: 64 KiB of ROM take the boot CPU from reset to the kernel (reset.S).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "qmp.h"
#include "record.h"
#include "spawn.h"
#include "units.h"

#define QEMU        "qemu-system-x86_64"
#define QEMU_MIN    8 /* 7.2 oopses guests at random: code patching races with threaded TCG */
#define ROM_SIZE    0x10000
#define ROM_CODE    0xf000 /* offset of reset.S in the ROM */
#define ROM_VECTOR  0xfff0
#define STOP_MS     2000
#define PAUSE_NS    (2 * NSEC_PER_SEC)
#define SANDBOX     "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
#define STDERR_KEPT 1024

extern const uint8_t reset_start[], reset_end[], reset_entry[];

struct tcg {
	struct spawn qemu;
	int pidfd;
	struct qmp qmp;
	int trace; /* QEMU's log of CPU resets: shows triple faults */
	enum engine_event event;
	bool paused;
	char trace_tail[32];
	char err[STDERR_KEPT]; /* the end of QEMU's stderr */
	size_t err_len;
};

static int probe(const struct machine *m, char *what, size_t size, struct errbuf *why)
{
	static const char *const argv[] = { QEMU, "--version", NULL };
	char *out = NULL, *v;
	int major = 0, minor = 0, rc = spawn_capture(argv, 10000, 65536, &out);

	(void)m; /* QEMU takes all that kt-topo makes */
	if (rc) {
		free(out);
		return errbuf_set(why, -ENOENT,
				  rc == -ENOENT ? QEMU " is not installed (Debian: qemu-system-x86)"
						: QEMU " --version does not work");
	}
	v = strstr(out, "version ");
	if (v)
		sscanf(v, "version %d.%d", &major, &minor);
	free(out);
	if (major < QEMU_MIN)
		return errbuf_set(why, -ENOTSUP,
				  QEMU " is version %d.%d, %d.0 or later is needed (Debian 12: "
				       "bookworm-backports; 'make deps' enables it)",
				  major, minor, QEMU_MIN);
	snprintf(what, size, "QEMU %d.%d", major, minor);
	return 0;
}

/* A sealed-in-memory file with the ROM; its descriptor or -errno. */
static int rom(uint64_t entry)
{
	static const uint8_t jump[] = { 0xe9, (ROM_CODE - ROM_VECTOR - 3) & 0xff,
					((ROM_CODE - ROM_VECTOR - 3) >> 8) & 0xff };
	uint8_t *code;
	int fd = memfd_create("kt-reset-rom", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, ROM_SIZE))
		return -errno;
	code = mmap(NULL, ROM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (code == MAP_FAILED)
		return -errno;
	memcpy(code + ROM_CODE, reset_start, (size_t)(reset_end - reset_start));
	memcpy(code + ROM_CODE + (reset_entry - reset_start), &entry, sizeof(entry));
	memcpy(code + ROM_VECTOR, jump, sizeof(jump));
	munmap(code, ROM_SIZE);
	return fd;
}

/* The words of QEMU's command line; the descriptors are those that it inherits. */
struct words {
	const char *argv[64];
	char text[24][256];
	unsigned int n, t;
};

static void add(struct words *w, const char *word)
{
	w->argv[w->n++] = word;
}

static void addf(struct words *w, const char *opt, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void addf(struct words *w, const char *opt, const char *fmt, ...)
{
	char *text = w->text[w->t++];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(w->text[0]), fmt, ap);
	va_end(ap);
	add(w, opt);
	add(w, text);
}

enum { FD_ROM, FD_RAM, FD_QMP, FD_CONSOLE, FD_PORT, FD_TRACE, FD_COUNT };

static void command_line(struct words *w, const struct machine *m, const int *fd)
{
	unsigned long long mib = m->memory >> 20;

	add(w, QEMU);
	addf(w, "-accel", "tcg,thread=multi");
	addf(w, "-M",
	     "q35,acpi=off,hpet=on,smm=off,vmport=off,sata=off,smbus=off,usb=off,graphics=off,i8042=off,"
	     "max-ram-below-4g=2G,memory-backend=ram");
	/* an LLC is a die; QEMU shares the L3 within a die only for Intel CPUs */
	add(w, "-cpu");
	add(w, m->nested ? "EPYC,+svm,+npt" : "max,vendor=GenuineIntel");
	addf(w, "-smp", "%u,sockets=%u,dies=%u,cores=%u,threads=%u", m->cpus, m->nodes,
	     m->llcs / m->nodes, m->cores, m->threads);
	addf(w, "-m", "%lluM", mib);
	addf(w, "-object",
	     "memory-backend-file,id=ram,size=%lluM,share=on,mem-path=/proc/self/fd/%d", mib,
	     fd[FD_RAM]);
	addf(w, "-bios", "/proc/self/fd/%d", fd[FD_ROM]);
	addf(w, "-sandbox", SANDBOX);
	add(w, "-nodefaults");
	add(w, "-no-user-config");
	add(w, "-no-reboot");
	addf(w, "-display", "none");
	addf(w, "-chardev", "socket,id=qmp,fd=%d", fd[FD_QMP]);
	addf(w, "-mon", "chardev=qmp,mode=control");
	addf(w, "-chardev", "socket,id=console,fd=%d", fd[FD_CONSOLE]);
	addf(w, "-serial", "chardev:console");
	addf(w, "-chardev", "socket,id=port,fd=%d", fd[FD_PORT]);
	addf(w, "-device", "virtio-serial-pci,max_ports=2");
	addf(w, "-device", "virtserialport,chardev=port,name=kt.records");
	addf(w, "-d", "cpu_reset");
	addf(w, "-D", "/proc/self/fd/%d", fd[FD_TRACE]);
	add(w, NULL);
}

static int start_qemu(struct tcg *t, const struct machine *m, int *fd, int *console, int *port)
{
	struct words w = { .n = 0 };
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = w.argv);
	int qmp[2], con[2], prt[2], trace[2], rc, i;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, con) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, prt) || pipe2(trace, O_CLOEXEC))
		return -errno;
	fd[FD_QMP] = qmp[1];
	fd[FD_CONSOLE] = con[1];
	fd[FD_PORT] = prt[1];
	fd[FD_TRACE] = trace[1];
	command_line(&w, m, fd);
	o.in = SPAWN_NULL;
	o.out = SPAWN_NULL;
	o.err = SPAWN_PIPE;
	o.keep = fd;
	o.nkeep = FD_COUNT;
	rc = spawn_start(&t->qemu, &o);
	for (i = FD_QMP; i < FD_COUNT; i++)
		close(fd[i]);
	qmp_init(&t->qmp, qmp[0]);
	t->trace = trace[0];
	*console = con[0];
	*port = prt[0];
	return rc;
}

static void stop(void *self)
{
	struct tcg *t = self;

	spawn_stop(&t->qemu, 0);
	if (t->pidfd >= 0)
		close(t->pidfd);
	if (t->qmp.fd > 0)
		close(t->qmp.fd);
	if (t->trace > 0)
		close(t->trace);
	free(t);
}

static int start(void **self, const struct machine *m, int *console, int *port, struct errbuf *e)
{
	struct tcg *t = calloc(1, sizeof(*t));
	int fd[FD_COUNT] = { -1, m->mem.fd, -1, -1, -1, -1 }, rc;

	if (!t)
		return errbuf_set(e, -ENOMEM, "out of memory");
	t->pidfd = -1;
	fd[FD_ROM] = rom(m->entry);
	rc = fd[FD_ROM] < 0 ? fd[FD_ROM] : start_qemu(t, m, fd, console, port);
	if (fd[FD_ROM] >= 0)
		close(fd[FD_ROM]);
	if (!rc) {
		t->pidfd = (int)syscall(SYS_pidfd_open, t->qemu.pid, 0);
		fcntl(t->qemu.err, F_SETFL, O_NONBLOCK);
		fcntl(t->trace, F_SETFL, O_NONBLOCK);
		qmp_send(&t->qmp, "qmp_capabilities");
	}
	if (rc) {
		stop(t);
		return errbuf_set(e, rc, "unable to start " QEMU ": %s", strerror(-rc));
	}
	*self = t;
	return 0;
}

static size_t fds(void *self, int *fd)
{
	struct tcg *t = self;
	const int all[ENGINE_FDS] = { t->qmp.fd, t->pidfd, t->qemu.err, t->trace };
	size_t i, n = 0;

	for (i = 0; i < ENGINE_FDS; i++)
		if (all[i] >= 0)
			fd[n++] = all[i];
	return n;
}

/* Bytes that are there, into buf; at the end of the stream *fd is closed. */
static size_t read_some(int *fd, char *buf, size_t size)
{
	ssize_t n = *fd < 0 ? -1 : read(*fd, buf, size);

	if (n == 0) {
		close(*fd);
		*fd = -1;
	}
	return n > 0 ? (size_t)n : 0;
}

/* A triple fault looks like any other reset to QMP; QEMU's log tells them apart. */
static void read_trace(struct tcg *t)
{
	static const char mark[] = "Triple fault";
	char buf[sizeof(t->trace_tail) + 4096];
	size_t keep = strlen(t->trace_tail), n;

	while ((n = read_some(&t->trace, buf + keep, sizeof(buf) - keep - 1))) {
		memcpy(buf, t->trace_tail, keep);
		n += keep;
		buf[n] = '\0';
		if (memmem(buf, n, mark, sizeof(mark) - 1))
			t->event = ENGINE_TRIPLE_FAULT;
		keep = n < sizeof(mark) ? n : sizeof(mark);
		memcpy(t->trace_tail, buf + n - keep, keep);
		t->trace_tail[keep] = '\0';
	}
}

static void read_stderr(struct tcg *t)
{
	char buf[STDERR_KEPT];
	size_t n;

	while ((n = read_some(&t->qemu.err, buf, sizeof(buf)))) {
		size_t drop =
			t->err_len + n < sizeof(t->err) ? 0 : t->err_len + n - (sizeof(t->err) - 1);

		if (drop > t->err_len)
			drop = t->err_len;
		memmove(t->err, t->err + drop, t->err_len - drop);
		t->err_len -= drop;
		if (n > sizeof(t->err) - 1)
			n = sizeof(t->err) - 1;
		memcpy(t->err + t->err_len, buf, n);
		t->err_len += n;
		t->err[t->err_len] = '\0';
	}
}

static void on_qmp(void *ctx, struct json_object *msg)
{
	struct tcg *t = ctx;
	const char *event = rec_get_str(msg, "event", "");
	const char *reason = rec_get_str(rec_get_obj(msg, "data"), "reason", "");

	if (strcmp(event, "STOP") == 0)
		t->paused = true;
	if (strcmp(event, "RESUME") == 0)
		t->paused = false;
	if (strcmp(event, "SHUTDOWN") || t->event != ENGINE_NONE)
		return;
	if (strcmp(reason, "guest-shutdown") == 0)
		t->event = ENGINE_POWEROFF;
	else if (strcmp(reason, "guest-reset") == 0)
		t->event = ENGINE_RESET;
}

/* The last line of QEMU's stderr without its "qemu-system-x86_64: ". */
static const char *last_words(struct tcg *t)
{
	char *line;

	while (t->err_len && t->err[t->err_len - 1] == '\n')
		t->err[--t->err_len] = '\0';
	line = strrchr(t->err, '\n');
	line = line ? line + 1 : t->err;
	return strncmp(line, QEMU ": ", sizeof(QEMU ": ") - 1) ? line
							       : line + sizeof(QEMU ": ") - 1;
}

static enum engine_event handle(void *self, struct errbuf *why)
{
	struct tcg *t = self;
	int status, code;

	qmp_read(&t->qmp, on_qmp, t);
	read_stderr(t);
	read_trace(t);
	if (spawn_wait(&t->qemu, 0, &status))
		return ENGINE_NONE;
	/* all that it wrote before its end is in the sockets by now */
	qmp_read(&t->qmp, on_qmp, t);
	read_stderr(t);
	read_trace(t);
	if (t->event != ENGINE_NONE)
		return t->event;
	code = spawn_code(status);
	if (code > 128)
		errbuf_set(why, 0, QEMU " was killed by signal %d", code - 128);
	else
		errbuf_set(why, 0, QEMU " ended with %d%s%s", code, t->err_len ? ": " : "",
			   last_words(t));
	return ENGINE_LOST;
}

/* The host's TSC, which is the guest's too, in kHz; good to some 20 ppm. */
static unsigned long long tsc_khz(void)
{
	struct timespec ts;
	uint64_t t0, ns0, t1, ns1;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	t0 = __builtin_ia32_rdtsc();
	ns0 = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	do {
		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		t1 = __builtin_ia32_rdtsc();
		ns1 = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	} while (ns1 - ns0 < 5 * NSEC_PER_MSEC);
	return (t1 - t0) * NSEC_PER_MSEC / (ns1 - ns0);
}

/*
 * hpet: the PIT alone calibrates badly under TCG. tsc: all vCPUs read the host's
 * TSC; the checks that find it unstable measure the host's load. Its rate and
 * lpj are given, since a guest that shares CPUs calibrates them wrongly, and
 * slowly: each vCPU spends up to a second on it.
 */
static void cmdline(char *buf, size_t size, unsigned int hz)
{
	unsigned long long khz = tsc_khz();

	snprintf(buf, size,
		 "console=ttyS0 hpet=force tsc=reliable no_timer_check tsc_early_khz=%llu lpj=%llu",
		 khz, khz * 1000 / hz);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Sends the command and waits for QEMU's word that it is done. */
static int move(struct tcg *t, bool paused, uint64_t *took_ns, struct errbuf *e)
{
	uint64_t start = now_ns();
	int rc = qmp_send(&t->qmp, paused ? "stop" : "cont");

	while (!rc && t->paused != paused) {
		struct pollfd p = { .fd = t->qmp.fd, .events = POLLIN };

		if (now_ns() - start > PAUSE_NS)
			return errbuf_set(e, -ETIMEDOUT, QEMU " does not answer");
		poll(&p, 1, 20);
		rc = qmp_read(&t->qmp, on_qmp, t);
	}
	*took_ns = now_ns() - start;
	return rc ? errbuf_set(e, rc, QEMU " does not listen: %s", strerror(-rc)) : 0;
}

static int pause_guest(void *self, uint64_t *took_ns, struct errbuf *e)
{
	return move(self, true, took_ns, e);
}

static int resume(void *self, uint64_t *took_ns, struct errbuf *e)
{
	return move(self, false, took_ns, e);
}

static const struct engine_control control = { .pause = pause_guest, .resume = resume };

static struct json_object *sandbox(void)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "qemu", SANDBOX);
	return o;
}

const struct engine_ops engine_tcg = {
	.name = "tcg",
	.shares_memory = true,
	.probe = probe,
	.cmdline = cmdline,
	.sandbox = sandbox,
	.start = start,
	.fds = fds,
	.handle = handle,
	.stop = stop,
	.control = &control,
};
