// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "limits.h"

bool limit_is_default(enum limit id)
{
	return id > LIMIT_DEFAULTS && id < LIMIT_COUNT;
}

void limits_init(struct limits *l, double v)
{
	int i;

	for (i = 0; i < LIMIT_COUNT; i++) {
		l->v[i] = v;
		l->dflt[i] = false;
	}
}

static int from_member(double *v, enum limit id, struct json_object *m, struct errbuf *e)
{
	if (!m) {
		*v = LIMIT_OFF;
		return 0;
	}
	if (limit_defs[id].flag) {
		if (!json_object_is_type(m, json_type_boolean))
			return errbuf_set(e, -EINVAL, "expected true or false as %s",
					  limit_defs[id].key);
		*v = json_object_get_boolean(m) ? 1 : LIMIT_OFF;
		return 0;
	}
	*v = json_object_get_double(m);
	if ((!json_object_is_type(m, json_type_double) && !json_object_is_type(m, json_type_int)) ||
	    !isfinite(*v) || *v < 0)
		return errbuf_set(e, -EINVAL, "expected a number >= 0 or null as %s",
				  limit_defs[id].key);
	return 0;
}

int limits_from_plan(struct limits *l, struct json_object *assert, struct errbuf *e)
{
	struct json_object *m;
	int i, rc;

	limits_init(l, LIMIT_UNSET);
	for (i = 0; i < LIMIT_COUNT; i++) {
		if (!json_object_object_get_ex(assert, limit_defs[i].key, &m))
			continue;
		if (i == LIMIT_SHARE && !json_object_is_type(m, json_type_boolean))
			continue; /* shares between cgroups, which are no switch */
		rc = from_member(&l->v[i], i, m, e);
		if (rc)
			return rc;
	}
	return 0;
}

int limits_parse(struct limits *l, enum limit id, const char *text, struct errbuf *e)
{
	double value;
	bool off;
	int rc = limit_parse(&limit_defs[id], text, &off, &value, e);

	if (!rc)
		l->v[id] = off ? LIMIT_OFF : value;
	return rc;
}

void limits_override(struct limits *l, const struct limits *over)
{
	int i;

	for (i = 0; i < LIMIT_COUNT; i++)
		if (over->v[i] != LIMIT_UNSET)
			l->v[i] = over->v[i];
}

bool limits_monitor(const struct limits *l)
{
	int i;

	for (i = 0; i < LIMIT_COUNT; i++)
		if (limit_defs[i].with == LIMIT_MONITOR && l->v[i] >= 0)
			return true;
	return l->v[LIMIT_MONITOR] > 0;
}

void limits_complete(struct limits *l)
{
	int id;

	for (id = 0; id < LIMIT_COUNT; id++) {
		if (limit_defs[id].with != LIMIT_MONITOR || l->v[id] != LIMIT_UNSET ||
		    l->v[LIMIT_MONITOR] <= 0)
			continue;
		l->v[id] = limit_defs[id].fallback;
		l->dflt[id] = true;
	}
	for (id = LIMIT_DEFAULTS + 1; id < LIMIT_COUNT; id++) {
		if (l->v[id] != LIMIT_UNSET || l->v[LIMIT_DEFAULTS] == LIMIT_OFF)
			continue;
		l->v[id] = 1;
		l->dflt[id] = true;
	}
	if (l->v[LIMIT_SUSTAINED_SAMPLES] < 1)
		l->v[LIMIT_SUSTAINED_SAMPLES] = limit_defs[LIMIT_SUSTAINED_SAMPLES].fallback;
	for (id = 0; id < LIMIT_COUNT; id++)
		if (l->v[id] == LIMIT_UNSET)
			l->v[id] = LIMIT_OFF;
}
