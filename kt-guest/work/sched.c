// SPDX-License-Identifier: GPL-2.0-only
/* Policies, CPU masks and random numbers for the types that churn them. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure/file.h"
#include "sched.h"

int work_sched_get(struct sched_attr *a)
{
	return syscall(SYS_sched_getattr, 0, a, sizeof(*a), 0) ? -errno : 0;
}

int work_sched_set(const struct sched_attr *a)
{
	return syscall(SYS_sched_setattr, 0, a, 0) ? -errno : 0;
}

int work_sched_policy(unsigned int policy, unsigned int priority)
{
	struct sched_param p = { .sched_priority = (int)priority };

	return sched_setscheduler(0, (int)policy, &p) ? -errno : 0;
}

int work_cpus_get(pid_t tid, struct cpulist *l)
{
	cpulist_clear(l);
	return sched_getaffinity(tid, sizeof(l->bits), (cpu_set_t *)l->bits) ? -errno : 0;
}

int work_cpus_set(pid_t tid, const struct cpulist *l)
{
	return sched_setaffinity(tid, sizeof(l->bits), (const cpu_set_t *)l->bits) ? -errno : 0;
}

int work_cpus_pin(pid_t tid, unsigned int cpu)
{
	struct cpulist l;

	cpulist_clear(&l);
	cpulist_add(&l, cpu);
	return work_cpus_set(tid, &l);
}

unsigned int work_cpus_draw(const struct cpulist *l, uint64_t *rng)
{
	unsigned int skip = (unsigned int)(work_random(rng) % cpulist_count(l));
	int cpu = cpulist_next(l, -1);

	while (skip--)
		cpu = cpulist_next(l, cpu);
	return (unsigned int)cpu;
}

uint64_t work_random_seed(uint64_t seed)
{
	return (seed + 1) * 0x9e3779b97f4a7c15ULL | 1; /* never 0, xorshift's fixed point */
}

uint64_t work_random(uint64_t *rng)
{
	uint64_t x = *rng;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *rng = x;
}

int work_list_read(const char *path, struct cpulist *l)
{
	char *buf = malloc(CPULIST_TEXT_MAX);
	struct errbuf e;
	int rc = buf ? file_read_line(path, buf, CPULIST_TEXT_MAX) : -ENOMEM;

	cpulist_clear(l);
	if (rc >= 0)
		rc = cpulist_parse(buf, l, &e);
	free(buf);
	return rc < 0 ? rc : 0;
}
