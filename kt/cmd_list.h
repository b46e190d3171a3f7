/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_CMD_LIST_H
#define KT_DRIVER_CMD_LIST_H

#include "opts.h"

extern const struct opt_table list_options;

/* kt list ...: returns the exit code. */
int list_main(int argc, char **argv);

#endif
