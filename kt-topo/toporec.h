/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_TOPOREC_H
#define KT_TOPO_TOPOREC_H

#include <json-c/json.h>

#include "acpi.h"
#include "memory.h"
#include "topo.h"

/* The `topology` record of kt-records(7); `name` is that of the preset, or NULL. */
struct json_object *toporec_new(const struct topo *t, const char *name, const struct memory *m,
				const struct acpi *a);

#endif
