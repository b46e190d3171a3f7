// SPDX-License-Identifier: GPL-2.0-only
/* Runs of the plan's payloads. Of the metrics only those are kept that a check asks for. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "payload.h"
#include "record.h"
#include "units.h"

size_t payload_checks(const struct payload *p)
{
	return p->checks ? json_object_array_length(p->checks) : 0;
}

struct json_object *payload_check(const struct payload *p, size_t i)
{
	return json_object_array_get_idx(p->checks, i);
}

/* The values that the checks are about. */
static int keep_values(const struct payload *p, struct payload_run *r, struct json_object *metrics)
{
	size_t i, n = payload_checks(p);
	const char *name;

	r->values = calloc(n + 1, sizeof(*r->values));
	if (!r->values)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		name = rec_get_str(payload_check(p, i), "metric", "");
		r->values[i] = metrics ? rec_get_dbl(metrics, name, NAN) : NAN;
	}
	return 0;
}

/* The last line that is not empty, as what went wrong. */
static char *last_line(const char *text)
{
	size_t end = strlen(text), start;

	while (end && strchr("\n\r \t", text[end - 1]))
		end--;
	for (start = end; start && text[start - 1] != '\n';)
		start--;
	return end > start ? strndup(text + start, end - start) : NULL;
}

int take_payload(struct model *m, struct json_object *o, struct errbuf *e)
{
	const char *name = rec_get_str(o, "name", NULL), *exit = rec_get_str(o, "exit", NULL);
	int64_t duration = rec_get_int(o, "duration_ns", 0);
	struct payload_run *r;
	struct payload *p;
	int rc;

	if (!name || !exit)
		return errbuf_set(e, -EINVAL, "expected strings as name and exit");
	p = payload_get(m, name, e);
	if (!p)
		return -ENOMEM;
	rc = group_room(&m->runs, m->nruns, &m->runs_cap, sizeof(*r), e);
	if (rc)
		return rc;
	p->reported++;
	r = &m->runs[m->nruns++];
	*r = (struct payload_run){ .payload = (uint32_t)(p - m->payloads),
				   .exit = strdup(exit),
				   .said = last_line(rec_get_str(o, "stderr", "")),
				   .duration_ns = duration > 0 ? (uint64_t)duration : 0 };
	if (keep_values(p, r, rec_get_obj(o, "metrics")) || !r->exit)
		return errbuf_set(e, -ENOMEM, "out of memory");
	return 0;
}
