// SPDX-License-Identifier: GPL-2.0-only
/* Owns how kbuild is called: the same arguments each time, so that nothing is made twice. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "compile.h"
#include "files.h"

const char *compile_dir(const struct compile *c)
{
	return c->obj ? c->obj : c->tree;
}

void compile_clean_environment(void)
{
	/* `make run` calls kt-kernel: its flags and variables are not meant for a kernel */
	static const char *const names[] = {
		"MAKEFLAGS",
		"MFLAGS",
		"MAKELEVEL",
		"MAKEOVERRIDES",
		"MAKEFILES",
		"GNUMAKEFLAGS",
		"ARCH",
		"CROSS_COMPILE",
		"KBUILD_OUTPUT",
		"KBUILD_EXTMOD",
		"KBUILD_VERBOSE",
		"KCONFIG_CONFIG",
		"KCFLAGS",
		"KCPPFLAGS",
		"KAFLAGS",
		"KCONFIG_ALLCONFIG",
		"LOCALVERSION",
		"LLVM",
		"O",
		"V",
		"W",
		"C",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
}

static int make(struct compile *c, const char *target, struct progress *p, struct errbuf *e)
{
	char jobs[24], out[PATH_MAX + 2];
	const char *argv[] = {
		"make",
		jobs,
		"LOCALVERSION=",
		/* newer compilers warn about more than a release was cleaned of */
		"KCFLAGS=-Wno-error",
		"KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970",
		"KBUILD_BUILD_USER=kt",
		"KBUILD_BUILD_HOST=kt",
		"KBUILD_BUILD_VERSION=1",
		target,
		c->obj ? out : NULL,
		NULL,
	};
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		CPU_SET(0, &set);
	snprintf(jobs, sizeof(jobs), "-j%d", CPU_COUNT(&set));
	if (c->obj)
		snprintf(out, sizeof(out), "O=%s", c->obj);
	return job_run(&c->job, argv, c->tree, c->log, p, e);
}

long compile_lacks(const struct compile *c, char *names, size_t size)
{
	char path[PATH_MAX];
	struct kconfig have;
	long n;

	if (files_join(path, compile_dir(c), ".config") || kconfig_read(&have, path, NULL))
		return -1;
	n = (long)kconfig_missing(c->want, &have, names, size);
	kconfig_free(&have);
	return n;
}

static int append_settings(const struct compile *c)
{
	char path[PATH_MAX];
	size_t i;
	FILE *f;
	int rc = files_join(path, compile_dir(c), ".config");

	if (rc)
		return rc;
	f = fopen(path, "ae");
	if (!f)
		return -errno;
	for (i = 0; i < c->want->n; i++)
		fprintf(f, "%s\n", c->want->line[i]);
	rc = ferror(f) ? -EIO : 0;
	if (fclose(f) && !rc)
		rc = -errno;
	return rc;
}

int compile_configure(struct compile *c, struct errbuf *e)
{
	struct progress p;
	char names[64];
	int rc;

	if (!compile_lacks(c, names, sizeof(names)))
		return 0;
	progress_start(&p, 0, "configuring %s", c->version);
	rc = make(c, "tinyconfig", &p, e);
	if (!rc) {
		rc = append_settings(c);
		if (rc)
			return errbuf_set(e, rc, "unable to write %s/.config: %s", compile_dir(c),
					  strerror(-rc));
		rc = make(c, "olddefconfig", &p, e);
	}
	if (rc > 0)
		errbuf_set(e, rc, "%s cannot be configured", c->version);
	return rc;
}

int compile_image(struct compile *c, struct errbuf *e)
{
	struct progress p;
	int rc;

	progress_start(&p, c->total, "building %s", c->version);
	rc = make(c, "bzImage", &p, e);
	if (rc > 0)
		errbuf_set(e, rc, "%s does not build", c->version);
	return rc;
}
