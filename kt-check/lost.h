/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_LOST_H
#define KT_CHECK_LOST_H

#include <stdint.h>

/* Records that should be in the stream and are not. */
struct lost {
	uint64_t guest;          /* records that the guest wrote, as they came */
	int64_t written;         /* that it says it wrote, or -1 */
	int64_t console, record; /* bytes that kt-vm dropped */
};

struct model;

/* A record of the guest's, of any type but `end`. */
void lost_count(struct lost *l, const char *type);

#endif
