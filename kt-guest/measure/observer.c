// SPDX-License-Identifier: GPL-2.0-only
/* Adds up the CPU time that kt itself uses in the guest. */
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "observer.h"
#include "record.h"
#include "units.h"

#define PART 200 /* of a CPU */

static struct observer_sums *sums; /* shared; NULL: not known */
static uint64_t noted;             /* CPU time of this process at its last note */
static bool for_ops;

void observer_init(void)
{
	void *p = mmap(NULL, sizeof(*sums), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);

	sums = p == MAP_FAILED ? NULL : p;
	observer_share(false);
}

void observer_share(bool share)
{
	if (sums)
		madvise(sums, sizeof(*sums), share ? MADV_DOFORK : MADV_DONTFORK);
}

void observer_adopt(bool ops)
{
	noted = 0;
	for_ops = ops;
}

uint64_t observer_cpu(void)
{
	struct timespec ts;

	return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) ? 0
							    : ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

uint64_t observer_rest(uint64_t cost_ns, uint64_t at_least)
{
	return cost_ns * PART > at_least ? cost_ns * PART : at_least;
}

void observer_note(void)
{
	int cpu = sched_getcpu();
	uint64_t used;

	if (!sums || cpu < 0 || cpu >= CPULIST_MAX)
		return;
	used = observer_cpu();
	__atomic_add_fetch(for_ops ? &sums->ops_ns : &sums->ns[cpu], used - noted,
			   __ATOMIC_RELAXED);
	noted = used;
}

void observer_ops(bool ops)
{
	observer_note();
	for_ops = ops;
}

void observer_read(struct observer_sums *s)
{
	observer_note();
	if (sums)
		*s = *sums;
	else
		memset(s, 0, sizeof(*s));
}

void observer_tell(const struct observer_sums *from, struct json_object *o)
{
	struct json_object *list = json_object_new_array(), *c;
	static struct observer_sums now; /* too large for the stack */
	int cpu;

	observer_read(&now);
	for (cpu = 0; cpu < CPULIST_MAX; cpu++) {
		if (now.ns[cpu] == from->ns[cpu])
			continue;
		c = json_object_new_object();
		rec_int(c, "cpu", cpu);
		rec_int(c, "ns", (int64_t)(now.ns[cpu] - from->ns[cpu]));
		json_object_array_add(list, c);
	}
	rec_add(o, "cpus", list);
	rec_int(o, "ops_ns", (int64_t)(now.ops_ns - from->ops_ns));
}
