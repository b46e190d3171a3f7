// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes archives from trees: files are copied to a private directory, given
 * their modes and one fixed time there, and GNU cpio packs them. What it writes
 * depends on the contents alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "archive.h"
#include "spawn.h"
#include "stop.h"

#define HELPER_MS  120000 /* limit for cpio and strip, which take seconds for hundreds of MiB */
#define ZSTD_LEVEL 3

static int sys(struct errbuf *e, const char *verb, const char *path)
{
	return errbuf_set(e, -errno, "unable to %s %s: %s", verb, path, strerror(errno));
}

int workdir_make(struct workdir *w, struct errbuf *e)
{
	const char *tmp = getenv("TMPDIR");

	if (snprintf(w->path, PATH_MAX, "%s/kt-initrd.XXXXXX", tmp && *tmp ? tmp : "/tmp") <
		    PATH_MAX &&
	    mkdtemp(w->path))
		return 0;
	w->path[0] = '\0';
	return sys(e, "make a directory in", tmp && *tmp ? tmp : "/tmp");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	remove(path);
	return 0;
}

void workdir_remove(struct workdir *w)
{
	if (w->path[0])
		nftw(w->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	w->path[0] = '\0';
}

/* Writes the path W/NAME/REST; REST may be "" or begin with a slash. */
static int join(const struct workdir *w, const char *name, const char *rest, char *out,
		struct errbuf *e)
{
	if (snprintf(out, PATH_MAX, "%s/%s%s", w->path, name, rest) < PATH_MAX)
		return 0;
	return errbuf_set(e, -ENAMETOOLONG, "%s: path too long", rest);
}

int workdir_file(const struct workdir *w, const char *name, struct errbuf *e)
{
	char path[PATH_MAX];
	int rc = join(w, name, "", path, e);

	if (rc)
		return rc;
	rc = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return rc < 0 ? sys(e, "create", path) : rc;
}

static int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int copy_fd(int in, int out)
{
	char buf[65536];
	ssize_t n;
	int rc = 0;

	while (!rc && (n = read(in, buf, sizeof(buf))) != 0) {
		if (stop_asked())
			return -EINTR;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			rc = write_all(out, buf, (size_t)n);
	}
	return rc;
}

static int stage_file(const struct node *n, const char *path, struct errbuf *e)
{
	int in = -1, out, rc;

	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return sys(e, "create", path);
	if (n->src) {
		in = open(n->src, O_RDONLY | O_CLOEXEC);
		rc = in < 0 ? -errno : copy_fd(in, out);
	} else {
		rc = write_all(out, n->data, n->size);
	}
	if (rc)
		errbuf_set(e, rc, "unable to copy %s to %s: %s", n->src ? n->src : n->dest, path,
			   strerror(-rc));
	if (in >= 0)
		close(in);
	close(out);
	return rc;
}

int archive_stage(const struct workdir *w, const char *name, const struct tree *t, struct errbuf *e)
{
	char path[PATH_MAX];
	size_t i;
	int rc = join(w, name, "", path, e);

	if (!rc && mkdir(path, 0700))
		rc = sys(e, "create", path);
	for (i = 0; !rc && i < t->n; i++) {
		const struct node *n = t->v[i];

		if (stop_asked())
			return -EINTR;
		rc = join(w, name, n->dest, path, e);
		if (rc)
			break;
		if (n->kind == NODE_FILE)
			rc = stage_file(n, path, e);
		else if (mkdir(path, 0700))
			rc = sys(e, "create", path);
	}
	return rc;
}

/* Waits for a program until a signal asks us to stop. Returns its exit code or -errno. */
static int wait_helper(struct spawn *s)
{
	int status, ms;

	for (ms = 0; ms < HELPER_MS && !stop_asked(); ms += 50)
		if (!spawn_wait(s, 50, &status)) {
			spawn_close(s);
			return spawn_code(status);
		}
	spawn_stop(s, 0);
	return stop_asked() ? -EINTR : -ETIMEDOUT;
}

int archive_strip(const struct workdir *w, const char *name, const struct tree *t, struct errbuf *e)
{
	char path[PATH_MAX];
	const char *const argv[] = { "strip", "-g", path, NULL };
	struct spawn_opts o = {
		.argv = argv, .in = SPAWN_NULL, .out = SPAWN_NULL, .err = SPAWN_NULL
	};
	struct spawn s;
	size_t i;
	int rc;

	for (i = 0; i < t->n; i++) {
		if (!t->v[i]->strip)
			continue;
		rc = join(w, name, t->v[i]->dest, path, e);
		if (rc)
			return rc;
		if (spawn_start(&s, &o))
			return 0;
		rc = wait_helper(
			&s); /* a file that strip refuses stays as it is: usable, only larger */
		if (rc == -EINTR)
			return rc;
	}
	return 0;
}

/* Sets modes and times last and from the end: making a file changes its directory's time. */
static int settle(const struct workdir *w, const char *name, const struct tree *t, struct errbuf *e)
{
	static const struct timespec epoch[2];
	char path[PATH_MAX];
	size_t i;
	int rc;

	for (i = t->n; i-- > 0;) {
		rc = join(w, name, t->v[i]->dest, path, e);
		if (rc)
			return rc;
		if (chmod(path, t->v[i]->mode) || utimensat(AT_FDCWD, path, epoch, 0))
			return sys(e, "set mode and time of", path);
	}
	return 0;
}

static int write_list(int fd, const struct tree *t)
{
	FILE *f = fdopen(dup(fd), "w");
	size_t i;
	int bad;

	if (!f)
		return -errno;
	for (i = 0; i < t->n; i++)
		fprintf(f, "%s\n", t->v[i]->dest + 1);
	bad = ferror(f);
	if (fclose(f) || bad || lseek(fd, 0, SEEK_SET))
		return -EIO;
	return 0;
}

/* Reads the first line that cpio printed, for our error message. */
static void first_line(int fd, char *out, size_t size)
{
	ssize_t n = pread(fd, out, size - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static int run_cpio(const struct workdir *w, const char *name, int list, int fd, int err,
		    struct errbuf *e)
{
	static const char *const argv[] = { "cpio",    "-o", "-H",    "newc", "--reproducible",
					    "--quiet", "-R", "+0:+0", NULL };
	char dir[PATH_MAX], said[200];
	struct spawn_opts o = { .argv = argv, .dir = dir, .in = list, .out = fd, .err = err };
	struct spawn s;
	int rc = join(w, name, "", dir, e);

	if (rc)
		return rc;
	rc = spawn_start(&s, &o);
	if (rc == -ENOENT)
		return errbuf_set(e, -ENOPKG, "GNU cpio was not found: install the package cpio");
	if (rc)
		return errbuf_set(e, rc, "unable to run cpio: %s", strerror(-rc));
	rc = wait_helper(&s);
	if (rc == -EINTR)
		return rc;
	if (rc < 0)
		return errbuf_set(e, rc, "cpio did not end within %d s", HELPER_MS / 1000);
	first_line(err, said, sizeof(said));
	return rc ? errbuf_set(e, -EIO, "cpio failed (exit %d): %s", rc, said) : 0;
}

int archive_cpio(const struct workdir *w, const char *name, const struct tree *t, int fd,
		 struct errbuf *e)
{
	int list, err = -1, rc;

	rc = settle(w, name, t, e);
	if (rc)
		return rc;
	list = workdir_file(w, "list", e);
	if (list < 0)
		return list;
	rc = write_list(list, t);
	if (rc) {
		errbuf_set(e, rc, "unable to write to %s: %s", w->path, strerror(-rc));
		goto out;
	}
	err = workdir_file(w, "err", e);
	rc = err < 0 ? err : run_cpio(w, name, list, fd, err, e);
	if (err >= 0)
		close(err);
out:
	close(list);
	return rc;
}

/* Compresses one buffer of input; `last` ends the stream. */
static int compress(ZSTD_CCtx *z, const void *data, size_t len, int last, int out)
{
	char buf[65536];
	ZSTD_inBuffer zin = { data, len, 0 };
	size_t left;
	int rc = 0;

	do {
		ZSTD_outBuffer zout = { buf, sizeof(buf), 0 };

		left = ZSTD_compressStream2(z, &zout, &zin, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return -ENOMEM;
		rc = write_all(out, buf, zout.pos);
	} while (!rc && (last ? left != 0 : zin.pos < zin.size));
	return rc;
}

int archive_zstd(int in, int out, struct errbuf *e)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	char buf[65536];
	ssize_t n;
	int rc = z ? 0 : -ENOMEM;

	if (!rc && lseek(in, 0, SEEK_SET))
		rc = -errno;
	if (!rc)
		ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	while (!rc) {
		n = read(in, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? -errno : stop_asked() ? -EINTR : compress(z, buf, (size_t)n, !n, out);
		if (!n)
			break;
	}
	ZSTD_freeCCtx(z);
	if (rc)
		errbuf_set(e, rc, "unable to compress the archive: %s", strerror(-rc));
	return rc;
}

int archive_append(int in, int out, struct errbuf *e)
{
	int rc = lseek(in, 0, SEEK_SET) ? -errno : copy_fd(in, out);

	if (rc)
		errbuf_set(e, rc, "unable to write the archive: %s", strerror(-rc));
	return rc;
}
