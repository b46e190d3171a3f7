// SPDX-License-Identifier: GPL-2.0-only
/* BPF programs of the guest: their names, what they are to a scheduler, and what they cost. */
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "bpf.h"
#include "bpf_prog.h"
#include "kernel/idr.h"
#include "record.h"

#define KSYMS_MAX 4096
#define TAG_LEN   16 /* hexadecimal digits in the symbol of a program: bpf_prog_TAG_NAME */

/* The struct bpf_ksym of the code at an address; 0: it is none of BPF's. */
static uint64_t ksym_at(const struct kview *kv, uint64_t addr)
{
	const struct kfield *link = &kv->probe.f[KP_KSYM_LNODE];
	uint64_t head = kmem_symbol(&kv->mem, KS_BPF_KALLSYMS), node, sym;
	unsigned int i;

	if (!head || !link->known || kmem_number(&kv->mem, head, 8, &node))
		return 0;
	for (i = 0; i < KSYMS_MAX && node && node != head; i++) {
		sym = node - link->offset;
		if (addr >= kview_number(kv, sym, KP_KSYM_START) &&
		    addr < kview_number(kv, sym, KP_KSYM_END))
			return sym;
		if (kmem_number(&kv->mem, node, 8, &node))
			break;
	}
	return 0;
}

static bool name_of_ksym(const struct kview *kv, uint64_t sym, char *buf, size_t size)
{
	const struct kfield *f = &kv->probe.f[KP_KSYM_NAME];

	return f->known && kmem_string(&kv->mem, sym + f->offset, buf, size) > 0;
}

bool kbpf_symbol(const struct kview *kv, uint64_t addr, char *buf, size_t size)
{
	uint64_t sym = ksym_at(kv, addr);
	char name[sizeof(((struct kbpf_prog *)0)->name)];

	if (!sym || !name_of_ksym(kv, sym, name, sizeof(name)))
		return false;
	snprintf(buf, size, "%s+0x%llx", name,
		 (unsigned long long)(addr - kview_number(kv, sym, KP_KSYM_START)));
	return true;
}

/* Which member of struct sched_ext_ops the program was loaded for; NULL for all others. */
static const char *callback(const struct kview *kv, uint64_t prog, uint64_t aux)
{
	uint64_t type = kview_number(kv, aux, KP_AUX_ATTACH_TYPE);
	uint64_t member = kview_number(kv, prog, KP_PROG_MEMBER);
	const struct btf_type *t;

	if (kview_number(kv, prog, KP_PROG_TYPE) != BPF_PROG_TYPE_STRUCT_OPS ||
	    kview_number(kv, aux, KP_AUX_FUNC_IDX) || !type || type != kv->ops_type)
		return NULL;
	t = btf__type_by_id(kv->btf, kbtf_struct(kv->btf, "sched_ext_ops"));
	if (member >= btf_vlen(t))
		return NULL;
	return kbtf_name(kv->btf, btf_members(t)[member].name_off);
}

/* The name in full is in its symbol only, which it has when it was compiled. */
static void describe(const struct kview *kv, uint64_t prog, uint64_t aux, struct kbpf_prog *p)
{
	const struct kfield *sym = &kv->probe.f[KP_AUX_KSYM], *name = &kv->probe.f[KP_AUX_NAME];
	const size_t skip = strlen("bpf_prog_") + TAG_LEN + 1;
	char text[sizeof(p->name)];

	p->op = callback(kv, prog, aux);
	p->name[0] = '\0';
	if (sym->known && name_of_ksym(kv, aux + sym->offset, text, sizeof(text)) &&
	    strlen(text) > skip)
		memcpy(p->name, text + skip, strlen(text) - skip + 1);
	else if (name->known)
		kmem_string(&kv->mem, aux + name->offset, p->name, KBPF_NAME_LEN);
}

bool kbpf_prog_at(const struct kview *kv, uint64_t addr, struct kbpf_prog *p)
{
	const struct kfield *in_aux = &kv->probe.f[KP_AUX_KSYM];
	uint64_t sym = in_aux->known ? ksym_at(kv, addr) : 0, aux;

	/* trampolines have a symbol, too */
	if (!sym || !kview_number(kv, sym, KP_KSYM_PROG))
		return false;
	aux = sym - in_aux->offset;
	describe(kv, kview_number(kv, aux, KP_AUX_PROG), aux, p);
	return true;
}

static size_t programs(const struct kview *kv, uint64_t gva[KBPF_PROGS_MAX])
{
	uint64_t idr = kmem_symbol(&kv->mem, KS_PROG_IDR);

	return idr ? kidr_list(kv, idr, gva, KBPF_PROGS_MAX) : 0;
}

bool kbpf_prog_of(const struct kview *kv, const char *op, struct kbpf_prog *p)
{
	uint64_t gva[KBPF_PROGS_MAX];
	size_t i = programs(kv, gva);

	/* the newest first: a scheduler that was replaced may still be loaded */
	while (i--) {
		describe(kv, gva[i], kview_number(kv, gva[i], KP_PROG_AUX), p);
		if (p->op && strcmp(p->op, op) == 0)
			return true;
	}
	return false;
}

/* All about it; `prog` is its struct bpf_prog. */
static void read_prog(const struct kview *kv, uint64_t prog, struct kbpf_prog *p)
{
	uint64_t aux = kview_number(kv, prog, KP_PROG_AUX),
		 stats = kview_number(kv, prog, KP_PROG_STATS);
	unsigned int cpu;

	describe(kv, prog, aux, p);
	p->id = kview_number(kv, aux, KP_AUX_ID);
	p->verified_insns = kview_number(kv, aux, KP_AUX_VERIFIED_INSNS);
	p->cnt = p->ns = 0;
	for (cpu = 0; stats && cpu < kv->m->cpus; cpu++) {
		uint64_t of_cpu = kview_percpu(kv, stats, cpu);

		p->cnt += kview_number(kv, of_cpu, KP_STATS_CNT);
		p->ns += kview_number(kv, of_cpu, KP_STATS_NSECS);
	}
}

size_t kbpf_progs(const struct kview *kv, struct kbpf_prog p[KBPF_PROGS_MAX])
{
	uint64_t gva[KBPF_PROGS_MAX];
	size_t i, n = programs(kv, gva);

	for (i = 0; i < n; i++)
		read_prog(kv, gva[i], &p[i]);
	return n;
}

struct json_object *kbpf_progs_json(const struct kview *kv)
{
	struct json_object *a = json_object_new_array(), *j;
	struct kbpf_prog p[KBPF_PROGS_MAX];
	size_t i, n = kbpf_progs(kv, p);

	for (i = 0; i < n; i++) {
		j = json_object_new_object();
		rec_int(j, "id", (int64_t)p[i].id);
		rec_str(j, "name", p[i].name);
		if (p[i].op)
			rec_str(j, "op", p[i].op);
		rec_int(j, "cnt", (int64_t)p[i].cnt);
		rec_int(j, "ns", (int64_t)p[i].ns);
		rec_int(j, "verified_insns", (int64_t)p[i].verified_insns);
		json_object_array_add(a, j);
	}
	return a;
}
