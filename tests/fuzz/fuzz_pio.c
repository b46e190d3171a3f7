// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/device/bus.c kt-vm/device/uart.c kt-vm/device/pm.c kt-vm/device/legacy.c
/*
 * Port I/O of any width, over all devices on the bus of ports. Each step of the
 * input is a byte that says what, then a byte for where, then the data. Two things must
 * hold: what a device reads is always written whole, and each byte that the guest
 * transmits is either kept, sent or counted as dropped.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kt-vm/device/bus.h"
#include "kt-vm/device/legacy.h"
#include "kt-vm/device/pm.h"
#include "kt-vm/device/uart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WRITE = 1, WIDTH_SHIFT = 1, RING = 8, RAW = 16, FLUSH = 32 };

struct rig {
	struct bus bus;
	struct uart uart;
	struct pm pm;
	struct legacy legacy;
	int level;
};

static void set_line(void *ctx, unsigned int gsi, int level)
{
	struct rig *r = ctx;

	if (gsi != UART_GSI || level == r->level) /* only changes are worth a call */
		abort();
	r->level = level;
}

static void on_event(void *ctx, enum machine_event ev)
{
	(void)ctx;
	if (ev != MACHINE_POWEROFF && ev != MACHINE_RESET)
		abort();
}

static void open_rig(struct rig *r, int fd)
{
	struct machine_events ev = { on_event, r };
	struct irq_line line = { set_line, r, UART_GSI };

	r->level = 0;
	bus_init(&r->bus);
	uart_init(&r->uart, line, fd);
	pm_init(&r->pm, ev);
	legacy_init(&r->legacy, ev);
	if (uart_add(&r->uart, &r->bus) || pm_add(&r->pm, &r->bus) ||
	    legacy_add(&r->legacy, &r->bus))
		abort();
}

static uint64_t address(uint8_t what, uint8_t where)
{
	static const uint16_t near[] = { 0x3f8, 0x3fc, 0x600, 0x604, 0x608, 0xcf8, 0x60, 0x70 };

	if (what & RAW)
		return (uint64_t)where << (what >> 5) * 8 | where;
	return near[where % 8] + (uint64_t)(where >> 3) % 8;
}

static void access_port(struct rig *r, uint8_t what, uint8_t where, const uint8_t *data)
{
	unsigned int len = 1U << (what >> WIDTH_SHIFT & 3);
	uint8_t a[BUS_WIDTH], b[BUS_WIDTH + 1];

	memcpy(a, data, sizeof(a));
	if (what & WRITE) {
		bus_write(&r->bus, address(what, where), a, len);
		return;
	}
	memset(b, 0x5a, sizeof(b));
	if (!bus_read(&r->bus, address(what, where), b, len) && b[0] != 0xff)
		abort();
	if (b[len] != 0x5a)
		abort();
}

static void step(struct rig *r, uint8_t what, uint8_t where, const uint8_t *data)
{
	uint64_t before = r->uart.dropped + r->uart.used;
	size_t run = where;
	static uint8_t ring[255];

	if (what & RING) {
		memset(ring, data[0], run);
		uart_tx(&r->uart, ring, run);
		if (!(r->uart.lcr & 0x80) && !(r->uart.mcr & 0x10) && r->uart.fd < 0 &&
		    r->uart.dropped + r->uart.used != before + run)
			abort();
	} else if ((what & FLUSH) && !(what & RAW)) {
		uart_flush(&r->uart);
	} else {
		access_port(r, what, where, data);
	}
	if (r->uart.used > UART_BUF || r->uart.rx_len > UART_FIFO)
		abort();
}

/* A socket that its reader empties between runs only: small, so that it fills. */
static int socket_for(uint8_t kind)
{
	static int sv[2] = { -1, -1 };
	static char sink[4096];
	int small = 4096;

	if (!(kind & 1))
		return -1;
	if (sv[0] < 0 && (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) ||
			  setsockopt(sv[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small))))
		abort();
	while (read(sv[0], sink, sizeof(sink)) > 0)
		;
	return sv[1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig r;
	uint8_t pad[BUS_WIDTH];
	size_t n;

	if (!size)
		return 0;
	open_rig(&r, socket_for(*data));
	for (data++, size--; size >= 2; data += n, size -= n) {
		uint8_t what = data[0], where = data[1];

		data += 2;
		size -= 2;
		n = what & (WRITE | RING) ? 1U << (what >> WIDTH_SHIFT & 3) : 0;
		n = n < size ? n : size;
		memset(pad, 0, sizeof(pad));
		memcpy(pad, data, n);
		step(&r, what, where, pad);
	}
	bus_free(&r.bus);
	uart_free(&r.uart);
	legacy_free(&r.legacy);
	return 0;
}
