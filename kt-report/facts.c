// SPDX-License-Identifier: GPL-2.0-only
/* What a stream tells of one run: each record is kept, counted or passed over as it comes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "bug.h"
#include "exit.h"
#include "facts.h"
#include "record.h"
#include "timeline.h"

static void keep(struct json_object **slot, struct json_object *o)
{
	json_object_put(*slot);
	*slot = json_object_get(o);
}

static void tail_add(struct tail *t, struct json_object *o)
{
	keep(&t->line[t->n++ % FACTS_TAIL], o);
}

static int list_add(struct list *l, struct json_object *o, struct errbuf *e)
{
	unsigned int cap = l->cap ? 2 * l->cap : 64;
	struct json_object **rec;

	if (l->n == FACTS_LIST) {
		l->beyond++;
		return 0;
	}
	if (l->n == l->cap) {
		rec = realloc(l->rec, cap * sizeof(*rec));
		if (!rec)
			return errbuf_set(e, -ENOMEM, "out of memory");
		l->rec = rec;
		l->cap = cap;
	}
	l->rec[l->n++] = json_object_get(o);
	return 0;
}

/* What a check can come to, and the member of the verdict record that counts it. */
static const struct {
	const char *verdict, *count;
} counted[FACTS_COUNTS] = {
	{ "fail", "failed" },
	{ "inconclusive", "inconclusive" },
	{ "pass", "passed" },
	{ "skip", "skipped" },
};

static int take_check(struct facts *s, struct json_object *o, struct errbuf *e)
{
	const char *name = rec_get_str(o, "name", ""), *verdict = rec_get_str(o, "verdict", "");
	int i;

	for (i = 0; i < FACTS_COUNTS && strcmp(verdict, counted[i].verdict) != 0;)
		i++;
	if (i == FACTS_COUNTS)
		return errbuf_set(e, -EINVAL,
				  "expected pass, fail, inconclusive or skip as verdict");
	s->counts[i]++;
	if (strcmp(rec_get_str(o, "verdict", ""), "fail") == 0) {
		s->run_failed |= strcmp(name, "run") == 0;
		s->scheduler_failed |= strcmp(name, "scheduler") == 0;
	}
	return list_add(&s->checks, o, e);
}

static int take_verdict(struct facts *s, struct json_object *o, struct errbuf *e)
{
	const char *v = rec_get_str(o, "verdict", "");
	int64_t n;
	int i;

	for (i = 0; i < FACTS_COUNTS; i++) {
		n = rec_get_int(o, counted[i].count, -1);
		if (n < 0)
			return errbuf_set(e, -EINVAL, "expected a whole number >= 0 as %s",
					  counted[i].count);
		s->told[i] = (unsigned long)n;
	}
	keep(&s->verdict_rec, o);
	s->allowed = rec_get_bool(o, "allowed", false);
	if (strcmp(v, "pass") == 0 || strcmp(v, "skip") == 0)
		s->verdict = FACTS_PASS;
	else if (strcmp(v, "fail") == 0)
		s->verdict = FACTS_FAIL;
	else if (strcmp(v, "inconclusive") == 0)
		s->verdict = FACTS_INCONCLUSIVE;
	else
		return errbuf_set(e, -EINVAL,
				  "expected pass, fail, inconclusive or skip as verdict");
	return 0;
}

/* A judgement is kt-check's; what comes out of the guest (with t_ns) cannot be one. */
static int take_judgement(struct facts *s, struct json_object *o, struct errbuf *e)
{
	if (json_object_object_get_ex(o, "t_ns", NULL))
		return 0;
	if (rec_is(o, "stats") && rec_get_str(o, "field", NULL))
		return list_add(&s->fields, o, e);
	if (rec_is(o, "stats") && rec_get_obj(o, "host")) {
		keep(&s->theft, o);
		return 0;
	}
	if (rec_is(o, "stats") && !rec_get_str(o, "cgroup", NULL)) {
		keep(&s->total, o);
		return 0;
	}
	if (rec_is(o, "stats"))
		return list_add(&s->stats, o, e);
	return rec_is(o, "check") ? take_check(s, o, e) : take_verdict(s, o, e);
}

int facts_take(struct facts *s, struct json_object *o, struct errbuf *e)
{
	const struct {
		const char *type;
		struct json_object **slot;
	} single[] = {
		{ "test", &s->test }, { "topology", &s->topology }, { "kernel", &s->kernel },
		{ "vm", &s->vm },     { "vm_exit", &s->vm_exit },   { "host", &s->host },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(single); i++)
		if (rec_is(o, single[i].type))
			keep(single[i].slot, o);
	bug_take(&s->bug, o);
	if (s->timeline)
		timeline_take(s->timeline, o);
	if (rec_is(o, "console"))
		tail_add(&s->console, o);
	else if (rec_is(o, "sched") && strcmp(rec_get_str(o, "event", ""), "log") == 0)
		tail_add(&s->log, o);
	else if (rec_is(o, "guest") && s->host && strcmp(rec_get_str(o, "event", ""), "done") == 0)
		s->host_ns = rec_get_ns(o, "guest_ns", 0) - rec_get_ns(s->host, "guest_ns", 0);
	else if (rec_is(o, "boot") && strcmp(rec_get_str(o, "stage", ""), "init") == 0)
		s->init_ns = rec_get_ns(o, "t_ns", -1);
	else if (rec_is(o, "step") || rec_is(o, "op"))
		return list_add(&s->steps, o, e);
	else if (rec_is(o, "payload") || (rec_is(o, "worker") && rec_get_obj(o, "metrics")))
		return list_add(&s->metrics, o, e);
	else if (rec_is(o, "end") && strcmp(rec_get_str(o, "tool", ""), "kt-check") == 0)
		s->code = (int)rec_get_int(o, "exit", -1);
	else if (rec_is(o, "item"))
		return list_add(&s->items, o, e);
	else if (rec_is(o, "stats") || rec_is(o, "check") || rec_is(o, "verdict"))
		return take_judgement(s, o, e);
	return 0;
}

/* The verdict that the checks come to, and the exit code that goes with the one given. */
static enum facts_verdict worst(const struct facts *s)
{
	return s->counts[0] ? FACTS_FAIL : s->counts[1] ? FACTS_INCONCLUSIVE : FACTS_PASS;
}

static int code_of(const struct facts *s)
{
	if (s->verdict == FACTS_FAIL)
		return KT_FAIL;
	return s->verdict == FACTS_INCONCLUSIVE && !s->allowed ? KT_INCONCLUSIVE : KT_OK;
}

int facts_judged(const struct facts *s, struct errbuf *e)
{
	int i;

	if (s->verdict == FACTS_NONE)
		return errbuf_set(e, -EINVAL,
				  "not judged: no verdict in the input, as kt-check gives");
	for (i = 0; i < FACTS_COUNTS; i++)
		if (s->counts[i] != s->told[i])
			return errbuf_set(e, -EINVAL,
					  "the verdict counts %lu checks as %s, the input has %lu",
					  s->told[i], counted[i].verdict, s->counts[i]);
	if (worst(s) != s->verdict)
		return errbuf_set(e, -EINVAL, "the verdict is not what the checks come to");
	if (s->code != code_of(s))
		return errbuf_set(
			e, -EINVAL,
			"the verdict is one of exit code %d, and kt-check's end record says %d",
			code_of(s), s->code);
	return 0;
}

void facts_init(struct facts *s)
{
	memset(s, 0, sizeof(*s));
	s->init_ns = s->host_ns = s->code = -1;
	s->timeline = timeline_new(); /* the report does without, if need be */
}

static void list_free(struct list *l)
{
	while (l->n)
		json_object_put(l->rec[--l->n]);
	free(l->rec);
}

void facts_free(struct facts *s)
{
	int i;

	json_object_put(s->test);
	json_object_put(s->topology);
	json_object_put(s->kernel);
	json_object_put(s->vm);
	json_object_put(s->vm_exit);
	json_object_put(s->host);
	json_object_put(s->total);
	json_object_put(s->theft);
	json_object_put(s->verdict_rec);
	for (i = 0; i < FACTS_TAIL; i++) {
		json_object_put(s->console.line[i]);
		json_object_put(s->log.line[i]);
	}
	list_free(&s->stats);
	list_free(&s->checks);
	list_free(&s->items);
	list_free(&s->steps);
	list_free(&s->metrics);
	list_free(&s->fields);
	bug_free(&s->bug);
	if (s->timeline)
		timeline_free(s->timeline);
}
