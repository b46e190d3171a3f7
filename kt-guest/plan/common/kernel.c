// SPDX-License-Identifier: GPL-2.0-only
/* "kargs" and "sysctls", of a scheduler and of a test; lists of strings in general. */
#include <ctype.h>
#include <string.h>

#include "exit.h"
#include "kernel.h"
#include "record.h"

#define PLAN_LIST_MAX 256

int plan_strings(const struct node *n, struct json_object *list, const char *want,
		 int (*check)(const struct node *, const char *, struct errbuf *), struct errbuf *e)
{
	struct node item;
	const char *s;
	size_t i;
	int rc = node_array(n, want, e);

	if (!rc && node_count(n) > PLAN_LIST_MAX)
		return node_fail(n, e, "\"%s\": more than %d", n->key, PLAN_LIST_MAX);
	for (i = 0; !rc && i < node_count(n); i++) {
		item = node_item(n, i);
		rc = node_string(&item, "a string", &s, e);
		if (!rc && check)
			rc = check(&item, s, e);
		if (!rc)
			json_object_array_add(list, json_object_new_string(s));
	}
	return rc;
}

/* Kernel arguments that decide how kt talks to its guest. */
static int check_karg(const struct node *n, const char *s, struct errbuf *e)
{
	static const char *const ours[] = { "console",   "loglevel", "rdinit", "init",
					    "initrd",    "maxcpus",  "panic",  "nr_cpus",
					    "acpi_rsdp", "mem",      NULL };
	size_t len = strcspn(s, "="), i;
	const char *c;

	for (c = s; isgraph((unsigned char)*c) && *c != '"'; c++)
		;
	if (*c || c == s || strcmp(s, "--") == 0)
		return node_expected(n, e, "one kernel argument without blanks and quotes");
	for (i = 0; ours[i]; i++)
		if (strlen(ours[i]) == len && strncmp(ours[i], s, len) == 0)
			return node_fail(n, e, "\"kargs\": \"%s\" is set by kt itself", ours[i]);
	return KT_OK;
}

int plan_kargs(const struct node *n, struct json_object *list, struct errbuf *e)
{
	return plan_strings(n, list, "an array of kernel arguments", check_karg, e);
}

bool plan_sysctl_key_ok(const char *s)
{
	const char *c;

	for (c = s; isalnum((unsigned char)*c) || (*c && strchr("_.-", *c)); c++)
		;
	return c > s && c - s <= 200 && !*c && isalnum((unsigned char)*s) && !strstr(s, "..");
}

int plan_sysctls(const struct node *n, struct json_object *out, struct errbuf *e)
{
	struct node m;
	const char *s, *c;
	int rc = node_object(n, "an object such as {\"kernel.sched_autogroup_enabled\": \"0\"}", e);

	if (rc)
		return rc;
	if (node_count(n) > PLAN_LIST_MAX)
		return node_fail(n, e, "\"sysctls\": more than %d", PLAN_LIST_MAX);
	json_object_object_foreach (n->v, key, value) {
		(void)value;
		node_get(n, key, &m);
		if (!plan_sysctl_key_ok(key))
			return node_fail_key(&m, e, "\"%.40s\" is no name of a sysctl", key);
		rc = node_string(&m, "a string", &s, e);
		if (rc)
			return rc;
		for (c = s; isprint((unsigned char)*c); c++)
			;
		if (*c)
			return node_expected(&m, e, "a value in one line of ASCII");
		rec_str(out, key, s);
	}
	return KT_OK;
}
