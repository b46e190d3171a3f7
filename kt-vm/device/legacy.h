/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_LEGACY_H
#define KT_VM_DEVICE_LEGACY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "bus.h"
#include "pm.h"

/*
 * Old PC hardware without which a kernel waits for what never comes:
 *
 * The keyboard controller (0x60, 0x64) answers the commands of its own, has no
 * keyboard and no mouse, and resets the machine on 0xfe. An absent one would cost
 * a reset by keyboard 131 ms a try.
 *
 * The clock (0x70, 0x71) says the host's UTC, never with an update in progress:
 * an absent one seems to be in one for ever, and Linux waits a second. It cannot be
 * set and has no interrupt; the other bytes are memory.
 *
 * System control port B (0x61): no NMI is pending, timer 2 has always run out. In
 * an absent one both NMI reasons are set. KVM's own timer answers there, when the VM
 * has one (KVM_CREATE_PIT2 with KVM_PIT_SPEAKER_DUMMY), and we are not asked.
 */
#define LEGACY_KBD_DATA    0x60U
#define LEGACY_PORT_B      0x61U
#define LEGACY_KBD_COMMAND 0x64U
#define LEGACY_CMOS        0x70U
#define LEGACY_CMOS_SIZE   128U

struct legacy {
	struct machine_events events;

	pthread_mutex_t kbd_lock; /* of two ranges */
	uint8_t kbd_control, kbd_out, kbd_command;
	bool kbd_full; /* kbd_out waits to be read */

	uint8_t port_b;

	uint8_t cmos_index;
	uint8_t cmos[LEGACY_CMOS_SIZE];
};

void legacy_init(struct legacy *l, struct machine_events events);
void legacy_free(struct legacy *l);
int legacy_add(struct legacy *l, struct bus *pio); /* as bus_add() */

/* What the clock shows for a time since the epoch; exposed for its test. */
struct legacy_date {
	unsigned int year, month, day, hour, minute, second, weekday; /* 1 is Sunday */
};
struct legacy_date legacy_date(uint64_t epoch);

#endif
