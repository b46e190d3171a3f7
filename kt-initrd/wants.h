/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_WANTS_H
#define KT_INITRD_WANTS_H

#include <json-c/json.h>

#include "errbuf.h"
#include "libs.h"
#include "tree.h"

/*
 * What a test record asks to be packed: its scheduler and others, their files, the programs.
 * `test` may be NULL, which asks for nothing. All return 0, or -errno with the reason in `e`.
 */

/* Checks the record against kt-records(7). Returns -EINVAL if it differs. */
int wants_check(struct json_object *test, struct errbuf *e);
/* Adds programs and files of this host. */
int wants_programs(struct json_object *test, struct tree *t, struct libs *l, struct errbuf *e);
/* Adds files whose contents are in the record, unless `base` has their places already. */
int wants_texts(struct json_object *test, const struct tree *base, struct tree *t,
		struct errbuf *e);

#endif
