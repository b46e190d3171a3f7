/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_STEPS_H
#define KT_REPORT_STEPS_H

#include "facts.h"
#include "term.h"

/* Steps and ops as they came, for a test that has ops. */
void steps_write(const struct term *out, const struct facts *s, bool verbose);

#endif
