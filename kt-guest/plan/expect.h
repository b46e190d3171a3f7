/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_EXPECT_H
#define KT_GUEST_PLAN_EXPECT_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* "expect_error" of the test, as the record has it. */
int plan_expect(const struct node *n, struct json_object **expect, struct errbuf *e);

#endif
