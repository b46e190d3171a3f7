/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_COURSE_H
#define KT_REPORT_COURSE_H

#include "show.h"
#include "story.h"

/* Steps and ops as they came, for a test that has ops. */
void course_steps(const struct show *out, const struct story *s, bool verbose);
/* What payloads, and workers that measure things of their own, had to say. */
void course_metrics(const struct show *out, const struct story *s, bool verbose);

#endif
