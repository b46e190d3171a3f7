/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_BUILD_H
#define KT_BUILD_H

#include <stdbool.h>

#include "find.h"

struct build_opts {
	const char *source;   /* SOURCE */
	const char *fragment; /* further settings, or NULL */
	bool keep;            /* the work directory */
};

/* Builds SOURCE into a cache entry and fills `f` with it. Prints failures; returns an exit code. */
int build_kernel(const struct build_opts *o, struct found *f);

#endif
