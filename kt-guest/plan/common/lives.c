// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long workers live, and limits that can therefore never be exceeded. Such a limit is a
 * mistake in the file; where it is --duration of the command line that makes it so, the limit is
 * left out and a note says it.
 */
#include <stdio.h>
#include <string.h>

#include "context.h"
#include "exit.h"
#include "limits.h"
#include "lives.h"
#include "record.h"
#include "units.h"

int plan_hold(const struct node *n, uint64_t duration_ns, uint64_t *ns, struct errbuf *e)
{
	static const char want[] = "\"full\", a fraction of the duration above 0 and up to 1, or a "
				   "duration such as \"5s\"";
	const char *s;
	double f;

	if (json_object_is_type(n->v, json_type_string)) {
		s = json_object_get_string(n->v);
		*ns = duration_ns;
		if (strcmp(s, "full") == 0)
			return KT_OK;
		if (units_duration(s, ns, NULL))
			return node_expected(n, e, want);
		return node_duration(n, 0, NODE_DURATION_MAX, ns, e);
	}
	if (node_number(n, 0, 1, want, &f, e))
		return KT_DATA;
	if (f == 0)
		return node_expected(n, e, want);
	*ns = (uint64_t)(f * (double)duration_ns);
	return KT_OK;
}

static void hold_of(const struct node *step, uint64_t duration_ns, uint64_t *total_ns,
		    uint64_t *longest_ns)
{
	uint64_t ns = duration_ns;
	struct errbuf unused;
	struct node n;

	/* what is wrong with a hold is said when the step is read */
	if (json_object_is_type(step->v, json_type_object) && node_get(step, "hold", &n) &&
	    plan_hold(&n, duration_ns, &ns, &unused))
		ns = 0;
	*total_ns += ns;
	if (ns > *longest_ns)
		*longest_ns = ns;
}

void plan_lives(const struct node *test, struct plan_ctx *ctx)
{
	struct plan_life *all = &ctx->lives.all, *step = &ctx->lives.step;
	struct node n, item;
	size_t i;

	if (!node_get(test, "steps", &n) || !json_object_is_type(n.v, json_type_array)) {
		*all = *step = (struct plan_life){ ctx->duration_ns, ctx->file_duration_ns };
		return;
	}
	for (i = 0; i < node_count(&n); i++) {
		item = node_item(&n, i);
		hold_of(&item, ctx->duration_ns, &all->ns, &step->ns);
		hold_of(&item, ctx->file_duration_ns, &all->file_ns, &step->file_ns);
	}
}

struct found {
	struct plan_ctx *ctx;
	struct limits *limits;
	const struct node *block; /* "assert", or NULL */
	const struct limits *options;
	struct plan_life life;
	struct errbuf *e;
};

static void note(const struct found *f, const struct node *at, const char *value, const char *life)
{
	struct json_object *notes = f->ctx->notes;
	struct errbuf text;
	size_t i;

	node_fail_key(
		at, &text,
		"\"%s\": %s is left out: with --duration no worker lives for more than %s, so "
		"it can never be exceeded",
		at->key, value, life);
	/* groups have the limits of their cgroup, which are noted once */
	for (i = 0; notes && i < json_object_array_length(notes); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(notes, i)),
			   text.text) == 0)
			return;
	if (notes)
		json_object_array_add(notes, json_object_new_string(text.text));
}

static int judge(void *arg, enum limit limit, uint64_t value_ns)
{
	struct found *f = arg;
	char value[24], life[24];
	struct node at;

	units_format_ns(value, value_ns);
	units_format_ns(life, f->life.ns);
	if (f->options && f->options->v[limit].state == LIMIT_ON) {
		errbuf_set(
			f->e, 0,
			"--assert: %s: %s can never be exceeded: no worker lives for more than %s%s",
			limit_defs[limit].key, value, life,
			f->life.ns < f->life.file_ns ? " with that --duration" : "");
		return KT_DATA;
	}
	/* that of a scheduler is for tests of any length */
	if (!f->block || !limits_place(f->block, limit, &at))
		return KT_OK;
	if (value_ns >= f->life.file_ns)
		return node_fail_key(&at, f->e,
				     "\"%s\": %s can never be exceeded: no worker that it is about "
				     "lives for more than %s",
				     at.key, value, life);
	note(f, &at, value, life);
	f->limits->v[limit] = (struct limit_value){ LIMIT_OFF, 0 };
	return KT_OK;
}

int plan_lives_check(struct plan_ctx *ctx, struct limits *l, const struct node *block,
		     const struct limits *options, struct plan_life life, struct errbuf *e)
{
	struct found f = { ctx, l, block, options, life, e };

	return limits_too_long(l, life.ns, judge, &f);
}
