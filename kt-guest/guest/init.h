/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest side of kt-guest: what runs when kt-guest is PID 1 (/init) of a test guest. */
#ifndef KT_GUEST_GUEST_INIT_H
#define KT_GUEST_GUEST_INIT_H

#include "errbuf.h"
#include "record.h"

/* Runs the plan in /kt/plan.json and powers the guest off. */
_Noreturn void guest_main(void);

#endif
