// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "outbuf.h"

ssize_t outbuf_pass(struct outbuf *b, struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t sent;

	if (b->fd < 0)
		return -1;
	do
		sent = sendmsg(b->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM))
		return 0;
	if (sent < 0)
		b->fd = -1;
	return sent;
}

bool outbuf_send(struct outbuf *b)
{
	struct iovec iov;
	ssize_t n;

	while (b->len) {
		iov.iov_base = b->data + b->at;
		iov.iov_len = b->len;
		n = outbuf_pass(b, &iov, 1);
		if (n == 0)
			return false;
		if (n < 0) {
			b->lost += b->len;
			n = (ssize_t)b->len;
		}
		b->at += (size_t)n;
		b->len -= (size_t)n;
	}
	b->at = 0;
	return true;
}

void outbuf_add(struct outbuf *b, const void *data, size_t len)
{
	size_t room = b->size - b->len;

	if (len > room) {
		b->lost += len - room;
		len = room;
	}
	if (len > room - b->at) {
		memmove(b->data, b->data + b->at, b->len);
		b->at = 0;
	}
	memcpy(b->data + b->at + b->len, data, len);
	b->len += len;
}
