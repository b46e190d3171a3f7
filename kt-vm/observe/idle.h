/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_IDLE_H
#define KT_VM_OBSERVE_IDLE_H

#include <stdbool.h>
#include <stdint.h>

struct obs;

/* What was last seen of a CPU. */
struct kidle {
	uint64_t switches;  /* of tasks: while it has the same number, it has been idle all along */
	uint64_t since_ns;  /* idle from here on: obs_ran() */
	uint64_t looked_ns; /* and it was looked at here */
	uint64_t kernel_ns; /* what the kernel had counted */
	uint64_t counted_ns; /* and when that was added to `total` */
	uint64_t total;
	bool idle;
};

/* Between samples, so that short times are seen, too. */
void kidle_look(struct obs *o, uint64_t now_ns);
/* The columns online, idle_total_ns and idle_for_ns of a sample; for these that are known. */
void kidle_sample(struct obs *o, uint64_t now_ns);

#endif
