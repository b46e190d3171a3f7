// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: kvm_setup KERNEL INITRD < topology-record
 * What the kvm engine costs before the first guest instruction, as one record of ns:
 * exec (start of the process to main), probe (which may well refuse: that host's KVM
 * need not run a kernel), prepare (memory, initrd, tables) and start (VM, vCPUs, devices,
 * threads, the kernel in memory, sandbox, until the vCPUs run). The first guest instruction is
 * a HLT in place of the kernel's own, so that the guest takes no time from us.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kt-vm/engine/engine.h"
#include "kt-vm/engine/kvm/kvm.h"
#include "kt-vm/machine/machine.h"
#include "record.h"

// LINK: kt-vm/engine/kvm/*.c kt-vm/machine/*.c kt-vm/device/*.c kt-vm/machine/pvh_enter.S
// LINK: kt-vm/engine/control.c

#define HALT_GPA 0x30000 /* behind the command line */

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int fail(const char *what, const struct errbuf *e)
{
	fprintf(stderr, "kvm_setup: %s: %s\n", what, e->text);
	return 1;
}

static int measure(long long execed, char **argv)
{
	static const uint8_t halt[] = { 0xf4, 0xeb, 0xfd };
	long long main_ns = now_ns(), probed, prepared, started;
	struct json_object *topology;
	struct machine m = { 0 };
	char line[1024], what[64];
	int console, port, len;
	struct errbuf e, why;
	struct rec_in in;
	void *vm;

	rec_in_init(&in, stdin);
	if (rec_next(&in, &e) <= 0)
		return fail("topology", &e);
	topology = in.obj;
	if (machine_topology(&m, topology, &e))
		return fail("topology", &e);
	probed = now_ns();
	engine_kvm.probe(&m, what, sizeof(what), &why);
	probed = now_ns() - probed;
	prepared = now_ns();
	engine_kvm.cmdline(line, sizeof(line), 250);
	if (machine_prepare(&m, topology, argv[2], argv[3], line, &e))
		return fail("prepare", &e);
	prepared = now_ns() - prepared;
	m.entry = HALT_GPA;
	gmem_write(&m.mem, HALT_GPA, halt, sizeof(halt));
	started = now_ns();
	if (engine_kvm.start(&vm, &m, &console, &port, &e))
		return fail("start", &e);
	started = now_ns() - started;
	len = snprintf(line, sizeof(line),
		       "{\"type\":\"bench\",\"exec_ns\":%lld,\"probe_ns\":%lld,\"prepare_ns\":%lld,"
		       "\"start_ns\":%lld}\n",
		       main_ns - execed, probed, prepared, started);
	if (write(1, line, (size_t)len) != len)
		return 1;
	_exit(0); /* the guest is of no interest */
}

/* Once more from the start: the second time it is known when that was. */
int main(int argc, char **argv)
{
	char execed[32];

	if (argc == 5)
		return measure(atoll(argv[4]), argv);
	if (argc != 3)
		return 64;
	snprintf(execed, sizeof(execed), "%lld", now_ns());
	execl("/proc/self/exe", argv[0], "-", argv[1], argv[2], execed, NULL);
	return 71;
}
