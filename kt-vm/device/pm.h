/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_PM_H
#define KT_VM_DEVICE_PM_H

#include <stdint.h>

#include "bus.h"

/*
 * ACPI's fixed hardware where the FADT of kt-topo puts it: PM1a event (0x600) and
 * control (0x604), the PM timer (0x608), and the reset register (0xcf9). It has no
 * events of its own, so it needs no interrupt. Behind the timer (0x60c) is a word by which the
 * DSDT knows that this is kt-vm's own machine, with its console.
 */
#define PM_PORT       0x600U
#define PM_PORTS      16U
#define PM_MACHINE_ID 0x74726976U /* "virt" */
#define PM_RESET_PORT 0xcf9U
#define PM_TIMER_HZ   3579545U

enum machine_event { MACHINE_POWEROFF, MACHINE_RESET };

/*
 * What the guest asks the machine for. Called on the vCPU's thread with the device's
 * lock held, possibly more than once: it takes note and wakes another thread.
 */
struct machine_events {
	void (*on_event)(void *ctx, enum machine_event event);
	void *ctx;
};

struct pm {
	struct machine_events events;
	uint64_t start_ns; /* CLOCK_MONOTONIC where the timer is 0 */
	uint16_t enable;   /* PM1a enable: stored only */
	uint16_t control;
	uint8_t reset;
};

void pm_init(struct pm *p, struct machine_events events);
int pm_add(struct pm *p, struct bus *pio); /* as bus_add() */

#endif
