// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/kvm/*.c kt-vm/device/*.c kt-vm/machine/early.c kt-vm/machine/gmem.c
// LINK: kt-vm/machine/loader.c kt-vm/machine/image.c kt-vm/engine/control.c
/* The devices of the kvm engine around a ring of writes that is no KVM's, but ours. */
#include <linux/kvm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kt-vm/engine/kvm/devices.h"
#include "kt-vm/engine/kvm/kvm.h"
#include "kt-vm/device/uart.h"
#include "unit.h"

#define RING_MAX 16

static struct machine m;
static struct kvm_vm vm;
static int console[2], port[2];
static union {
	struct kvm_coalesced_mmio_ring ring;
	uint8_t room[sizeof(struct kvm_coalesced_mmio_ring) +
		     RING_MAX * sizeof(struct kvm_coalesced_mmio)];
} r;

static void make(void)
{
	struct errbuf e;

	CHECK_INT(gmem_init_private(&m.mem, 64 << 20, &e), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, port), 0);
	vm = (struct kvm_vm){ .m = &m, .fd = -1 };
	bus_init(&vm.pio);
	bus_init(&vm.mmio);
	CHECK_INT(kvm_devices_init(&vm, console[1], port[1], &e), 0);
	vm.ring = &r.ring;
	vm.ring_max = RING_MAX;
}

static void unmake(void)
{
	kvm_devices_free(&vm);
	bus_free(&vm.pio);
	bus_free(&vm.mmio);
	close(vm.event_fd);
	close(console[0]);
	close(port[0]);
	gmem_free(&m.mem);
}

/* As KVM does it. */
static void guest_writes(const char *text)
{
	for (; *text; text++) {
		r.ring.coalesced_mmio[r.ring.last].data[0] = (uint8_t)*text;
		__atomic_store_n(&r.ring.last, (r.ring.last + 1) % RING_MAX, __ATOMIC_RELEASE);
	}
}

static struct uart *uart(void)
{
	unsigned int i;

	for (i = 0; i < vm.pio.slots; i++)
		if (vm.pio.slot[i].base == UART_PORT)
			return vm.pio.slot[i].self;
	return NULL;
}

static void *drain(void *done)
{
	kvm_devices_drain(&vm);
	__atomic_store_n((bool *)done, true, __ATOMIC_RELEASE);
	return NULL;
}

/*
 * Who finds the ring empty may serve the next access to a port only once the bytes that were
 * in it have come to the UART: another thread has taken them, and is not there yet.
 */
TEST(an_empty_ring_is_waited_for)
{
	bool first = false, second = false;
	pthread_t a, b;
	char buf[8] = "";

	make();
	guest_writes("ab\n");
	pthread_mutex_lock(&uart()->lock); /* here it stops */
	CHECK_INT(pthread_create(&a, NULL, drain, &first), 0);
	while (__atomic_load_n(&r.ring.first, __ATOMIC_ACQUIRE) != r.ring.last)
		usleep(1000);
	CHECK_INT(pthread_create(&b, NULL, drain, &second), 0);
	usleep(100000);
	CHECK(!__atomic_load_n(&first, __ATOMIC_ACQUIRE));
	CHECK(!__atomic_load_n(&second, __ATOMIC_ACQUIRE));
	pthread_mutex_unlock(&uart()->lock);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	CHECK(first && second);
	CHECK_INT(read(console[0], buf, sizeof(buf) - 1), 3);
	CHECK_STR(buf, "ab\n");
	unmake();
}

TEST(the_ring_goes_round)
{
	char want[] = "0123456789\n", buf[sizeof(want)];
	int i;

	make();
	for (i = 0; i < 5; i++) {
		guest_writes(want);
		kvm_devices_drain(&vm);
		memset(buf, 0, sizeof(buf));
		CHECK_INT(read(console[0], buf, sizeof(buf) - 1), sizeof(want) - 1);
		CHECK_STR(buf, want);
	}
	unmake();
}

UNIT_MAIN(T(an_empty_ring_is_waited_for), T(the_ring_goes_round))
