// SPDX-License-Identifier: GPL-2.0-only
/* "Did you mean": the known name that a misspelled word is nearest to. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "suggest.h"

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

unsigned int suggest_distance(const char *a, const char *b)
{
	/* rows i - 2, i - 1 and i of the table of distances between prefixes */
	unsigned int rows[3][SUGGEST_MAX + 1], *row, *up, *up2;
	size_t la = strlen(a), lb = strlen(b), i, j;
	unsigned int cost;

	if (la > SUGGEST_MAX || lb > SUGGEST_MAX)
		return SUGGEST_MAX + 1;
	for (j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (i = 1; i <= la; i++) {
		row = rows[i % 3];
		up = rows[(i + 2) % 3];
		up2 = rows[(i + 1) % 3];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			cost = lower(a[i - 1]) != lower(b[j - 1]);
			row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + cost);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]) && up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[la % 3][lb];
}

/* "args" is the last word of "sched_args". */
static bool is_last_word(const char *word, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= 4 && n > len && name[n - len - 1] == '_' &&
	       strcasecmp(name + n - len, word) == 0;
}

void suggest_try(struct suggest *s, const char *name)
{
	size_t len = strlen(s->word);
	/* a third of the letters may be wrong; one always may, except in a word of one */
	unsigned int d, limit = len < 2 ? 0 : len < 6 ? 1 : len / 3;

	d = suggest_distance(s->word, name);
	if (d > limit && len >= 4 && len <= SUGGEST_MAX && strncasecmp(s->word, name, len) == 0)
		d = limit; /* the beginning of a longer name */
	d *= 2;
	if (d && is_last_word(s->word, len, name))
		d = 1; /* nearer than a name of one letter more: it is left out, not misspelt */
	if (d <= 2 * limit && (!s->best || d < s->distance)) {
		s->best = name;
		s->distance = d;
	}
}

const char *suggest_nearest(const char *word, const char *const *names)
{
	struct suggest s = { .word = word };

	for (; *names; names++)
		suggest_try(&s, *names);
	return s.best;
}
