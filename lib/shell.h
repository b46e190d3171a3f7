/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_SHELL_H
#define KT_SHELL_H

#include <stdio.h>

/* Adds a word as a shell reads it, in quotes where it needs them. */
void shell_word(FILE *f, const char *word);

#endif
