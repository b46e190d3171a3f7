// SPDX-License-Identifier: GPL-2.0-only
/* Programs and files of this host that go into the guest: where they are, where they go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "paths.h"
#include "plan/common/context.h"
#include "program.h"
#include "record.h"

#define DIR_PROGRAMS "/kt/programs/"
#define FILES_MAX    1024 /* of one test */

bool plan_is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool plan_absolute(const struct node *at, const char *path, char *buf)
{
	const char *slash = at ? strrchr(at->file->label, '/') : NULL;
	char joined[PATH_MAX];
	int n;

	if (*path == '/' || !slash)
		n = snprintf(joined, sizeof(joined), "%s", path);
	else
		n = snprintf(joined, sizeof(joined), "%.*s/%s", (int)(slash - at->file->label),
			     at->file->label, path);
	return n < (int)sizeof(joined) && realpath(joined, buf);
}

/* Directories that the guest mounts something on: what is packed there is never seen. */
static bool is_hidden(const char *path)
{
	static const char *const mounts[] = { "/dev", "/proc", "/sys", "/tmp", "/run", NULL };
	size_t len;
	int i;

	for (i = 0; mounts[i]; i++) {
		len = strlen(mounts[i]);
		if (strncmp(path, mounts[i], len) == 0 && (path[len] == '/' || !path[len]))
			return true;
	}
	return false;
}

static bool is_plain(const char *path)
{
	const char *p = path, *end;

	for (; *p == '/' && p[1]; p = end) {
		end = strchrnul(p + 1, '/');
		if (end == p + 1 || strncmp(p, "/./", 3) == 0 || strcmp(p, "/.") == 0 ||
		    strncmp(p, "/../", 4) == 0 || strcmp(p, "/..") == 0)
			return false;
	}
	return p > path && !*p && p - path < 1024 && !strchr(path, '\n');
}

int plan_guest_path(const struct node *n, bool at_key, const char *path, struct errbuf *e)
{
	int (*fail)(const struct node *, struct errbuf *, const char *, ...) =
		at_key ? node_fail_key : node_fail;

	if (!is_plain(path))
		return fail(n, e,
			    "\"%.100s\" is no path in the guest (expected one such as "
			    "\"/data/x.conf\")",
			    path);
	if (is_hidden(path))
		return fail(n, e,
			    "\"%.100s\" cannot be seen in the guest, which mounts over /dev, "
			    "/proc, /sys, /tmp and /run",
			    path);
	return KT_OK;
}

/* The entry of that place in the guest, or NULL. */
static struct json_object *entry_at(const struct plan_ctx *ctx, const char *guest)
{
	struct json_object *p;
	size_t i;

	for (i = 0; i < json_object_array_length(ctx->programs); i++) {
		p = json_object_array_get_idx(ctx->programs, i);
		if (strcmp(rec_get_str(p, "guest", ""), guest) == 0)
			return p;
	}
	return NULL;
}

struct json_object *plan_file_entry(const char *host, const char *guest, bool closure)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "host", host);
	rec_str(o, "guest", guest);
	rec_bool(o, "closure", closure);
	return o;
}

/*
 * A place for the program `host`, in a directory of its own if need be. It keeps the name that
 * the test calls it by: some programs are many, and a link's name says which.
 */
static void pack(const struct plan_ctx *ctx, const char *host, const char *name, char *guest,
		 size_t size)
{
	const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	struct json_object *p;
	int i = 1;

	snprintf(guest, size, DIR_PROGRAMS "%s", base);
	while ((p = entry_at(ctx, guest)) && strcmp(rec_get_str(p, "host", ""), host) != 0)
		snprintf(guest, size, DIR_PROGRAMS "%d/%s", ++i, base);
	if (!p)
		json_object_array_add(ctx->programs, plan_file_entry(host, guest, true));
}

int plan_program(const struct node *n, const struct plan_ctx *ctx, struct json_object *out,
		 const char *guest_key, struct errbuf *e)
{
	char found[PATH_MAX], host[PATH_MAX], guest[PATH_MAX];
	const char *name;
	bool ok;
	int rc = node_string(n, "a program's name or path", &name, e);

	if (rc)
		return rc;
	if (strchr(name, '/'))
		ok = plan_absolute(n, name, host);
	else
		ok = *name && !paths_program(name, found) && realpath(found, host);
	if (!ok || !plan_is_program(host)) {
		node_fail(n, e,
			  strchr(name, '/')
				  ? "\"%.200s\" is no executable program"
				  : "unable to find program \"%.200s\" beside kt or in PATH",
			  name);
		return KT_HOST;
	}
	if (json_object_array_length(ctx->programs) >= FILES_MAX)
		return node_fail(n, e, "more than %d programs and files for the guest", FILES_MAX);
	pack(ctx, host, name, guest, sizeof(guest));
	rec_str(out, guest_key, guest);
	rec_str(out, "host", host);
	return KT_OK;
}

static int add_file(const struct node *n, const struct plan_ctx *ctx, struct errbuf *e)
{
	char host[PATH_MAX];
	struct json_object *p;
	const char *path;
	int rc = plan_guest_path(n, true, n->key, e);

	if (!rc)
		rc = node_string(n, "the path of a file or directory", &path, e);
	if (rc)
		return rc;
	if (!plan_absolute(n, path, host)) {
		node_fail(n, e, "unable to find \"%.200s\"", path);
		return KT_HOST;
	}
	p = entry_at(ctx, n->key);
	if (p && strcmp(rec_get_str(p, "host", ""), host) != 0)
		return node_fail_key(n, e,
				     "two things go to %.100s in the guest: %.100s and %.100s",
				     n->key, rec_get_str(p, "host", ""), host);
	if (!p)
		json_object_array_add(ctx->programs, plan_file_entry(host, n->key, false));
	return KT_OK;
}

int plan_files(const struct node *n, const struct plan_ctx *ctx, struct errbuf *e)
{
	struct node m;
	int rc = node_object(n, "an object such as {\"/data/in.txt\": \"in.txt\"}", e);

	if (rc)
		return rc;
	if (json_object_array_length(ctx->programs) + node_count(n) > FILES_MAX)
		return node_fail(n, e, "more than %d programs and files for the guest", FILES_MAX);
	json_object_object_foreach (n->v, key, value) {
		(void)value;
		node_get(n, key, &m);
		rc = add_file(&m, ctx, e);
		if (rc)
			return rc;
	}
	return KT_OK;
}
