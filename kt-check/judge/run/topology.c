// SPDX-License-Identifier: GPL-2.0-only
/* The check "topology": the guest has the CPUs, LLCs, cores and nodes that were asked for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/check.h"
#include "topology.h"

static size_t length(struct json_object *a)
{
	return a ? json_object_array_length(a) : 0;
}

static struct json_object *by_id(struct json_object *a, int64_t id)
{
	struct json_object *o;
	size_t i;

	for (i = 0; i < length(a); i++) {
		o = json_object_array_get_idx(a, i);
		if (rec_get_int(o, "id", -1) == id)
			return o;
	}
	return NULL;
}

/* The CPUs that were asked for with the same LLC as `cpu`, and, for a `core`, the same core. */
static void siblings(struct json_object *asked, struct json_object *cpu, bool core,
		     struct cpulist *l)
{
	struct json_object *o;
	int64_t id;
	size_t i;

	cpulist_clear(l);
	for (i = 0; i < length(asked); i++) {
		o = json_object_array_get_idx(asked, i);
		id = rec_get_int(o, "id", -1);
		if (id >= 0 && id < CPULIST_MAX &&
		    rec_get_int(o, "llc", -1) == rec_get_int(cpu, "llc", -1) &&
		    (!core || rec_get_int(o, "core", -1) == rec_get_int(cpu, "core", -1)))
			cpulist_add(l, (unsigned int)id);
	}
}

/* A list of the guest's against that of the topology; false with the sentence: they differ. */
static bool same(struct judge *j, struct finding *f, struct json_object *asked,
		 struct json_object *cpu, struct json_object *found, bool core)
{
	const char *text = rec_get_str(found, core ? "smt_cpus" : "llc_cpus", NULL);
	char want[CPULIST_TEXT_MAX];
	struct cpulist a, b;
	struct errbuf why;

	if (!text || !text[0] || cpulist_parse(text, &b, &why))
		return true; /* the guest's kernel does not say */
	siblings(asked, cpu, core, &a);
	if (memcmp(&a, &b, sizeof(a)) == 0)
		return true;
	judge_say(j, V_FAIL, f, "CPU %lld of the guest shares %s with CPUs %s, asked for were %s",
		  (long long)rec_get_int(cpu, "id", -1), core ? "its core" : "its LLC", text,
		  cpulist_format(&a, want));
	return false;
}

static bool same_cpu(struct judge *j, struct finding *f, const struct shape *s,
		     struct json_object *cpu)
{
	int64_t id = rec_get_int(cpu, "id", -1), node = rec_get_int(cpu, "node", -1), has;
	struct json_object *found = by_id(s->found, id);

	if (!found) {
		judge_say(j, V_FAIL, f, "the guest has no CPU %lld", (long long)id);
		return false;
	}
	has = rec_get_int(found, "node", -1);
	if (has >= 0 && node >= 0 && has != node) {
		judge_say(j, V_FAIL, f, "CPU %lld of the guest is on node %lld, asked for was %lld",
			  (long long)id, (long long)has, (long long)node);
		return false;
	}
	return same(j, f, s->asked, cpu, found, false) && same(j, f, s->asked, cpu, found, true);
}

void judge_topology(struct judge *j)
{
	const struct shape *s = &j->m->shape;
	struct finding f = finding_of("topology", NULL);
	size_t i;

	if (!check_is_judged(j, LIMIT_TOPOLOGY, &f))
		return;
	f.observed = (double)length(s->found);
	f.limit = (double)length(s->asked);
	f.unit = "CPUs";
	if (j->m->on_host || !s->asked || !s->found) {
		f.observed = f.limit = NAN;
		judge_say(j, V_SKIP, &f,
			  j->m->on_host ? "this is no guest"
					: "no record tells what the guest has");
		return;
	}
	if (s->kargs) {
		judge_say(j, V_SKIP, &f, "the kernel's parameter %s changes what the guest has",
			  s->kargs);
		return;
	}
	if (length(s->found) != length(s->asked)) {
		judge_say(j, V_FAIL, &f, "the guest has %zu CPUs, asked for were %zu",
			  length(s->found), length(s->asked));
		return;
	}
	if (length(s->nodes_found) != length(s->nodes_asked)) {
		judge_say(j, V_FAIL, &f, "the guest has %zu nodes, asked for were %zu",
			  length(s->nodes_found), length(s->nodes_asked));
		return;
	}
	for (i = 0; i < length(s->asked); i++)
		if (!same_cpu(j, &f, s, json_object_array_get_idx(s->asked, i)))
			return;
	judge_say(j, V_PASS, &f, "the guest has the %zu CPUs and %zu nodes that were asked for",
		  length(s->asked), length(s->nodes_asked));
}
