// SPDX-License-Identifier: GPL-2.0-only
/* Split virtqueues. x86 only: the rings are little-endian, as the host is. */
#include <errno.h>
#include <string.h>

#include "virtq.h"

void virtq_init(struct virtq *q, const struct gmem *mem, uint16_t max)
{
	memset(q, 0, sizeof(*q));
	q->mem = mem;
	q->max = max;
}

void virtq_reset(struct virtq *q)
{
	virtq_init(q, q->mem, q->max);
}

/* A ring's part at `gpa`, or NULL. Guest RAM is mapped on a page boundary. */
static void *part(const struct virtq *q, uint64_t gpa, uint64_t len, uint64_t align)
{
	return gpa % align ? NULL : gmem_at(q->mem, gpa, len);
}

int virtq_start(struct virtq *q)
{
	uint64_t num = q->num;

	if (!num || num > q->max || (num & (num - 1)))
		return -EPROTO;
	/* each ring with the event index at its end, used or not */
	q->desc = part(q, q->desc_gpa, num * sizeof(*q->desc), 16);
	q->avail = part(q, q->avail_gpa, sizeof(*q->avail) + 2 * num + 2, 2);
	q->used = part(q, q->used_gpa, sizeof(*q->used) + 8 * num + 2, 4);
	if (!q->desc || !q->avail || !q->used)
		return -EPROTO;
	q->next_avail = 0;
	q->next_used = 0;
	q->ready = true;
	return 0;
}

/* Adds one descriptor to the chain; `total` counts its bytes. */
static int take(const struct virtq *q, struct virtq_chain *c, const struct vring_desc *d,
		uint64_t *total)
{
	bool in = d->flags & VRING_DESC_F_WRITE;
	struct iovec *iov = &c->iov[c->out + c->in];

	if (d->flags & ~(VRING_DESC_F_NEXT | VRING_DESC_F_WRITE))
		return -EPROTO;
	if (c->in && !in) /* the readable ones come first */
		return -EPROTO;
	*total += d->len;
	iov->iov_len = d->len;
	iov->iov_base = gmem_at(q->mem, d->addr, d->len);
	if (!iov->iov_base || *total > VIRTQ_CHAIN_BYTES)
		return -EPROTO;
	c->in += in;
	c->out += !in;
	return 0;
}

int virtq_pop(struct virtq *q, struct virtq_chain *c)
{
	uint64_t total = 0;
	struct vring_desc d;
	uint16_t i;

	if (!q->ready)
		return 0;
	/* acquire: the entries and descriptors were written before the index */
	i = __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE);
	if (i == q->next_avail)
		return 0;
	if ((uint16_t)(i - q->next_avail) > q->num)
		return -EPROTO;
	c->head = i = q->avail->ring[q->next_avail & (q->num - 1)];
	c->out = c->in = 0;
	do {
		/* as many descriptors as the queue has, and still not the last: a loop */
		if (i >= q->num || c->out + c->in == q->num)
			return -EPROTO;
		d.addr = q->desc[i].addr;
		d.len = q->desc[i].len;
		d.flags = q->desc[i].flags;
		d.next = q->desc[i].next;
		if (take(q, c, &d, &total))
			return -EPROTO;
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);
	q->next_avail++;
	return 1;
}

bool virtq_push(struct virtq *q, uint16_t head, uint32_t written)
{
	volatile struct vring_used_elem *e = &q->used->ring[q->next_used & (q->num - 1)];

	e->id = head;
	e->len = written;
	q->next_used++;
	__atomic_store_n(&q->used->idx, q->next_used, __ATOMIC_RELEASE);
	/* the driver enables interrupts, then looks at the index; we do the reverse */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(q->avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
}
