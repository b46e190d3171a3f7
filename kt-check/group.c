// SPDX-License-Identifier: GPL-2.0-only
/* Cgroups by name, and by step and name: hash lookups, so that many of them stay cheap. */
#include <errno.h>
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

static bool lookup(struct json_object *index, const char *key, uint32_t *i)
{
	struct json_object *v;

	if (!json_object_object_get_ex(index, key, &v))
		return false;
	*i = (uint32_t)json_object_get_int64(v);
	return true;
}

static int cgroup_get(struct model *m, const char *name, uint32_t *i, struct errbuf *e)
{
	struct cgroup *c;

	if (lookup(m->cgroup_index, name, i))
		return 0;
	if (group_room(&m->cgroups, m->ncgroups, &m->cgroups_cap, sizeof(*c), e))
		return -ENOMEM;
	c = &m->cgroups[m->ncgroups];
	memset(c, 0, sizeof(*c));
	c->max_gap_cpu = -1;
	c->name = strdup(name);
	if (!c->name)
		return errbuf_set(e, -ENOMEM, "out of memory");
	*i = m->ncgroups++;
	json_object_object_add(m->cgroup_index, name, json_object_new_int64(*i));
	return 0;
}

/* Makes the group; `key` is its name in the index. */
static struct group *group_add(struct model *m, int64_t step, const char *name, const char *key,
			       struct errbuf *e)
{
	struct group *g;
	uint32_t cgroup = 0;

	if (cgroup_get(m, name, &cgroup, e) ||
	    group_room(&m->groups, m->ngroups, &m->groups_cap, sizeof(*g), e))
		return NULL;
	m->cgroups[cgroup].steps++;
	json_object_object_add(m->group_index, key, json_object_new_int64(m->ngroups));
	g = &m->groups[m->ngroups++];
	*g = (struct group){
		.step = step, .cgroup = cgroup, .first = MODEL_NONE, .last = MODEL_NONE
	};
	return g;
}

struct group *group_get(struct model *m, int64_t step, const char *name, struct errbuf *e)
{
	struct group *g;
	uint32_t i;
	char *key;

	if (asprintf(&key, "%lld %s", (long long)step, name) < 0) {
		errbuf_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	g = lookup(m->group_index, key, &i) ? &m->groups[i] : group_add(m, step, name, key, e);
	free(key);
	return g;
}
