// SPDX-License-Identifier: GPL-2.0-only
/* The cgroups of a test: made, set, frozen, stopped with all in them, removed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "crews.h"
#include "homes.h"
#include "record.h"
#include "world.h"

#define FREEZE_WAIT (2 * NSEC_PER_SEC)
#define EMPTY_WAIT  (2 * NSEC_PER_SEC)
#define LOOK_TICK   (2 * NSEC_PER_MSEC)

/* The one above it, made to have children; those that the plan does not name come into being. */
static int make_above(struct world *w, const char *name, struct errbuf *e);

static int make_home(struct world *w, const char *name, struct home **made, struct errbuf *e)
{
	struct home *h;
	int rc;

	if (world_find(w, name))
		return errbuf_set(e, -EEXIST, "cgroup '%s' is there already", name);
	rc = make_above(w, name, e);
	if (rc)
		return rc;
	h = calloc(1, sizeof(*h));
	if (!h || !(h->name = strdup(name))) {
		free(h);
		return errbuf_set(e, -ENOMEM, "out of memory");
	}
	h->step = w->step;
	rc = cgroup_make(&w->tree, &h->cg, name, e);
	if (rc) {
		free(h->name);
		free(h);
		return rc;
	}
	h->next = w->homes;
	*made = w->homes = h;
	return 0;
}

static int make_above(struct world *w, const char *name, struct errbuf *e)
{
	const char *slash = strrchr(name, '/');
	char above[CGROUP_PATH];
	struct home *h;
	int rc = 0;

	if (!slash || slash - name >= (long)sizeof(above))
		return 0;
	memcpy(above, name, (size_t)(slash - name));
	above[slash - name] = '\0';
	h = world_find(w, above);
	if (!h)
		rc = make_home(w, above, &h, e);
	return rc ? rc : cgroup_make_inner(&w->tree, &h->cg, e);
}

static int set_files(struct world *w, struct home *h, struct json_object *files, struct errbuf *e)
{
	int rc;

	if (!files)
		return 0;
	rec_each (files, file, value) {
		rc = cgroup_set(&w->tree, &h->cg, file, json_object_get_string(value), e);
		if (rc)
			return rc;
	}
	return 0;
}

int world_add(struct world *w, struct json_object *cgroup, struct errbuf *e)
{
	const char *cpus = rec_get_str(cgroup, "cpus", NULL);
	const char *mems = rec_get_str(cgroup, "mems", NULL);
	struct home *h;
	int rc = make_home(w, rec_get_str(cgroup, "name", "?"), &h, e);

	if (!rc && mems)
		rc = cgroup_set(&w->tree, &h->cg, "cpuset.mems", mems, e);
	if (!rc && cpus)
		rc = cgroup_set(&w->tree, &h->cg, "cpuset.cpus", cpus, e);
	if (rc)
		return rc;
	h->has_cpus = cpus != NULL;
	return set_files(w, h, rec_get_obj(cgroup, "files"), e);
}

struct state {
	const struct cgroup *cg;
	const char *key;
	int want;
};

static bool has_state(void *arg)
{
	const struct state *s = arg;

	return cgroup_get_key(s->cg, "cgroup.events", s->key, s->want) == s->want;
}

int world_freeze(struct world *w, struct home *h, bool frozen, struct errbuf *e)
{
	struct state s = { &h->cg, "frozen", frozen };
	int rc = cgroup_set(&w->tree, &h->cg, "cgroup.freeze", frozen ? "1" : "0", e);

	if (rc)
		return rc;
	h->frozen = frozen;
	if (world_until(w, has_state, &s, LOOK_TICK, clock_ns() + FREEZE_WAIT))
		return 0;
	return errbuf_set(e, -ETIMEDOUT, "cgroup '%s' is not %s after 2 s", h->name,
			  frozen ? "frozen" : "thawed");
}

void world_thaw(struct world *w)
{
	struct home *h;

	for (h = w->homes; h; h = h->next)
		if (h->frozen) {
			cgroup_set(&w->tree, &h->cg, "cgroup.freeze", "0", NULL);
			h->frozen = false;
		}
}

static void forget(struct world *w, struct home *h)
{
	struct home **p = &w->homes;
	struct crew *c;

	while (*p != h)
		p = &(*p)->next;
	*p = h->next;
	for (c = w->crews; c; c = c->next)
		if (c->home == h)
			c->home = NULL;
	free(h->name);
	free(h);
}

static int first_pid(void *arg, pid_t pid)
{
	if (!*(pid_t *)arg)
		*(pid_t *)arg = pid;
	return 0;
}

static void tell_who(const struct home *h, char *text, size_t size)
{
	char where[320];
	pid_t pid = 0;

	cgroup_each(&h->cg, first_pid, &pid, NULL);
	if (pid)
		snprintf(text, size, "process %d, %s", (int)pid,
			 release_where(pid, where, sizeof(where)));
}

/* What still lives in it is no worker that anyone waits for: it is killed. */
static int remove_one(struct world *w, struct home *h, struct errbuf *e)
{
	struct state s = { &h->cg, "populated", 0 };
	bool empty = has_state(&s);
	char who[400] = "";
	int rc;

	if (!empty) {
		release_cgroup(&w->release, h->cg.path, true); /* it takes a CPU to die */
		cgroup_kill(&h->cg);
		empty = world_until(w, has_state, &s, LOOK_TICK,
				    clock_ns() + (w->stuck ? 0 : EMPTY_WAIT));
		release_end(&w->release);
	}
	if (!empty)
		tell_who(h, who, sizeof(who));
	rc = cgroup_remove(&h->cg, e);
	if (rc && *who)
		rc = errbuf_set(e, rc, "cgroup %s cannot be removed: in it is still %s", h->name,
				who);
	forget(w, h);
	return rc;
}

static bool is_below(const char *name, const char *above)
{
	size_t len = strlen(above);

	return strncmp(name, above, len) == 0 && name[len] == '/';
}

static bool concerns(const struct home *h, const struct home *of)
{
	return h == of || is_below(h->name, of->name);
}

void world_thaw_around(struct world *w, const struct home *h)
{
	struct home *o;

	for (o = w->homes; o; o = o->next)
		if (o->frozen && (concerns(o, h) || concerns(h, o)))
			world_freeze(w, o, false, NULL);
}

int world_stop(struct world *w, struct home *h, bool below, struct errbuf *e)
{
	bool gave_up = w->gave_up;
	struct crew *c;
	int rc;

	for (c = w->crews; c; c = c->next)
		c->ending |= c->home && (c->home == h || (below && concerns(c->home, h)));
	world_tell(w);
	world_thaw_around(w, h);
	payload_end_cgroup(w->payloads, h->name, below);
	rc = world_collect(w, e);
	world_report(w);
	if (!rc && w->gave_up && !gave_up)
		rc = errbuf_set(e, -EBUSY,
				"workers of %s would not die before their scheduler was stopped: "
				"%s",
				h->name, w->left);
	return rc;
}

int world_remove(struct world *w, struct home *h, struct errbuf *e)
{
	struct home *b, *next;
	int rc = world_stop(w, h, true, e), rc2;

	for (b = w->homes; b; b = next) {
		next = b->next;
		if (is_below(b->name, h->name))
			remove_one(w, b, NULL); /* what stays there keeps the one above, too */
	}
	rc2 = remove_one(w, h, rc ? NULL : e);
	return rc ? rc : rc2;
}

int world_clear(struct world *w, struct errbuf *e)
{
	struct home *h, *next;
	int rc = 0;

	for (h = w->homes; h; h = next) {
		next = h->next;
		if (h->step == w->step && remove_one(w, h, rc ? NULL : e) && !rc)
			rc = -EBUSY;
	}
	return rc;
}
