/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_FILE_H
#define KT_GUEST_MEASURE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Small files of /proc and /sys: one open, one read or write. All return 0 or more, or -errno. */
int file_read(const char *path, char *buf, size_t len);      /* NUL-terminated; the length */
int file_read_line(const char *path, char *buf, size_t len); /* its first line, no newline */
int file_read_int(const char *path, int dflt);               /* dflt when it cannot be read */
int file_write(const char *path, const char *text);

#endif
