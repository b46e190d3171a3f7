// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/device/ioapic.c kt-vm/device/bus.c
/* The I/O APIC by its registers, as Linux uses it, and what it sends. */
#include <string.h>

#include "kt-vm/device/ioapic.h"
#include "unit.h"

enum { LEVEL = 1 << 15, MASKED = 1 << 16, LOGICAL = 1 << 11, REMOTE_IRR = 1 << 14 };

static struct ioapic a;
static struct bus mmio;
static struct ioapic_msg last;
static unsigned int sent, told, levels;

static void on_send(void *ctx, const struct ioapic_msg *m)
{
	(void)ctx;
	last = *m;
	sent++;
}

static void on_levels(void *ctx)
{
	struct ioapic_msg m[IOAPIC_PINS];
	unsigned int pin[IOAPIC_PINS];

	(void)ctx;
	levels = ioapic_levels(&a, pin, m);
	told++;
}

static const struct ioapic_ops ops = { on_send, on_levels };

static void start(void)
{
	sent = told = levels = 0;
	bus_init(&mmio);
	ioapic_init(&a, &ops, NULL);
	CHECK_INT(ioapic_add(&a, &mmio), 0);
}

static void put(uint64_t off, uint32_t v)
{
	CHECK(bus_write(&mmio, IOAPIC_GPA + off, &v, 4));
}

static uint32_t get(uint32_t reg)
{
	uint32_t v;

	put(0, reg);
	CHECK(bus_read(&mmio, IOAPIC_GPA + 0x10, &v, 4));
	return v;
}

static void set(uint32_t reg, uint32_t v)
{
	put(0, reg);
	put(0x10, v);
}

static void route(unsigned int pin, uint32_t low, uint32_t high)
{
	set(0x10 + 2 * pin + 1, high);
	set(0x10 + 2 * pin, low);
}

TEST(registers)
{
	start();
	CHECK_INT(get(1), 0x170020);
	set(0, 0xff000000);
	CHECK_INT(get(0), 0x0f000000);
	CHECK_INT(get(0x10), MASKED);
	CHECK_INT(get(0x3f), 0);
	set(0x12, 0xffffffff & ~MASKED);
	CHECK_INT(get(0x12), 0xafff); /* the state of the pin is not the guest's to write */
	CHECK_INT(get(0x40), 0);
	set(0x40, 1);
	set(0xff, 1);
	CHECK_INT(get(0xff), 0);
	CHECK_INT(sent, 0);
}

TEST(edges)
{
	start();
	ioapic_set(&a, 5, 1);
	CHECK_INT(sent, 0); /* masked, and lost */
	route(5, 0x31, 7U << 24);
	CHECK_INT(sent, 0);
	ioapic_set(&a, 5, 1);
	CHECK_INT(sent, 0); /* it was high */
	ioapic_set(&a, 5, 0);
	ioapic_set(&a, 5, 1);
	CHECK_INT(sent, 1);
	CHECK_INT(last.dest, 7);
	CHECK_INT(last.vector, 0x31);
	CHECK(!last.level && !last.logical && last.mode == 0);
	CHECK_INT(told, 0);
	ioapic_set(&a, IOAPIC_PINS, 1);
	ioapic_set(&a, ~0U, 1);
	CHECK_INT(sent, 1);
}

TEST(destinations_above_254)
{
	start();
	route(5, 0x31 | LOGICAL | 1 << 8, 0x24U << 24 | 0x01 << 17);
	ioapic_set(&a, 5, 1);
	CHECK_INT(last.dest, 292);
	CHECK(last.logical && last.mode == 1);
	route(5, 0x31, 0xffU << 24 | 0x7f << 17);
	ioapic_set(&a, 5, 0);
	ioapic_set(&a, 5, 1);
	CHECK_INT(last.dest, 32767);
}

TEST(levels_send_until_their_end)
{
	start();
	route(9, 0x41 | LEVEL, 0);
	CHECK(told > 0 && levels == 1);
	ioapic_set(&a, 9, 1);
	ioapic_set(&a, 9, 1);
	CHECK_INT(sent, 1);
	CHECK(last.level);
	CHECK(get(0x10 + 18) & REMOTE_IRR);
	ioapic_eoi(&a, 0x40);
	CHECK_INT(sent, 1);
	ioapic_eoi(&a, 0x41); /* still high */
	CHECK_INT(sent, 2);
	ioapic_set(&a, 9, 0);
	put(0x40, 0x41);
	CHECK_INT(sent, 2);
	CHECK(!(get(0x10 + 18) & REMOTE_IRR));

	/* masked while high: sent once it is not */
	set(0x10 + 18, 0x41 | LEVEL | MASKED);
	CHECK_INT(levels, 0);
	ioapic_set(&a, 9, 1);
	CHECK_INT(sent, 2);
	set(0x10 + 18, 0x41 | LEVEL);
	CHECK_INT(sent, 3);
	/* as an edge it forgets that it waits */
	set(0x10 + 18, 0x41 | MASKED);
	CHECK(!(get(0x10 + 18) & REMOTE_IRR));
	CHECK_INT(levels, 0);
}

TEST(odd_widths)
{
	uint8_t b[8];

	start();
	memset(b, 0xff, sizeof(b));
	CHECK(bus_write(&mmio, IOAPIC_GPA, b, 1));
	CHECK(bus_write(&mmio, IOAPIC_GPA + 0x10, b, 8));
	CHECK(bus_read(&mmio, IOAPIC_GPA, b, 8));
	CHECK_INT(b[0], 0xff);
	CHECK_INT(b[4], 0);
	CHECK(bus_read(&mmio, IOAPIC_GPA + 0xfff, b, 1));
	CHECK_INT(b[0], 0);
	CHECK_INT(sent, 0);
}

UNIT_MAIN(T(registers), T(edges), T(destinations_above_254), T(levels_send_until_their_end),
	  T(odd_widths))
