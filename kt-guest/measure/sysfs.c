// SPDX-License-Identifier: GPL-2.0-only
/*
 * The topology that the kernel reports in sysfs. Small files are slow to read under
 * software emulation, so what holds for a set of CPUs (caches, SMT siblings) is read once a set.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "file.h"
#include "record.h"
#include "sysfs.h"

#define CPU_DIR  "/sys/devices/system/cpu"
#define NODE_DIR "/sys/devices/system/node"

/* The list in a file of sysfs, as text, or NULL; it is parsed into l. */
static __attribute__((format(printf, 3, 4))) char *list(char *buf, struct cpulist *l,
							const char *fmt, ...)
{
	char path[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (file_read_line(path, buf, CPULIST_TEXT_MAX) < 0 || cpulist_parse(buf, l, NULL))
		return NULL;
	return buf;
}

/* Sets of CPUs that share something, each read for its first CPU only. */
struct shared {
	struct json_object *by_cpu[CPULIST_MAX]; /* the set's text; one reference for each CPU */
};

static void share(struct shared *s, const struct cpulist *l, const char *text)
{
	struct json_object *str = json_object_new_string(text);
	int cpu;

	for (cpu = cpulist_next(l, -1); cpu >= 0; cpu = cpulist_next(l, cpu))
		if (!s->by_cpu[cpu])
			s->by_cpu[cpu] = json_object_get(str);
	json_object_put(str);
}

static struct json_object *smt_of(struct shared *s, int cpu)
{
	char buf[CPULIST_TEXT_MAX];
	struct cpulist l;

	if (!s->by_cpu[cpu] && list(buf, &l, CPU_DIR "/cpu%d/topology/thread_siblings_list", cpu))
		share(s, &l, buf);
	return json_object_get(s->by_cpu[cpu]);
}

/* The deepest cache has the highest index; x86 has up to four. */
static struct json_object *llc_of(struct shared *s, int cpu)
{
	char buf[CPULIST_TEXT_MAX];
	struct cpulist l;
	int i;

	for (i = 4; i >= 0 && !s->by_cpu[cpu]; i--)
		if (list(buf, &l, CPU_DIR "/cpu%d/cache/index%d/shared_cpu_list", cpu, i))
			share(s, &l, buf);
	return json_object_get(s->by_cpu[cpu]);
}

static void forget(struct shared *s)
{
	int i;

	for (i = 0; i < CPULIST_MAX; i++)
		json_object_put(s->by_cpu[i]);
	free(s);
}

static int cpu_int(int cpu, const char *what)
{
	char path[128];

	snprintf(path, sizeof(path), CPU_DIR "/cpu%d/topology/%s", cpu, what);
	return file_read_int(path, -1);
}

static int meminfo_kib(int node)
{
	char path[64], buf[512];
	const char *p;

	snprintf(path, sizeof(path), NODE_DIR "/node%d/meminfo", node);
	if (file_read(path, buf, sizeof(buf)) < 0)
		return 0;
	p = strstr(buf, "MemTotal:");
	return p ? atoi(p + strlen("MemTotal:")) : 0;
}

static struct json_object *distances(int node)
{
	struct json_object *a = json_object_new_array();
	char path[64], buf[4096], *p = buf, *end;
	long d;

	snprintf(path, sizeof(path), NODE_DIR "/node%d/distance", node);
	if (file_read_line(path, buf, sizeof(buf)) < 0)
		return a;
	for (d = strtol(p, &end, 10); end > p; d = strtol(p, &end, 10)) {
		json_object_array_add(a, json_object_new_int((int)d));
		p = end;
	}
	return a;
}

/* What the kernel knows from an HMAT of the best way to the node's memory, or NULL. */
static struct json_object *access_of(int node)
{
	static const char *const what[][2] = {
		{ "read_latency_ns", "read_latency" },
		{ "read_bandwidth_mbs", "read_bandwidth" },
	};
	struct json_object *o = NULL;
	char path[96];
	size_t i;

	for (i = 0; i < 2; i++) {
		int v;

		snprintf(path, sizeof(path), NODE_DIR "/node%d/access0/initiators/%s", node,
			 what[i][1]);
		v = file_read_int(path, -1);
		if (v >= 0 && !o)
			o = json_object_new_object();
		if (v >= 0)
			rec_int(o, what[i][0], v);
	}
	return o;
}

/* Fills node_of[]; a kernel without NUMA has one node 0 and no files for it. */
static struct json_object *nodes(short *node_of)
{
	struct json_object *a = json_object_new_array(), *o, *access;
	char buf[CPULIST_TEXT_MAX];
	struct cpulist online, l;
	int n, cpu;

	if (!list(buf, &online, NODE_DIR "/online"))
		cpulist_clear(&online);
	for (n = cpulist_next(&online, -1); n >= 0; n = cpulist_next(&online, n)) {
		if (!list(buf, &l, NODE_DIR "/node%d/cpulist", n))
			continue;
		o = json_object_new_object();
		rec_int(o, "id", n);
		rec_str(o, "cpus", buf);
		rec_int(o, "memory_kib", meminfo_kib(n));
		rec_add(o, "distances", distances(n));
		access = access_of(n);
		if (access)
			rec_add(o, "access", access);
		json_object_array_add(a, o);
		for (cpu = cpulist_next(&l, -1); cpu >= 0; cpu = cpulist_next(&l, cpu))
			node_of[cpu] = (short)n;
	}
	return a;
}

void sysfs_topology(struct json_object *o)
{
	struct shared *smt = calloc(1, sizeof(*smt)), *llc = calloc(1, sizeof(*llc));
	struct json_object *cpus = json_object_new_array(), *nn, *c;
	short node_of[CPULIST_MAX] = { 0 };
	char buf[CPULIST_TEXT_MAX];
	struct cpulist online;
	int cpu;

	nn = nodes(node_of);
	if (!list(buf, &online, CPU_DIR "/online"))
		cpulist_clear(&online);
	for (cpu = cpulist_next(&online, -1); smt && llc && cpu >= 0;
	     cpu = cpulist_next(&online, cpu)) {
		c = json_object_new_object();
		rec_int(c, "id", cpu);
		rec_int(c, "package", cpu_int(cpu, "physical_package_id"));
		rec_int(c, "die", cpu_int(cpu, "die_id"));
		rec_int(c, "core", cpu_int(cpu, "core_id"));
		rec_int(c, "node", node_of[cpu]);
		rec_add(c, "smt_cpus", smt_of(smt, cpu));
		rec_add(c, "llc_cpus", llc_of(llc, cpu));
		json_object_array_add(cpus, c);
	}
	rec_add(o, "cpus", cpus);
	rec_add(o, "nodes", nn);
	if (smt)
		forget(smt);
	if (llc)
		forget(llc);
}
