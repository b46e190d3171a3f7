// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "suggest.h"
#include "unit.h"

static const char *const keys[] = { "workers", "work", "name", "cpuset", "SpinWait", NULL };

TEST(distances)
{
	CHECK_INT(suggest_distance("", ""), 0);
	CHECK_INT(suggest_distance("abc", ""), 3);
	CHECK_INT(suggest_distance("", "abc"), 3);
	CHECK_INT(suggest_distance("workers", "workers"), 0);
	CHECK_INT(suggest_distance("wrokers", "workers"), 1); /* swapped */
	CHECK_INT(suggest_distance("worker", "workers"), 1);
	CHECK_INT(suggest_distance("workerss", "workers"), 1);
	CHECK_INT(suggest_distance("wirkers", "workers"), 1);
	CHECK_INT(suggest_distance("SPINWAIT", "SpinWait"), 0);
	CHECK_INT(suggest_distance("kitten", "sitting"), 3);
}

TEST(nearest)
{
	CHECK_STR(suggest_nearest("wrokers", keys), "workers");
	CHECK_STR(suggest_nearest("wrok", keys), "work");
	CHECK_STR(suggest_nearest("spinwait", keys), "SpinWait");
	CHECK_STR(suggest_nearest("cpus", keys), "cpuset");
	CHECK_STR(suggest_nearest("Spin", keys), "SpinWait");
	CHECK(suggest_nearest("cpu", keys) == NULL);
	CHECK(suggest_nearest("topology", keys) == NULL);
	CHECK(suggest_nearest("x", keys) == NULL);
	CHECK(suggest_nearest("", keys) == NULL);
}

TEST(last_words)
{
	static const char *const names[] = { "kargs", "sched_args", "max_gap_ms", NULL };

	CHECK_STR(suggest_nearest("args", names), "sched_args");
	CHECK_STR(suggest_nearest("karg", names), "kargs");
	CHECK(!suggest_nearest("ms", names)); /* a word of two letters says nothing */
}

TEST(long_words)
{
	char word[SUGGEST_MAX + 2];

	memset(word, 'a', sizeof(word));
	word[SUGGEST_MAX + 1] = '\0';
	CHECK_INT(suggest_distance(word, "a"), SUGGEST_MAX + 1);
	CHECK_INT(suggest_distance("a", word), SUGGEST_MAX + 1);
	word[SUGGEST_MAX] = '\0';
	CHECK_INT(suggest_distance(word, "a"), SUGGEST_MAX - 1);
	CHECK_INT(suggest_distance("a", word), SUGGEST_MAX - 1);
	CHECK_INT(suggest_distance(word, word), 0);
}

UNIT_MAIN(T(distances), T(nearest), T(last_words), T(long_words))
