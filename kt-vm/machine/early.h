/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_MACHINE_EARLY_H
#define KT_VM_MACHINE_EARLY_H

#include <stddef.h>

#include "gmem.h"

/*
 * What a kernel says before it has drivers: Linux' earlyprintk=vga writes to a text
 * screen in memory, which costs no exit at all. There is no such screen in the machine,
 * only RAM where one would be. Linux leaves it when its console comes, and goes on there
 * with the next line; so the screen is read just before the first word on a console,
 * or when the guest has ended without one.
 */
#define EARLY_GPA   0xb8000ULL
#define EARLY_COLS  160U
#define EARLY_LINES 255U
#define EARLY_TEXT  (EARLY_LINES * (EARLY_COLS + 1)) /* the most that early_text() gives */

/* Tells the kernel in boot_params of such a screen. */
void early_place(const struct gmem *m);
/* The last EARLY_LINES lines, each with a newline; the length. Lines that did not fit are joined.
 */
size_t early_text(const struct gmem *m, char *text);

/* A device with a console in it calls this once, before the guest's first word there. */
struct early_hook {
	void (*fn)(void *ctx); /* or NULL */
	void *ctx;
};

static inline void early_call(const struct early_hook *h)
{
	if (h->fn)
		h->fn(h->ctx);
}

#endif
