/* SPDX-License-Identifier: GPL-2.0-only */
/* What a crew and its workers share, and the workers' side of it. */
#ifndef KT_GUEST_CREW_GATE_H
#define KT_GUEST_CREW_GATE_H

#include "crew.h"

#define GATE_LINE 64 /* of the cache */

struct gate {
	_Alignas(GATE_LINE) uint32_t open; /* a futex: where workers fall asleep */
	uint32_t start;                    /* one more, to which the sleepers are moved */
	uint64_t opened_ns;
	_Alignas(GATE_LINE) uint32_t ready;
	uint32_t failed; /* 1 + number of the first that could not get ready */
	int32_t error;
	char what[ATTR_WHAT];
	_Alignas(GATE_LINE) uint32_t stop; /* read all the time: alone in its line */
	_Alignas(GATE_LINE) pid_t tid[];   /* of threads */
};

/* In the new process: worker i of the crew, or with i < 0 the leader of all as its threads. */
_Noreturn void worker_main(const struct crew *c, int i, const char *path, int ready_fd);

#endif
