// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of a 16550A, as far as a transmitter shows them. There is no line,
 * so speed and format are stored and mean nothing; carrier and clear-to-send are on.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "uart.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };
enum { IER_RX = 1, IER_TX = 2, IER_LINE = 4, IER_ALL = 0x0f };
enum { IIR_NONE = 1, IIR_TX = 2, IIR_RX = 4, IIR_LINE = 6, IIR_FIFOS = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2 };
enum { LCR_DIVISOR = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10, MCR_ALL = 0x1f };
enum { LSR_DATA = 1, LSR_OVERRUN = 2, LSR_THR_EMPTY = 0x20, LSR_IDLE = 0x40 };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

void uart_init(struct uart *u, struct irq_line irq, int fd)
{
	memset(u, 0, sizeof(*u));
	pthread_mutex_init(&u->lock, NULL);
	u->irq = irq;
	u->fd = fd;
	u->divisor[0] = 1;
}

void uart_free(struct uart *u)
{
	pthread_mutex_destroy(&u->lock);
}

/* ---- the guest's output ---------------------------------------------------------- */

static void send_out(struct uart *u)
{
	ssize_t n = send(u->fd, u->out, u->used, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) { /* nobody will read this, or what follows */
		u->dropped += u->used;
		u->used = 0;
		return;
	}
	u->used -= (size_t)n;
	memmove(u->out, u->out + n, u->used);
}

/*
 * Once the buffer is full, only a newline is worth another attempt: a guest that
 * prints to nobody costs a call a line, and a line that was cut still ends.
 */
static void put_out(struct uart *u, char c)
{
	if (!u->spoken)
		early_call(&u->early);
	u->spoken = true;
	if (u->used == UART_BUF && (!u->stuck || c == '\n')) {
		send_out(u);
		u->stuck = u->used == UART_BUF;
	}
	if (u->used == UART_BUF) {
		u->dropped++;
		return;
	}
	u->out[u->used++] = c;
	if (c == '\n')
		send_out(u);
}

/* ---- registers ------------------------------------------------------------------- */

static uint8_t pending(const struct uart *u)
{
	if (u->overrun && (u->ier & IER_LINE))
		return IIR_LINE;
	if (u->rx_len && (u->ier & IER_RX))
		return IIR_RX;
	if (u->thr_empty && (u->ier & IER_TX))
		return IIR_TX;
	return IIR_NONE;
}

static void update_irq(struct uart *u)
{
	bool level = pending(u) != IIR_NONE;

	if (level != u->level) {
		u->level = level;
		irq_set(&u->irq, level);
	}
}

static void transmit(struct uart *u, uint8_t v)
{
	unsigned int room = u->fcr & FCR_ENABLE ? UART_FIFO : 1;

	u->thr_empty = true; /* at once */
	if (!(u->mcr & MCR_LOOP))
		put_out(u, (char)v);
	else if (u->rx_len < room)
		u->rx[u->rx_len++] = v;
	else
		u->overrun = true;
}

static uint8_t receive(struct uart *u)
{
	uint8_t v = u->rx[0];

	if (!u->rx_len)
		return 0;
	memmove(u->rx, u->rx + 1, --u->rx_len);
	return v;
}

static uint8_t line_status(struct uart *u)
{
	uint8_t v = LSR_THR_EMPTY | LSR_IDLE;

	if (u->rx_len)
		v |= LSR_DATA;
	if (u->overrun)
		v |= LSR_OVERRUN;
	u->overrun = false;
	return v;
}

/* In loopback mode the modem's inputs are our own outputs. */
static uint8_t modem_status(const struct uart *u)
{
	uint8_t v = 0;

	if (!(u->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	v |= u->mcr & MCR_RTS ? MSR_CTS : 0;
	v |= u->mcr & MCR_DTR ? MSR_DSR : 0;
	v |= u->mcr & MCR_OUT1 ? MSR_RI : 0;
	v |= u->mcr & MCR_OUT2 ? MSR_DCD : 0;
	return v;
}

static uint8_t interrupt_id(struct uart *u)
{
	uint8_t v = pending(u);

	if (v == IIR_TX)
		u->thr_empty = false; /* told */
	return v | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static uint8_t read_reg(struct uart *u, uint64_t reg)
{
	switch (reg) {
	case REG_DATA:
		return u->lcr & LCR_DIVISOR ? u->divisor[0] : receive(u);
	case REG_IER:
		return u->lcr & LCR_DIVISOR ? u->divisor[1] : u->ier;
	case REG_IIR_FCR:
		return interrupt_id(u);
	case REG_LCR:
		return u->lcr;
	case REG_MCR:
		return u->mcr;
	case REG_LSR:
		return line_status(u);
	case REG_MSR:
		return modem_status(u);
	default:
		return u->scr;
	}
}

/* Enabling the transmit interrupt while the transmitter is empty raises it: drivers test that. */
static void write_ier(struct uart *u, uint8_t v)
{
	if ((v & IER_TX) && !(u->ier & IER_TX))
		u->thr_empty = true;
	u->ier = v & IER_ALL;
}

static void write_fcr(struct uart *u, uint8_t v)
{
	if ((v & FCR_CLEAR_RX) || ((v ^ u->fcr) & FCR_ENABLE))
		u->rx_len = 0;
	u->fcr = v & FCR_ENABLE;
}

static void write_reg(struct uart *u, uint64_t reg, uint8_t v)
{
	bool divisor = u->lcr & LCR_DIVISOR;

	if (divisor && reg <= REG_IER)
		u->divisor[reg] = v;
	else if (reg == REG_DATA)
		transmit(u, v);
	else if (reg == REG_IER)
		write_ier(u, v);
	else if (reg == REG_IIR_FCR)
		write_fcr(u, v);
	else if (reg == REG_LCR)
		u->lcr = v;
	else if (reg == REG_MCR)
		u->mcr = v & MCR_ALL;
	else if (reg == REG_SCR)
		u->scr = v;
}

/* A wide access is one after the other to neighbouring ports, as on an 8-bit bus. */
static void uart_read(void *self, uint64_t off, void *data, unsigned int len)
{
	struct uart *u = self;
	uint8_t *p = data;

	pthread_mutex_lock(&u->lock);
	while (len--)
		*p++ = read_reg(u, off++);
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

static void uart_write(void *self, uint64_t off, const void *data, unsigned int len)
{
	struct uart *u = self;
	const uint8_t *p = data;

	pthread_mutex_lock(&u->lock);
	while (len--)
		write_reg(u, off++, *p++);
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

int uart_add(struct uart *u, struct bus *pio)
{
	static const struct dev_ops ops = { uart_read, uart_write };

	return bus_add(pio, UART_PORT, UART_PORTS, &ops, u);
}

void uart_tx(struct uart *u, const void *data, size_t len)
{
	const uint8_t *p = data;

	pthread_mutex_lock(&u->lock);
	while (len--)
		write_reg(u, REG_DATA, *p++);
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

bool uart_flush(struct uart *u)
{
	bool empty;

	pthread_mutex_lock(&u->lock);
	if (u->used)
		send_out(u);
	u->stuck = u->used == UART_BUF;
	empty = u->used == 0;
	pthread_mutex_unlock(&u->lock);
	return empty;
}

void uart_close(struct uart *u)
{
	uart_flush(u);
	pthread_mutex_lock(&u->lock);
	u->dropped += u->used;
	u->used = 0;
	pthread_mutex_unlock(&u->lock);
}

uint64_t uart_dropped(struct uart *u)
{
	uint64_t n;

	pthread_mutex_lock(&u->lock);
	n = u->dropped;
	pthread_mutex_unlock(&u->lock);
	return n;
}
