// SPDX-License-Identifier: GPL-2.0-only
/* The names of cgroups and payloads, and when each of them is there. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "exit.h"
#include "names.h"
#include "record.h"
#include "suggest.h"

void names_init(struct names *ns)
{
	*ns = (struct names){ .life = LIFE_BACKDROP };
	ns->gone = json_object_new_object();
	ns->known = json_object_new_object();
	ns->running = json_object_new_object();
}

void names_free(struct names *ns)
{
	while (ns->n)
		free(ns->v[--ns->n]);
	free(ns->v);
	json_object_put(ns->gone);
	json_object_put(ns->known);
	json_object_put(ns->running);
}

static void forget(struct names *ns, size_t i, const char *why)
{
	json_object_object_add(ns->gone, ns->v[i]->name, json_object_new_string(why));
	free(ns->v[i]);
	memmove(ns->v + i, ns->v + i + 1, (ns->n - i - 1) * sizeof(ns->v[0]));
	ns->n--;
}

void names_next_step(struct names *ns, unsigned int step)
{
	struct json_object *left = json_object_new_object();
	char why[64];
	size_t i;

	snprintf(why, sizeof(why), "ended with step %u", ns->step);
	for (i = ns->n; i-- > 0;) {
		ns->v[i]->procs &= ~(unsigned int)LIFE_STEP;
		ns->v[i]->frozen = false;
		if (ns->v[i]->life == LIFE_STEP)
			forget(ns, i, why);
	}
	json_object_object_foreach (ns->running, name, life) {
		if (json_object_get_int(life) == LIFE_BACKDROP)
			json_object_object_add(left, name, json_object_get(life));
	}
	json_object_put(ns->running);
	ns->running = left;
	ns->life = LIFE_STEP;
	ns->step = step;
}

static struct cgname *find(const struct names *ns, const char *name, size_t len)
{
	size_t i;

	for (i = ns->n; i-- > 0;)
		if (strncmp(ns->v[i]->name, name, len) == 0 && !ns->v[i]->name[len])
			return ns->v[i];
	return NULL;
}

/* Would a directory of this name clash with the files that cgroup v2 puts there? */
static bool is_control_file(const char *name)
{
	static const char *const prefixes[] = {
		"cgroup.", "cpu.",  "cpuset.",  "memory.", "io.", "pids.",
		"irq.",    "misc.", "hugetlb.", "rdma.",   NULL,
	};
	int i;

	for (i = 0; prefixes[i]; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static int check_part(const struct node *at, const char *part, size_t len, struct errbuf *e)
{
	static const char want[] = "a name of letters, digits and _ . -, or such names with / "
				   "between them";
	size_t i;

	for (i = 0; i < len && (isalnum((unsigned char)part[i]) || strchr("_.-", part[i])); i++)
		;
	if (i < len || !len || (len == 1 && *part == '.') || (len == 2 && !memcmp(part, "..", 2)))
		return node_expected(at, e, want);
	if (len > CGROUP_PART_MAX)
		return node_fail(at, e, "the name of a cgroup is longer than %d characters",
				 CGROUP_PART_MAX);
	if (memmem(part, len, ".churn", 6))
		return node_fail(at, e,
				 "a cgroup's name cannot contain \".churn\", as those have that "
				 "CgroupChurn makes");
	if (is_control_file(part))
		return node_fail(at, e,
				 "a cgroup's name cannot begin as that of the kernel's own files "
				 "in a cgroup does, found \"%.*s\"",
				 (int)len, part);
	return KT_OK;
}

static int check_name(const struct node *at, const char *name, struct errbuf *e)
{
	unsigned int depth = 0;
	const char *end;
	int rc;

	if (strlen(name) > CGROUP_NAME_MAX)
		return node_fail(at, e, "the name of a cgroup is longer than %d characters",
				 CGROUP_NAME_MAX);
	do {
		end = strchrnul(name, '/');
		rc = check_part(at, name, end - name, e);
		if (!rc && ++depth > CGROUP_DEPTH_MAX)
			rc = node_fail(at, e, "cgroups nested deeper than %d levels",
				       CGROUP_DEPTH_MAX);
		name = end + 1;
	} while (!rc && *end);
	return rc;
}

static int is_there(const struct names *ns, const struct node *at, const struct cgname *c,
		    struct errbuf *e)
{
	if (c->implicit)
		return node_fail(at, e,
				 "cgroup \"%.80s\" is there already, made for one in it (the outer "
				 "one comes first)",
				 c->name);
	if (c->life != ns->life)
		return node_fail(at, e, "cgroup \"%.80s\" is there already, from the backdrop",
				 c->name);
	return node_fail(at, e, "cgroup \"%.80s\" is there twice in %s", c->name,
			 ns->life == LIFE_STEP ? "one step" : "the backdrop");
}

static struct cgname *append(struct names *ns, const char *name, size_t len)
{
	struct cgname *c = calloc(1, sizeof(*c));

	if (ns->n == ns->cap) {
		ns->cap = ns->cap ? 2 * ns->cap : 16;
		ns->v = realloc(ns->v, ns->cap * sizeof(ns->v[0]));
	}
	if (!c || !ns->v)
		abort(); /* as json-c's own values: without memory there is no plan */
	memcpy(c->name, name, len);
	c->life = ns->life;
	ns->v[ns->n++] = c;
	if (!json_object_object_get_ex(ns->known, c->name, NULL))
		json_object_object_add(ns->known, c->name, json_object_new_boolean(false));
	return c;
}

int names_add(struct plan_ctx *ctx, const struct node *at, const char *name, struct cgname **c,
	      struct errbuf *e)
{
	struct names *ns = &ctx->names;
	const char *slash;
	int rc = check_name(at, name, e);

	if (rc)
		return rc;
	*c = find(ns, name, strlen(name));
	if (*c)
		return is_there(ns, at, *c, e);
	for (slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/'))
		if (!find(ns, name, slash - name))
			append(ns, name, slash - name)->implicit = true;
	*c = append(ns, name, strlen(name));
	return KT_OK;
}

static int unknown(const struct names *ns, const struct node *at, const char *name,
		   struct errbuf *e)
{
	struct suggest s = { .word = name };
	char list[200] = "";
	size_t i, len = 0;

	for (i = 0; i < ns->n; i++) {
		suggest_try(&s, ns->v[i]->name);
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
						len ? ", " : "", ns->v[i]->name);
	}
	if (s.best)
		return node_fail(at, e, "no cgroup \"%.80s\" at this point (did you mean \"%s\"?)",
				 name, s.best);
	return node_fail(at, e, "no cgroup \"%.80s\" at this point (there %s%s)", name,
			 len ? "is " : "is none", list);
}

static bool is_later(const struct node *cgroups, const char *name)
{
	struct node c;
	size_t i;

	for (i = 0; cgroups && i < node_count(cgroups); i++) {
		c = node_item(cgroups, i);
		if (strcmp(rec_get_str(c.v, "name", ""), name) == 0)
			return true;
	}
	return false;
}

int names_find(struct plan_ctx *ctx, const struct node *at, const char *name, struct cgname **c,
	       struct errbuf *e)
{
	struct names *ns = &ctx->names;
	struct json_object *why;

	*c = find(ns, name, strlen(name));
	if (*c)
		return KT_OK;
	if (is_later(ns->later, name))
		return node_fail(at, e,
				 "cgroup \"%.80s\" is not there yet: the ops of a step come before "
				 "its cgroups, but where \"every\" repeats them",
				 name);
	if (json_object_object_get_ex(ns->gone, name, &why))
		return node_fail(at, e, "cgroup \"%.80s\" is there no more, it %s", name,
				 json_object_get_string(why));
	return unknown(ns, at, name, e);
}

int names_get(struct plan_ctx *ctx, const struct node *at, struct cgname **c, struct errbuf *e)
{
	const char *name;
	int rc = node_string(at, "the name of a cgroup", &name, e);

	return rc ? rc : names_find(ctx, at, name, c, e);
}

int names_remove(struct plan_ctx *ctx, const struct node *at, struct cgname *c, struct errbuf *e)
{
	struct names *ns = &ctx->names;
	size_t i, len = strlen(c->name);

	for (i = 0; i < ns->n; i++)
		if (strncmp(ns->v[i]->name, c->name, len) == 0 && ns->v[i]->name[len] == '/')
			return node_fail(at, e, "cgroup \"%.80s\" still has \"%.80s\" in it",
					 c->name, ns->v[i]->name);
	for (i = 0; ns->v[i] != c; i++)
		;
	forget(ns, i, "was removed by an op before");
	return KT_OK;
}

int names_payload(struct plan_ctx *ctx, const struct node *at, const char *name, bool end,
		  struct errbuf *e)
{
	struct json_object *running = ctx->names.running;
	bool runs = json_object_object_get_ex(running, name, NULL);

	if (end && !runs)
		return node_fail(at, e, "payload \"%.80s\" does not run at this point", name);
	if (!end && runs)
		return node_fail(at, e, "payload \"%.80s\" runs already at this point", name);
	if (end)
		json_object_object_del(running, name);
	else
		json_object_object_add(running, name, json_object_new_int((int)ctx->names.life));
	return KT_OK;
}
