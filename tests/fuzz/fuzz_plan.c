// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/plan/plan.c kt-guest/plan/steps.c kt-guest/plan/observation.c
// LINK: kt-guest/plan/expect.c
// LINK: kt-guest/plan/common/*.c kt-guest/plan/group/*.c
// LINK: kt-guest/plan/program/*.c kt-guest/plan/ops/*.c
// LINK: kt-guest/testfile/*.c kt-guest/work/*.c
// LINK: kt-guest/work/bench/*.c kt-guest/measure/telemetry.c kt-guest/measure/tick.c
// LINK: kt-guest/measure/hist.c kt-guest/measure/flatten.c kt-guest/measure/file.c
/*
 * Any bytes as a test file. Beyond memory safety: whatever json-c makes of a text, the
 * position finder must find it at the same path in the text, or messages would point
 * anywhere.
 */
#include <stdint.h>
#include <stdlib.h>

#include "exit.h"
#include "kt-guest/testfile/jsonpos.h"
#include "kt-guest/plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_find(const struct jsonfile *f, const struct jsonpos_step *path, size_t n)
{
	size_t key, value;

	if (!jsonpos_find(f->text, f->len, path, n, false, &value) || value >= f->len ||
	    !jsonpos_find(f->text, f->len, path, n, true, &key) || key > value)
		abort();
}

static void walk(const struct jsonfile *f, struct json_object *v, struct jsonpos_step *path,
		 size_t n)
{
	size_t i;

	must_find(f, path, n);
	if (json_object_is_type(v, json_type_array)) {
		for (i = 0; i < json_object_array_length(v) && i < 16; i++) {
			path[n] = (struct jsonpos_step){ .index = i };
			walk(f, json_object_array_get_idx(v, i), path, n + 1);
		}
	} else if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach (v, key, member) {
			path[n] = (struct jsonpos_step){ .key = key };
			walk(f, member, path, n + 1);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jsonpos_step path[JSONPOS_DEPTH + 1];
	struct json_object *record = NULL;
	struct plan_opts o = { 0 };
	struct errbuf e = { "" };
	struct jsonfile f;
	int rc;

	if (size > 4096)
		return 0;
	setenv("KT_SCHEDULER", "/bin/true", 1); /* so that no name is looked up */
	rc = jsonfile_parse(&f, "t.json", (const char *)data, size, &e);
	if (!rc) {
		walk(&f, f.root, path, 0);
		rc = plan_resolve_file(&o, &f, &record, &e);
	}
	if (rc && !e.text[0]) /* a failure has a message */
		abort();
	json_object_put(record);
	jsonfile_free(&f);
	return 0;
}
