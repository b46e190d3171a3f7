/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_HOST_HOST_H
#define KT_GUEST_HOST_HOST_H

#include "opts.h"

/*
 * A test without a guest: the plan runs in cgroups of this machine. It takes no scheduler
 * away, changes no setting, and leaves nothing behind.
 */

/* kt-guest run PLAN and kt-guest clean: argv[0] is the program. Return the exit code of main(). */
extern const struct opt_table host_options, host_clean_options;
int host_main(int argc, char **argv);
int host_clean_main(int argc, char **argv);

#endif
