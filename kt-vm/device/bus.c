// SPDX-License-Identifier: GPL-2.0-only
/* Finds the device for an access, and lets one vCPU at a time into it. */
#include <errno.h>
#include <string.h>

#include "bus.h"

void bus_init(struct bus *b)
{
	memset(b, 0, sizeof(*b));
}

void bus_free(struct bus *b)
{
	while (b->slots)
		pthread_mutex_destroy(&b->slot[--b->slots].lock);
}

int bus_add(struct bus *b, uint64_t base, uint64_t len, const struct dev_ops *ops, void *self)
{
	struct bus_slot *s;
	unsigned int i;

	if (!len || base + (len - 1) < base)
		return -EINVAL;
	for (i = 0; i < b->slots; i++) {
		s = &b->slot[i];
		if (base <= s->base + (s->len - 1) && s->base <= base + (len - 1))
			return -EEXIST;
	}
	if (b->slots == BUS_SLOTS)
		return -ENOSPC;
	s = &b->slot[b->slots++];
	*s = (struct bus_slot){ .base = base, .len = len, .ops = ops, .self = self };
	pthread_mutex_init(&s->lock, NULL);
	return 0;
}

static struct bus_slot *find(struct bus *b, uint64_t addr, unsigned int len)
{
	unsigned int i;

	if (!len || len > BUS_WIDTH)
		return NULL;
	for (i = 0; i < b->slots; i++) {
		struct bus_slot *s = &b->slot[i];

		if (addr >= s->base && addr - s->base < s->len)
			return len <= s->len - (addr - s->base) ? s : NULL;
	}
	return NULL;
}

bool bus_read(struct bus *b, uint64_t addr, void *data, unsigned int len)
{
	struct bus_slot *s = find(b, addr, len);

	if (!s) {
		memset(data, 0xff, len);
		return false;
	}
	pthread_mutex_lock(&s->lock);
	s->ops->read(s->self, addr - s->base, data, len);
	pthread_mutex_unlock(&s->lock);
	return true;
}

bool bus_write(struct bus *b, uint64_t addr, const void *data, unsigned int len)
{
	struct bus_slot *s = find(b, addr, len);

	if (!s)
		return false;
	pthread_mutex_lock(&s->lock);
	s->ops->write(s->self, addr - s->base, data, len);
	pthread_mutex_unlock(&s->lock);
	return true;
}
