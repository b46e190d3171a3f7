// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "paths.h"
#include "rundir.h"

#define SAME_SECOND_MAX 1000 /* runs of one test that begin in one second */

static int find_runs(const char *given, char *out, struct errbuf *e)
{
	const char *env = getenv("KT_RUNS");
	char *real;
	int rc;

	if (!given && env && *env)
		given = env;
	rc = given ? paths_mkdirs(given) : paths_state("runs", out);
	if (rc == -ENOENT && !given)
		return errbuf_set(e, rc, "no place for runs: set HOME, XDG_STATE_HOME or KT_RUNS");
	if (rc)
		return errbuf_set(e, rc, "unable to create %s: %s", given ? given : out,
				  strerror(-rc));
	real = given ? realpath(given, out) : out;
	return real ? 0 : errbuf_set(e, -errno, "%s: %s", given, strerror(errno));
}

/* A test's name as part of a file name. */
static void clean(const char *test, char *out, size_t size)
{
	size_t i;

	snprintf(out, size, "%s", test);
	for (i = 0; out[i]; i++)
		if (!isalnum((unsigned char)out[i]) && !strchr("._-", out[i]))
			out[i] = '_';
}

static int make_dir(struct rundir *r, const char *test, struct errbuf *e)
{
	char when[32], name[100], path[PATH_MAX];
	time_t now = time(NULL);
	struct tm tm;
	int i, n;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	clean(test, name, sizeof(name));
	for (i = 1; i <= SAME_SECOND_MAX; i++) {
		n = snprintf(r->name, sizeof(r->name), "%s-%s", when, name);
		if (i > 1)
			snprintf(r->name + n, sizeof(r->name) - (size_t)n, "-%d", i);
		if (snprintf(path, sizeof(path), "%s/%s", r->runs, r->name) >= (int)sizeof(path))
			return errbuf_set(e, -ENAMETOOLONG, "%s: path too long", r->runs);
		if (!mkdir(path, 0777)) {
			r->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			return r->dir < 0 ? -errno : 0;
		}
		if (errno != EEXIST)
			break;
	}
	return errbuf_set(e, -errno, "unable to create %s: %s", path, strerror(errno));
}

int rundir_make(struct rundir *r, const char *runs, const char *test, struct errbuf *e)
{
	int rc;

	r->dir = r->records = -1;
	rc = find_runs(runs, r->runs, e);
	if (!rc)
		rc = make_dir(r, test, e);
	if (rc)
		return rc;
	r->records =
		openat(r->dir, "run.jsonl", O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
	if (r->records < 0)
		return errbuf_set(e, -errno, "unable to create %s/%s/run.jsonl: %s", r->runs,
				  r->name, strerror(errno));
	return 0;
}

int rundir_write(struct rundir *r, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(r->records, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int rundir_latest(struct rundir *r, struct errbuf *e)
{
	char tmp[PATH_MAX], link[PATH_MAX];

	if (snprintf(tmp, sizeof(tmp), "%s/.latest-%d", r->runs, (int)getpid()) >=
		    (int)sizeof(tmp) ||
	    snprintf(link, sizeof(link), "%s/latest", r->runs) >= (int)sizeof(link))
		return errbuf_set(e, -ENAMETOOLONG, "%s: path too long", r->runs);
	if (!symlink(r->name, tmp) && !rename(tmp, link))
		return 0;
	errbuf_set(e, -errno, "unable to point %s at %s: %s", link, r->name, strerror(errno));
	unlink(tmp);
	return -EIO;
}

void rundir_remove(struct rundir *r)
{
	char path[PATH_MAX];

	if (r->dir < 0)
		return;
	unlinkat(r->dir, "run.jsonl", 0);
	if (snprintf(path, sizeof(path), "%s/%s", r->runs, r->name) < (int)sizeof(path))
		rmdir(path);
}

void rundir_close(struct rundir *r)
{
	if (r->records >= 0)
		close(r->records);
	if (r->dir >= 0)
		close(r->dir);
	r->dir = r->records = -1;
}
