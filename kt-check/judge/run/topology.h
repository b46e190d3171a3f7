/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_TOPOLOGY_H
#define KT_CHECK_JUDGE_RUN_TOPOLOGY_H

#include "judge/judge.h"

/* Whether the guest saw the topology that was asked for. */
void judge_topology(struct judge *j);

#endif
