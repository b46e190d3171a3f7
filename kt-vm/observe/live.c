// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live fields: numbers of the scheduler's own, read with each sample while the guest runs. They
 * are looked for when the guest has a new BPF map: the kernel numbers them, and the next number
 * is one read.
 */
#include <stdlib.h>

#include "kernel/objects/bpf.h"
#include "kernel/objects/bpf_find.h"
#include "live.h"
#include "obs.h"
#include "units.h"

struct watch_field {
	const char *name; /* the plan's */
	struct kbpf_value v;
	bool found;
};

void live_plan(struct obs *o, struct json_object *names)
{
	size_t i, n = names ? json_object_array_length(names) : 0;

	n = n < OBS_FIELDS ? n : OBS_FIELDS;
	o->field = n ? calloc(n, sizeof(*o->field)) : NULL;
	o->nfields = o->field ? n : 0;
	for (i = 0; i < o->nfields; i++)
		o->field[i].name = json_object_get_string(json_object_array_get_idx(names, i));
}

void live_free(struct obs *o)
{
	free(o->field);
	o->field = NULL;
	o->nfields = 0;
}

static void number(struct obs *o, const struct watch_field *f, unsigned int cpu)
{
	uint64_t n;

	if (kbpf_read(&o->k, &f->v, cpu, &n))
		jtext_null(&o->text);
	else if (f->v.field.is_signed)
		jtext_int(&o->text, (int64_t)n);
	else
		jtext_uint(&o->text, n);
}

/* A new map may have such a field, too, and counts then; one that is gone may have left another. */
static void find(struct obs *o, struct watch_field *f, bool news)
{
	struct errbuf e;

	if (news || (f->found && !kbpf_valid(&o->k, &f->v)))
		f->found = kbpf_find(&o->k, f->name, &f->v, &e) == 0;
}

static void value(struct obs *o, struct watch_field *f)
{
	unsigned int cpu;

	jtext_key(&o->text, f->name);
	if (!f->found) {
		jtext_null(&o->text);
		return;
	}
	if (!f->v.percpu) {
		number(o, f, 0);
		return;
	}
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		number(o, f, cpu);
	jtext_close(&o->text, ']');
}

void live_sample(struct obs *o)
{
	uint64_t next = kview_number(&o->k, kmem_symbol(&o->k.mem, KS_MAP_IDR), KP_IDR_NEXT);
	size_t i;

	if (!o->nfields)
		return;
	jtext_key(&o->text, "fields");
	jtext_open(&o->text, '{');
	for (i = 0; i < o->nfields; i++) {
		find(o, &o->field[i], next != o->next_map);
		value(o, &o->field[i]);
	}
	o->next_map = next;
	jtext_close(&o->text, '}');
}
