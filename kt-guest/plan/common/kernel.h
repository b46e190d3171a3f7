/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_COMMON_KERNEL_H
#define KT_GUEST_PLAN_COMMON_KERNEL_H

#include "context.h"
#include "errbuf.h"
#include "testfile/node.h"

/* An array of strings, which `want` describes; check (may be NULL) judges each. */
int plan_strings(const struct node *n, struct json_object *list, const char *want,
		 int (*check)(const struct node *, const char *, struct errbuf *),
		 struct errbuf *e);
int plan_kargs(const struct node *n, struct json_object *list, struct errbuf *e);
int plan_sysctls(const struct node *n, struct json_object *out, struct errbuf *e);
bool plan_sysctl_key_ok(const char *s);

#endif
