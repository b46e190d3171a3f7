// SPDX-License-Identifier: GPL-2.0-only
#include "idr.h"

#define SLOTS     64 /* XA_CHUNK_SIZE, of kernels that are not CONFIG_BASE_SMALL */
#define DEPTH_MAX 11 /* 64 bits of index, 6 a level */
#define NODES_MAX 4096

struct walk {
	const struct kview *kv;
	uint64_t *object;
	size_t n, max;
	unsigned int nodes;
};

/* Entries with bit 1 set are the tree's own: a node, or (below 4096) a marker. */
static void node(struct walk *w, uint64_t entry, int depth)
{
	uint64_t slots, slot[SLOTS];
	unsigned int i, n;

	if (!entry)
		return;
	if ((entry & 3) != 2) {
		if (w->n < w->max && !(entry & 3))
			w->object[w->n++] = entry;
		return;
	}
	if (entry < 4096 || depth > DEPTH_MAX || w->nodes++ > NODES_MAX)
		return;
	slots = entry - 2 + w->kv->probe.f[KP_NODE_SLOTS].offset;
	n = w->kv->probe.f[KP_NODE_SLOTS].size / 8;
	n = n < SLOTS ? n : SLOTS;
	if (kmem_read(&w->kv->mem, slots, slot, n * sizeof(slot[0])))
		return;
	for (i = 0; i < n; i++)
		node(w, slot[i], depth + 1);
}

size_t kidr_list(const struct kview *kv, uint64_t idr, uint64_t *object, size_t max)
{
	struct walk w = { .kv = kv, .object = object, .max = max };

	if (kv->probe.f[KP_NODE_SLOTS].known)
		node(&w, kview_number(kv, idr, KP_IDR_HEAD), 0);
	return w.n;
}
