// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words of command lines, by what each tool says of its options (--help=records) and by what
 * there is: tests, schedulers, topologies, kernels, runs.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "exit.h"
#include "paths.h"
#include "record.h"
#include "spawn.h"
#include "tool.h"
#include "topo.h"

#define ASK_MS     10000
#define ANSWER_MAX (4U << 20)

/* ---- asking tools ----------------------------------------------------------------- */

typedef void rec_fn(struct json_object *o, void *arg);

/* Calls `fn` with each record that kt-<tool> prints (tool NULL: kt). */
static void ask(const char *tool, const char *a, const char *b, rec_fn *fn, void *arg)
{
	char path[PATH_MAX], name[32], *text = NULL, *line, *rest;
	const char *argv[] = { path, a, b, NULL };
	struct json_object *o;

	snprintf(name, sizeof(name), tool ? "kt-%s" : "kt", tool);
	if (paths_program(name, path) || spawn_capture(argv, ASK_MS, ANSWER_MAX, &text) != KT_OK) {
		free(text);
		return;
	}
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		o = json_tokener_parse(line);
		if (o)
			fn(o, arg);
		json_object_put(o);
	}
	free(text);
}

/* ---- candidates ------------------------------------------------------------------- */

/* The word that is to be completed: `before` it is kept, as "--engine=" is. */
struct place {
	const char *before;
	int before_len;
	const char *word;
};

static void offer(const struct place *p, const char *word, const char *end, const char *why)
{
	if (strncmp(word, p->word, strlen(p->word)) != 0)
		return;
	printf("%.*s%s%s%s%s\n", p->before_len, p->before, word, end, why && *why ? "\t" : "",
	       why && *why ? why : "");
}

static void offer_item(struct json_object *o, void *arg)
{
	if (rec_is(o, "item"))
		offer(arg, rec_get_str(o, "name", ""), "", rec_get_str(o, "description", ""));
}

static void offer_kernel(struct json_object *o, void *arg)
{
	if (rec_is(o, "kernel"))
		offer(arg, rec_get_str(o, "version", ""), "", rec_get_str(o, "key", ""));
}

static void offer_presets(const struct place *p)
{
	const struct topo_preset *t;

	for (t = topo_presets; t->name; t++)
		offer(p, t->name, "", t->spec);
}

static void offer_runs(const struct place *p)
{
	const char *given = getenv("KT_RUNS");
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	struct dirent *e;
	DIR *d;

	if (given && *given)
		snprintf(dir, sizeof(dir), "%s", given);
	else if (paths_state("runs", dir))
		return;
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		offer(p, path, "", NULL);
	}
	if (d)
		closedir(d);
}

/* `kinds`: words, or kinds of things such as <test>, separated by spaces. */
static void offer_kinds(const struct place *p, const char *kinds)
{
	char text[256], *kind, *rest;

	snprintf(text, sizeof(text), "%s", kinds);
	for (kind = strtok_r(text, " ", &rest); kind; kind = strtok_r(NULL, " ", &rest)) {
		if (strcmp(kind, "<file>") == 0 || strcmp(kind, "<directory>") == 0) {
			printf(":%.*s\n", (int)strlen(kind) - 2, kind + 1);
		} else if (strcmp(kind, "<test>") == 0) {
			ask("guest", "list", NULL, offer_item, (void *)p);
			puts(":file");
		} else if (strcmp(kind, "<scheduler>") == 0) {
			offer(p, "eevdf", "", "the kernel's own");
			ask("guest", "list", "--schedulers", offer_item, (void *)p);
			puts(":file");
		} else if (strcmp(kind, "<preset>") == 0) {
			offer_presets(p);
		} else if (strcmp(kind, "<kernel>") == 0) {
			ask("kernel", "list", "--json", offer_kernel, (void *)p);
			puts(":file");
		} else if (strcmp(kind, "<run>") == 0) {
			offer_runs(p);
			puts(":file");
		} else {
			offer(p, kind, "", NULL);
		}
	}
}

/* ---- a command line --------------------------------------------------------------- */

struct line {
	struct json_object *options; /* records of the command, and its operands */
	const char *tool, *command;  /* NULL: kt; none */
	char *const *words;          /* behind the command */
	size_t n;
};

static void keep_all(struct json_object *o, void *arg)
{
	json_object_array_add(arg, json_object_get(o));
}

static bool is_of(struct json_object *o, const char *command)
{
	const char *own = rec_get_str(o, "command", NULL);

	return command ? own && strcmp(own, command) == 0 : !own;
}

/* The record of type `type` of the command with that name (NULL: any), or of that letter. */
static struct json_object *find(const struct line *l, const char *type, const char *name,
				size_t len)
{
	size_t i;

	for (i = 0; i < json_object_array_length(l->options); i++) {
		struct json_object *o = json_object_array_get_idx(l->options, i);
		const char *own = rec_get_str(o, "name", ""),
			   *letter = rec_get_str(o, "letter", "");

		if (!rec_is(o, type) || !is_of(o, l->command))
			continue;
		if (!name || (len == 1 && strcmp(letter, name) == 0) ||
		    (strlen(own) == len && memcmp(own, name, len) == 0))
			return o;
	}
	return NULL;
}

/* The option of a word such as "--engine", "--engine=tcg" or "-e"; or NULL. */
static struct json_object *option_of(const struct line *l, const char *word)
{
	if (strncmp(word, "--", 2) == 0)
		return find(l, "option", word + 2, strcspn(word + 2, "="));
	return word[0] == '-' && word[1] && !word[2] ? find(l, "option", word + 1, 1) : NULL;
}

static void offer_options(const struct line *l, const struct place *p)
{
	char text[80];
	size_t i;

	for (i = 0; i < json_object_array_length(l->options); i++) {
		struct json_object *o = json_object_array_get_idx(l->options, i);

		if (!rec_is(o, "option") || !is_of(o, l->command))
			continue;
		snprintf(text, sizeof(text), "--%s", rec_get_str(o, "name", ""));
		offer(p, text, rec_get_str(o, "value", NULL) ? "=" : "",
		      rec_get_str(o, "help", ""));
	}
}

static void offer_commands(const struct place *p)
{
	size_t i;

	for (i = 0; tool_commands[i]; i++)
		offer(p, tool_commands[i], "", NULL);
	for (i = 0; tool_names[i]; i++)
		offer(p, tool_names[i], "", NULL);
}

static void offer_last(const struct line *l)
{
	const char *word = l->words[l->n - 1], *equals = strchr(word, '=');
	struct place p = { .before = "", .word = word };
	struct json_object *o;

	o = l->n > 1 && !strchr(l->words[l->n - 2], '=') ? option_of(l, l->words[l->n - 2]) : NULL;
	if (o && rec_get_str(o, "value", NULL)) {
		offer_kinds(&p, rec_get_str(o, "complete", ""));
	} else if (strncmp(word, "--", 2) == 0 && equals) {
		p = (struct place){ word, (int)(equals - word) + 1, equals + 1 };
		o = option_of(l, word);
		offer_kinds(&p, rec_get_str(o, "complete", ""));
	} else if (word[0] == '-') {
		offer_options(l, &p);
	} else {
		o = find(l, "operands", NULL, 0);
		offer_kinds(&p, rec_get_str(o, "complete", ""));
	}
}

/* A tool may have commands of its own. */
static void find_command(struct line *l)
{
	size_t i;

	for (i = 0; l->n > 1 && i < json_object_array_length(l->options); i++) {
		struct json_object *o = json_object_array_get_idx(l->options, i);

		if (!is_of(o, l->words[0]))
			continue;
		l->command = l->words[0];
		l->words++;
		l->n--;
		return;
	}
}

int complete(char *const *words, size_t n)
{
	struct line l = { .options = json_object_new_array(), .words = words + 1, .n = n - 1 };
	const char *program = strrchr(words[0], '/');

	program = program ? program + 1 : words[0];
	if (strncmp(program, "kt-", 3) == 0)
		l.tool = program + 3;
	if (!l.tool && l.n == 1 && words[1][0] != '-') {
		offer_commands(&(struct place){ .before = "", .word = words[1] });
	} else if (l.n) {
		if (!l.tool && l.n > 1 && !tool_is_command(words[1])) {
			l.tool = words[1];
			l.words++;
			l.n--;
		}
		ask(l.tool, "--help=records", NULL, keep_all, l.options);
		find_command(&l);
		offer_last(&l);
	}
	json_object_put(l.options);
	return KT_OK;
}
