/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_SHOW_H
#define KT_REPORT_SHOW_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Text for a terminal. What a guest or a file wrote never reaches it raw: control
 * characters, and those that reorder text, are printed as what they are.
 */

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_DIM };

struct show {
	FILE *f;
	bool colour;
};

#define SHOW_MAX 4096 /* bytes of one string that are printed */

/* A string from the records, made visible; NULL prints nothing. */
void show_text(const struct show *s, const char *text);
/* kt's own words, in a colour. */
void show_word(const struct show *s, enum colour c, const char *word);
/* "--- title ---" on a line of its own. */
void show_section(const struct show *s, const char *title);

#endif
