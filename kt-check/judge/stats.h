/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_STATS_H
#define KT_CHECK_JUDGE_STATS_H

#include "model/model.h"
#include "record.h"

/* One stats record for each cgroup that reported, then that of all together. */
void stats_write(const struct model *m, struct rec_out *out);

/* What the host withheld from the vCPUs while the workload ran, its load, its engine. */
void stats_host(const struct model *m, struct rec_out *out);

#endif
