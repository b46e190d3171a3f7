// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "exit.h"
#include "limits.h"
#include "record.h"
#include "relations.h"
#include "suggest.h"
#include "units.h"

#define KEYS_MAX (2 * LIMIT_COUNT)

/* "not_starved" is an older name of not_stuck; the others are no limits of their own. */
#define OLD_NOT_STUCK "not_starved"
static const char *const others[] = { OLD_NOT_STUCK, "kernel_log_allow", "ratio" };
#define OTHERS (ARRAY_SIZE(others))

/* All keys of the block of a test, or those about workers, NULL behind the last one. */
static void list_keys(bool workers, const char *keys[KEYS_MAX])
{
	size_t n = 0, i;

	for (i = 0; i < LIMIT_COUNT; i++) {
		if (workers && !limit_defs[i].workers)
			continue;
		keys[n++] = limit_defs[i].key;
		if (limit_defs[i].timed)
			keys[n++] = limit_defs[i].timed;
	}
	for (i = 0; i < (workers ? 1 : OTHERS); i++)
		keys[n++] = others[i];
	keys[n] = NULL;
}

/* The limit that a key is about, and whether it is the one with a duration; -1: none. */
static int find(const char *key, size_t len, bool *timed)
{
	int i;

	*timed = false;
	if (strlen(OLD_NOT_STUCK) == len && strncmp(OLD_NOT_STUCK, key, len) == 0)
		return LIMIT_NOT_STUCK;
	for (i = 0; i < LIMIT_COUNT; i++) {
		if (strlen(limit_defs[i].key) == len && strncmp(limit_defs[i].key, key, len) == 0)
			return i;
		*timed = limit_defs[i].timed && strlen(limit_defs[i].timed) == len &&
			 strncmp(limit_defs[i].timed, key, len) == 0;
		if (*timed)
			return i;
	}
	return -1;
}

/* A duration as a number of the limit's own unit; false when it is outside. */
static bool from_duration(const struct limit_def *d, uint64_t ns, struct limit_value *v)
{
	v->state = LIMIT_ON;
	v->value = (double)ns / d->unit_ns;
	return v->value >= d->min && v->value <= d->max;
}

static int read_timed(const struct node *n, const struct limit_def *d, struct limit_value *v,
		      struct errbuf *e)
{
	struct errbuf why;
	const char *s;
	uint64_t ns;
	int rc = node_string(n, "a duration such as \"5ms\", or null", &s, e);

	if (rc)
		return rc;
	if (units_duration(s, &ns, &why))
		return node_fail(n, e, "\"%s\": %.160s", n->key, why.text);
	if (from_duration(d, ns, v))
		return KT_OK;
	return node_expected(n, e,
			     d->min > 0 ? "a duration from 1ms to 277h" : "a duration up to 277h");
}

static int read_number(const struct node *n, const struct limit_def *d, struct limit_value *v,
		       struct errbuf *e)
{
	int rc = node_number(n, d->min, d->max, d->want, &v->value, e);

	v->state = LIMIT_ON;
	if (!rc && limit_is_idle(d, v->value))
		return node_fail(n, e, "\"%s\": %.15g is no limit: %s (expected %s)", n->key,
				 v->value, d->idle, d->want);
	return rc;
}

static int read_flag(const struct node *n, const struct limit_def *d, struct limit_value *v,
		     struct errbuf *e)
{
	bool on;

	if (!json_object_is_type(n->v, json_type_boolean))
		return node_expected(n, e, d->want);
	on = json_object_get_boolean(n->v);
	v->state = on ? LIMIT_ON : LIMIT_OFF;
	v->value = on;
	return KT_OK;
}

static int read_one(const struct node *n, enum limit limit, bool timed, struct limits *l,
		    struct errbuf *e)
{
	const struct limit_def *d = &limit_defs[limit];
	bool switches = !n->v || json_object_is_type(n->v, json_type_boolean);
	struct limit_value *v = &l->v[limit];

	if (!switches && limit == LIMIT_SHARE)
		return relations_shares(n, &l->shares, e);
	if (!switches && limit == LIMIT_KERNEL_LOG)
		return relations_kernel_log(n, &l->allow, e);
	if (!n->v) {
		v->state = LIMIT_OFF;
		return KT_OK;
	}
	if (d->flag)
		return read_flag(n, d, v, e);
	return timed ? read_timed(n, d, v, e) : read_number(n, d, v, e);
}

/* Two keys that mean the same. */
static int check_twice(const struct node *n, struct errbuf *e)
{
	struct node m, other;
	size_t i;

	if (node_get(n, "not_stuck", &m) && node_get(n, OLD_NOT_STUCK, &m))
		return node_fail_key(&m, e,
				     "\"" OLD_NOT_STUCK "\" is an older name of \"not_stuck\", "
				     "which is there, too");
	for (i = 0; i < LIMIT_COUNT; i++)
		if (limit_defs[i].timed && node_get(n, limit_defs[i].key, &other) &&
		    node_get(n, limit_defs[i].timed, &m))
			return node_fail_key(&m, e,
					     "\"%s\" and \"%s\" are the same limit: one of them is "
					     "enough",
					     limit_defs[i].timed, limit_defs[i].key);
	return KT_OK;
}

/* Does a key of a whole test say nothing about a scheduler, or about some workers? */
static bool is_elsewhere(const char *key, const struct json_object *value, enum limits_of of)
{
	bool timed, relates = strcmp(key, "ratio") == 0;
	int limit = find(key, strlen(key), &timed);

	if (of == LIMITS_OF_TEST)
		return false;
	if (of == LIMITS_OF_SCHEDULER)
		return relates || (limit == LIMIT_SHARE && value &&
				   !json_object_is_type(value, json_type_boolean));
	return relates || strcmp(key, "kernel_log_allow") == 0 ||
	       (limit >= 0 && !limit_defs[limit].workers);
}

static int check_place(const struct node *n, enum limits_of of, struct errbuf *e)
{
	struct node m;

	if (!json_object_is_type(n->v, json_type_object))
		return KT_OK;
	json_object_object_foreach (n->v, key, value) {
		if (!is_elsewhere(key, value, of))
			continue;
		node_get(n, key, &m);
		return node_fail_key(&m, e, "\"%s\" %s: it belongs into the \"assert\" of the test",
				     key,
				     of == LIMITS_OF_SCHEDULER
					     ? "names cgroups of a test"
					     : "is about the whole test, not about some workers");
	}
	return KT_OK;
}

int limits_read(const struct node *n, enum limits_of of, struct limits *l, struct errbuf *e)
{
	const char *keys[KEYS_MAX];
	struct node m;
	bool timed;
	int rc = check_place(n, of, e), i, limit;

	list_keys(of == LIMITS_OF_WORKERS, keys);
	if (!rc)
		rc = node_keys(n, keys, "\"assert\"", e);
	if (!rc)
		rc = check_twice(n, e);
	for (i = 0; !rc && keys[i]; i++) {
		if (!node_get(n, keys[i], &m))
			continue;
		limit = find(keys[i], strlen(keys[i]), &timed);
		if (limit >= 0)
			rc = read_one(&m, limit, timed, l, e);
		else if (strcmp(keys[i], "ratio") == 0)
			rc = relations_ratios(&m, &l->ratios, e);
		else
			rc = relations_allow(&m, &l->allow, e);
	}
	return rc;
}

/* The text of a value. Returns 0, or -EINVAL with what was expected. */
static int parse_value(const char *s, const struct limit_def *d, bool timed, struct limit_value *v,
		       struct errbuf *e)
{
	bool off;
	uint64_t ns;
	int rc;

	if (timed && units_duration(s, &ns, NULL) == 0 && from_duration(d, ns, v))
		return 0;
	rc = limit_parse(d, s, &off, &v->value, e);
	v->state = off ? LIMIT_OFF : LIMIT_ON;
	if (timed && !off)
		return errbuf_set(e, -EINVAL,
				  "expected a duration such as 5ms, or null, found '%.40s'", s);
	return rc;
}

int limits_set(struct limits *l, const char *text, struct errbuf *e)
{
	const char *eq = strchrnul(text, '='), *near, *keys[KEYS_MAX];
	char key[SUGGEST_MAX];
	struct errbuf why;
	bool timed;
	int limit = find(text, eq - text, &timed);

	snprintf(key, sizeof(key), "%.*s", (int)(eq - text), text);
	list_keys(false, keys);
	near = suggest_nearest(key, keys);
	if (limit < 0 && near && strcmp(near, key) == 0)
		return errbuf_set(e, -EINVAL, "\"%s\" can only be given in the test", key);
	if (limit < 0 && near)
		return errbuf_set(e, -EINVAL, "'%s' is no limit (did you mean \"%s\"?)", key, near);
	if (limit < 0)
		return errbuf_set(e, -EINVAL,
				  "'%s' is no limit (expected KEY=VALUE with a KEY of \"assert\" "
				  "in kt-test(5))",
				  key);
	if (parse_value(*eq ? eq + 1 : "", &limit_defs[limit], timed, &l->v[limit], &why))
		return errbuf_set(e, -EINVAL, "%s: %.200s", key, why.text);
	return 0;
}

/* A block that names shares or ratios names all that there are to be. */
static void replace(struct json_object **base, struct json_object *over)
{
	if (!over)
		return;
	json_object_put(*base);
	*base = json_object_get(over);
}

/* What one layer lets the kernel say, the others let it say, too. */
static void append(struct json_object **base, struct json_object *over)
{
	struct json_object *all = json_object_new_array();
	size_t i;

	for (i = 0; *base && i < json_object_array_length(*base); i++)
		json_object_array_add(all, json_object_get(json_object_array_get_idx(*base, i)));
	for (i = 0; over && i < json_object_array_length(over); i++)
		json_object_array_add(all, json_object_get(json_object_array_get_idx(over, i)));
	json_object_put(*base);
	*base = all;
}

void limits_merge(struct limits *base, const struct limits *over)
{
	int i;

	for (i = 0; i < LIMIT_COUNT; i++)
		if (over->v[i].state != LIMIT_UNSET)
			base->v[i] = over->v[i];
	if (over->allow)
		append(&base->allow, over->allow);
	replace(&base->shares, over->shares);
	replace(&base->ratios, over->ratios);
}

void limits_free(struct limits *l)
{
	json_object_put(l->allow);
	json_object_put(l->shares);
	json_object_put(l->ratios);
	l->allow = l->shares = l->ratios = NULL;
}

void limits_complete(struct limits *l, const struct limits *under)
{
	const struct limit_def *d;
	int i;

	if (l->v[LIMIT_NOT_STUCK].state != LIMIT_ON)
		return;
	for (i = 0; i < LIMIT_COUNT; i++) {
		d = &limit_defs[i];
		if (d->with == LIMIT_NOT_STUCK && l->v[i].state == LIMIT_UNSET &&
		    (!under || under->v[i].state == LIMIT_UNSET))
			l->v[i] = (struct limit_value){ LIMIT_ON, d->fallback };
	}
}

int limits_too_long(const struct limits *l, uint64_t ns, limits_long_fn *fn, void *arg)
{
	static const enum limit times[] = { LIMIT_MAX_GAP_MS, LIMIT_MAX_P99_WAKE_LATENCY_NS,
					    LIMIT_MAX_P99_TIMER_LATE_NS };
	const struct limit_value *v;
	double value;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < ARRAY_SIZE(times); i++) {
		v = &l->v[times[i]];
		value = v->value * limit_defs[times[i]].unit_ns;
		if (v->state == LIMIT_ON && value >= (double)ns)
			rc = fn(arg, times[i], (uint64_t)value);
	}
	return rc;
}

bool limits_place(const struct node *n, enum limit limit, struct node *at)
{
	const struct limit_def *d = &limit_defs[limit];

	return node_get(n, d->key, at) || (d->timed && node_get(n, d->timed, at));
}

static void put_number(struct json_object *o, enum limit limit, double value)
{
	char text[32];

	/* as given: rec_dbl()'s three decimals would change a limit of 0.0005 */
	snprintf(text, sizeof(text), "%.15g", value);
	rec_add(o, limit_defs[limit].key, json_object_new_double_s(value, text));
}

static void put_set(struct json_object *o, const struct limits *l, enum limit limit)
{
	if (limit_defs[limit].flag)
		rec_bool(o, limit_defs[limit].key, l->v[limit].state == LIMIT_ON);
	else if (l->v[limit].state == LIMIT_ON)
		put_number(o, limit, l->v[limit].value);
	else
		rec_add(o, limit_defs[limit].key, NULL);
}

/* A check that is on anyway is not in the record; one that goes against "defaults" is. */
static bool is_default(const struct limits *l, enum limit limit)
{
	bool all = l->v[LIMIT_DEFAULTS].state != LIMIT_OFF;

	return limit >= LIMIT_DEFAULTS && l->v[limit].state == (all ? LIMIT_ON : LIMIT_OFF) &&
	       limit != LIMIT_DEFAULTS;
}

/* The record has always named these; of the others, only those that are set. */
static bool is_always_said(enum limit limit)
{
	return limit <= LIMIT_MIN_ITERATION_RATE;
}

static bool is_said(const struct limits *l, enum limit limit)
{
	if (l->v[limit].state == LIMIT_UNSET)
		return is_always_said(limit);
	if (limit == LIMIT_DEFAULTS)
		return l->v[limit].state == LIMIT_OFF;
	/* kt-check knows the defaults of "monitor", so that null says more than nothing there */
	if (l->v[limit].state == LIMIT_OFF && limit < LIMIT_MONITOR)
		return is_always_said(limit);
	return !is_default(l, limit);
}

struct json_object *limits_json(const struct limits *l)
{
	struct json_object *o = json_object_new_object();
	int i;

	for (i = 0; i < LIMIT_COUNT; i++)
		if (is_said(l, i))
			put_set(o, l, i);
	if (l->allow)
		rec_add(o, "kernel_log_allow", json_object_get(l->allow));
	if (l->shares)
		rec_add(o, "shares", json_object_get(l->shares));
	if (l->ratios)
		rec_add(o, "ratios", json_object_get(l->ratios));
	return o;
}

struct json_object *limits_json_workers(const struct limits *l)
{
	struct json_object *o = json_object_new_object();
	int i;

	for (i = 0; i < LIMIT_COUNT; i++)
		if (l->v[i].state != LIMIT_UNSET)
			put_set(o, l, i);
	if (json_object_object_length(o))
		return o;
	json_object_put(o);
	return NULL;
}
