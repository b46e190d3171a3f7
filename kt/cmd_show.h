/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_CMD_SHOW_H
#define KT_DRIVER_CMD_SHOW_H

#include "opts.h"

extern const struct opt_table show_options;

/* kt show ...: returns the exit code. */
int show_main(int argc, char **argv);

#endif
