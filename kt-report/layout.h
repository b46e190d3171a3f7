/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_LAYOUT_H
#define KT_REPORT_LAYOUT_H

#include "show.h"
#include "story.h"

/* The report of a run; `replay` is the command that runs the test again, or NULL for kt's own. */
void layout_report(const struct show *out, const struct story *s, bool verbose, const char *replay);

#endif
