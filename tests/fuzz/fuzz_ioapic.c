// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/device/ioapic.c kt-vm/device/bus.c
/*
 * The I/O APIC under any order of register writes, lines and ends of interrupts. Each
 * operation sends at most a message for each pin, and only for one when a line changes.
 */
#include <stdlib.h>
#include <string.h>

#include "kt-vm/device/ioapic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ioapic a;
static unsigned int sent;

static void on_send(void *ctx, const struct ioapic_msg *m)
{
	(void)ctx;
	if (++sent > IOAPIC_PINS || m->dest > 32767 || m->mode > 7)
		abort();
}

static void on_levels(void *ctx)
{
	struct ioapic_msg m[IOAPIC_PINS];
	unsigned int pin[IOAPIC_PINS];

	(void)ctx;
	if (ioapic_levels(&a, pin, m) > IOAPIC_PINS)
		abort();
}

static void step(struct bus *mmio, uint8_t what, uint8_t where, uint32_t v)
{
	uint8_t wide[8] = { 0 };

	memcpy(wide, &v, sizeof(v));
	switch (what & 7) {
	case 0:
		ioapic_set(&a, where, what >> 3 & 1);
		break;
	case 1:
		ioapic_eoi(&a, where);
		break;
	case 2:
		bus_read(mmio, IOAPIC_GPA + (where & 0x5f), wide, 1U << (what >> 3 & 3));
		break;
	case 3:
		bus_write(mmio, IOAPIC_GPA + where, wide, 1U << (what >> 3 & 3));
		break;
	default: /* a register, as drivers write it */
		wide[0] = where % 0x48;
		bus_write(mmio, IOAPIC_GPA, wide, 4);
		memcpy(wide, &v, sizeof(v));
		bus_write(mmio, IOAPIC_GPA + 0x10, wide, 4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ioapic_ops ops = { on_send, on_levels };
	struct bus mmio;
	uint32_t v;

	bus_init(&mmio);
	ioapic_init(&a, &ops, NULL);
	if (ioapic_add(&a, &mmio))
		abort();
	for (; size >= 6; data += 6, size -= 6) {
		memcpy(&v, data + 2, sizeof(v));
		sent = 0;
		step(&mmio, data[0], data[1], v);
		if ((data[0] & 7) == 0 && sent > 1) /* a line is one pin */
			abort();
	}
	bus_free(&mmio);
	ioapic_free(&a);
	return 0;
}
