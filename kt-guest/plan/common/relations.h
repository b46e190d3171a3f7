/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_RELATIONS_H
#define KT_GUEST_PLAN_RELATIONS_H

#include "errbuf.h"
#include "testfile/node.h"

/*
 * Parts of "assert" that are more than a number: what cgroups are to get beside each other, and
 * what the kernel may say. Each appends to *list, an array as the record has it (NULL at first),
 * and returns KT_OK or KT_DATA.
 */
int relations_shares(const struct node *n, struct json_object **list, struct errbuf *e);
int relations_ratios(const struct node *n, struct json_object **list, struct errbuf *e);
int relations_allow(const struct node *n, struct json_object **list, struct errbuf *e);
/* {"allow": [...]} */
int relations_kernel_log(const struct node *n, struct json_object **list, struct errbuf *e);

/*
 * Do the cgroups that the block `n` compares have workers? `known` is an object: each name that
 * there is in the test, true for those with workers.
 */
int relations_check(const struct node *n, struct json_object *known, struct errbuf *e);

#endif
