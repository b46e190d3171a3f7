// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/plan.c kt-guest/plan_[a-l]*.c kt-guest/plan_mem.c kt-guest/plan_[n-z]*.c
// LINK: kt-guest/node.c kt-guest/jsonfile.c kt-guest/jsonpos.c kt-guest/worktype.c
// LINK: kt-guest/work.c kt-guest/work_*.c kt-guest/telemetry.c kt-guest/tick.c kt-guest/hist.c
// LINK: kt-guest/flatten.c kt-guest/file.c kt-guest/matrix.c kt-guest/alu.c kt-guest/thread.c
// LINK: kt-guest/schbench.c kt-guest/taobench*.c kt-guest/siblings.c
/*
 * Any bytes as a test file. Beyond memory safety: whatever json-c makes of a text, the
 * position finder must find it at the same path in the text, or messages would point
 * anywhere.
 */
#include <stdint.h>
#include <stdlib.h>

#include "exit.h"
#include "kt-guest/jsonpos.h"
#include "kt-guest/plan.h"

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
