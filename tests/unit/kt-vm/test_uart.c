// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/device/bus.c kt-vm/device/uart.c
/* The UART as Linux's 8250 driver meets it, without a guest. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kt-vm/device/uart.h"
#include "unit.h"

enum { TX, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

struct rig {
	struct bus bus;
	struct uart u;
	int rd, wr; /* the socket: our end, and the UART's */
	unsigned int edges;
	int level;
};

static void set_line(void *ctx, unsigned int gsi, int level)
{
	struct rig *r = ctx;

	CHECK_INT(gsi, 4);
	CHECK(level != r->level); /* each call is a system call */
	r->edges += level && !r->level;
	r->level = level;
}

static void open_rig(struct rig *r)
{
	struct irq_line line = { set_line, r, UART_GSI };
	int sv[2];

	memset(r, 0, sizeof(*r));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv))
		abort();
	r->rd = sv[0];
	r->wr = sv[1];
	bus_init(&r->bus);
	uart_init(&r->u, line, r->wr);
	CHECK_INT(uart_add(&r->u, &r->bus), 0);
}

static void close_rig(struct rig *r)
{
	bus_free(&r->bus);
	uart_free(&r->u);
	if (r->rd >= 0)
		close(r->rd);
	close(r->wr);
}

static uint8_t in(struct rig *r, unsigned int reg)
{
	uint8_t v = 0;

	CHECK(bus_read(&r->bus, 0x3f8 + reg, &v, 1));
	return v;
}

static void out(struct rig *r, unsigned int reg, unsigned int v)
{
	uint8_t b = (uint8_t)v;

	CHECK(bus_write(&r->bus, 0x3f8 + reg, &b, 1));
}

static const char *got(struct rig *r)
{
	static char buf[65536];
	ssize_t n = read(r->rd, buf, sizeof(buf) - 1);

	buf[n < 0 ? 0 : n] = 0;
	return buf;
}

TEST(lines)
{
	const char *p = "hello\nwor";
	struct rig r;

	open_rig(&r);
	for (; *p && *p != 'w'; p++)
		out(&r, TX, (uint8_t)*p);
	CHECK_STR(got(&r), "hello\n");
	uart_tx(&r.u, p, 3);
	CHECK_STR(got(&r), ""); /* kept for the newline */
	CHECK(uart_flush(&r.u));
	CHECK_STR(got(&r), "wor");
	CHECK(uart_flush(&r.u));
	CHECK_INT(uart_dropped(&r.u), 0);
	close_rig(&r);
}

TEST(long_line)
{
	static char line[3 * UART_BUF];
	struct rig r;

	open_rig(&r);
	memset(line, 'x', sizeof(line));
	uart_tx(&r.u, line, sizeof(line));
	CHECK(uart_flush(&r.u));
	CHECK_INT(strlen(got(&r)), sizeof(line));
	CHECK_INT(uart_dropped(&r.u), 0);
	close_rig(&r);
}

/* What the driver does to find a 16550A, and what must not look like another one. */
TEST(autoconfig)
{
	struct rig r;

	open_rig(&r);
	out(&r, IER, 0);
	CHECK_INT(in(&r, IER), 0);
	out(&r, IER, 0xff);
	CHECK_INT(in(&r, IER), 0x0f);
	out(&r, IER, 0);
	out(&r, MCR, 0x1a); /* loopback, OUT2, RTS */
	CHECK_INT(in(&r, MSR) & 0xf0, 0x90);
	out(&r, MCR, 0x15);
	CHECK_INT(in(&r, MSR) & 0xf0, 0x60);
	out(&r, MCR, 0);
	CHECK_INT(in(&r, MSR), 0xb0);
	CHECK_INT(in(&r, IIR), 0x01); /* FIFOs off */
	out(&r, LCR, 0xbf);
	out(&r, FCR, 0);
	out(&r, LCR, 0);
	out(&r, FCR, 1);
	CHECK_INT(in(&r, IIR) >> 6, 3);
	out(&r, FCR, 0x21);
	CHECK_INT(in(&r, IIR) & 0x20, 0); /* no 64-byte FIFO: no 16750 */
	out(&r, SCR, 0x5a);
	CHECK_INT(in(&r, SCR), 0x5a);
	CHECK_INT(in(&r, LSR), 0x60);
	CHECK_STR(got(&r), "");
	close_rig(&r);
}

TEST(divisor)
{
	struct rig r;

	open_rig(&r);
	out(&r, LCR, 0x83);
	out(&r, TX, 0x0c);
	uart_tx(&r.u, "\x0d", 1); /* also by the ring */
	out(&r, IER, 0x01);
	CHECK_INT(in(&r, TX), 0x0d);
	CHECK_INT(in(&r, IER), 0x01);
	CHECK_INT(in(&r, LCR), 0x83);
	out(&r, LCR, 0x03);
	CHECK_INT(in(&r, TX), 0);
	CHECK_INT(in(&r, IER), 0);
	CHECK(uart_flush(&r.u));
	CHECK_STR(got(&r), "");
	close_rig(&r);
}

/* The driver counts a FIFO by looping bytes back. */
TEST(loopback)
{
	struct rig r;
	int i;

	open_rig(&r);
	out(&r, FCR, 7);
	out(&r, MCR, 0x10);
	out(&r, IER, 5);
	for (i = 0; i < 256; i++)
		out(&r, TX, (unsigned int)i);
	CHECK_INT(r.level, 1);
	CHECK_INT(in(&r, IIR), 0xc6); /* overrun first */
	CHECK_INT(in(&r, LSR), 0x63);
	CHECK_INT(in(&r, IIR), 0xc4);
	for (i = 0; in(&r, LSR) & 1; i++)
		CHECK_INT(in(&r, TX), i);
	CHECK_INT(i, 16);
	CHECK_INT(in(&r, IIR), 0xc1);
	CHECK_INT(r.level, 0);
	out(&r, TX, 'x');
	out(&r, FCR, 3);
	CHECK_INT(in(&r, LSR), 0x60);
	out(&r, FCR, 0); /* one byte deep */
	out(&r, TX, 'a');
	out(&r, TX, 'b');
	CHECK_INT(in(&r, LSR), 0x63);
	CHECK_INT(in(&r, TX), 'a');
	CHECK_INT(in(&r, LSR), 0x60);
	out(&r, MCR, 0);
	CHECK(uart_flush(&r.u));
	CHECK_STR(got(&r), "");
	close_rig(&r);
}

/* The driver's two tests for broken chips: it re-enables the interrupt and wants to see it again.
 */
TEST(transmit_interrupt)
{
	struct rig r;

	open_rig(&r);
	out(&r, FCR, 1);
	CHECK_INT(r.level, 0);
	out(&r, IER, 2);
	CHECK_INT(r.level, 1);
	CHECK_INT(in(&r, LSR), 0x60);
	CHECK_INT(in(&r, IIR), 0xc2);
	CHECK_INT(r.level, 0);
	CHECK_INT(in(&r, IIR), 0xc1);
	out(&r, IER, 0);
	out(&r, IER, 2);
	CHECK_INT(in(&r, IIR), 0xc2);
	CHECK_INT(r.edges, 2);
	uart_tx(&r.u, "0123456789abcdef", 16);
	CHECK_INT(r.edges, 3); /* one for the run */
	CHECK_INT(in(&r, IIR), 0xc2);
	out(&r, TX, 'x');
	CHECK_INT(r.edges, 4);
	out(&r, IER, 0);
	CHECK_INT(r.level, 0);
	close_rig(&r);
}

TEST(wide_access)
{
	uint32_t v = 0;
	struct rig r;

	open_rig(&r);
	CHECK(bus_write(&r.bus, 0x3f8 + LCR, "\x03\x08\x00\x00", 4)); /* LCR to MSR */
	CHECK_INT(in(&r, LCR), 3);
	CHECK_INT(in(&r, MCR), 8);
	CHECK(bus_read(&r.bus, 0x3f8 + LCR, &v, 4));
	CHECK_INT(v, 0xb0600803);
	CHECK(!bus_read(&r.bus, 0x3f8 + SCR, &v, 2));
	CHECK_INT(v & 0xffff, 0xffff);
	close_rig(&r);
}

static long rss_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* 100 MB to nobody: no byte is held back beyond the buffers, none is forgotten. */
TEST(nobody_reads)
{
	static char chunk[4000];
	size_t i, total = 0, seen = 0;
	struct rig r;
	long before;

	for (i = 0; i < sizeof(chunk); i++)
		chunk[i] = i % 80 == 79 ? '\n' : 'x';
	open_rig(&r);
	uart_tx(&r.u, chunk, sizeof(chunk));
	total += sizeof(chunk);
	before = rss_kib();
	while (total < 100 * 1000 * 1000) {
		uart_tx(&r.u, chunk, sizeof(chunk));
		total += sizeof(chunk);
	}
	CHECK(rss_kib() - before <= 512);
	CHECK(!uart_flush(&r.u));
	CHECK(uart_dropped(&r.u) > 99 * 1000 * 1000);
	for (i = 0; i < 1000; i++) {
		seen += strlen(got(&r));
		uart_flush(&r.u);
	}
	CHECK(uart_flush(&r.u));
	CHECK_INT(seen + uart_dropped(&r.u), total);
	for (i = 0; i < 1000; i++)
		uart_tx(&r.u, chunk, sizeof(chunk));
	uart_close(&r.u);
	CHECK(uart_flush(&r.u));
	for (i = 0; i < 1000; i++)
		seen += strlen(got(&r));
	CHECK_INT(seen + uart_dropped(&r.u), total + 1000 * sizeof(chunk));
	close_rig(&r);
}

/* After a loss the next line stands on its own. */
TEST(resumes_at_a_line)
{
	static char junk[1000];
	char all[65536 * 16], *p = all;
	const char *part;
	struct rig r;
	int i;

	open_rig(&r);
	memset(junk, 'j', sizeof(junk));
	while (!uart_dropped(&r.u))
		uart_tx(&r.u, junk, sizeof(junk));
	for (i = 0; i < 4; i++)
		uart_tx(&r.u, junk, sizeof(junk));
	while (*(part = got(&r)) && p < all + sizeof(all) - 65536)
		p = stpcpy(p, part);
	uart_tx(&r.u, "lost\nkept\n", 10);
	p = stpcpy(p, got(&r));
	CHECK_STR(p - 7, "j\nkept\n");
	close_rig(&r);
}

TEST(reader_gone)
{
	struct rig r;

	open_rig(&r);
	close(r.rd);
	r.rd = -1;
	uart_tx(&r.u, "one\ntwo", 7);
	CHECK(uart_flush(&r.u));
	CHECK_INT(uart_dropped(&r.u), 7);
	close_rig(&r);
}

UNIT_MAIN(T(lines), T(long_line), T(autoconfig), T(divisor), T(loopback), T(transmit_interrupt),
	  T(wide_access), T(nobody_reads), T(resumes_at_a_line), T(reader_gone))
