/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_OPTS_H
#define KT_OPTS_H

#include <stdio.h>

/*
 * The options of a tool, or of one of its commands, in one table: getopt_long(3) reads by it,
 * --help and the completions of shells are printed from it, and every usage error has one form.
 * --help and --version belong to every table, and stand in none.
 */
#define OPTS_MAX 96 /* options of a table */

/*
 * What a shell offers: words that are separated by spaces, or kinds of things, which "kt
 * completion" knows: <file>, <directory>, <test>, <scheduler>, <preset>, <kernel>, <run>.
 */

struct opt {
	const char *name;     /* without its dashes; NULL: `help` is a heading, or the table ends */
	int c;                /* its letter, or a number from 256 on of one that has none */
	const char *value;    /* what --help calls its value; NULL: it takes none */
	const char *help;     /* wrapped at 80 columns */
	const char *complete; /* what a shell offers as its value; NULL: nothing */
};

struct opt_table {
	const char *command; /* "test" of "kt test", or NULL */
	const char *usage;   /* what follows the program's name; a line for each form */
	const char *about;   /* whole lines */
	const struct opt *opt;
	const char *end;      /* whole lines behind the options, or NULL */
	const char *operands; /* what a shell offers where no option stands, or NULL */
	/* The tables of the tool's commands, ended by NULL; or NULL. */
	const struct opt_table *const *commands;
};

/*
 * The next option of argv: its `c`, with its value in optarg. At the end of the options -1, with
 * -1 in *rc, and optind at the operands, which getopt_long(3) has moved behind the options. -1
 * also when all was said, with the exit code in *rc: help, version, or a mistake.
 */
int opts_next(const struct opt_table *t, int argc, char **argv, int *rc);
/* What --help prints. */
void opts_help(const struct opt_table *t, FILE *f);

#endif
