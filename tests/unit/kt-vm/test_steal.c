// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/observe/steal.c kt-vm/kernel/jtext.c
/* Slices of what the host withheld from vCPUs, out of what it has counted of their threads. */
#include <stdio.h>
#include <string.h>

#include "errbuf.h"
#include "kt-vm/observe/steal.h"
#include "unit.h"

#define MS NSEC_PER_MSEC

static struct engine_thread host[40];
static bool silent;
static unsigned int asked;

static int thread(void *self, unsigned int cpu, struct engine_thread *t, struct errbuf *e)
{
	(void)self;
	asked++;
	*t = host[cpu];
	return silent ? errbuf_set(e, -1, "no thread") : 0;
}

static const struct engine_control control = { .thread = thread };
static const struct engine_ops engine = { .name = "none", .control = &control };
static struct steal s;

static void begin(unsigned int vcpus)
{
	memset(host, 0, sizeof(host));
	silent = false;
	CHECK_INT(steal_init(&s, vcpus), 0);
	steal_poll(&s, &engine, NULL, 100 * MS);
}

/* At that time the threads have run and waited for so much more. */
static void pass(unsigned int cpu, uint64_t now_ms, uint64_t run_ms, uint64_t wait_ms)
{
	host[cpu].run_ns += run_ms * MS;
	host[cpu].wait_ns += wait_ms * MS;
	steal_poll(&s, &engine, NULL, now_ms * MS);
}

/* The slices since the last call, in ms. */
static const char *slices(void)
{
	static char text[4096];
	struct jtext t = { 0 };
	size_t i, n = 0;

	steal_slices(&s, &t);
	for (i = 0; i < t.len && n < sizeof(text) - 1; i++)
		if (i + 6 <= t.len && memcmp(t.buf + i, "000000", 6) == 0)
			i += 5;
		else
			text[n++] = t.buf[i];
	text[n] = '\0';
	jtext_free(&t);
	return text;
}

TEST(slices_are_merged)
{
	begin(2);
	pass(0, 110, 9, 0);
	CHECK_STR(slices(), "\"steal\":[]");
	pass(0, 120, 5, 5);
	pass(0, 130, 5, 5); /* goes on */
	pass(0, 140, 9, 1); /* another share */
	pass(1, 150, 2, 8);
	pass(0, 160, 10, 0);
	pass(0, 170, 9, 1); /* no neighbour */
	CHECK_STR(slices(), "\"steal\":[[0,110,130,10],[0,130,140,1],[0,160,170,1],[1,140,150,8]]");
	CHECK_STR(slices(), "\"steal\":[]");
	steal_free(&s);
}

TEST(what_was_before_is_not_charged)
{
	memset(host, 0, sizeof(host));
	host[0].wait_ns = 5000 * MS;
	silent = false;
	CHECK_INT(steal_init(&s, 1), 0);
	steal_poll(&s, &engine, NULL, 100 * MS);
	pass(0, 110, 10, 0);
	CHECK_STR(slices(), "\"steal\":[]");
	steal_free(&s);
}

/* The host counts a wait when it is over. */
TEST(a_long_wait)
{
	begin(1);
	pass(0, 110, 9, 1);
	pass(0, 120, 0, 0);
	pass(0, 130, 0, 0);
	CHECK_STR(slices(), "\"steal\":[[0,100,110,1]]");
	pass(0, 140, 0, 0);
	pass(0, 150, 0, 38);
	/* it began at some time in the slice of 100 to 110, where the thread has last run */
	CHECK_STR(slices(), "\"steal\":[[0,102,150,38]]");
	pass(0, 160, 1, 9);
	pass(0, 170, 0, 0);
	pass(0, 180, 0, 19);
	CHECK_STR(slices(), "\"steal\":[[0,150,180,28]]");
	steal_free(&s);
}

TEST(room_for_so_many)
{
	unsigned int i;

	begin(1);
	for (i = 0; i < 3 * STEAL_SLICES; i++) {
		pass(0, 110 + 20 * i, 5, 5);
		pass(0, 120 + 20 * i, 10, 0);
	}
	/* what there was no room for is in the last one, which is longer */
	CHECK(strstr(slices(), "[0,400,1050,165]") != NULL);
	steal_free(&s);
}

TEST(how_often)
{
	begin(1);
	CHECK_INT(s.next_ns, 110 * MS);
	steal_free(&s);
	begin(32);
	CHECK_INT(s.next_ns, 110 * MS);
	steal_free(&s);
	begin(40);
	CHECK_INT(s.next_ns, 120 * MS);
	steal_free(&s);
}

TEST(a_host_that_does_not_tell)
{
	struct jtext t = { 0 };

	begin(1);
	silent = true;
	pass(0, 110, 1, 1);
	asked = 0;
	pass(0, 120, 1, 1);
	CHECK_INT(asked, 0);
	steal_slices(&s, &t);
	steal_columns(&s, &t);
	CHECK_INT(t.len, 0);
	CHECK(s.next_ns == UINT64_MAX);
	steal_free(&s);
}

UNIT_MAIN(T(slices_are_merged), T(what_was_before_is_not_charged), T(a_long_wait),
	  T(room_for_so_many), T(how_often), T(a_host_that_does_not_tell))
