// SPDX-License-Identifier: GPL-2.0-only
/* The virtio-console device (virtio 1.2, 5.3): ports, their control messages, what they carry. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>

#include "outbuf.h"
#include "virtio_console.h"

#define RECORD_NAME  "kt.records"
#define CONSOLE_BUF  65536 /* for a reader that is slow, not gone */
#define CONSOLE_FULL 4096  /* a line longer than this is not waited for */
#define INPUT_MAX    4096  /* for the guest, read and not yet in its memory */

enum { PORT_CONSOLE, PORT_RECORDS, PORTS };

/* The order of the book: port 0, control, then the other ports; each receives, then sends. */
enum { RX_CONSOLE, TX_CONSOLE, RX_CONTROL, TX_CONTROL, RX_RECORDS, TX_RECORDS, QUEUES };

/* Messages that wait for a buffer of the driver, a bit for each; sent in this order. */
enum { SAY_ADD = 1, SAY_CONSOLE = 2, SAY_NAME = 4, SAY_OPEN = 8, SAY_END = 16 };

struct virtio_console {
	struct virtio_mmio mmio;
	struct outbuf out[PORTS];
	bool has_console;
	struct early_hook early;
	uint8_t say[PORTS];
	struct virtio_console_stats stats;

	/* the request of TX_RECORDS that is being sent, from iov[next] on */
	bool busy;
	unsigned int next;
	struct virtq_chain chain;

	/* bytes for the guest, from the record port's socket */
	int input_fd; /* -1: nobody writes (any more) */
	size_t input_at, input_len;
	char input[INPUT_MAX];

	/* these cost no memory until they are used */
	char console[CONSOLE_BUF];
	char carry[VIRTIO_CONSOLE_CARRY]; /* records of a queue that is gone; sent first */
};

static struct virtio_console *console_of(struct virtio_mmio *v)
{
	return (struct virtio_console *)((char *)v - offsetof(struct virtio_console, mmio));
}

static size_t length(const struct iovec *iov, size_t n)
{
	size_t len = 0;

	while (n--)
		len += iov++->iov_len;
	return len;
}

/* Copies into the ranges, until one or the other is at its end: how much. */
static size_t scatter(const struct iovec *iov, size_t n, const void *data, size_t len)
{
	size_t done = 0, part;

	for (; n-- && done < len; iov++) {
		part = iov->iov_len < len - done ? iov->iov_len : len - done;
		memcpy(iov->iov_base, (const char *)data + done, part);
		done += part;
	}
	return done;
}

/* A line at a time: a driver hands over 16 bytes and less. */
static void console_add(struct virtio_console *c, const void *data, size_t len)
{
	struct outbuf *out = &c->out[PORT_CONSOLE];
	size_t before;

	if (len > out->size - out->len)
		outbuf_send(out);
	before = out->len;
	outbuf_add(out, data, len);
	/* what came is looked at here, not where the guest can still change it */
	if (out->len >= CONSOLE_FULL ||
	    memchr(out->data + out->at + before, '\n', out->len - before))
		outbuf_send(out);
}

/* Each request is done with at once, sent or not: the driver spins until it is. */
static void console_tx(struct virtio_console *c)
{
	struct virtio_mmio *v = &c->mmio;
	struct virtq *q = &v->queue[TX_CONSOLE];
	unsigned int budget = q->num, i;
	struct virtq_chain chain;
	bool irq = false;
	int rc = 0;

	/* each buffer that the driver adds comes with a notification: the rest has its own */
	while (budget-- && (rc = virtq_pop(q, &chain)) > 0) {
		if (!c->stats.console_bytes)
			early_call(&c->early);
		c->stats.console_bytes += length(chain.iov, chain.out);
		for (i = 0; i < chain.out; i++)
			console_add(c, chain.iov[i].iov_base, chain.iov[i].iov_len);
		irq |= virtq_push(q, chain.head, 0);
	}
	if (irq)
		virtio_mmio_used(v);
	if (rc < 0)
		virtio_mmio_broken(v);
}

/* Takes the next request of the record port into hand: as virtq_pop(). */
static int record_next(struct virtio_console *c)
{
	int rc = virtq_pop(&c->mmio.queue[TX_RECORDS], &c->chain);

	if (rc > 0) {
		c->busy = true;
		c->next = 0;
		c->stats.record_bytes += length(c->chain.iov, c->chain.out);
	}
	return rc;
}

/* True when all of the request went (or nobody reads). */
static bool record_send(struct virtio_console *c)
{
	struct outbuf *out = &c->out[PORT_RECORDS];
	struct virtq_chain *chain = &c->chain;
	struct iovec *iov;
	size_t part;
	ssize_t n;

	for (;;) {
		while (c->next < chain->out && !chain->iov[c->next].iov_len)
			c->next++;
		if (c->next == chain->out)
			return true;
		n = outbuf_pass(out, &chain->iov[c->next], chain->out - c->next);
		if (n == 0)
			return false;
		if (n < 0) {
			out->lost += length(&chain->iov[c->next], chain->out - c->next);
			return true;
		}
		for (; n; n -= (ssize_t)part) {
			iov = &chain->iov[c->next];
			part = (size_t)n < iov->iov_len ? (size_t)n : iov->iov_len;
			iov->iov_base = (char *)iov->iov_base + part;
			iov->iov_len -= part;
			if (!iov->iov_len)
				c->next++;
		}
	}
}

static void record_tx(struct virtio_console *c)
{
	struct virtio_mmio *v = &c->mmio;
	struct virtq *q = &v->queue[TX_RECORDS];
	unsigned int budget = q->num + 1U;
	bool irq = false;
	int rc = 0;

	if (!outbuf_send(&c->out[PORT_RECORDS]) || !virtio_mmio_live(v))
		return;
	while (budget-- && (c->busy || (rc = record_next(c)) > 0) && record_send(c)) {
		irq |= virtq_push(q, c->chain.head, 0);
		c->busy = false;
	}
	if (irq)
		virtio_mmio_used(v);
	if (rc < 0)
		virtio_mmio_broken(v);
}

/* The queue goes away, with all that is in it: whatever it has is copied out. */
static void record_stop(struct virtio_console *c)
{
	unsigned int budget = c->mmio.queue[TX_RECORDS].num + 1U, i;
	struct outbuf *out = &c->out[PORT_RECORDS];

	while (budget-- && (c->busy || record_next(c) > 0)) {
		for (i = c->next; i < c->chain.out; i++)
			outbuf_add(out, c->chain.iov[i].iov_base, c->chain.iov[i].iov_len);
		c->busy = false;
	}
	outbuf_send(out);
}

/* True when there is something for the guest. */
static bool input_read(struct virtio_console *c)
{
	ssize_t n;

	if (c->input_len || c->input_fd < 0)
		return c->input_len;
	do
		n = read(c->input_fd, c->input, sizeof(c->input));
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		c->input_fd = -1;
	c->input_at = 0;
	c->input_len = n > 0 ? (size_t)n : 0;
	return c->input_len;
}

/* What is there for the guest, as far as the driver has given buffers for it. */
static void record_rx(struct virtio_console *c)
{
	struct virtio_mmio *v = &c->mmio;
	struct virtq *q = &v->queue[RX_RECORDS];
	unsigned int budget = q->num;
	struct virtq_chain chain;
	bool irq = false;
	int rc = 0;
	size_t n;

	if (!virtio_mmio_live(v) || !q->ready)
		return;
	while (budget-- && input_read(c) && (rc = virtq_pop(q, &chain)) > 0) {
		n = scatter(chain.iov + chain.out, chain.in, c->input + c->input_at, c->input_len);
		if (!n) {
			rc = -EPROTO;
			break;
		}
		c->input_at += n;
		c->input_len -= n;
		irq |= virtq_push(q, chain.head, (uint32_t)n);
	}
	if (irq)
		virtio_mmio_used(v);
	if (rc < 0)
		virtio_mmio_broken(v);
}

/* Writes a message into the driver's next buffer. False: it has given none. */
static bool say(struct virtio_console *c, uint32_t port, unsigned int what)
{
	struct {
		struct virtio_console_control head;
		char name[sizeof(RECORD_NAME) - 1];
	} msg = { { .id = port, .value = 1 }, RECORD_NAME };
	size_t len = what == SAY_NAME ? sizeof(msg) : sizeof(msg.head);
	struct virtq *q = &c->mmio.queue[RX_CONTROL];
	struct virtq_chain chain;
	int rc = virtq_pop(q, &chain);

	msg.head.event = what == SAY_ADD       ? VIRTIO_CONSOLE_PORT_ADD
			 : what == SAY_CONSOLE ? VIRTIO_CONSOLE_CONSOLE_PORT
			 : what == SAY_NAME    ? VIRTIO_CONSOLE_PORT_NAME
					       : VIRTIO_CONSOLE_PORT_OPEN;
	if (rc > 0 && length(chain.iov + chain.out, chain.in) < len)
		rc = -EPROTO;
	if (rc < 0)
		virtio_mmio_broken(&c->mmio);
	if (rc <= 0)
		return false;
	scatter(chain.iov + chain.out, chain.in, &msg, len);
	if (virtq_push(q, chain.head, (uint32_t)len))
		virtio_mmio_used(&c->mmio);
	return true;
}

static void say_all(struct virtio_console *c)
{
	unsigned int port, what;

	for (port = 0; port < PORTS; port++)
		for (what = SAY_ADD; what < SAY_END; what <<= 1)
			if (c->say[port] & what) {
				if (!say(c, port, what))
					return;
				c->say[port] &= (uint8_t)~what;
			}
}

static bool exists(const struct virtio_console *c, uint32_t port)
{
	return port == PORT_RECORDS || (port == PORT_CONSOLE && c->has_console);
}

static void heard(struct virtio_console *c, const struct virtio_console_control *m)
{
	uint32_t port;

	if (m->value != 1)
		return;
	if (m->event == VIRTIO_CONSOLE_DEVICE_READY) {
		for (port = 0; port < PORTS; port++)
			if (exists(c, port))
				c->say[port] |= SAY_ADD;
	} else if (m->event == VIRTIO_CONSOLE_PORT_READY && exists(c, m->id)) {
		c->say[m->id] |= SAY_OPEN;
		c->say[m->id] |= m->id == PORT_CONSOLE ? SAY_CONSOLE : SAY_NAME;
	}
}

static void control_tx(struct virtio_console *c)
{
	struct virtio_mmio *v = &c->mmio;
	struct virtq *q = &v->queue[TX_CONTROL];
	struct virtio_console_control m;
	unsigned int budget = q->num;
	struct virtq_chain chain;
	bool irq = false;
	int rc = 0;

	while (budget-- && (rc = virtq_pop(q, &chain)) > 0) {
		/* no driver splits a message; one that does is not heard */
		if (chain.out && chain.iov[0].iov_len >= sizeof(m)) {
			memcpy(&m, chain.iov[0].iov_base, sizeof(m));
			heard(c, &m);
		}
		irq |= virtq_push(q, chain.head, 0);
	}
	if (irq)
		virtio_mmio_used(v);
	if (rc < 0)
		virtio_mmio_broken(v);
	else
		say_all(c);
}

static void notify(struct virtio_mmio *v, unsigned int queue)
{
	struct virtio_console *c = console_of(v);

	if (queue == TX_CONSOLE)
		console_tx(c);
	else if (queue == RX_CONTROL)
		say_all(c);
	else if (queue == TX_CONTROL)
		control_tx(c);
	else if (queue == RX_RECORDS)
		record_rx(c);
	else if (queue == TX_RECORDS)
		record_tx(c);
}

static void stop(struct virtio_mmio *v, unsigned int queue)
{
	if (queue == TX_RECORDS)
		record_stop(console_of(v));
	else if (queue == RX_RECORDS) /* the answer to a driver that is gone */
		console_of(v)->input_len = 0;
}

static void reset(struct virtio_mmio *v)
{
	memset(console_of(v)->say, 0, sizeof(console_of(v)->say));
}

static const struct virtio_console_config config = { .max_nr_ports = PORTS };

static const struct virtio_dev_ops console_ops = {
	.id = VIRTIO_ID_CONSOLE,
	.features = 1ULL << VIRTIO_CONSOLE_F_MULTIPORT,
	.queues = QUEUES,
	/* a driver fills each receiving queue with pages: no more of them than needed */
	.queue_max = { [RX_CONSOLE] = 2,
		       [TX_CONSOLE] = 16,
		       [RX_CONTROL] = 16,
		       [TX_CONTROL] = 16,
		       [RX_RECORDS] = 2,
		       [TX_RECORDS] = 32 },
	.config = &config,
	.config_len = sizeof(config),
	.notify = notify,
	.stop = stop,
	.reset = reset,
};

struct virtio_console *virtio_console_new(const struct gmem *mem, struct irq_line irq,
					  int console_fd, int record_fd)
{
	struct virtio_console *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	virtio_mmio_init(&c->mmio, &console_ops, mem, irq);
	c->has_console = console_fd >= 0;
	c->input_fd = record_fd;
	if (record_fd >= 0)
		fcntl(record_fd, F_SETFL, O_NONBLOCK);
	c->out[PORT_CONSOLE] =
		(struct outbuf){ .fd = console_fd, .data = c->console, .size = sizeof(c->console) };
	c->out[PORT_RECORDS] =
		(struct outbuf){ .fd = record_fd, .data = c->carry, .size = sizeof(c->carry) };
	return c;
}

void virtio_console_free(struct virtio_console *c)
{
	if (c)
		virtio_mmio_free(&c->mmio);
	free(c);
}

void virtio_console_early(struct virtio_console *c, struct early_hook early)
{
	c->early = early;
}

struct virtio_mmio *virtio_console_dev(struct virtio_console *c)
{
	return &c->mmio;
}

bool virtio_console_writable(struct virtio_console *c)
{
	bool waits;

	pthread_mutex_lock(&c->mmio.lock);
	record_tx(c);
	outbuf_send(&c->out[PORT_CONSOLE]);
	waits = c->busy || c->out[PORT_RECORDS].len || c->out[PORT_CONSOLE].len;
	pthread_mutex_unlock(&c->mmio.lock);
	return waits;
}

void virtio_console_input(struct virtio_console *c)
{
	pthread_mutex_lock(&c->mmio.lock);
	record_rx(c);
	pthread_mutex_unlock(&c->mmio.lock);
}

void virtio_console_close(struct virtio_console *c)
{
	unsigned int port;

	pthread_mutex_lock(&c->mmio.lock);
	record_stop(c);
	for (port = 0; port < PORTS; port++) {
		outbuf_send(&c->out[port]);
		c->out[port].lost += c->out[port].len;
		c->out[port].len = 0;
	}
	pthread_mutex_unlock(&c->mmio.lock);
}

struct virtio_console_stats virtio_console_stats(struct virtio_console *c)
{
	struct virtio_console_stats s;

	pthread_mutex_lock(&c->mmio.lock);
	s = c->stats;
	s.console_dropped = c->out[PORT_CONSOLE].lost;
	s.record_lost = c->out[PORT_RECORDS].lost;
	pthread_mutex_unlock(&c->mmio.lock);
	return s;
}
