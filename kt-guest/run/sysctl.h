/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_SYSCTL_H
#define KT_GUEST_RUN_SYSCTL_H

#include <json-c/json.h>

#include "crew/writer.h"
#include "errbuf.h"

#define SYSCTL_PATH 300

/* "kernel.sched_x" is /proc/sys/kernel/sched_x, which is told in path[SYSCTL_PATH]. */
int sysctl_set(struct writer *w, const char *key, const char *value, char *path, struct errbuf *e);
/* All of an object of strings. Both return 0, or -errno with words in e. */
int sysctl_set_all(struct writer *w, struct json_object *sysctls, struct errbuf *e);

#endif
