// SPDX-License-Identifier: GPL-2.0-only
/* The virtio-console device (virtio 1.2, 5.3): its ports, their control messages, output. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>

#include "virtio_console.h"

#define RECORD_NAME "kt.records"

enum { PORT_CONSOLE, PORT_RECORDS, PORTS };

/* The order of the book: port 0, control, then the other ports; each receives, then sends. */
enum { RX_CONSOLE, TX_CONSOLE, RX_CONTROL, TX_CONTROL, RX_RECORDS, TX_RECORDS, QUEUES };

/* Messages that wait for a buffer of the driver, a bit for each; sent in this order. */
enum { SAY_ADD = 1, SAY_CONSOLE = 2, SAY_NAME = 4, SAY_OPEN = 8, SAY_END = 16 };

struct virtio_console {
	struct virtio_mmio mmio;
	int fd[PORTS];
	uint8_t say[PORTS];
	struct virtio_console_stats stats;

	/* the request of TX_RECORDS that is being sent, from iov[next] on */
	bool busy;
	unsigned int next;
	struct virtq_chain chain;

	/* records of a queue that is gone; sent first. Costs no memory until it is used. */
	size_t carry_at, carry_len;
	char carry[VIRTIO_CONSOLE_CARRY];
};

static struct virtio_console *console_of(struct virtio_mmio *v)
{
	return (struct virtio_console *)((char *)v - offsetof(struct virtio_console, mmio));
}

/* Bytes that went, 0 when there is no room, -1 when nobody reads any more. */
static ssize_t put(int *fd, struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t sent;

	if (*fd < 0)
		return -1;
	do
		sent = sendmsg(*fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM))
		return 0;
	if (sent < 0)
		*fd = -1;
	return sent;
}

static size_t length(const struct iovec *iov, size_t n)
{
	size_t len = 0;

	while (n--)
		len += iov++->iov_len;
	return len;
}

/* Each request is done with at once, sent or not: the driver spins until it is. */
static void console_tx(struct virtio_console *c)
{
	struct virtio_mmio *v = &c->mmio;
	struct virtq *q = &v->queue[TX_CONSOLE];
	unsigned int budget = q->num;
	struct virtq_chain chain;
	bool irq = false;
	int rc = 0;

	/* each buffer that the driver adds comes with a notification: the rest has its own */
	while (budget-- && (rc = virtq_pop(q, &chain)) > 0) {
		size_t len = length(chain.iov, chain.out);
		ssize_t sent = put(&c->fd[PORT_CONSOLE], chain.iov, chain.out);

		c->stats.console_bytes += len;
		c->stats.console_dropped += len - (sent > 0 ? (size_t)sent : 0);
		irq |= virtq_push(q, chain.head, 0);
	}
	if (irq)
		virtio_mmio_used(v);
	if (rc < 0)
		virtio_mmio_broken(v);
}

/* True when nothing is carried any more. */
static bool carry_send(struct virtio_console *c)
{
	struct iovec iov;
	ssize_t n;

	while (c->carry_len) {
		iov.iov_base = c->carry + c->carry_at;
		iov.iov_len = c->carry_len;
		n = put(&c->fd[PORT_RECORDS], &iov, 1);
		if (n == 0)
			return false;
		if (n < 0) {
			c->stats.record_lost += c->carry_len;
			n = (ssize_t)c->carry_len;
		}
		c->carry_at += (size_t)n;
		c->carry_len -= (size_t)n;
	}
	c->carry_at = 0;
	return true;
}

static void carry_add(struct virtio_console *c, const void *data, size_t len)
{
	size_t room = sizeof(c->carry) - c->carry_len;

	if (len > sizeof(c->carry) - c->carry_at - c->carry_len && c->carry_at) {
		memmove(c->carry, c->carry + c->carry_at, c->carry_len);
		c->carry_at = 0;
	}
	c->stats.record_lost += len > room ? len - room : 0;
	len = len > room ? room : len;
	memcpy(c->carry + c->carry_at + c->carry_len, data, len);
	c->carry_len += len;
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
	struct virtq_chain *chain = &c->chain;
	struct iovec *iov;
	size_t part;
	ssize_t n;

	for (;;) {
		while (c->next < chain->out && !chain->iov[c->next].iov_len)
			c->next++;
		if (c->next == chain->out)
			return true;
		n = put(&c->fd[PORT_RECORDS], &chain->iov[c->next], chain->out - c->next);
		if (n == 0)
			return false;
		if (n < 0) {
			c->stats.record_lost += length(&chain->iov[c->next], chain->out - c->next);
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

	if (!carry_send(c) || !virtio_mmio_live(v))
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

	while (budget-- && (c->busy || record_next(c) > 0)) {
		for (i = c->next; i < c->chain.out; i++)
			carry_add(c, c->chain.iov[i].iov_base, c->chain.iov[i].iov_len);
		c->busy = false;
	}
	carry_send(c);
}

/* Writes a message into the driver's next buffer. False: it has given none. */
static bool say(struct virtio_console *c, uint32_t port, unsigned int what)
{
	struct {
		struct virtio_console_control head;
		char name[sizeof(RECORD_NAME) - 1];
	} msg = { { .id = port, .value = 1 }, RECORD_NAME };
	size_t len = what == SAY_NAME ? sizeof(msg) : sizeof(msg.head), done = 0, i;
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
	for (i = chain.out; done < len; i++) {
		size_t part = chain.iov[i].iov_len < len - done ? chain.iov[i].iov_len : len - done;

		memcpy(chain.iov[i].iov_base, (char *)&msg + done, part);
		done += part;
	}
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
	return port == PORT_RECORDS || (port == PORT_CONSOLE && c->fd[PORT_CONSOLE] >= 0);
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
	else if (queue == TX_RECORDS)
		record_tx(c);
}

static void stop(struct virtio_mmio *v, unsigned int queue)
{
	if (queue == TX_RECORDS)
		record_stop(console_of(v));
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
	c->fd[PORT_CONSOLE] = console_fd;
	c->fd[PORT_RECORDS] = record_fd;
	return c;
}

void virtio_console_free(struct virtio_console *c)
{
	if (c)
		virtio_mmio_free(&c->mmio);
	free(c);
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
	waits = c->carry_len || c->busy;
	pthread_mutex_unlock(&c->mmio.lock);
	return waits;
}

struct virtio_console_stats virtio_console_stats(struct virtio_console *c)
{
	struct virtio_console_stats s;

	pthread_mutex_lock(&c->mmio.lock);
	s = c->stats;
	pthread_mutex_unlock(&c->mmio.lock);
	return s;
}
