// SPDX-License-Identifier: GPL-2.0-only
/* Finds a work type by name, resolves its parameters, and lists all types. */
#include <errno.h>
#include <string.h>

#include "record.h"
#include "types.h"
#include "work.h"

const struct work_type *const work_families[] = {
	work_family_spin,   work_family_burst,    work_family_pair,     work_family_sequence,
	work_family_alu,    work_family_cache,    work_family_fan,      work_family_wake,
	work_family_herd,   work_family_timer,    work_family_net,      work_family_io,
	work_family_fork,   work_family_churn,    work_family_cgroup,   work_family_memory,
	work_family_lock,   work_family_queue,    work_family_signal,   work_family_rt,
	work_family_custom, work_family_schbench, work_family_taobench, NULL,
};

/* Names that types had before. */
static const struct alias {
	const char *old, *name;
} aliases[] = {
	{ "CpuSpin", "SpinWait" },
	{ "IoSync", "IoSyncWrite" },
	{ NULL, NULL },
};

const struct work_type *work_type_next(const struct work_type *t, unsigned int *family)
{
	if (!t)
		*family = 0;
	t = t ? t + 1 : work_families[0];
	while (t && !t->name)
		t = work_families[++*family];
	return t;
}

const struct work_type *work_type_find(const char *name)
{
	const struct work_type *t = NULL;
	const struct alias *a;
	unsigned int family = 0;

	for (a = aliases; a->old; a++)
		if (strcmp(name, a->old) == 0)
			name = a->name;
	while ((t = work_type_next(t, &family)))
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

unsigned int work_type_group(const struct work_type *t, const int64_t *values)
{
	return t->group_of ? t->group_of(values) : t->group;
}

static int read_value(const struct work_param *p, struct json_object *work, int64_t *v)
{
	const char *word;

	switch (p->kind) {
	case WORK_BOOL:
		*v = rec_get_bool(work, p->resolved, p->value);
		return 0;
	case WORK_CHOICE:
		word = rec_get_str(work, p->resolved, p->choices[p->value]);
		for (*v = 0; p->choices[*v]; ++*v)
			if (strcmp(p->choices[*v], word) == 0)
				return 0;
		return -EINVAL;
	default:
		*v = rec_get_int(work, p->resolved, p->value);
		return *v < p->min || *v > p->max ? -EINVAL : 0;
	}
}

int work_type_values(const struct work_type *t, struct json_object *work, int64_t *values)
{
	const struct work_param *p;
	int rc = 0;

	for (p = t->params; !rc && p->key; p++)
		rc = read_value(p, work, &values[p - t->params]);
	return rc ? rc : t->conflict && t->conflict(values) ? -EINVAL : 0;
}
