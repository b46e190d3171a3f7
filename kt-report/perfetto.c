// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracks: CPUs with the tasks that samples saw on them, CPUs with the switches of the flight
 * recorder, workers, the test itself (steps, ops, snapshots, how it ended), and counters.
 * Times are those of the host; what the guest dated by its own clocks is moved by the least
 * difference that was seen between both.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "perfetto.h"
#include "record.h"
#include "units.h"

#define CPUS_MAX 1024

/* "Processes" of the trace: groups of tracks. */
enum group { CPUS = 1, EVENTS, WORKERS, TEST, COUNTERS, GROUPS };
enum { TEST_STEPS = 1, TEST_OPS, TEST_SNAPSHOTS }; /* "threads" of the test */

struct running {
	int64_t pid, since; /* pid -1: nothing known */
	char comm[32];
};

struct perfetto {
	FILE *f;
	char path[PATH_MAX], tmp[PATH_MAX]; /* tmp is path where that is no regular file */
	bool any;                           /* an event was written */
	int64_t last_ns;
	struct running cpu[CPUS_MAX];
	bool named_cpu[CPUS_MAX], named_event[CPUS_MAX];
	int64_t step, step_ns;        /* running, or -1 */
	int64_t guest_off, clock_off; /* host time less CLOCK_MONOTONIC, less runqueue clock */
	char *counter[4];             /* last values written, as text */
};

static struct json_object *item(struct json_object *a, size_t i)
{
	return a && i < json_object_array_length(a) ? json_object_array_get_idx(a, i) : NULL;
}

static size_t length(struct json_object *a)
{
	return a ? json_object_array_length(a) : 0;
}

/* An event; `args` (taken, may be NULL) is what is shown when one clicks on it. */
static void put(struct perfetto *p, struct json_object *o)
{
	fputs(p->any ? ",\n" : "\n", p->f);
	fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), p->f);
	json_object_put(o);
	p->any = true;
}

static struct json_object *event(const char *ph, const char *name, int pid, int64_t tid)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "ph", ph);
	rec_str(o, "name", name);
	rec_int(o, "pid", pid);
	rec_int(o, "tid", tid);
	return o;
}

/* Microseconds with three decimals, as the format wants them. */
static void put_time(struct json_object *o, const char *key, int64_t ns)
{
	rec_dbl(o, key, (double)(ns > 0 ? ns : 0) / NSEC_PER_USEC);
}

static void name_track(struct perfetto *p, int pid, int64_t tid, const char *name)
{
	struct json_object *o =
		event("M", tid < 0 ? "process_name" : "thread_name", pid, tid < 0 ? 0 : tid);
	struct json_object *args = json_object_new_object();

	rec_str(args, "name", name);
	rec_add(o, "args", args);
	put(p, o);
}

static void slice(struct perfetto *p, int pid, int64_t tid, const char *name, int64_t from,
		  int64_t to, struct json_object *args)
{
	struct json_object *o = event("X", name, pid, tid);

	put_time(o, "ts", from);
	put_time(o, "dur", to > from ? to - from : 0);
	if (args)
		rec_add(o, "args", args);
	put(p, o);
}

static void instant(struct perfetto *p, int pid, int64_t tid, const char *scope, const char *name,
		    int64_t at, struct json_object *args)
{
	struct json_object *o = event("i", name, pid, tid);

	put_time(o, "ts", at);
	rec_str(o, "s", scope);
	if (args)
		rec_add(o, "args", args);
	put(p, o);
}

static void name_cpu(struct perfetto *p, int pid, bool *named, int64_t cpu)
{
	char name[32];

	if (named[cpu])
		return;
	named[cpu] = true;
	snprintf(name, sizeof(name), "cpu %lld", (long long)cpu);
	name_track(p, pid, cpu, name);
}

static void end_running(struct perfetto *p, int pid, int64_t cpu, struct running *r, int64_t now)
{
	char name[64];

	if (r->pid > 0) {
		snprintf(name, sizeof(name), "%s[%lld]", r->comm, (long long)r->pid);
		slice(p, pid, cpu, name, r->since, now, NULL);
	}
	r->pid = -1;
}

static void begin_running(struct running *r, int64_t pid, const char *comm, int64_t now)
{
	r->pid = pid;
	r->since = now;
	snprintf(r->comm, sizeof(r->comm), "%s", comm);
}

/* Who was on each CPU: one slice for as long as samples see the same task. */
static void sample_tasks(struct perfetto *p, struct json_object *cpu, int64_t now)
{
	struct json_object *pids = rec_get_arr(cpu, "curr_pid"), *v;
	struct json_object *comms = rec_get_arr(cpu, "curr_comm");
	size_t i, n = length(pids) < CPUS_MAX ? length(pids) : CPUS_MAX;
	int64_t pid;

	for (i = 0; i < n; i++) {
		v = item(pids, i);
		pid = json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : -1;
		name_cpu(p, CPUS, p->named_cpu, (int64_t)i);
		if (pid == p->cpu[i].pid)
			continue;
		end_running(p, CPUS, (int64_t)i, &p->cpu[i], now);
		v = item(comms, i);
		begin_running(&p->cpu[i], pid,
			      json_object_is_type(v, json_type_string) ? json_object_get_string(v)
								       : "?",
			      now);
	}
}

/* A counter with a line for each member of `args`, which is taken; repeated only when it changes.
 */
static void counter(struct perfetto *p, const char *name, int64_t now, struct json_object *args,
		    char **last)
{
	const char *text = json_object_to_json_string_ext(args, JSON_C_TO_STRING_PLAIN);
	struct json_object *o;

	if (!json_object_object_length(args) || (*last && strcmp(*last, text) == 0)) {
		json_object_put(args);
		return;
	}
	free(*last);
	*last = strdup(text);
	o = event("C", name, COUNTERS, 0);
	put_time(o, "ts", now);
	rec_add(o, "args", args);
	put(p, o);
}

static bool is_number(struct json_object *v)
{
	return json_object_is_type(v, json_type_int) ||
	       (json_object_is_type(v, json_type_double) && isfinite(json_object_get_double(v)));
}

/* A column as "cpu 0", "cpu 1" and so on. */
static struct json_object *per_cpu(struct json_object *column)
{
	struct json_object *args = json_object_new_object();
	char key[32];
	size_t i;

	for (i = 0; i < length(column); i++) {
		if (!is_number(item(column, i)))
			continue;
		snprintf(key, sizeof(key), "cpu %zu", i);
		rec_add(args, key, json_object_get(item(column, i)));
	}
	return args;
}

static struct json_object *user_queues(struct json_object *dsqs)
{
	struct json_object *args = json_object_new_object();
	char key[32];
	size_t i;

	for (i = 0; i < length(dsqs); i++) {
		snprintf(key, sizeof(key), "dsq %lld",
			 (long long)rec_get_int(item(dsqs, i), "id", -1));
		rec_int(args, key, rec_get_int(item(dsqs, i), "nr", 0));
	}
	return args;
}

/* Live fields; of a per-CPU one the sum. */
static struct json_object *live_fields(struct json_object *fields)
{
	struct json_object *args = json_object_new_object();
	double sum;
	size_t i;

	if (!fields)
		return args;
	rec_each (fields, key, v) {
		if (is_number(v)) {
			rec_add(args, key, json_object_get(v));
		} else if (json_object_is_type(v, json_type_array)) {
			for (i = 0, sum = 0; i < length(v); i++)
				sum += is_number(item(v, i)) ? json_object_get_double(item(v, i))
							     : 0;
			rec_dbl(args, key, sum);
		}
	}
	return args;
}

static void take_sample(struct perfetto *p, struct json_object *o, int64_t now)
{
	struct json_object *cpu = rec_get_obj(o, "cpu"), *clocks = rec_get_arr(cpu, "clock_ns"), *v;
	size_t i;

	for (i = 0; i < length(clocks); i++) {
		v = item(clocks, i);
		if (json_object_is_type(v, json_type_int) && json_object_get_int64(v) > 0 &&
		    now - json_object_get_int64(v) < p->clock_off)
			p->clock_off = now - json_object_get_int64(v);
	}
	sample_tasks(p, cpu, now);
	counter(p, "nr_running", now, per_cpu(rec_get_arr(cpu, "nr_running")), &p->counter[0]);
	counter(p, "local DSQ", now, per_cpu(rec_get_arr(cpu, "local_dsq")), &p->counter[1]);
	counter(p, "DSQs", now, user_queues(rec_get_arr(o, "dsqs")), &p->counter[2]);
	counter(p, "fields", now, live_fields(rec_get_obj(o, "fields")), &p->counter[3]);
}

/* A time of the guest's CLOCK_MONOTONIC; `dflt` where the clocks were never seen together. */
static int64_t from_guest(const struct perfetto *p, int64_t guest_ns, int64_t dflt)
{
	return p->guest_off == INT64_MAX ? dflt : guest_ns + p->guest_off;
}

static void end_step(struct perfetto *p, int64_t now)
{
	char name[40];

	if (p->step < 0)
		return;
	snprintf(name, sizeof(name), "step %lld", (long long)p->step);
	slice(p, TEST, TEST_STEPS, name, p->step_ns, now, NULL);
	p->step = -1;
}

static void take_step(struct perfetto *p, struct json_object *o, int64_t now)
{
	const char *name = rec_get_str(o, "event", "");
	int64_t at = from_guest(p, rec_get_ns(o, "guest_ns", 0), now);

	if (strcmp(name, "end") == 0) {
		end_step(p, at);
	} else if (strcmp(name, "start") == 0) {
		end_step(p, at);
		p->step = rec_get_int(o, "index", -1);
		p->step_ns = at;
	}
}

/* What a record holds beside what the event says already. */
static struct json_object *rest(struct json_object *o, const char *const *but)
{
	struct json_object *args = json_object_new_object();
	int i;

	rec_each (o, key, v) {
		for (i = 0; but[i] && strcmp(but[i], key) != 0;)
			i++;
		if (!but[i])
			rec_add(args, key, json_object_get(v));
	}
	return args;
}

static void take_op(struct perfetto *p, struct json_object *o, int64_t now)
{
	static const char *const but[] = { "type", "guest_ns", "t_ns", "op", NULL };
	int64_t took = rec_get_ns(o, "duration_ns", 0);
	int64_t end = from_guest(p, rec_get_ns(o, "guest_ns", 0), now);

	slice(p, TEST, TEST_OPS, rec_get_str(o, "op", "op"), end - (took > 0 ? took : 0), end,
	      rest(o, but));
}

/* A worker has no time of its own in its record: it lived in its step, and its gap is in it. */
static void take_worker(struct perfetto *p, struct json_object *o, int64_t now)
{
	static const char *const but[] = { "type", "tid", "t_ns", NULL };
	int64_t tid = rec_get_int(o, "tid", 0), wall = rec_get_ns(o, "wall_time_ns", 0);
	int64_t gap = rec_get_ns(o, "max_gap_ns", 0), at = rec_get_ns(o, "max_gap_at_ns", 0);
	int64_t from = rec_get_int(o, "step", -1) >= 0 && p->step_ns > 0 ? p->step_ns : now - wall;
	char name[160];

	snprintf(name, sizeof(name), "%s #%lld [%lld]", rec_get_str(o, "cgroup", "/"),
		 (long long)rec_get_int(o, "index", 0), (long long)tid);
	name_track(p, WORKERS, tid, name);
	slice(p, WORKERS, tid, rec_get_str(o, "work", "worker"), from, from + wall, rest(o, but));
	if (gap > 0 && at >= gap && at <= wall)
		slice(p, WORKERS, tid, "longest gap", from + at - gap, from + at, NULL);
}

/* From the guest's scheduler clock, in which no event is later than the snapshot that has it. */
static int64_t flight_offset(const struct perfetto *p, struct json_object *events, int64_t now)
{
	int64_t off = p->clock_off == INT64_MAX ? now : p->clock_off, ts;
	size_t i;

	for (i = 0; i < length(events); i++) {
		ts = rec_get_ns(item(events, i), "ts_ns", 0);
		off = ts > 0 && now - ts < off ? now - ts : off;
	}
	return off;
}

/* Switches of the flight recorder. */
static void flight(struct perfetto *p, struct json_object *events, int64_t now)
{
	struct running *cpu = calloc(CPUS_MAX, sizeof(*cpu));
	struct json_object *e;
	int64_t at = 0, off = flight_offset(p, events, now), id, ts;
	const char *name;
	size_t i;

	for (i = 0; cpu && i < CPUS_MAX; i++)
		cpu[i].pid = -1;
	for (i = 0; cpu && i < length(events); i++) {
		e = item(events, i);
		id = rec_get_int(e, "cpu", -1);
		name = rec_get_str(e, "event", "?");
		ts = rec_get_ns(e, "ts_ns", -1);
		if (id < 0 || id >= CPUS_MAX || ts < 0)
			continue;
		at = ts + off;
		name_cpu(p, EVENTS, p->named_event, id);
		if (strcmp(name, "sched_switch") == 0) {
			end_running(p, EVENTS, id, &cpu[id], at);
			begin_running(&cpu[id], rec_get_int(e, "next_pid", -1),
				      rec_get_str(e, "next_comm", "?"), at);
		} else {
			instant(p, EVENTS, id, "t", name, at, json_object_get(e));
		}
	}
	for (i = 0; cpu && i < CPUS_MAX; i++)
		end_running(p, EVENTS, (int64_t)i, &cpu[i], now > at ? now : at);
	free(cpu);
}

static void take_snapshot(struct perfetto *p, struct json_object *o, int64_t now)
{
	const char *name = rec_get_str(o, "name", "snapshot");
	int64_t pause = rec_get_ns(o, "pause_ns", 0);
	struct json_object *args = json_object_new_object();

	rec_str(args, "reason", rec_get_str(o, "reason", NULL));
	rec_int(args, "pause_ns", pause);
	instant(p, TEST, TEST_SNAPSHOTS, "p", name, now, args);
	if (rec_get_arr(o, "flight"))
		flight(p, rec_get_arr(o, "flight"), now);
}

static void take_end(struct perfetto *p, struct json_object *o, int64_t now)
{
	static const char *const but[] = { "type", "t_ns", "kvm", NULL };
	const char *name = rec_get_str(rec_get_obj(o, "exit"), "kind", "SCX_EXIT_NONE");

	if (rec_is(o, "vm_exit"))
		name = rec_get_str(o, "cause", "?");
	else if (strcmp(name, "SCX_EXIT_NONE") == 0)
		name = "the scheduler ended";
	instant(p, TEST, TEST_STEPS, "g", name, now, rest(o, but));
}

/* The clocks: what the guest sends cannot be here before it was sent. */
static void take_clock(struct perfetto *p, struct json_object *o, int64_t now)
{
	int64_t guest = rec_get_ns(o, "guest_ns", -1);

	if (guest > 0 && now > guest && now - guest < p->guest_off)
		p->guest_off = now - guest;
}

void perfetto_take(struct perfetto *p, struct json_object *o)
{
	int64_t now = rec_get_ns(o, "t_ns", -1);

	if (now < 0)
		return;
	p->last_ns = now > p->last_ns ? now : p->last_ns;
	take_clock(p, o, now);
	if (rec_is(o, "sample"))
		take_sample(p, o, now);
	else if (rec_is(o, "step"))
		take_step(p, o, now);
	else if (rec_is(o, "op"))
		take_op(p, o, now);
	else if (rec_is(o, "worker"))
		take_worker(p, o, now);
	else if (rec_is(o, "snapshot"))
		take_snapshot(p, o, now);
	else if (rec_is(o, "scx_exit") || rec_is(o, "vm_exit"))
		take_end(p, o, now);
	else if (rec_is(o, "boot"))
		instant(p, TEST, TEST_STEPS, "t", rec_get_str(o, "stage", "boot"), now, NULL);
}

struct perfetto *perfetto_open(const char *path, struct errbuf *e)
{
	static const char *const groups[] = { [CPUS] = "CPUs (samples)",
					      [EVENTS] = "CPUs (flight recorder)",
					      [WORKERS] = "workers",
					      [TEST] = "test",
					      [COUNTERS] = "counters" };
	static const char *const tracks[] = {
		[TEST_STEPS] = "steps", [TEST_OPS] = "ops", [TEST_SNAPSHOTS] = "snapshots"
	};
	struct perfetto *p = calloc(1, sizeof(*p));
	struct stat st;
	int i;

	if (!p || snprintf(p->path, sizeof(p->path), "%s", path) >= (int)sizeof(p->path) ||
	    snprintf(p->tmp, sizeof(p->tmp), "%s.%d", path, (int)getpid()) >= (int)sizeof(p->tmp)) {
		errbuf_set(e, 0, "unable to write %.200s: %s", path,
			   p ? "the path is too long" : "out of memory");
		free(p);
		return NULL;
	}
	/* a device or a pipe is written to, never replaced by a file */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		memcpy(p->tmp, p->path, sizeof(p->tmp));
	p->f = fopen(p->tmp, "we");
	if (!p->f) {
		errbuf_set(e, 0, "unable to write %.200s: %s", path, strerror(errno));
		free(p);
		return NULL;
	}
	p->step = -1;
	p->guest_off = p->clock_off = INT64_MAX;
	for (i = 0; i < CPUS_MAX; i++)
		p->cpu[i].pid = -1;
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", p->f);
	for (i = CPUS; i < GROUPS; i++)
		name_track(p, i, -1, groups[i]);
	for (i = TEST_STEPS; i <= TEST_SNAPSHOTS; i++)
		name_track(p, TEST, i, tracks[i]);
	return p;
}

int perfetto_close(struct perfetto *p, struct errbuf *e)
{
	bool own = strcmp(p->tmp, p->path) != 0;
	int rc = 0, i;

	for (i = 0; i < CPUS_MAX; i++)
		end_running(p, CPUS, i, &p->cpu[i], p->last_ns);
	end_step(p, p->last_ns);
	fputs("\n]}\n", p->f);
	if (fflush(p->f))
		rc = -errno;
	else if (ferror(p->f))
		rc = -EIO; /* an earlier write failed: what it said is gone */
	if (fclose(p->f) && !rc)
		rc = -errno;
	if (!rc && own && rename(p->tmp, p->path))
		rc = -errno;
	if (rc) {
		if (own)
			unlink(p->tmp);
		errbuf_set(e, rc, "unable to write %.200s: %s", p->path, strerror(-rc));
	}
	for (i = 0; i < 4; i++)
		free(p->counter[i]);
	free(p);
	return rc;
}
