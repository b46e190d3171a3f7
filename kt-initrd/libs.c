// SPDX-License-Identifier: GPL-2.0-only
/*
 * The search for one library. The guest has no ld.so.cache and no
 * LD_LIBRARY_PATH; a library that only these know goes beside libc, where any
 * loader looks. $ORIGIN is expanded twice, for the host's place of the object
 * and for its place in the guest.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libs.h"
#include "tree.h"

static const char *const defaults[] = {
	"/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu",
	"/lib64",
	"/usr/lib64",
	"/lib",
	"/usr/lib",
	NULL,
};

/* One search: what is looked for, what was found, and the places that were tried. */
struct search {
	const char *soname;
	char *src, *dest;
	char wrong[PATH_MAX]; /* a file of that name for another machine */
	char tried[256];
};

static void note(struct search *s, const char *where)
{
	size_t n = strlen(s->tried);

	snprintf(s->tried + n, sizeof(s->tried) - n, "%s%s", n ? ", " : "", where);
}

/* Is DIR/soname a library for this machine? Then it is the one. */
static bool try_file(struct search *s, const char *path)
{
	struct elf_info info;
	bool found;

	if (access(path, R_OK) || elf_read(path, &info, NULL))
		return false;
	found = info.kind == ELF_IMAGE;
	elf_free(&info);
	if (found)
		snprintf(s->src, PATH_MAX, "%s", path);
	else
		snprintf(s->wrong, sizeof(s->wrong), "%s", path);
	return found;
}

static bool try_dir(struct search *s, const char *dir, const char *guest_dir)
{
	char path[PATH_MAX], guest[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, s->soname) >= (int)sizeof(path) ||
	    snprintf(guest, sizeof(guest), "%s/%s", guest_dir, s->soname) >= (int)sizeof(guest))
		return false;
	return try_file(s, path) && !tree_normalise(guest, s->dest);
}

static bool is_default(const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);
	int i;

	for (i = 0; defaults[i]; i++)
		if (strlen(defaults[i]) == len && !strncmp(defaults[i], path, len))
			return true;
	return false;
}

/* For a library that the guest's loader would not find at the host's path. */
static bool settle(const struct libs *l, struct search *s)
{
	int n;

	if (s->src[0] == '/' && is_default(s->src))
		n = snprintf(s->dest, PATH_MAX, "%s", s->src);
	else
		n = snprintf(s->dest, PATH_MAX, "%s/%s", l->home, s->soname);
	return n < PATH_MAX;
}

/*
 * Expands $ORIGIN (and ${ORIGIN}) at the start of an element of `len` bytes. $LIB and
 * $PLATFORM are not known: such a directory is not found.
 */
static int expand(const char *elem, size_t len, const char *origin, char *out)
{
	size_t skip = 0;
	int n;

	if (len >= 7 && !strncmp(elem, "$ORIGIN", 7))
		skip = 7;
	else if (len >= 9 && !strncmp(elem, "${ORIGIN}", 9))
		skip = 9;
	n = snprintf(out, PATH_MAX, "%s%.*s", skip ? origin : "", (int)(len - skip), elem + skip);
	return n < PATH_MAX && out[0] == '/' ? 0 : -EINVAL;
}

/* DT_RPATH or DT_RUNPATH of `o`. */
static bool try_path(struct search *s, const struct object *o, const char *path)
{
	char dir[PATH_MAX], guest[PATH_MAX], origin[PATH_MAX];
	const char *end;

	if (!path)
		return false;
	snprintf(origin, sizeof(origin), "%s", o->dest);
	*strrchr(origin, '/') = '\0';
	for (;; path = end + 1) {
		end = strchrnul(path, ':');
		if (end > path && !expand(path, (size_t)(end - path), o->origin, dir) &&
		    !expand(path, (size_t)(end - path), origin, guest)) {
			note(s, dir);
			if (try_dir(s, dir, guest))
				return true;
		}
		if (!*end)
			return false;
	}
}

static bool try_env(const struct libs *l, struct search *s)
{
	const char *p = getenv("LD_LIBRARY_PATH"), *end;
	char dir[PATH_MAX];

	if (!p || !*p)
		return false;
	note(s, "LD_LIBRARY_PATH");
	for (;; p = end + 1) {
		end = p + strcspn(p, ":;");
		if (snprintf(dir, sizeof(dir), "%.*s", (int)(end - p), end > p ? p : ".") <
			    (int)sizeof(dir) &&
		    try_dir(s, dir, "/"))
			return settle(l, s);
		if (!*end)
			return false;
	}
}

static bool try_cache(const struct libs *l, struct search *s)
{
	uint32_t pos = 0;
	const char *path;

	note(s, "ld.so.cache");
	while ((path = ldcache_find(&l->cache, s->soname, &pos)))
		if (try_file(s, path))
			return settle(l, s);
	return false;
}

static bool try_defaults(struct search *s)
{
	int i;

	for (i = 0; defaults[i]; i++) {
		note(s, defaults[i]);
		if (try_dir(s, defaults[i], defaults[i]))
			return true;
	}
	return false;
}

static bool look(const struct libs *l, struct search *s, const struct object *objs, int who)
{
	int i;

	if (strchr(s->soname, '/')) { /* a path: taken as it is, from the working directory */
		char abs[PATH_MAX];

		return realpath(s->soname, abs) && try_file(s, abs) &&
		       !tree_normalise(s->soname[0] == '/' ? s->soname : abs, s->dest);
	}
	for (i = who; !objs[who].elf.runpath && i >= 0; i = objs[i].loader)
		if (!objs[i].elf.runpath && try_path(s, &objs[i], objs[i].elf.rpath))
			return true;
	return try_env(l, s) || try_path(s, &objs[who], objs[who].elf.runpath) || try_cache(l, s) ||
	       try_defaults(s);
}

int libs_find(struct libs *l, const struct object *objs, int who, const char *soname, char *src,
	      char *dest, struct errbuf *e)
{
	struct search s = { .soname = soname, .src = src, .dest = dest };

	if (look(l, &s, objs, who))
		return 0;
	if (s.wrong[0])
		return errbuf_set(e, -ENOENT, "%s, needed by %s, is for another machine (found %s)",
				  soname, objs[who].src, s.wrong);
	return errbuf_set(e, -ENOENT, "%s, needed by %s, was not found%s%s%s", soname,
			  objs[who].src, s.tried[0] ? " (searched " : "", s.tried,
			  s.tried[0] ? ")" : "");
}

void libs_open(struct libs *l)
{
	char dest[PATH_MAX];
	struct search s = { .soname = "libc.so.6", .src = l->home, .dest = dest };

	ldcache_open(&l->cache, "/etc/ld.so.cache");
	if (try_defaults(&s))
		*strrchr(l->home, '/') = '\0';
	else
		strcpy(l->home, "/usr/lib"); /* not glibc: musl looks there, too */
}

void libs_close(struct libs *l)
{
	ldcache_close(&l->cache);
}
