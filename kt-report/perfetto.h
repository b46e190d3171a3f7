/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_PERFETTO_H
#define KT_REPORT_PERFETTO_H

#include <json-c/json.h>

#include "errbuf.h"

/*
 * A trace of the run in the JSON trace-event format, which ui.perfetto.dev and
 * chrome://tracing open. It is written as records come, under another name until it is whole.
 */
struct perfetto;

/* NULL with the reason in `e`. */
struct perfetto *perfetto_open(const char *path, struct errbuf *e);
void perfetto_take(struct perfetto *p, struct json_object *o);
/* Ends the trace and frees it: 0, or -errno with the reason in `e`. */
int perfetto_close(struct perfetto *p, struct errbuf *e);

#endif
