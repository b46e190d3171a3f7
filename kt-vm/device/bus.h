/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_BUS_H
#define KT_VM_DEVICE_BUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A space of addresses (ports, or MMIO) with devices in it. Filled before the
 * first vCPU runs and constant from then on, so lookups take no lock.
 *
 * A device's callbacks get the offset within its range; [off, off + len) lies
 * inside, and len is 1 to BUS_WIDTH. `data` is in the guest's byte order.
 */
#define BUS_WIDTH 8U
#define BUS_SLOTS 16U

struct dev_ops {
	void (*read)(void *self, uint64_t off, void *data, unsigned int len);
	void (*write)(void *self, uint64_t off, const void *data, unsigned int len);
};

struct bus_slot {
	uint64_t base, len;
	const struct dev_ops *ops;
	void *self;
	pthread_mutex_t lock; /* held around the callbacks */
};

struct bus {
	struct bus_slot slot[BUS_SLOTS];
	unsigned int slots;
};

void bus_init(struct bus *b);
void bus_free(struct bus *b); /* the devices stay their owners' */

/*
 * 0; -EEXIST when a device is there, -ENOSPC when the bus is full, -EINVAL for an
 * empty range. The lock is one for each range: a device with several of them, or
 * one that other threads use too, has a lock of its own.
 */
int bus_add(struct bus *b, uint64_t base, uint64_t len, const struct dev_ops *ops, void *self);

/*
 * False: no device has the whole of [addr, addr + len), or len is not 1 to
 * BUS_WIDTH. Reads have then filled `data` with ones, as an empty bus does.
 */
bool bus_read(struct bus *b, uint64_t addr, void *data, unsigned int len);
bool bus_write(struct bus *b, uint64_t addr, const void *data, unsigned int len);

#endif
