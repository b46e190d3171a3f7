/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_REPORT_H
#define KT_REPORT_REPORT_H

#include "facts.h"
#include "term.h"

/* The report of a run; `replay` is the command that runs the test again, or NULL for kt's own. */
void report_write(const struct term *out, const struct facts *s, bool verbose, const char *replay);

#endif
