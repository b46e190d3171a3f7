// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/gmem.c kt-vm/device/virtq.c kt-vm/device/virtio_mmio.c
// LINK: kt-vm/device/virtio_console.c kt-vm/device/outbuf.c
/*
 * A hostile driver for virtio-console: the input is a list of register accesses, writes to
 * guest memory, descriptors, notifications, and of what the other end reads and writes. Beyond
 * memory safety: every byte that the device took from a port is read or counted as lost, status and
 * interrupt line agree, and no operation takes long.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_mmio.h>

#include "kt-vm/device/virtio_console.h"

#define RAM    0x8000U
#define RINGS  0x1000U /* a page for each queue, as set_up() lays them out */
#define PAGE   0x1000U
#define QUEUES 6U
#define OPS    128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static struct {
	struct gmem mem;
	struct virtio_console *con[2]; /* with readers, and without */
	struct virtio_mmio *dev;
	int console, records;
	int line;
	uint64_t read, heard; /* from the record port and the console, since the start */
} f;

static uint64_t take(struct input *in, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes-- && in->p < in->end)
		v = v << 8 | *in->p++;
	return v;
}

static void set_line(void *ctx, unsigned int gsi, int level)
{
	(void)ctx;
	(void)gsi;
	f.line = level;
}

static void reg(uint64_t off, uint32_t v)
{
	virtio_mmio_ops.write(f.dev, off, &v, sizeof(v));
}

static uint32_t get(uint64_t off)
{
	uint32_t v;

	virtio_mmio_ops.read(f.dev, off, &v, sizeof(v));
	return v;
}

static void set_up(void)
{
	uint32_t i, at;

	reg(VIRTIO_MMIO_STATUS, 0);
	reg(VIRTIO_MMIO_DRIVER_FEATURES, 1 << VIRTIO_CONSOLE_F_MULTIPORT);
	reg(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	reg(VIRTIO_MMIO_DRIVER_FEATURES, 1);
	reg(VIRTIO_MMIO_STATUS, 0xb);
	for (i = 0; i < QUEUES; i++) {
		at = RINGS + PAGE * i;
		memset(f.mem.hva + at + 0x800, 0, 0x800);
		reg(VIRTIO_MMIO_QUEUE_SEL, i);
		reg(VIRTIO_MMIO_QUEUE_NUM, get(VIRTIO_MMIO_QUEUE_NUM_MAX));
		reg(VIRTIO_MMIO_QUEUE_DESC_LOW, at);
		reg(VIRTIO_MMIO_QUEUE_AVAIL_LOW, at + 0x800);
		reg(VIRTIO_MMIO_QUEUE_USED_LOW, at + 0xc00);
		reg(VIRTIO_MMIO_QUEUE_READY, 1);
	}
	reg(VIRTIO_MMIO_STATUS, 0xf);
}

/* A descriptor of any content into a slot of a ring that set_up() made; maybe available. */
static void describe(struct input *in)
{
	uint32_t how = (uint32_t)take(in, 1), at = RINGS + PAGE * (how % QUEUES);
	uint16_t slot = (uint16_t)(take(in, 1) % 32), idx;
	struct vring_desc d = { .addr = take(in, 2), .len = (uint32_t)take(in, 2) };
	struct vring_avail *avail = (void *)(f.mem.hva + at + 0x800);

	d.flags = (uint16_t)take(in, 1);
	d.next = (uint16_t)take(in, 1);
	if (d.flags & 0x80) /* far out */
		d.addr <<= 48;
	if (d.flags & 0x40)
		d.len <<= 16;
	d.flags &= 7;
	memcpy(f.mem.hva + at + slot * sizeof(d), &d, sizeof(d));
	if (how & 0x80)
		return;
	idx = avail->idx;
	avail->ring[idx % (how & 0x40 ? 2 : 32)] = slot;
	avail->ring[idx % 16] = slot;
	avail->idx = (uint16_t)(idx + 1);
}

static void poke(struct input *in)
{
	uint32_t at = (uint32_t)take(in, 2) % (RAM - 8);
	uint64_t v = take(in, 4);

	memcpy(f.mem.hva + at, &v, 4);
}

/* Any access that a bus lets through. */
static void noise(struct input *in)
{
	unsigned int how = (unsigned int)take(in, 1), len = 1U << (how & 3);
	uint64_t off = take(in, 2) % (VIRTIO_MMIO_LEN - len + 1), v = take(in, 4);

	if (how & 4)
		virtio_mmio_ops.write(f.dev, off, &v, len);
	else
		virtio_mmio_ops.read(f.dev, off, &v, len);
}

static size_t drain(int fd, size_t max)
{
	static char buf[1 << 16];
	size_t len = 0;
	ssize_t n;

	while (len < max && (n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	return len;
}

/* Something for the guest, if the device takes it. */
static void talk(struct virtio_console *con, size_t len)
{
	static const char text[8192];

	(void)!send(f.records, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	virtio_console_input(con);
}

static void step(struct virtio_console *con, struct input *in)
{
	static const uint8_t regs[] = { 0x14, 0x20, 0x24, 0x30, 0x38, 0x44, 0x50, 0x64,
					0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4, 0xfc };
	uint64_t op = take(in, 1);

	switch (op & 7) {
	case 0:
		reg(regs[op >> 4], (uint32_t)take(in, op & 8 ? 4 : 1));
		break;
	case 1:
		noise(in);
		break;
	case 2:
		set_up();
		break;
	case 3:
	case 4:
		describe(in);
		break;
	case 5:
		reg(VIRTIO_MMIO_QUEUE_NOTIFY, (uint32_t)(op >> 3) % QUEUES);
		break;
	case 6:
		poke(in);
		break;
	case 7:
		if (op & 8)
			f.read += drain(f.records, op & 16 ? 1 : 1 << 16);
		if (op & 32)
			virtio_console_writable(con);
		if (op & 64)
			f.heard += drain(f.console, 1 << 16);
		if (op & 128)
			talk(con, take(in, 2) % 8192);
		break;
	}
	if (f.line != (get(VIRTIO_MMIO_INTERRUPT_STATUS) != 0))
		abort();
}

static void start(void)
{
	struct irq_line irq = { .set = set_line };
	int c[2], r[2], room = 16384;

	/* not gmem_init(): this memory has the sanitizer's red zones around it */
	f.mem = (struct gmem){ .fd = -1, .size = RAM };
	if (posix_memalign((void **)&f.mem.hva, PAGE, RAM) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, c) || socketpair(AF_UNIX, SOCK_STREAM, 0, r) ||
	    setsockopt(r[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) ||
	    setsockopt(c[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)))
		abort();
	f.console = c[1];
	f.records = r[1];
	f.con[0] = virtio_console_new(&f.mem, irq, c[0], r[0]);
	f.con[1] = virtio_console_new(&f.mem, irq, -1, -1);
	if (!f.con[0] || !f.con[1])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct virtio_console_stats s;
	struct virtio_console *con;
	unsigned int i;

	if (!f.mem.hva)
		start();
	memset(f.mem.hva, 0, RAM);
	con = f.con[take(&in, 1) == 0xff];
	f.dev = virtio_console_dev(con);
	for (i = 0; i < OPS && in.p < in.end; i++)
		step(con, &in);
	reg(VIRTIO_MMIO_STATUS, 0);
	if (f.line || get(VIRTIO_MMIO_STATUS))
		abort();
	do {
		f.read += drain(f.records, SIZE_MAX);
		f.heard += drain(f.console, SIZE_MAX);
	} while (virtio_console_writable(con));
	f.read += drain(f.records, SIZE_MAX);
	f.heard += drain(f.console, SIZE_MAX);
	s = virtio_console_stats(con);
	if (s.record_bytes != (con == f.con[0] ? f.read : 0) + s.record_lost ||
	    s.console_bytes != (con == f.con[0] ? f.heard : 0) + s.console_dropped)
		abort();
	return 0;
}
