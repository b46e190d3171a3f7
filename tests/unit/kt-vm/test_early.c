// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/early.c kt-vm/machine/gmem.c
/* The text screen of a kernel without drivers, written as Linux' early_printk.c does. */
#include <string.h>

#include "kt-vm/machine/early.h"
#include "kt-vm/machine/machine.h"
#include "unit.h"

#define SCREEN (2 * EARLY_LINES * EARLY_COLS)

static struct gmem mem;
static struct errbuf e;
static char text[EARLY_TEXT];
static unsigned int x, y;

static void clear(void)
{
	if (!mem.hva)
		CHECK_INT(gmem_init(&mem, 64 << 20, &e), 0);
	memset(gmem_at(&mem, EARLY_GPA, SCREEN), 0, SCREEN);
	x = y = 0;
}

static uint16_t *cell(unsigned int line, unsigned int column)
{
	return gmem_at(&mem, EARLY_GPA + 2ULL * (line * EARLY_COLS + column), 2);
}

static void scroll(void)
{
	unsigned int i;

	memmove(cell(0, 0), cell(1, 0), 2ULL * EARLY_COLS * (EARLY_LINES - 1));
	for (i = 0; i < EARLY_COLS; i++)
		*cell(EARLY_LINES - 1, i) = 0x720;
	y = EARLY_LINES - 1;
}

static void say(const char *s)
{
	for (; *s; s++) {
		if (y >= EARLY_LINES)
			scroll();
		if (*s != '\n')
			*cell(y, x++) = (uint16_t)(0x700 | (uint8_t)*s);
		if (*s == '\n' || x == EARLY_COLS) {
			x = 0;
			y++;
		}
	}
}

static const char *shown(void)
{
	static char all[EARLY_TEXT + 1];
	size_t n = early_text(&mem, text);

	memcpy(all, text, n);
	all[n] = '\0';
	return all;
}

TEST(screen_is_told_of)
{
	const uint8_t *bp;

	clear();
	early_place(&mem);
	bp = gmem_at(&mem, MACHINE_BOOT_PARAMS, 16);
	CHECK_INT(bp[0x01], 0);
	CHECK_INT(bp[0x07], EARLY_COLS);
	CHECK_INT(bp[0x0e], EARLY_LINES);
	CHECK_INT(bp[0x0f], 1);
}

TEST(lines)
{
	clear();
	CHECK_STR(shown(), "");
	say("[    0.000000] Linux\n  two  words\n\nunfinished");
	CHECK_STR(shown(), "[    0.000000] Linux\n  two  words\nunfinished\n");
}

TEST(a_long_line_is_one)
{
	char line[EARLY_COLS + 12];

	clear();
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 2] = '\n';
	line[sizeof(line) - 1] = '\0';
	say(line);
	say("next\n");
	CHECK(strncmp(shown(), line, strlen(line)) == 0);
	CHECK_STR(shown() + strlen(line), "next\n");

	clear();
	strcpy(line + EARLY_COLS, "\n");
	say(line);
	say("next\n");
	CHECK_INT(strlen(shown()), EARLY_COLS + 6);
	CHECK_STR(shown() + EARLY_COLS, "\nnext\n");
}

TEST(the_last_lines_count)
{
	char line[32], want[32];
	unsigned int i;

	clear();
	for (i = 0; i < EARLY_LINES + 20; i++) {
		snprintf(line, sizeof(line), "line %u\n", i);
		say(line);
	}
	CHECK(strncmp(shown(), "line 20\n", 8) == 0);
	snprintf(want, sizeof(want), "line %u\n", i - 1);
	CHECK_STR(shown() + strlen(shown()) - strlen(want), want);
}

/* A guest may write what it likes. */
TEST(noise_fits)
{
	clear();
	memset(gmem_at(&mem, EARLY_GPA, SCREEN), 0xff, SCREEN);
	CHECK(early_text(&mem, text) <= sizeof(text));
	memset(gmem_at(&mem, EARLY_GPA, SCREEN), '\n', SCREEN);
	CHECK(early_text(&mem, text) <= sizeof(text));
}

UNIT_MAIN(T(screen_is_told_of), T(lines), T(a_long_line_is_one), T(the_last_lines_count),
	  T(noise_fits))
