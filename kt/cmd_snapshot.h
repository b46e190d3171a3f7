/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_CMD_SNAPSHOT_H
#define KT_DRIVER_CMD_SNAPSHOT_H

#include "opts.h"

extern const struct opt_table snapshot_options;

/* kt snapshot show ...: argv[0] is "snapshot". Returns the exit code. */
int snapshot_main(int argc, char **argv);

#endif
