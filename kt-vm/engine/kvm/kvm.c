// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kvm engine: our own machine on /dev/kvm. No firmware and no PCI; the kernel is
 * entered in long mode. Everything is open and every thread is there before the
 * sandbox closes, and only then the first guest instruction runs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "devices.h"
#include "kvm.h"
#include "machine/early.h"
#include "machine/loader.h"
#include "record.h"
#include "sandbox.h"
#include "units.h"
#include "vcpu.h"
#include "vm.h"

#define STOP_NS (2 * NSEC_PER_SEC)

/* A descriptor for each vCPU, and some: up to what the host allows without privileges. */
static void raise_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

/* Nothing runs, or nothing can be freed: a vCPU that KVM does not give back still uses it. */
static void stop(void *self)
{
	struct kvm_vm *vm = self;
	uint64_t took;
	unsigned int i;

	for (i = 0; i < vm->vcpus && vm->vcpu[i].started; i++)
		;
	vm->vcpus = i; /* fewer when the start has failed */
	if (kvm_vm_move(vm, KVM_WANT_END, STOP_NS, &took, NULL))
		return;
	for (i = 0; i < vm->vcpus; i++)
		pthread_join(vm->vcpu[i].thread, NULL);
	kvm_devices_free(vm);
	kvm_vm_free(vm);
	free(vm);
}

static int start_threads(struct kvm_vm *vm, struct errbuf *e)
{
	unsigned int i;
	uint64_t took;
	int rc = 0;

	kvm_kick_init();
	for (i = 0; !rc && i < vm->vcpus; i++)
		rc = kvm_vcpu_start(&vm->vcpu[i]);
	if (!rc)
		rc = kvm_devices_start(vm);
	if (rc)
		return errbuf_set(e, rc, "unable to start a thread for each of %u vCPUs: %s",
				  vm->vcpus, strerror(-rc));
	return kvm_vm_move(vm, KVM_WANT_PAUSE, STOP_NS, &took, e);
}

static int build(struct kvm_vm *vm, const struct machine *m, int *console, int *port,
		 struct errbuf *e)
{
	int kvm = kvm_open(e), con[2], prt[2], rc;

	if (kvm < 0)
		return kvm;
	rc = kvm_vm_init(vm, kvm, m, e);
	if (!rc)
		rc = kvm_vm_vcpus(vm, kvm, e);
	close(kvm);
	if (rc)
		return rc;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, con))
		return errbuf_set(e, -errno, "unable to make a socket: %s", strerror(errno));
	*console = con[0];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, prt)) {
		close(con[1]);
		return errbuf_set(e, -errno, "unable to make a socket: %s", strerror(errno));
	}
	*port = prt[0];
	return kvm_devices_init(vm, con[1], prt[1], e);
}

static int start(void **self, const struct machine *m, int *console, int *port, struct errbuf *e)
{
	struct kvm_vm *vm = calloc(1, sizeof(*vm));
	uint64_t took;
	int rc;

	if (!vm)
		return errbuf_set(e, -ENOMEM, "out of memory");
	vm->m = m;
	vm->fd = vm->event_fd = vm->hit_fd = -1;
	raise_files();
	rc = build(vm, m, console, port, e);
	if (!rc)
		rc = loader_wait(m->loader, e);
	if (!rc)
		early_place(&m->mem);
	if (!rc)
		rc = sandbox_enter(e);
	if (!rc)
		rc = start_threads(vm, e);
	if (!rc)
		rc = sandbox_seal(e);
	if (!rc)
		rc = kvm_vm_move(vm, KVM_WANT_RUN, STOP_NS, &took, e);
	if (rc) {
		stop(vm);
		return rc;
	}
	*self = vm;
	return 0;
}

static size_t fds(void *self, int *fd)
{
	fd[0] = ((struct kvm_vm *)self)->event_fd;
	fd[1] = ((struct kvm_vm *)self)->hit_fd;
	return 2;
}

static enum engine_event handle(void *self, struct errbuf *why)
{
	struct kvm_vm *vm = self;
	enum engine_event event;
	eventfd_t told;
	int rc;

	if (eventfd_read(vm->event_fd, &told)) {
		if (kvm_vm_hit(vm, &rc, why))
			return ENGINE_HIT;
		return rc ? ENGINE_LOST : ENGINE_NONE;
	}
	pthread_mutex_lock(&vm->lock);
	event = vm->event;
	*why = vm->why;
	pthread_mutex_unlock(&vm->lock);
	return event;
}

static void halt(void *self, struct json_object *vm_exit)
{
	struct kvm_vm *vm = self;
	struct json_object *stats;
	struct errbuf e;
	uint64_t took;

	rec_add(vm_exit, "kvm", stats = json_object_new_object());
	if (kvm_vm_move(vm, KVM_WANT_END, STOP_NS, &took, &e))
		rec_str(stats, "stuck", e.text);
	else
		kvm_stats(vm, stats);
	kvm_devices_stop(vm);
	kvm_devices_stats(vm, vm_exit);
}

static struct json_object *sandbox(void)
{
	return sandbox_describe();
}

/* hpet: there is a table, and no HPET. pci: no bus, so nothing is to be probed. */
static void cmdline(char *buf, size_t size, unsigned int hz)
{
	(void)hz;
	snprintf(buf, size,
		 "console=hvc0 earlyprintk=vga pci=off hpet=disable tsc=reliable no_timer_check "
		 "8250.nr_uarts=1");
}

const struct engine_ops engine_kvm = {
	.name = "kvm",
	.probe = kvm_probe,
	.cmdline = cmdline,
	.sandbox = sandbox,
	.start = start,
	.fds = fds,
	.handle = handle,
	.halt = halt,
	.stop = stop,
	.control = &kvm_control,
};
