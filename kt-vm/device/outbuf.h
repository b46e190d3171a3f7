/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_DEVICE_OUTBUF_H
#define KT_VM_DEVICE_OUTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * Bytes of the guest on their way to a socket: what it does not take at once waits in
 * memory of a fixed size, and what does not fit there is lost, and counted. Never blocks.
 */
struct outbuf {
	int fd; /* -1: nobody reads (any more) */
	char *data;
	size_t size, at, len;
	uint64_t lost;
};

/* Past the buffer: bytes that went, 0 when there is no room, -1 when nobody reads. */
ssize_t outbuf_pass(struct outbuf *b, struct iovec *iov, size_t n);

/* True when nothing waits any more. */
bool outbuf_send(struct outbuf *b);

void outbuf_add(struct outbuf *b, const void *data, size_t len);

#endif
