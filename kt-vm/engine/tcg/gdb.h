/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_TCG_GDB_H
#define KT_VM_ENGINE_TCG_GDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

/*
 * A client of the gdb remote serial protocol, as QEMU's stub for x86-64 speaks it, over
 * a connected stream socket: one command, one reply, and stop replies, which come when
 * the guest stops. Packets have an upper size; whatever comes, nothing waits beyond
 * its deadline (CLOCK_MONOTONIC, in ns) and nothing is written beyond its buffer.
 */
#define GDB_PACKET_MAX 8192

struct gdb {
	int fd;
	size_t used;
	char in[GDB_PACKET_MAX];
};

void gdb_init(struct gdb *g, int fd);

/*
 * Takes the first packet from `len` bytes that came: 1 with its text in `out`,
 * NUL-terminated; 0 when it is not complete; -EBADMSG for what is none. *used bytes are
 * done with (also with 0: acknowledgements).
 */
int gdb_unpack(const char *in, size_t len, size_t *used, char *out, size_t size);
/* Frames `text`: the length, or -EMSGSIZE. */
int gdb_pack(char *buf, size_t size, const char *text);

/* 0, or -errno. */
int gdb_send(struct gdb *g, const char *text);
/* The next packet, acknowledged: 0, -ETIMEDOUT, -EPIPE or -EBADMSG. A deadline of 0: what is there.
 */
int gdb_recv(struct gdb *g, char *out, size_t size, uint64_t deadline_ns);
/* A command and its reply; -EPROTO when that is an error or empty (not supported). */
int gdb_call(struct gdb *g, const char *text, char *out, size_t size, uint64_t deadline_ns);

/* The reply to "g": 0 or -EBADMSG. */
int gdb_registers(const char *text, struct vcpu_regs *r);

struct gdb_stop {
	unsigned int signal, thread; /* threads count from 1; 0: not told */
	bool watch;                  /* a data watchpoint was hit, at addr */
	uint64_t addr;
};
#define GDB_SIGNAL_TRAP 5

/* A stop reply ("T05thread:01;watch:...;"): 0 or -EBADMSG. */
int gdb_stop_reply(const char *text, struct gdb_stop *s);

#endif
