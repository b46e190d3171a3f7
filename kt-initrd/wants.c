// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test record asks to be packed. The record may come from anywhere: every place in the
 * guest is checked, and one that would be taken from kt itself is refused.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "closure.h"
#include "include.h"
#include "record.h"
#include "wants.h"

#define ITEMS_MAX 4096 /* of one list */

/* Goes through "scheduler" and "schedulers"; *i starts at 0. NULL: no more. */
static struct json_object *next_scheduler(struct json_object *test, size_t *i)
{
	struct json_object *list = rec_get_arr(test, "schedulers");
	struct json_object *own = rec_get_obj(test, "scheduler");

	if (*i == 0 && !own)
		*i = 1;
	if ((*i)++ == 0)
		return own;
	return list ? json_object_array_get_idx(list, *i - 2) : NULL;
}

static size_t length(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

/* Places that are kt's own, or that the guest mounts something on. */
static bool is_taken(const char *guest)
{
	static const char *const taken[] = { "/init", "/kt/plan.json", "/kt/modules",
					     "/dev",  "/proc",         "/sys",
					     "/run",  "/tmp",          NULL };
	size_t len;
	int i;

	for (i = 0; taken[i]; i++) {
		len = strlen(taken[i]);
		if (strncmp(guest, taken[i], len) == 0 && (guest[len] == '/' || !guest[len]))
			return true;
	}
	return false;
}

static int check_guest(const char *what, const char *guest, struct errbuf *e)
{
	char path[PATH_MAX];

	if (!guest || tree_normalise(guest, path) || strcmp(path, guest) || !path[1])
		return errbuf_set(e, -EINVAL,
				  "%s: expected an absolute path in the guest without \"..\", "
				  "found %.100s",
				  what, guest ? guest : "none");
	if (is_taken(guest))
		return errbuf_set(e, -EINVAL,
				  "%s: %.100s in the guest is not for programs and files of a test",
				  what, guest);
	return 0;
}

static int check_host(const char *what, const char *host, struct errbuf *e)
{
	if (host && host[0] == '/')
		return 0;
	return errbuf_set(e, -EINVAL, "%s: expected an absolute path on this host, found %.100s",
			  what, host ? host : "none");
}

/* {guest, host, closure} or {guest, text} */
static int check_file(const char *name, size_t index, struct json_object *o, bool text,
		      struct errbuf *e)
{
	char what[64];
	int rc;

	snprintf(what, sizeof(what), "%s[%zu].guest", name, index);
	rc = check_guest(what, rec_get_str(o, "guest", NULL), e);
	if (rc || (text && rec_get_str(o, "text", NULL)))
		return rc;
	snprintf(what, sizeof(what), "%s[%zu].host", name, index);
	return check_host(what, rec_get_str(o, "host", NULL), e);
}

static int check_files(struct json_object *list, const char *name, bool text, struct errbuf *e)
{
	size_t i;
	int rc = 0;

	if (length(list) > ITEMS_MAX)
		return errbuf_set(e, -EINVAL, "%s: more than %d", name, ITEMS_MAX);
	for (i = 0; !rc && i < length(list); i++)
		rc = check_file(name, i, json_object_array_get_idx(list, i), text, e);
	return rc;
}

/* A record without the place is of the time when there was but one. */
static const char *guest_binary(struct json_object *scheduler)
{
	return rec_get_str(scheduler, "guest_binary", "/kt/scheduler");
}

static int check_scheduler(struct json_object *s, struct errbuf *e)
{
	const char *binary = rec_get_str(s, "binary", NULL);
	int rc;

	if (!binary && rec_get_obj(s, "builtin"))
		return check_files(rec_get_arr(s, "files"), "scheduler.files", true, e);
	if (!binary || binary[0] != '/')
		return errbuf_set(e, -EINVAL,
				  "scheduler.binary: expected the absolute path of a program");
	rc = check_guest("scheduler.guest_binary", guest_binary(s), e);
	return rc ? rc : check_files(rec_get_arr(s, "files"), "scheduler.files", true, e);
}

int wants_check(struct json_object *test, struct errbuf *e)
{
	struct json_object *s;
	size_t i = 0;
	int rc = 0;

	if (length(rec_get_arr(test, "schedulers")) > ITEMS_MAX)
		return errbuf_set(e, -EINVAL, "schedulers: more than %d", ITEMS_MAX);
	while (!rc && (s = next_scheduler(test, &i)))
		rc = check_scheduler(s, e);
	return rc ? rc : check_files(rec_get_arr(test, "programs"), "programs", false, e);
}

static int add_files(struct json_object *list, struct tree *t, struct libs *l, struct errbuf *e)
{
	struct json_object *o;
	const char *host, *guest;
	struct stat st;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < length(list); i++) {
		o = json_object_array_get_idx(list, i);
		host = rec_get_str(o, "host", NULL);
		guest = rec_get_str(o, "guest", "");
		if (!host)
			continue;
		if (rec_get_bool(o, "closure", false))
			rc = closure_add(t, l, host, guest, true, e);
		else if (!stat(host, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			rc = errbuf_set(e, -EINVAL, "%s: expected a file or a directory", host);
		else
			rc = include_path(t, l, host, guest, false, e);
	}
	return rc;
}

int wants_programs(struct json_object *test, struct tree *t, struct libs *l, struct errbuf *e)
{
	struct json_object *s;
	const char *binary;
	size_t i = 0;
	int rc = 0;

	while (!rc && (s = next_scheduler(test, &i))) {
		binary = rec_get_str(s, "binary", NULL);
		if (binary)
			rc = closure_add(t, l, binary, guest_binary(s), true, e);
		if (!rc)
			rc = add_files(rec_get_arr(s, "files"), t, l, e);
	}
	return rc ? rc : add_files(rec_get_arr(test, "programs"), t, l, e);
}

static int add_text(struct json_object *o, const struct tree *base, struct tree *t,
		    struct errbuf *e)
{
	const char *guest = rec_get_str(o, "guest", ""), *text = rec_get_str(o, "text", NULL);

	if (!text)
		return 0;
	if (tree_has(base, guest))
		return errbuf_set(e, -EEXIST, "two things go to %s in the guest", guest);
	return tree_data(t, guest, text, strlen(text), e);
}

int wants_texts(struct json_object *test, const struct tree *base, struct tree *t, struct errbuf *e)
{
	struct json_object *s, *files;
	size_t i = 0, k;
	int rc = 0;

	while (!rc && (s = next_scheduler(test, &i))) {
		files = rec_get_arr(s, "files");
		for (k = 0; !rc && k < length(files); k++)
			rc = add_text(json_object_array_get_idx(files, k), base, t, e);
	}
	return rc;
}
