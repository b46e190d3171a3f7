/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_CMD_DOCTOR_H
#define KT_DRIVER_CMD_DOCTOR_H

#include "opts.h"

extern const struct opt_table doctor_options;

/* kt doctor: argv[0] is "doctor". Returns the exit code. */
int doctor_main(int argc, char **argv);

#endif
