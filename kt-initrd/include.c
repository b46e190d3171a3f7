// SPDX-License-Identifier: GPL-2.0-only
/* What the user asks for beyond the programs of a test. */
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "closure.h"
#include "include.h"

#define DEFAULT_DIR "/kt/files" /* where things go that are given without a DEST */

/* Where a bare name is in PATH. */
static bool in_path(const char *name, char *out)
{
	const char *p = getenv("PATH"), *end;
	struct stat st;

	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (*p == '/' &&
		    snprintf(out, PATH_MAX, "%.*s/%s", (int)(end - p), p, name) < PATH_MAX &&
		    !access(out, X_OK) && !stat(out, &st) && S_ISREG(st.st_mode))
			return true;
	}
	return false;
}

/* SRC as a path on the host; *from_path says that PATH had it. */
static int find_source(const char *name, char *out, bool *from_path, struct errbuf *e)
{
	*from_path = false;
	if (snprintf(out, PATH_MAX, "%s", name) >= PATH_MAX)
		return errbuf_set(e, -ENAMETOOLONG, "--include: the path is too long");
	if (!access(out, F_OK))
		return 0;
	if (strchr(name, '/'))
		return errbuf_set(e, -errno, "unable to include %s: %s", name, strerror(errno));
	*from_path = in_path(name, out);
	return *from_path
		       ? 0
		       : errbuf_set(e, -ENOENT,
				    "unable to include %s: neither in this directory nor in PATH",
				    name);
}

static int add_found(struct tree *t, struct libs *l, const FTSENT *f, size_t skip, const char *dest,
		     struct errbuf *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dest, f->fts_path + skip) >= (int)sizeof(path))
		return errbuf_set(e, -ENAMETOOLONG, "%s: path too long", f->fts_path);
	switch (f->fts_info) {
	case FTS_D:
		return tree_dir(t, path, (f->fts_statp->st_mode & 0777) | 0700, e);
	case FTS_F:
		return closure_add(t, l, f->fts_path, path, false, e);
	case FTS_SLNONE:
		return errbuf_set(e, -ENOENT, "unable to include %s: the link leads nowhere",
				  f->fts_path);
	case FTS_DC:
		return errbuf_set(e, -ELOOP, "unable to include %s: a loop of links", f->fts_path);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return errbuf_set(e, -f->fts_errno, "unable to include %s: %s", f->fts_path,
				  strerror(f->fts_errno));
	default: /* the way back out of a directory; sockets, pipes, devices */
		return 0;
	}
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Links are followed, so that nothing in the guest leads out of what was packed. */
static int add_dir(struct tree *t, struct libs *l, char *src, const char *dest, struct errbuf *e)
{
	char *const roots[] = { src, NULL };
	FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *f;
	int rc = 0;

	if (!fts)
		return errbuf_set(e, -errno, "unable to include %s: %s", src, strerror(errno));
	while (!rc && (f = fts_read(fts)))
		rc = add_found(t, l, f, strlen(src), dest, e);
	fts_close(fts);
	return rc;
}

int include_path(struct tree *t, struct libs *l, const char *src, const char *dest, bool must_run,
		 struct errbuf *e)
{
	char dir[PATH_MAX];
	struct stat st;

	if (stat(src, &st))
		return errbuf_set(e, -errno, "unable to include %s: %s", src, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return closure_add(t, l, src, dest, must_run, e);
	if (snprintf(dir, sizeof(dir), "%s", src) >= (int)sizeof(dir))
		return errbuf_set(e, -ENAMETOOLONG, "%s: path too long", src);
	return add_dir(t, l, dir, dest, e);
}

static int default_dest(const char *src, bool from_path, char *dest, struct errbuf *e)
{
	const char *base = strrchr(src, '/');
	int n;

	base = base ? base + 1 : src;
	if (!*base || !strcmp(base, ".") || !strcmp(base, ".."))
		return errbuf_set(e, -EINVAL,
				  "unable to include %s: give its place, as in %s:/data", src, src);
	n = snprintf(dest, PATH_MAX, "%s%s", from_path ? "" : DEFAULT_DIR "/",
		     from_path ? src : base);
	return n < PATH_MAX ? 0 : errbuf_set(e, -ENAMETOOLONG, "%s: path too long", src);
}

int include_add(struct tree *t, struct libs *l, const char *spec, struct errbuf *e)
{
	const char *colon = strrchr(spec, ':');
	char name[PATH_MAX], src[PATH_MAX], dest[PATH_MAX];
	bool from_path;
	int rc;

	if (colon && colon[1] != '/')
		colon = NULL;
	if (snprintf(name, sizeof(name), "%.*s",
		     colon ? (int)(colon - spec) : (int)strnlen(spec, PATH_MAX),
		     spec) >= (int)sizeof(name))
		return errbuf_set(e, -ENAMETOOLONG, "--include: the path is too long");
	rc = find_source(name, src, &from_path, e);
	if (rc)
		return rc;
	if (colon)
		snprintf(dest, sizeof(dest), "%s", colon + 1);
	else
		rc = default_dest(src, from_path, dest, e);
	if (rc)
		return rc;
	return include_path(t, l, src, dest, from_path, e);
}
