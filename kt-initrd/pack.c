// SPDX-License-Identifier: GPL-2.0-only
/*
 * One archive from two: the plan changes with every test, the programs hardly
 * ever, so only the programs are compressed, and kept. The kernel takes an
 * uncompressed archive followed by a compressed one (as with early microcode).
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "archive.h"
#include "pack.h"
#include "paths.h"
#include "store.h"

/* Part of the cache's keys: to be changed when the same tree is packed another way. */
#define FORMAT "kt-initrd base 1"

struct job {
	struct store store;
	bool cached; /* there is a store */
	struct workdir work;
	int base; /* descriptor of the packed base */
};

static bool have_strip(void)
{
	const char *p = getenv("PATH"), *end;
	char path[PATH_MAX];

	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (snprintf(path, sizeof(path), "%.*s/strip", (int)(end - p), p) <
			    (int)sizeof(path) &&
		    !access(path, X_OK))
			return true;
	}
	return false;
}

static int base_key(const struct tree *base, const char *root, char *key, struct errbuf *e)
{
	struct sha256 sum;
	int rc;

	sha256_init(&sum);
	sha256_add(&sum, FORMAT, sizeof(FORMAT));
	sha256_add(&sum, ZSTD_versionString(), strlen(ZSTD_versionString()) + 1);
	sha256_add(&sum, have_strip() ? "s" : "-", 1);
	rc = tree_sum(base, root, &sum, e);
	sha256_hex(&sum, key);
	return rc;
}

/* Packs and compresses the base into `out`. */
static int make_base(struct job *j, struct tree *base, int out, char *key, struct errbuf *e)
{
	char root[PATH_MAX + 8];
	int cpio, rc;

	rc = archive_stage(&j->work, "base", base, e);
	if (rc)
		return rc;
	/* by the copies, not the originals: these may have changed since they were summed */
	snprintf(root, sizeof(root), "%s/base", j->work.path);
	rc = base_key(base, root, key, e);
	if (!rc)
		rc = archive_strip(&j->work, "base", base, e);
	if (rc)
		return rc;
	cpio = workdir_file(&j->work, "base.cpio", e);
	if (cpio < 0)
		return cpio;
	rc = archive_cpio(&j->work, "base", base, cpio, e);
	if (!rc)
		rc = archive_zstd(cpio, out, e);
	close(cpio);
	return rc;
}

/* Opens the base, which is made when the cache does not have it. */
static int get_base(struct job *j, struct tree *base, struct errbuf *e)
{
	char key[SHA256_HEX], path[PATH_MAX];
	struct temp t;
	int rc = base_key(base, NULL, key, e);

	if (rc)
		return rc;
	if (!j->cached) {
		j->base = workdir_file(&j->work, "base.zst", e);
		return j->base < 0 ? j->base : make_base(j, base, j->base, key, e);
	}
	j->base = store_base(&j->store, key);
	if (j->base >= 0)
		return 0;
	rc = temp_make(&t, j->store.dir, e);
	if (rc)
		return rc;
	rc = make_base(j, base, t.fd, key, e);
	if (!rc &&
	    snprintf(path, sizeof(path), "%s/base-%s", j->store.dir, key) >= (int)sizeof(path))
		rc = errbuf_set(e, -ENAMETOOLONG, "%s: path too long", j->store.dir);
	if (!rc && fdatasync(t.fd))
		rc = errbuf_set(e, -errno, "unable to write %s: %s", t.path, strerror(errno));
	if (!rc) {
		j->base = fcntl(t.fd, F_DUPFD_CLOEXEC, 3);
		rc = temp_commit(&t, path, e);
	}
	temp_drop(&t);
	return rc;
}

/* The whole archive into `fd`, and its size and sum into p. */
static int assemble(struct job *j, struct tree *plan, int fd, struct packed *p, struct errbuf *e)
{
	struct sha256 sum;
	struct stat st;
	int rc = 0;

	if (plan->n) {
		rc = archive_stage(&j->work, "plan", plan, e);
		if (!rc)
			rc = archive_cpio(&j->work, "plan", plan, fd, e);
	}
	if (!rc && lseek(fd, 0, SEEK_END) < 0)
		rc = errbuf_set(e, -errno, "unable to write the archive: %s", strerror(errno));
	if (!rc)
		rc = archive_append(j->base, fd, e);
	if (rc)
		return rc;
	sha256_init(&sum);
	if (lseek(fd, 0, SEEK_SET) || fstat(fd, &st))
		rc = -errno;
	if (!rc)
		rc = sha256_add_fd(&sum, fd);
	if (rc)
		return errbuf_set(e, rc, "unable to read the archive: %s", strerror(-rc));
	sha256_hex(&sum, p->sha256);
	p->size = st.st_size;
	return 0;
}

/* Puts the archive where it belongs. */
static int deliver(struct job *j, struct tree *plan, const char *output, struct packed *p,
		   struct errbuf *e)
{
	char copy[PATH_MAX], dir[PATH_MAX], name[PATH_MAX];
	struct temp t;
	int rc;

	snprintf(copy, sizeof(copy), "%s", output ? output : "");
	snprintf(name, sizeof(name), "%s", copy);
	if (!realpath(output ? dirname(copy) : j->store.dir, dir))
		return errbuf_set(e, -errno, "unable to write %s: %s",
				  output ? output : j->store.dir, strerror(errno));
	rc = temp_make(&t, dir, e);
	if (rc)
		return rc;
	rc = assemble(j, plan, t.fd, p, e);
	if (!rc && snprintf(p->path, PATH_MAX, "%s/%s%s", strcmp(dir, "/") ? dir : "",
			    output ? basename(name) : p->sha256, output ? "" : ".cpio") >= PATH_MAX)
		rc = errbuf_set(e, -ENAMETOOLONG, "%s: path too long", dir);
	if (!rc)
		rc = temp_commit(&t, p->path, e);
	temp_drop(&t);
	return rc;
}

int pack(struct tree *plan, struct tree *base, const char *output, struct packed *p,
	 struct errbuf *e)
{
	struct job j = { .base = -1 };
	struct stat st;
	int rc;

	if (output && !stat(output, &st) && !S_ISREG(st.st_mode))
		return errbuf_set(e, -EINVAL, "%s: expected a regular file to write to", output);
	rc = store_open(&j.store, e);
	j.cached = !rc;
	if (rc && !output)
		return rc;
	rc = workdir_make(&j.work, e);
	if (rc)
		return rc;
	tree_sort(plan);
	tree_sort(base);
	rc = get_base(&j, base, e);
	if (!rc)
		rc = deliver(&j, plan, output, p, e);
	if (j.base >= 0)
		close(j.base);
	workdir_remove(&j.work);
	if (!rc && j.cached)
		store_prune(&j.store);
	return rc;
}
