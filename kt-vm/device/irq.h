/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_IRQ_H
#define KT_VM_DEVICE_IRQ_H

/* An interrupt line, as a device sees it: it says the level, the engine delivers it. */
struct irq_line {
	void (*set)(void *ctx, unsigned int gsi, int level);
	void *ctx;
	unsigned int gsi;
};

static inline void irq_set(const struct irq_line *line, int level)
{
	line->set(line->ctx, line->gsi, level);
}

#endif
