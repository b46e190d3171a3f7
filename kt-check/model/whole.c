// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evidence that was cut, mixed or put in another order is none. kt-vm writes what it
 * hears and sees at once and in one thread: its times never go back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "record.h"
#include "whole.h"

static bool among(const char *type, const char *const *types)
{
	while (*types && strcmp(*types, type) != 0)
		types++;
	return *types;
}

static bool is_guests(struct json_object *o)
{
	static const char *const types[] = { "guest", "step",    "op",       "worker",
					     "sched", "payload", "observer", NULL };

	return among(rec_get_str(o, "type", ""), types) ||
	       (rec_is(o, "end") && json_object_object_get_ex(o, "t_ns", NULL));
}

/* What there cannot be without a plan. */
static bool needs_plan(struct json_object *o)
{
	static const char *const types[] = { "vm", "host", "boot", "snapshot", "vm_exit", NULL };

	return is_guests(o) || among(rec_get_str(o, "type", ""), types);
}

static bool seen(const struct whole *w, const char *type)
{
	return stream_has(&w->stream, type);
}

/* Each step begins once, in the plan's order, and ends before the next one begins. */
static int take_step(struct whole *w, struct json_object *o, struct errbuf *e)
{
	const char *event = rec_get_str(o, "event", NULL);
	int64_t index = rec_get_int(o, "index", -1), ns = rec_get_int(o, "guest_ns", -1);
	bool start = event && strcmp(event, "start") == 0;
	int64_t expected = (int64_t)w->started - !start;

	if (!event || index < 0 || ns < 0 || ns > MODEL_MAX_COUNT)
		return errbuf_set(e, -EINVAL,
				  "expected a string as event and numbers >= 0 as index and "
				  "guest_ns");
	if (index >= (int64_t)w->planned)
		return errbuf_set(e, -EINVAL, "step %lld, and the plan has %zu", (long long)index,
				  w->planned);
	if (start == w->running || index != expected)
		return errbuf_set(e, -EINVAL,
				  w->running ? "%s of step %lld while step %lld runs"
					     : "%s of step %lld, and the next one is step %lld",
				  event, (long long)index, (long long)w->started - w->running);
	if (ns < w->step_ns)
		return errbuf_set(e, -EINVAL,
				  "guest_ns is less than that of the step record before");
	w->step_ns = ns;
	w->started += start;
	w->running = strcmp(event, "end") != 0;
	return 0;
}

/*
 * The time that kt-vm stamps on a record of the guest. A sample that is taken because a
 * step ended, or because the guest asked, stands before that record, with a later time.
 */
static int take_guests(struct whole *w, struct json_object *o, struct errbuf *e)
{
	bool asked = rec_is(o, "op") ||
		     (rec_is(o, "step") && strcmp(rec_get_str(o, "event", ""), "end") == 0);
	int64_t t = rec_get_int(o, "t_ns", -1);

	if (!seen(w, "vm"))
		return 0;
	if (t < 0 || t > MODEL_MAX_COUNT)
		return errbuf_set(e, -EINVAL, "expected a whole number >= 0 as t_ns");
	if (w->stream.guest_ended && !rec_is(o, "end"))
		return errbuf_set(e, -EINVAL, "the guest's end record stands before it");
	if (t < w->guest_t || t < (asked ? w->before_t : w->sample_t))
		return errbuf_set(e, -EINVAL, "t_ns is less than that of a record before it");
	w->guest_t = t;
	if (!rec_is(o, "end"))
		w->written++;
	else if (rec_get_int(o, "records", -1) != w->written)
		return errbuf_set(e, -EINVAL,
				  "the guest wrote %lld records, %lld of them are in the input",
				  (long long)rec_get_int(o, "records", -1), (long long)w->written);
	return 0;
}

int whole_sample(struct whole *w, const struct raw *r, struct errbuf *e)
{
	uint32_t columns = 0;
	int i;

	if (!seen(w, "test"))
		return errbuf_set(e, -EINVAL, "expected the test record before it");
	if (r->t_ns < 0 || r->t_ns > MODEL_MAX_COUNT)
		return errbuf_set(e, -EINVAL, "expected a whole number >= 0 as t_ns");
	if (r->t_ns < w->guest_t || r->t_ns < w->sample_t)
		return errbuf_set(e, -EINVAL, "t_ns is less than that of a record before it");
	w->before_t = w->sample_t;
	w->sample_t = r->t_ns;
	if (r->odd)
		return errbuf_set(e, -EINVAL, "expected an array of whole numbers >= 0 as %s",
				  r->odd);
	for (i = 0; i < RAW_COLUMNS; i++)
		columns |= r->len[i] ? 1U << i : 0;
	for (i = 0; i < 2; i++)
		columns |= r->have_event[i] ? 1U << (RAW_COLUMNS + i) : 0;
	if (w->columns & ~columns)
		return errbuf_set(e, -EINVAL, "a column that samples before it have is not there");
	w->columns |= columns;
	return 0;
}

int whole_take(struct whole *w, struct json_object *o, struct errbuf *e)
{
	int rc;

	if (needs_plan(o) && !seen(w, "test"))
		return errbuf_set(e, -EINVAL, "expected the test record before it");
	rc = is_guests(o) ? take_guests(w, o, e) : 0;
	if (!rc)
		rc = stream_take(&w->stream, o, e);
	if (!rc && rec_is(o, "step"))
		rc = take_step(w, o, e);
	return rc;
}
