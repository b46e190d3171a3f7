// SPDX-License-Identifier: GPL-2.0-only
/* All that is judged, in the order in which people read it: the run first. */
#include "defaults.h"
#include "model/observed.h"
#include "model/payload.h"
#include "share.h"

void judge_all(struct judge *j)
{
	judge_life(j);
	judge_share(j);
	judge_quota(j);
	judge_relations(j);
	judge_workload(j);
	judge_payloads(j);
	judge_monitor(j);
	judge_temporal(j);
	judge_defaults(j);
}
