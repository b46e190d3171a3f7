// SPDX-License-Identifier: GPL-2.0-only
/*
 * Custom: any program as a worker. It cannot take checkpoints, so what is known of it comes
 * from the kernel and from what it prints: JSON lines on stdout. Both its streams go to
 * memory files, which nobody needs to read while it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "custom.h"
#include "exit.h"
#include "measure/flatten.h"
#include "record.h"

#define OUTPUT_MAX (16U << 20) /* read of it; the memory is charged to its own cgroup */
#define TAIL_MAX   1024        /* of its stderr, in the record */

struct custom {
	int out, err;
};

static size_t custom_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct custom);
}

static int custom_prepare(struct work_group *g)
{
	struct custom *c = g->shared;
	int rc;

	c->out = memfd_create("kt-stdout", MFD_CLOEXEC);
	if (c->out < 0)
		return -errno;
	c->err = memfd_create("kt-stderr", MFD_CLOEXEC);
	if (c->err >= 0)
		return 0;
	rc = -errno;
	close(c->out);
	return rc;
}

static void custom_discard(struct work_group *g)
{
	struct custom *c = g->shared;

	close(c->out);
	close(c->err);
}

const struct work_type work_family_custom[] = {
	{
		.name = "Custom",
		.summary = "a program of yours; told to stop by SIGTERM",
		.group = 1,
		.processes = true,
		.external = true,
		.ops = { .shared = custom_shared,
			 .prepare = custom_prepare,
			 .discard = custom_discard },
	},
	{ .name = NULL },
};

_Noreturn void work_custom_exec(const struct work *w)
{
	static char path_env[] = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
	char cgroup[400], member[32];
	char *envp[] = { path_env, cgroup, member, NULL };
	const struct custom *c = w->group->shared;
	struct json_object *args = rec_get_arr(w->params, "args");
	size_t i, n = args ? json_object_array_length(args) : 0;
	const char **argv = calloc(n + 2, sizeof(*argv));
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), why;

	if (!argv)
		_exit(KT_SYS);
	snprintf(cgroup, sizeof(cgroup), "KT_CGROUP=%s", w->cgroup);
	snprintf(member, sizeof(member), "KT_WORKER=%u", w->index);
	argv[0] = work_custom_program(w->params);
	for (i = 0; i < n; i++)
		argv[i + 1] = json_object_get_string(json_object_array_get_idx(args, i));
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(c->out, 1) < 0 || dup2(c->err, 2) < 0)
		_exit(KT_SYS);
	execve(argv[0], (char *const *)argv, envp);
	why = errno;
	telemetry_failed(w->tm, TM_EXEC, why);
	dprintf(2, "unable to run %s: %s\n", argv[0], strerror(why));
	_exit(why == ENOENT ? KT_NOTFOUND : KT_NOEXEC);
}

const char *work_custom_program(struct json_object *o)
{
	const char *guest = rec_get_str(o, "program", rec_get_str(o, "guest_binary", ""));

	/* on a bare host nothing was packed */
	return access(guest, F_OK) == 0 ? guest : rec_get_str(o, "host", guest);
}

/* One object; its numbers, by path, into the worker's record. */
static void merge(struct json_object *line, struct json_object *record, struct json_object *metrics)
{
	struct json_object *flat = flatten(line);

	json_object_object_foreach (flat, key, value) {
		if (strcmp(key, "work_units") == 0 || strcmp(key, "iterations") == 0)
			rec_int(record, key, json_object_get_int64(value));
		else
			json_object_object_add(metrics,
					       strncmp(key, "metrics.", 8) == 0 ? key + 8 : key,
					       json_object_get(value));
	}
	json_object_put(flat);
}

static void read_lines(const char *text, size_t len, struct json_object *record,
		       struct json_object *metrics)
{
	struct json_tokener *tok = json_tokener_new_ex(FLATTEN_PARSE_DEPTH);
	const char *p = text, *end = text + len, *nl;
	struct json_object *line;

	for (; tok && p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		if (*p != '{')
			continue;
		json_tokener_reset(tok);
		line = json_tokener_parse_ex(tok, p, (int)(nl - p));
		if (json_object_is_type(line, json_type_object))
			merge(line, record, metrics);
		json_object_put(line);
	}
	if (tok)
		json_tokener_free(tok);
}

/* The last `max` bytes of a memory file at most; NULL for none. */
static char *tail(int fd, off_t max, size_t *len)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text;
	ssize_t n;

	if (size <= 0)
		return NULL;
	if (size < max)
		max = size;
	text = malloc((size_t)max + 1);
	n = text ? pread(fd, text, (size_t)max, size - max) : -1;
	if (n <= 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	*len = (size_t)n;
	return text;
}

void work_custom_report(const struct work_group *g, uint64_t cpu_ns, struct json_object *record)
{
	const struct custom *c = g->shared;
	struct json_object *metrics = json_object_new_object();
	char *text;
	size_t len;

	/* what says nothing has at least used the CPU */
	rec_int(record, "work_units", (int64_t)(cpu_ns / NSEC_PER_USEC));
	text = tail(c->out, OUTPUT_MAX, &len);
	if (text)
		read_lines(text, len, record, metrics);
	free(text);
	if (json_object_object_length(metrics))
		rec_add(record, "metrics", metrics);
	else
		json_object_put(metrics);
	text = tail(c->err, TAIL_MAX, &len);
	if (text)
		rec_strn(record, "stderr", text, len);
	free(text);
}
