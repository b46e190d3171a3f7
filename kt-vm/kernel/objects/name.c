// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bpf_find.h"
#include "name.h"

#define WORD_MAX 128

static bool between(const struct kview *kv, enum ksymbol from, enum ksymbol to, uint64_t addr)
{
	uint64_t first, last;

	return ksym_known(&kv->sym, from, &first) && ksym_known(&kv->sym, to, &last) &&
	       addr >= first && addr < last;
}

static size_t word_length(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return len;
}

/* The kernel's variable that has the name which the text begins with; no function. */
static bool variable(const struct kview *kv, const char *text, struct ksym_entry *s)
{
	size_t len = word_length(text);
	char word[WORD_MAX];

	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	return len && len < sizeof(word) && ksym_find(&kv->sym, word, s) &&
	       !between(kv, KS_STEXT, KS_ETEXT, s->addr) &&
	       !between(kv, KS_SINITTEXT, KS_EINITTEXT, s->addr);
}

/* By its size alone; what is at the symbol of those that each CPU has is nobody's. */
static bool by_size(const struct kview *kv, const struct ksym_entry *s, struct kpath *p)
{
	if (s->addr < KMEM_START_KERNEL_MAP ||
	    between(kv, KS_PER_CPU_START, KS_PER_CPU_END, s->addr) || !s->size || s->size > 8 ||
	    (s->size & (s->size - 1)))
		return false;
	*p = (struct kpath){ .gva = kmem_slid(&kv->mem, s->addr) };
	p->f.size = (uint32_t)s->size;
	return true;
}

int kname_find(struct kview *kv, const char *text, struct kname *n, struct errbuf *e)
{
	struct errbuf of_kernel = { "" };
	struct ksym_entry s;
	bool cast = *text == '(', kernel = !cast && variable(kv, text, &s);

	*n = (struct kname){ .text = text };
	/* only what may be the kernel's needs the kernel's types */
	if ((cast || kernel) && kview_types(kv, &of_kernel) == 0 &&
	    kpath_find(&kv->mem, kv->types, text, &n->path, &of_kernel) == 0)
		return 0;
	n->bpf = kbpf_find(kv, text, &n->of, e) == 0;
	if (n->bpf || (kernel && !text[word_length(text)] && by_size(kv, &s, &n->path)))
		return 0;
	if (cast || kernel)
		*e = of_kernel;
	return -ENOENT;
}

uint64_t kname_place(const struct kname *n, unsigned int *size)
{
	const struct kfield *f = n->bpf ? &n->of.field : &n->path.f;

	*size = n->bpf && n->of.percpu ? 0 : f->size;
	return n->bpf ? n->of.gva + f->offset : n->path.gva;
}

struct json_object *kname_read(struct kview *kv, const struct kname *n, struct errbuf *e)
{
	const struct kfield *f = &n->path.f;
	uint64_t v = 0;
	int rc;

	if (!n->bpf && f->type)
		return kpath_json(&kv->mem, kv->types, &n->path, e);
	if (n->bpf && n->of.percpu) {
		errbuf_set(e, -EINVAL, "\"%.60s\" has a value for each CPU", n->text);
		return NULL;
	}
	rc = n->bpf ? kbpf_read(kv, &n->of, 0, &v)
		    : kmem_number(&kv->mem, n->path.gva, f->size, &v);
	if (rc) {
		errbuf_set(e, -EFAULT, "\"%.60s\" cannot be read", n->text);
		return NULL;
	}
	return n->bpf && n->of.field.is_signed ? json_object_new_int64((int64_t)v)
					       : json_object_new_uint64(v);
}

int kname_write(struct kview *kv, const struct kname *n, uint64_t value, struct errbuf *e)
{
	const struct kfield *f = &n->path.f;
	int rc;

	if (!n->bpf && (f->bits || !f->size || f->size > sizeof(value)))
		return errbuf_set(e, -EINVAL, "\"%.60s\" is no number of whole bytes", n->text);
	rc = n->bpf ? kbpf_write(kv, &n->of, value)
		    : kmem_write(&kv->mem, n->path.gva, &value, f->size);
	return rc ? errbuf_set(e, rc, "\"%.60s\" cannot be written", n->text) : 0;
}
