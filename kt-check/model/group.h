/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_GROUP_H
#define KT_CHECK_MODEL_GROUP_H

#include "model.h"

/* Each of these is made when it is new; NULL with the reason in `e`. */
struct place *place_get(struct model *m, int64_t step, const char *cgroup, struct errbuf *e);
/* One that is there, or NULL. */
const struct place *place_find(const struct model *m, int64_t step, const char *cgroup);
struct group *group_get(struct model *m, struct place *p, uint32_t number, struct errbuf *e);
struct payload *payload_get(struct model *m, const char *name, struct errbuf *e);
struct op *op_get(struct model *m, int64_t step, int64_t index, struct errbuf *e);
struct window *window_get(struct model *m, int64_t step, struct errbuf *e);
const struct window *window_find(const struct model *m, int64_t step);
/* The number of a set of CPUs in the model, or MODEL_NONE. */
uint32_t mask_get(struct model *m, const struct cpulist *cpus, struct errbuf *e);

/* Room for one more in an array of *cap elements of `size` bytes, of which `n` are in use. */
int group_room(void *array, uint32_t n, uint32_t *cap, size_t size, struct errbuf *e);

#endif
