// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types that go through the network stack, all within one machine: NetTraffic through a pair
 * of devices that it makes (the loopback device where it may not), IrqWake through the
 * loopback device.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"
#include "work.h"

enum { NET_BURST, NET_BYTES };
enum { IRQ_INTERVAL, IRQ_SPINS };

#define PROTOCOL  0x88b5 /* IEEE's for experiments */
#define BURST_MAX 64     /* that a socket's buffer takes */
#define BYTES_MAX 1500
#define PAIRS_MAX 4096
#define LOST_US   20000 /* a frame that did not arrive by then was dropped */

struct net {
	int from, to;          /* sockets */
	char device[IFNAMSIZ]; /* made by us; empty: none */
	struct sockaddr_ll dest;
	const char *medium;
};

static size_t net_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct net);
}

static int net_init(struct work *w)
{
	telemetry_medium(w->tm, ((struct net *)w->group->shared)->medium);
	return 0;
}

/* The first name that is free; the other end's is that with a p for peer. */
static int make_pair(struct net *n, char peer[IFNAMSIZ])
{
	unsigned int i;
	int rc = -EEXIST;

	for (i = 0; i < PAIRS_MAX && rc == -EEXIST; i++) {
		snprintf(n->device, IFNAMSIZ, "kt%u", i);
		snprintf(peer, IFNAMSIZ, "kt%up", i);
		rc = link_pair(n->device, peer);
	}
	if (rc)
		n->device[0] = '\0';
	return rc;
}

/* A packet socket on that device; protocol 0 receives nothing. */
static int open_on(const char *device, unsigned short protocol, struct sockaddr_ll *address)
{
	const struct timeval lost = { .tv_usec = LOST_US };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	*address = (struct sockaddr_ll){ .sll_family = AF_PACKET,
					 .sll_protocol = htons(protocol),
					 .sll_ifindex = (int)if_nametoindex(device),
					 .sll_halen = 6 };
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &lost, sizeof(lost));
	if (bind(fd, (struct sockaddr *)address, sizeof(*address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int net_prepare(struct work_group *g)
{
	struct net *n = g->shared;
	struct sockaddr_ll unused;
	char peer[IFNAMSIZ] = "lo";
	int rc = make_pair(n, peer);

	n->medium = rc ? "lo" : "veth";
	if (rc) {
		snprintf(peer, sizeof(peer), "lo");
		rc = link_up("lo");
	}
	n->to = n->from = -1;
	if (rc)
		return rc;
	n->to = open_on(peer, PROTOCOL, &unused);
	if (n->to >= 0)
		n->from = open_on(n->device[0] ? n->device : peer, 0, &n->dest);
	rc = n->from < 0 ? -errno : 0;
	n->dest.sll_protocol = htons(PROTOCOL);
	memset(n->dest.sll_addr, 0xff, 6);
	return rc;
}

static void net_discard(struct work_group *g)
{
	struct net *n = g->shared;

	if (n->from > 0)
		close(n->from);
	if (n->to > 0)
		close(n->to);
	if (n->device[0])
		link_remove(n->device);
}

/* Frames that came back are work units. */
static void net_traffic(struct work *w)
{
	size_t len = (size_t)w->values[NET_BYTES];
	struct net *n = w->group->shared;
	char frame[BYTES_MAX] = { 0 };
	int64_t i, sent = 0;

	for (i = 0; i < w->values[NET_BURST] && !work_stopped(w); i++)
		if (sendto(n->from, frame, len, 0, (struct sockaddr *)&n->dest, sizeof(n->dest)) ==
		    (ssize_t)len)
			sent++;
		else
			work_failed(w, TM_OTHER);
	work_checkpoint(w);
	for (i = 0; i < sent; i++) {
		if (recv(n->to, frame, sizeof(frame), 0) < 0) {
			if (errno != EAGAIN) /* a frame was dropped */
				work_failed(w, TM_OTHER);
			break;
		}
		w->tm->work_units++;
	}
	work_checkpoint(w);
}

static int irq_prepare(struct work_group *g)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	struct net *n = g->shared;
	int rc = link_up("lo");

	n->medium = "lo";
	n->from = n->to = -1;
	if (rc)
		return rc;
	n->to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	n->from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->to < 0 || n->from < 0 || bind(n->to, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(n->to, (struct sockaddr *)&a, &len) ||
	    connect(n->from, (struct sockaddr *)&a, sizeof(a)))
		return -errno;
	return 0;
}

/* A datagram is the time at which it was sent. */
static void send_stamp(struct work *w, const struct net *n)
{
	uint64_t now;

	work_sleep(w, (uint64_t)w->values[IRQ_INTERVAL]);
	if (work_stopped(w))
		return;
	now = clock_ns();
	if (send(n->from, &now, sizeof(now), 0) == sizeof(now))
		w->tm->work_units++;
	else
		work_failed(w, TM_OTHER);
	work_checkpoint(w);
}

static void irq_wake(struct work *w)
{
	struct net *n = w->group->shared;
	uint64_t since, sent = 0;

	if (w->member == 0) {
		send_stamp(w, n);
		return;
	}
	since = work_doze(w);
	if (recv(n->to, &sent, sizeof(sent), 0) != sizeof(sent)) {
		work_failed(w, TM_OTHER); /* unless it is the stop's signal */
		sent = 0;
	}
	work_waited(w, since, sent);
	if (sent)
		work_spin(w, (unsigned int)w->values[IRQ_SPINS]);
}

const struct work_type work_family_net[] = {
	{ .name = "NetTraffic",
	  .summary = "sends a burst of frames to itself by packet sockets, and receives them",
	  .group = 1,
	  .params = { [NET_BURST] = WORK_PARAM_COUNT("burst", 16, 1, BURST_MAX),
		      [NET_BYTES] = WORK_PARAM_SIZE("frame", 256, 46, BYTES_MAX) },
	  .ops = { .shared = net_shared,
		   .prepare = net_prepare,
		   .discard = net_discard,
		   .init = net_init,
		   .iterate = net_traffic } },
	{ .name = "IrqWake",
	  .summary = "one sends a datagram each interval, the other is woken by it and spins",
	  .group = 2,
	  .blocks = true,
	  .params = { [IRQ_INTERVAL] = WORK_PARAM_DURATION("interval", NSEC_PER_MSEC),
		      [IRQ_SPINS] = WORK_PARAM_COUNT("spin_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = net_shared,
		   .prepare = irq_prepare,
		   .discard = net_discard,
		   .init = net_init,
		   .iterate = irq_wake } },
	{ .name = NULL },
};
