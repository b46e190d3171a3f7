// SPDX-License-Identifier: GPL-2.0-only
/* Owns the kinds of SOURCE and how a tree is made of each. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "files.h"
#include "paths.h"
#include "source.h"

#define MAKEFILE_MAX (1U << 20)

static const char *const suffixes[] = { ".tar.xz", ".tar.gz", ".tar.zst", ".tgz", ".tar", NULL };

const char *source_kind_name(enum source_kind k)
{
	static const char *const names[] = { "tree", "tarball", "deb" };

	return names[k];
}

static bool is_tarball(const char *path)
{
	size_t n = strlen(path), i;

	for (i = 0; suffixes[i]; i++)
		if (n > strlen(suffixes[i]) && !strcmp(path + n - strlen(suffixes[i]), suffixes[i]))
			return true;
	return false;
}

static int set_tarball(struct source *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return -ENOENT;
	snprintf(s->tarball, sizeof(s->tarball), "%s", path);
	s->size = st.st_size;
	s->mtime = st.st_mtime;
	return 0;
}

/* The tarball that a linux-source package has put below `root`. */
static int package_tarball(struct source *s, const char *root)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; suffixes[i]; i++)
		if (snprintf(path, sizeof(path), "%s/usr/src/%s%s", root, s->package, suffixes[i]) <
			    (int)sizeof(path) &&
		    !set_tarball(s, path))
			return 0;
	return -ENOENT;
}

static int resolve_deb(struct source *s, const char *arg, struct errbuf *e)
{
	const char *pkg = arg + 4;
	size_t n = strspn(pkg, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	if (!n || pkg[n] || n >= sizeof(s->package) || !isalnum((unsigned char)pkg[0]))
		return errbuf_set(e, KT_DATA, "%s names no Debian package", arg);
	s->kind = SOURCE_DEB;
	snprintf(s->name, sizeof(s->name), "%s", arg);
	snprintf(s->package, sizeof(s->package), "%s", pkg);
	package_tarball(s, "");
	return 0;
}

int source_resolve(struct source *s, const char *arg, struct errbuf *e)
{
	struct stat st;

	memset(s, 0, sizeof(*s));
	if (!strncmp(arg, "deb:", 4))
		return resolve_deb(s, arg, e);
	if (!realpath(arg, s->name) || stat(s->name, &st))
		return errbuf_set(e, KT_DATA, "unable to open source %s: %s", arg, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		s->kind = SOURCE_TREE;
		return 0;
	}
	s->kind = SOURCE_TARBALL;
	if (!is_tarball(arg) || set_tarball(s, s->name))
		return errbuf_set(e, KT_DATA,
				  "source %s is neither a directory nor a tarball "
				  "(.tar.xz, .tar.gz, .tar.zst)",
				  arg);
	return 0;
}

/* The value of `NAME = value` at the start of a line, without blanks; empty if there is none. */
static void make_value(const char *text, const char *name, char *buf, size_t size)
{
	const char *line = text;
	size_t n = strlen(name), len;

	buf[0] = '\0';
	while (line) {
		const char *p = line;

		line = strchr(line, '\n');
		line += line != NULL;
		if (strncmp(p, name, n) || !strchr(" \t=", p[n]))
			continue;
		p += n + strspn(p + n, " \t");
		if (*p++ != '=')
			continue;
		p += strspn(p, " \t");
		len = strspn(p,
			     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_");
		if (len < size)
			snprintf(buf, size, "%.*s", (int)len, p);
		return;
	}
}

int source_version(const char *tree, char version[IMAGE_VERSION_MAX], struct errbuf *e)
{
	static const char *const names[] = { "VERSION", "PATCHLEVEL", "SUBLEVEL", "EXTRAVERSION" };
	char path[PATH_MAX], part[4][24];
	char *text;
	size_t len, i;
	int rc = files_join(path, tree, "Makefile");

	if (!rc)
		rc = files_read(path, MAKEFILE_MAX, &text, &len);
	if (rc)
		return errbuf_set(e, -EINVAL, "no kernel tree: it has no readable Makefile");
	for (i = 0; i < 4; i++)
		make_value(text, names[i], part[i], sizeof(part[i]));
	free(text);
	if (!part[0][0] || !part[1][0] || !files_exist(tree, "Kconfig"))
		return errbuf_set(
			e, -EINVAL,
			"no kernel tree: it lacks a Kconfig file or VERSION in its Makefile");
	snprintf(version, IMAGE_VERSION_MAX, "%s.%s%s%s%s", part[0], part[1], part[2][0] ? "." : "",
		 part[2], part[3]);
	return 0;
}

int source_download(struct source *s, const char *dir, struct job *j, const char *log,
		    struct errbuf *e)
{
	const char *const get[] = { "apt-get", "-q", "download", s->package, NULL };
	/* the name that apt-get gives the file holds a version; sh finds it */
	const char *const unpack[] = { "sh", "-c", "dpkg-deb -x ./*.deb . && rm ./*.deb", NULL };
	struct progress p;
	char prog[PATH_MAX];
	int rc;

	if (paths_program("apt-get", prog) || paths_program("dpkg-deb", prog))
		return errbuf_set(e, -ENOENT,
				  "%s comes from Debian packages and this system has "
				  "no apt-get; give a kernel tree or a tarball",
				  s->name);
	progress_start(&p, 0, "downloading %s", s->package);
	rc = job_run(j, get, dir, log, &p, e);
	if (!rc)
		rc = job_run(j, unpack, dir, log, &p, e);
	if (rc > 0)
		return errbuf_set(e, rc,
				  "%s is not installed and could not be downloaded; try 'apt-get "
				  "install %s' as root, or give a kernel tree or a tarball",
				  s->package, s->package);
	if (!rc && package_tarball(s, dir))
		return errbuf_set(e, -ENOENT, "package %s holds no usr/src/%s.tar.xz", s->package,
				  s->package);
	return rc;
}

int source_unpack(const struct source *s, const char *tree, struct job *j, const char *log,
		  struct errbuf *e)
{
	const char *const tar[] = {
		"tar", "--no-same-owner", "--strip-components=1", "-C", tree, "-xf", s->tarball,
		NULL
	};
	struct progress p;
	int rc;

	progress_start(&p, 0, "unpacking %s", strrchr(s->tarball, '/') + 1);
	rc = job_run(j, tar, NULL, log, &p, e);
	if (rc > 0)
		return errbuf_set(e, rc, "unable to unpack %s", s->tarball);
	return rc;
}
