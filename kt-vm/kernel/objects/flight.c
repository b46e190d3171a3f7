// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "flight.h"
#include "kernel/value.h"
#include "record.h"

#define PAGES_MAX  256 /* of one CPU's buffer */
#define PAGE_BYTES 4096
#define COMMIT     0xfffff /* the bits of a page's commit that are a length */

/* The kernel's events by the symbol of their description, and the struct that one is. */
static const struct {
	const char *name;
	enum ksymbol symbol;
	const char *type; /* one of those that kview_learn() keeps */
} kinds[] = {
	{ "sched_switch", KS_EVENT_SWITCH, "trace_event_raw_sched_switch" },
	{ "sched_wakeup", KS_EVENT_WAKEUP, "trace_event_raw_sched_wakeup_template" },
	{ "sched_migrate_task", KS_EVENT_MIGRATE, "trace_event_raw_sched_migrate_task" },
};
#define KINDS (ARRAY_SIZE(kinds))

struct event {
	uint64_t ts;
	uint16_t cpu, kind;
	uint16_t len;
	uint8_t data[96];
};

struct reader {
	struct kview *kv;
	uint16_t id[KINDS]; /* as the kernel numbered them at boot */
	uint32_t type[KINDS];
	struct event *e; /* a ring of the last ones of one CPU, then all */
	size_t n;
};

static void learn_kinds(struct reader *r)
{
	size_t i;

	for (i = 0; i < KINDS; i++) {
		r->id[i] = (uint16_t)kview_number(r->kv, kmem_symbol(&r->kv->mem, kinds[i].symbol),
						  KP_CALL_TYPE);
		r->type[i] = kbtf_struct(r->kv->btf, kinds[i].type);
	}
}

static void keep(struct reader *r, uint64_t ts, unsigned int cpu, const uint8_t *data, size_t len)
{
	struct event *e;
	uint16_t id;
	size_t i;

	if (len < sizeof(id))
		return;
	memcpy(&id, data, sizeof(id));
	for (i = 0; i < KINDS && (!id || r->id[i] != id); i++)
		;
	if (i == KINDS)
		return;
	e = &r->e[r->n++];
	e->ts = ts;
	e->cpu = (uint16_t)cpu;
	e->kind = (uint16_t)i;
	e->len = (uint16_t)(len < sizeof(e->data) ? len : sizeof(e->data));
	memcpy(e->data, data, e->len);
}

enum { TYPE_PADDING = 29, TYPE_TIME_EXTEND, TYPE_TIME_STAMP };

/* The events of one page of `len` bytes that begins at time `ts`; room for all that fit is there.
 */
static void read_page(struct reader *r, unsigned int cpu, uint64_t ts, const uint8_t *p, size_t len)
{
	size_t at = 0, size;
	uint32_t head, word = 0;

	while (at + 4 <= len) {
		unsigned int type;

		memcpy(&head, p + at, 4);
		type = head & 31;
		if (at + 8 <= len)
			memcpy(&word, p + at + 4, 4);
		else if (!type || type >= TYPE_PADDING)
			return;
		if (type == TYPE_PADDING && !(head >> 5))
			return; /* nothing more on this page */
		if (type == TYPE_TIME_STAMP)
			ts = (ts & ~((1ULL << 59) - 1)) | ((uint64_t)word << 27) | (head >> 5);
		else
			ts += (head >> 5) + (type == TYPE_TIME_EXTEND ? (uint64_t)word << 27 : 0);
		if (type >= TYPE_TIME_EXTEND)
			size = 8;
		else if (type == TYPE_PADDING || !type)
			size = 4 + (size_t)word;
		else
			size = 4 + 4 * (size_t)type;
		if (size < 4 || size > len - at)
			return;
		if (type && type < TYPE_PADDING)
			keep(r, ts, cpu, p + at + 4, size - 4);
		else if (!type && size > 8)
			keep(r, ts, cpu, p + at + 8, size - 8);
		at += size;
	}
}

struct page {
	uint64_t ts, gva;
	size_t len;
};

static int by_time(const void *a, const void *b)
{
	uint64_t x = ((const struct page *)a)->ts, y = ((const struct page *)b)->ts;

	return (x > y) - (x < y);
}

static int event_by_time(const void *a, const void *b)
{
	uint64_t x = ((const struct event *)a)->ts, y = ((const struct event *)b)->ts;

	return (x > y) - (x < y);
}

static void look_at(struct reader *r, uint64_t bpage, struct page *page, size_t *n)
{
	uint64_t data = kview_number(r->kv, bpage, KP_BPAGE_PAGE);
	uint64_t len = kview_number(r->kv, data, KP_DPAGE_COMMIT) & COMMIT;

	if (!data || !len || *n >= PAGES_MAX)
		return;
	page[*n] = (struct page){ .ts = kview_number(r->kv, data, KP_DPAGE_TIME),
				  .gva = data + r->kv->probe.f[KP_DPAGE_DATA].offset,
				  .len = len < PAGE_BYTES ? len : PAGE_BYTES };
	++*n;
}

/* The pages that one CPU's buffer has written to, oldest first. Links carry flags in bits 0 and 1.
 */
static size_t list_pages(struct reader *r, uint64_t buffer, struct page *page)
{
	uint64_t first = kview_number(r->kv, buffer, KP_RB_PAGES) & ~3ULL, node = first;
	size_t n = 0, steps = 0;

	look_at(r, kview_number(r->kv, buffer, KP_RB_READER), page, &n);
	do {
		look_at(r, node - r->kv->probe.f[KP_BPAGE_LIST].offset, page, &n);
		if (kmem_number(&r->kv->mem, node, 8, &node))
			break;
		node &= ~3ULL;
	} while (node && node != first && ++steps < PAGES_MAX);
	qsort(page, n, sizeof(page[0]), by_time);
	return n;
}

/* The newest pages that hold at least `want` events, at most what is left of the room. */
static void read_cpu(struct reader *r, unsigned int cpu, uint64_t buffer, size_t want)
{
	struct page page[PAGES_MAX];
	size_t n = list_pages(r, buffer, page), first = r->n, i;
	uint8_t data[PAGE_BYTES];

	/* an event takes 8 bytes or more, so a page cannot have more than PAGE_BYTES / 8 */
	for (i = n; i-- && r->n - first < want;)
		if (!kmem_read(&r->kv->mem, page[i].gva, data, page[i].len))
			read_page(r, cpu, page[i].ts, data, page[i].len);
	qsort(r->e + first, r->n - first, sizeof(r->e[0]), event_by_time);
	if (r->n - first > want) {
		memmove(r->e + first, r->e + r->n - want, want * sizeof(r->e[0]));
		r->n = first + want;
	}
}

static struct json_object *event_json(const struct reader *r, const struct event *e)
{
	struct json_object *o = json_object_new_object(), *fields;
	uint8_t data[sizeof(e->data)] = { 0 };

	memcpy(data, e->data, e->len);
	rec_int(o, "ts_ns", (int64_t)e->ts);
	rec_int(o, "cpu", e->cpu);
	rec_str(o, "event", kinds[e->kind].name);
	fields = kval_json(r->kv->btf, r->type[e->kind], data, sizeof(data), NULL);
	if (!fields)
		return o;
	json_object_object_foreach (fields, key, value)
		if (strcmp(key, "ent") && strcmp(key, "__data"))
			rec_add(o, key, json_object_get(value));
	json_object_put(fields);
	return o;
}

static uint64_t buffers(const struct kview *kv)
{
	uint64_t tr = kmem_symbol(&kv->mem, KS_GLOBAL_TRACE);

	return kview_number(kv, kview_number(kv, tr, KP_TRACE_BUFFER), KP_BUFFER_BUFFERS);
}

struct json_object *kflight_events(struct kview *kv)
{
	size_t want = KFLIGHT_EVENTS_MAX / kv->m->cpus + 8, i, first;
	struct json_object *a = json_object_new_array();
	struct reader r = { .kv = kv };
	uint64_t list = buffers(kv), buffer;
	unsigned int cpu;

	if (!list || !kv->probe.f[KP_DPAGE_DATA].known)
		return a;
	r.e = calloc(kv->m->cpus * want + want + PAGE_BYTES / 8, sizeof(*r.e));
	if (!r.e)
		return a;
	learn_kinds(&r);
	for (cpu = 0; cpu < kv->m->cpus; cpu++)
		if (!kmem_number(&kv->mem, list + 8ULL * cpu, 8, &buffer) && buffer)
			read_cpu(&r, cpu, buffer, want);
	qsort(r.e, r.n, sizeof(*r.e), event_by_time);
	first = r.n > KFLIGHT_EVENTS_MAX ? r.n - KFLIGHT_EVENTS_MAX : 0;
	for (i = first; i < r.n; i++)
		json_object_array_add(a, event_json(&r, &r.e[i]));
	free(r.e);
	return a;
}
