// SPDX-License-Identifier: GPL-2.0-only
/* The program of a scheduler: an executable file of this host, by path, by name or by environment.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "paths.h"
#include "plan/common/find.h"
#include "program.h"
#include "record.h"
#include "sched.h"
#include "sched_program.h"

int plan_sched_lacks(const struct node *at, struct errbuf *e, const char *text)
{
	if (at)
		node_fail(at, e, "%s", text);
	else
		errbuf_set(e, 0, "--scheduler: %s", text);
	return KT_HOST;
}

static int not_found(const struct node *at, const char *name, struct errbuf *e)
{
	char where[120], text[sizeof(e->text)];

	plan_find_where("schedulers", "schedulers", where, sizeof(where));
	snprintf(
		text, sizeof(text),
		"unable to find scheduler \"%.40s\": no such .json in %s, no such program beside kt "
		"or in PATH; type KT_SCHEDULER=/path/to/it or --scheduler eevdf%s",
		name, where, strcmp(name, "scx_kt") == 0 ? ", or build it by 'make scx'" : "");
	return plan_sched_lacks(at, e, text);
}

static int program_at(const struct node *at, const char *path, char *buf, struct errbuf *e)
{
	char text[sizeof(e->text)];

	if (plan_absolute(at, path, buf) && plan_is_program(buf))
		return KT_OK;
	snprintf(text, sizeof(text), "scheduler \"%.200s\" is no executable program", path);
	return plan_sched_lacks(at, e, text);
}

/* "scx-a.b" is KT_SCHEDULER_BIN_SCX_A_B; *var is the one that is set. NULL: none. */
static const char *from_environment(const struct plan_sched *s, char *var, size_t size)
{
	const char *env, *c;
	int n = snprintf(var, size, "KT_SCHEDULER_BIN_");

	for (c = rec_get_str(s->record, "name", ""); *c && n + 1 < (int)size; c++)
		var[n++] = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
	var[n] = '\0';
	env = getenv(var);
	if (env && *env)
		return env;
	snprintf(var, size, "KT_SCHEDULER");
	env = s->staged ? NULL : getenv(var);
	return env && *env ? env : NULL;
}

int plan_sched_binary(const struct node *at, struct plan_sched *s, const char *name,
		      struct errbuf *e)
{
	char var[80], path[PATH_MAX], buf[PATH_MAX];
	const char *env = s->option ? NULL : from_environment(s, var, sizeof(var));
	int rc = KT_OK;

	if (env) {
		if (strchr(env, '/') ? !plan_absolute(NULL, env, buf) || !plan_is_program(buf)
				     : paths_program(env, path) || !realpath(path, buf))
			rc = errbuf_set(e, KT_HOST, "%s: \"%.200s\" is no executable program", var,
					env);
		else if (strcmp(var, "KT_SCHEDULER") == 0) /* another one keeps its own promises */
			json_object_object_del(s->record, "promises");
	} else if (strchr(name, '/')) {
		rc = program_at(at, name, buf, e);
	} else if (!*name || paths_program(name, path) || !realpath(path, buf) ||
		   !plan_is_program(buf)) {
		rc = not_found(at, name, e);
	}
	if (!rc)
		rec_str(s->record, "binary", buf);
	return rc;
}
