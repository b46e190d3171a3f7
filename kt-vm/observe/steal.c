// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "steal.h"

struct slice {
	uint64_t from_ns, to_ns, steal_ns;
};

struct steal_vcpu {
	struct engine_thread last;
	uint64_t ran_ns; /* it was seen to have run since then */
	struct slice slice[STEAL_SLICES];
	unsigned int n;
};

int steal_init(struct steal *s, unsigned int vcpus)
{
	*s = (struct steal){ .vcpu = calloc(vcpus, sizeof(*s->vcpu)), .vcpus = vcpus };
	s->slice_ns = STEAL_SLICE_NS * ((vcpus - 1) / STEAL_AT_ONCE + 1);
	return s->vcpu ? 0 : -ENOMEM;
}

void steal_free(struct steal *s)
{
	free(s->vcpu);
	*s = (struct steal){ 0 };
}

/* Much the same share of its time. */
static bool alike(const struct slice *a, const struct slice *b)
{
	uint64_t x = a->steal_ns * 100 / (a->to_ns - a->from_ns);
	uint64_t y = b->steal_ns * 100 / (b->to_ns - b->from_ns);

	return x <= y + 10 && y <= x + 10;
}

/* To those that there are; those that it reaches back to become part of it. */
static void add(struct steal_vcpu *v, struct slice s)
{
	struct slice *last = v->n ? &v->slice[v->n - 1] : NULL;

	while (last && (s.from_ns < last->to_ns || v->n == STEAL_SLICES ||
			(s.from_ns == last->to_ns && alike(last, &s)))) {
		s.from_ns = last->from_ns < s.from_ns ? last->from_ns : s.from_ns;
		s.steal_ns += last->steal_ns;
		v->n--;
		last = v->n ? &v->slice[v->n - 1] : NULL;
	}
	v->slice[v->n++] = s;
}

/*
 * A wait is counted at its end: one that is longer than the time since the last poll began before
 * it, and not before the thread was last seen to have run.
 */
static void account(struct steal_vcpu *v, const struct engine_thread *t, uint64_t from_ns,
		    uint64_t to_ns)
{
	struct slice s = { from_ns, to_ns, t->wait_ns - v->last.wait_ns };

	if (s.steal_ns > to_ns - from_ns) {
		s.from_ns = s.steal_ns < from_ns ? from_ns - s.steal_ns : 0;
		if (s.from_ns < v->ran_ns)
			s.from_ns = v->ran_ns;
	}
	if (s.steal_ns >= STEAL_MIN_NS)
		add(v, s);
	if (t->run_ns != v->last.run_ns)
		v->ran_ns = from_ns;
	v->last = *t;
}

void steal_poll(struct steal *s, const struct engine_ops *engine, void *self, uint64_t now_ns)
{
	unsigned int cpu;
	struct errbuf e;

	for (cpu = 0; cpu < s->vcpus && !s->failed; cpu++) {
		struct steal_vcpu *v = &s->vcpu[cpu];
		struct engine_thread t;

		if (engine->control->thread(self, cpu, &t, &e))
			s->failed = true;
		else if (!s->next_ns) /* what was before nobody has watched */
			v->last = t;
		else if (now_ns > s->polled_ns)
			account(v, &t, s->polled_ns, now_ns);
	}
	s->polled_ns = now_ns;
	s->next_ns = s->failed ? UINT64_MAX : now_ns + s->slice_ns;
}

void steal_columns(const struct steal *s, struct jtext *t)
{
	unsigned int cpu;

	if (s->failed)
		return;
	jtext_key(t, "vcpu_ns");
	jtext_open(t, '[');
	for (cpu = 0; cpu < s->vcpus; cpu++)
		jtext_uint(t, s->vcpu[cpu].last.run_ns);
	jtext_close(t, ']');
	jtext_key(t, "steal_ns");
	jtext_open(t, '[');
	for (cpu = 0; cpu < s->vcpus; cpu++)
		jtext_uint(t, s->vcpu[cpu].last.wait_ns);
	jtext_close(t, ']');
}

void steal_slices(struct steal *s, struct jtext *t)
{
	unsigned int cpu, i;

	if (s->failed)
		return;
	jtext_key(t, "steal");
	jtext_open(t, '[');
	for (cpu = 0; cpu < s->vcpus; cpu++) {
		struct steal_vcpu *v = &s->vcpu[cpu];

		for (i = 0; i < v->n; i++) {
			jtext_open(t, '[');
			jtext_uint(t, cpu);
			jtext_uint(t, v->slice[i].from_ns);
			jtext_uint(t, v->slice[i].to_ns);
			jtext_uint(t, v->slice[i].steal_ns);
			jtext_close(t, ']');
		}
		v->n = 0;
	}
	jtext_close(t, ']');
}
