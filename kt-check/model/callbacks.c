// SPDX-License-Identifier: GPL-2.0-only
/* What the callbacks of schedulers cost, as samples tell. */
#include <string.h>

#include "array.h"
#include "callbacks.h"
#include "model.h"

/* Those that are called for each task and each turn; others may sleep, or are called once. */
static bool is_hot(const char *op)
{
	static const char *const hot[] = {
		"select_cpu", "enqueue",     "dequeue",     "dispatch",         "tick",
		"runnable",   "running",     "stopping",    "quiescent",        "yield",
		"set_weight", "set_cpumask", "update_idle", "core_sched_before"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hot); i++)
		if (strcmp(op, hot[i]) == 0)
			return true;
	return false;
}

void callbacks_sample(struct model *m, const struct raw *r)
{
	struct callbacks *s = m->callbacks;
	uint32_t i, k;

	if (!s->last_ns)
		s->last_ns = r->t_ns;
	for (k = 0; k < r->ncalls; k++) {
		for (i = 0; i < s->n && s->c[i].last.id != r->call[k].id;)
			i++;
		if (i == CALLBACKS_MAX || !is_hot(r->call[k].op))
			continue;
		if (i == s->n)
			s->c[s->n++].from = s->last_ns;
		s->c[i].last = r->call[k];
		s->c[i].to = r->t_ns;
	}
	if (r->ncalls)
		s->last_ns = r->t_ns;
}
