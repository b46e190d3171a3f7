/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CREW_REPORT_H
#define KT_GUEST_CREW_REPORT_H

#include "crew.h"

/* The `worker` record of a worker that was stopped and reaped (or could not be). */
struct json_object *report_worker(const struct crew *c, struct worker *w);

#endif
