// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-check/read/raw.c kt-check/read/scan.c kt-check/read/arith.c
/* Samples read without a tree: what is there, what is odd, and what is no JSON. */
#include <stdlib.h>
#include <string.h>

#include "kt-check/read/raw.h"
#include "kt-check/read/scan.h"
#include "unit.h"

static bool read_line(struct raw *r, const char *line)
{
	return raw_read(r, line, strlen(line));
}

static struct raw *make(void)
{
	struct raw *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	return r;
}

TEST(columns)
{
	struct raw *r = make();

	CHECK(read_line(
		r, "{\"type\":\"sample\",\"t_ns\":7,\"cost_ns\":3,\"cpu\":{\"nr_running\":[1,2],"
		   "\"vcpu_ns\":[18446744073709551614],\"curr_class\":[\"fair\",\"odd\"],"
		   "\"curr_comm\":[\"a\\u0062\\n\",\"longer than sixteen\"]},\"domains\":[{}]}"));
	CHECK_INT(r->t_ns, 7);
	CHECK_INT(r->cost_ns, 3);
	CHECK(r->have_cpu && !r->odd);
	CHECK_INT(r->ncpus, 2);
	CHECK_INT(raw_get(r, RAW_NR_RUNNING, 1), 2);
	CHECK(raw_get(r, RAW_NR_RUNNING, 2) == RAW_NONE);
	CHECK(raw_get(r, RAW_RUN, 0) == UINT64_MAX - 1);
	CHECK(raw_get(r, RAW_RUN, 1) == RAW_NONE);
	CHECK(r->class[0] == CLASS_FAIR && r->class[1] == CLASS_UNKNOWN);
	CHECK_STR(r->comm[0], "ab\n");
	CHECK_STR(r->comm[1], "longer than six");
	raw_free(r);
}

TEST(waiting)
{
	struct raw *r = make();

	CHECK(read_line(r,
			"{\"waiting\":{\"pid\":[5,6,7],\"cpus\":[\"0-2\",\"nonsense\"],"
			"\"dsq\":[12,\"local\",null],\"class\":[\"ext\",\"rt\"],\"cpu\":[0,5000],"
			"\"wait_ns\":[9,8,7],\"kthread\":[1,0,0]},\"waiting_more\":3}"));
	CHECK(r->have_waiting);
	CHECK_INT(r->nwaiting, 3);
	CHECK_INT(r->waiting[0].pid, 5);
	CHECK_INT(cpulist_count(&r->waiting[0].cpus), 3);
	CHECK_INT(cpulist_count(&r->waiting[1].cpus), 0);
	CHECK_STR(r->waiting[0].dsq, "12");
	CHECK_STR(r->waiting[1].dsq, "local");
	CHECK_STR(r->waiting[2].dsq, "");
	CHECK(r->waiting[1].class == CLASS_RT && r->waiting[2].class == CLASS_UNKNOWN);
	CHECK_INT(r->waiting[1].cpu, RAW_CPUS);
	CHECK_INT(r->waiting[2].wait_ns, 7);
	CHECK(r->waiting[0].kthread && !r->waiting[1].kthread);

	/* nothing of a sample is left in the next one */
	CHECK(read_line(r, "{\"waiting\":{\"pid\":[8]}}"));
	CHECK_INT(r->nwaiting, 1);
	CHECK_INT(r->waiting[0].wait_ns, 0);
	CHECK_STR(r->waiting[0].dsq, "");
	CHECK(read_line(r, "{}"));
	CHECK(!r->have_waiting && !r->nwaiting && r->t_ns == -1);
	raw_free(r);
}

TEST(scheduler_and_steal)
{
	struct raw *r = make();

	CHECK(read_line(
		r, "{\"scx\":{\"state\":\"enabled\",\"ops\":\"x\",\"bypass\":true},"
		   "\"events\":{\"dispatch_keep_last\":[1,2],\"other\":[9]},"
		   "\"steal\":[[0,10,20,5],[1,2,3],[1,2,3,4,5],[1,\"a\",3,4],7,[2,30,40,10]]}"));
	CHECK(r->have_scx && r->bypass);
	CHECK_STR(r->scx_state, "enabled");
	CHECK_STR(r->scx_ops, "x");
	CHECK(r->have_event[1] && !r->have_event[0]);
	CHECK_INT(r->events[1], 3);
	/* a slice is four numbers; what else is there is none */
	CHECK_INT(r->nslices, 2);
	CHECK_INT(r->slices[1].cpu, 2);
	CHECK_INT(r->slices[1].ns, 10);
	raw_free(r);
}

TEST(odd)
{
	struct raw *r = make();

	CHECK(read_line(r, "{\"cpu\":{\"nr_running\":[1,-2]}}"));
	CHECK_STR(r->odd ? r->odd : "", "nr_running");
	CHECK(read_line(r, "{\"cpu\":{\"clock_ns\":[]}}"));
	CHECK_STR(r->odd ? r->odd : "", "clock_ns");
	CHECK(read_line(r, "{\"cpu\":{\"vcpu_ns\":[18446744073709551616]}}"));
	CHECK_STR(r->odd ? r->odd : "", "vcpu_ns");
	CHECK(read_line(r, "{\"cpu\":{\"online\":[1.5]}}"));
	CHECK_STR(r->odd ? r->odd : "", "online");
	CHECK(read_line(r, "{\"cpu\":7,\"t_ns\":\"7\"}"));
	CHECK(!r->odd && !r->have_cpu && r->t_ns == -1);
	raw_free(r);
}

TEST(more_than_is_kept)
{
	enum { LEN = 1 << 16 };
	struct raw *r = make();
	char *line = calloc(1, LEN);
	char *at = line;
	int i;

	if (!line)
		abort();
	at += sprintf(at, "{\"waiting\":{\"pid\":[0");
	for (i = 1; i < 2 * RAW_WAITING; i++)
		at += sprintf(at, ",%d", i);
	at += sprintf(at, "]},\"cpu\":{\"nr_running\":[0");
	for (i = 1; i < 2 * RAW_CPUS; i++)
		at += sprintf(at, ",%d", i);
	sprintf(at, "]}}");
	CHECK(read_line(r, line));
	CHECK_INT(r->nwaiting, RAW_WAITING);
	CHECK_INT(r->waiting[RAW_WAITING - 1].pid, RAW_WAITING - 1);
	CHECK_INT(r->len[RAW_NR_RUNNING], RAW_CPUS);
	free(line);
	raw_free(r);
}

TEST(malformed)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"{\"a\"}",
		"{\"a\":1,}",
		"{\"a\":1}x",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12\"}",
		"{\"a\":tru}",
		"{\"cpu\":{\"nr_running\":[1 2]}}",
		"{\"cpu\":{\"nr_running\":[1,",
		"{\"waiting\":{\"pid\":[1}}",
		"{\"steal\":[[0,1,2,3]",
	};
	struct raw *r = make();
	char *copy;
	size_t i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/* of just its length, so that a byte read beyond is seen */
		n = strlen(bad[i]);
		copy = malloc(n ? n : 1);
		if (!copy)
			abort();
		memcpy(copy, bad[i], n);
		if (raw_read(r, copy, n))
			printf("# taken: %s\n", bad[i]);
		CHECK(!raw_read(r, copy, n));
		free(copy);
	}
	raw_free(r);
}

TEST(depth)
{
	char line[256];
	struct scan s;
	int i, n;

	for (n = 30; n <= 60; n += 30) {
		for (i = 0; i < n; i++) {
			line[i] = '[';
			line[2 * n - 1 - i] = ']';
		}
		line[2 * n] = '\0';
		scan_init(&s, line, strlen(line));
		scan_skip(&s);
		CHECK(scan_done(&s) == (n == 30));
	}
}

UNIT_MAIN(T(columns), T(waiting), T(scheduler_and_steal), T(odd), T(more_than_is_kept),
	  T(malformed), T(depth))
