/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_ALL_H
#define KT_CHECK_ALL_H

#include "judge/judge.h"

/* Judges everything, in the order in which people read it: the run first. */
void judge_all(struct judge *j);

#endif
