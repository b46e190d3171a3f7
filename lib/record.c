// SPDX-License-Identifier: GPL-2.0-only
/* Records: written, read line by line, and their members with defaults. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "msg.h"
#include "record.h"
#include "utf8.h"

static const int json_flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

struct json_object *rec_new(const char *type)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "type", type);
	return o;
}

void rec_add(struct json_object *o, const char *key, struct json_object *v)
{
	json_object_object_add(o, key, v);
}

struct json_object *rec_text(const char *s, size_t len)
{
	char *clean = malloc(3 * len + 1), *p = clean;
	struct json_object *v;
	size_t n;

	if (!clean)
		return NULL;
	while (len) {
		n = utf8_len(s, len);
		if (n) {
			p = mempcpy(p, s, n);
		} else { /* U+FFFD, the replacement character */
			p = mempcpy(p, "\xef\xbf\xbd", 3);
			n = 1;
		}
		s += n;
		len -= n;
	}
	v = json_object_new_string_len(clean, p - clean);
	free(clean);
	return v;
}

void rec_strn(struct json_object *o, const char *key, const char *s, size_t len)
{
	rec_add(o, key, rec_text(s, len));
}

void rec_str(struct json_object *o, const char *key, const char *s)
{
	if (s)
		rec_strn(o, key, s, strlen(s));
	else
		rec_add(o, key, NULL);
}

void rec_int(struct json_object *o, const char *key, int64_t v)
{
	rec_add(o, key, json_object_new_int64(v));
}

void rec_dbl(struct json_object *o, const char *key, double v)
{
	char text[64];

	if (!isfinite(v)) {
		rec_add(o, key, NULL);
		return;
	}
	snprintf(text, sizeof(text), fabs(v) < 1e15 ? "%.3f" : "%.17g", v);
	rec_add(o, key, json_object_new_double_s(v, text));
}

void rec_bool(struct json_object *o, const char *key, bool v)
{
	rec_add(o, key, json_object_new_boolean(v));
}

static struct json_object *get(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, type))
		return NULL;
	return v;
}

struct json_object *rec_members(struct json_object *o)
{
	static struct json_object *none;

	if (json_object_is_type(o, json_type_object))
		return o;
	if (!none)
		none = json_object_new_object();
	return none;
}

const char *rec_get_str(struct json_object *o, const char *key, const char *dflt)
{
	struct json_object *v = get(o, key, json_type_string);

	return v ? json_object_get_string(v) : dflt;
}

int64_t rec_get_int(struct json_object *o, const char *key, int64_t dflt)
{
	struct json_object *v = get(o, key, json_type_int);
	double d;

	if (v)
		return json_object_get_int64(v);
	v = get(o, key, json_type_double); /* 2e9 is whole, too: some programs write it so */
	d = v ? json_object_get_double(v) : NAN;
	return fabs(d) <= 0x1p53 && d == trunc(d) ? (int64_t)d : dflt;
}

int64_t rec_get_ns(struct json_object *o, const char *key, int64_t dflt)
{
	const int64_t most = 1LL << 60;
	int64_t ns = rec_get_int(o, key, dflt);

	return ns > most ? most : ns < -most ? -most : ns;
}

double rec_get_dbl(struct json_object *o, const char *key, double dflt)
{
	struct json_object *v = get(o, key, json_type_double);

	if (!v)
		v = get(o, key, json_type_int);
	return v ? json_object_get_double(v) : dflt;
}

bool rec_get_bool(struct json_object *o, const char *key, bool dflt)
{
	struct json_object *v = get(o, key, json_type_boolean);

	return v ? json_object_get_boolean(v) : dflt;
}

struct json_object *rec_get_obj(struct json_object *o, const char *key)
{
	return get(o, key, json_type_object);
}

struct json_object *rec_get_arr(struct json_object *o, const char *key)
{
	return get(o, key, json_type_array);
}

bool rec_is(struct json_object *o, const char *type)
{
	return strcmp(rec_get_str(o, "type", ""), type) == 0;
}

size_t rec_len(struct json_object *o)
{
	size_t len = 0;

	json_object_to_json_string_length(o, json_flags, &len);
	return len;
}

void rec_pass(struct rec_out *out, const char *line, size_t len)
{
	fwrite(line, 1, len, out->f);
	putc('\n', out->f);
	if (!out->lazy && fflush(out->f))
		msg_output_failed(errno);
}

void rec_put(struct rec_out *out, struct json_object *o)
{
	size_t len;
	const char *line = json_object_to_json_string_length(o, json_flags, &len);

	rec_pass(out, line, len);
	out->records++;
	json_object_put(o);
}

void rec_end(struct rec_out *out, int exit_code)
{
	unsigned long records = out->records;
	struct json_object *o = rec_new("end");

	rec_str(o, "tool", msg_tool());
	rec_int(o, "exit", exit_code);
	rec_int(o, "records", records);
	rec_put(out, o);
	out->records = records;
}

static ssize_t read_flushed(void *out, char *buf, size_t size)
{
	if (fflush(((struct rec_out *)out)->f))
		msg_output_failed(errno);
	return read(STDIN_FILENO, buf, size);
}

FILE *rec_stdin(struct rec_out *out)
{
	FILE *f = fopencookie(out, "r", (cookie_io_functions_t){ .read = read_flushed });

	if (f)
		setvbuf(f, NULL, _IOFBF, 1 << 16);
	out->lazy = f != NULL;
	return f;
}

void rec_in_init(struct rec_in *in, FILE *f)
{
	memset(in, 0, sizeof(*in));
	in->f = f;
}

void rec_in_free(struct rec_in *in)
{
	json_object_put(in->obj);
	free(in->buf);
	memset(in, 0, sizeof(*in));
}

/* One line without its newline into in->buf: 1, 0 at the end, -EMSGSIZE, -EPIPE, -EIO, -ENOMEM. */
static int line_next(struct rec_in *in)
{
	size_t n = 0;
	int c;

	flockfile(in->f);
	while ((c = getc_unlocked(in->f)) != EOF && c != '\n') {
		if (n + 1 >= in->cap) {
			size_t cap = in->cap ? 2 * in->cap : 4096;
			char *buf;

			if (cap > REC_LINE_MAX + 1)
				cap = REC_LINE_MAX + 1;
			buf = n >= REC_LINE_MAX ? NULL : realloc(in->buf, cap);
			if (!buf)
				break;
			in->buf = buf;
			in->cap = cap;
		}
		in->buf[n++] = c;
	}
	funlockfile(in->f);
	in->line = in->buf ? in->buf : "";
	in->len = n;
	if (in->buf)
		in->buf[n] = '\0';
	if (c == '\n')
		return 1;
	if (c != EOF)
		return n >= REC_LINE_MAX ? -EMSGSIZE : -ENOMEM;
	if (ferror(in->f))
		return -EIO;
	return n ? -EPIPE : 0;
}

static struct json_object *parse_ascii(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o;
	size_t used;

	if (!tok) {
		errno = ENOMEM;
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, text, (int)len);
	used = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	while (used < len && memchr(" \t\r", text[used], 3))
		used++;
	if (used == len && o)
		return o;
	json_object_put(o);
	errno = EBADMSG;
	return NULL;
}

struct json_object *rec_read(const char *text, size_t len)
{
	struct json_object *o;
	char *ascii;

	if (utf8_is_ascii(text, len))
		return parse_ascii(text, len);
	if (!utf8_valid(text, len)) {
		errno = EBADMSG;
		return NULL;
	}
	ascii = utf8_escape(text, len, &len);
	o = ascii ? parse_ascii(ascii, len) : NULL;
	free(ascii);
	return o;
}

static int parse(struct rec_in *in, struct errbuf *e)
{
	in->obj = rec_read(in->line, in->len);
	if (!in->obj && errno == ENOMEM)
		return errbuf_set(e, -ENOMEM, "line %lu: out of memory", in->seq);
	if (!rec_get_str(in->obj, "type", NULL))
		return errbuf_set(e, -EBADMSG,
				  "line %lu: expected a record, a JSON object with a \"type\"",
				  in->seq);
	return 1;
}

int rec_line(struct rec_in *in, struct errbuf *e)
{
	int rc;

	json_object_put(in->obj);
	in->obj = NULL;
	rc = line_next(in);
	if (rc == 0)
		return 0;
	in->seq++;
	in->ended = false;
	if (rc == -EPIPE)
		return errbuf_set(e, rc, "line %lu: the input is cut in the middle of a record",
				  in->seq);
	if (rc == -EMSGSIZE)
		return errbuf_set(e, rc, "line %lu: longer than %u MiB", in->seq,
				  REC_LINE_MAX >> 20);
	if (rc < 0)
		return errbuf_set(e, rc, "line %lu: %s", in->seq, strerror(-rc));
	return 1;
}

const char *rec_peek(const struct rec_in *in, char buf[REC_TYPE_MAX])
{
	static const char start[] = "{\"type\":\"";
	const char *p = in->line + sizeof(start) - 1;
	size_t n = 0;

	buf[0] = '\0';
	if (strncmp(in->line, start, sizeof(start) - 1) != 0)
		return buf;
	while (n < REC_TYPE_MAX - 1 && ((p[n] >= 'a' && p[n] <= 'z') || p[n] == '_'))
		n++;
	if (p[n] == '"')
		*(char *)mempcpy(buf, p, n) = '\0';
	return buf;
}

int rec_parse(struct rec_in *in, struct errbuf *e)
{
	int rc = parse(in, e);
	int64_t code;

	if (rc != 1 || !rec_is(in->obj, "end"))
		return rc;
	code = rec_get_int(in->obj, "exit", -1);
	if (code < 0 || code > 255)
		return errbuf_set(
			e, -EBADMSG,
			"line %lu: end record: expected a whole number from 0 to 255 as exit",
			in->seq);
	/* with t_ns it came out of the guest: evidence, and no part of the pipeline */
	if (json_object_object_get_ex(in->obj, "t_ns", NULL))
		return 1;
	in->ended = true;
	if (code >= KT_USAGE && code > in->upstream)
		in->upstream = (int)code;
	return 1;
}

int rec_next(struct rec_in *in, struct errbuf *e)
{
	int rc = rec_line(in, e);

	return rc == 1 ? rec_parse(in, e) : rc;
}

int rec_in_complete(const struct rec_in *in, struct errbuf *e)
{
	if (in->ended)
		return 0;
	if (!in->seq)
		return errbuf_set(e, -EPIPE, "the input is empty");
	return errbuf_set(e, -EPIPE, "the input is cut: no end record after line %lu", in->seq);
}

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *rec_b64_encode(const void *data, size_t len)
{
	const unsigned char *d = data;
	char *out = malloc((len + 2) / 3 * 4 + 1), *p = out;
	size_t i;

	if (!out)
		return NULL;
	for (i = 0; i < len; i += 3) {
		unsigned int v = d[i] << 16;

		if (i + 1 < len)
			v |= d[i + 1] << 8;
		if (i + 2 < len)
			v |= d[i + 2];
		*p++ = b64[v >> 18];
		*p++ = b64[v >> 12 & 63];
		*p++ = i + 1 < len ? b64[v >> 6 & 63] : '=';
		*p++ = i + 2 < len ? b64[v & 63] : '=';
	}
	*p = '\0';
	return out;
}

ssize_t rec_b64_decode(const char *s, void **data)
{
	size_t len = strlen(s), i, n = 0;
	unsigned char *out;
	unsigned int v = 0;

	if (len % 4)
		return -EINVAL;
	while (len && s[len - 1] == '=' && len % 4 != 2)
		len--;
	out = malloc(len / 4 * 3 + 3);
	if (!out)
		return -ENOMEM;
	for (i = 0; i < len; i++) {
		const char *c = strchr(b64, s[i]);

		if (!c) {
			free(out);
			return -EINVAL;
		}
		v = v << 6 | (unsigned int)(c - b64);
		if (i % 4 != 0)
			out[n++] = v >> (6 - 2 * (i % 4)) & 0xff;
	}
	*data = out;
	return (ssize_t)n;
}
