// SPDX-License-Identifier: GPL-2.0-only
/* kt doctor: asks each thing that a test needs, and says what to type for what is missing. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cmd_doctor.h"
#include "exit.h"
#include "msg.h"
#include "paths.h"
#include "record.h"
#include "spawn.h"
#include "tell.h"
#include "tool.h"

#define ASK_MS     20000
#define ANSWER_MAX 65536
#define QEMU_LEAST 8      /* 7.2 crashes kernels that patch their code on many CPUs */
#define FREE_LEAST 512ULL /* MiB: a run's records and initrds; a kernel build takes more */

static const struct opt rows[] = {
	{ "clean", 256, NULL, "remove what is left of runs that were killed, instead", NULL },
	{ 0 },
};

const struct opt_table doctor_options = {
	.command = "doctor",
	.usage = "[--clean]",
	.about = "Checks what kt needs on this machine.\n",
	.opt = rows,
	.end = "See kt(1).\n",
};

/* One finding; `fix` is what to type (NULL: nothing to do). Returns 1 for something missing. */
static int say(bool ok, const char *what, const char *detail, const char *fix)
{
	printf("%-8s %-10s %s\n", ok ? "ok" : "missing", what, detail);
	if (!ok && fix)
		printf("%-8s %-10s   type: %s\n", "", "", fix);
	return !ok;
}

/* Runs argv and keeps its stdout (NUL-terminated, cut at ANSWER_MAX): its exit code or -errno. */
static int ask(const char *const *argv, char answer[ANSWER_MAX])
{
	int fd = memfd_create("kt-doctor", MFD_CLOEXEC), rc, status = 0;
	struct spawn_opts o = { .argv = argv, .in = SPAWN_NULL, .out = fd, .err = SPAWN_NULL };
	struct spawn s;
	ssize_t n;

	answer[0] = '\0';
	if (fd < 0)
		return -errno;
	rc = spawn_start(&s, &o);
	if (!rc) {
		rc = spawn_wait(&s, ASK_MS, &status);
		if (rc)
			spawn_stop(&s, 0);
		else
			rc = spawn_code(status);
		spawn_close(&s);
	}
	n = pread(fd, answer, ANSWER_MAX - 1, 0);
	answer[n > 0 ? n : 0] = '\0';
	close(fd);
	return rc;
}

static int check_tools(void)
{
	char path[PATH_MAX], name[64], detail[256] = "";
	int i, missing = 0;

	for (i = 0; tool_names[i]; i++) {
		snprintf(name, sizeof(name), "kt-%s", tool_names[i]);
		if (!paths_program(name, path))
			continue;
		missing++;
		snprintf(detail + strlen(detail), sizeof(detail) - strlen(detail), " %s", name);
	}
	if (missing)
		return say(false, "tools", detail + 1, "make install");
	return say(true, "tools", "kt's own programs are all here", NULL);
}

static int check_qemu(void)
{
	static const char *const argv[] = { "qemu-system-x86_64", "--version", NULL };
	char answer[ANSWER_MAX], detail[128];
	const char *at;
	int rc = ask(argv, answer), major = 0, minor = 0;

	at = strstr(answer, "version ");
	if (rc || !at || sscanf(at, "version %d.%d", &major, &minor) != 2)
		return say(false, "qemu", "qemu-system-x86_64 was not found",
			   "apt install qemu-system-x86");
	snprintf(detail, sizeof(detail), "QEMU %d.%d%s", major, minor,
		 major < QEMU_LEAST ? " crashes guests at random; 8.0 or later is needed" : "");
	return say(major >= QEMU_LEAST, "qemu", detail,
		   "apt install -t bookworm-backports qemu-system-x86");
}

/* Each engine that kt-vm knows; one that works is enough. */
static int check_engines(void)
{
	char path[PATH_MAX], answer[ANSWER_MAX];
	const char *argv[] = { path, "--probe", NULL };
	char *line, *save;
	int rc;

	if (paths_program("kt-vm", path))
		return 0; /* said by check_tools() */
	rc = ask(argv, answer);
	for (line = strtok_r(answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		printf("%-8s %-10s %s\n", strstr(line, ": yes") ? "ok" : "no", "engine", line);
	return rc ? say(false, "engine", "no engine can run a guest here",
			"apt install qemu-system-x86")
		  : 0;
}

static int check_kernel(void)
{
	char path[PATH_MAX], answer[ANSWER_MAX], detail[PATH_MAX + 64] = "";
	const char *argv[] = { path, "find", NULL };
	struct json_object *o;
	char *line, *save;

	if (paths_program("kt-kernel", path))
		return 0;
	ask(argv, answer);
	for (line = strtok_r(answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		o = json_tokener_parse(line);
		if (o && rec_is(o, "kernel"))
			snprintf(detail, sizeof(detail), "%s (%s)", rec_get_str(o, "version", "?"),
				 rec_get_str(o, "image", "?"));
		json_object_put(o);
	}
	if (detail[0])
		return say(true, "kernel", detail, NULL);
	return say(false, "kernel", "no kernel that a guest could boot", "kt kernel build");
}

static int check_cpio(void)
{
	static const char *const argv[] = { "cpio", "--version", NULL };
	char answer[ANSWER_MAX];
	int rc = ask(argv, answer);
	bool gnu = !rc && strstr(answer, "GNU cpio");

	answer[strcspn(answer, "\n")] = '\0';
	return say(gnu, "cpio",
		   gnu       ? answer
		   : rc >= 0 ? "cpio is not GNU cpio"
			     : "cpio was not found",
		   "apt install cpio");
}

static int check_scheduler(void)
{
	char path[PATH_MAX];

	if (!paths_program("scx_kt", path))
		return say(true, "scheduler", path, NULL);
	return say(false, "scheduler", "scx_kt, which the shipped tests run, was not built",
		   "make scx");
}

/* A directory that kt writes to: there, writable, with room. */
static int check_dir(const char *what, int rc, const char *dir)
{
	char detail[PATH_MAX + 64];
	struct statvfs v;
	unsigned long long mib;

	if (rc == -ENOENT)
		return say(false, what, "no place for it", "export HOME=/some/directory");
	if (rc || access(dir, W_OK)) {
		snprintf(detail, sizeof(detail), "%s: %s", dir, strerror(rc ? -rc : errno));
		return say(false, what, detail,
			   "export XDG_CACHE_HOME=/some/directory "
			   "XDG_STATE_HOME=/some/directory");
	}
	if (statvfs(dir, &v)) {
		snprintf(detail, sizeof(detail), "%s: %s", dir, strerror(errno));
		return say(false, what, detail, NULL);
	}
	mib = (unsigned long long)v.f_bavail * v.f_frsize >> 20;
	snprintf(detail, sizeof(detail), "%s, %llu MiB free%s", dir, mib,
		 mib < FREE_LEAST ? ": too little" : "");
	return say(mib >= FREE_LEAST, what, detail, "df -h");
}

static int check_dirs(void)
{
	char dir[PATH_MAX] = "";
	int rc = paths_cache("", dir), missing;

	missing = check_dir("cache", rc, dir);
	rc = paths_state("", dir);
	return missing + check_dir("state", rc, dir);
}

static int clean(void)
{
	const char *args[] = { NULL, "clean", NULL };

	return tell(args, "--list");
}

/* -1: go on, else the exit code. */
static int opts_parse(int argc, char **argv)
{
	bool cleans = false;
	int rc;

	while (opts_next(&doctor_options, argc, argv, &rc) >= 0)
		cleans = true;
	if (rc >= 0)
		return rc;
	if (optind < argc)
		return msg_usage("doctor: unexpected argument '%s'", argv[optind]);
	return cleans ? clean() : -1;
}

int doctor_main(int argc, char **argv)
{
	int rc = opts_parse(argc, argv), missing;

	if (rc >= 0)
		return rc;
	missing = check_tools();
	missing += check_qemu();
	missing += check_engines();
	missing += check_kernel();
	missing += check_cpio();
	missing += check_scheduler();
	missing += check_dirs();
	return missing ? KT_HOST : KT_OK;
}
