/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_RECORD_H
#define KT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "errbuf.h"

/*
 * Records: one JSON object a line, first member "type" (kt-records(7)).
 * Strings from a guest or a file may hold any byte; rec_str() makes them valid
 * UTF-8. Doubles are written so that they stay JSON: NaN and infinities become null.
 */

/* Longest line that a reader takes: a 1024-CPU topology record is under 1 MiB. */
#define REC_LINE_MAX (16U << 20)

/* A new record; members keep the order in which they are added. */
struct json_object *rec_new(const char *type);
void rec_str(struct json_object *o, const char *key, const char *s); /* NULL: JSON null */
void rec_strn(struct json_object *o, const char *key, const char *s, size_t len);
struct json_object *rec_text(const char *s, size_t len); /* such a string alone, for an array */
void rec_int(struct json_object *o, const char *key, int64_t v);
void rec_dbl(struct json_object *o, const char *key, double v); /* three decimals */
void rec_bool(struct json_object *o, const char *key, bool v);
void rec_add(struct json_object *o, const char *key, struct json_object *v); /* takes v */

/* The object itself, or an empty one for anything else, NULL included. */
struct json_object *rec_members(struct json_object *o);
/* Each member of an object; none of a value that is no object, as a record may have anywhere. */
#define rec_each(o, key, value) json_object_object_foreach (rec_members(o), key, value)

/* Reading members: absent or of another type gives the default. The string stays the object's. */
const char *rec_get_str(struct json_object *o, const char *key, const char *dflt);
int64_t rec_get_int(struct json_object *o, const char *key, int64_t dflt);
/* A time: at most 36 years (2^60 ns) to either side, so that sums of a few do not overflow. */
int64_t rec_get_ns(struct json_object *o, const char *key, int64_t dflt);
double rec_get_dbl(struct json_object *o, const char *key, double dflt);
bool rec_get_bool(struct json_object *o, const char *key, bool dflt);
struct json_object *rec_get_obj(struct json_object *o, const char *key); /* or NULL */
struct json_object *rec_get_arr(struct json_object *o, const char *key); /* or NULL */
bool rec_is(struct json_object *o, const char *type);

/*
 * Writing. A line is built whole, then written and flushed at once, so that a
 * reader sees each record as it comes. Errors stick in the FILE; msg_finish()
 * reports them.
 */
struct rec_out {
	FILE *f;
	unsigned long records; /* that this tool wrote itself, for its end record */
	bool lazy;             /* rec_stdin() flushes */
};

void rec_put(struct rec_out *out, struct json_object *o); /* releases o */
size_t rec_len(struct json_object *o);                    /* of its line */
void rec_pass(struct rec_out *out, const char *line, size_t len);
void rec_end(struct rec_out *out, int exit_code); /* the `end` record of msg_tool() */

/*
 * Standard input of a filter that passes much on: from now on `out` is flushed
 * before each read that may have to wait, instead of after each line. NULL: no memory.
 */
FILE *rec_stdin(struct rec_out *out);

/*
 * Reading. rec_next() returns 1 with a line (without its newline) and the
 * parsed object (the reader's, valid until the next call; hold it with
 * json_object_get()), 0 at the end of input, or a negative errno with the
 * reason in `e`: a line that is no JSON object with a "type", is too long, or is
 * cut (no newline at the end). `line`/`len` are set also for a line that does not parse.
 */
struct rec_in {
	FILE *f;
	const char *line;
	size_t len;
	struct json_object *obj;
	unsigned long seq; /* number of the line, from 1 */
	bool ended;        /* the last record read was an `end` */
	int upstream;      /* worst exit of 64 or more in the `end` records so far, else 0 */
	char *buf;
	size_t cap;
};

void rec_in_init(struct rec_in *in, FILE *f);
int rec_next(struct rec_in *in, struct errbuf *e);

/* Parses a line of strict JSON in UTF-8. Returns NULL with errno EBADMSG or ENOMEM. */
struct json_object *rec_read(const char *text, size_t len);

/*
 * rec_next() in two steps, for a filter that passes on most lines unread:
 * rec_line() gives the line only, rec_parse() its object. Between them
 * rec_peek() tells the type of a line in kt's own spelling, as a copy in `buf`, or
 * "" when it takes rec_parse() to know. An `end` record counts only once it is parsed.
 */
#define REC_TYPE_MAX 16
int rec_line(struct rec_in *in, struct errbuf *e);
const char *rec_peek(const struct rec_in *in, char buf[REC_TYPE_MAX]);
int rec_parse(struct rec_in *in, struct errbuf *e);
void rec_in_free(struct rec_in *in);

/*
 * After the last record: 0 if the stream ends in an `end` record, else -EPIPE and
 * the words for "the input is cut". An empty stream is cut, too.
 */
int rec_in_complete(const struct rec_in *in, struct errbuf *e);

/* Standard base64, for binary members. Decoding returns the length or -EINVAL; frees by free(). */
char *rec_b64_encode(const void *data, size_t len);
ssize_t rec_b64_decode(const char *s, void **data);

#endif
