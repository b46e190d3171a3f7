// SPDX-License-Identifier: GPL-2.0-only
/* The engine's control over the guest, as the observer uses it: who lets it stand, and how long. */
#include <errno.h>

#include "clock.h"
#include "control.h"

int obs_control(struct obs *o, int rc, const struct errbuf *e)
{
	if (rc == -ETIMEDOUT && !o->lost) {
		o->lost = true;
		o->why = *e;
	}
	return rc;
}

void obs_stands(struct obs *o)
{
	if (!o->stands++)
		o->stands_ns = clock_ns();
}

void obs_goes(struct obs *o)
{
	if (!--o->stands)
		o->stood_ns += clock_ns() - o->stands_ns;
}

int obs_pause(struct obs *o, uint64_t *took_ns, struct errbuf *e)
{
	int rc = obs_control(o, o->engine->control->pause(o->self, took_ns, e), e);

	if (!rc)
		obs_stands(o);
	return rc;
}

int obs_resume(struct obs *o, uint64_t *took_ns, struct errbuf *e)
{
	int rc = obs_control(o, o->engine->control->resume(o->self, took_ns, e), e);

	obs_goes(o);
	return rc;
}

uint64_t obs_ran(const struct obs *o, uint64_t now_ns)
{
	return now_ns > o->stood_ns ? now_ns - o->stood_ns : 0;
}
