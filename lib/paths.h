/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_PATHS_H
#define KT_PATHS_H

#include <stddef.h>

/*
 * Where things are. A tool finds its siblings beside its own executable
 * (/proc/self/exe): in a source tree all are in build/bin and the data files in
 * the source directories; installed, tools are in PREFIX/bin and data in
 * PREFIX/share/kt. All return 0 or -errno (-ENAMETOOLONG, -ENOENT); buf is of PATH_MAX bytes.
 */
int paths_exe_dir(char *buf);
/* A program that belongs to kt: beside the tool, in ../libexec/kt, then PATH. */
int paths_program(const char *name, char *buf);
/* A data file, e.g. "tests/mixed_workloads.json", "kt.config": installed or in the source tree. */
int paths_data(const char *name, char *buf);
/* $XDG_CACHE_HOME/kt/SUB (or ~/.cache/kt/SUB), made with its parents if need be. */
int paths_cache(const char *sub, char *buf);
/* $XDG_STATE_HOME/kt/SUB (or ~/.local/state/kt/SUB), made likewise. */
int paths_state(const char *sub, char *buf);
/* mkdir -p */
int paths_mkdirs(const char *path);

#endif
