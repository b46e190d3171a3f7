/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_KLOG_H
#define KT_CHECK_MODEL_KLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#define KLOG_KEPT 3 /* complaints whose first lines are told */
#define KLOG_TEXT 160

/* What the kernel complained of on its console. */
struct klog_line {
	char text[KLOG_TEXT], next[KLOG_TEXT]; /* it, and the line behind it */
	int64_t t_ns;
	int64_t back_ns; /* what it complains of began so long before, if the host may cause it;
			    else 0 */
};

struct klog {
	struct json_object *allow; /* of the plan, or NULL */
	bool seen;                 /* any line */
	bool wants_next;
	uint32_t n;       /* complaints, */
	uint32_t allowed; /* and those that the lists allow */
	struct klog_line l[KLOG_KEPT];
	const char *reason; /* why the last one was allowed */
	char reason_text[KLOG_TEXT];
};

/* Is the line worth parsing? Most of a console are not. */
bool klog_wants(const struct klog *k, const char *line, size_t len);
void klog_line(struct klog *k, const char *text, int64_t t_ns);
void klog_free(struct klog *k);

#endif
