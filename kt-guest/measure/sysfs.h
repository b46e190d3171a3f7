/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_SYSFS_H
#define KT_GUEST_MEASURE_SYSFS_H

#include <json-c/json.h>

/* Adds `cpus` and `nodes`, the topology as this kernel sees it, to a record. */
void sysfs_topology(struct json_object *o);

#endif
