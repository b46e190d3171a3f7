// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler of a test: by name, by path, as an object of its own, or none. What it
 * names must be a program on this host, for kt-initrd packs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "paths.h"
#include "plan/common/context.h"
#include "plan/common/find.h"
#include "plan/common/limits.h"
#include "program.h"
#include "record.h"
#include "sched.h"
#include "sched_program.h"
#include "sched_read.h"

#define SUB      "schedulers"
#define REFS_MAX 64 /* schedulers that the ops of a test name */

/* The file of an object; its name without .json is the default of "name". */
static int read_file(const struct node *at, const char *path, struct plan_sched *s,
		     struct errbuf *e)
{
	const char *base = strrchr(path, '/');
	struct jsonfile f;
	struct node root;
	char name[256];
	int rc = jsonfile_read(&f, path, e);

	base = base ? base + 1 : path;
	snprintf(name, sizeof(name), "%.*s", (int)strlen(base) - 5, base);
	if (!rc) {
		root = node_root(&f);
		rc = plan_sched_read(&root, name, at, s, e);
	}
	jsonfile_free(&f);
	return rc;
}

static int by_path(const struct node *at, const char *name, struct plan_sched *s, struct errbuf *e)
{
	size_t len = strlen(name);
	char path[PATH_MAX], text[sizeof(e->text)];

	if (len > 5 && strcmp(name + len - 5, ".json") == 0) {
		if (plan_absolute(at, name, path))
			return read_file(at, path, s, e);
		snprintf(text, sizeof(text), "unable to find scheduler file \"%.200s\"", name);
		return plan_sched_lacks(at, e, text);
	}
	s->record = plan_sched_record(strrchr(name, '/') + 1);
	return plan_sched_binary(at, s, name, e);
}

static int by_name(const struct node *at, const char *name, struct plan_sched *s, struct errbuf *e)
{
	char path[PATH_MAX];

	if (strcmp(name, "eevdf") == 0)
		return KT_OK;
	if (strchr(name, '/'))
		return by_path(at, name, s, e);
	if (!plan_find_file(SUB, SUB, name, path))
		return read_file(at, path, s, e);
	s->record = plan_sched_record(name);
	return plan_sched_binary(at, s, name, e);
}

static int resolve(const struct node *at, const char *name, struct plan_sched *s, struct errbuf *e)
{
	int rc;

	if (!at)
		return by_name(NULL, name, s, e);
	if (!at->v)
		return KT_OK;
	if (json_object_is_type(at->v, json_type_object))
		return plan_sched_read(at, NULL, NULL, s, e);
	rc = node_string(at, "a scheduler's name or path, an object, null or \"eevdf\"", &name, e);
	return rc ? rc : by_name(at, name, s, e);
}

int plan_sched_resolve(const struct node *at, const char *name, struct plan_sched *s,
		       struct errbuf *e)
{
	*s = (struct plan_sched){ .option = !at };
	return resolve(at, name, s, e);
}

void plan_sched_free(struct plan_sched *s)
{
	json_object_put(s->record);
	json_object_put(s->constraints);
	limits_free(&s->limits);
}

/* One of the record that goes by that name, or NULL. */
static struct json_object *known(const struct plan_ctx *ctx, const char *name)
{
	struct json_object *o;
	size_t i;

	if (ctx->sched->record && strcmp(rec_get_str(ctx->sched->record, "name", ""), name) == 0)
		return ctx->sched->record;
	for (i = 0; i < json_object_array_length(ctx->schedulers); i++) {
		o = json_object_array_get_idx(ctx->schedulers, i);
		if (strcmp(rec_get_str(o, "name", ""), name) == 0)
			return o;
	}
	return NULL;
}

/* The place in the guest: a name may have letters that a path cannot have. */
static void set_place(struct json_object *record, size_t index)
{
	const char *name = rec_get_str(record, "name", "");
	char guest[PATH_MAX];
	size_t len = strlen(name);

	if (strchr(name, '/') || name[0] == '.' || len > 64)
		snprintf(guest, sizeof(guest), "/kt/schedulers/%zu", index);
	else
		snprintf(guest, sizeof(guest), "/kt/schedulers/%s", name);
	rec_str(record, "guest_binary", guest);
}

/* A scheduler that is not in the record yet. */
static int add_ref(const struct node *n, const struct plan_ctx *ctx, const struct plan_sched *s,
		   struct errbuf *e)
{
	struct json_object *kargs = rec_get_arr(s->record, "kargs");
	const char *name = rec_get_str(s->record, "name", "");
	size_t i, count = json_object_array_length(ctx->schedulers);

	if (s->config[0] && !s->configured)
		return node_fail(n, e, "scheduler \"%.40s\" needs a \"config\" of its own here",
				 name);
	if (count >= REFS_MAX)
		return node_fail(n, e, "more than %d schedulers", REFS_MAX);
	set_place(s->record, count);
	for (i = 0; i < json_object_array_length(kargs); i++)
		json_object_array_add(ctx->kargs,
				      json_object_get(json_object_array_get_idx(kargs, i)));
	json_object_array_add(ctx->schedulers, json_object_get(s->record));
	return KT_OK;
}

int plan_sched_ref(const struct node *n, const struct plan_ctx *ctx, const char **name,
		   struct errbuf *e)
{
	struct plan_sched s = { .staged = true };
	struct json_object *old;
	int rc;

	if (json_object_is_type(n->v, json_type_string)) {
		old = known(ctx, json_object_get_string(n->v));
		*name = rec_get_str(old, "name", NULL);
		if (old)
			return KT_OK;
	}
	rc = resolve(n, NULL, &s, e);
	if (!rc && !s.record)
		rc = node_expected(n, e, "a scheduler's name or path, or an object");
	if (rc)
		goto out;
	old = known(ctx, rec_get_str(s.record, "name", ""));
	if (!old)
		rc = add_ref(n, ctx, &s, e);
	else if (json_object_is_type(n->v, json_type_object))
		rc = node_fail(n, e,
			       "scheduler \"%.40s\" is there twice: name it where it is used again",
			       rec_get_str(old, "name", ""));
	if (!rc)
		*name = rec_get_str(old ? old : s.record, "name", NULL);
out:
	plan_sched_free(&s);
	return rc;
}
