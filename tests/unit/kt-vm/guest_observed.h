/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TESTS_GUEST_OBSERVED_H
#define KT_TESTS_GUEST_OBSERVED_H

/*
 * An observer of the guest whose memory guest_image.h is, on an engine whose vCPUs always stand at
 * the same place. begin() makes both anew, end() releases them; records go into memory.
 */
#include "guest_kernel.h"
#include "kt-vm/kernel/objects/name.h"
#include "unit.h"

static struct g_image g __attribute__((aligned(4096)));
static struct machine machine;
static struct obs o;
static struct rec_out out;
static char *records;
static size_t records_len;

static int some_regs(void *self, unsigned int cpu, struct vcpu_regs *r, struct errbuf *e)
{
	(void)self;
	(void)cpu;
	(void)e;
	*r = (struct vcpu_regs){ .rip = G_TEXT + 0x20, .rsp = GVA(stack) };
	return 0;
}

static int some_thread(void *self, unsigned int cpu, struct engine_thread *t, struct errbuf *e)
{
	(void)self;
	(void)e;
	*t = (struct engine_thread){ .run_ns = 100 + cpu, .wait_ns = cpu };
	return 0;
}

static int stand(void *self, uint64_t *took, struct errbuf *e)
{
	(void)self;
	(void)e;
	*took = 0;
	return 0;
}

static int arm(void *self, const struct engine_watch *w, unsigned int n, struct errbuf *e)
{
	(void)self;
	return engine_check_watch(w, n, e);
}

static const struct engine_control control = {
	.pause = stand, .resume = stand, .regs = some_regs, .watch = arm, .thread = some_thread
};
static const struct engine_ops engine = { .name = "none", .control = &control };

static void begin(unsigned int levels)
{
	guest_image_init(&g, levels);
	guest_observer(&o, &machine, (uint8_t *)&g, levels);
	out.f = open_memstream(&records, &records_len);
	o.out = &out;
	obs_start(&o, &engine, NULL);
}

static void end(void)
{
	fclose(out.f);
	free(records);
	obs_close(&o);
}

/* The text of a value, which it releases; valid until the next call. */
static const char *text_of(struct json_object *j)
{
	static char *text;

	free(text);
	text = strdup(json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN));
	json_object_put(j);
	return text;
}

static const char *name_of(const char *what)
{
	struct json_object *v;
	static struct errbuf e;
	struct kname n;

	if (kname_find(&o.k, what, &n, &e))
		return e.text;
	v = kname_read(&o.k, &n, &e);
	return v ? text_of(v) : e.text;
}

/* The last record, which is the caller's to release. */
static struct json_object *last_record(void)
{
	struct json_object *r = NULL;
	struct rec_in in;
	struct errbuf e;
	FILE *f;

	fflush(out.f);
	f = fmemopen(records, records_len, "r");
	rec_in_init(&in, f);
	while (rec_next(&in, &e) == 1) {
		json_object_put(r);
		r = json_object_get(in.obj);
	}
	rec_in_free(&in);
	fclose(f);
	return r;
}

/* One scheduler after another: the maps of the first are still there when those of the next come.
 */
static void replace_scheduler(void)
{
	g.map[G_QUEUE] = g.map[G_BSS];
	g.map[G_QUEUE].id = 99;
	g.map[G_QUEUE].value[0] = 7 | 5ULL << 32;
	g.next_map = 100;
}

#endif
