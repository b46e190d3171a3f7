/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_LIMITS_H
#define KT_CHECK_MODEL_LIMITS_H

#include <stdbool.h>

#include <json-c/json.h>

#include "errbuf.h"
#include "limit.h"

/* A limit is a number >= 0 (1 for a check that is only on or off), or one of these. */
#define LIMIT_OFF   (-1.0)
#define LIMIT_UNSET (-2.0)

/* Which checks are on, and their limits: those of the plan, overridden by options. */
struct limits {
	double v[LIMIT_COUNT];
	bool dflt[LIMIT_COUNT]; /* not asked for by itself */
};

/* Is it the switch of a check that is on by default? */
bool limit_is_default(enum limit id);
void limits_init(struct limits *l, double v); /* all to LIMIT_OFF or LIMIT_UNSET */
/* From the `assert` object of a test record, which may be NULL. */
int limits_from_plan(struct limits *l, struct json_object *assert, struct errbuf *e);
/* A limit as typed, see limit_parse(). */
int limits_parse(struct limits *l, enum limit id, const char *text, struct errbuf *e);
/* What is set in `over` replaces what is in `l`. */
void limits_override(struct limits *l, const struct limits *over);
/* Does any of them need samples? */
bool limits_monitor(const struct limits *l);
/* What nobody set is off, or has its default: with the monitor, or unless defaults are off. */
void limits_complete(struct limits *l);

#endif
