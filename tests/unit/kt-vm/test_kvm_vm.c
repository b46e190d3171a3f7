// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/kvm/vm.c kt-vm/engine/kvm/cpuid.c kt-vm/device/bus.c kt-vm/machine/gmem.c
/* VMs of every size on the host's own KVM: made, and taken apart. Nothing runs in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kt-vm/engine/kvm/cpuid.h"
#include "kt-vm/engine/kvm/kvm.h"
#include "kt-vm/engine/kvm/vm.h"
#include "unit.h"

static struct machine m;
static struct kvm_vm vm;
static struct errbuf e;

static void machine_of(const char *spec)
{
	struct topo t;
	unsigned int i, llcs;

	memset(&m, 0, sizeof(m));
	CHECK_INT(topo_parse(spec, &t, NULL, &e), 0);
	m.nodes = t.nodes;
	m.llcs = t.llcs;
	m.cores = t.cores;
	m.threads = t.threads;
	m.cpus = topo_cpus(&t);
	m.entry = 0x100000;
	snprintf(m.spec, sizeof(m.spec), "%s", spec);
	llcs = t.llcs / t.nodes;
	for (i = 0; i < m.cpus; i++) {
		struct cpu_place *p = &m.places[i];

		*p = (struct cpu_place){ .id = i,
					 .node = topo_node(&t, i),
					 .llc = topo_llc(&t, i),
					 .core = topo_core(&t, i),
					 .thread = topo_thread(&t, i) };
		p->apic_id = p->node << topo_bits(llcs) | p->llc % llcs;
		p->apic_id = p->apic_id << topo_bits(t.cores) | p->core;
		p->apic_id = p->apic_id << topo_bits(t.threads) | p->thread;
	}
}

static int made(int kvm, const char *spec)
{
	int rc;

	machine_of(spec);
	CHECK_INT(gmem_init(&m.mem, 64 << 20, &e), 0);
	rc = kvm_vm_fits(kvm, &m, &e);
	if (!rc) {
		rc = kvm_vm_init(&vm, kvm, &m, &e);
		if (!rc)
			rc = kvm_vm_vcpus(&vm, kvm, &e);
		kvm_vm_free(&vm);
	}
	gmem_free(&m.mem);
	return rc;
}

static int open_kvm(void)
{
	struct rlimit l;

	getrlimit(RLIMIT_NOFILE, &l);
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	return kvm_open(&e);
}

TEST(presets)
{
	const struct topo_preset *p;
	int kvm = open_kvm();

	if (kvm < 0)
		SKIP(e.text);
	for (p = topo_presets; p->name; p++) {
		int rc = made(kvm, p->spec);

		if (rc)
			printf("# %s: %s\n", p->name, e.text);
		CHECK_INT(rc, 0);
	}
	close(kvm);
}

/* The most that a topology may be, as far as the host's KVM goes. */
TEST(as_many_as_the_host_has)
{
	int kvm = open_kvm(), max;

	if (kvm < 0)
		SKIP(e.text);
	max = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	if (max >= 1024) {
		CHECK_INT(made(kvm, "64n64l8c2t"), 0);
	} else {
		char want[128];

		CHECK_INT(made(kvm, "64n64l8c2t"), -ENOTSUP);
		snprintf(want, sizeof(want),
			 "1024 vCPUs are too many for the host's KVM, which allows %d", max);
		CHECK_STR(e.text, want);
	}
	close(kvm);
}

UNIT_MAIN(T(presets), T(as_many_as_the_host_has))
