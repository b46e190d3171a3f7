/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_CMD_TEST_H
#define KT_DRIVER_CMD_TEST_H

#include "opts.h"

extern const struct opt_table test_options, run_options;

/* kt test ... and kt run ...: argv[0] is "test" or "run". Returns the exit code. */
int test_main(int argc, char **argv);

#endif
