// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/device/bus.c
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "kt-vm/device/bus.h"
#include "kt-vm/device/irq.h"
#include "unit.h"

struct dev {
	uint64_t off;
	unsigned int reads, writes, len;
	uint8_t data[8];
	volatile int inside, clash;
	bool slow;
};

static void dev_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct dev *d = self;

	d->off = off;
	d->len = len;
	d->reads++;
	memset(data, 0x42, len);
}

static void dev_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct dev *d = self;

	d->clash += d->inside++;
	if (d->slow)
		sched_yield();
	d->off = off;
	d->len = len;
	d->writes++;
	memcpy(d->data, data, len);
	d->inside--;
}

static const struct dev_ops ops = { dev_read, dev_write };

TEST(finds_the_device)
{
	struct dev a = { 0 }, b = { 0 };
	uint32_t v = 0;
	struct bus bus;

	bus_init(&bus);
	CHECK_INT(bus_add(&bus, 0x100, 8, &ops, &a), 0);
	CHECK_INT(bus_add(&bus, 0x108, 1, &ops, &b), 0);
	CHECK(bus_read(&bus, 0x104, &v, 4));
	CHECK_INT(v, 0x42424242);
	CHECK_INT(a.off, 4);
	CHECK_INT(a.len, 4);
	v = 0xdeadbeef;
	CHECK(bus_write(&bus, 0x108, &v, 1));
	CHECK_INT(b.data[0], 0xef);
	CHECK_INT(b.off, 0);
	CHECK_INT(a.writes, 0);
	bus_free(&bus);
}

TEST(nothing_there)
{
	uint64_t v = 0;
	struct bus bus;

	bus_init(&bus);
	CHECK(!bus_read(&bus, 0x100, &v, 2));
	CHECK_INT(v, 0xffff);
	CHECK(!bus_write(&bus, 0x100, &v, 2));
	bus_free(&bus);
}

TEST(across_an_end)
{
	struct dev a = { 0 }, b = { 0 };
	uint32_t v = 0;
	struct bus bus;

	bus_init(&bus);
	bus_add(&bus, 0x100, 4, &ops, &a);
	bus_add(&bus, 0x104, 4, &ops, &b);
	CHECK(!bus_read(&bus, 0x102, &v, 4));
	CHECK_INT(v, 0xffffffff);
	CHECK(!bus_read(&bus, 0xfe, &v, 4));
	CHECK(!bus_write(&bus, 0x106, &v, 4));
	CHECK_INT(a.reads + b.reads + a.writes + b.writes, 0);
	bus_free(&bus);
}

TEST(odd_lengths)
{
	uint8_t v[16] = { 0 };
	struct dev a = { 0 };
	struct bus bus;

	bus_init(&bus);
	bus_add(&bus, 0, 64, &ops, &a);
	CHECK(!bus_read(&bus, 0, v, 0));
	CHECK(!bus_read(&bus, 0, v, 9));
	CHECK_INT(v[8], 0xff);
	CHECK_INT(v[9], 0);
	CHECK(!bus_write(&bus, 0, v, 9));
	CHECK(bus_read(&bus, 0, v, 8));
	CHECK_INT(a.reads, 1);
	bus_free(&bus);
}

TEST(ends_of_the_space)
{
	struct dev a = { 0 };
	uint64_t v = 0;
	struct bus bus;

	bus_init(&bus);
	CHECK_INT(bus_add(&bus, 0, 0, &ops, &a), -EINVAL);
	CHECK_INT(bus_add(&bus, UINT64_MAX, 2, &ops, &a), -EINVAL);
	CHECK_INT(bus_add(&bus, UINT64_MAX - 3, 4, &ops, &a), 0);
	CHECK(bus_read(&bus, UINT64_MAX, &v, 1));
	CHECK_INT(a.off, 3);
	CHECK(!bus_read(&bus, UINT64_MAX, &v, 2));
	CHECK_INT(bus_add(&bus, 0, UINT64_MAX, &ops, &a), -EEXIST);
	bus_free(&bus);
}

TEST(overlaps_and_room)
{
	struct dev a = { 0 };
	struct bus bus;
	unsigned int i;

	bus_init(&bus);
	CHECK_INT(bus_add(&bus, 0x10, 0x10, &ops, &a), 0);
	CHECK_INT(bus_add(&bus, 0x1f, 1, &ops, &a), -EEXIST);
	CHECK_INT(bus_add(&bus, 0, 0x11, &ops, &a), -EEXIST);
	CHECK_INT(bus_add(&bus, 0, 0x100, &ops, &a), -EEXIST);
	for (i = 1; i < BUS_SLOTS; i++)
		CHECK_INT(bus_add(&bus, 0x1000 + i, 1, &ops, &a), 0);
	CHECK_INT(bus_add(&bus, 0x2000, 1, &ops, &a), -ENOSPC);
	bus_free(&bus);
}

static void *hammer(void *arg)
{
	uint8_t v = 1;
	int i;

	for (i = 0; i < 20000; i++)
		bus_write(arg, 5, &v, 1);
	return NULL;
}

TEST(one_at_a_time)
{
	struct dev a = { .slow = true };
	pthread_t t[2];
	struct bus bus;
	int i;

	bus_init(&bus);
	bus_add(&bus, 0, 8, &ops, &a);
	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, hammer, &bus);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	CHECK_INT(a.writes, 40000);
	CHECK_INT(a.clash, 0);
	bus_free(&bus);
}

static void raise_line(void *ctx, unsigned int gsi, int level)
{
	*(unsigned int *)ctx = gsi << 1 | (unsigned int)level;
}

TEST(irq)
{
	unsigned int seen = 0;
	struct irq_line line = { raise_line, &seen, 4 };

	irq_set(&line, 1);
	CHECK_INT(seen, 9);
	irq_set(&line, 0);
	CHECK_INT(seen, 8);
}

UNIT_MAIN(T(finds_the_device), T(nothing_there), T(across_an_end), T(odd_lengths),
	  T(ends_of_the_space), T(overlaps_and_room), T(one_at_a_time), T(irq))
