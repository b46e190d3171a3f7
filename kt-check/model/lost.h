/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_LOST_H
#define KT_CHECK_MODEL_LOST_H

#include <stdint.h>

/* Bytes that kt-vm says it dropped; records that are missing from the stream are whole.c's. */
struct lost {
	int64_t console, record;
};

#endif
