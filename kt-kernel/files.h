/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_FILES_H
#define KT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sha256.h"

/* Whole files and trees. All return 0 or -errno. */

/* Reads a file of at most `max` bytes (-EFBIG beyond); NUL-terminated, free() it. */
int files_read(const char *path, size_t max, char **text, size_t *len);
/* Appends (or with `fresh`, writes anew) text to a file. */
int files_write(const char *path, const char *text, size_t len, bool fresh);
/* Copies the bytes and syncs them. */
int files_copy(const char *from, const char *to);
int files_sync(const char *path);
int files_sha256(const char *path, char hex[SHA256_HEX]);
/* Removes a tree, without following symbolic links. A missing tree is no error. */
int files_remove(const char *path);
bool files_exist(const char *dir, const char *name);

/* "dir/name" into buf of PATH_MAX bytes. */
int files_join(char *buf, const char *dir, const char *name);

/*
 * Makes the directory and locks it: the descriptor that holds the lock, or
 * -errno. With `wait` unset a lock that another process holds is -EWOULDBLOCK. A holder may remove
 * the directory; whoever waited then makes it anew.
 */
int files_lock_dir(const char *path, bool wait);

#endif
