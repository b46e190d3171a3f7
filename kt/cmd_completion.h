/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_CMD_COMPLETION_H
#define KT_DRIVER_CMD_COMPLETION_H

#include "opts.h"

extern const struct opt_table completion_options;

/* kt completion ...: returns the exit code. */
int completion_main(int argc, char **argv);

#endif
