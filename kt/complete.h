/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_COMPLETE_H
#define KT_DRIVER_COMPLETE_H

#include <stddef.h>

/*
 * Prints what may stand in the place of the last of n words of a command line, of kt or of one of
 * its tools: a word a line, with a tab and an explanation behind it where there is one. A line
 * ":file" or ":directory" stands for all files or directories. Returns the exit code; a command
 * that is not known has no words.
 */
int complete(char *const *words, size_t n);

#endif
