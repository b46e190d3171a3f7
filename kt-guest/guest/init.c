// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a test guest: the order of things from the first mount to the power-off.
 * Whatever goes wrong ends in a record that says so, and in the power-off: if PID 1
 * ended, the kernel would panic and bury the reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "array.h"
#include "exit.h"
#include "init.h"
#include "measure/file.h"
#include "measure/observer.h"
#include "measure/sysfs.h"
#include "measure/telemetry.h"
#include "modules.h"
#include "msg.h"
#include "port.h"
#include "record.h"
#include "run/run.h"
#include "run/scenario.h"
#include "run/scheduler.h"
#include "run/sysctl.h"

#define PLAN      "/kt/plan.json"
#define PORT_WAIT 5000 /* ms */
#define REC_BUF   (64 << 10)

struct mount {
	const char *dir, *type;
	bool needed;
};

static const struct mount mounts[] = {
	{ "/dev", "devtmpfs", true },
	{ "/proc", "proc", true },
	{ "/sys", "sysfs", true },
	{ "/tmp", "tmpfs", true },
	{ "/run", "tmpfs", false },
	{ "/dev/shm", "tmpfs", false },
	{ "/sys/fs/cgroup", "cgroup2", true },
	{ "/sys/fs/bpf", "bpf", false },
	{ "/sys/kernel/debug", "debugfs", false },
	{ "/sys/kernel/tracing", "tracefs", false },
	{ NULL, NULL, false },
};

/* Optional ones may be missing from the kernel; a needed one that was mounted before is fine. */
static int mount_all(struct errbuf *e)
{
	const struct mount *m;
	int rc = 0;

	for (m = mounts; m->dir; m++) {
		mkdir(m->dir, 0755);
		if (mount("none", m->dir, m->type, MS_NOSUID, NULL) && errno != EBUSY && m->needed)
			rc = errbuf_set(e, -errno, "unable to mount %s on %s: %s", m->type, m->dir,
					strerror(errno));
	}
	return rc;
}

/* What programs know their own streams by; udev makes these elsewhere. */
static void link_fds(void)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "fd/0", "/dev/stdin" },
		{ "fd/1", "/dev/stdout" },
		{ "fd/2", "/dev/stderr" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(links); i++)
		(void)!symlink(links[i][0], links[i][1]);
}

/* The kernel may have had no console to give to PID 1: nothing else may get 0, 1 or 2. */
static void std_fds(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= 2)
		fd = open("/dev/null", O_RDWR);
	if (fd > 2)
		close(fd);
}

/* The last resort, when there is no port: the kernel log. */
static void kmsg(const char *text)
{
	char line[600];

	snprintf(line, sizeof(line), "<3>kt-guest: %s\n", text);
	file_write("/dev/kmsg", line);
}

static struct json_object *guest_record(const char *event)
{
	struct json_object *o = rec_new("guest");

	rec_str(o, "event", event);
	rec_int(o, "guest_ns", (int64_t)clock_ns());
	return o;
}

static int guest_error(struct rec_out *out, int code, const struct errbuf *e)
{
	struct json_object *o = guest_record("error");

	rec_str(o, "text", e->text);
	rec_put(out, o);
	return code;
}

static void introduce(struct rec_out *out, const char *cmdline)
{
	struct json_object *o = guest_record("init");
	struct utsname u;
	char buf[CPULIST_TEXT_MAX];

	uname(&u);
	rec_str(o, "kernel", u.release);
	rec_str(o, "cmdline", cmdline);
	if (file_read_line("/sys/devices/system/cpu/online", buf, sizeof(buf)) < 0)
		buf[0] = '\0';
	rec_str(o, "cpus_online", buf);
	rec_put(out, o);
	o = guest_record("topology");
	sysfs_topology(o);
	rec_put(out, o);
}

/* 1 with the plan, 0 without one, -errno with words in e. */
static int read_plan(const char *path, struct rec_in *in, struct errbuf *e)
{
	FILE *f = fopen(path, "re");
	int rc;

	if (!f)
		return errno == ENOENT ? 0
				       : errbuf_set(e, -errno, "unable to open %s: %s", path,
						    strerror(errno));
	rec_in_init(in, f);
	rc = rec_next(in, e);
	fclose(f);
	if (rc == 1 && !rec_is(in->obj, "test"))
		rc = -EBADMSG;
	return rc == 1 ? 1 : errbuf_set(e, -EBADMSG, "%s: expected a test record", path);
}

/* Those of the test; a scheduler brings its own when it starts. */
static int apply_sysctls(struct json_object *plan, struct rec_out *out, struct errbuf *e)
{
	static struct sched none; /* too large for the stack; the writer waits through one */
	struct writer w;
	int rc;

	file_write("/proc/sys/kernel/sched_schedstats", "1"); /* where the kernel has it */
	sched_init(&none, plan, out);
	writer_init(&w, sched_wait_out, &none);
	rc = sysctl_set_all(&w, rec_get_obj(plan, "sysctls"), e);
	writer_stop(&w);
	return rc;
}

/*
 * From now on the kernel counts what BPF programs run, until init ends: that is in the samples.
 * Kernels before 5.8 do not know it, and have no sched_ext either.
 */
static void count_bpf_time(void)
{
	union bpf_attr attr = { .enable_stats.type = BPF_STATS_RUN_TIME };

	/* the descriptor that is returned stays open */
	syscall(SYS_bpf, BPF_ENABLE_STATS, &attr, sizeof(attr));
}

/* The guest is the test's alone: settings are made and never undone. */
static int run_in_guest(struct json_object *plan, struct rec_out *out, struct errbuf *e)
{
	struct json_object *scheduler = rec_get_obj(plan, "scheduler");
	int rc = apply_sysctls(plan, out, e);

	if (!rc)
		count_bpf_time();
	return rc ? rc
		  : run_plan(plan, rec_get_str(scheduler, "cgroup_parent", SCENARIO_PARENT), out,
			     e);
}

/* Runs a plan, if there is one; a test that was cut short is no fault of the guest. */
static int run(const char *path, struct rec_out *out, struct errbuf *e)
{
	struct rec_in in = { 0 };
	int rc = read_plan(path, &in, e);

	if (rc == 1)
		rc = run_in_guest(in.obj, out, e);
	rec_in_free(&in);
	if (rc >= 0)
		return rc > KT_SIGNAL ? rc : KT_OK;
	return guest_error(out, rc == -EBADMSG ? KT_DATA : KT_SYS, e);
}

/* kt.fault=NAME on the kernel command line: ways to end badly, for tests of the host side. */
static void inject_fault(const char *cmdline, int port)
{
	static const char garbage[] = "\x01\xff{garbage\n";
	static const char forged[] = "{\"type\":\"verdict\",\"verdict\":\"pass\"}\n";
	const char *p = strstr(cmdline, "kt.fault=");
	char fault[16] = "";

	if (!p)
		return;
	sscanf(p, "kt.fault=%15s", fault);
	if (strcmp(fault, "panic") == 0) {
		file_write("/proc/sys/kernel/sysrq", "1");
		file_write("/proc/sysrq-trigger", "c");
	} else if (strcmp(fault, "reboot") == 0) {
		reboot(RB_AUTOBOOT);
	} else if (strcmp(fault, "exit") == 0) {
		_exit(1);
	} else if (strcmp(fault, "garbage") == 0) {
		(void)!write(port, garbage, strlen(garbage));
	} else if (strcmp(fault, "forge") == 0) {
		(void)!write(port, forged, strlen(forged));
	} else if (strcmp(fault, "hang") == 0) {
		for (;;)
			pause();
	}
}

static _Noreturn void power_off(void)
{
	sync();
	for (;;) {
		reboot(RB_POWER_OFF);
		pause();
	}
}

static void serve(int port)
{
	struct rec_out out = { .f = fdopen(port, "w") };
	char cmdline[4096], *buf = malloc(REC_BUF);
	struct errbuf e;

	if (!out.f || !buf)
		return kmsg("out of memory");
	setvbuf(out.f, buf, _IOFBF, REC_BUF); /* a record is one write, and one exit to the host */
	if (file_read_line("/proc/cmdline", cmdline, sizeof(cmdline)) < 0)
		cmdline[0] = '\0';
	introduce(&out, cmdline);
	inject_fault(cmdline, port);
	rec_end(&out, run(PLAN, &out, &e));
	/*
	 * The driver tells the host of the close and waits for the answer, which comes after
	 * all that was written: no record is lost in the power-off.
	 */
	fclose(out.f);
	free(buf);
}

_Noreturn void guest_main(void)
{
	struct errbuf e;
	int rc, port;

	umask(022);
	rc = mount_all(&e);
	link_fds();
	std_fds();
	outrank_all();
	if (rc) {
		kmsg(e.text);
		power_off();
	}
	if (modules_load(&e))
		kmsg(e.text);
	port = port_open(PORT_WAIT);
	if (port >= 0)
		serve(port);
	else
		kmsg("no virtio-console port named " PORT_NAME);
	power_off();
}
