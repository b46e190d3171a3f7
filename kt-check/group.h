/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_GROUP_H
#define KT_CHECK_GROUP_H

#include "model.h"

/* The group of a cgroup in a step, made when it is new; NULL with the reason in `e`. */
struct group *group_get(struct model *m, int64_t step, const char *name, struct errbuf *e);
/* Room for one more in an array of *cap elements of `size` bytes, of which `n` are in use. */
int group_room(void *array, uint32_t n, uint32_t *cap, size_t size, struct errbuf *e);

#endif
