/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_ARRAY_H
#define KT_ARRAY_H

/* Items of an array, which must not be a pointer. */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
