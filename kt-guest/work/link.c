// SPDX-License-Identifier: GPL-2.0-only
/* Network devices, by rtnetlink. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"

struct request {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char attrs[256];
};

static struct rtattr *add(struct request *r, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len));
	return a;
}

/* What was added since belongs into `a`. */
static void enclose(const struct request *r, struct rtattr *a)
{
	a->rta_len = (unsigned short)((const char *)r + r->head.nlmsg_len - (const char *)a);
}

static int send_request(struct request *r)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char rest[512];
	} answer;
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), rc = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	r->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (sendto(fd, r, r->head.nlmsg_len, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) <
	    0)
		rc = -errno;
	if (!rc) {
		do
			n = recv(fd, &answer, sizeof(answer), 0);
		while (n < 0 && errno == EINTR);
		rc = n < (ssize_t)NLMSG_LENGTH(sizeof(answer.err)) ? -EIO : answer.err.error;
	}
	close(fd);
	return rc;
}

int link_up(const char *name)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return -errno;
	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &r))
		rc = -errno;
	if (!rc && !(r.ifr_flags & IFF_UP)) {
		r.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &r))
			rc = -errno;
	}
	close(fd);
	return rc;
}

int link_pair(const char a[IFNAMSIZ], const char b[IFNAMSIZ])
{
	struct request r = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(r.info)),
				       .nlmsg_type = RTM_NEWLINK,
				       .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL } };
	struct rtattr *kind, *data, *peer;
	int rc;

	add(&r, IFLA_IFNAME, a, strlen(a) + 1);
	kind = add(&r, IFLA_LINKINFO, NULL, 0);
	add(&r, IFLA_INFO_KIND, "veth", strlen("veth"));
	data = add(&r, IFLA_INFO_DATA, NULL, 0);
	peer = add(&r, VETH_INFO_PEER, &r.info, sizeof(r.info));
	add(&r, IFLA_IFNAME, b, strlen(b) + 1);
	enclose(&r, peer);
	enclose(&r, data);
	enclose(&r, kind);
	rc = send_request(&r);
	if (rc)
		return rc;
	rc = link_up(a); /* not before both are there */
	if (!rc)
		rc = link_up(b);
	if (rc)
		link_remove(a);
	return rc;
}

int link_remove(const char name[IFNAMSIZ])
{
	struct request r = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(r.info)),
				       .nlmsg_type = RTM_DELLINK } };

	add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return send_request(&r);
}
