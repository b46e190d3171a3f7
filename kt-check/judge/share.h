/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SHARE_H
#define KT_CHECK_JUDGE_SHARE_H

struct judge;

/* share.c: what workers were entitled to against what they got. */
void judge_share(struct judge *j);
/* quota.c: no cgroup has more CPU time than its cpu.max. */
void judge_quota(struct judge *j);

/* relate.c: what the test asks of cgroups against each other. */
void judge_relations(struct judge *j);

#endif
