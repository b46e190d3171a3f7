// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/gmem.c kt-vm/virtq.c kt-vm/virtio_mmio.c kt-vm/virtio_console.c kt-vm/outbuf.c
/* virtio-console and its transport as a driver sees them; the driver here is a small one. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_mmio.h>

#include "kt-vm/virtio_console.h"
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

static void set_line(void *ctx, unsigned int gsi, int level)
{
	CHECK(ctx == &mem);
	CHECK_INT(gsi, 5);
	calls++;
	edges += level && !line;
	line = level;
}

static uint32_t in(uint64_t off)
{
	uint32_t v = 0xdeadbeef;

	virtio_mmio_ops.read(virtio_console_dev(con), off, &v, 4);
	return v;
}

static void out(uint64_t off, uint32_t v)
{
	virtio_mmio_ops.write(virtio_console_dev(con), off, &v, 4);
}

static uint8_t *ram(uint64_t gpa)
{
	return gmem_at(&mem, gpa, 1);
}

static struct vring_desc *desc(unsigned int queue)
{
	return (struct vring_desc *)ram(RINGS + PAGE * queue);
}

static struct vring_avail *avail(unsigned int queue)
{
	return (struct vring_avail *)ram(RINGS + PAGE * queue + 0x800);
}

static struct vring_used *used(unsigned int queue)
{
	return (struct vring_used *)ram(RINGS + PAGE * queue + 0xc00);
}

/* Puts one descriptor into the queue, if it has room; no notification. */
static void give(unsigned int queue, uint64_t addr, uint32_t len, uint16_t flags)
{
	uint16_t i = given[queue]++ % num[queue];

	desc(queue)[i] = (struct vring_desc){ addr, len, flags, 0 };
	avail(queue)->ring[i] = i;
	__atomic_store_n(&avail(queue)->idx, given[queue], __ATOMIC_RELEASE);
}

static void set_up_queue(unsigned int i)
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

static void set_up(void)
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

static void plug(bool with_console)
{
	struct irq_line irq = { set_line, &mem, 5 };

	CHECK_INT(gmem_init(&mem, RAM, NULL), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, console), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, records), 0);
	line = edges = calls = 0;
	con = virtio_console_new(&mem, irq, with_console ? console[0] : -1, records[0]);
}

static void unplug(void)
{
	virtio_console_free(con);
	gmem_free(&mem);
	close(console[0]);
	close(console[1]);
	close(records[0]);
	close(records[1]);
}

static void say(uint32_t port, uint16_t event, uint16_t value)
{
	struct virtio_console_control m = { port, event, value };

	memcpy(ram(DATA), &m, sizeof(m));
	give(TX_CONTROL, DATA, sizeof(m), 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONTROL);
	CHECK_INT(used(TX_CONTROL)->idx, given[TX_CONTROL]);
}

/* The next control message of the device as "PORT EVENT VALUE REST", "" when there is none. */
static const char *hear(void)
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
static size_t drain(int fd, uint8_t *buf, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len < max && (n = recv(fd, buf + len, max - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	return len;
}

TEST(identity)
{
	uint8_t b = 1;

	plug(false);
	CHECK_INT(in(VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	CHECK_INT(in(VIRTIO_MMIO_VERSION), 2);
	CHECK_INT(in(VIRTIO_MMIO_DEVICE_ID), 3);
	CHECK_INT(in(VIRTIO_MMIO_DEVICE_FEATURES), 1 << VIRTIO_CONSOLE_F_MULTIPORT);
	out(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	CHECK_INT(in(VIRTIO_MMIO_DEVICE_FEATURES), 1); /* VERSION_1 */
	out(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	CHECK_INT(in(VIRTIO_MMIO_DEVICE_FEATURES), 0);
	CHECK_INT(in(VIRTIO_MMIO_SHM_LEN_LOW), 0xffffffff);
	CHECK_INT(in(VIRTIO_MMIO_CONFIG + 4), 2); /* max_nr_ports */
	CHECK_INT(in(VIRTIO_MMIO_CONFIG + 12), 0);
	CHECK_INT(in(0x1fc), 0);
	virtio_mmio_ops.read(virtio_console_dev(con), VIRTIO_MMIO_CONFIG + 4, &b, 1);
	CHECK_INT(b, 2);
	virtio_mmio_ops.read(virtio_console_dev(con), VIRTIO_MMIO_VERSION, &b, 1);
	CHECK_INT(b, 0); /* registers are read by 32 bits */
	out(VIRTIO_MMIO_QUEUE_SEL, QUEUES);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
	out(VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 0);
	unplug();
}

static uint32_t negotiate(uint32_t low, uint32_t high)
{
	out(VIRTIO_MMIO_STATUS, 0);
	out(VIRTIO_MMIO_STATUS, 3);
	out(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	out(VIRTIO_MMIO_DRIVER_FEATURES, low);
	out(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	out(VIRTIO_MMIO_DRIVER_FEATURES, high);
	out(VIRTIO_MMIO_STATUS, 0xb);
	return in(VIRTIO_MMIO_STATUS);
}

TEST(features)
{
	plug(false);
	CHECK_INT(negotiate(2, 1), 0xb);
	CHECK_INT(negotiate(0, 1), 0xb);
	CHECK_INT(negotiate(2, 0), 3); /* a legacy driver */
	CHECK_INT(negotiate(3, 1), 3); /* F_SIZE was not offered */
	CHECK_INT(negotiate(2, 5), 3);
	out(VIRTIO_MMIO_QUEUE_READY, 1); /* too early: ignored */
	CHECK_INT(in(VIRTIO_MMIO_STATUS), 3);
	unplug();
}

TEST(ports_come_up)
{
	plug(false);
	set_up();
	say(VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	CHECK_STR(hear(), "1 1 1 "); /* PORT_ADD */
	CHECK_STR(hear(), "");
	say(1, VIRTIO_CONSOLE_PORT_READY, 1);
	CHECK_STR(hear(), "1 7 1 kt.records"); /* PORT_NAME */
	CHECK_STR(hear(), "1 6 1 ");           /* PORT_OPEN */
	say(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	say(0, VIRTIO_CONSOLE_PORT_READY, 1); /* is not there */
	say(2, VIRTIO_CONSOLE_PORT_READY, 1);
	say(UINT32_MAX, VIRTIO_CONSOLE_PORT_READY, 1);
	say(1, VIRTIO_CONSOLE_PORT_READY, 0);
	CHECK_STR(hear(), "");
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK);
	unplug();
}

TEST(ports_with_a_console)
{
	plug(true);
	set_up();
	say(VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	CHECK_STR(hear(), "0 1 1 ");
	CHECK_STR(hear(), "1 1 1 ");
	say(0, VIRTIO_CONSOLE_PORT_READY, 1);
	CHECK_STR(hear(), "0 4 1 "); /* CONSOLE_PORT */
	CHECK_STR(hear(), "0 6 1 ");
	CHECK_STR(hear(), "");
	unplug();
}

TEST(messages_wait_for_buffers)
{
	unsigned int i;

	plug(false);
	set_up();
	for (i = 0; i < num[RX_CONTROL] / 2; i++) {
		say(1, VIRTIO_CONSOLE_PORT_READY, 1);
		CHECK_STR(hear(), "1 7 1 kt.records");
		CHECK_STR(hear(), "1 6 1 ");
	}
	for (i = 0; i < 1000; i++) /* all buffers are used up: once is enough */
		say(1, VIRTIO_CONSOLE_PORT_READY, 1);
	CHECK_STR(hear(), "");
	for (i = 0; i < num[RX_CONTROL]; i++)
		give(RX_CONTROL, INBUFS + 64 * i, 64, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, RX_CONTROL);
	CHECK_STR(hear(), "1 7 1 kt.records");
	CHECK_STR(hear(), "1 6 1 ");
	CHECK_STR(hear(), "");
	for (i = 0; i < num[RX_CONTROL]; i++)
		say(1, VIRTIO_CONSOLE_PORT_READY, 1);
	set_up(); /* the next driver has not asked for anything */
	CHECK_STR(hear(), "");
	unplug();
}

TEST(small_messages_and_buffers)
{
	plug(false);
	set_up();
	memset(ram(DATA), 0, 8);
	*ram(DATA + 6) = 1; /* DEVICE_READY, but for its last byte */
	give(TX_CONTROL, DATA, 7, 0);
	give(TX_CONTROL, DATA, 8, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONTROL);
	CHECK_INT(used(TX_CONTROL)->idx, 2);
	CHECK_STR(hear(), "");
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK);
	desc(RX_CONTROL)[0].len = 7;
	say(VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK | VIRTIO_CONFIG_S_NEEDS_RESET);
	unplug();
}

TEST(records_and_interrupts)
{
	uint8_t got[100];

	plug(false);
	set_up();
	memcpy(ram(DATA), "{\"type\":\"guest\"}\n", 17);
	give(TX_RECORDS, DATA, 9, 0);
	CHECK_INT(drain(records[1], got, sizeof(got)), 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(line, 1);
	CHECK_INT(in(VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	give(TX_RECORDS, DATA + 9, 8, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(calls, 1);
	CHECK_INT(drain(records[1], got, sizeof(got)), 17);
	CHECK(memcmp(got, ram(DATA), 17) == 0);
	CHECK_INT(used(TX_RECORDS)->idx, 2);
	out(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	CHECK_INT(line, 0);
	CHECK_INT(in(VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	avail(TX_RECORDS)->flags = VRING_AVAIL_F_NO_INTERRUPT;
	give(TX_RECORDS, DATA, 1, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(line, 0);
	CHECK_INT(used(TX_RECORDS)->idx, 3);
	CHECK_INT(virtio_console_stats(con).record_bytes, 18);
	CHECK(!virtio_console_writable(con));
	unplug();
}

/* On an edge-triggered line, what is left after an acknowledgement needs a new edge. */
TEST(a_second_cause_has_its_edge)
{
	plug(false);
	set_up();
	give(TX_RECORDS, DATA, 1, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	give(TX_RECORDS, RAM, 1, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(edges, 1);
	CHECK_INT(in(VIRTIO_MMIO_INTERRUPT_STATUS), 3);
	out(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	CHECK_INT(edges, 2);
	CHECK_INT(line, 1);
	out(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	CHECK_INT(line, 0);
	unplug();
}

/* Fills the record queue with numbered writes of 32 KiB; returns the bytes. */
static size_t write_much(void)
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
static void read_much(size_t len)
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

TEST(a_slow_reader_holds_the_queue)
{
	struct virtio_console_stats s;
	uint16_t done;
	size_t len;

	plug(false);
	set_up();
	len = write_much();
	done = used(TX_RECORDS)->idx;
	CHECK(done < num[TX_RECORDS]);
	CHECK(virtio_console_writable(con));
	CHECK_INT(used(TX_RECORDS)->idx, done);
	read_much(len);
	CHECK_INT(used(TX_RECORDS)->idx, num[TX_RECORDS]);
	s = virtio_console_stats(con);
	CHECK_INT(s.record_bytes, len);
	CHECK_INT(s.record_lost, 0);
	len = write_much(); /* and again */
	read_much(len);
	unplug();
}

TEST(a_reset_loses_no_record)
{
	size_t len;

	plug(false);
	set_up();
	len = write_much();
	out(VIRTIO_MMIO_STATUS, 0);
	CHECK_INT(line, 0);
	memset(ram(RINGS), 0xff, PAGE * QUEUES);
	CHECK(virtio_console_writable(con));
	read_much(len);
	CHECK(!virtio_console_writable(con));
	CHECK_INT(virtio_console_stats(con).record_lost, 0);
	set_up();
	len = write_much();
	out(VIRTIO_MMIO_QUEUE_SEL, TX_RECORDS); /* the same for one queue */
	out(VIRTIO_MMIO_QUEUE_READY, 0);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 0);
	read_much(len);
	CHECK_INT(virtio_console_stats(con).record_lost, 0);
	unplug();
}

/* Even one that came without a notification; and no room is waited for. */
TEST(a_reset_sends_what_it_can)
{
	uint8_t got[10];

	plug(false);
	set_up();
	give(TX_RECORDS, DATA, 5, 0);
	out(VIRTIO_MMIO_STATUS, 0);
	CHECK_INT(drain(records[1], got, sizeof(got)), 5);
	set_up();
	write_much();
	out(VIRTIO_MMIO_STATUS, 0);
	close(records[1]);
	records[1] = dup(console[1]);
	CHECK(!virtio_console_writable(con));
	CHECK(virtio_console_stats(con).record_lost > 500000);
	unplug();
}

/* What a later driver writes comes behind what was carried over. */
TEST(the_order_outlives_a_reset)
{
	uint8_t *got = calloc(1, 4 << 20);
	size_t len, n;

	plug(false);
	set_up();
	len = write_much();
	set_up();
	memcpy(ram(DATA + len), "the end", 7);
	give(TX_RECORDS, DATA + len, 7, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	n = drain(records[1], got, 4 << 20);
	while (virtio_console_writable(con))
		n += drain(records[1], got + n, (4 << 20) - n);
	n += drain(records[1], got + n, (4 << 20) - n);
	CHECK_INT(n, len + 7);
	CHECK(memcmp(got, ram(DATA), n) == 0);
	free(got);
	unplug();
}

TEST(resets_without_a_reader_are_bounded)
{
	struct virtio_console_stats s;
	uint8_t *got = calloc(1, 8 << 20);
	size_t len = 0, i, n;

	plug(false);
	for (i = n = 0; i < 5; i++) {
		set_up();
		len += write_much();
		out(VIRTIO_MMIO_STATUS, 0);
		n += drain(records[1], got + n, 50000);
		CHECK(virtio_console_writable(con));
	}
	while (virtio_console_writable(con))
		n += drain(records[1], got + n, (8 << 20) - n);
	n += drain(records[1], got + n, (8 << 20) - n);
	s = virtio_console_stats(con);
	CHECK_INT(s.record_bytes, len);
	CHECK(s.record_lost > 0);
	CHECK_INT(n + s.record_lost, len);
	CHECK(memcmp(got, ram(DATA), len / 5) == 0);
	CHECK(memcmp(got + len / 5, ram(DATA), 40000) == 0);
	free(got);
	unplug();
}

TEST(the_reader_is_gone)
{
	struct virtio_console_stats s;
	size_t len;

	plug(false);
	set_up();
	len = write_much();
	CHECK(virtio_console_writable(con));
	close(records[1]);
	records[1] = dup(console[1]);
	CHECK(!virtio_console_writable(con));
	CHECK_INT(used(TX_RECORDS)->idx, num[TX_RECORDS]);
	s = virtio_console_stats(con);
	CHECK_INT(s.record_bytes, len);
	CHECK(s.record_lost > len / 2);
	len += write_much();
	CHECK_INT(used(TX_RECORDS)->idx, 2 * num[TX_RECORDS]);
	CHECK_INT(virtio_console_stats(con).record_bytes, len);
	unplug();
}

TEST(the_console_never_waits)
{
	struct virtio_console_stats s;
	static uint8_t got[1 << 20];
	unsigned int i, n = 100 * 1024 / 32;
	size_t len;

	plug(true);
	set_up();
	for (i = 0; i < n; i++) { /* 100 MiB */
		give(TX_CONSOLE, DATA, 32 << 10, 0);
		out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONSOLE);
		if (used(TX_CONSOLE)->idx != given[TX_CONSOLE])
			break;
	}
	CHECK_INT(i, n);
	s = virtio_console_stats(con);
	CHECK_INT(s.console_bytes, 100 << 20);
	CHECK(s.console_dropped > 90 << 20);
	CHECK(virtio_console_writable(con));
	len = drain(console[1], got, sizeof(got));
	CHECK(!virtio_console_writable(con)); /* 64 KiB were kept back */
	CHECK_INT(drain(console[1], got, sizeof(got)) + len, s.console_bytes - s.console_dropped);
	unplug();
}

static void print(const char *text)
{
	uint64_t at = DATA + 64 * (given[TX_CONSOLE] % num[TX_CONSOLE]);

	strcpy((char *)ram(at), text);
	give(TX_CONSOLE, at, (uint32_t)strlen(text), 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONSOLE);
	CHECK_INT(used(TX_CONSOLE)->idx, given[TX_CONSOLE]);
}

TEST(the_console_goes_by_lines)
{
	static uint8_t got[8192];
	int i;

	plug(true);
	set_up();
	print("Kernel panic - n");
	CHECK_INT(drain(console[1], got, sizeof(got)), 0);
	print("ot syncing\r\nCPU");
	CHECK_INT(drain(console[1], got, sizeof(got)), 31);
	CHECK(memcmp(got, "Kernel panic - not syncing\r\nCPU", 31) == 0);
	print(": 0");
	CHECK_INT(drain(console[1], got, sizeof(got)), 0);
	CHECK(!virtio_console_writable(con));
	CHECK_INT(drain(console[1], got, sizeof(got)), 3);
	for (i = 0; i < 256; i++) /* no newline for 4 KiB */
		print("0123456789abcdef");
	CHECK_INT(drain(console[1], got, sizeof(got)), 4096);
	CHECK_INT(virtio_console_stats(con).console_dropped, 0);
	unplug();
}

/* A kernel prints all that it has when its console comes up. */
TEST(a_slow_reader_of_the_console)
{
	static uint8_t got[100 << 10];
	int i, bad = 0;
	size_t len;

	plug(true);
	set_up();
	for (i = 0; i < 4096; i++)
		print("0123456789abcd\r\n");
	CHECK_INT(virtio_console_stats(con).console_dropped, 0);
	CHECK(virtio_console_writable(con));
	len = drain(console[1], got, sizeof(got));
	while (virtio_console_writable(con))
		len += drain(console[1], got + len, sizeof(got) - len);
	len += drain(console[1], got + len, sizeof(got) - len);
	CHECK_INT(len, 65536);
	for (i = 0; i < 4096; i++)
		bad += memcmp(got + 16 * i, "0123456789abcd\r\n", 16) != 0;
	CHECK_INT(bad, 0);
	while (!virtio_console_stats(con).console_dropped)
		print("0123456789abcd\r\n");
	len = virtio_console_stats(con).console_dropped;
	drain(console[1], got, sizeof(got));
	print("there is room\r\n");
	CHECK_INT(virtio_console_stats(con).console_dropped, len);
	unplug();
}

static void break_it(unsigned int queue)
{
	const uint32_t needs_reset = OK | VIRTIO_CONFIG_S_NEEDS_RESET;

	set_up();
	out(VIRTIO_MMIO_INTERRUPT_ACK, 3);
	give(queue, DATA, 16, VRING_DESC_F_NEXT); /* a loop */
	desc(queue)[(given[queue] - 1) % num[queue]].next = (given[queue] - 1) % num[queue];
	if (queue == RX_CONTROL) { /* its buffers are all given: the first one is bad */
		desc(queue)[0] = desc(queue)[(given[queue] - 1) % num[queue]];
		say(1, VIRTIO_CONSOLE_PORT_READY, 1);
	}
	out(VIRTIO_MMIO_QUEUE_NOTIFY, queue);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), needs_reset);
	CHECK_INT(in(VIRTIO_MMIO_INTERRUPT_STATUS)&VIRTIO_MMIO_INT_CONFIG, VIRTIO_MMIO_INT_CONFIG);
	CHECK_INT(line, 1);
	out(VIRTIO_MMIO_STATUS, OK); /* no way out but a reset */
	CHECK_INT(in(VIRTIO_MMIO_STATUS), needs_reset);
	out(VIRTIO_MMIO_QUEUE_SEL, TX_RECORDS);
	out(VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK(!virtio_console_writable(con));
	out(VIRTIO_MMIO_STATUS, 0);
	CHECK_INT(line, 0);
}

TEST(rule_breakers_need_a_reset)
{
	uint8_t got[10];

	plug(true);
	break_it(TX_CONSOLE);
	break_it(RX_CONTROL);
	break_it(TX_CONTROL);
	break_it(TX_RECORDS);
	set_up();
	give(TX_RECORDS, DATA, 5, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(drain(records[1], got, sizeof(got)), 5);
	unplug();
}

TEST(bad_rings_need_a_reset)
{
	plug(false);
	CHECK_INT(negotiate(2, 1), 0xb);
	out(VIRTIO_MMIO_QUEUE_NUM, 2);
	out(VIRTIO_MMIO_QUEUE_DESC_LOW, RAM);
	out(VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 0);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), 0xb | VIRTIO_CONFIG_S_NEEDS_RESET);
	CHECK_INT(line, 0); /* no interrupt before DRIVER_OK */
	unplug();
}

/* Records before the mistake are not lost by it. */
TEST(a_mistake_takes_nothing_back)
{
	size_t len;

	plug(false);
	set_up();
	len = write_much();
	give(TX_CONTROL, RAM, 8, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONTROL);
	CHECK(in(VIRTIO_MMIO_STATUS)&VIRTIO_CONFIG_S_NEEDS_RESET);
	read_much(len);
	unplug();
}

TEST(nothing_before_driver_ok)
{
	unsigned int i;

	plug(false);
	CHECK_INT(negotiate(2, 1), 0xb);
	for (i = 0; i < QUEUES; i++)
		set_up_queue(i);
	give(TX_RECORDS, DATA, 5, 0);
	give(TX_CONSOLE, DATA, 5, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONSOLE);
	CHECK(!virtio_console_writable(con));
	CHECK_INT(used(TX_RECORDS)->idx, 0);
	CHECK_INT(used(TX_CONSOLE)->idx, 0);
	out(VIRTIO_MMIO_STATUS, OK);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(used(TX_RECORDS)->idx, 1);
	out(VIRTIO_MMIO_QUEUE_SEL, TX_RECORDS);
	out(VIRTIO_MMIO_QUEUE_NUM, 1); /* fixed while in use */
	give(TX_RECORDS, DATA, 5, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(used(TX_RECORDS)->idx, 2);
	CHECK_INT(used(TX_RECORDS)->ring[1].id, 1);
	unplug();
}

#define STREAM 200 /* requests of 64 KiB */

/* The machine's loop: nothing tells it of room but the socket's edges. */
static void *loop(void *end)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	int ep = epoll_create1(0);

	epoll_ctl(ep, EPOLL_CTL_ADD, records[0], &ev);
	while (!__atomic_load_n((bool *)end, __ATOMIC_ACQUIRE))
		if (epoll_wait(ep, &ev, 1, 100) == 1)
			virtio_console_writable(con);
	close(ep);
	return NULL;
}

static void *reader(void *bad)
{
	static uint8_t buf[1 << 16];
	size_t i, len = 0;
	ssize_t n;

	while (len < (size_t)STREAM << 16 && (n = read(records[1], buf, sizeof(buf))) > 0)
		for (i = 0; i < (size_t)n; i++, len++)
			*(int *)bad += buf[i] != (uint8_t)(len >> 16);
	return NULL;
}

/* A vCPU, the loop and the reader at once; a lost wake-up would let it hang. */
TEST(edges_are_enough)
{
	pthread_t loop_thread, reader_thread;
	bool end = false;
	int bad = 0, i;

	alarm(60);
	plug(false);
	set_up();
	pthread_create(&loop_thread, NULL, loop, &end);
	pthread_create(&reader_thread, NULL, reader, &bad);
	for (i = 0; i < STREAM; i++) {
		while ((uint16_t)(given[TX_RECORDS] -
				  __atomic_load_n(&used(TX_RECORDS)->idx, __ATOMIC_ACQUIRE)) ==
		       num[TX_RECORDS])
			usleep(100);
		memset(ram(DATA + ((i % num[TX_RECORDS]) << 16)), i, 1 << 16);
		give(TX_RECORDS, DATA + ((i % num[TX_RECORDS]) << 16), 1 << 16, 0);
		out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	}
	pthread_join(reader_thread, NULL);
	__atomic_store_n(&end, true, __ATOMIC_RELEASE);
	pthread_join(loop_thread, NULL);
	alarm(0);
	CHECK_INT(bad, 0);
	CHECK(!virtio_console_writable(con));
	CHECK_INT(virtio_console_stats(con).record_bytes, STREAM << 16);
	CHECK_INT(used(TX_RECORDS)->idx, STREAM);
	unplug();
}

UNIT_MAIN(T(identity), T(features), T(ports_come_up), T(ports_with_a_console),
	  T(messages_wait_for_buffers), T(small_messages_and_buffers), T(records_and_interrupts),
	  T(a_second_cause_has_its_edge), T(a_slow_reader_holds_the_queue),
	  T(a_reset_loses_no_record), T(a_reset_sends_what_it_can), T(the_order_outlives_a_reset),
	  T(resets_without_a_reader_are_bounded), T(the_reader_is_gone), T(the_console_never_waits),
	  T(the_console_goes_by_lines), T(a_slow_reader_of_the_console),
	  T(rule_breakers_need_a_reset), T(bad_rings_need_a_reset), T(a_mistake_takes_nothing_back),
	  T(nothing_before_driver_ok), T(edges_are_enough))
