// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "obs.h"
#include "units.h"

int obs_open(struct obs *o, const char *vmlinux, const struct machine *m, uint64_t period_ns,
	     struct rec_out *out, struct errbuf *e)
{
	memset(o, 0, sizeof(*o));
	o->m = m;
	o->out = out;
	o->period_ns = period_ns;
	o->next_ns = UINT64_MAX;
	return ksym_open(&o->sym, vmlinux, e);
}

void obs_close(struct obs *o)
{
	btf__free(o->btf);
	ksym_free(&o->sym);
	jtext_free(&o->text);
	free(o->rq);
	memset(o, 0, sizeof(*o));
}

void obs_start(struct obs *o, const struct engine_ops *engine, void *self)
{
	o->engine = engine;
	o->self = self;
}

static int load(struct obs *o, struct errbuf *e)
{
	const void *data;
	size_t len;
	int rc = ksym_load(&o->sym, e);

	if (rc)
		return rc;
	data = ksym_section(&o->sym, ".BTF", &len, NULL);
	o->btf = data && len <= UINT32_MAX ? btf__new(data, (uint32_t)len) : NULL;
	if (!o->btf)
		return errbuf_set(e, -ENOENT, "vmlinux has no BTF (CONFIG_DEBUG_INFO_BTF)");
	o->rq = calloc(o->m->cpus, sizeof(*o->rq));
	return o->rq ? 0 : errbuf_set(e, -ENOMEM, "no memory to observe %u CPUs", o->m->cpus);
}

uint64_t obs_number(const struct obs *o, uint64_t object, enum kprobe probe)
{
	const struct kfield *f = &o->probe.f[probe];
	uint64_t v;

	if (!object || !f->known || kmem_number(&o->mem, object + f->offset, f->size, &v))
		return 0;
	return v;
}

const char *obs_symbolise(struct obs *o, uint64_t addr, char *buf, size_t size)
{
	uint64_t link = addr - o->mem.virt_slide;
	const struct ksym_entry *s = ksym_function(&o->sym, link);

	if (s)
		snprintf(buf, size, "%s+0x%llx", s->name, (unsigned long long)(link - s->addr));
	else
		snprintf(buf, size, "0x%llx", (unsigned long long)addr);
	return buf;
}

static void find_runqueues(struct obs *o)
{
	uint64_t symbol = kmem_symbol(&o->mem, "runqueues");
	unsigned int cpu;

	for (cpu = 0; cpu < o->m->cpus; cpu++)
		o->rq[cpu] = kmem_percpu(&o->mem, symbol, cpu);
}

static struct json_object *hex(uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	return json_object_new_string(text);
}

static void put_observe(struct obs *o, uint64_t now_ns, uint64_t took_ns,
			struct json_object *absent, const char *error)
{
	struct json_object *r = rec_new("observe");

	rec_int(r, "t_ns", (int64_t)now_ns);
	rec_int(r, "took_ns", (int64_t)took_ns);
	rec_int(r, "period_ns", (int64_t)o->period_ns);
	rec_str(r, "error", error);
	if (!error) {
		rec_add(r, "kaslr_virt", hex(o->mem.virt_slide));
		rec_add(r, "kaslr_phys", hex(o->mem.phys_slide));
		rec_int(r, "page_table_levels", o->mem.levels);
		rec_add(r, "absent", absent);
	}
	rec_put(o->out, r);
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

void obs_attach(struct obs *o, uint64_t now_ns)
{
	struct json_object *absent;
	uint64_t since = clock_ns();
	struct errbuf e;
	int rc = 0;

	if (o->attached || o->off)
		return;
	if (!o->btf) {
		rc = load(o, &e);
		kmem_init(&o->mem, &o->m->mem, &o->sym);
	}
	if (!rc)
		rc = kmem_attach(&o->mem, &e);
	if (rc) {
		/* the guest has spoken, so its kernel is there: another vmlinux than ours */
		o->off = true;
		put_observe(o, now_ns, clock_ns() - since, NULL, e.text);
		return;
	}
	absent = json_object_new_array();
	kprobe_all(o->btf, &o->probe, absent);
	find_runqueues(o);
	o->attached = true;
	o->next_ns = o->period_ns ? now_ns : UINT64_MAX;
	put_observe(o, now_ns, clock_ns() - since, absent, NULL);
}

uint64_t obs_tick(struct obs *o, uint64_t now_ns)
{
	if (!o->attached || now_ns < o->next_ns)
		return o->next_ns;
	monitor_sample(o, now_ns);
	/* ticks that were missed are not made up for */
	o->next_ns += ((now_ns - o->next_ns) / o->period_ns + 1) * o->period_ns;
	return o->next_ns;
}
