/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_TCG_QMP_H
#define KT_VM_ENGINE_TCG_QMP_H

#include <json-c/json.h>
#include <stddef.h>

/*
 * The QEMU Machine Protocol over a connected socket: commands go out without
 * waiting, replies and events come in as JSON lines.
 */
#define QMP_LINE_MAX 65536

struct qmp {
	int fd;
	size_t used;
	char buf[QMP_LINE_MAX];
};

void qmp_init(struct qmp *q, int fd);
/* Sends a command, with its arguments as JSON text (or NULL); its reply has `id`. 0 or -errno. */
int qmp_send(struct qmp *q, const char *command, const char *arguments, unsigned int id);
/*
 * Reads what is there and calls on_message for every complete one. 0, -EPIPE when
 * the other side is gone, -EBADMSG for what is no JSON line.
 */
int qmp_read(struct qmp *q, void (*on_message)(void *ctx, struct json_object *msg), void *ctx);

#endif
