/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest side of kt-guest: what runs when kt-guest is PID 1 (/init) of a test guest. */
#ifndef KT_GUEST_INIT_H
#define KT_GUEST_INIT_H

/*
 * Runs the plan in /kt/plan.json and powers the guest off.  Never returns when called as PID 1.
 * Away from PID 1 (development) argv[1] names a plan; records go to stdout; returns an exit code.
 */
int guest_main(int argc, char **argv);

#endif
