// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "early.h"
#include "machine.h"

/* struct screen_info, at the start of boot_params */
enum { SCREEN_COLS = 0x07, SCREEN_LINES = 0x0e, SCREEN_IS_VGA = 0x0f };

enum { CELL = 2 }; /* a character and its colour */

void early_place(const struct gmem *m)
{
	uint8_t *bp = gmem_at(m, MACHINE_BOOT_PARAMS, SCREEN_IS_VGA + 1);

	bp[SCREEN_COLS] = EARLY_COLS;
	bp[SCREEN_LINES] = EARLY_LINES;
	bp[SCREEN_IS_VGA] = 1;
}

size_t early_text(const struct gmem *m, char *text)
{
	const uint8_t *at = gmem_at(m, EARLY_GPA, 1ULL * EARLY_LINES * EARLY_COLS * CELL);
	size_t n = 0, len, line, i;
	bool full = false; /* the line before: this one goes on with it */

	for (line = 0; at && line < EARLY_LINES; line++) {
		for (i = len = 0; i < EARLY_COLS; i++, at += CELL) {
			char c = (char)__atomic_load_n(at,
						       __ATOMIC_RELAXED); /* it may still change */

			if (c && c != ' ')
				len = i + 1;
			text[n + i] = c ? c : ' ';
		}
		n += len;
		if ((len || full) && len < EARLY_COLS)
			text[n++] = '\n';
		full = len == EARLY_COLS;
	}
	if (full)
		text[n++] = '\n';
	return n;
}
