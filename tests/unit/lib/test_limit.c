// SPDX-License-Identifier: GPL-2.0-only
/* The table of limits, its parser, and what the page and the schema say of each limit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "unit.h"

static char *slurp(const char *path)
{
	static char buf[1 << 20];
	FILE *f = fopen(path, "r");

	CHECK(f != NULL);
	buf[f ? fread(buf, 1, sizeof(buf) - 1, f) : 0] = '\0';
	if (f)
		fclose(f);
	return buf;
}

/* The head of the paragraph about a limit: 'KEY (WHAT; default: VALUE)'. */
static void head_of(const char *page, const struct limit_def *d, char head[200])
{
	char item[80];
	const char *at;

	snprintf(item, sizeof(item), "\n.It Cm %s%s", d->timed ? d->timed : d->key,
		 d->fallback || !d->flag ? " " : "");
	at = strstr(page, item);
	snprintf(head, 200, "%.*s", at ? (int)strcspn(at + 1, "\n") : 0, at ? at + 1 : "");
}

TEST(page_has_each_with_its_default)
{
	const char *page = slurp("man/kt-test.5");
	char head[200], want[80];
	int i;

	for (i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_def *d = &limit_defs[i];

		if (i == LIMIT_DEFAULTS) { /* it is in the text above the list */
			CHECK(strstr(page, "\n.Cm defaults\n") != NULL);
			continue;
		}
		head_of(page, d, head);
		CHECK(*head != '\0');
		if (!d->fallback)
			continue;
		if (d->with == LIMIT_MONITOR && d->flag)
			snprintf(want, sizeof(want), "with monitor true");
		else if (d->with == LIMIT_MONITOR)
			snprintf(want, sizeof(want), "with monitor %.15g", d->fallback);
		else if (d->timed) /* a limit of milliseconds whose page has seconds */
			snprintf(want, sizeof(want), "with not_stuck %.15gs", d->fallback / 1000);
		else if (d->with == LIMIT_NOT_STUCK)
			snprintf(want, sizeof(want), "with not_stuck %.15g", d->fallback);
		else
			snprintf(want, sizeof(want), "default: %.15g", d->fallback);
		CHECK_STR(strstr(head, want) ? want : head, want);
	}
}

TEST(schema_has_each)
{
	const char *schema = slurp("share/test.schema.json");
	char key[80];
	int i;

	for (i = 0; i < LIMIT_COUNT; i++) {
		snprintf(key, sizeof(key), "\"%s\": {", limit_defs[i].key);
		CHECK_STR(strstr(schema, key) ? key : "not in the schema", key);
	}
}

TEST(range_of_each)
{
	char text[32];
	double value;
	bool off;
	struct errbuf e;
	int i;

	for (i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_def *d = &limit_defs[i];

		CHECK(d->key && d->want && d->help && d->min < d->max);
		CHECK_INT(limit_parse(d, "off", &off, &value, &e), 0);
		CHECK(off);
		snprintf(text, sizeof(text), "%.15g", d->max * 1.5);
		CHECK(limit_parse(d, text, &off, &value, &e) < 0);
		CHECK(limit_parse(d, "-1", &off, &value, &e) < 0);
		if (d->fallback && !d->flag) {
			snprintf(text, sizeof(text), "%.15g", d->fallback);
			CHECK_INT(limit_parse(d, text, &off, &value, &e), 0);
			CHECK(value == d->fallback && !off);
		}
	}
}

UNIT_MAIN(T(page_has_each_with_its_default), T(schema_has_each), T(range_of_each))
