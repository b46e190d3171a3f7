/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_UART_H
#define KT_VM_DEVICE_UART_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus.h"
#include "irq.h"
#include "machine/early.h"

/*
 * COM1, a 16550A that only sends: what the guest transmits goes to a socket, a
 * line at a time. A vCPU never waits for the reader: what does not fit into the
 * socket and UART_BUF bytes here is dropped and counted.
 *
 * To Linux the transmitter is always empty, so nothing ever waits for it. What a
 * byte costs is exits: one to read the line status and one to write. The second is
 * saved by KVM's coalesced port I/O (KVM_CAP_COALESCED_PIO), where KVM keeps the
 * writes to UART_PORT in a ring that it shares with us:
 *
 *	struct kvm_coalesced_mmio_zone z = { .addr = UART_PORT, .size = 1, .pio = 1 };
 *	ioctl(vm, KVM_REGISTER_COALESCED_MMIO, &z);
 *
 * The ring is the page at offset KVM_COALESCED_MMIO_PAGE_OFFSET * PAGE_SIZE of a
 * vCPU's struct kvm_run; there is one for the whole VM. Its entries are drained with
 * uart_tx(), by one thread at a time and in order:
 *  - before any exit at UART_PORT to UART_PORT + UART_PORTS - 1 is handled, since
 *    the order of bytes and control registers counts (divisor latch, loopback);
 *  - every 10 ms or so, then uart_flush(): an interrupt that the guest waits for
 *    comes from there only in rare cases (its handler reads the interrupt register
 *    after each 16 bytes), and the last words of a guest that hangs always do;
 *  - when the guest has ended.
 * A full ring (170 entries) makes KVM exit for the next write: that is handled like
 * any exit, so the ring is drained first.
 */
#define UART_PORT  0x3f8U
#define UART_PORTS 8U
#define UART_GSI   4U
#define UART_BUF   4096U
#define UART_FIFO  16U

struct uart {
	pthread_mutex_t lock; /* vCPUs, the thread that drains the ring, the one that flushes */
	struct irq_line irq;
	bool level; /* of the interrupt line */
	int fd;

	uint8_t ier, lcr, mcr, fcr, scr, divisor[2];
	bool thr_empty;        /* not yet told since the last byte */
	uint8_t rx[UART_FIFO]; /* filled in loopback mode only */
	unsigned int rx_len;
	bool overrun;

	char out[UART_BUF];
	size_t used;
	bool stuck; /* full, and the last attempt to send got rid of nothing */
	uint64_t dropped;
	bool spoken;
	struct early_hook early;
};

/* `fd` is a socket, or -1: then all is dropped. It stays the caller's. */
void uart_init(struct uart *u, struct irq_line irq, int fd);
void uart_free(struct uart *u);
int uart_add(struct uart *u, struct bus *pio); /* as bus_add() */

/* A run of bytes that the guest wrote to UART_PORT: the coalesced ones. */
void uart_tx(struct uart *u, const void *data, size_t len);
/* Sends what is kept back for want of a newline. True: all is out. */
bool uart_flush(struct uart *u);
/* The guest is over: what the reader has no room for now is dropped. */
void uart_close(struct uart *u);
uint64_t uart_dropped(struct uart *u); /* bytes that nobody will see */

#endif
