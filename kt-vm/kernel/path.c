// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "path.h"
#include "record.h"
#include "value.h"

#define NAME_MAX_LEN 128
#define HOPS_MAX     16 /* pointers followed in one expression */
#define VALUE_MAX    (1U << 20)
#define STRING_MAX   1024

/* What BTF does not say about variables; a name that a kernel lacks is simply not there. */
static const struct {
	const char *name, *type;
	bool pointer;
} known[] = {
	{ "scx_root", "scx_sched", true },     { "scx_exit_info", "scx_exit_info", true },
	{ "scx_ops", "sched_ext_ops", false }, { "init_task", "task_struct", false },
	{ "init_css_set", "css_set", false },  { "cgrp_dfl_root", "cgroup_root", false },
	{ "map_idr", "idr", false },           { "prog_idr", "idr", false },
};

struct walk {
	const struct kmem *m;
	const struct btf *btf;
	const char *expr, *p;
	uint64_t gva;
	uint32_t type;
	struct kfield f; /* of the last member */
	int hops;
	struct errbuf *e;
};

static int fail(const struct walk *w, int rc, const char *what)
{
	return errbuf_set(w->e, rc, "%.200s: %s at \"%.40s\"", w->expr, what, w->p);
}

static size_t word(const char *p, char *name)
{
	size_t len = 0;

	while ((isalnum((unsigned char)p[len]) || p[len] == '_') && len < NAME_MAX_LEN - 1) {
		name[len] = p[len];
		len++;
	}
	name[len] = '\0';
	return len;
}

static int deref(struct walk *w)
{
	uint32_t target = kbtf_target(w->btf, w->type);
	uint64_t to;

	if (w->hops++ >= HOPS_MAX)
		return fail(w, -ELOOP, "too many pointers");
	if (!target)
		return fail(w, -EINVAL, "no pointer to a known type");
	if (kmem_number(w->m, w->gva, 8, &to))
		return fail(w, -EFAULT, "unreadable memory");
	if (!to)
		return fail(w, -ENOENT, "a null pointer");
	w->gva = to;
	w->type = target;
	return 0;
}

static uint32_t type_named(const struct btf *btf, const char *name)
{
	uint32_t type = kbtf_struct(btf, name);
	int id = type ? 0 : btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);

	return id > 0 ? kbtf_strip(btf, (uint32_t)id) : type;
}

/* "(struct NAME)", "(struct NAME *)", "(u64)" in front of a variable. */
static int read_cast(struct walk *w, bool *pointer)
{
	char name[NAME_MAX_LEN];
	const char *p = w->p + 1;

	if (strncmp(p, "struct ", 7) == 0)
		p += 7;
	p += word(p, name);
	w->type = type_named(w->btf, name);
	p += strspn(p, " ");
	*pointer = *p == '*';
	p += *pointer;
	if (!w->type || *p != ')')
		return fail(w, -EINVAL, "expected a cast such as (struct task_struct *) or (u64)");
	w->p = p + 1;
	return 0;
}

static void look_up_type(struct walk *w, const char *name, bool *pointer)
{
	size_t i;

	w->type = kbtf_variable(w->btf, name);
	for (i = 0; i < ARRAY_SIZE(known) && !w->type; i++)
		if (strcmp(known[i].name, name) == 0) {
			w->type = kbtf_struct(w->btf, known[i].type);
			*pointer = known[i].pointer;
		}
}

static bool is_percpu(const struct walk *w, uint64_t gva)
{
	uint64_t start = kmem_symbol(w->m, KS_PER_CPU_START);
	uint64_t end = kmem_symbol(w->m, KS_PER_CPU_END);

	return gva >= start && gva < end;
}

static int index_percpu(struct walk *w)
{
	unsigned int cpu;
	int len = 0;

	if (sscanf(w->p, "[%u]%n", &cpu, &len) != 1 || !len)
		return fail(w, -EINVAL, "a per-CPU variable needs a CPU, such as [0],");
	w->gva = kmem_percpu(w->m, w->gva, cpu);
	if (!w->gva)
		return fail(w, -ENOENT, "no such CPU");
	w->p += len;
	return 0;
}

static int variable(struct walk *w)
{
	char name[NAME_MAX_LEN];
	bool cast = *w->p == '(', pointer = false;
	int rc = cast ? read_cast(w, &pointer) : 0;
	size_t len = rc ? 0 : word(w->p, name);
	struct ksym_entry s;

	if (rc)
		return rc;
	if (!len)
		return fail(w, -EINVAL, "expected the name of a variable");
	if (!ksym_find(w->m->sym, name, &s))
		return fail(w, -ENOENT, "this kernel has no variable of the name");
	w->gva = kmem_slid(w->m, s.addr);
	if (!cast)
		look_up_type(w, name, &pointer);
	if (!w->type)
		return fail(w, -ENOENT,
			    "the type is not in BTF: write (struct TYPE)NAME or (u64)NAME");
	w->p += len;
	if (is_percpu(w, w->gva))
		rc = index_percpu(w);
	if (rc || !pointer)
		return rc;
	/* the variable is the pointer */
	if (kmem_number(w->m, w->gva, 8, &w->gva))
		return fail(w, -EFAULT, "unreadable memory");
	return w->gva ? 0 : fail(w, -ENOENT, "a null pointer");
}

/* The longest run of members and indices up to the next pointer. */
static int members(struct walk *w)
{
	char path[NAME_MAX_LEN];
	const struct btf_type *t = btf__type_by_id(w->btf, kbtf_strip(w->btf, w->type));
	struct errbuf why;
	size_t len;
	int rc;

	if (t && btf_is_ptr(t)) {
		rc = deref(w);
		if (rc)
			return rc;
	}
	w->p += strncmp(w->p, "->", 2) == 0 ? 2 : *w->p == '.';
	len = strcspn(w->p, "-.");
	if (!len || len >= sizeof(path))
		return fail(w, -EINVAL, "expected a member");
	memcpy(path, w->p, len);
	path[len] = '\0';
	rc = kbtf_member(w->btf, w->type, path, &w->f, &why);
	if (rc)
		return errbuf_set(w->e, rc, "%.200s: %.350s", w->expr, why.text);
	w->gva += w->f.offset;
	w->f.offset = 0;
	w->type = w->f.type;
	w->p += len;
	return 0;
}

int kpath_find(const struct kmem *m, const struct btf *btf, const char *expr, struct kpath *p,
	       struct errbuf *e)
{
	struct walk w = { .m = m, .btf = btf, .expr = expr, .p = expr, .e = e };
	int rc = variable(&w);

	if (!rc)
		rc = kbtf_member(btf, w.type, "", &w.f, e);
	while (!rc && *w.p)
		rc = members(&w);
	p->gva = w.gva;
	p->f = w.f;
	return rc;
}

struct json_object *kpath_json(const struct kmem *m, const struct btf *btf, const struct kpath *p,
			       struct errbuf *e)
{
	const struct btf_type *t = btf__type_by_id(btf, p->f.type), *to;
	uint32_t size = p->f.size ? p->f.size : 1;
	char text[STRING_MAX];
	struct json_object *o;
	uint64_t gva;
	void *buf;

	to = t && btf_is_ptr(t) ? btf__type_by_id(btf, kbtf_target(btf, p->f.type)) : NULL;
	if (to && btf_is_int(to) && to->size == 1 && !kmem_number(m, p->gva, 8, &gva) && gva &&
	    kmem_string(m, gva, text, sizeof(text)) >= 0)
		return rec_text(text, strlen(text));
	buf = size <= VALUE_MAX ? malloc(size) : NULL;
	if (!buf || kmem_read(m, p->gva, buf, size)) {
		free(buf);
		errbuf_set(e, -EFAULT,
			   buf ? "unreadable memory at 0x%llx"
			       : "a value too large to show at 0x%llx",
			   (unsigned long long)p->gva);
		return NULL;
	}
	o = kval_field(btf, &p->f, buf, size);
	free(buf);
	return o;
}
