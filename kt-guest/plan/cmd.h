/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_CMD_H
#define KT_GUEST_PLAN_CMD_H

/* Kt-guest plan ... */
int plan_main(int argc, char **argv);

#endif
