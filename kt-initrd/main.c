// SPDX-License-Identifier: GPL-2.0-only
/*
 * kt-initrd: packs kt-guest, the scheduler under test and the plan into an
 * archive that the kernel unpacks as its root, and adds an `initrd` record.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "closure.h"
#include "exit.h"
#include "include.h"
#include "modules.h"
#include "msg.h"
#include "opts.h"
#include "pack.h"
#include "paths.h"
#include "record.h"
#include "stop.h"
#include "wants.h"

struct opts {
	const char **include;
	size_t ninclude;
	const char *output;
};

/* What the input says about the archive. */
struct input {
	char *plan; /* the test record's line, or NULL */
	size_t plan_len;
	struct json_object *test; /* the same, parsed */
	char *modules;            /* of the kernel, or NULL */
};

static const struct opt rows[] = {
	{ "include", 'i', "SRC[:DEST]",
	  "pack a file, a program or a directory, too; may be repeated", "<file>" },
	{ "output", 'o', "FILE", "write the archive to FILE, not to the cache", "<file>" },
	{ 0 },
};

static const struct opt_table table = {
	.usage = "[OPTION]... < RECORDS",
	.about = "Packs kt-guest, the scheduler under test, the plan and all that they need into\n"
		 "an initial file system for a guest, and adds an initrd record that names it.\n",
	.opt = rows,
};

/* -1: go on, else the exit code. */
static int opts_parse(struct opts *o, int argc, char **argv)
{
	int c, rc;

	o->include = calloc((size_t)argc, sizeof(*o->include));
	if (!o->include)
		return msg_err(KT_SYS, errno, "unable to read the options");
	while ((c = opts_next(&table, argc, argv, &rc)) >= 0) {
		switch (c) {
		case 'i':
			o->include[o->ninclude++] = optarg;
			break;
		case 'o':
			o->output = optarg;
			break;
		}
	}
	if (rc >= 0)
		return rc;
	if (optind < argc)
		return msg_usage("unexpected argument '%s'", argv[optind]);
	return -1;
}

static int take_test(struct input *i, const struct rec_in *in)
{
	struct errbuf e;

	if (i->plan)
		return msg_err(KT_DATA, 0, "line %lu: a second test record: expected one plan",
			       in->seq);
	/* with its newline: a line without one is a cut record */
	i->plan = malloc(in->len + 1);
	i->plan_len = in->len + 1;
	if (!i->plan)
		return msg_err(KT_SYS, ENOMEM, "unable to keep the plan");
	*(char *)mempcpy(i->plan, in->line, in->len) = '\n';
	i->test = json_object_get(in->obj);
	if (wants_check(i->test, &e))
		return msg_err(KT_DATA, 0, "line %lu: %s", in->seq, e.text);
	return KT_OK;
}

static int take_kernel(struct input *i, struct json_object *kernel)
{
	const char *modules = rec_get_str(kernel, "modules", NULL);

	free(i->modules);
	i->modules = modules ? strdup(modules) : NULL;
	return modules && !i->modules ? msg_err(KT_SYS, ENOMEM, "unable to keep the kernel")
				      : KT_OK;
}

/* Passes all records on and keeps what matters here. */
static int read_records(struct input *i, struct rec_out *out)
{
	struct rec_in in;
	struct errbuf e;
	int rc = KT_OK, n;

	if (isatty(STDIN_FILENO))
		return KT_OK;
	rec_in_init(&in, stdin);
	while (rc == KT_OK && (n = rec_next(&in, &e)) != 0) {
		if (n < 0) {
			rc = msg_err(n == -EIO || n == -ENOMEM ? KT_SYS : KT_DATA, 0, "%s", e.text);
			break;
		}
		rec_pass(out, in.line, in.len);
		if (rec_is(in.obj, "test"))
			rc = take_test(i, &in);
		else if (rec_is(in.obj, "kernel"))
			rc = take_kernel(i, in.obj);
	}
	if (rc == KT_OK && in.upstream)
		rc = in.upstream;
	else if (rc == KT_OK && rec_in_complete(&in, &e))
		rc = msg_err(KT_DATA, 0, "%s", e.text);
	rec_in_free(&in);
	return rc;
}

/* The guest's mount points, and the programs with all that they need. */
static int fill_base(const struct opts *o, const struct input *i, struct tree *t, struct libs *l,
		     struct errbuf *e)
{
	static const char *const dirs[] = { "/dev", "/proc", "/sys", "/run" };
	char guest[PATH_MAX];
	size_t k;
	int rc = tree_dir(t, "/tmp", 01777, e);

	for (k = 0; !rc && k < ARRAY_SIZE(dirs); k++)
		rc = tree_dir(t, dirs[k], 0755, e);
	if (!rc && paths_program("kt-guest", guest))
		rc = errbuf_set(e, -ENOPKG, "kt-guest was not found beside kt-initrd or in PATH");
	if (!rc)
		rc = closure_add(t, l, guest, "/init", true, e);
	if (!rc)
		rc = wants_programs(i->test, t, l, e);
	if (!rc && i->modules)
		rc = modules_add(t, i->modules, e);
	for (k = 0; !rc && k < o->ninclude; k++)
		rc = include_add(t, l, o->include[k], e);
	return rc;
}

/* What differs from test to test, and is small. */
static int fill_plan(const struct input *i, const struct tree *base, struct tree *t,
		     struct errbuf *e)
{
	int rc = i->plan ? tree_data(t, "/kt/plan.json", i->plan, i->plan_len, e) : 0;

	return rc ? rc : wants_texts(i->test, base, t, e);
}

/* Directories may be in both parts. */
static size_t count_files(const struct tree *plan, const struct tree *base)
{
	size_t k, n = base->n;

	for (k = 0; k < plan->n; k++)
		n += !tree_has(base, plan->v[k]->dest);
	return n;
}

static void put_initrd(struct rec_out *out, const struct packed *p, size_t files)
{
	struct json_object *o = rec_new("initrd");

	rec_str(o, "path", p->path);
	rec_int(o, "size", p->size);
	rec_str(o, "sha256", p->sha256);
	rec_int(o, "files", (int64_t)files);
	rec_put(out, o);
}

/* The exit code for a failed step: was it the input, the host, or the system? */
static int code(int rc, int otherwise)
{
	switch (-rc) {
	case ENOPKG:
		return KT_HOST;
	case ENOMEM:
	case EIO:
	case EMFILE:
	case ENFILE:
		return KT_SYS;
	case ENOSPC:
	case EDQUOT:
	case EROFS:
		return KT_OUTPUT;
	default:
		return otherwise;
	}
}

static int make(const struct opts *o, const struct input *i, struct rec_out *out)
{
	struct tree base = { 0 }, plan = { 0 };
	struct packed p;
	struct errbuf e;
	struct libs l;
	int rc;

	libs_open(&l);
	rc = fill_base(o, i, &base, &l, &e);
	if (!rc)
		rc = fill_plan(i, &base, &plan, &e);
	libs_close(&l);
	if (rc) {
		rc = msg_err(code(rc, KT_DATA), 0, "%s", e.text);
	} else {
		stop_hold();
		rc = pack(&plan, &base, o->output, &p, &e);
		stop_release();
		if (rc)
			rc = msg_err(code(rc, o->output ? KT_OUTPUT : KT_SYS), 0, "%s", e.text);
		else
			put_initrd(out, &p, count_files(&plan, &base));
	}
	tree_free(&base);
	tree_free(&plan);
	return rc;
}

int main(int argc, char **argv)
{
	struct rec_out out = { .f = stdout };
	struct input i = { 0 };
	struct opts o = { 0 };
	int rc;

	msg_init("kt-initrd");
	rc = opts_parse(&o, argc, argv);
	if (rc == KT_OK)
		return msg_finish(rc);
	if (rc < 0)
		rc = read_records(&i, &out);
	if (rc == KT_OK)
		rc = make(&o, &i, &out);
	rec_end(&out, rc);
	free(i.plan);
	free(i.modules);
	json_object_put(i.test);
	free(o.include);
	return msg_finish(rc);
}
