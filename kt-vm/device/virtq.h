/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_VIRTQ_H
#define KT_VM_DEVICE_VIRTQ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/virtio_ring.h>

#include "machine/gmem.h"

/*
 * The device's side of one split virtqueue (virtio 1.2, 2.7) in checked guest memory.
 * The guest may change any byte of it at any time: every index and descriptor is read
 * once, into our own memory, and judged there. Whatever breaks the rules gives -EPROTO,
 * for the device to ask for a reset. The caller locks.
 *
 * Without indirect descriptors and event indexes: they are not offered.
 */
#define VIRTQ_MAX         64           /* longest queue, and so the longest chain */
#define VIRTQ_CHAIN_BYTES (256U << 10) /* as much as VIRTQ_MAX pages: more is nonsense */

struct virtq {
	const struct gmem *mem;
	uint16_t max; /* what the device offers: a power of two, <= VIRTQ_MAX */
	bool ready;

	/* as the driver sets it up; fixed while ready */
	uint16_t num;
	uint64_t desc_gpa, avail_gpa, used_gpa;

	const volatile struct vring_desc *desc;
	const volatile struct vring_avail *avail;
	volatile struct vring_used *used;
	uint16_t next_avail, next_used;
};

/* One request: `out` ranges to read from, then `in` ranges to write to. All are RAM. */
struct virtq_chain {
	uint16_t head;
	uint16_t out, in;
	struct iovec iov[VIRTQ_MAX];
};

void virtq_init(struct virtq *q, const struct gmem *mem, uint16_t max);
void virtq_reset(struct virtq *q);

/* Takes num and the addresses into use. 0, or -EPROTO: bad size, alignment or memory. */
int virtq_start(struct virtq *q);

/* The next request: 1, 0 when there is none, or -EPROTO. A queue not ready has none. */
int virtq_pop(struct virtq *q, struct virtq_chain *c);

/* Gives a request back; true when the driver wants an interrupt for it. */
bool virtq_push(struct virtq *q, uint16_t head, uint32_t written);

#endif
