// SPDX-License-Identifier: GPL-2.0-only
/* Reads a sample record into columns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith.h"
#include "raw.h"
#include "scan.h"

static const char *const columns[RAW_COLUMNS] = {
	[RAW_NR_RUNNING] = "nr_running",    [RAW_LOCAL_DSQ] = "local_dsq",
	[RAW_CLOCK] = "clock_ns",           [RAW_RUN] = "vcpu_ns",
	[RAW_STEAL] = "steal_ns",           [RAW_ONLINE] = "online",
	[RAW_IDLE_TOTAL] = "idle_total_ns", [RAW_IDLE_FOR] = "idle_for_ns",
	[RAW_OUTSIDE] = "curr_outside",     [RAW_CURR_PID] = "curr_pid",
};

static const char *const classes[] = {
	[CLASS_STOP] = "stop",       [CLASS_DL] = "dl",   [CLASS_RT] = "rt",
	[CLASS_FAIR] = "fair",       [CLASS_EXT] = "ext", [CLASS_IDLE] = "idle",
	[CLASS_UNKNOWN] = "unknown",
};

const char *raw_class_name(enum raw_class c)
{
	return classes[c];
}

static enum raw_class class_of(const char *name)
{
	int i = CLASS_STOP;

	while (i < CLASS_UNKNOWN && strcmp(name, classes[i]) != 0)
		i++;
	return (enum raw_class)i;
}

struct raw_who raw_who(const struct raw_task *t)
{
	struct raw_who w = { .pid = t->pid,
			     .cpu = t->cpu,
			     .wait_ns = t->wait_ns,
			     .class = t->class,
			     .kthread = t->kthread };

	memcpy(w.comm, t->comm, sizeof(w.comm));
	memcpy(w.dsq, t->dsq, sizeof(w.dsq));
	return w;
}

uint64_t raw_get(const struct raw *r, enum raw_column c, uint32_t cpu)
{
	return cpu < r->len[c] ? r->col[c][cpu] : RAW_NONE;
}

/* False when it is no array of numbers, or an empty one. */
static bool read_column(struct scan *s, uint64_t *v, uint32_t *len)
{
	bool first = true, whole = true;
	uint32_t n = 0;
	uint64_t x;

	if (!scan_array(s))
		return false;
	while (scan_item(s, &first)) {
		if (!scan_number(s, &x)) {
			x = RAW_NONE;
			whole = false;
		}
		if (n < RAW_CPUS)
			v[n++] = x;
	}
	*len = n;
	return whole && n;
}

static void read_classes(struct scan *s, struct raw *r)
{
	bool first = true;
	char name[16];

	r->nclass = 0;
	if (!scan_array(s))
		return;
	while (scan_item(s, &first)) {
		scan_string(s, name, sizeof(name));
		if (r->nclass < RAW_CPUS)
			r->class[r->nclass++] = class_of(name);
	}
}

static void read_comms(struct scan *s, struct raw *r)
{
	bool first = true;
	char name[RAW_COMM];
	uint32_t n = 0;

	if (!scan_array(s))
		return;
	while (scan_item(s, &first)) {
		scan_string(s, name, sizeof(name));
		if (n < RAW_CPUS)
			memcpy(r->comm[n++], name, sizeof(name));
	}
}

static void read_cpus(struct scan *s, struct raw *r)
{
	char key[SCAN_KEY_MAX];
	bool first = true;
	int i;

	if (!scan_object(s))
		return;
	r->have_cpu = true;
	while (scan_member(s, &first, key)) {
		for (i = 0; i < RAW_COLUMNS && strcmp(key, columns[i]) != 0;)
			i++;
		if (i < RAW_COLUMNS && !read_column(s, r->col[i], &r->len[i]))
			r->odd = columns[i];
		else if (i < RAW_COLUMNS)
			; /* it is read */
		else if (strcmp(key, "curr_class") == 0)
			read_classes(s, r);
		else if (strcmp(key, "curr_comm") == 0)
			read_comms(s, r);
		else
			scan_skip(s);
		if (i < RAW_COLUMNS && r->len[i] > r->ncpus)
			r->ncpus = r->len[i];
	}
}

static void read_events(struct scan *s, struct raw *r)
{
	static const char *const judged[] = { "select_cpu_fallback", "dispatch_keep_last" };
	uint64_t v[RAW_CPUS];
	char key[SCAN_KEY_MAX];
	bool first = true;
	uint32_t i, n;
	int k;

	if (!scan_object(s))
		return;
	while (scan_member(s, &first, key)) {
		for (k = 0; k < 2 && strcmp(key, judged[k]) != 0;)
			k++;
		if (k == 2) {
			scan_skip(s);
			continue;
		}
		n = 0;
		r->have_event[k] = read_column(s, v, &n);
		if (!r->have_event[k])
			r->odd = judged[k];
		for (i = 0; i < n && r->have_event[k]; i++)
			r->events[k] = arith_add(r->events[k], v[i]);
	}
}

/* Where a task may run; a list that is none is one of no CPU, and proves nothing. */
static void read_mask(struct scan *s, struct raw_task *t)
{
	char text[CPULIST_TEXT_MAX];
	struct errbuf why;

	cpulist_clear(&t->cpus);
	if (scan_string(s, text, sizeof(text)) && cpulist_parse(text, &t->cpus, &why))
		cpulist_clear(&t->cpus);
}

/* A DSQ by its word or its number. */
static void read_dsq(struct scan *s, struct raw_task *t)
{
	const char *at;
	uint64_t id;

	for (at = s->p; at < s->end && *at == ' ';)
		at++;
	if (at < s->end && *at >= '0' && *at <= '9') {
		if (scan_number(s, &id))
			snprintf(t->dsq, sizeof(t->dsq), "%llu", (unsigned long long)id);
	} else {
		scan_string(s, t->dsq, sizeof(t->dsq));
	}
}

/* One member of one task. */
static void read_task(struct scan *s, const char *key, struct raw_task *t)
{
	char word[16];
	uint64_t v;

	if (strcmp(key, "comm") == 0) {
		scan_string(s, t->comm, sizeof(t->comm));
	} else if (strcmp(key, "cgroup") == 0) {
		scan_string(s, t->cgroup, sizeof(t->cgroup));
	} else if (strcmp(key, "cpus") == 0) {
		read_mask(s, t);
	} else if (strcmp(key, "dsq") == 0) {
		read_dsq(s, t);
	} else if (strcmp(key, "class") == 0) {
		scan_string(s, word, sizeof(word));
		t->class = class_of(word);
	} else if (scan_number(s, &v)) {
		if (strcmp(key, "pid") == 0)
			t->pid = (int64_t)(v & INT64_MAX);
		else if (strcmp(key, "tgid") == 0)
			t->tgid = (int64_t)(v & INT64_MAX);
		else if (strcmp(key, "cpu") == 0)
			t->cpu = v < RAW_CPUS ? (uint32_t)v : RAW_CPUS;
		else if (strcmp(key, "wait_ns") == 0)
			t->wait_ns = v;
		else if (strcmp(key, "weight") == 0)
			t->weight = v;
		else if (strcmp(key, "kthread") == 0)
			t->kthread = v;
	}
}

static void read_waiting(struct scan *s, struct raw *r)
{
	static const struct raw_task blank = { .pid = -1, .cpu = RAW_CPUS, .class = CLASS_UNKNOWN };
	char key[SCAN_KEY_MAX];
	bool first = true, item;
	uint32_t i;

	if (!scan_object(s))
		return;
	r->have_waiting = true;
	while (scan_member(s, &first, key)) {
		if (!scan_array(s))
			continue;
		for (i = 0, item = true; scan_item(s, &item); i++) {
			if (i == RAW_WAITING) {
				scan_skip(s);
				i--;
				continue;
			}
			if (i == r->nwaiting)
				r->waiting[r->nwaiting++] = blank;
			read_task(s, key, &r->waiting[i]);
		}
	}
}

static void read_scx(struct scan *s, struct raw *r)
{
	char key[SCAN_KEY_MAX];
	bool first = true;

	if (!scan_object(s))
		return;
	r->have_scx = true;
	while (scan_member(s, &first, key)) {
		if (strcmp(key, "state") == 0)
			scan_string(s, r->scx_state, sizeof(r->scx_state));
		else if (strcmp(key, "ops") == 0)
			scan_string(s, r->scx_ops, sizeof(r->scx_ops));
		else if (strcmp(key, "bypass") == 0)
			scan_truth(s, &r->bypass);
		else
			scan_skip(s);
	}
}

/* Of the BPF programs, those that are callbacks. */
static void read_progs(struct scan *s, struct raw *r)
{
	struct raw_callback *c;
	char key[SCAN_KEY_MAX];
	bool first = true, member;

	if (!scan_array(s))
		return;
	while (scan_item(s, &first)) {
		if (r->ncalls == RAW_CALLS) {
			scan_skip(s);
			continue;
		}
		c = &r->call[r->ncalls];
		*c = (struct raw_callback){ 0 };
		if (!scan_object(s))
			continue;
		for (member = true; scan_member(s, &member, key);) {
			if (strcmp(key, "op") == 0)
				scan_string(s, c->op, sizeof(c->op));
			else if (strcmp(key, "id") == 0)
				scan_number(s, &c->id);
			else if (strcmp(key, "cnt") == 0)
				scan_number(s, &c->cnt);
			else if (strcmp(key, "ns") == 0)
				scan_number(s, &c->ns);
			else
				scan_skip(s);
		}
		r->ncalls += c->op[0] != '\0';
	}
}

static void add_slice(struct raw *r, const struct raw_slice *slice)
{
	uint32_t cap = r->slices_cap ? 2 * r->slices_cap : 256;
	struct raw_slice *grown;

	if (r->nslices == RAW_SLICES)
		return;
	if (r->nslices == r->slices_cap) {
		grown = realloc(r->slices, cap * sizeof(*grown));
		if (!grown)
			return;
		r->slices = grown;
		r->slices_cap = cap;
	}
	r->slices[r->nslices++] = *slice;
}

static void read_slices(struct scan *s, struct raw *r)
{
	bool first = true, item, whole;
	struct raw_slice slice;
	uint64_t *const to[] = { &slice.cpu, &slice.from, &slice.to, &slice.ns };
	uint64_t v;
	int i;

	if (!scan_array(s))
		return;
	while (scan_item(s, &first)) {
		if (!scan_array(s))
			continue;
		whole = true;
		for (i = 0, item = true; scan_item(s, &item); i++) {
			whole &= scan_number(s, &v);
			if (i < 4)
				*to[i] = v;
		}
		if (whole && i == 4)
			add_slice(r, &slice);
	}
}

bool raw_read(struct raw *r, const char *line, size_t len)
{
	char key[SCAN_KEY_MAX];
	struct scan s;
	bool first = true;
	uint64_t v;

	r->t_ns = -1;
	r->odd = NULL;
	r->cost_ns = 0;
	r->have_cpu = r->have_waiting = r->have_scx = r->bypass = false;
	r->ncpus = r->nclass = r->nwaiting = r->nslices = r->ncalls = 0;
	r->scx_state[0] = r->scx_ops[0] = '\0';
	memset(r->len, 0, sizeof(r->len));
	memset(r->events, 0, sizeof(r->events));
	memset(r->have_event, 0, sizeof(r->have_event));
	scan_init(&s, line, len);
	if (!scan_object(&s))
		return false;
	while (scan_member(&s, &first, key)) {
		if (strcmp(key, "t_ns") == 0)
			r->t_ns = scan_number(&s, &v) && v <= INT64_MAX ? (int64_t)v : -1;
		else if (strcmp(key, "cost_ns") == 0)
			r->cost_ns = scan_number(&s, &v) ? v : 0;
		else if (strcmp(key, "cpu") == 0)
			read_cpus(&s, r);
		else if (strcmp(key, "waiting") == 0)
			read_waiting(&s, r);
		else if (strcmp(key, "scx") == 0)
			read_scx(&s, r);
		else if (strcmp(key, "steal") == 0)
			read_slices(&s, r);
		else if (strcmp(key, "events") == 0)
			read_events(&s, r);
		else if (strcmp(key, "progs") == 0)
			read_progs(&s, r);
		else
			scan_skip(&s);
	}
	return scan_done(&s);
}

void raw_free(struct raw *r)
{
	free(r->slices);
	free(r);
}
