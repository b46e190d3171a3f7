// SPDX-License-Identifier: GPL-2.0-only
/*
 * "expect_error": the scheduler is to fail, and what it says about that. A pattern that
 * every message has would check nothing, so it is an error.
 */
#include <regex.h>
#include <string.h>

#include "exit.h"
#include "expect.h"
#include "plan/common/kernel.h"
#include "record.h"

#define PATTERN_MAX 256

static int check_contains(const struct node *n, const char *s, struct errbuf *e)
{
	return *s ? KT_OK : node_fail(n, e, "\"contains\": every text contains \"\"");
}

static int check_matches(const struct node *n, const char *s, struct errbuf *e)
{
	const char *brace = strchr(s, '{');
	char why[120];
	regex_t re;
	int rc;

	/* the C library multiplies repetitions out, and those of repetitions again */
	if (strlen(s) > PATTERN_MAX || (brace && strchr(brace + 1, '{')))
		return node_fail(n, e,
				 "\"matches\": longer than %d characters, or more than one {...}",
				 PATTERN_MAX);
	rc = regcomp(&re, s, REG_EXTENDED | REG_NOSUB);
	if (rc) {
		regerror(rc, &re, why, sizeof(why));
		return node_fail(n, e, "\"matches\": '%.80s' is no extended regular expression: %s",
				 s, why);
	}
	rc = regexec(&re, "", 0, NULL, 0);
	regfree(&re);
	return rc ? KT_OK
		  : node_fail(n, e, "\"matches\": '%.80s' matches every text, even none", s);
}

/* One string, or an array of them. */
static int read_list(const struct node *n, struct json_object *list,
		     int (*check)(const struct node *, const char *, struct errbuf *),
		     struct errbuf *e)
{
	const char *s;
	int rc;

	if (!json_object_is_type(n->v, json_type_string))
		return plan_strings(n, list, "a string or an array of strings", check, e);
	rc = node_string(n, "a string", &s, e);
	if (!rc)
		rc = check(n, s, e);
	if (!rc)
		json_object_array_add(list, json_object_new_string(s));
	return rc;
}

int plan_expect(const struct node *n, struct json_object **expect, struct errbuf *e)
{
	static const char *const keys[] = { "contains", "matches", NULL };
	struct json_object *contains, *matches;
	bool expected = true;
	struct node m;
	int rc = KT_OK;

	*expect = NULL;
	if (json_object_is_type(n->v, json_type_boolean))
		expected = json_object_get_boolean(n->v);
	else if (!json_object_is_type(n->v, json_type_object))
		return node_expected(n, e,
				     "true, false or an object with \"contains\" and \"matches\"");
	else
		rc = node_keys(n, keys, "\"expect_error\"", e);
	if (rc || !expected)
		return rc;
	*expect = json_object_new_object();
	rec_bool(*expect, "error", true);
	rec_add(*expect, "contains", contains = json_object_new_array());
	rec_add(*expect, "matches", matches = json_object_new_array());
	if (node_get(n, "contains", &m))
		rc = read_list(&m, contains, check_contains, e);
	if (!rc && node_get(n, "matches", &m))
		rc = read_list(&m, matches, check_matches, e);
	return rc;
}
