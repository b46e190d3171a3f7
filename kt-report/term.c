// SPDX-License-Identifier: GPL-2.0-only
/* Text for a terminal, made harmless: see term.h. */
#include <string.h>

#include "term.h"

/* Decodes one character of at most `left` bytes; returns its length, 0 if it is not UTF-8. */
static size_t decode(const unsigned char *s, size_t left, unsigned int *c)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	size_t i;

	if (!n || n > left)
		return 0;
	*c = n == 1 ? s[0] : s[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	return n;
}

/* Separators and marks that break a line or turn the direction of what follows. */
static bool reorders(unsigned int c)
{
	return (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x61c;
}

static void show_char(FILE *f, const char *s, size_t n, unsigned int c)
{
	if (c == '\t' || (c >= 0x20 && c < 0x7f))
		putc((int)c, f);
	else if (c < 0x20 || c == 0x7f)
		fprintf(f, "^%c", c ^ 0x40);
	else if (c < 0xa0 || reorders(c))
		fprintf(f, "<U+%04X>", c);
	else
		fwrite(s, 1, n, f);
}

void term_text(const struct term *s, const char *text)
{
	size_t left = text ? strlen(text) : 0, cut = 0, n;
	unsigned int c;

	if (left > TERM_TEXT_MAX) {
		cut = left - TERM_TEXT_MAX;
		left = TERM_TEXT_MAX;
	}
	for (; left; left -= n, text += n) {
		n = decode((const unsigned char *)text, left, &c);
		if (n) {
			show_char(s->f, text, n, c);
		} else {
			fprintf(s->f, "<%02X>", (unsigned char)*text);
			n = 1;
		}
	}
	if (cut)
		fprintf(s->f, " [%zu bytes more]", cut);
}

void term_word(const struct term *s, enum colour c, const char *word)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "0",   [COLOUR_BOLD] = "1",    [COLOUR_RED] = "1;31",
		[COLOUR_GREEN] = "32", [COLOUR_YELLOW] = "33", [COLOUR_DIM] = "2",
	};

	if (s->colour)
		fprintf(s->f, "\033[%sm%s\033[0m", codes[c], word);
	else
		fputs(word, s->f);
}

void term_section(const struct term *s, const char *title)
{
	char line[64];

	snprintf(line, sizeof(line), "--- %s ---", title);
	term_word(s, COLOUR_DIM, line);
	putc('\n', s->f);
}
