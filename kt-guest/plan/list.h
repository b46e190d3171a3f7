/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_LIST_H
#define KT_GUEST_PLAN_LIST_H

#include "opts.h"

/* kt-guest list: argv[0] is the program. Returns the exit code of main(). */
extern const struct opt_table list_options;
int list_main(int argc, char **argv);

#endif
