/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_IOAPIC_H
#define KT_VM_DEVICE_IOAPIC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "bus.h"

/*
 * An I/O APIC (82093AA, with the EOI register of version 0x20) for guests with APIC ids
 * that KVM's own cannot reach: the destination of a pin has 15 bits, of which the upper
 * seven are where Linux puts them on hosts that offer KVM_FEATURE_MSI_EXT_DEST_ID.
 * It knows nothing of KVM: what a pin sends is told to the callbacks. They run under its
 * lock, in the thread of a vCPU or a device, and must not call back.
 */
#define IOAPIC_GPA  0xfec00000ULL
#define IOAPIC_LEN  0x1000ULL
#define IOAPIC_PINS 24U

struct ioapic_msg {
	uint32_t dest;
	uint8_t vector, mode; /* mode: fixed 0, lowest priority 1, NMI 4, INIT 5, ExtINT 7 */
	bool logical, level;
};

struct ioapic_ops {
	void (*send)(void *ctx, const struct ioapic_msg *m);
	/* Pins whose end of interrupt must come to ioapic_eoi() have changed: see ioapic_levels().
	 */
	void (*levels)(void *ctx);
};

struct ioapic {
	pthread_mutex_t lock;
	const struct ioapic_ops *ops;
	void *ctx;
	uint32_t select, id;
	uint64_t pin[IOAPIC_PINS];
	uint32_t lines; /* a bit for each pin that is high */
};

void ioapic_init(struct ioapic *a, const struct ioapic_ops *ops, void *ctx);
void ioapic_free(struct ioapic *a);
int ioapic_add(struct ioapic *a, struct bus *mmio); /* as bus_add() */

/* For struct irq_line: `ctx` is the I/O APIC, gsi its pin. */
void ioapic_set(void *ctx, unsigned int gsi, int level);
void ioapic_eoi(struct ioapic *a, uint8_t vector);

/* From the callbacks only: the pins with level-triggered interrupts, by number; how many. */
unsigned int ioapic_levels(const struct ioapic *a, unsigned int *pin, struct ioapic_msg *m);

#endif
