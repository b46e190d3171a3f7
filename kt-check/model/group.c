// SPDX-License-Identifier: GPL-2.0-only
/* What the records name, by name: hash lookups, so that many of them stay cheap. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

int group_room(void *array, uint32_t n, uint32_t *cap, size_t size, struct errbuf *e)
{
	uint32_t more = *cap ? 2 * *cap : 64;
	void **old = array, *new;

	if (n < *cap)
		return 0;
	if (n >= MODEL_MAX_WORKERS)
		return errbuf_set(e, -E2BIG, "more than %u of these in one run", MODEL_MAX_WORKERS);
	new = realloc(*old, more * size);
	if (!new)
		return errbuf_set(e, -ENOMEM, "out of memory");
	*old = new;
	*cap = more;
	return 0;
}

/*
 * The element of that name in an array of *n, appended as zeros when it is new, which
 * *new tells. Elements move when others are added: numbers stay, pointers do not.
 */
static void *get(struct model *m, void *array, uint32_t *n, uint32_t *cap, size_t size, bool *new,
		 struct errbuf *e, const char *fmt, ...) __attribute__((format(printf, 8, 9)));
static void *get(struct model *m, void *array, uint32_t *n, uint32_t *cap, size_t size, bool *new,
		 struct errbuf *e, const char *fmt, ...)
{
	struct json_object *v;
	char **base = array, *key;
	uint32_t i = MODEL_NONE;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&key, fmt, ap);
	va_end(ap);
	if (len < 0) {
		errbuf_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	*new = !json_object_object_get_ex(m->index, key, &v);
	if (!*new) {
		i = (uint32_t)json_object_get_int64(v);
	} else if (group_room(array, *n, cap, size, e) == 0) {
		i = (*n)++;
		memset(*base + i * size, 0, size);
		json_object_object_add(m->index, key, json_object_new_int64(i));
	}
	free(key);
	return i == MODEL_NONE ? NULL : *base + i * size;
}

static struct cgroup *cgroup_get(struct model *m, const char *name, struct errbuf *e)
{
	struct cgroup *c;
	bool new;

	c = get(m, &m->cgroups, &m->ncgroups, &m->cgroups_cap, sizeof(*c), &new, e, "cgroup %s",
		name);
	if (!c || !new)
		return c;
	c->max_gap_cpu = -1;
	c->first = c->last = MODEL_NONE;
	c->name = strdup(name);
	if (c->name)
		return c;
	errbuf_set(e, -ENOMEM, "out of memory");
	return NULL;
}

struct place *place_get(struct model *m, int64_t step, const char *cgroup, struct errbuf *e)
{
	struct cgroup *c = cgroup_get(m, cgroup, e);
	struct place *p;
	bool new;

	if (!c)
		return NULL;
	p = get(m, &m->places, &m->nplaces, &m->places_cap, sizeof(*p), &new, e, "place %lld %s",
		(long long)step, cgroup);
	if (!p || !new)
		return p;
	c->places++;
	p->step = step;
	p->cgroup = (uint32_t)(c - m->cgroups);
	return p;
}

/* The number of something that is there, or MODEL_NONE. */
static uint32_t find(const struct model *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static uint32_t find(const struct model *m, const char *fmt, ...)
{
	struct json_object *v = NULL;
	va_list ap;
	char *key;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&key, fmt, ap);
	va_end(ap);
	if (len < 0)
		return MODEL_NONE;
	json_object_object_get_ex(m->index, key, &v);
	free(key);
	return v ? (uint32_t)json_object_get_int64(v) : MODEL_NONE;
}

const struct place *place_find(const struct model *m, int64_t step, const char *cgroup)
{
	uint32_t i = find(m, "place %lld %s", (long long)step, cgroup);

	return i == MODEL_NONE ? NULL : &m->places[i];
}

const struct window *window_find(const struct model *m, int64_t step)
{
	uint32_t i = find(m, "window %lld", (long long)step);

	return i == MODEL_NONE ? NULL : &m->windows[i];
}

struct group *group_get(struct model *m, struct place *p, uint32_t number, struct errbuf *e)
{
	uint32_t place = (uint32_t)(p - m->places), i;
	struct cgroup *c = &m->cgroups[p->cgroup];
	struct group *g;
	bool new;

	g = get(m, &m->groups, &m->ngroups, &m->groups_cap, sizeof(*g), &new, e, "group %u %u",
		place, number);
	if (!g || !new)
		return g;
	*g = (struct group){ .place = place,
			     .number = number,
			     .first = MODEL_NONE,
			     .last = MODEL_NONE,
			     .next = MODEL_NONE };
	i = (uint32_t)(g - m->groups);
	if (c->last == MODEL_NONE)
		c->first = i;
	else
		m->groups[c->last].next = i;
	c->last = i;
	p->groups++;
	return g;
}

struct payload *payload_get(struct model *m, const char *name, struct errbuf *e)
{
	struct payload *p;
	bool new;

	p = get(m, &m->payloads, &m->npayloads, &m->payloads_cap, sizeof(*p), &new, e, "payload %s",
		name);
	if (!p || !new)
		return p;
	p->name = strdup(name);
	if (p->name)
		return p;
	errbuf_set(e, -ENOMEM, "out of memory");
	return NULL;
}

struct op *op_get(struct model *m, int64_t step, int64_t index, struct errbuf *e)
{
	struct op *o;
	bool new;

	o = get(m, &m->ops, &m->nops, &m->ops_cap, sizeof(*o), &new, e, "op %lld %lld",
		(long long)step, (long long)index);
	if (o && new)
		*o = (struct op){
			.step = step, .index = index, .place = MODEL_NONE, .payload = MODEL_NONE
		};
	return o;
}

struct window *window_get(struct model *m, int64_t step, struct errbuf *e)
{
	struct window *w;
	bool new;

	w = get(m, &m->windows, &m->nwindows, &m->windows_cap, sizeof(*w), &new, e, "window %lld",
		(long long)step);
	if (w && new)
		*w = (struct window){ -1, -1 };
	return w;
}

uint32_t mask_get(struct model *m, const struct cpulist *cpus, struct errbuf *e)
{
	char text[CPULIST_TEXT_MAX];
	struct cpulist *l;
	bool new;

	l = get(m, &m->masks, &m->nmasks, &m->masks_cap, sizeof(*l), &new, e, "mask %s",
		cpulist_format(cpus, text));
	if (!l)
		return MODEL_NONE;
	*l = *cpus;
	return (uint32_t)(l - m->masks);
}
