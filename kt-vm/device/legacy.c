// SPDX-License-Identifier: GPL-2.0-only
/* Keyboard controller, CMOS clock and port B: see the header for why they are there. */
#include <string.h>
#include <time.h>

#include "array.h"
#include "legacy.h"

/* ---- keyboard controller --------------------------------------------------------- */

enum { KBD_FULL = 1, KBD_SELF_TESTED = 4, KBD_UNLOCKED = 0x10 }; /* status */
enum { CTL_SELF_TESTED = 4, CTL_KBD_OFF = 0x10, CTL_AUX_OFF = 0x20 };
enum {
	CMD_READ_CONTROL = 0x20,
	CMD_WRITE_CONTROL = 0x60, /* takes a byte */
	CMD_AUX_TEST = 0xa9,
	CMD_SELF_TEST = 0xaa,
	CMD_KBD_TEST = 0xab,
	CMD_WRITE_OUTPUT = 0xd1, /* these take a byte */
	CMD_LOOP_KBD = 0xd2,
	CMD_LOOP_AUX = 0xd3,
	CMD_WRITE_AUX = 0xd4,
	CMD_PULSE = 0xf0, /* and up: lines whose bit is 0; bit 0 is the reset */
};
enum { SELF_TEST_OK = 0x55, CLOCK_STUCK = 1 };

static void kbd_answer(struct legacy *l, uint8_t v)
{
	l->kbd_out = v;
	l->kbd_full = true;
}

static void kbd_command(struct legacy *l, uint8_t v)
{
	l->kbd_command = 0;
	switch (v) {
	case CMD_READ_CONTROL:
		kbd_answer(l, l->kbd_control);
		break;
	case CMD_SELF_TEST:
		kbd_answer(l, SELF_TEST_OK);
		break;
	case CMD_AUX_TEST:
	case CMD_KBD_TEST:
		kbd_answer(l, CLOCK_STUCK); /* nothing is plugged in */
		break;
	case CMD_WRITE_CONTROL:
	case CMD_WRITE_OUTPUT:
	case CMD_LOOP_KBD:
	case CMD_LOOP_AUX:
	case CMD_WRITE_AUX:
		l->kbd_command = v;
		break;
	default:
		if (v >= CMD_PULSE && !(v & 1))
			l->events.on_event(l->events.ctx, MACHINE_RESET);
	}
}

/* A byte for no command is for the keyboard; nobody hears it. */
static void kbd_data(struct legacy *l, uint8_t v)
{
	if (l->kbd_command == CMD_WRITE_CONTROL)
		l->kbd_control = v;
	else if (l->kbd_command == CMD_LOOP_KBD || l->kbd_command == CMD_LOOP_AUX)
		kbd_answer(l, v); /* not marked as the mouse's: there is no mouse port */
	l->kbd_command = 0;
}

static void kbd_data_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct legacy *l = self;

	(void)off;
	pthread_mutex_lock(&l->kbd_lock);
	l->kbd_full = false;
	memset(data, l->kbd_out, len);
	pthread_mutex_unlock(&l->kbd_lock);
}

static void kbd_data_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct legacy *l = self;

	(void)off;
	(void)len;
	pthread_mutex_lock(&l->kbd_lock);
	kbd_data(l, *(const uint8_t *)data);
	pthread_mutex_unlock(&l->kbd_lock);
}

static void kbd_status_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct legacy *l = self;

	(void)off;
	pthread_mutex_lock(&l->kbd_lock);
	memset(data, KBD_SELF_TESTED | KBD_UNLOCKED | (l->kbd_full ? KBD_FULL : 0), len);
	pthread_mutex_unlock(&l->kbd_lock);
}

static void kbd_command_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct legacy *l = self;

	(void)off;
	(void)len;
	pthread_mutex_lock(&l->kbd_lock);
	kbd_command(l, *(const uint8_t *)data);
	pthread_mutex_unlock(&l->kbd_lock);
}

/* ---- port B ---------------------------------------------------------------------- */

enum { PORT_B_WRITABLE = 0x0f, PORT_B_REFRESH = 0x10, PORT_B_TIMER2 = 0x20 };

static void port_b_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct legacy *l = self;

	(void)off;
	l->port_b ^= PORT_B_REFRESH; /* toggles every 15 us on a PC; some code waits for that */
	memset(data, l->port_b | PORT_B_TIMER2, len);
}

static void port_b_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct legacy *l = self;

	(void)off;
	(void)len;
	l->port_b &= PORT_B_REFRESH;
	l->port_b |= *(const uint8_t *)data & PORT_B_WRITABLE;
}

/* ---- clock ----------------------------------------------------------------------- */

enum {
	RTC_SECOND = 0,
	RTC_MINUTE = 2,
	RTC_HOUR = 4,
	RTC_WEEKDAY = 6,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_A = 10,
	RTC_B = 11,
	RTC_C = 12,
	RTC_D = 13,
	RTC_CENTURY = 0x32,
};
enum { A_RATE = 0x26, B_24_HOURS = 2, D_BATTERY_OK = 0x80 };

/* Own arithmetic: the C library's would look for a time zone file, in a sandbox without files. */
struct legacy_date legacy_date(uint64_t epoch)
{
	uint64_t days = epoch / 86400, s = epoch % 86400;
	struct legacy_date d = {
		.hour = (unsigned int)(s / 3600),
		.minute = (unsigned int)(s / 60 % 60),
		.second = (unsigned int)(s % 60),
		.weekday = (unsigned int)((days + 4) % 7 + 1), /* the epoch was a Thursday */
	};
	uint64_t z = days + 719468; /* since 0000-03-01: leap days are at the ends of years */
	uint64_t era = z / 146097, doe = z % 146097; /* 400 years */
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t mp = (5 * doy + 2) / 153; /* months since March */

	d.day = (unsigned int)(doy - (153 * mp + 2) / 5 + 1);
	d.month = (unsigned int)(mp < 10 ? mp + 3 : mp - 9);
	d.year = (unsigned int)(yoe + era * 400 + (d.month <= 2));
	return d;
}

static uint8_t bcd(unsigned int v)
{
	return (uint8_t)(v / 10 % 10 << 4 | v % 10);
}

static uint8_t cmos_get(const struct legacy *l)
{
	struct legacy_date d;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now); /* time() is a system call of its own on some hosts */
	d = legacy_date((uint64_t)now.tv_sec);

	switch (l->cmos_index) {
	case RTC_SECOND:
		return bcd(d.second);
	case RTC_MINUTE:
		return bcd(d.minute);
	case RTC_HOUR:
		return bcd(d.hour);
	case RTC_WEEKDAY:
		return bcd(d.weekday);
	case RTC_DAY:
		return bcd(d.day);
	case RTC_MONTH:
		return bcd(d.month);
	case RTC_YEAR:
		return bcd(d.year % 100);
	case RTC_CENTURY:
		return bcd(d.year / 100);
	case RTC_A:
		return A_RATE;
	case RTC_B:
		return B_24_HOURS;
	case RTC_C:
		return 0;
	case RTC_D:
		return D_BATTERY_OK;
	default:
		return l->cmos[l->cmos_index];
	}
}

/* The index is at offset 0, the byte it selects at 1; bit 7 of the index masks NMIs. */
static void cmos_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct legacy *l = self;
	uint8_t *p = data;

	for (; len--; off++)
		*p++ = off ? cmos_get(l) : l->cmos_index;
}

static void cmos_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct legacy *l = self;
	const uint8_t *p = data;

	for (; len--; off++, p++) {
		if (off)
			l->cmos[l->cmos_index] = *p;
		else
			l->cmos_index = *p % LEGACY_CMOS_SIZE;
	}
}

/* ---- all of them ----------------------------------------------------------------- */

void legacy_init(struct legacy *l, struct machine_events events)
{
	memset(l, 0, sizeof(*l));
	pthread_mutex_init(&l->kbd_lock, NULL);
	l->events = events;
	l->kbd_control = CTL_SELF_TESTED | CTL_KBD_OFF | CTL_AUX_OFF;
}

void legacy_free(struct legacy *l)
{
	pthread_mutex_destroy(&l->kbd_lock);
}

int legacy_add(struct legacy *l, struct bus *pio)
{
	static const struct dev_ops kbd_data_ops = { kbd_data_read, kbd_data_write };
	static const struct dev_ops kbd_command_ops = { kbd_status_read, kbd_command_write };
	static const struct dev_ops port_b_ops = { port_b_read, port_b_write };
	static const struct dev_ops cmos_ops = { cmos_read, cmos_write };
	static const struct {
		uint64_t base, len;
		const struct dev_ops *ops;
	} ranges[] = {
		{ LEGACY_KBD_DATA, 1, &kbd_data_ops },
		{ LEGACY_PORT_B, 1, &port_b_ops },
		{ LEGACY_KBD_COMMAND, 1, &kbd_command_ops },
		{ LEGACY_CMOS, 2, &cmos_ops },
	};
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < ARRAY_SIZE(ranges); i++)
		rc = bus_add(pio, ranges[i].base, ranges[i].len, ranges[i].ops, l);
	return rc;
}
