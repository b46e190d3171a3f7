// SPDX-License-Identifier: GPL-2.0-only
/* The CPU time of kt's own processes in the guest, as its records tell. */
#include <errno.h>

#include "group.h"
#include "model.h"
#include "observer.h"
#include "record.h"
#include "units.h"

#define WALL_LEAST NSEC_PER_SEC /* of a shorter hold, its beginning and end are much */

/* What one step's record says of one CPU. */
static int take_cpu(struct model *m, struct json_object *o, struct json_object *c, struct errbuf *e)
{
	struct observer *s = &m->observer;
	struct observer_use u = { .step = rec_get_int(o, "step", -1),
				  .cpu = rec_get_int(c, "cpu", -1),
				  .end_ns = rec_get_int(o, "guest_ns", 0),
				  .ns = (uint64_t)rec_get_int(c, "ns", -1),
				  .wall_ns = (uint64_t)rec_get_int(o, "wall_ns", 0) };
	int rc;

	if (u.ns > INT64_MAX || u.cpu < 0)
		return errbuf_set(e, -EINVAL, "expected numbers >= 0 as cpu and ns of each CPU");
	if (s->n == OBSERVER_MAX)
		return 0;
	rc = group_room(&s->use, s->n, &s->cap, sizeof(u), e);
	if (!rc)
		s->use[s->n++] = u;
	return rc;
}

int take_observer(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *cpus = rec_get_arr(o, "cpus");
	size_t i, n = cpus ? json_object_array_length(cpus) : 0;
	int64_t wall = rec_get_int(o, "wall_ns", -1);
	int rc = 0;

	if (wall < 0)
		return errbuf_set(e, -EINVAL, "expected a number >= 0 as wall_ns");
	if (wall < (int64_t)WALL_LEAST)
		return 0;
	m->observer.seen = true;
	for (i = 0; i < n && !rc; i++)
		rc = take_cpu(m, o, json_object_array_get_idx(cpus, i), e);
	return rc;
}
