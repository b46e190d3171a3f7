// SPDX-License-Identifier: GPL-2.0-only
/* The course of a test: backdrop, then each step set up, held, stopped, reported, torn down. */
#include <errno.h>
#include <string.h>

#include "crews.h"
#include "exit.h"
#include "homes.h"
#include "measure/observer.h"
#include "measure/telemetry.h"
#include "ops.h"
#include "scenario.h"
#include "world.h"

struct step {
	struct json_object *ops, *cgroups;
	uint64_t hold_ns, every_ns; /* every_ns: ops again and again, or 0 */
	uint64_t begin_ns;
	bool until_payload; /* the hold is over when the primary payload is */
	struct ops_tally tally;
};

static struct json_object *step_record(const struct world *w, const char *event, uint64_t ns)
{
	struct json_object *o = rec_new("step");

	rec_int(o, "index", w->step);
	rec_str(o, "event", event);
	rec_int(o, "guest_ns", (int64_t)ns);
	return o;
}

/* All cgroups, then all that live in them; they start together. */
static int set_up(struct world *w, struct json_object *cgroups, struct errbuf *e)
{
	size_t i, n = cgroups ? json_object_array_length(cgroups) : 0;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = world_add(w, json_object_array_get_idx(cgroups, i), e);
	for (i = 0; i < n && !rc && !world_over(w); i++)
		rc = world_people(w, json_object_array_get_idx(cgroups, i), e);
	return rc || world_over(w) ? rc : world_start(w, e);
}

struct primary {
	const struct world *w;
	const char *name;
};

static bool primary_ended(void *arg)
{
	const struct primary *p = arg;

	return world_over(p->w) || !payload_runs(p->w->payloads, p->name);
}

/* For a test that is its primary payload, until that ends. */
static void sleep_until(struct world *w, const struct step *s, uint64_t end)
{
	struct primary p = { .w = w, .name = rec_get_str(w->plan, "payload", "") };

	if (s->until_payload)
		world_until(w, primary_ended, &p, NSEC_PER_SEC, end);
	else
		world_sleep(w, end);
}

static void note_hold(struct world *w, const struct step *s, uint64_t now)
{
	struct json_object *o = step_record(w, "hold", now);
	unsigned int workers = 0;
	struct crew *c;

	for (c = w->crews; c; c = c->next)
		workers += c->open ? c->started : 0;
	rec_int(o, "setup_ns", (int64_t)(now - s->begin_ns));
	rec_int(o, "workers", workers);
	rec_put(w->out, o);
}

/* What kt itself took from those that were measured. */
static void note_observer(const struct world *w, const struct observer_sums *before, uint64_t ns)
{
	struct json_object *o = rec_new("observer");

	rec_int(o, "step", w->step);
	rec_int(o, "guest_ns", (int64_t)clock_ns());
	rec_int(o, "wall_ns", (int64_t)ns);
	observer_tell(before, o);
	rec_put(w->out, o);
}

static int hold(struct world *w, struct step *s, struct errbuf *e)
{
	uint64_t begin = clock_ns(), now = begin, end = now + s->hold_ns, next = now;
	static struct observer_sums before; /* too large for the stack */
	int rc = 0;

	note_hold(w, s, now);
	world_deafen(w, true);
	observer_read(&before);
	while (s->every_ns && !rc && !world_over(w) && now < end) {
		observer_ops(true);
		rc = ops_run(w, s->ops, &s->tally, e);
		observer_ops(false);
		next += s->every_ns;
		now = clock_ns();
		if (next < now)
			next = now; /* they take longer than that: no two at once to catch up */
		if (!rc)
			world_sleep(w, next < end ? next : end);
		now = clock_ns();
	}
	if (!rc)
		sleep_until(w, s, end);
	note_observer(w, &before, clock_ns() - begin);
	world_deafen(w, false);
	return rc;
}

/* Whoever is lost has time to say why, once the workers are out of its way. */
static void tell_lost(struct world *w)
{
	if (w->sched->lost_ns && w->told_ns != w->sched->lost_ns) {
		w->told_ns = w->sched->lost_ns;
		sched_lost(w->sched);
	}
}

static int run(struct world *w, struct step *s, struct errbuf *e)
{
	int rc = s->every_ns ? ops_tally_init(&s->tally, s->ops) : ops_run(w, s->ops, NULL, e);

	if (!rc && !world_over(w))
		rc = set_up(w, s->cgroups, e);
	if (!rc && !world_over(w))
		rc = hold(w, s, e);
	return rc;
}

/* Ends what the step began, whatever came of it. */
static int end(struct world *w, struct step *s, struct errbuf *e)
{
	int rc, rc2;

	world_end_step(w);
	world_tell(w);
	world_thaw(w);
	payload_end_step(w->payloads, w->step);
	rc = world_collect(w, e);
	tell_lost(w);
	if (w->step != WORLD_BACKDROP)
		rec_put(w->out, step_record(w, "end", clock_ns()));
	if (s)
		ops_tally_end(w, &s->tally);
	world_report(w);
	rc2 = world_clear(w, rc ? NULL : e);
	return rc ? rc : rc2;
}

static int step(struct world *w, struct json_object *plan, int index, struct errbuf *e)
{
	struct step s = { .ops = rec_get_arr(plan, "ops"),
			  .cgroups = rec_get_arr(plan, "cgroups"),
			  .hold_ns = (uint64_t)rec_get_int(plan, "hold_ns", 0),
			  .every_ns = (uint64_t)rec_get_int(plan, "every_ns", 0),
			  .until_payload = rec_get_bool(plan, "until_payload", false),
			  .begin_ns = clock_ns() };
	struct errbuf why = { "" };
	int rc, rc2;

	w->step = index;
	rec_put(w->out, step_record(w, "start", s.begin_ns));
	rc = run(w, &s, &why);
	if (rc < 0)
		errbuf_set(e, rc, "step %d: %.480s", index, why.text);
	rc2 = end(w, &s, &why);
	if (!rc && rc2)
		rc = errbuf_set(e, rc2, "step %d: %.480s", index, why.text);
	w->step = WORLD_BACKDROP;
	return rc;
}

static int steps(struct world *w, struct errbuf *e)
{
	struct json_object *list = rec_get_arr(w->plan, "steps");
	size_t i, n = list ? json_object_array_length(list) : 0;
	int rc = 0;

	for (i = 0; i < n && !rc; i++) {
		rc = step(w, json_object_array_get_idx(list, i), (int)i, e);
		if (rc || !world_over(w))
			continue;
		rc = 1; /* the rest would test another scheduler */
		if (w->gave_up && i + 1 < n)
			rc = errbuf_set(
				e, -EBUSY,
				"workers of step %zu would not die before their scheduler was "
				"stopped; the steps after it are left out: %s",
				i, w->left);
	}
	return rc;
}

static int backdrop(struct world *w, struct errbuf *e)
{
	struct json_object *plan = rec_get_obj(w->plan, "backdrop");
	const char *primary = rec_get_str(w->plan, "payload", NULL);
	struct errbuf why = { "" };
	int rc = set_up(w, rec_get_arr(plan, "cgroups"), &why);

	if (!rc)
		rc = ops_run(w, rec_get_arr(plan, "ops"), NULL, &why);
	if (!rc)
		rc = world_payloads(w, rec_get_arr(plan, "payloads"), &why);
	if (!rc)
		rc = world_payloads(w, rec_get_arr(w->plan, "workloads"), &why);
	if (!rc && primary)
		rc = world_payload(w, primary, NULL, &why);
	return rc < 0 ? errbuf_set(e, rc, "backdrop: %.480s", why.text) : rc;
}

int scenario_run(struct json_object *plan, const char *parent, struct sched *sched,
		 struct rec_out *out, struct errbuf *e)
{
	struct world w;
	int rc = world_init(&w, plan, parent, sched, out, e), rc2;

	if (!rc)
		rc = backdrop(&w, e);
	if (!rc)
		rc = world_over(&w) ? 1 : steps(&w, e);
	rc2 = end(&w, NULL, rc < 0 ? NULL : e);
	world_free(&w);
	if (w.signo)
		return KT_SIGNAL + w.signo;
	return rc ? rc : rc2;
}
