/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_TOOL_H
#define KT_DRIVER_TOOL_H

#include <stdbool.h>

/* The programs of kt, without "kt-", and the commands that kt has itself; both end with NULL. */
extern const char *const tool_names[], *const tool_commands[];
bool tool_is_command(const char *name);

/* Becomes kt-<argv[0]>; comes back only with the exit code of a failure, which it has told. */
int tool_exec(char **argv);

/* The path of kt-<name> into buf of PATH_MAX bytes: 0, or KT_NOTFOUND after a message. */
int tool_find(const char *name, char *buf);

#endif
