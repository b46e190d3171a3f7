/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_DOCTOR_H
#define KT_DRIVER_DOCTOR_H

/* kt doctor: argv[0] is "doctor". Returns the exit code. */
int doctor_main(int argc, char **argv);

#endif
