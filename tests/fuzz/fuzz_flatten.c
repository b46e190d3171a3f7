// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/measure/flatten.c
/* What a payload prints: any bytes. Numbers only come out, under names that JSON can carry. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kt-guest/measure/flatten.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *doc = flatten_find((const char *)data, size), *flat;

	if (!doc)
		return 0;
	if (!json_object_is_type(doc, json_type_object) &&
	    !json_object_is_type(doc, json_type_array))
		abort();
	flat = flatten(doc);
	json_object_object_foreach (flat, key, v) {
		if (strlen(key) > FLATTEN_PATH || !isfinite(json_object_get_double(v)) ||
		    (!json_object_is_type(v, json_type_int) &&
		     !json_object_is_type(v, json_type_double)))
			abort();
	}
	if (json_object_object_length(flat) > FLATTEN_COUNT + 1)
		abort();
	json_object_put(flat);
	json_object_put(doc);
	return 0;
}
