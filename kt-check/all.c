// SPDX-License-Identifier: GPL-2.0-only
/* All that is judged, in the order in which people read it: the run first. */
#include "all.h"
#include "judge/run/kernel_log.h"
#include "judge/run/life.h"
#include "judge/run/monitor.h"
#include "judge/run/observer.h"
#include "judge/run/payload.h"
#include "judge/run/records.h"
#include "judge/run/temporal.h"
#include "judge/run/topology.h"
#include "judge/sched/callbacks.h"
#include "judge/sched/quota.h"
#include "judge/sched/relations.h"
#include "judge/sched/share.h"
#include "judge/sched/strayed.h"
#include "judge/sched/turns.h"
#include "judge/sched/wait.h"
#include "judge/sched/work_conservation.h"
#include "judge/worker/workers.h"

void judge_all(struct judge *j)
{
	judge_life(j);
	judge_share(j);
	judge_quota(j);
	judge_relations(j);
	judge_workers(j);
	judge_payloads(j);
	judge_monitor(j);
	judge_temporal(j);
	judge_work_conservation(j);
	judge_wait(j);
	judge_strayed(j);
	judge_turns(j);
	judge_callbacks(j);
	judge_kernel_log(j);
	judge_topology(j);
	judge_records(j);
	judge_observer(j);
}
