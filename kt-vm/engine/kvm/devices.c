// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest of the kvm engine finds on its buses, and the thread that carries
 * what the guest says to the sockets, and answers to the guest. That thread also tells the engine's
 * caller of the guest's end, once everything the guest has said is in the sockets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "device/ioapic.h"
#include "device/legacy.h"
#include "device/pm.h"
#include "device/uart.h"
#include "device/virtio_console.h"
#include "devices.h"
#include "kvm.h"
#include "machine/early.h"
#include "record.h"
#include "units.h"
#include "vcpu.h"

#define CONSOLE_GPA 0xd0000000ULL
#define CONSOLE_GSI 5U
#define FLUSH_MS    20                 /* the last words before a silence come this late */
#define END_NS      (2 * NSEC_PER_SEC) /* for vCPUs to end, and for the reader to read */

struct kvm_devices {
	struct ioapic ioapic; /* of a split irqchip */
	struct uart uart;
	struct pm pm;
	struct legacy legacy;
	struct virtio_console *vcon;
	int console, port; /* sockets, nobody's but ours */
	int kick, epoll;
	pthread_t thread;
	bool started, bus_ready;
	bool runs; /* the thread has started up; under vm->lock */
	_Atomic bool stop;
	pthread_mutex_t drain;
	const struct gmem *mem;
	_Atomic bool early_said;
	char early[EARLY_TEXT];
};

static void set_irq(void *ctx, unsigned int gsi, int level)
{
	struct kvm_vm *vm = ctx;
	struct kvm_irq_level irq = { .irq = gsi, .level = (uint32_t)level };

	ioctl(vm->fd, KVM_IRQ_LINE, &irq);
}

/* ---- the I/O APIC of a split irqchip ----------------------------------------------- */

/* As KVM takes it with 32-bit APIC ids: the upper 24 are in the upper half of the address. */
static void msi_of(const struct ioapic_msg *m, uint32_t *low, uint32_t *high, uint32_t *data)
{
	*low = 0xfee00000U | (m->dest & 0xff) << 12 | (m->logical ? 4U : 0);
	*high = m->dest & ~0xffU;
	*data = m->vector | (uint32_t)m->mode << 8 | (m->level ? 0xc000U : 0);
}

static void send_msi(void *ctx, const struct ioapic_msg *m)
{
	struct kvm_vm *vm = ctx;
	struct kvm_msi msi = { 0 };

	msi_of(m, &msi.address_lo, &msi.address_hi, &msi.data);
	ioctl(vm->fd, KVM_SIGNAL_MSI, &msi);
}

/* KVM looks for level-triggered interrupts in its routes: their ends are exits. */
static void set_routes(void *ctx)
{
	struct kvm_vm *vm = ctx;
	union {
		struct kvm_irq_routing head;
		uint8_t room[sizeof(struct kvm_irq_routing) +
			     IOAPIC_PINS * sizeof(struct kvm_irq_routing_entry)];
	} r = { 0 };
	struct ioapic_msg m[IOAPIC_PINS];
	unsigned int pin[IOAPIC_PINS], i;

	r.head.nr = ioapic_levels(&vm->dev->ioapic, pin, m);
	for (i = 0; i < r.head.nr; i++) {
		struct kvm_irq_routing_entry *e = &r.head.entries[i];

		e->gsi = pin[i];
		e->type = KVM_IRQ_ROUTING_MSI;
		msi_of(&m[i], &e->u.msi.address_lo, &e->u.msi.address_hi, &e->u.msi.data);
	}
	ioctl(vm->fd, KVM_SET_GSI_ROUTING, &r);
}

static const struct ioapic_ops ioapic_ops = { send_msi, set_routes };

void kvm_devices_eoi(struct kvm_vm *vm, uint8_t vector)
{
	ioapic_eoi(&vm->dev->ioapic, vector);
}

/* The line of a device, to whoever has the I/O APIC. */
static struct irq_line line(struct kvm_vm *vm, unsigned int gsi)
{
	if (vm->split_irqchip)
		return (struct irq_line){ ioapic_set, &vm->dev->ioapic, gsi };
	return (struct irq_line){ set_irq, vm, gsi };
}

/* ---- all of them --------------------------------------------------------------------- */

static void on_event(void *ctx, enum machine_event event)
{
	kvm_vm_event(ctx, event == MACHINE_POWEROFF ? ENGINE_POWEROFF : ENGINE_RESET);
}

/* What the kernel has said before it had a console; once. */
static void say_early(void *ctx)
{
	struct kvm_devices *d = ctx;
	size_t n;

	if (atomic_exchange(&d->early_said, true))
		return;
	n = early_text(d->mem, d->early);
	if (n)
		send(d->console, d->early, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int add_devices(struct kvm_vm *vm)
{
	struct kvm_devices *d = vm->dev;
	const struct machine_events events = { on_event, vm };
	const struct early_hook early = { say_early, d };
	int rc;

	pthread_mutex_init(&d->drain, NULL);
	d->mem = &vm->m->mem;
	ioapic_init(&d->ioapic, &ioapic_ops, vm);
	uart_init(&d->uart, line(vm, UART_GSI), d->console);
	d->uart.early = early;
	pm_init(&d->pm, events);
	legacy_init(&d->legacy, events);
	d->bus_ready = true;
	d->vcon = virtio_console_new(&vm->m->mem, line(vm, CONSOLE_GSI), d->console, d->port);
	if (!d->vcon)
		return -ENOMEM;
	virtio_console_early(d->vcon, early);
	rc = uart_add(&d->uart, &vm->pio);
	if (!rc)
		rc = pm_add(&d->pm, &vm->pio);
	if (!rc)
		rc = legacy_add(&d->legacy, &vm->pio);
	if (!rc && vm->split_irqchip)
		rc = ioapic_add(&d->ioapic, &vm->mmio);
	return rc ? rc
		  : bus_add(&vm->mmio, CONSOLE_GPA, VIRTIO_MMIO_LEN, &virtio_mmio_ops,
			    virtio_console_dev(d->vcon));
}

/* Console bytes without an exit each, where KVM can: see uart.h. */
static void coalesce(struct kvm_vm *vm)
{
	struct kvm_coalesced_mmio_zone z = { .addr = UART_PORT, .size = 1, .pio = 1 };
	int page = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);
	size_t size = (size_t)sysconf(_SC_PAGESIZE);

	if (page <= 0 || (size_t)(page + 1) * size > vm->run_size ||
	    ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_PIO) <= 0 ||
	    ioctl(vm->fd, KVM_REGISTER_COALESCED_MMIO, &z))
		return;
	vm->ring = (void *)((uint8_t *)vm->vcpu[0].run + (size_t)page * size);
	vm->ring_max = (size - sizeof(*vm->ring)) / sizeof(vm->ring->coalesced_mmio[0]);
}

void kvm_devices_drain(struct kvm_vm *vm)
{
	struct kvm_coalesced_mmio_ring *ring = vm->ring;
	uint8_t text[256];
	size_t n = 0;

	if (!ring)
		return;
	/* an empty ring may be one that another thread has just emptied, and not yet passed on */
	pthread_mutex_lock(&vm->dev->drain);
	/* the guest cannot write here; still, an index is used only within the ring */
	while (ring->first != __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE) && n < sizeof(text)) {
		text[n++] = ring->coalesced_mmio[ring->first % vm->ring_max].data[0];
		__atomic_store_n(&ring->first, (ring->first + 1) % vm->ring_max, __ATOMIC_RELEASE);
	}
	if (n)
		uart_tx(&vm->dev->uart, text, n);
	pthread_mutex_unlock(&vm->dev->drain);
}

bool kvm_devices_drains(uint16_t io_port)
{
	return io_port >= UART_PORT && io_port < UART_PORT + UART_PORTS;
}

void kvm_devices_kick(struct kvm_vm *vm)
{
	eventfd_write(vm->dev->kick, 1);
}

/* After the last vCPU: until the reader has it all, or does not read. */
static void send_rest(struct kvm_vm *vm)
{
	uint64_t end = clock_ns() + END_NS;
	const struct timespec tick = { .tv_nsec = 2 * NSEC_PER_MSEC };
	bool more;

	kvm_devices_drain(vm);
	for (;;) {
		more = virtio_console_writable(vm->dev->vcon);
		more |= !uart_flush(&vm->dev->uart);
		if (!more || clock_ns() > end || atomic_load(&vm->dev->stop))
			break;
		nanosleep(&tick, NULL);
	}
}

/* The guest has come to its end by itself. */
static void finish(struct kvm_vm *vm)
{
	uint64_t took;

	kvm_vm_move(vm, KVM_WANT_END, END_NS, &took, NULL);
	send_rest(vm);
	eventfd_write(vm->event_fd, 1);
}

static void *output_main(void *arg)
{
	struct kvm_vm *vm = arg;
	struct kvm_devices *d = vm->dev;
	struct epoll_event ev;
	eventfd_t count;
	bool told = false;

	pthread_mutex_lock(&vm->lock);
	d->runs = true;
	pthread_cond_broadcast(&vm->moved);
	pthread_mutex_unlock(&vm->lock);
	while (!atomic_load(&d->stop)) {
		if (epoll_wait(d->epoll, &ev, 1, told ? -1 : FLUSH_MS) > 0)
			eventfd_read(d->kick, &count);
		kvm_devices_drain(vm);
		uart_flush(&d->uart);
		virtio_console_writable(d->vcon);
		virtio_console_input(d->vcon);
		if (!told && atomic_load(&vm->want) == KVM_WANT_END && !atomic_load(&d->stop)) {
			finish(vm);
			told = true;
		}
	}
	return NULL;
}

int kvm_devices_init(struct kvm_vm *vm, int console, int port, struct errbuf *e)
{
	struct kvm_devices *d = calloc(1, sizeof(*d));
	struct epoll_event in = { .events = EPOLLIN };
	struct epoll_event both = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int rc;

	if (!d) {
		close(console);
		close(port);
		return errbuf_set(e, -ENOMEM, "out of memory");
	}
	vm->dev = d;
	d->console = console;
	d->port = port;
	d->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	vm->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->kick < 0 || d->epoll < 0 || vm->event_fd < 0 ||
	    epoll_ctl(d->epoll, EPOLL_CTL_ADD, d->kick, &in) ||
	    epoll_ctl(d->epoll, EPOLL_CTL_ADD, port, &both))
		return errbuf_set(e, -errno, "unable to make an event descriptor: %s",
				  strerror(errno));
	coalesce(vm);
	rc = add_devices(vm);
	return rc ? errbuf_set(e, rc, "unable to add the devices: %s", strerror(-rc)) : 0;
}

int kvm_devices_start(struct kvm_vm *vm)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = -pthread_create(&vm->dev->thread, NULL, output_main, vm);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	vm->dev->started = rc == 0;
	/* what the C library does as a thread starts, the sandbox would not allow */
	pthread_mutex_lock(&vm->lock);
	while (!rc && !vm->dev->runs)
		pthread_cond_wait(&vm->moved, &vm->lock);
	pthread_mutex_unlock(&vm->lock);
	return rc;
}

void kvm_devices_stats(struct kvm_vm *vm, struct json_object *vm_exit)
{
	struct virtio_console_stats s = virtio_console_stats(vm->dev->vcon);

	rec_int(vm_exit, "console_dropped",
		(int64_t)(s.console_dropped + uart_dropped(&vm->dev->uart)));
	rec_int(vm_exit, "record_lost", (int64_t)s.record_lost);
}

void kvm_devices_stop(struct kvm_vm *vm)
{
	struct kvm_devices *d = vm->dev;

	if (!d || !d->started)
		return;
	atomic_store(&d->stop, true);
	kvm_devices_kick(vm);
	pthread_join(d->thread, NULL);
	d->started = false;
	kvm_devices_drain(vm);
	uart_close(&d->uart);
	virtio_console_close(d->vcon);
	say_early(d);
}

void kvm_devices_free(struct kvm_vm *vm)
{
	struct kvm_devices *d = vm->dev;

	if (!d)
		return;
	kvm_devices_stop(vm);
	if (d->vcon)
		virtio_console_free(d->vcon);
	if (d->bus_ready) {
		ioapic_free(&d->ioapic);
		legacy_free(&d->legacy);
		uart_free(&d->uart);
		pthread_mutex_destroy(&d->drain);
	}
	close(d->console);
	close(d->port);
	if (d->kick >= 0)
		close(d->kick);
	if (d->epoll >= 0)
		close(d->epoll);
	free(d);
	vm->dev = NULL;
}
