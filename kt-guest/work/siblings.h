/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_SIBLINGS_H
#define KT_GUEST_WORK_SIBLINGS_H

#include "work.h"

/*
 * Pins a worker of a pair to its thread of a core with two of the CPUs that it may use. The
 * worker's medium says which, or that there is no such core: then it is left as it is.
 */
void siblings_pin(struct work *w);

#endif
