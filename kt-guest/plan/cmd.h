/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_CMD_H
#define KT_GUEST_PLAN_CMD_H

#include "opts.h"

/* kt-guest plan ... */
extern const struct opt_table plan_options;
int plan_main(int argc, char **argv);

#endif
