// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "kernel/objects/bpf_find.h"
#include "kernel/objects/name.h"
#include "kernel/objects/scx.h"
#include "obs.h"
#include "snapshot.h"
#include "units.h"
#include "watchpoint.h"

/* Arms all that there are, at once: the engine's table has no other way. */
static int arm(struct obs *o, struct errbuf *e)
{
	const struct engine_control *c = o->engine->control;
	struct engine_watch w[ENGINE_WATCHES];
	struct errbuf other;
	uint64_t took;
	unsigned int i;
	int rc, rc2;

	for (i = 0; i < o->nwatches; i++)
		w[i] = (struct engine_watch){ .addr = o->watch[i].gva,
					      .type = ENGINE_WATCH_WRITE,
					      .len = o->watch[i].len };
	rc = obs_pause(o, &took, e);
	if (rc)
		return rc;
	rc = obs_control(o, c->watch(o->self, w, o->nwatches, e), e);
	rc2 = obs_resume(o, &took, &other);
	if (!rc && rc2)
		*e = other;
	return rc ? rc : rc2;
}

static int find(struct obs *o, const char *what, struct obs_watch *w, struct errbuf *e)
{
	struct kname n;
	int rc = kname_find(&o->k, what, &n, e);

	if (rc)
		return rc;
	w->gva = kname_place(&n, &w->len);
	w->len = w->len > 8 ? 8 : w->len;
	if (n.bpf) {
		w->map = n.of.map;
		w->map_id = n.of.map_id;
	}
	if (!w->len || (w->len & (w->len - 1)) || w->gva % w->len)
		return errbuf_set(e, -EINVAL, "\"%.60s\" is no number that a CPU can watch", what);
	return 0;
}

static bool in_step(struct obs *o, const struct obs_watch *w)
{
	(void)o;
	return w->in_step;
}

static bool without_map(struct obs *o, const struct obs_watch *w)
{
	return w->map &&
	       !kbpf_valid(&o->k, &(struct kbpf_value){ .map = w->map, .map_id = w->map_id });
}

/* Another scheduler has the variable now: this one's maps may stay until RCU has them freed. */
static bool replaced(struct obs *o, const struct obs_watch *w)
{
	struct obs_watch now = { .map = 0 };
	struct errbuf e;

	return without_map(o, w) ||
	       (w->map && !find(o, w->what, &now, &e) && now.map_id != w->map_id);
}

static bool used_up(struct obs *o, const struct obs_watch *w)
{
	(void)o;
	return !w->own && !w->left;
}

/* Disarms those that it is over with. */
static void disarm(struct obs *o, bool (*over)(struct obs *o, const struct obs_watch *w))
{
	unsigned int i, n = 0;
	struct errbuf e;

	for (i = 0; i < o->nwatches; i++)
		if (!over(o, &o->watch[i]))
			o->watch[n++] = o->watch[i];
	if (n == o->nwatches)
		return;
	o->nwatches = n;
	arm(o, &e);
}

void watch_step_ended(struct obs *o)
{
	disarm(o, in_step);
}

void watch_check(struct obs *o)
{
	disarm(o, without_map);
}

int watch_request(struct obs *o, struct json_object *op, struct errbuf *e)
{
	const char *what = rec_get_str(op, "what", "");
	struct obs_watch *w;
	int rc;

	disarm(o, replaced);
	if (o->nwatches == ENGINE_WATCHES)
		return errbuf_set(e, -EBUSY, "all %d watchpoints are in use", ENGINE_WATCHES);
	w = &o->watch[o->nwatches];
	*w = (struct obs_watch){ .left = (uint64_t)rec_get_int(op, "hits", 16),
				 .pause_ns = (uint64_t)rec_get_int(op, "interval_ns",
								   100 * NSEC_PER_MSEC),
				 .in_step = json_object_object_get(op, "step") != NULL,
				 .conditional = json_object_object_get(op, "equals") != NULL,
				 .equals = (uint64_t)rec_get_int(op, "equals", 0) };
	snprintf(w->name, sizeof(w->name), "%s", rec_get_str(op, "name", what));
	snprintf(w->what, sizeof(w->what), "%s", what);
	rc = find(o, what, w, e);
	if (rc)
		return rc;
	o->nwatches++;
	rc = arm(o, e);
	if (rc)
		o->nwatches--;
	return rc;
}

/* The observer's own; a new one, where there is none. NULL: all are taken. */
static struct obs_watch *own_watch(struct obs *o)
{
	unsigned int i;

	for (i = 0; i < o->nwatches; i++)
		if (o->watch[i].own)
			return &o->watch[i];
	if (i == ENGINE_WATCHES)
		return NULL;
	o->watch[o->nwatches++] = (struct obs_watch){ .own = true };
	return &o->watch[i];
}

void watch_exit(struct obs *o)
{
	uint64_t end = kscx_exit_place(&o->k);
	uint64_t place = end ? end : kmem_symbol(&o->k.mem, KS_SCX_ROOT);
	struct obs_watch *w;
	struct errbuf e;

	/* from 6.16 on each scheduler has a place of its own, and until there is one, its coming */
	if (place == o->exit_place)
		return;
	w = own_watch(o);
	if (!w)
		return;
	o->exit_place = place;
	w->gva = place;
	w->len = end ? 4 : 8;
	if (!arm(o, &e))
		return;
	/* then it is polled for */
	memmove(w, w + 1, (size_t)(o->watch + --o->nwatches - w) * sizeof(*w));
}

static bool is_met(struct obs *o, const struct obs_watch *w)
{
	uint64_t v;

	kview_begin(&o->k);
	return !w->conditional || (!kmem_number(&o->k.mem, w->gva, w->len, &v) && v == w->equals);
}

bool watch_hit(struct obs *o, unsigned int index, uint64_t now_ns)
{
	struct obs_watch *w = &o->watch[index];
	struct errbuf e;

	if (index >= o->nwatches || w->own)
		return index < o->nwatches;
	w->hits++;
	if (!w->left || (w->last_ns && now_ns - w->last_ns < w->pause_ns) || !is_met(o, w))
		return false;
	w->last_ns = now_ns;
	if (snapshot_take(o, w->name, SNAPSHOT_WATCH, now_ns, &e) == 0 && --w->left == 0)
		disarm(o, used_up);
	return false;
}
