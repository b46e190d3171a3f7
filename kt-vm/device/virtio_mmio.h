/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_VIRTIO_MMIO_H
#define KT_VM_DEVICE_VIRTIO_MMIO_H

#include <pthread.h>

#include "bus.h"
#include "irq.h"
#include "virtq.h"

/*
 * The virtio-mmio transport, version 2 (virtio 1.2, 4.2): registers, status and queue
 * set-up for one device, which is a const table. A driver finds it by ACPI: kt-topo's
 * DSDT names the place.
 *
 * `lock` is taken by the register callbacks; who comes from another thread takes it by
 * itself. The device's own callbacks run under it, and none of them may block.
 */
#define VIRTIO_MMIO_LEN    0x200
#define VIRTIO_MMIO_QUEUES 8

struct virtio_mmio;

struct virtio_dev_ops {
	uint32_t id;
	uint64_t features; /* offered besides VERSION_1 */
	unsigned int queues;
	uint16_t queue_max[VIRTIO_MMIO_QUEUES];
	const void *config;
	size_t config_len;
	/* The driver asks to look at a queue; the device is live, the queue ready. */
	void (*notify)(struct virtio_mmio *v, unsigned int queue);
	/* This queue goes away: its last chance to be read. Also for queues never ready. */
	void (*stop)(struct virtio_mmio *v, unsigned int queue);
	/* After a reset. */
	void (*reset)(struct virtio_mmio *v);
};

struct virtio_mmio {
	const struct virtio_dev_ops *ops;
	struct irq_line irq;
	pthread_mutex_t lock;

	uint32_t status, isr, device_sel, driver_sel, queue_sel;
	uint64_t driver_features;
	struct virtq queue[VIRTIO_MMIO_QUEUES];
};

void virtio_mmio_init(struct virtio_mmio *v, const struct virtio_dev_ops *ops,
		      const struct gmem *mem, struct irq_line irq);
void virtio_mmio_free(struct virtio_mmio *v);

extern const struct dev_ops virtio_mmio_ops; /* for bus_add(); self is the virtio_mmio */

/* For devices, with the lock held. */
bool virtio_mmio_live(const struct virtio_mmio *v); /* set up, and not broken */
void virtio_mmio_used(struct virtio_mmio *v);       /* interrupt: buffers were given back */
void virtio_mmio_broken(struct virtio_mmio *v);     /* the driver broke the rules: NEEDS_RESET */

#endif
