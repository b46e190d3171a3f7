// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/gmem.c kt-vm/device/virtq.c kt-vm/device/virtio_mmio.c
// LINK: kt-vm/device/virtio_console.c kt-vm/device/outbuf.c
/* What a guest writes to virtio-console: it comes out in order, whoever reads, or does not. */
#include <pthread.h>
#include <sys/epoll.h>

#include "virtio_driver.h"

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

/* What no reader has taken when the guest is over is counted: none of it goes without a trace. */
TEST(the_end_counts_what_is_left)
{
	struct virtio_console_stats s;
	uint8_t *got = calloc(1, 4 << 20);
	size_t len, n, part, said = 0;

	plug(true);
	set_up();
	len = write_much();
	CHECK(used(TX_RECORDS)->idx < num[TX_RECORDS] - 1);
	for (n = 0; n < 400; n++) { /* more than a socket holds, and some lines behind it */
		give(TX_CONSOLE, DATA, 1000, 0);
		out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONSOLE);
		said += 1000;
	}
	virtio_console_close(con);
	s = virtio_console_stats(con);
	CHECK(s.record_lost > 0);
	for (n = 0; (part = drain(records[1], got + n, (4 << 20) - n)) > 0; n += part)
		;
	CHECK_INT(n + s.record_lost, len);
	CHECK(memcmp(got, ram(DATA), n) == 0);
	for (n = 0; (part = drain(console[1], got + n, (4 << 20) - n)) > 0; n += part)
		;
	CHECK(s.console_dropped > 0);
	CHECK_INT(n + s.console_dropped, said);
	free(got);
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

UNIT_MAIN(T(a_slow_reader_holds_the_queue), T(a_reset_loses_no_record),
	  T(the_end_counts_what_is_left), T(a_reset_sends_what_it_can),
	  T(the_order_outlives_a_reset), T(resets_without_a_reader_are_bounded),
	  T(the_reader_is_gone), T(the_console_never_waits), T(the_console_goes_by_lines),
	  T(a_slow_reader_of_the_console), T(edges_are_enough))
