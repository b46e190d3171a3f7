/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_VIRTIO_CONSOLE_H
#define KT_VM_DEVICE_VIRTIO_CONSOLE_H

#include "machine/early.h"
#include "virtio_mmio.h"

/*
 * virtio-console with two ports: 0 is a console (hvc0), there only when somebody wants it;
 * 1 is named "kt.records" and carries the guest's records, and answers to it.
 *
 *	c = virtio_console_new(&mem, (struct irq_line){ set, ctx, 5 }, -1, port_socket);
 *	bus_add(&mmio, 0xd0000000, VIRTIO_MMIO_LEN, &virtio_mmio_ops, virtio_console_dev(c));
 *	... at the place that the DSDT of kt-topo names; the machine's
 *	loop, in any thread, whenever the socket has room (EPOLLOUT with EPOLLET) or its other
 *	end was read: virtio_console_writable(c);
 *	whenever the socket has something for the guest (EPOLLIN with EPOLLET):
 *	virtio_console_input(c);
 *	after power-off, reset and panic, until it is false or the deadline is over:
 *	while (virtio_console_writable(c)) wait until somebody has read;
 *	virtio_console_free(c);	(the vCPUs have ended)
 *
 * Locks: the device has its own (mmio.lock), taken by its register callbacks and by the
 * functions below. The caller locks nothing. irq_line.set runs under it, in the thread
 * of whoever called: it must not block and not call back.
 *
 * Back pressure: nothing here blocks. Console output goes out a line at a time; 64 KiB
 * of it wait for a slow reader, the rest is dropped and counted, since a driver spins until
 * its output is taken. virtio_console_writable() also sends what has no newline yet: call
 * it every 20 ms or so. Records wait in the guest's queue,
 * which fills up and puts the guest's writer to sleep. Linux resets the device on its way
 * to power-off, and takes back the queue: what still waits then is carried over, up to all
 * that Linux can have queued (32 writes of 32 KiB). A guest that queues more before
 * a reset loses it, counted. When the reader is gone everything is taken, and lost.
 * What is written to the record port's socket waits there, but for 4 KiB, until the guest's
 * driver has buffers for it.
 */
#define VIRTIO_CONSOLE_CARRY (1U << 20)

struct virtio_console;

struct virtio_console_stats {
	uint64_t console_bytes, console_dropped;
	uint64_t record_bytes, record_lost;
};

/*
 * The descriptors are sockets, and stay the caller's; -1: nobody reads. That of the records
 * is made not to block. NULL: no memory.
 */
struct virtio_console *virtio_console_new(const struct gmem *mem, struct irq_line irq,
					  int console_fd, int record_fd);
void virtio_console_free(struct virtio_console *c);

void virtio_console_early(struct virtio_console *c, struct early_hook early);
struct virtio_mmio *virtio_console_dev(struct virtio_console *c);

/* Sends what waits for room. True: some still does. Cheap when nothing waits. */
bool virtio_console_writable(struct virtio_console *c);

/* Takes what there is for the guest. */
void virtio_console_input(struct virtio_console *c);

/* The guest is over: what the readers have no room for now is lost, and counted. */
void virtio_console_close(struct virtio_console *c);

struct virtio_console_stats virtio_console_stats(struct virtio_console *c);

#endif
