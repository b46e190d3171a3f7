/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_NAMES_H
#define KT_GUEST_PLAN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "cpulist.h"
#include "errbuf.h"
#include "testfile/node.h"

/*
 * Which cgroups there are at each point of a test, and what state they are in. The plan
 * walks the test in the order in which it will run: the backdrop, then step by step. What
 * a cgroup or an op does to the names is done here, so that one which cannot work is found
 * before a VM boots.
 *
 * `at` is the value that messages point to. Functions that return int return KT_OK or
 * KT_DATA.
 */
#define CGROUP_PART_MAX  64 /* of a name between slashes */
#define CGROUP_NAME_MAX  255
#define CGROUP_DEPTH_MAX 8

enum life { LIFE_BACKDROP = 1, LIFE_STEP = 2 }; /* until its end */

struct cgname {
	char name[CGROUP_NAME_MAX + 1];
	enum life life;
	bool implicit; /* made as the parent of another */
	bool frozen;
	unsigned int procs; /* bits of enum life: whose processes are in it */
	bool own_cpus, own_mems;
	bool given_mems; /* the author's, not those of the CPUs */
	struct cpulist cpus, mems;
};

struct names {
	struct cgname **v;
	size_t n, cap;
	struct json_object *gone; /* why a name is there no more, by name */
	/* Names that there are at any point of the test: true for those with workers. */
	struct json_object *known;
	const struct node *later; /* "cgroups" that come after the ops, or NULL */
	enum life life;           /* of what is made now */
	unsigned int step;
	struct cpulist offline;
	struct json_object *running; /* payloads, by name: their enum life */
};

struct plan_ctx;

void names_init(struct names *ns);
void names_free(struct names *ns);
/* Another step begins, or the backdrop is complete and the first one does. */
void names_next_step(struct names *ns, unsigned int step);

int names_add(struct plan_ctx *ctx, const struct node *at, const char *name, struct cgname **c,
	      struct errbuf *e);
/* The cgroup of that name; of the name that the string `at` is. */
int names_find(struct plan_ctx *ctx, const struct node *at, const char *name, struct cgname **c,
	       struct errbuf *e);
int names_get(struct plan_ctx *ctx, const struct node *at, struct cgname **c, struct errbuf *e);
int names_remove(struct plan_ctx *ctx, const struct node *at, struct cgname *c, struct errbuf *e);

/* A payload of that name starts, or is waited for or killed, which `end` says. */
int names_payload(struct plan_ctx *ctx, const struct node *at, const char *name, bool end,
		  struct errbuf *e);

#endif
