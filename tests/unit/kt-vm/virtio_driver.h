/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VIRTIO_DRIVER_H
#define KT_VIRTIO_DRIVER_H

/* A small driver of virtio-console, for tests: it is the guest. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_mmio.h>

#include "kt-vm/device/virtio_console.h"
#include "unit.h"

#define RAM    (8U << 20)
#define RINGS  0x10000 /* a page for each queue: descriptors, avail and used ring */
#define PAGE   0x1000
#define INBUFS 0x20000 /* 64 bytes for each control message to the driver */
#define DATA   0x100000
#define QUEUES 6
#define OK     0xf /* ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK */

enum { RX_CONSOLE, TX_CONSOLE, RX_CONTROL, TX_CONTROL, RX_RECORDS, TX_RECORDS };

static struct gmem mem;
static struct virtio_console *con;
static int console[2], records[2]; /* [0]: the device's end */
static int line, edges, calls;
static uint16_t num[QUEUES], given[QUEUES], seen[QUEUES];

static inline void set_line(void *ctx, unsigned int gsi, int level)
{
	CHECK(ctx == &mem);
	CHECK_INT(gsi, 5);
	calls++;
	edges += level && !line;
	line = level;
}

static inline uint32_t in(uint64_t off)
{
	uint32_t v = 0xdeadbeef;

	virtio_mmio_ops.read(virtio_console_dev(con), off, &v, 4);
	return v;
}

static inline void out(uint64_t off, uint32_t v)
{
	virtio_mmio_ops.write(virtio_console_dev(con), off, &v, 4);
}

static inline uint8_t *ram(uint64_t gpa)
{
	return gmem_at(&mem, gpa, 1);
}

static inline struct vring_desc *desc(unsigned int queue)
{
	return (struct vring_desc *)ram(RINGS + PAGE * queue);
}

static inline struct vring_avail *avail(unsigned int queue)
{
	return (struct vring_avail *)ram(RINGS + PAGE * queue + 0x800);
}

static inline struct vring_used *used(unsigned int queue)
{
	return (struct vring_used *)ram(RINGS + PAGE * queue + 0xc00);
}

/* Puts one descriptor into the queue, if it has room; no notification. */
static inline void give(unsigned int queue, uint64_t addr, uint32_t len, uint16_t flags)
{
	uint16_t i = given[queue]++ % num[queue];

	desc(queue)[i] = (struct vring_desc){ addr, len, flags, 0 };
	avail(queue)->ring[i] = i;
	__atomic_store_n(&avail(queue)->idx, given[queue], __ATOMIC_RELEASE);
}

static inline void set_up_queue(unsigned int i)
{
	uint64_t at = RINGS + PAGE * i;

	memset(ram(at), 0, PAGE);
	given[i] = seen[i] = 0;
	out(VIRTIO_MMIO_QUEUE_SEL, i);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 0);
	num[i] = (uint16_t)in(VIRTIO_MMIO_QUEUE_NUM_MAX);
	CHECK(num[i] > 0);
	out(VIRTIO_MMIO_QUEUE_NUM, num[i]);
	out(VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)at);
	out(VIRTIO_MMIO_QUEUE_DESC_HIGH, 0);
	out(VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)at + 0x800);
	out(VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)at + 0xc00);
	out(VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 1);
}

static inline void set_up(void)
{
	unsigned int i;

	out(VIRTIO_MMIO_STATUS, 0);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), 0);
	out(VIRTIO_MMIO_STATUS, 1);
	out(VIRTIO_MMIO_STATUS, 3);
	out(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	out(VIRTIO_MMIO_DRIVER_FEATURES, 1);
	out(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	out(VIRTIO_MMIO_DRIVER_FEATURES, 1 << VIRTIO_CONSOLE_F_MULTIPORT);
	out(VIRTIO_MMIO_STATUS, 0xb);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), 0xb);
	for (i = 0; i < QUEUES; i++)
		set_up_queue(i);
	out(VIRTIO_MMIO_STATUS, OK);
	for (i = 0; i < num[RX_CONTROL]; i++)
		give(RX_CONTROL, INBUFS + 64 * i, 64, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, RX_CONTROL);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK);
}

static inline void plug(bool with_console)
{
	struct irq_line irq = { set_line, &mem, 5 };

	CHECK_INT(gmem_init(&mem, RAM, NULL), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, console), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, records), 0);
	line = edges = calls = 0;
	con = virtio_console_new(&mem, irq, with_console ? console[0] : -1, records[0]);
}

static inline void unplug(void)
{
	virtio_console_free(con);
	gmem_free(&mem);
	close(console[0]);
	close(console[1]);
	close(records[0]);
	close(records[1]);
}

static inline void say(uint32_t port, uint16_t event, uint16_t value)
{
	struct virtio_console_control m = { port, event, value };

	memcpy(ram(DATA), &m, sizeof(m));
	give(TX_CONTROL, DATA, sizeof(m), 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONTROL);
	CHECK_INT(used(TX_CONTROL)->idx, given[TX_CONTROL]);
}

/* The next control message of the device as "PORT EVENT VALUE REST", "" when there is none. */
static inline const char *hear(void)
{
	static char text[100];
	struct virtio_console_control m;
	struct vring_used_elem e;
	uint64_t at;

	if (seen[RX_CONTROL] == used(RX_CONTROL)->idx)
		return "";
	e = used(RX_CONTROL)->ring[seen[RX_CONTROL]++ % num[RX_CONTROL]];
	at = INBUFS + 64 * e.id;
	memcpy(&m, ram(at), sizeof(m));
	snprintf(text, sizeof(text), "%u %u %u %.*s", m.id, m.event, m.value,
		 (int)(e.len - sizeof(m)), (char *)ram(at + sizeof(m)));
	return text;
}

/* What is in a socket, up to `max` bytes; returns their number. */
static inline size_t drain(int fd, uint8_t *buf, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len < max && (n = recv(fd, buf + len, max - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	return len;
}

/* Fills the record queue with numbered writes of 32 KiB; returns the bytes. */
static inline size_t write_much(void)
{
	size_t i, len = (size_t)num[TX_RECORDS] << 15;

	for (i = 0; i < len / 4; i++)
		((uint32_t *)ram(DATA))[i] = (uint32_t)i * 2654435761U;
	for (i = 0; i < num[TX_RECORDS]; i++)
		give(TX_RECORDS, DATA + (i << 15), 1 << 15, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	return len;
}

/* Reads in pieces what the device has to say, and compares it with what was written. */
static inline void read_much(size_t len)
{
	uint8_t *got = calloc(1, len + 1);
	size_t n = 0, more;

	do {
		more = drain(records[1], got + n, len + 1 - n > 50000 ? 50000 : len + 1 - n);
		n += more;
	} while (virtio_console_writable(con) || more);
	CHECK_INT(n, len);
	CHECK(memcmp(got, ram(DATA), len) == 0);
	free(got);
}

#endif
