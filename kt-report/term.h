/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_TERM_H
#define KT_REPORT_TERM_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Text for a terminal. What a guest or a file wrote never reaches it raw: control
 * characters, and those that reorder text, are printed as what they are.
 */

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_DIM };

struct term {
	FILE *f;
	bool colour;
};

#define TERM_TEXT_MAX 4096 /* bytes of one string that are printed */

/* A string from the records, made visible; NULL prints nothing. */
void term_text(const struct term *s, const char *text);
/* kt's own words, in a colour. */
void term_word(const struct term *s, enum colour c, const char *word);
/* "--- title ---" on a line of its own. */
void term_section(const struct term *s, const char *title);

#endif
