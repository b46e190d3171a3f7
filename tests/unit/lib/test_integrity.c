// SPDX-License-Identifier: GPL-2.0-only
/*
 * A failure never becomes a pass: streams of tests/data that do not pass, with a record left
 * out, doubled, swapped with another, cut, or with a member of another type, must not pass
 * kt-check either. A stride goes over all changes as far as KT_INTEGRITY_SECONDS (20, 0: no
 * end) get; what it has found can be repeated, for nothing is random.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record.h"
#include "unit.h"

#define LINES_MAX 512
#define STRIDE    7919 /* a prime: neighbouring changes are much alike */

/* A stream, and limits with which it does not pass where it would. */
static const struct source {
	const char *file;
	const char *args[5];
} sources[] = {
	{ "sched_died", { NULL } },
	{ "sched_failed", { NULL } },
	{ "guest_error", { NULL } },
	{ "stuck", { NULL } },
	{ "rate_floor", { NULL } },
	{ "hostile_text", { NULL } },
	{ "panic", { NULL } },
	{ "deadline", { NULL } },
	{ "missing_worker", { NULL } },
	{ "two_steps", { NULL } },
	{ "upstream", { NULL } },
	{ "unfair",
	  { "--no-isolation", "--max-gap-ms=off", "--max-throughput-cv=off", "--min-work-rate=off",
	    NULL } },
	{ "unfair",
	  { "--max-spread-pct=off", "--max-gap-ms=off", "--max-throughput-cv=off",
	    "--min-work-rate=off", NULL } },
	{ "pass", { "--max-gap-ms=20", NULL } },
	{ "pass", { "--cleanup-budget-ms=1", NULL } },
	{ "pass", { "--max-wake-latency-cv=0.01", NULL } },
	{ "eevdf", { "--max-p99-wake-latency-ns=1", NULL } },
	{ "recorded", { "--min-iteration-rate=1e9", NULL } },
	{ "observe/error", { NULL } },
	{ "observe/stall", { NULL } },
	{ "observe/series", { "--max-imbalance-ratio=1", "--sustained-samples=2", NULL } },
};

static struct stream {
	char *line[LINES_MAX];
	int n;
} s;

static char *joined(const char *a, const char *b, const char *c)
{
	char *text;

	return asprintf(&text, "%s%s%s", a, b, c) < 0 ? NULL : text;
}

static const char *top(void)
{
	const char *dir = getenv("KT_TOP");

	return dir ? dir : ".";
}

static bool load(const char *name)
{
	char *path = joined(top(), "/tests/data/", name), *file = joined(path, ".jsonl", "");
	FILE *f = fopen(file, "re");
	size_t cap = 0;
	ssize_t len;

	s.n = 0;
	while (f && s.n < LINES_MAX) {
		s.line[s.n] = NULL;
		cap = 0;
		len = getline(&s.line[s.n], &cap, f);
		if (len < 0) {
			free(s.line[s.n]);
			break;
		}
		s.n++;
	}
	free(path);
	free(file);
	if (f)
		fclose(f);
	return s.n > 0;
}

static void unload(void)
{
	while (s.n)
		free(s.line[--s.n]);
}

/* The exit code of kt-check on what is in fd. */
static int judge(int fd, const struct source *src)
{
	const char *dir = getenv("KT_BIN"), *argv[8] = { "kt-check" };
	char *tool =
		dir ? joined(dir, "/kt-check", "") : joined(top(), "/build/san/bin/kt-check", "");
	int i, status = 0, null;
	pid_t pid;

	for (i = 0; i < 5 && src->args[i]; i++)
		argv[i + 1] = src->args[i];
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_WRONLY);
		lseek(fd, 0, SEEK_SET);
		dup2(fd, 0);
		dup2(null, 1);
		dup2(null, 2);
		execv(tool, (char *const *)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	free(tool);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		printf("# unable to write a stream\n");
}

enum how { NULLED, WORD, NEGATIVE, HUGE_NUMBER, FRACTION, GONE, HOWS };

static const char *const hows[] = { "null", "a word", "-1", "1e18", "1.5", "missing" };

/* Evidence; the plan is not: what it asks for is what is asked for. */
static bool is_evidence(const char *line)
{
	static const char *const types[] = { "guest",  "step",    "op",      "worker", "sched",
					     "sample", "payload", "vm_exit", "end",    "boot" };
	char start[32];
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(start, sizeof(start), "{\"type\":\"%s\"", types[i]);
		if (strncmp(line, start, strlen(start)) == 0)
			return true;
	}
	return false;
}

static struct json_object *other(enum how how)
{
	switch (how) {
	case WORD:
		return json_object_new_string("a word");
	case NEGATIVE:
		return json_object_new_int64(-1);
	case HUGE_NUMBER:
		return json_object_new_int64(1000000000000000000);
	case FRACTION:
		return json_object_new_double(1.5);
	default:
		return NULL;
	}
}

/* A fraction is no other type for what can be one, nor a word for what is one. */
static bool same_kind(struct json_object *v, enum how how)
{
	return (how == FRACTION && json_object_is_type(v, json_type_double)) ||
	       (how == WORD && json_object_is_type(v, json_type_string)) || (how == NULLED && !v);
}

/*
 * Changes member number *m of an object, counted through all that is in it; *m is less by
 * those there are. The name of what was changed, or NULL: there is none, or it is as it was.
 */
static const char *alter(struct json_object *o, int *m, enum how how)
{
	const char *done = NULL;

	json_object_object_foreach (o, key, v) {
		if ((*m)-- == 0) {
			if (same_kind(v, how) || strcmp(key, "type") == 0)
				return NULL;
			done = strdup(key);
			if (how == GONE)
				json_object_object_del(o, key);
			else
				json_object_object_add(o, key, other(how));
			return done;
		}
		if (json_object_is_type(v, json_type_object) && *m >= 0) {
			done = alter(v, m, how);
			if (done || *m < 0)
				return done;
		}
	}
	return NULL;
}

static int members(struct json_object *o)
{
	int n = 0;

	json_object_object_foreach (o, key, v) {
		(void)key;
		n += 1 + (json_object_is_type(v, json_type_object) ? members(v) : 0);
	}
	return n;
}

static int members_of(const char *line)
{
	struct json_object *o = is_evidence(line) ? rec_read(line, strlen(line) - 1) : NULL;
	int n = o ? members(o) : 0;

	json_object_put(o);
	return n;
}

/*
 * What a change of a member can say truthfully, beside its type: the iterations, CPU or
 * latency that are said not to be measured, and what only a sentence has.
 */
static bool may_be_so(const char *key, enum how how)
{
	static const char *const keys[] = { "wake_latency", "run_delay", NULL };
	int i;

	for (i = 0; keys[i]; i++)
		if (strcmp(key, keys[i]) == 0)
			return how == NULLED || how == GONE;
	return false;
}

/* Writes line i with a member changed; false: that is no change. */
static bool put_altered(int fd, int i, int m, enum how how, char *what, size_t size)
{
	struct json_object *o = rec_read(s.line[i], strlen(s.line[i]) - 1);
	const char *key = o ? alter(o, &m, how) : NULL;
	bool good = key && !may_be_so(key, how);

	if (good) {
		snprintf(what, size, "line %d: %s is %s", i + 1, key, hows[how]);
		put(fd, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
		put(fd, "\n");
	}
	free((void *)key);
	json_object_put(o);
	return good;
}

enum kind { DROP, DOUBLE, SWAP, CUT, ALTER };

/* How many changes a stream has, and which one number k is. */
struct change {
	enum kind kind;
	int i, j, m;
	enum how how;
};

static const int far[] = { 1, 2, 5, 11, 23 };

#define FARS ((int)(sizeof(far) / sizeof(far[0])))

static long count_changes(void)
{
	long n = (3 + FARS) * (long)s.n;
	int i;

	for (i = 0; i < s.n; i++)
		n += (long)HOWS * members_of(s.line[i]);
	return n;
}

static struct change change_at(long k)
{
	long line = k % s.n, kind = k / s.n;
	int i, n;

	if (kind < 3)
		return (struct change){ .kind = kind == 2 ? CUT : (enum kind)kind, .i = (int)line };
	if (kind < 3 + FARS)
		return (struct change){ .kind = SWAP,
					.i = (int)line,
					.j = (int)line + far[kind - 3] };
	k -= (3 + FARS) * (long)s.n;
	for (i = 0; i < s.n; i++) {
		n = HOWS * members_of(s.line[i]);
		if (k < n)
			return (struct change){ .kind = ALTER,
						.i = i,
						.m = (int)k / HOWS,
						.how = (enum how)(k % HOWS) };
		k -= n;
	}
	return (struct change){ .kind = CUT, .i = 0 };
}

/* The stream with one change, in a file in memory, or -1: it is none. */
static int changed(const struct change *c, char *what, size_t size)
{
	static const char *const names[] = { "left out", "doubled", "swapped", "the last" };
	int fd = memfd_create("stream", MFD_CLOEXEC), i;
	bool good = c->kind != SWAP || c->j < s.n;

	snprintf(what, size, "line %d %s (%d)", c->i + 1, c->kind < ALTER ? names[c->kind] : "",
		 c->j + 1);
	for (i = 0; i < s.n && good; i++) {
		if (c->kind == CUT && i > c->i)
			break;
		if (c->kind == ALTER && i == c->i)
			good = put_altered(fd, i, c->m, c->how, what, size);
		else if (c->kind == SWAP && (i == c->i || i == c->j))
			put(fd, s.line[i == c->i ? c->j : c->i]);
		else if (c->kind != DROP || i != c->i)
			put(fd, s.line[i]);
		if (c->kind == DOUBLE && i == c->i)
			put(fd, s.line[i]);
	}
	if (good)
		return fd;
	close(fd);
	return -1;
}

static int whole(void)
{
	struct change c = { .kind = CUT, .i = s.n - 1 };
	char what[128];

	return changed(&c, what, sizeof(what));
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* All changes of one stream, as far as the time gets. */
static void try_stream(const struct source *src, double until)
{
	long n = count_changes(), k, tried = 0, begin = (long)(src - sources) * 31;
	char what[128];
	int fd, rc;

	for (k = 0; k < n && (until < 0 || now() < until); k++) {
		struct change c = change_at((begin + k * STRIDE) % n);

		fd = changed(&c, what, sizeof(what));
		if (fd < 0)
			continue;
		rc = judge(fd, src);
		close(fd);
		tried++;
		if (rc == 0 || rc >= 126) {
			printf("# %s %s: %s: exit code %d\n", src->file,
			       src->args[0] ? src->args[0] : "", what, rc);
			unit_bad++;
		}
	}
	printf("# %s: %ld of at most %ld changes\n", src->file, tried, n);
}

TEST(no_change_makes_a_pass)
{
	const char *budget = getenv("KT_INTEGRITY_SECONDS");
	double seconds = budget ? atof(budget) : 20, begin = now();
	size_t i, n = sizeof(sources) / sizeof(sources[0]);
	int fd, rc;

	setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
	for (i = 0; i < n; i++) {
		if (!load(sources[i].file)) {
			printf("# no stream %s\n", sources[i].file);
			unit_bad++;
			continue;
		}
		fd = whole();
		rc = judge(fd, &sources[i]);
		close(fd);
		if (rc == 0 || rc >= 126) {
			printf("# %s: exit code %d without a change\n", sources[i].file, rc);
			unit_bad++;
		}
		try_stream(&sources[i],
			   seconds > 0 ? begin + seconds * (double)(i + 1) / (double)n : -1);
		unload();
	}
}

UNIT_MAIN(T(no_change_makes_a_pass))
