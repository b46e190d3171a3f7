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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "record.h"
#include "tcg.h"

#define QEMU_MIN    8 /* 7.2 oopses guests at random: code patching races with threaded TCG */
#define GREETING_MS 10000
#define APIC_ID_MAX 254

static int too_old(unsigned int major, unsigned int minor, struct errbuf *why)
{
	return errbuf_set(why, -ENOTSUP,
			  QEMU " is version %u.%u, %d.0 or later is needed (Debian 12: "
			       "bookworm-backports; 'make deps' enables it)",
			  major, minor, QEMU_MIN);
}

static int absent(struct errbuf *why)
{
	return errbuf_set(why, -ENOENT, QEMU " is not installed (Debian: qemu-system-x86)");
}

/* The installed one's version, by running it: 20 ms, which a guest does not wait for. */
static int ask_version(char *what, size_t size, struct errbuf *why)
{
	static const char *const argv[] = { QEMU, "--version", NULL };
	unsigned int major = 0, minor = 0;
	char *out = NULL, *v;
	int rc = spawn_capture(argv, 10000, 65536, &out);

	if (rc) {
		free(out);
		return rc == -ENOENT ? absent(why)
				     : errbuf_set(why, -ENOTSUP, QEMU " --version does not work");
	}
	v = strstr(out, "version ");
	if (v)
		sscanf(v, "version %u.%u", &major, &minor);
	free(out);
	if (major < QEMU_MIN)
		return too_old(major, minor, why);
	snprintf(what, size, "QEMU %u.%u", major, minor);
	return 0;
}

/*
 * QEMU has interrupts for APIC ids above 254 only behind an IOMMU that remaps them, which
 * these guests lack; Linux then leaves such CPUs out, and QEMU takes them for those with
 * the same lower 8 bits.
 */
static int check_ids(const struct machine *m, struct errbuf *why)
{
	unsigned int i, n = 0, max = 0;

	for (i = 0; i < m->cpus; i++) {
		n += m->places[i].apic_id > APIC_ID_MAX;
		if (m->places[i].apic_id > max)
			max = m->places[i].apic_id;
	}
	if (!n)
		return 0;
	return errbuf_set(
		why, -ENOTSUP,
		"%u of the %u CPUs of %s have APIC ids above %d (up to %u), which only the "
		"kvm engine can run (sizes that are powers of two waste no ids)",
		n, m->cpus, m->spec, APIC_ID_MAX, max);
}

static int probe(const struct machine *m, char *what, size_t size, struct errbuf *why)
{
	char dir[256];
	const char *path = getenv("PATH"), *end;
	int rc;

	if (!m)
		return ask_version(what, size, why);
	what[0] = '\0';
	rc = check_ids(m, why);
	if (rc)
		return rc;
	for (; path && *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if ((size_t)snprintf(dir, sizeof(dir), "%.*s/" QEMU, (int)(end - path), path) <
			    sizeof(dir) &&
		    access(dir, X_OK) == 0)
			return 0;
	}
	return absent(why);
}

static void stop(void *self)
{
	struct tcg *t = self;
	int fd[] = { t->pidfd, t->qmp.fd, t->trace, t->gdb.fd };
	size_t i;

	spawn_stop(&t->qemu, 0);
	for (i = 0; i < ARRAY_SIZE(fd); i++)
		if (fd[i] >= 0)
			close(fd[i]);
	for (i = 0; t->schedstat && i < t->cpus; i++)
		if (t->schedstat[i] > 0)
			close(t->schedstat[i]);
	json_object_put(t->reply);
	free(t->schedstat);
	free(t->tid);
	free(t->regs);
	free(t);
}

static size_t fds(void *self, int *fd)
{
	struct tcg *t = self;
	const int all[ENGINE_FDS] = { t->qmp.fd, t->pidfd, t->qemu.err, t->trace,
				      t->continued ? t->gdb.fd : -1 };
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
	char buf[TCG_STDERR_KEPT];
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

static uint64_t event_ns(struct json_object *msg)
{
	struct json_object *ts = rec_get_obj(msg, "timestamp");

	return (uint64_t)rec_get_int(ts, "seconds", 0) * NSEC_PER_SEC +
	       (uint64_t)rec_get_int(ts, "microseconds", 0) * NSEC_PER_USEC;
}

void tcg_on_qmp(void *ctx, struct json_object *msg)
{
	struct tcg *t = ctx;
	const char *event = rec_get_str(msg, "event", "");
	const char *reason = rec_get_str(rec_get_obj(msg, "data"), "reason", "");
	struct json_object *greeting = rec_get_obj(msg, "QMP");

	if (greeting) {
		struct json_object *v = rec_get_obj(rec_get_obj(greeting, "version"), "qemu");

		t->major = (unsigned int)rec_get_int(v, "major", 0);
		t->minor = (unsigned int)rec_get_int(v, "minor", 0);
		snprintf(t->version, sizeof(t->version), "QEMU %u.%u", t->major, t->minor);
	}
	if (t->calls && rec_get_int(msg, "id", 0) == t->calls) {
		json_object_put(t->reply);
		t->reply = json_object_get(msg);
	}
	if (strcmp(event, "STOP") == 0)
		t->paused = true;
	if (strcmp(event, "RESUME") == 0) {
		t->paused = t->regs_read = false;
		t->resumed_ns = event_ns(msg);
		t->resumes++;
	}
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

static void read_all(struct tcg *t)
{
	qmp_read(&t->qmp, tcg_on_qmp, t);
	read_stderr(t);
	read_trace(t); /* after QMP: the triple fault is logged before the reset is told */
}

static int died(struct tcg *t, int status, struct errbuf *why)
{
	int code = spawn_code(status);

	if (code > 128)
		return errbuf_set(why, -EIO, QEMU " was killed by signal %d", code - 128);
	return errbuf_set(why, -EIO, QEMU " ended with %d%s%s", code, t->err_len ? ": " : "",
			  last_words(t));
}

/*
 * QEMU tells the guest's end before it cleans up, which takes it 30 ms. All that the guest
 * has said is in the sockets by then.
 */
static enum engine_event handle(void *self, struct errbuf *why)
{
	struct tcg *t = self;
	int status;

	read_all(t);
	if (t->event != ENGINE_NONE)
		return t->event;
	if (spawn_wait(&t->qemu, 0, &status))
		return tcg_hits(t, why);
	/* all that it wrote before its end is in the sockets by now */
	read_all(t);
	if (t->event != ENGINE_NONE)
		return t->event;
	died(t, status, why);
	return ENGINE_LOST;
}

/* QEMU's greeting, with its version: the first thing it says. */
static int greeted(struct tcg *t, struct errbuf *e)
{
	uint64_t deadline = clock_ns() + GREETING_MS * NSEC_PER_MSEC;
	int status;

	while (!t->version[0]) {
		struct pollfd p[2] = { { .fd = t->qmp.fd, .events = POLLIN },
				       { .fd = t->pidfd, .events = POLLIN } };
		uint64_t now = clock_ns();

		if (now >= deadline)
			return errbuf_set(e, -ETIMEDOUT, QEMU " does not answer");
		poll(p, 2, (int)((deadline - now) / NSEC_PER_MSEC) + 1);
		read_all(t);
		if (!t->version[0] && spawn_wait(&t->qemu, 0, &status) == 0) {
			read_all(t);
			return t->version[0] ? 0 : died(t, status, e);
		}
	}
	return t->major < QEMU_MIN ? too_old(t->major, t->minor, e) : 0;
}

static int start(void **self, const struct machine *m, int *console, int *port, struct errbuf *e)
{
	struct tcg *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return errbuf_set(e, -ENOMEM, "out of memory");
	t->cpus = m->cpus;
	t->pidfd = t->qmp.fd = t->trace = t->gdb.fd = -1;
	t->qemu = (struct spawn){ .in = -1, .out = -1, .err = -1 };
	rc = tcg_qemu_start(t, m, console, port);
	if (rc) {
		stop(t);
		return errbuf_set(e, rc, "unable to start " QEMU ": %s", strerror(-rc));
	}
	t->pidfd = (int)syscall(SYS_pidfd_open, t->qemu.pid, 0);
	fcntl(t->qemu.err, F_SETFL, O_NONBLOCK);
	fcntl(t->trace, F_SETFL, O_NONBLOCK);
	qmp_send(&t->qmp, "qmp_capabilities", NULL, 0);
	rc = greeted(t, e);
	if (rc) {
		stop(t);
		return rc;
	}
	*self = t;
	return 0;
}

static const char *version(void *self)
{
	return ((struct tcg *)self)->version;
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

static struct json_object *sandbox(void)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "qemu", TCG_SANDBOX);
	return o;
}

const struct engine_ops engine_tcg = {
	.name = "tcg",
	.shares_memory = true,
	.probe = probe,
	.cmdline = cmdline,
	.sandbox = sandbox,
	.start = start,
	.version = version,
	.fds = fds,
	.handle = handle,
	.stop = stop,
	.control = &tcg_control,
};
