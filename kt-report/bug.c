// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a scheduler, or of its guest, in one line: kind, reason, message, and whose
 * doing it was. The kernel says the first three in a record of its own; where it had no
 * time for that, the scheduler's last words and the console have them, too.
 */
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "bug.h"
#include "culprit.h"
#include "dump.h"
#include "record.h"

#define ERROR_KINDS "SCX_EXIT_ERROR"

static void keep(struct json_object **slot, struct json_object *o)
{
	json_object_put(*slot);
	*slot = json_object_get(o);
}

/* An `exit` that tells of an error; before it is complete, the kernel says NONE or DONE. */
static bool is_error(struct json_object *exit)
{
	return strncmp(rec_get_str(exit, "kind", ""), ERROR_KINDS, strlen(ERROR_KINDS)) == 0;
}

/* "sched_ext: ..." of the console, without the kernel's time stamp. */
static const char *console_words(struct json_object *o)
{
	const char *text = rec_get_str(o, "text", ""), *at = strstr(text, "sched_ext: ");

	return at && (at == text || at[-1] == ' ') ? at : NULL;
}

/* A snapshot comes before the kernel's words: with these, one end is complete. */
static void next_end(struct bug *b)
{
	if (!b->last.exit)
		return;
	if (b->n == FACTS_ENDS) { /* the first ones are the best to know */
		json_object_put(b->last.exit);
		json_object_put(b->last.snapshot);
	} else {
		b->before[b->n++] = b->last;
	}
	b->last = (struct bug_end){ 0 };
}

void bug_take(struct bug *b, struct json_object *o)
{
	const char *event = rec_get_str(o, "event", ""), *words;
	struct json_object *exit = rec_is(o, "scx_exit") ? rec_get_obj(o, "exit") : NULL;
	bool caught = rec_is(o, "snapshot") && strcmp(rec_get_str(o, "reason", ""), "failure") == 0;

	if (caught || is_error(exit))
		next_end(b);
	if (caught)
		keep(&b->last.snapshot, o);
	else if (is_error(exit))
		keep(&b->last.exit, exit);
	else if (rec_is(o, "sched") && !b->sched &&
		 (strcmp(event, "exit") == 0 || strcmp(event, "failed") == 0))
		keep(&b->sched, o);
	else if (rec_is(o, "console") && !b->console) {
		words = console_words(o);
		if (words && strstr(words, " disabled ("))
			keep(&b->console, o);
	}
}

void bug_free(struct bug *b)
{
	next_end(b);
	json_object_put(b->last.snapshot);
	while (b->n) {
		json_object_put(b->before[--b->n].exit);
		json_object_put(b->before[b->n].snapshot);
	}
	json_object_put(b->sched);
	json_object_put(b->console);
}

static struct json_object *exit_of(const struct bug_end *end)
{
	struct json_object *caught = rec_get_obj(end->snapshot, "exit");

	return end->exit ? end->exit : is_error(caught) ? caught : NULL;
}

/* The guest ended, by its own fault. */
static bool guest_died(const struct facts *s)
{
	static const char *const causes[] = { "panic", "triple_fault", "deadline", "reboot" };
	const char *cause = rec_get_str(s->vm_exit, "cause", "");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(causes); i++)
		if (strcmp(cause, causes[i]) == 0)
			return true;
	return false;
}

bool bug_there(const struct facts *s)
{
	return s->bug.n || exit_of(&s->bug.last) || s->bug.sched || guest_died(s);
}

/* What the kernel's words for the reason stand for. */
static const char *kind_of(const char *reason)
{
	static const struct {
		const char *words, *kind;
	} kinds[] = {
		{ "runnable task stall", "SCX_EXIT_ERROR_STALL" },
		{ "scx_bpf_error", "SCX_EXIT_ERROR_BPF" },
		{ "runtime error", "SCX_EXIT_ERROR" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strncmp(reason, kinds[i].words, strlen(kinds[i].words)) == 0)
			return kinds[i].kind;
	return NULL;
}

/* "reason (message)", of which the first is one of the kernel's; other words are a reason. */
static void parse_reason(const char *text, struct words *w)
{
	const char *open = kind_of(text) ? strstr(text, " (") : NULL, *close = strrchr(text, ')');

	snprintf(w->reason, sizeof(w->reason), "%.*s", (int)(open ? open - text : 127), text);
	if (open && close > open)
		snprintf(w->msg, sizeof(w->msg), "%.*s", (int)(close - open - 2), open + 2);
}

/* "EXIT: reason (message)" of a scheduler, or "... disabled (reason)" of the console. */
static void parse_words(const char *text, struct words *w)
{
	const char *exit = strstr(text, "EXIT: "), *disabled = strstr(text, " disabled (");

	if (exit || !disabled) {
		parse_reason(exit ? exit + strlen("EXIT: ") : text, w);
		return;
	}
	disabled += strlen(" disabled (");
	snprintf(w->reason, sizeof(w->reason), "%.*s", (int)strcspn(disabled, ")"), disabled);
}

static void kernel_words(struct json_object *exit, struct words *w)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->kind, sizeof(w->kind), "%s", rec_get_str(exit, "kind", ""));
	snprintf(w->reason, sizeof(w->reason), "%s", rec_get_str(exit, "reason", ""));
	snprintf(w->msg, sizeof(w->msg), "%s", rec_get_str(exit, "msg", ""));
}

/* What the scheduler or the console say. */
static void other_words(const struct facts *s, struct words *w)
{
	const char *kind;

	memset(w, 0, sizeof(*w));
	if (s->bug.sched)
		parse_words(rec_get_str(s->bug.sched, "reason", ""), w);
	if (!kind_of(w->reason) && s->bug.console)
		parse_words(rec_get_str(s->bug.console, "text", ""), w);
	kind = kind_of(w->reason);
	snprintf(w->kind, sizeof(w->kind), "%s", kind ? kind : "");
}

static const char *guest_words(const struct facts *s)
{
	struct json_object *panic = rec_get_arr(s->vm_exit, "panic"), *line = NULL;
	const char *text, *end;

	if (panic && json_object_array_length(panic))
		line = json_object_array_get_idx(panic, 0);
	if (!json_object_is_type(line, json_type_string))
		return rec_get_str(s->vm_exit, "detail", NULL);
	text = json_object_get_string(line);
	end = text[0] == '[' ? strstr(text, "] ") : NULL;
	return end ? end + 2 : text;
}

static void headline(const struct term *out)
{
	term_word(out, COLOUR_RED, "BUG SUMMARY");
	fputs(" ", out->f);
}

static void guest_summary(const struct term *out, const struct facts *s)
{
	headline(out);
	term_text(out, rec_get_str(s->vm_exit, "cause", "?"));
	if (guest_words(s)) {
		fputs(": ", out->f);
		term_text(out, guest_words(s));
	}
	culprit_of_guest(out, s->bug.last.snapshot);
	fputs("\n", out->f);
}

static void show_words(const struct term *out, const struct words *w)
{
	const char *parts[] = { w->kind, w->reason, w->msg };
	bool any = false;
	int i;

	for (i = 0; i < 3; i++) {
		if (!*parts[i])
			continue;
		fputs(any ? ": " : "", out->f);
		term_text(out, parts[i]);
		any = true;
	}
	if (!any)
		fputs("the scheduler ended", out->f);
}

static const char *ops_of(const struct bug_end *end)
{
	return rec_get_str(exit_of(end), "ops", "");
}

/* One of several ends has its scheduler's name in front. */
static void end_summary(const struct term *out, const struct bug_end *end, bool several)
{
	struct words w;

	headline(out);
	if (several) {
		term_text(out, ops_of(end));
		fputs(": ", out->f);
	}
	kernel_words(exit_of(end), &w);
	show_words(out, &w);
	culprit_write(out, end->snapshot, exit_of(end), &w);
	fputs("\n", out->f);
}

/* The kernel had no time to say why. */
static void untold_summary(const struct term *out, const struct facts *s)
{
	struct words w;

	headline(out);
	other_words(s, &w);
	show_words(out, &w);
	culprit_write(out, s->bug.last.snapshot, NULL, &w);
	fputs("\n", out->f);
}

void bug_summary(const struct term *out, const struct facts *s)
{
	const struct bug *b = &s->bug;
	unsigned int i;

	for (i = 0; i < b->n; i++)
		end_summary(out, &b->before[i], true);
	if (exit_of(&b->last))
		end_summary(out, &b->last, b->n);
	else if (guest_died(s))
		guest_summary(out, s);
	else if (!b->n)
		untold_summary(out, s);
}

static void end_dump(const struct term *out, const struct bug_end *end, bool several, bool verbose)
{
	struct json_object *e = exit_of(end);

	if (!end->snapshot && !e)
		return;
	term_section(out, "dump");
	if (several) {
		fputs("scheduler: ", out->f);
		term_text(out, ops_of(end));
		fputs("\n", out->f);
	}
	dump_write(out, end->snapshot, rec_get_arr(e, "backtrace"), rec_get_str(e, "dump", NULL),
		   verbose);
}

void bug_dump(const struct term *out, const struct facts *s, bool verbose)
{
	unsigned int i;

	for (i = 0; i < s->bug.n; i++)
		end_dump(out, &s->bug.before[i], true, verbose);
	end_dump(out, &s->bug.last, s->bug.n, verbose);
}
