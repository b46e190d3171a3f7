/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_TEMPORAL_H
#define KT_CHECK_MODEL_TEMPORAL_H

#include "observed.h"

/* The plan's "watch_fields" and "temporal", and values for them. */
int temporal_plan(struct model *m, struct json_object *test, struct errbuf *e);
int temporal_sample(struct model *m, struct json_object *fields, int64_t t_ns, struct errbuf *e);
int take_snapshot(struct model *m, struct json_object *o, struct errbuf *e);
void temporal_free(struct observed *s);
/* The names of its patterns, by their numbers. */
extern const char *const temporal_patterns[PATTERN_COUNT];
/* A stats record for each live field that had a value. */
void temporal_stats(const struct observed *s, struct rec_out *out);

#endif
