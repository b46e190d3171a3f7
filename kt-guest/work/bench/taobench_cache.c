// SPDX-License-Identifier: GPL-2.0-only
/* The cache of Taobench. Key k is in shard k % shards, where it has the number k / shards. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "taobench_cache.h"
#include "taobench_threads.h"

static void place(struct tao *t, struct tao_shard *s, uint32_t slot, uint64_t key)
{
	s->key[slot] = key;
	s->where[key / t->nshards] = slot;
	memset(s->bytes + slot * t->object, (int)key, t->object);
}

static int shard_init(struct tao *t, unsigned int n, uint64_t slots)
{
	struct tao_shard *s = &t->shard[n];
	uint64_t keys = t->keys / t->nshards + 1;
	uint32_t i;

	pthread_mutex_init(&s->lock, NULL);
	s->slots = (uint32_t)slots;
	s->next = 0;
	s->key = calloc(slots, sizeof(*s->key));
	s->where = malloc(keys * sizeof(*s->where));
	s->bytes = malloc(slots * t->object);
	if (!s->key || !s->where || !s->bytes)
		return -ENOMEM;
	memset(s->where, 0xff, keys * sizeof(*s->where));
	for (i = 0; i < slots; i++)
		place(t, s, i, (uint64_t)i * t->nshards + n);
	return 0;
}

int tao_cache_init(struct tao *t)
{
	uint64_t slots;
	unsigned int i;
	int rc = 0;

	t->object = (size_t)t->values[TAO_OBJECT];
	t->nshards = (unsigned int)t->values[TAO_SHARDS];
	slots = (uint64_t)t->values[TAO_CACHE] / t->object / t->nshards;
	t->keys = slots * t->nshards * 100 / (uint64_t)t->values[TAO_HIT];
	t->shard = aligned_alloc(64, t->nshards * sizeof(*t->shard));
	if (!t->shard)
		return -ENOMEM;
	memset(t->shard, 0, t->nshards * sizeof(*t->shard));
	for (i = 0; !rc && i < t->nshards; i++)
		rc = shard_init(t, i, slots);
	return rc;
}

void tao_cache_free(struct tao *t)
{
	unsigned int i;

	for (i = 0; t->shard && i < t->nshards; i++) {
		free(t->shard[i].key);
		free(t->shard[i].where);
		free(t->shard[i].bytes);
	}
	free(t->shard);
	t->shard = NULL;
}

bool tao_cache_get(struct tao *t, uint64_t key, uint64_t *sum)
{
	struct tao_shard *s = &t->shard[key % t->nshards];
	const char *object;
	uint32_t slot;
	size_t i;

	pthread_mutex_lock(&s->lock);
	slot = s->where[key / t->nshards];
	if (slot != TAO_NOWHERE) {
		object = s->bytes + slot * t->object;
		for (i = 0; i < t->object; i += 64)
			*sum += (uint64_t)object[i];
	}
	pthread_mutex_unlock(&s->lock);
	return slot != TAO_NOWHERE;
}

void tao_cache_put(struct tao *t, uint64_t key)
{
	struct tao_shard *s = &t->shard[key % t->nshards];

	pthread_mutex_lock(&s->lock);
	if (s->where[key / t->nshards] == TAO_NOWHERE) { /* else another miss brought it */
		s->where[s->key[s->next] / t->nshards] = TAO_NOWHERE;
		place(t, s, s->next, key);
		s->next = (s->next + 1) % s->slots;
	}
	pthread_mutex_unlock(&s->lock);
}
