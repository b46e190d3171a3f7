/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_LIST_H
#define KT_LIST_H

#include <stdbool.h>

#include "record.h"

/* All entries of the cache: a table on stdout, or records. An exit code. */
int list_kernels(bool json, struct rec_out *out);

#endif
