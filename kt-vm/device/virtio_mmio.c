// SPDX-License-Identifier: GPL-2.0-only
/* The registers of the virtio-mmio transport. Whatever is not in the book reads 0. */
#include <string.h>

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "virtio_mmio.h"

#define MAGIC  0x74726976 /* "virt" */
#define VENDOR 0x6b74     /* "tk" */

void virtio_mmio_init(struct virtio_mmio *v, const struct virtio_dev_ops *ops,
		      const struct gmem *mem, struct irq_line irq)
{
	unsigned int i;

	memset(v, 0, sizeof(*v));
	v->ops = ops;
	v->irq = irq;
	pthread_mutex_init(&v->lock, NULL);
	for (i = 0; i < ops->queues; i++)
		virtq_init(&v->queue[i], mem, ops->queue_max[i]);
}

void virtio_mmio_free(struct virtio_mmio *v)
{
	pthread_mutex_destroy(&v->lock);
}

static uint64_t offered(const struct virtio_mmio *v)
{
	return v->ops->features | 1ULL << VIRTIO_F_VERSION_1;
}

bool virtio_mmio_live(const struct virtio_mmio *v)
{
	const uint32_t up = VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK;

	return (v->status & (up | VIRTIO_CONFIG_S_NEEDS_RESET)) == up;
}

static void interrupt(struct virtio_mmio *v, uint32_t why)
{
	bool raised = v->isr;

	v->isr |= why;
	if (!raised)
		irq_set(&v->irq, 1);
}

/*
 * The line may be edge-triggered (an ISA interrupt is): what came up between the driver's
 * read of the status and this acknowledgement needs an edge of its own.
 */
static void acknowledge(struct virtio_mmio *v, uint32_t why)
{
	if (!v->isr)
		return;
	v->isr &= ~why;
	irq_set(&v->irq, 0);
	if (v->isr)
		irq_set(&v->irq, 1);
}

void virtio_mmio_used(struct virtio_mmio *v)
{
	interrupt(v, VIRTIO_MMIO_INT_VRING);
}

static void stop_queue(struct virtio_mmio *v, unsigned int i)
{
	v->ops->stop(v, i);
	virtq_reset(&v->queue[i]);
}

void virtio_mmio_broken(struct virtio_mmio *v)
{
	unsigned int i;

	if (v->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return;
	v->status |= VIRTIO_CONFIG_S_NEEDS_RESET; /* first: stop() may find more of it */
	for (i = 0; i < v->ops->queues; i++)
		stop_queue(v, i);
	if (v->status & VIRTIO_CONFIG_S_DRIVER_OK)
		interrupt(v, VIRTIO_MMIO_INT_CONFIG);
}

static void reset(struct virtio_mmio *v)
{
	unsigned int i;

	for (i = 0; i < v->ops->queues; i++)
		stop_queue(v, i);
	acknowledge(v, ~0U);
	v->status = v->device_sel = v->driver_sel = v->queue_sel = 0;
	v->driver_features = 0;
	v->ops->reset(v);
}

/* Bits only come, until a reset: a queue in use does not find the device set back. */
static void set_status(struct virtio_mmio *v, uint32_t value)
{
	uint64_t f = v->driver_features;

	if (!value) {
		reset(v);
		return;
	}
	/* features that were not offered, or a driver of before 1.0: not OK */
	if ((f & ~offered(v)) || !(f >> VIRTIO_F_VERSION_1 & 1))
		value &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
	v->status |= value & 0xff & ~(uint32_t)VIRTIO_CONFIG_S_NEEDS_RESET;
}

static void set_features(struct virtio_mmio *v, uint32_t value)
{
	unsigned int shift = v->driver_sel ? 32 : 0;

	if (v->driver_sel > 1 || (v->status & VIRTIO_CONFIG_S_FEATURES_OK))
		return;
	v->driver_features &= ~(0xffffffffULL << shift);
	v->driver_features |= (uint64_t)value << shift;
}

static void set_ready(struct virtio_mmio *v, struct virtq *q, uint32_t value)
{
	if (!value && q->ready)
		stop_queue(v, v->queue_sel);
	else if (value && !q->ready && (v->status & VIRTIO_CONFIG_S_FEATURES_OK) &&
		 !(v->status & VIRTIO_CONFIG_S_NEEDS_RESET) && virtq_start(q))
		virtio_mmio_broken(v);
}

static void set_half(uint64_t *addr, uint32_t value, bool high)
{
	unsigned int shift = high ? 32 : 0;

	*addr = (*addr & ~(0xffffffffULL << shift)) | (uint64_t)value << shift;
}

static void set_queue(struct virtio_mmio *v, uint64_t off, uint32_t value)
{
	struct virtq *q;

	if (v->queue_sel >= v->ops->queues)
		return;
	q = &v->queue[v->queue_sel];
	if (off == VIRTIO_MMIO_QUEUE_READY) {
		set_ready(v, q, value);
		return;
	}
	if (q->ready)
		return;
	switch (off) {
	case VIRTIO_MMIO_QUEUE_NUM:
		q->num = value <= q->max ? (uint16_t)value : 0; /* 0 never becomes ready */
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&q->desc_gpa, value, off & 4);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_half(&q->avail_gpa, value, off & 4);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_half(&q->used_gpa, value, off & 4);
		break;
	}
}

static void set_register(struct virtio_mmio *v, uint64_t off, uint32_t value)
{
	switch (off) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		v->device_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		v->driver_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		set_features(v, value);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		v->queue_sel = value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		if (value < v->ops->queues && virtio_mmio_live(v) && v->queue[value].ready)
			v->ops->notify(v, value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		acknowledge(v, value);
		break;
	case VIRTIO_MMIO_STATUS:
		set_status(v, value);
		break;
	default:
		set_queue(v, off, value);
	}
}

static uint32_t get_register(const struct virtio_mmio *v, uint64_t off)
{
	switch (off) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return 2;
	case VIRTIO_MMIO_DEVICE_ID:
		return v->ops->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return v->device_sel > 1 ? 0 : (uint32_t)(offered(v) >> 32 * v->device_sel);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return v->queue_sel < v->ops->queues ? v->queue[v->queue_sel].max : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return v->queue_sel < v->ops->queues && v->queue[v->queue_sel].ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return v->isr;
	case VIRTIO_MMIO_STATUS:
		return v->status;
	case VIRTIO_MMIO_SHM_LEN_LOW: /* a length of -1: there is no shared memory */
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		return 0xffffffff;
	default:
		return 0;
	}
}

static void on_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct virtio_mmio *v = self;
	uint64_t at = off - VIRTIO_MMIO_CONFIG;
	uint32_t value;

	memset(data, 0, len);
	if (off >= VIRTIO_MMIO_CONFIG) {
		if (at < v->ops->config_len && len <= v->ops->config_len - at)
			memcpy(data, (const char *)v->ops->config + at, len);
		return;
	}
	if (len != sizeof(value))
		return;
	pthread_mutex_lock(&v->lock);
	value = get_register(v, off);
	pthread_mutex_unlock(&v->lock);
	memcpy(data, &value, sizeof(value));
}

static void on_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct virtio_mmio *v = self;
	uint32_t value;

	/* the configuration is read-only */
	if (off >= VIRTIO_MMIO_CONFIG || len != sizeof(value))
		return;
	memcpy(&value, data, sizeof(value));
	pthread_mutex_lock(&v->lock);
	set_register(v, off, value);
	pthread_mutex_unlock(&v->lock);
}

const struct dev_ops virtio_mmio_ops = { .read = on_read, .write = on_write };
