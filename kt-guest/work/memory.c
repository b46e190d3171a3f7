// SPDX-License-Identifier: GPL-2.0-only
/* Types that press on page faults and on the placement of pages. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure/file.h"
#include "sched.h"
#include "work.h"

enum { FAULT_REGION, FAULT_TOUCHES, FAULT_SPINS };
enum { SWEEP_REGION, SWEEP_PERIOD };

#define REGION_MIN    (64 << 10)
#define REGION_MAX    (1 << 30)
#define MOVED_AT_ONCE (4 << 20) /* by one mbind(), which first waits for all CPUs */
#define LINE          64

struct memory {
	unsigned char *region;
	size_t len, page;
	uint64_t rng;
	struct cpulist nodes; /* that it may have memory on */
	int node;
};

static int memory_init(struct work *w, int64_t bytes)
{
	struct memory *m = calloc(1, sizeof(*m));

	w->own = m;
	if (!m)
		return -ENOMEM;
	m->page = (size_t)sysconf(_SC_PAGESIZE);
	m->len = ((size_t)bytes + m->page - 1) / m->page * m->page;
	m->rng = work_random_seed(w->index);
	m->node = -1;
	m->region = mmap(NULL, m->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->region == MAP_FAILED)
		return -errno;
	madvise(m->region, m->len, MADV_NOHUGEPAGE);
	return 0;
}

static void memory_fini(struct work *w)
{
	struct memory *m = w->own;

	munmap(m->region, m->len);
	free(m);
}

static int fault_init(struct work *w)
{
	return memory_init(w, w->values[FAULT_REGION]);
}

static void page_fault_churn(struct work *w)
{
	struct memory *m = w->own;
	size_t pages = m->len / m->page;
	int64_t i;

	for (i = 0; i < w->values[FAULT_TOUCHES] && !work_stopped(w); i++) {
		m->region[work_random(&m->rng) % pages * m->page] = 1;
		w->tm->work_units++;
		work_tick(w);
	}
	madvise(m->region, m->len, MADV_DONTNEED);
	work_spin(w, (unsigned int)w->values[FAULT_SPINS]);
}

/* Mems_allowed_list is what the cpuset leaves. */
static void allowed_nodes(struct cpulist *l)
{
	static const char key[] = "Mems_allowed_list:";
	char buf[8192], *p, *end;
	struct errbuf e;

	cpulist_clear(l);
	if (file_read("/proc/thread-self/status", buf, sizeof(buf)) < 0)
		return;
	p = strstr(buf, key);
	if (!p)
		return;
	p += strlen(key);
	p += strspn(p, " \t");
	end = strchr(p, '\n');
	if (end)
		*end = '\0';
	cpulist_parse(p, l, &e);
}

static int sweep_init(struct work *w)
{
	int rc = memory_init(w, w->values[SWEEP_REGION]);

	if (!rc)
		allowed_nodes(&((struct memory *)w->own)->nodes);
	return rc;
}

/* Binds the region to the node and moves what is there. */
static void move_to(struct work *w, int node)
{
	struct memory *m = w->own;
	struct cpulist mask;
	size_t at, n;

	cpulist_clear(&mask);
	cpulist_add(&mask, (unsigned int)node);
	for (at = 0; at < m->len && !work_stopped(w); at += n) {
		n = m->len - at < MOVED_AT_ONCE ? m->len - at : MOVED_AT_ONCE;
		if (syscall(SYS_mbind, m->region + at, n, MPOL_BIND, mask.bits, CPULIST_MAX,
			    MPOL_MF_MOVE))
			work_failed(w, TM_OTHER);
		work_checkpoint(w);
	}
}

/* One write to each line of a page is a work unit. */
static void numa_working_set_sweep(struct work *w)
{
	struct memory *m = w->own;
	uint64_t end;
	size_t at = 0, i;

	m->node = cpulist_next(&m->nodes, m->node);
	if (m->node < 0)
		m->node = cpulist_next(&m->nodes, -1);
	if (m->node >= 0)
		move_to(w, m->node);
	end = clock_ns() + (uint64_t)w->values[SWEEP_PERIOD];
	while (clock_ns() < end && !work_stopped(w)) {
		for (i = 0; i < m->page; i += LINE)
			m->region[at + i]++;
		at = (at + m->page) % m->len;
		w->tm->work_units++;
		work_tick(w);
	}
}

const struct work_type work_family_memory[] = {
	{ .name = "PageFaultChurn",
	  .summary = "writes to random pages of a fresh mapping, gives them back, and spins",
	  .group = 1,
	  .params = { [FAULT_REGION] = WORK_PARAM_SIZE("region", 4 << 20, REGION_MIN, REGION_MAX),
		      [FAULT_TOUCHES] = WORK_PARAM_COUNT("touches", 256, 1, WORK_COUNT_MAX),
		      [FAULT_SPINS] = WORK_PARAM_COUNT("spin_iters", 64, 1, WORK_COUNT_MAX) },
	  .ops = { .init = fault_init, .iterate = page_fault_churn, .fini = memory_fini } },
	{ .name = "NumaWorkingSetSweep",
	  .summary = "moves its memory to the next NUMA node, then writes to it for period",
	  .group = 1,
	  .params = { [SWEEP_REGION] = WORK_PARAM_SIZE("region", 4 << 20, REGION_MIN, REGION_MAX),
		      [SWEEP_PERIOD] = WORK_PARAM_DURATION("period", 100 * NSEC_PER_MSEC) },
	  .ops = { .init = sweep_init, .iterate = numa_working_set_sweep, .fini = memory_fini } },
	{ .name = NULL },
};
