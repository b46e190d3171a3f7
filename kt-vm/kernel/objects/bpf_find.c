// SPDX-License-Identifier: GPL-2.0-only
/* Numbers in BPF maps by name: a scheduler's own counters. */
#include <ctype.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf.h"
#include "bpf_find.h"
#include "kernel/idr.h"
#include "kernel/value.h"

#define WORD_MAX 128

/* "MAP:NAME[i].path" in its parts. */
struct name {
	char map[WORD_MAX], word[WORD_MAX];
	bool indexed;
	unsigned int index;
	const char *path; /* what is behind it, from a '.' or '[' on */
};

static int parse(const char *text, struct name *n, struct errbuf *e)
{
	const char *colon = strchr(text, ':'), *p = colon ? colon + 1 : text;
	size_t len = 0, map = colon ? (size_t)(colon - text) : 0;
	int used = 0;

	while (isalnum((unsigned char)p[len]) || p[len] == '_')
		len++;
	if (map >= WORD_MAX || !len || len >= WORD_MAX || (p[len] && !strchr(".[", p[len])))
		return errbuf_set(e, -EINVAL,
				  "\"%.60s\": expected a name such as nr_dispatched, "
				  ".bss:nr_dispatched or stats[0].count",
				  text);
	snprintf(n->map, sizeof(n->map), "%.*s", (int)map, text);
	snprintf(n->word, sizeof(n->word), "%.*s", (int)len, p);
	n->path = p + len;
	n->indexed = sscanf(n->path, "[%u]%n", &n->index, &used) == 1 && used;
	return 0;
}

/* ".bss" is any map whose name ends so; no map is any. */
static bool is_map(const struct kbpf_map *m, const char *want)
{
	size_t have = strlen(m->name), len = strlen(want);

	return len <= have && strcmp(m->name + have - len, want) == 0;
}

static bool is_array(const struct kbpf_map *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* A variable of a section: its field, from the start of the map's one value. */
static int in_section(const struct kbpf_map *m, const struct name *n, struct kfield *f,
		      struct errbuf *e)
{
	const struct btf_type *t = btf__type_by_id(m->btf, m->value_type), *var;
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	uint32_t i;
	int rc;

	for (i = 0; i < btf_vlen(t); i++) {
		var = btf__type_by_id(m->btf, v[i].type);
		if (!var || strcmp(kbtf_name(m->btf, var->name_off), n->word))
			continue;
		rc = kbtf_member(m->btf, var->type, n->path, f, e);
		f->offset += v[i].offset;
		return rc;
	}
	return -ENOENT;
}

/* An item of an array map that has the name. */
static int in_array(const struct kview *kv, const struct kbpf_map *m, const struct name *n,
		    struct kbpf_value *v, struct errbuf *e)
{
	uint64_t elem = kview_number(kv, m->gva, KP_ARRAY_ELEM_SIZE);
	const char *path = strchr(n->path, ']');

	if (strcmp(m->name, n->word) || !n->indexed || !path)
		return -ENOENT;
	if (n->index >= m->max_entries)
		return errbuf_set(e, -EINVAL, "map %s has %u entries, no %u", m->name,
				  m->max_entries, n->index);
	v->percpu = m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	if (!v->percpu)
		v->gva += n->index * elem;
	else if (kmem_number(&kv->mem, v->gva + 8ULL * n->index, 8, &v->gva))
		return errbuf_set(e, -EFAULT, "map %s cannot be read", m->name);
	return kbtf_member(m->btf, m->value_type, path + 1, &v->field, e);
}

/* 0: found; -ENOENT without words: look on; else an error. */
static int in_map(const struct kview *kv, const struct kbpf_map *m, const struct name *n,
		  struct kbpf_value *v, struct errbuf *e)
{
	const struct btf_type *t = m->btf ? btf__type_by_id(m->btf, m->value_type) : NULL;

	if (!t || !is_array(m) || !is_map(m, n->map))
		return -ENOENT;
	*v = (struct kbpf_value){ .gva = m->gva + kv->probe.f[KP_ARRAY_VALUE].offset };
	v->map = m->gva;
	v->map_id = kview_number(kv, m->gva, KP_MAP_ID);
	return btf_is_datasec(t) ? in_section(m, n, &v->field, e) : in_array(kv, m, n, v, e);
}

static size_t list_section(const struct kbpf_map *m, char *buf, size_t size)
{
	const struct btf_type *t = m->btf ? btf__type_by_id(m->btf, m->value_type) : NULL, *var;
	size_t len = 0;
	uint32_t i;

	for (i = 0; t && btf_is_datasec(t) && i < btf_vlen(t) && len + 80 < size; i++) {
		var = btf__type_by_id(m->btf, btf_var_secinfos(t)[i].type);
		if (var)
			len += (size_t)snprintf(buf + len, size - len, " %.60s",
						kbtf_name(m->btf, var->name_off));
	}
	return len;
}

static int not_found(struct kview *kv, const char *text, const uint64_t *map, size_t n,
		     struct errbuf *e)
{
	char list[400] = "";
	struct kbpf_map m;
	size_t i, len = 0;

	for (i = 0; i < n && len + 80 < sizeof(list); i++) {
		kbpf_map_read(kv, map[i], &m);
		len += list_section(&m, list + len, sizeof(list) - len);
	}
	return errbuf_set(e, -ENOENT, "the guest's BPF programs have no \"%.60s\" (they have%s)",
			  text, len ? list : " no variables");
}

int kbpf_find(struct kview *kv, const char *text, struct kbpf_value *v, struct errbuf *e)
{
	uint64_t map[KBPF_MAPS_MAX], idr = kmem_symbol(&kv->mem, KS_MAP_IDR);
	size_t n = idr ? kidr_list(kv, idr, map, KBPF_MAPS_MAX) : 0, i = n;
	struct kbpf_map m;
	struct name name;
	int rc = parse(text, &name, e);

	if (rc)
		return rc;
	e->text[0] = '\0';
	/* the newest first: the maps of a scheduler that is gone stay for some time */
	while (i--) {
		kbpf_map_read(kv, map[i], &m);
		rc = in_map(kv, &m, &name, v, e);
		if (rc == 0 && v->field.size > 8)
			return errbuf_set(e, -EINVAL, "\"%.60s\" is no number", text);
		if (rc == 0 || e->text[0])
			return rc;
	}
	return not_found(kv, text, map, n, e);
}

bool kbpf_valid(const struct kview *kv, const struct kbpf_value *v)
{
	return v->map && kview_number(kv, v->map, KP_MAP_ID) == v->map_id;
}

int kbpf_read(const struct kview *kv, const struct kbpf_value *v, unsigned int cpu, uint64_t *n)
{
	uint64_t gva = v->percpu ? kmem_percpu(&kv->mem, v->gva, cpu) : v->gva;
	uint8_t raw[8] = { 0 };
	struct kfield f = v->field;
	unsigned int bytes = f.bits ? (f.bit + f.bits + 7U) / 8 : f.size;

	if (!gva || bytes > sizeof(raw))
		return -EFAULT;
	if (!f.bits && !f.is_signed)
		return kmem_number(&kv->mem, gva + f.offset, f.size, n);
	if (kmem_read(&kv->mem, gva + f.offset, raw, bytes))
		return -EFAULT;
	f.offset = 0;
	*n = kval_number(&f, raw, sizeof(raw));
	return 0;
}

int kbpf_write(const struct kview *kv, const struct kbpf_value *v, uint64_t n)
{
	if (v->percpu || v->field.bits)
		return -EINVAL;
	return kmem_write(&kv->mem, v->gva + v->field.offset, &n, v->field.size);
}
