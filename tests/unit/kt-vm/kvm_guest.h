/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_KVM_GUEST_H
#define KT_KVM_GUEST_H

/*
 * For tests of the kvm engine: guests of a few instructions, which even a KVM that emulates
 * can run. Each is a process of its own, since the sandbox is for good.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "kt-vm/engine/engine.h"
#include "kt-vm/engine/kvm/kvm.h"
#include "kt-vm/engine/kvm/vm.h"
#include "unit.h"

#define CODE    0x100000ULL
#define COUNTER 0x8000ULL

#define COUNT_FOR_EVER                                          \
	"\x48\xff\x04\x25\x00\x80\x00\x00" /* 1: incq 0x8000 */ \
	"\xeb\xf6"                         /*    jmp 1b */

static struct machine m;
static struct errbuf e;
static void *vm;
static int console = -1, port = -1;

/*
 * `cpus` CPUs in one LLC; the guest's memory has the code, and the first GiB mapped. The
 * first CPU begins with the code, the others wait for it to start them.
 */
static inline int start(unsigned int cpus, uint64_t memory, const char *code, size_t len)
{
	uint64_t *pml4;
	unsigned int i;

	m = (struct machine){ .nodes = 1, .llcs = 1, .cores = cpus, .threads = 1, .cpus = cpus };
	for (i = 0; i < cpus; i++)
		m.places[i] = (struct cpu_place){ .id = i, .apic_id = i, .core = i };
	m.entry = CODE;
	m.memory = memory;
	if (gmem_init_private(&m.mem, memory, &e))
		return -1;
	pml4 = gmem_at(&m.mem, MACHINE_PAGE_TABLES, 0x3000);
	pml4[0] = (MACHINE_PAGE_TABLES + 0x1000) | 3;
	pml4[512] = (MACHINE_PAGE_TABLES + 0x2000) | 3;
	for (i = 0; i < 512; i++)
		pml4[1024 + i] = (uint64_t)i << 21 | 0x83;
	gmem_write(&m.mem, CODE, code, len);
	return engine_kvm.start(&vm, &m, &console, &port, &e);
}

static inline uint64_t counter(void)
{
	return __atomic_load_n((uint64_t *)gmem_at(&m.mem, COUNTER, 8), __ATOMIC_RELAXED);
}

/* In a child: its checks count here. Its wait status. */
static inline int in_child(void (*body)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		unit_bad = 0;
		body();
		fflush(stdout);
		_exit(unit_bad ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static inline bool no_kvm(void)
{
	int kvm = kvm_open(&e);

	if (kvm >= 0)
		close(kvm);
	return kvm < 0;
}

/* The value of "key:" in a /proc file, or -1. */
static inline long long field(const char *path, const char *key, int base)
{
	FILE *f = fopen(path, "re");
	long long v = -1;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			v = strtoll(line + strlen(key), NULL, base);
	if (f)
		fclose(f);
	return v;
}

#endif
