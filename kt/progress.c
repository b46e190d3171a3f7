// SPDX-License-Identifier: GPL-2.0-only
/* What the records of a run say about how far it is, as one line that is drawn over and over. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "clock.h"
#include "progress.h"
#include "record.h"
#include "units.h"

#define REDRAW_NS  (200 * NSEC_PER_MSEC)
#define RECORD_MAX 4096 /* records of interest are short */

static unsigned int columns(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || w.ws_col < 20)
		return 80;
	return w.ws_col;
}

static void draw(struct progress *p)
{
	uint64_t now = clock_ns(), passed = (now - p->since_ns) / NSEC_PER_SEC;
	unsigned int room = columns() - 1;
	char line[256];
	int n;

	n = snprintf(line, sizeof(line), "%s: %s", p->test, p->stage);
	if (passed)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ", %llu s",
			      (unsigned long long)passed);
	if (passed && p->expected_ns)
		snprintf(line + n, sizeof(line) - (size_t)n, " of %llu s",
			 (unsigned long long)(p->expected_ns / NSEC_PER_SEC));
	fprintf(stderr, "\r\033[K%.*s", (int)room, line);
	p->drawn = true;
	p->drawn_ns = now;
}

void progress_stage(struct progress *p, const char *stage)
{
	if (!p->on)
		return;
	snprintf(p->stage, sizeof(p->stage), "%s", stage);
	p->since_ns = clock_ns();
	p->expected_ns = 0;
	draw(p);
}

void progress_start(struct progress *p, const char *name)
{
	const char *base = strrchr(name, '/');

	snprintf(p->test, sizeof(p->test), "%s", base ? base + 1 : name);
	p->working = false;
	p->steps = 0;
	progress_stage(p, "plan");
}

void progress_plan(struct progress *p, const char *name, unsigned int steps, uint64_t duration_ns)
{
	snprintf(p->test, sizeof(p->test), "%s", name);
	p->steps = steps;
	p->duration_ns = duration_ns;
}

/* The time runs on over all steps: what is known is how long they take together. */
static void step(struct progress *p, int64_t index)
{
	uint64_t since = p->since_ns;
	char stage[48];

	snprintf(stage, sizeof(stage), "step %lld/%u", (long long)index + 1, p->steps);
	progress_stage(p, stage);
	if (p->working)
		p->since_ns = since;
	p->working = true;
	p->expected_ns = p->duration_ns;
}

static void take(struct progress *p, struct json_object *o)
{
	const char *stage = rec_get_str(o, "stage", "");

	if (rec_is(o, "vm"))
		progress_stage(p, "boot");
	else if (rec_is(o, "step") && !strcmp(rec_get_str(o, "event", ""), "start"))
		step(p, rec_get_int(o, "index", 0));
	else if (rec_is(o, "boot") && !strcmp(stage, "done"))
		progress_stage(p, "power-off");
	else if (rec_is(o, "vm_exit"))
		progress_stage(p, "judging");
}

void progress_record(struct progress *p, const char *line, size_t len)
{
	static const char *const types[] = { "vm", "boot", "step", "vm_exit", NULL };
	struct json_tokener *tok;
	struct json_object *o;
	char start[32];
	size_t n;
	int i;

	if (!p->on || len > RECORD_MAX)
		return;
	for (i = 0; types[i]; i++) {
		n = (size_t)snprintf(start, sizeof(start), "{\"type\":\"%s\"", types[i]);
		if (len > n && !memcmp(line, start, n))
			break;
	}
	tok = types[i] ? json_tokener_new() : NULL;
	if (!tok)
		return;
	o = json_tokener_parse_ex(tok, line, (int)len);
	if (o)
		take(p, o);
	json_object_put(o);
	json_tokener_free(tok);
}

void progress_tick(struct progress *p)
{
	if (p->on && clock_ns() - p->drawn_ns >= REDRAW_NS)
		draw(p);
}

void progress_clear(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}
