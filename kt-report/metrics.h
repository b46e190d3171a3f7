/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_METRICS_H
#define KT_REPORT_METRICS_H

#include "facts.h"
#include "term.h"

/* What payloads, and workers that measure things of their own, had to say. */
void metrics_write(const struct term *out, const struct facts *s, bool verbose);

#endif
