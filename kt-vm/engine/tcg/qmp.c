// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "qmp.h"

void qmp_init(struct qmp *q, int fd)
{
	q->fd = fd;
	q->used = 0;
}

int qmp_send(struct qmp *q, const char *command, const char *arguments, unsigned int id)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "{\"execute\":\"%s\",\"arguments\":%s,\"id\":%u}\n",
			 command, arguments ? arguments : "{}", id);

	if ((size_t)n >= sizeof(line))
		return -EMSGSIZE;
	/* QEMU reads at once, or not at all: what does not fit would never be taken */
	return send(q->fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n ? 0 : -errno;
}

int qmp_read(struct qmp *q, void (*on_message)(void *ctx, struct json_object *msg), void *ctx)
{
	ssize_t n = recv(q->fd, q->buf + q->used, sizeof(q->buf) - 1 - q->used, MSG_DONTWAIT);
	char *line = q->buf, *nl;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -EPIPE;
	q->used += (size_t)n;
	q->buf[q->used] = '\0';
	while ((nl = strchr(line, '\n'))) {
		struct json_object *msg;

		*nl = '\0';
		msg = json_tokener_parse(line);
		if (!msg)
			return -EBADMSG;
		on_message(ctx, msg);
		json_object_put(msg);
		line = nl + 1;
	}
	q->used -= (size_t)(line - q->buf);
	memmove(q->buf, line, q->used);
	return q->used == sizeof(q->buf) - 1 ? -EBADMSG : 0;
}
