/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_SINK_H
#define KT_VM_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "errbuf.h"
#include "record.h"

/*
 * What the guest says, on its two streams, as records: console lines (any byte,
 * lines of any length) and the guest's own records from the virtio-console port
 * (which it may have written wrongly, or on purpose wrongly).
 */
#define SINK_CONSOLE_LINE 4096       /* longer lines are cut into pieces */
#define SINK_PORT_LINE    (1U << 20) /* a longer record is garbage */
#define SINK_PANIC_LINES  20

struct sink {
	struct rec_out *out;
	uint64_t t0; /* CLOCK_MONOTONIC at the engine's start */

	char console[SINK_CONSOLE_LINE];
	size_t console_len;
	struct json_object *panic; /* array of the first lines, once a panic was seen */

	char *port;
	size_t port_len, port_cap;
	unsigned long port_records;

	/* Called with a record in which the guest asks for something, before it is written. */
	void (*request)(void *ctx, struct json_object *o);
	void (*step_ended)(void *ctx);
	void *ctx;

	bool seen_kernel, seen_init, seen_workload, seen_done;
};

void sink_init(struct sink *s, struct rec_out *out);
void sink_free(struct sink *s);

uint64_t sink_now(const struct sink *s); /* t_ns */
void sink_boot_at(struct sink *s, const char *stage, uint64_t t_ns);
void sink_boot(struct sink *s, const char *stage); /* now */

void sink_console(struct sink *s, const char *data, size_t len);
void sink_console_end(struct sink *s); /* an unfinished last line */

/* 0, or -EBADMSG with the words when the guest wrote what is no record of a guest. */
int sink_port(struct sink *s, const char *data, size_t len, struct errbuf *e);

#endif
