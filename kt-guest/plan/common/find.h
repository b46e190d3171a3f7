/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_COMMON_FIND_H
#define KT_GUEST_PLAN_COMMON_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "errbuf.h"

/* The path of the test file `name`, as messages show it, in path[PATH_MAX]. */
int plan_find_test(const char *name, char *path, struct errbuf *e);
/* Calls `fn` with each directory that tests are looked up in, in turn until it returns false. */
typedef bool plan_dir_fn(const char *dir, void *arg);
void plan_find_each(const char *sub, const char *data_sub, plan_dir_fn *fn, void *arg);
/* SUB/NAME.json in ./kt.d, $KT_PATH, kt's data: 0, or -ENOENT. */
int plan_find_file(const char *sub, const char *data_sub, const char *name, char *path);
/* The directories that plan_find_file() looks into, for messages. */
void plan_find_where(const char *sub, const char *data_sub, char *buf, size_t size);

#endif
