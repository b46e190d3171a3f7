// SPDX-License-Identifier: GPL-2.0-only
/* When the scheduler under test was not in charge, by samples and records. */
#include <stdio.h>
#include <string.h>

#include "away.h"
#include "model.h"

static enum away_how how_away(const struct away *a, const struct raw *r)
{
	if (strcmp(r->scx_state, "enabled") != 0)
		return AWAY_GONE;
	if (r->bypass)
		return AWAY_BYPASS;
	if (a->ops[0] && r->scx_ops[0] && strcmp(a->ops, r->scx_ops) != 0)
		return AWAY_OTHER;
	return AWAY_HOWS;
}

void away_close(struct away *a)
{
	struct away_stretch *l = &a->longest[a->how];

	if (a->how != AWAY_HOWS && a->now.to - a->now.from > l->to - l->from)
		*l = a->now;
	a->how = AWAY_HOWS;
}

/* It was away from the first of the samples that say so to the one that says it is back. */
void away_sample(struct model *m, const struct raw *r)
{
	struct away *a = &m->away;
	enum away_how how;

	if (!r->have_scx)
		return;
	a->have = true;
	how = how_away(a, r);
	a->now.to = r->t_ns;
	if (how == a->how)
		return;
	away_close(a);
	a->how = how;
	a->now = (struct away_stretch){ .from = r->t_ns, .to = r->t_ns };
	snprintf(a->now.ops, sizeof(a->now.ops), "%.63s", r->scx_ops);
}
