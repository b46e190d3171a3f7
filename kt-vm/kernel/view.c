// SPDX-License-Identifier: GPL-2.0-only
/* A kernel in a guest's memory: opened, loaded, and its plain numbers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "excerpt.h"
#include "view.h"

int kview_open(struct kview *kv, const char *vmlinux, const struct machine *m, struct errbuf *e)
{
	memset(kv, 0, sizeof(*kv));
	kv->m = m;
	kv->work_max = KVIEW_WORK;
	return ksym_open(&kv->sym, vmlinux, e);
}

void kview_close(struct kview *kv)
{
	unsigned int i;

	for (i = 0; i < kv->nbtfs; i++)
		btf__free(kv->btfs[i].btf);
	btf__free(kv->btf);
	btf__free(kv->types);
	ksym_free(&kv->sym);
	free(kv->rq);
	free(kv->sd);
	memset(kv, 0, sizeof(*kv));
}

int kview_load(struct kview *kv, struct errbuf *e)
{
	int rc = ksym_load(&kv->sym, e);

	if (rc)
		return rc;
	korc_open(&kv->orc, &kv->sym);
	kmem_init(&kv->mem, &kv->m->mem, &kv->sym);
	kv->rq = calloc(kv->m->cpus, sizeof(*kv->rq));
	kv->sd = calloc(kv->m->cpus, sizeof(*kv->sd));
	if (!kv->rq || !kv->sd)
		return errbuf_set(e, -ENOMEM, "no memory to observe %u CPUs", kv->m->cpus);
	return 0;
}

void kview_begin(struct kview *kv)
{
	kv->work = kv->work_max;
	kv->mem.work = &kv->work;
}

uint64_t kview_number(const struct kview *kv, uint64_t object, enum kprobe probe)
{
	const struct kfield *f = &kv->probe.f[probe];
	uint64_t v;

	if (!object || !f->known || kmem_number(&kv->mem, object + f->offset, f->size, &v))
		return 0;
	return v;
}

uint64_t kview_percpu(const struct kview *kv, uint64_t pointer, unsigned int cpu)
{
	return kv->rq[cpu] ? pointer + (kv->rq[cpu] - kv->runqueues) : 0;
}

void kview_runqueues(struct kview *kv)
{
	unsigned int cpu;

	kv->runqueues = kmem_symbol(&kv->mem, KS_RUNQUEUES);
	for (cpu = 0; cpu < kv->m->cpus; cpu++)
		kv->rq[cpu] = kmem_percpu(&kv->mem, kv->runqueues, cpu);
}

int kview_types(struct kview *kv, struct errbuf *e)
{
	const void *data;
	size_t len;

	if (kv->types)
		return 0;
	ksym_rest(&kv->sym); /* libbpf makes a copy: not on top of what else was read */
	data = ksym_section(&kv->sym, ".BTF", &len, NULL);
	kv->types = data && len <= UINT32_MAX ? btf__new(data, (uint32_t)len) : NULL;
	ksym_rest(&kv->sym);
	return kv->types ? 0 : errbuf_set(e, -ENOENT, "vmlinux has no BTF (CONFIG_DEBUG_INFO_BTF)");
}

void kview_forget_types(struct kview *kv)
{
	btf__free(kv->types);
	kv->types = NULL;
	ksym_rest(&kv->sym);
}

int kview_learn(struct kview *kv, struct errbuf *e)
{
	static const char *const of_events[] = { "SCX_EV_", NULL };
	static const char *const of_balance[] = { "lb_", "alb_", "sbe_", "sbf_", "ttwu_", NULL };
	static const struct kexcerpt_name shown[] = {
		{ "sched_ext_ops", BTF_KIND_STRUCT },
		{ "scx_exit_kind", BTF_KIND_ENUM },
		{ "trace_event_raw_sched_switch", BTF_KIND_STRUCT },
		{ "trace_event_raw_sched_wakeup_template", BTF_KIND_STRUCT },
		{ "trace_event_raw_sched_migrate_task", BTF_KIND_STRUCT },
	};

	kset_find(&kv->events, kv->types, "scx_event_stats", of_events, true);
	kset_find(&kv->balance, kv->types, "sched_domain", of_balance, false);
	kv->ops_type = kbtf_struct(kv->types, "sched_ext_ops");
	btf__free(kv->btf);
	kv->btf = kexcerpt(kv->types, shown, ARRAY_SIZE(shown));
	return kv->btf ? 0 : errbuf_set(e, -ENOMEM, "no memory for the types of vmlinux");
}
