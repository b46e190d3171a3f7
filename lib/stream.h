/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_STREAM_H
#define KT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"

/*
 * Tells whether a stream holds exactly one run, complete. Each tool's `end` record says how many
 * records it wrote: together they are the lines of the stream. A line that is left out or
 * there twice changes that sum, and of some records a run has only one.
 */
#define STREAM_TOOLS 16

struct stream {
	uint32_t seen;                /* of the types that are there once, a bit each */
	char tools[STREAM_TOOLS][16]; /* that have ended */
	unsigned int ntools;
	uint64_t told;    /* lines, as the end records have it, themselves included */
	bool guest_ended; /* its own end record was there */
};

/* Whether a record was taken of a type of which there is one. */
bool stream_has(const struct stream *s, const char *type);
/* True if stream_take() has a use for records of this type. */
bool stream_wants(const char *type);
/* Takes one record of any type: 0, or -EINVAL with the reason in `e`. */
int stream_take(struct stream *s, struct json_object *o, struct errbuf *e);
/* After the last of `lines` records: 0, or -EBADMSG with the words for what is missing. */
int stream_complete(const struct stream *s, unsigned long lines, struct errbuf *e);

#endif
