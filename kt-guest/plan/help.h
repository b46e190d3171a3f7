/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_HELP_H
#define KT_GUEST_PLAN_HELP_H

/* Print to stdout and return KT_OK. */
int help_show(void);
int help_version(void);

#endif
