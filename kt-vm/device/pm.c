// SPDX-License-Identifier: GPL-2.0-only
/* Power-off and reset by ACPI, and its timer. */
#include <string.h>
#include <time.h>

#include "clock.h"
#include "pm.h"

/* Offsets from PM_PORT. The status register at 0 is always 0: nothing ever happens. */
enum { PM_ENABLE = 2, PM_CONTROL = 4, PM_TIMER = 8, PM_MACHINE = 12 };
enum { SCI_EN = 1, SLP_TYP = 7 << 10, SLP_EN = 1 << 13 };
enum { RESET_CPU = 4 }; /* 0xcf9 */
#define SLP_TYP_S5 0    /* as \_S5 of the DSDT says */

static uint32_t timer(const struct pm *p)
{
	uint64_t ns = clock_ns() - p->start_ns;
	uint64_t s = ns / 1000000000ULL, rest = ns % 1000000000ULL;

	return (uint32_t)(s * PM_TIMER_HZ + rest * PM_TIMER_HZ / 1000000000ULL);
}

/* All registers side by side, so that any width at any offset means something. */
static void pm_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct pm *p = self;
	uint8_t image[PM_PORTS] = { 0 };
	uint32_t t = 0, id = PM_MACHINE_ID;

	if (off + len > PM_TIMER)
		t = timer(p);
	memcpy(image + PM_ENABLE, &p->enable, sizeof(p->enable));
	memcpy(image + PM_CONTROL, &p->control, sizeof(p->control));
	memcpy(image + PM_TIMER, &t, sizeof(t));
	memcpy(image + PM_MACHINE, &id, sizeof(id));
	memcpy(data, image + off, len);
}

static void pm_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct pm *p = self;
	uint8_t image[PM_PORTS] = { 0 };

	memcpy(image + PM_ENABLE, &p->enable, sizeof(p->enable));
	memcpy(image + PM_CONTROL, &p->control, sizeof(p->control));
	memcpy(image + off, data, len);
	memcpy(&p->enable, image + PM_ENABLE, sizeof(p->enable));
	memcpy(&p->control, image + PM_CONTROL, sizeof(p->control));
	if ((p->control & SLP_EN) && (p->control & SLP_TYP) == SLP_TYP_S5)
		p->events.on_event(p->events.ctx, MACHINE_POWEROFF);
	p->control &= (uint16_t)~SLP_EN; /* reads as 0 */
	p->control |= SCI_EN;            /* there is no other mode to switch to */
}

static void reset_read(void *self, uint64_t off, void *data, unsigned int len)
{
	const struct pm *p = self;

	(void)off;
	memset(data, p->reset, len);
}

static void reset_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct pm *p = self;
	const uint8_t *v = data;

	(void)off;
	(void)len; /* 1: the range has one port */
	p->reset = *v & (uint8_t)~RESET_CPU;
	if (*v & RESET_CPU)
		p->events.on_event(p->events.ctx, MACHINE_RESET);
}

void pm_init(struct pm *p, struct machine_events events)
{
	memset(p, 0, sizeof(*p));
	p->events = events;
	p->start_ns = clock_ns();
	p->control = SCI_EN;
}

int pm_add(struct pm *p, struct bus *pio)
{
	static const struct dev_ops pm_ops = { pm_read, pm_write };
	static const struct dev_ops reset_ops = { reset_read, reset_write };
	int rc = bus_add(pio, PM_PORT, PM_PORTS, &pm_ops, p);

	return rc ? rc : bus_add(pio, PM_RESET_PORT, 1, &reset_ops, p);
}
