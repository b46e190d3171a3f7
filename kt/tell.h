/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_TELL_H
#define KT_DRIVER_TELL_H

/*
 * kt-guest ARGV | kt-report HOW, or (NULL) the first alone; argv[0] is set. Returns the exit code
 * of the last one.
 */
int tell(const char **argv, const char *how);

#endif
