// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ops that kt-vm does from outside: snapshots, watchpoints, values read and written. What the
 * names stand for only the running guest can tell; here they must look like names.
 */
#include <ctype.h>
#include <string.h>

#include "exit.h"
#include "observe.h"
#include "op.h"
#include "plan/common/context.h"
#include "record.h"
#include "units.h"

#define NAME_MAX_LEN     63 /* of a snapshot */
#define WHAT_MAX_LEN     128
#define HITS_DEFAULT     16
#define HITS_MAX         1000
#define INTERVAL_DEFAULT (100 * NSEC_PER_MSEC)
#define NUMBER_MAX       (INT64_MAX - 1) /* what JSON says beyond int64_t is read as its limit */

static int read_name(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char want[] = "a name of up to 63 letters, digits and _ . -";
	const char *s, *c;
	int rc = node_string(n, want, &s, e);

	if (rc)
		return rc;
	for (c = s; isalnum((unsigned char)*c) || (*c && strchr("_.-", *c)); c++)
		;
	if (*c || c == s || c - s > NAME_MAX_LEN)
		return node_expected(n, e, want);
	rec_str(out, "name", s);
	return KT_OK;
}

static int take_snapshot(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			 struct errbuf *e)
{
	(void)ctx;
	return read_name(arg, out, e);
}

static bool is_what(const char *s)
{
	const char *c;

	if (!isalpha((unsigned char)*s) && (!*s || !strchr("_.(", *s)))
		return false;
	for (c = s; isalnum((unsigned char)*c) || (*c && strchr("_.:[]()-> *", *c)); c++)
		;
	return !*c && c - s <= WHAT_MAX_LEN;
}

/* "what" of the kernel or of a BPF program, and "name", which is optional. */
static int read_what(const struct node *arg, struct json_object *out, struct errbuf *e)
{
	static const char want[] = "a name such as \"nr_dispatched\", \".bss:nr_dispatched\" or "
				   "\"runqueues[0].nr_running\"";
	const char *s;
	struct node n;
	int rc;

	node_get(arg, "what", &n);
	rc = node_string(&n, want, &s, e);
	if (!rc && !is_what(s))
		rc = node_expected(&n, e, want);
	if (rc)
		return rc;
	rec_str(out, "what", s);
	return node_get(arg, "name", &n) ? read_name(&n, out, e) : KT_OK;
}

static int need(const struct node *arg, const char *const *keys, const char *what, const char *key,
		struct errbuf *e)
{
	struct node n;
	int rc = node_keys(arg, keys, what, e);

	if (!rc && !node_get(arg, key, &n))
		rc = node_fail(arg, e, "%s without \"%s\"", what, key);
	return rc;
}

static int read_value(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		      struct errbuf *e)
{
	static const char *const keys[] = { "what", "name", NULL };
	int rc = need(arg, keys, "op read", "what", e);

	(void)ctx;
	return rc ? rc : read_what(arg, out, e);
}

/* The number `key`, if it is there; `dflt` 0: then it has none. */
static int whole(const struct node *arg, const char *key, int64_t min, int64_t max, int64_t dflt,
		 struct json_object *out, struct errbuf *e)
{
	struct node n;
	int64_t v = dflt;
	int rc = KT_OK;

	if (node_get(arg, key, &n))
		rc = node_whole(&n, min, max, "a whole number", &v, e);
	else if (!dflt)
		return KT_OK;
	rec_int(out, key, v);
	return rc;
}

static int write_value(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		       struct errbuf *e)
{
	static const char *const keys[] = { "what", "value", "name", NULL };
	int rc = need(arg, keys, "op write_value", "what", e);

	(void)ctx;
	if (!rc)
		rc = need(arg, keys, "op write_value", "value", e);
	if (!rc)
		rc = read_what(arg, out, e);
	return rc ? rc : whole(arg, "value", -NUMBER_MAX, NUMBER_MAX, 0, out, e);
}

static int watch(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		 struct errbuf *e)
{
	static const char *const keys[] = { "what", "name", "hits", "interval", "equals", NULL };
	uint64_t ns = INTERVAL_DEFAULT;
	struct node n;
	int rc = need(arg, keys, "op watch", "what", e);

	if (!rc && ctx->again)
		rc = node_fail(arg, e,
			       "op watch cannot be repeated, as each is a watchpoint of "
			       "its own");
	if (!rc)
		rc = read_what(arg, out, e);
	if (!rc)
		rc = whole(arg, "hits", 1, HITS_MAX, HITS_DEFAULT, out, e);
	if (!rc && node_get(arg, "interval", &n))
		rc = node_duration(&n, 0, NODE_DURATION_MAX, &ns, e);
	rec_int(out, "interval_ns", (int64_t)ns);
	return rc ? rc : whole(arg, "equals", -NUMBER_MAX, NUMBER_MAX, 0, out, e);
}

const struct plan_op plan_ops_observe[] = {
	{ "snapshot", "a name", take_snapshot },
	{ "watch", "what to watch", watch },
	{ "read", "what to read", read_value },
	{ "write_value", "what to write and a value", write_value },
	{ NULL, NULL, NULL },
};
