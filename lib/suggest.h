/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_SUGGEST_H
#define KT_SUGGEST_H

#include <stddef.h>

/*
 * "Did you mean": the name that a misspelled word is nearest to. Words longer than
 * SUGGEST_MAX bytes get no suggestion.
 */
#define SUGGEST_MAX 64

/*
 * Number of letters to insert, drop, replace or swap with their neighbour to get from
 * a to b; upper and lower case are the same. SUGGEST_MAX + 1 for words that are too long.
 */
unsigned int suggest_distance(const char *a, const char *b);

/* The nearest of names that come one by one. Start with .best = NULL. */
struct suggest {
	const char *word;
	const char *best; /* one of the names given, or NULL */
	unsigned int distance;
};
void suggest_try(struct suggest *s, const char *name);

/* The nearest of a NULL-terminated list, or NULL when none is near. */
const char *suggest_nearest(const char *word, const char *const *names);

#endif
