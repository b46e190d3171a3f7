// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/device/bus.c kt-vm/device/pm.c kt-vm/device/legacy.c
#include <time.h>

#include "kt-vm/device/legacy.h"
#include "kt-vm/device/pm.h"
#include "unit.h"

struct rig {
	struct bus bus;
	struct pm pm;
	struct legacy legacy;
	int poweroffs, resets;
};

static void on_event(void *ctx, enum machine_event ev)
{
	struct rig *r = ctx;

	r->poweroffs += ev == MACHINE_POWEROFF;
	r->resets += ev == MACHINE_RESET;
}

static void open_rig(struct rig *r)
{
	struct machine_events ev = { on_event, r };

	memset(r, 0, sizeof(*r));
	bus_init(&r->bus);
	pm_init(&r->pm, ev);
	legacy_init(&r->legacy, ev);
	CHECK_INT(pm_add(&r->pm, &r->bus), 0);
	CHECK_INT(legacy_add(&r->legacy, &r->bus), 0);
}

static void close_rig(struct rig *r)
{
	bus_free(&r->bus);
	legacy_free(&r->legacy);
}

static uint32_t in(struct rig *r, uint64_t port, unsigned int len)
{
	uint32_t v = 0;

	CHECK(bus_read(&r->bus, port, &v, len));
	return v;
}

static void out(struct rig *r, uint64_t port, uint32_t v, unsigned int len)
{
	CHECK(bus_write(&r->bus, port, &v, len));
}

static uint8_t cmos(struct rig *r, uint8_t reg)
{
	out(r, 0x70, reg, 1);
	return (uint8_t)in(r, 0x71, 1);
}

TEST(pm1_registers)
{
	struct rig r;

	open_rig(&r);
	CHECK_INT(in(&r, 0x600, 2), 0);
	out(&r, 0x600, 0xffff, 2); /* acknowledges what never is */
	CHECK_INT(in(&r, 0x600, 2), 0);
	out(&r, 0x602, 0x0321, 2);
	CHECK_INT(in(&r, 0x602, 2), 0x0321);
	CHECK_INT(in(&r, 0x600, 4), 0x03210000);
	CHECK_INT(in(&r, 0x604, 2), 1); /* ACPI mode */
	out(&r, 0x604, 0, 2);
	CHECK_INT(in(&r, 0x604, 2), 1);
	out(&r, 0x60c, 0, 4); /* which machine it is: kt-topo's DSDT asks */
	CHECK_INT(in(&r, 0x60c, 4), 0x74726976);
	CHECK_INT(r.poweroffs, 0);
	close_rig(&r);
}

/* As ACPICA does it: the type first, then the type with the enable bit. */
TEST(poweroff)
{
	struct rig r;

	open_rig(&r);
	out(&r, 0x604, 0x0001, 2);
	CHECK_INT(r.poweroffs, 0);
	out(&r, 0x604, 0x2001, 2);
	CHECK_INT(r.poweroffs, 1);
	CHECK_INT(in(&r, 0x604, 2), 1);
	out(&r, 0x604, 0x3401, 2); /* another state: nothing */
	CHECK_INT(r.poweroffs, 1);
	CHECK_INT(in(&r, 0x604, 2), 0x1401);
	out(&r, 0x605, 0x20, 1); /* by its high byte alone */
	CHECK_INT(r.poweroffs, 2);
	CHECK_INT(r.resets, 0);
	close_rig(&r);
}

TEST(timer)
{
	struct timespec t = { .tv_nsec = 20 * 1000 * 1000 };
	uint32_t a, b;
	struct rig r;

	open_rig(&r);
	a = in(&r, 0x608, 4);
	CHECK(a < PM_TIMER_HZ);
	nanosleep(&t, NULL);
	b = in(&r, 0x608, 4);
	CHECK(b - a >= 71590); /* 20 ms */
	CHECK(b - a < PM_TIMER_HZ);
	out(&r, 0x608, 0, 4);
	CHECK(in(&r, 0x608, 4) >= b);
	r.pm.start_ns -= 1200ULL * 1000000000ULL; /* past 32 bits: 1200 s */
	CHECK((uint32_t)(in(&r, 0x608, 4) - (uint32_t)(1200ULL * PM_TIMER_HZ)) < 10 * PM_TIMER_HZ);
	close_rig(&r);
}

TEST(reset_register)
{
	uint32_t v;
	struct rig r;

	open_rig(&r);
	CHECK_INT(in(&r, 0xcf9, 1), 0);
	out(&r, 0xcf9, 2, 1);
	CHECK_INT(in(&r, 0xcf9, 1), 2);
	CHECK_INT(r.resets, 0);
	out(&r, 0xcf9, 6, 1);
	CHECK_INT(r.resets, 1);
	CHECK_INT(in(&r, 0xcf9, 1), 2);
	CHECK(!bus_read(&r.bus, 0xcf8, &v, 4)); /* PCI's address register is elsewhere */
	CHECK_INT(v, 0xffffffff);
	close_rig(&r);
}

TEST(keyboard_reset)
{
	struct rig r;

	open_rig(&r);
	CHECK_INT(in(&r, 0x64, 1) & 2, 0); /* takes a command at once */
	out(&r, 0x64, 0xff, 1);            /* pulses nothing */
	CHECK_INT(r.resets, 0);
	out(&r, 0x64, 0xfe, 1);
	CHECK_INT(r.resets, 1);
	CHECK_INT(r.poweroffs, 0);
	close_rig(&r);
}

/* Empty at first, answers at once, and has nothing plugged in. */
TEST(keyboard_controller)
{
	struct rig r;

	open_rig(&r);
	CHECK_INT(in(&r, 0x64, 1), 0x14);
	out(&r, 0x64, 0x20, 1);
	CHECK_INT(in(&r, 0x64, 1), 0x15);
	CHECK_INT(in(&r, 0x60, 1), 0x34);
	CHECK_INT(in(&r, 0x64, 1), 0x14);
	out(&r, 0x64, 0x60, 1);
	out(&r, 0x60, 0x65, 1);
	out(&r, 0x64, 0x20, 1);
	CHECK_INT(in(&r, 0x60, 1), 0x65);
	out(&r, 0x64, 0xaa, 1);
	CHECK_INT(in(&r, 0x60, 1), 0x55);
	out(&r, 0x64, 0xd3, 1);
	out(&r, 0x60, 0xa5, 1);
	CHECK_INT(in(&r, 0x64, 1), 0x15); /* not the mouse's */
	CHECK_INT(in(&r, 0x60, 1), 0xa5);
	out(&r, 0x64, 0xa9, 1);
	CHECK_INT(in(&r, 0x60, 1), 1);
	out(&r, 0x60, 0xf2, 1); /* to the keyboard that is not there */
	CHECK_INT(in(&r, 0x64, 1), 0x14);
	out(&r, 0x64, 0x60, 1);
	out(&r, 0x64, 0x20, 1); /* a command instead of the byte */
	CHECK_INT(in(&r, 0x60, 1), 0x65);
	close_rig(&r);
}

TEST(port_b)
{
	uint32_t a, b;
	struct rig r;

	open_rig(&r);
	a = in(&r, 0x61, 1);
	b = in(&r, 0x61, 1);
	CHECK_INT((a ^ b), 0x10); /* only the refresh bit moves */
	CHECK_INT(a & 0xe0, 0x20);
	out(&r, 0x61, 0xff, 1);
	CHECK_INT(in(&r, 0x61, 1) & 0xef, 0x2f);
	close_rig(&r);
}

static unsigned int bin(uint8_t bcd)
{
	return bcd / 16 * 10 + bcd % 16;
}

TEST(clock_registers)
{
	time_t before = time(NULL), t;
	struct tm tm = { 0 };
	struct rig r;
	int tries;

	open_rig(&r);
	CHECK_INT(cmos(&r, 0x0a) & 0x80, 0); /* no update in progress */
	CHECK_INT(cmos(&r, 0x0b) & 0x86, 0x02);
	CHECK_INT(cmos(&r, 0x0d), 0x80);
	CHECK_INT(cmos(&r, 0x8d), 0x80);      /* with NMIs masked */
	for (tries = 0; tries < 3; tries++) { /* the second may change in between */
		tm.tm_sec = (int)bin(cmos(&r, 0));
		tm.tm_min = (int)bin(cmos(&r, 2));
		tm.tm_hour = (int)bin(cmos(&r, 4));
		tm.tm_mday = (int)bin(cmos(&r, 7));
		tm.tm_mon = (int)bin(cmos(&r, 8)) - 1;
		tm.tm_year = (int)(bin(cmos(&r, 9)) + 100 * bin(cmos(&r, 0x32))) - 1900;
		if (tm.tm_sec == (int)bin(cmos(&r, 0)))
			break;
	}
	t = timegm(&tm);
	CHECK(t >= before && t <= before + 10);
	CHECK_INT(bin(cmos(&r, 6)), tm.tm_wday + 1);
	out(&r, 0x70, 9, 1);
	out(&r, 0x71, 0x70, 1); /* cannot be set */
	CHECK_INT(bin(cmos(&r, 9)), tm.tm_year % 100);
	out(&r, 0x70, 0x0a0f, 2); /* both ports at once: shutdown status 0x0a */
	CHECK_INT(cmos(&r, 0x0f), 0x0a);
	CHECK_INT(in(&r, 0x70, 2), 0x0a0f);
	close_rig(&r);
}

/* Against the C library, day by day over four centuries. */
TEST(calendar)
{
	time_t day, end = 86400LL * 366 * 400;
	int wrong = 0;

	for (day = 0; day < end; day += 86400) {
		time_t t = day + day / 86400 % 86400;
		struct legacy_date d = legacy_date((uint64_t)t);
		struct tm tm;

		gmtime_r(&t, &tm);
		wrong += d.year != (unsigned int)tm.tm_year + 1900 ||
			 d.month != (unsigned int)tm.tm_mon + 1 ||
			 d.day != (unsigned int)tm.tm_mday || d.hour != (unsigned int)tm.tm_hour ||
			 d.minute != (unsigned int)tm.tm_min ||
			 d.second != (unsigned int)tm.tm_sec ||
			 d.weekday != (unsigned int)tm.tm_wday + 1;
	}
	CHECK_INT(wrong, 0);
}

UNIT_MAIN(T(pm1_registers), T(poweroff), T(timer), T(reset_register), T(keyboard_reset),
	  T(keyboard_controller), T(port_b), T(clock_registers), T(calendar))
