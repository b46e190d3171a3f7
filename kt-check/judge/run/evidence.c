// SPDX-License-Identifier: GPL-2.0-only
/* Is all there that the plan and the guest's end ask for? */
#include <stdio.h>

#include "evidence.h"

/* "in step 1", "before step 1" */
static const char *where(const struct whole *w, char buf[48])
{
	snprintf(buf, 48, "%s step %zu", w->running ? "in" : "before", w->started - w->running);
	return w->running || w->started < w->planned ? buf : "after the last step";
}

bool whole_judge_end(struct judge *j, const struct finding *f)
{
	const struct whole *w = &j->m->whole;
	char buf[48];

	if (j->m->on_host || w->stream.guest_ended)
		return false;
	judge_say(j, V_FAIL, f, "the guest powered off %s, before its test had ended",
		  where(w, buf));
	return true;
}

bool whole_judge_steps(struct judge *j, const struct finding *f)
{
	const struct whole *w = &j->m->whole;

	if (!w->running && w->started == w->planned)
		return false;
	judge_say(j, V_FAIL, f, "step %zu of the plan did not %s", w->started - w->running,
		  w->running ? "end" : "begin");
	return true;
}
