/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_WORKER_H
#define KT_CHECK_MODEL_WORKER_H

#include "model.h"

/* Takes a worker record: into its group's list and its cgroup's sums. */
int take_worker(struct model *m, struct json_object *o, struct errbuf *e);

#endif
