/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_LINK_H
#define KT_GUEST_WORK_LINK_H

#include <net/if.h>

/* Network devices for work types. All return 0 or -errno. */

/* Brings a device up; one that is up needs no privilege. */
int link_up(const char *name);
/* Makes a pair of devices, each end of which receives what the other sends, and brings it up. */
int link_pair(const char a[IFNAMSIZ], const char b[IFNAMSIZ]);
/* Removes a device; the other end of a pair goes with it. */
int link_remove(const char name[IFNAMSIZ]);

#endif
