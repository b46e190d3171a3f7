// SPDX-License-Identifier: GPL-2.0-only
/* Options read, explained and handed to shells by a table. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "msg.h"
#include "opts.h"
#include "record.h"
#include "suggest.h"

#define COLUMNS  80
#define HELP_COL 32 /* the explanation begins there at the latest */
#define OPT_HELP -2 /* what getopt_long() returns for these two */
#define OPT_VERS -3

static const struct opt help_row = { "help", 'h', NULL, "print this help", NULL };
static const struct opt version_row = { "version", 'V', NULL, "print the version", NULL };

typedef void row_fn(const struct opt *row, void *arg);

/* Calls `fn` with each row, those that belong to every table last. */
static void each(const struct opt_table *t, row_fn *fn, void *arg)
{
	const struct opt *row;

	for (row = t->opt; row->name || row->help; row++)
		fn(row, arg);
	fn(&help_row, arg);
	fn(&version_row, arg);
}

/* ---- help ------------------------------------------------------------------------- */

/* "  -m, --memory=SIZE" */
static int label(const struct opt *row, char *buf, size_t size)
{
	char letter[8] = "    ";

	if (row->c < 256)
		snprintf(letter, sizeof(letter), "-%c, ", row->c);
	return snprintf(buf, size, "  %s--%s%s%s", letter, row->name, row->value ? "=" : "",
			row->value ? row->value : "");
}

static void widen(const struct opt *row, void *arg)
{
	char buf[128];
	int *col = arg, len = row->name ? label(row, buf, sizeof(buf)) + 2 : 0;

	if (len > *col && len <= HELP_COL)
		*col = len;
}

struct page {
	FILE *f;
	int col; /* where explanations begin */
};

static void explain(const struct opt *row, void *arg)
{
	const struct page *p = arg;
	const char *word = row->help;
	int col = p->col, at, n;
	char buf[128];

	if (!row->name) {
		fprintf(p->f, "\n%s\n", row->help);
		return;
	}
	label(row, buf, sizeof(buf));
	at = fprintf(p->f, "%s", buf);
	while (*word) {
		n = (int)strcspn(word, " ");
		if (at > col ? at + 1 + n > COLUMNS || word == row->help : at < col) {
			if (at >= col) {
				putc('\n', p->f);
				at = 0;
			}
			at += fprintf(p->f, "%*s", col - at, "");
		} else {
			at += fprintf(p->f, " ");
		}
		at += fprintf(p->f, "%.*s", n, word);
		word += n + (word[n] == ' ');
	}
	putc('\n', p->f);
}

void opts_help(const struct opt_table *t, FILE *f)
{
	const char *line = t->usage, *prefix = "Usage:";
	struct page p = { .f = f };
	int n;

	do {
		n = (int)strcspn(line, "\n");
		fprintf(f, "%-6s %s%s%s%s%.*s\n", prefix, msg_tool(), t->command ? " " : "",
			t->command ? t->command : "", n ? " " : "", n, line);
		prefix = "";
		line += n;
	} while (*line++);
	fprintf(f, "%s\n", t->about);
	each(t, widen, &p.col);
	each(t, explain, &p);
	if (t->end)
		fprintf(f, "\n%s", t->end);
}

/* ---- for shells ------------------------------------------------------------------- */

static void put_row(const struct opt *row, void *arg)
{
	struct rec_out out = { .f = stdout };
	struct json_object *o = rec_new("option");
	const char letter[2] = { (char)row->c, '\0' };
	const struct opt_table *t = arg;

	if (!row->name) {
		json_object_put(o);
		return;
	}
	rec_str(o, "tool", msg_tool());
	rec_str(o, "command", t->command);
	rec_str(o, "name", row->name);
	rec_str(o, "letter", row->c < 256 ? letter : NULL);
	rec_str(o, "value", row->value);
	rec_str(o, "complete", row->complete);
	rec_str(o, "help", row->help);
	rec_put(&out, o);
}

/* The table as records, for "kt completion". */
static void put_records(const struct opt_table *t)
{
	struct rec_out out = { .f = stdout };
	struct json_object *o = rec_new("operands");
	size_t i;

	rec_str(o, "tool", msg_tool());
	rec_str(o, "command", t->command);
	rec_str(o, "complete", t->operands);
	rec_put(&out, o);
	each(t, put_row, (void *)t);
	for (i = 0; t->commands && t->commands[i]; i++)
		put_records(t->commands[i]);
}

/* ---- reading ---------------------------------------------------------------------- */

struct table {
	struct option o[OPTS_MAX + 1];
	char letters[2 * OPTS_MAX + 2];
	int n;
};

static void add(const struct opt *row, void *arg)
{
	struct table *l = arg;
	char *end = l->letters + strlen(l->letters);

	if (!row->name || l->n == OPTS_MAX)
		return;
	l->o[l->n++] = (struct option){
		row->name,
		row == &help_row ? optional_argument
		: row->value     ? required_argument
				 : no_argument,
		NULL,
		row == &help_row      ? OPT_HELP
		: row == &version_row ? OPT_VERS
				      : row->c,
	};
	if (row->c < 256) {
		*end++ = (char)row->c;
		*end++ = row->value ? ':' : '\0';
	}
}

static void suggest_row(const struct opt *row, void *arg)
{
	if (row->name)
		suggest_try(arg, row->name);
}

/* A usage error, about an option of the command. */
static int wrong(const struct opt_table *t, const char *arg, const char *what, const char *end)
{
	return msg_usage("%s%s%s '%s'%s", t->command ? t->command : "", t->command ? ": " : "",
			 what, arg, end);
}

static int unknown(const struct opt_table *t, const char *arg)
{
	struct suggest s = { 0 };
	char word[64], end[96] = "";

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(arg + (arg[1] == '-') + 1, "="),
		 arg + (arg[1] == '-') + 1);
	s.word = word;
	if (arg[1] == '-')
		each(t, suggest_row, &s);
	if (s.best)
		snprintf(end, sizeof(end), ", did you mean '--%s'?", s.best);
	return wrong(t, arg, "unknown option", end);
}

/* What getopt_long() did not like about `arg`, or about the letter optopt in a word of letters. */
static int mistake(const struct opt_table *t, const struct table *l, const char *arg, bool in_word,
		   bool no_value)
{
	const char letter[3] = { '-', (char)optopt, '\0' };
	size_t n, i, like = 0;

	if (optopt > 0 && optopt < 256 && (in_word || strncmp(arg, "--", 2) != 0))
		arg = letter;
	n = strcspn(arg, "=");
	for (i = 0; arg[1] == '-' && i < (size_t)l->n; i++)
		like += strncmp(l->o[i].name, arg + 2, n - 2) == 0;
	if (no_value)
		return wrong(t, arg, "option", " needs a value");
	if (arg[1] == '-' && like > 1)
		return wrong(t, arg, "option", " is ambiguous");
	if (arg[1] == '-' && like == 1 && arg[n])
		return wrong(t, arg, "option", " takes no value");
	return unknown(t, arg);
}

int opts_next(const struct opt_table *t, int argc, char **argv, int *rc)
{
	struct table l = { .letters = ":" };
	int c, before = optind;

	each(t, add, &l);
	opterr = 0;
	*rc = -1;
	c = getopt_long(argc, argv, l.letters, l.o, NULL);
	if (c == ':' || c == '?') {
		*rc = mistake(t, &l, argv[optind - 1], optind == before, c == ':');
	} else if (c == OPT_HELP || c == 'h') {
		*rc = KT_OK;
		if (!optarg || c == 'h')
			opts_help(t, stdout);
		else if (strcmp(optarg, "records") == 0)
			put_records(t);
		else
			*rc = wrong(t, argv[optind - 1], "option", " takes no value but 'records'");
	} else if (c == OPT_VERS || c == 'V') {
		*rc = KT_OK;
		printf("%s %s\n", msg_tool(), KT_VERSION);
	} else {
		return c;
	}
	return -1;
}
