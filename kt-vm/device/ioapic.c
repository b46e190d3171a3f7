// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "ioapic.h"

enum { SELECT = 0x00, WINDOW = 0x10, EOI = 0x40 };
enum { REG_ID = 0, REG_VERSION = 1, REG_ARBITRATION = 2, REG_PINS = 0x10 };

#define VERSION 0x20U

enum {
	PIN_MODE_SHIFT = 8,
	PIN_LOGICAL = 1 << 11,
	PIN_REMOTE_IRR = 1 << 14,
	PIN_LEVEL = 1 << 15,
	PIN_MASKED = 1 << 16,
	PIN_WRITABLE = 0x1afff, /* of the lower half: all but the two bits of state */
};

void ioapic_init(struct ioapic *a, const struct ioapic_ops *ops, void *ctx)
{
	unsigned int i;

	memset(a, 0, sizeof(*a));
	pthread_mutex_init(&a->lock, NULL);
	a->ops = ops;
	a->ctx = ctx;
	for (i = 0; i < IOAPIC_PINS; i++)
		a->pin[i] = PIN_MASKED;
}

void ioapic_free(struct ioapic *a)
{
	pthread_mutex_destroy(&a->lock);
}

static struct ioapic_msg message(uint64_t pin)
{
	return (struct ioapic_msg){
		.dest = (uint32_t)(pin >> 56 | (pin >> 49 & 0x7f) << 8),
		.vector = (uint8_t)pin,
		.mode = pin >> PIN_MODE_SHIFT & 7,
		.logical = pin & PIN_LOGICAL,
		.level = pin & PIN_LEVEL,
	};
}

static void send(struct ioapic *a, unsigned int n)
{
	struct ioapic_msg m = message(a->pin[n]);

	a->ops->send(a->ctx, &m);
}

/* A level-triggered pin sends once until its interrupt has come to its end. */
static void send_level(struct ioapic *a, unsigned int n)
{
	if (!(a->pin[n] & PIN_LEVEL) || (a->pin[n] & (PIN_MASKED | PIN_REMOTE_IRR)) ||
	    !(a->lines >> n & 1))
		return;
	a->pin[n] |= PIN_REMOTE_IRR;
	send(a, n);
}

void ioapic_set(void *ctx, unsigned int gsi, int level)
{
	struct ioapic *a = ctx;
	bool was;

	if (gsi >= IOAPIC_PINS)
		return;
	pthread_mutex_lock(&a->lock);
	was = a->lines >> gsi & 1;
	a->lines = (a->lines & ~(1U << gsi)) | (level ? 1U << gsi : 0);
	if (a->pin[gsi] & PIN_LEVEL)
		send_level(a, gsi);
	else if (level && !was &&
		 !(a->pin[gsi] & PIN_MASKED)) /* an edge that nobody wants is lost */
		send(a, gsi);
	pthread_mutex_unlock(&a->lock);
}

static void end_of_interrupt(struct ioapic *a, uint8_t vector)
{
	unsigned int i;

	for (i = 0; i < IOAPIC_PINS; i++)
		if ((a->pin[i] & PIN_REMOTE_IRR) && (uint8_t)a->pin[i] == vector) {
			a->pin[i] &= ~(uint64_t)PIN_REMOTE_IRR;
			send_level(a, i);
		}
}

void ioapic_eoi(struct ioapic *a, uint8_t vector)
{
	pthread_mutex_lock(&a->lock);
	end_of_interrupt(a, vector);
	pthread_mutex_unlock(&a->lock);
}

unsigned int ioapic_levels(const struct ioapic *a, unsigned int *pin, struct ioapic_msg *m)
{
	unsigned int i, n = 0;

	for (i = 0; i < IOAPIC_PINS; i++)
		if ((a->pin[i] & PIN_LEVEL) &&
		    (a->pin[i] & (PIN_MASKED | PIN_REMOTE_IRR)) != PIN_MASKED) {
			pin[n] = i;
			m[n++] = message(a->pin[i]);
		}
	return n;
}

/* ---- registers ------------------------------------------------------------------- */

static uint32_t read_reg(const struct ioapic *a)
{
	uint32_t n = (a->select - REG_PINS) / 2;

	if (a->select == REG_ID || a->select == REG_ARBITRATION)
		return a->id;
	if (a->select == REG_VERSION)
		return VERSION | (IOAPIC_PINS - 1) << 16;
	if (a->select < REG_PINS || n >= IOAPIC_PINS)
		return 0;
	return (uint32_t)(a->pin[n] >> (a->select & 1) * 32);
}

static void write_pin(struct ioapic *a, unsigned int n, uint32_t v)
{
	uint64_t old = a->pin[n], new;

	if (a->select & 1)
		new = (uint32_t)old | (uint64_t)v << 32;
	else
		new = (old & ~(uint64_t)PIN_WRITABLE) | (v & PIN_WRITABLE);
	if (!(new &PIN_LEVEL))
		new &= ~(uint64_t)PIN_REMOTE_IRR;
	a->pin[n] = new;
	if (new != old && ((old | new) & PIN_LEVEL))
		a->ops->levels(a->ctx);
	send_level(a, n);
}

static void write_reg(struct ioapic *a, uint32_t v)
{
	uint32_t n = (a->select - REG_PINS) / 2;

	if (a->select == REG_ID)
		a->id = v & 0x0f000000;
	else if (a->select >= REG_PINS && n < IOAPIC_PINS)
		write_pin(a, n, v);
}

static void mmio_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct ioapic *a = self;
	uint32_t v = 0;

	memset(data, 0, len);
	pthread_mutex_lock(&a->lock);
	if (off == SELECT)
		v = a->select;
	else if (off == WINDOW)
		v = read_reg(a);
	pthread_mutex_unlock(&a->lock);
	memcpy(data, &v, len < sizeof(v) ? len : sizeof(v));
}

static void mmio_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct ioapic *a = self;
	uint32_t v = 0;

	memcpy(&v, data, len < sizeof(v) ? len : sizeof(v));
	pthread_mutex_lock(&a->lock);
	if (off == SELECT)
		a->select = v & 0xff;
	else if (off == WINDOW)
		write_reg(a, v);
	else if (off == EOI)
		end_of_interrupt(a, (uint8_t)v);
	pthread_mutex_unlock(&a->lock);
}

int ioapic_add(struct ioapic *a, struct bus *mmio)
{
	static const struct dev_ops ops = { mmio_read, mmio_write };

	return bus_add(mmio, IOAPIC_GPA, IOAPIC_LEN, &ops, a);
}
