// SPDX-License-Identifier: GPL-2.0-only
/* kt snapshot show: the snapshots in the records of a run, and what is in them by name. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "msg.h"
#include "record.h"
#include "snappath.h"
#include "cmd_snapshot.h"
#include "suggest.h"
#include "units.h"

#define LIST_MAX 20 /* names in a message */

static const struct opt rows[] = { { 0 } };

const struct opt_table snapshot_options = {
	.command = "snapshot",
	.usage = "show RUN [NAME [PATH]]",
	.about = "Shows the snapshots of a run, one of them, or what it has at a path.\n"
		 "RUN is a file of records, or the directory of a run.\n",
	.opt = rows,
	.end = "See kt(1).\n",
	.operands = "show <run>",
};

/* The snapshots of a stream; of several with one name the last one is that name's. */
struct shots {
	struct json_object *list;
};

static int open_run(const char *path, FILE **f)
{
	char in_dir[PATH_MAX];
	struct stat st;
	int n = 0;

	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		n = snprintf(in_dir, sizeof(in_dir), "%s/run.jsonl", path);
		path = in_dir;
	}
	if (n >= (int)sizeof(in_dir))
		return msg_err(KT_DATA, ENAMETOOLONG, "unable to open %.100s", in_dir);
	*f = fopen(path, "re");
	return *f ? KT_OK : msg_err(KT_DATA, errno, "unable to open %s", path);
}

/* A stream that is cut still has the snapshots that came. */
static int read_shots(const char *path, struct shots *s)
{
	char type[REC_TYPE_MAX];
	struct rec_in in;
	struct errbuf e;
	FILE *f = NULL;
	int rc = open_run(path, &f), got;

	if (rc)
		return rc;
	rec_in_init(&in, f);
	while ((got = rec_line(&in, &e)) > 0) {
		rec_peek(&in, type);
		if (*type && strcmp(type, "snapshot") != 0)
			continue;
		if (rec_parse(&in, &e) < 0)
			rc = msg_err(KT_DATA, 0, "%s: %s", path, e.text);
		else if (rec_is(in.obj, "snapshot"))
			json_object_array_add(s->list, json_object_get(in.obj));
		if (rc)
			break;
	}
	if (got < 0 && !json_object_array_length(s->list))
		rc = msg_err(KT_DATA, 0, "%s: %s", path, e.text);
	rec_in_free(&in);
	fclose(f);
	if (!rc && !json_object_array_length(s->list))
		rc = msg_err(KT_DATA, 0, "%s has no snapshots", path);
	return rc;
}

static const char *name_of(struct json_object *o)
{
	return rec_get_str(o, "name", "");
}

/* Text of a guest, for a terminal: whatever acts on one becomes '?'. */
static void put_chars(const char *s, bool lines)
{
	for (; *s; s++) {
		if (((unsigned char)*s < 0x20 && !(lines && *s == '\n')) || *s == 0x7f ||
		    ((unsigned char)*s == 0xc2 && ((unsigned char)s[1] & 0xe0) == 0x80))
			putchar('?');
		else
			putchar(*s);
	}
}

static void put_text(const char *s)
{
	put_chars(s, false);
}

static size_t length(struct json_object *a)
{
	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

static void heading(struct json_object *o)
{
	char pause[24];

	int64_t ns = rec_get_int(o, "pause_ns", 0);

	put_text(name_of(o));
	printf("  ");
	put_text(rec_get_str(o, "reason", "?"));
	printf("  at %.3fs, paused for %s, %zu cpus, %zu maps\n",
	       (double)rec_get_int(o, "t_ns", 0) / NSEC_PER_SEC,
	       units_format_ns(pause, ns > 0 ? (uint64_t)ns : 0), length(rec_get_arr(o, "cpus")),
	       length(rec_get_arr(o, "maps")));
}

static int no_such(const struct shots *s, const char *name)
{
	char list[400] = "";
	struct suggest near = { .word = name };
	size_t i, len = 0, n = length(s->list);

	for (i = 0; i < n; i++) {
		suggest_try(&near, name_of(json_object_array_get_idx(s->list, i)));
		if (i < LIST_MAX && len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%.80s",
						i ? ", " : "",
						name_of(json_object_array_get_idx(s->list, i)));
	}
	if (near.best)
		return msg_err(KT_DATA, 0,
			       "no snapshot \"%s\" (did you mean \"%s\"? there are %s%s)", name,
			       near.best, list, n > LIST_MAX ? " and more" : "");
	return msg_err(KT_DATA, 0, "no snapshot \"%s\" (there are %s%s)", name, list,
		       n > LIST_MAX ? " and more" : "");
}

static struct json_object *find(const struct shots *s, const char *name)
{
	size_t i = length(s->list);

	while (i-- > 0)
		if (strcmp(name_of(json_object_array_get_idx(s->list, i)), name) == 0)
			return json_object_array_get_idx(s->list, i);
	return NULL;
}

/* A number or a text as it is, anything else as JSON. */
static void put_value(struct json_object *v)
{
	if (json_object_is_type(v, json_type_string))
		put_text(json_object_get_string(v));
	else
		put_chars(json_object_to_json_string_ext(v, JSON_C_TO_STRING_PRETTY |
								    JSON_C_TO_STRING_SPACED |
								    JSON_C_TO_STRING_NOSLASHESCAPE),
			  true);
	putchar('\n');
}

static void put_cpus(struct json_object *cpus)
{
	struct json_object *c, *curr;
	size_t i;

	for (i = 0; i < length(cpus); i++) {
		c = json_object_array_get_idx(cpus, i);
		curr = rec_get_obj(c, "curr");
		printf("cpu %lld  ", (long long)rec_get_int(c, "cpu", -1));
		put_text(rec_get_str(curr, "comm", "?"));
		printf("[%lld]  nr_running %lld, scx %lld, local DSQ %zu\n",
		       (long long)rec_get_int(curr, "pid", -1),
		       (long long)rec_get_int(c, "nr_running", 0),
		       (long long)rec_get_int(c, "scx_nr_running", 0),
		       length(rec_get_arr(c, "local_dsq")));
	}
}

static void put_variables(struct json_object *vars)
{
	rec_each (vars, key, v) {
		printf("  ");
		put_text(key);
		printf(" = ");
		put_text(json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
		putchar('\n');
	}
}

static void put_maps(struct json_object *maps)
{
	struct json_object *m, *entries, *vars;
	size_t i;

	for (i = 0; i < length(maps); i++) {
		m = json_object_array_get_idx(maps, i);
		entries = rec_get_arr(m, "entries");
		printf("map ");
		put_text(rec_get_str(m, "name", "?"));
		printf("  ");
		put_text(rec_get_str(m, "type", "?"));
		printf(", %zu entries\n", length(entries));
		vars = strchr(rec_get_str(m, "name", ""), '.') && length(entries)
			       ? rec_get_obj(json_object_array_get_idx(entries, 0), "value")
			       : NULL;
		if (vars)
			put_variables(vars);
	}
}

static void put_shot(struct json_object *o)
{
	struct json_object *dsqs = rec_get_arr(o, "dsqs"), *exit = rec_get_obj(o, "exit"), *d;
	size_t i;

	heading(o);
	put_cpus(rec_get_arr(o, "cpus"));
	for (i = 0; i < length(dsqs); i++) {
		d = json_object_array_get_idx(dsqs, i);
		printf("dsq %lld  %lld tasks\n", (long long)rec_get_int(d, "id", -1),
		       (long long)rec_get_int(d, "nr", 0));
	}
	put_maps(rec_get_arr(o, "maps"));
	if (rec_get_str(exit, "kind", NULL)) {
		printf("exit  ");
		put_text(rec_get_str(exit, "kind", ""));
		printf("  ");
		put_text(rec_get_str(exit, "msg", ""));
		putchar('\n');
	}
}

static int show(const struct shots *s, const char *name, const char *path)
{
	struct json_object *o = name ? find(s, name) : NULL, *v;
	struct errbuf e;
	size_t i;

	if (name && !o)
		return no_such(s, name);
	for (i = 0; !name && i < length(s->list); i++)
		heading(json_object_array_get_idx(s->list, i));
	if (name && !path)
		put_shot(o);
	if (!path)
		return KT_OK;
	if (snappath_get(o, path, &v, &e))
		return msg_err(KT_DATA, 0, "snapshot %s: %s", name, e.text);
	put_value(v);
	json_object_put(v);
	return KT_OK;
}

int snapshot_main(int argc, char **argv)
{
	struct shots s = { 0 };
	int rc;

	opts_next(&snapshot_options, argc, argv, &rc);
	if (rc >= 0)
		return rc;
	if (optind == argc || strcmp(argv[optind], "show") != 0)
		return msg_usage("snapshot: expected \"show\"%s%s%s",
				 optind < argc ? ", not '" : "", optind < argc ? argv[optind] : "",
				 optind < argc ? "'" : "");
	argc -= ++optind;
	argv += optind;
	if (argc < 1 || argc > 3)
		return msg_usage(
			"snapshot show: expected a run, the name of a snapshot and a path");
	s.list = json_object_new_array();
	rc = read_shots(argv[0], &s);
	if (!rc)
		rc = show(&s, argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL);
	json_object_put(s.list);
	return rc;
}
