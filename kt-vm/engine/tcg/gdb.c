// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "gdb.h"
#include "units.h"

void gdb_init(struct gdb *g, int fd)
{
	g->fd = fd;
	g->used = 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `c` and then `n` copies of what `out` ends with: the length, or -EBADMSG. */
static long repeat(char *out, size_t size, size_t len, int n)
{
	if (len == 0 || n < 3 || len + (size_t)n >= size)
		return -EBADMSG;
	memset(out + len, out[len - 1], (size_t)n);
	return (long)(len + (size_t)n);
}

/* What stands between $ and #: the length of the text, or -EBADMSG. */
static long decode(const char *in, size_t len, char *out, size_t size)
{
	long n = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (in[i] ==
		    '*') { /* the character before once more, as often as the next one says */
			if (++i == len)
				return -EBADMSG;
			n = repeat(out, size, (size_t)n, in[i] - 29);
			if (n < 0)
				return n;
			continue;
		}
		if ((size_t)n + 1 >= size)
			return -EBADMSG;
		if (in[i] == '}') {
			if (++i == len)
				return -EBADMSG;
			out[n++] = (char)(in[i] ^ 0x20);
		} else if (in[i] == '$') {
			return -EBADMSG;
		} else {
			out[n++] = in[i];
		}
	}
	out[n] = '\0';
	return n;
}

int gdb_unpack(const char *in, size_t len, size_t *used, char *out, size_t size)
{
	const char *end;
	unsigned char sum = 0;
	size_t i, from;

	for (from = 0; from < len && in[from] == '+'; from++)
		;
	*used = from;
	if (from == len)
		return 0;
	if (in[from] != '$')
		return -EBADMSG;
	from++;
	end = memchr(in + from, '#', len - from);
	if (!end || (size_t)(end - in) + 3 > len)
		return len - from > GDB_PACKET_MAX - 8 ? -EBADMSG : 0;
	for (i = from; i < (size_t)(end - in); i++)
		sum = (unsigned char)(sum + (unsigned char)in[i]);
	if (hex(end[1]) < 0 || hex(end[2]) < 0 || (hex(end[1]) << 4 | hex(end[2])) != sum)
		return -EBADMSG;
	*used = (size_t)(end - in) + 3;
	return decode(in + from, (size_t)(end - in) - from, out, size) < 0 ? -EBADMSG : 1;
}

int gdb_pack(char *buf, size_t size, const char *text)
{
	unsigned char sum = 0;
	size_t n = 0;

	if (size < 8)
		return -EMSGSIZE;
	buf[n++] = '$';
	for (; *text; text++) {
		if (n + 6 > size) /* two more characters, the sum and the end */
			return -EMSGSIZE;
		if (strchr("$#}*", *text)) {
			buf[n++] = '}';
			sum = (unsigned char)(sum + '}');
			buf[n++] = (char)(*text ^ 0x20);
		} else {
			buf[n++] = *text;
		}
		sum = (unsigned char)(sum + (unsigned char)buf[n - 1]);
	}
	return (int)n + snprintf(buf + n, size - n, "#%02x", sum);
}

static int send_all(int fd, const char *buf, size_t len)
{
	ssize_t n = send(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0
				: -EPIPE; /* a socket that cannot take one packet listens no more */
}

int gdb_send(struct gdb *g, const char *text)
{
	char buf[256];
	int n = gdb_pack(buf, sizeof(buf), text);

	return n < 0 ? n : send_all(g->fd, buf, (size_t)n);
}

/* More bytes, within the deadline: 0 or -errno. */
static int fill(struct gdb *g, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };
	uint64_t now = deadline_ns ? clock_ns() : 0;
	ssize_t n;

	if (now < deadline_ns)
		poll(&p, 1, (int)((deadline_ns - now) / NSEC_PER_MSEC) + 1);
	n = recv(g->fd, g->in + g->used, sizeof(g->in) - g->used, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return now < deadline_ns ? 0 : -ETIMEDOUT;
	if (n <= 0)
		return -EPIPE;
	g->used += (size_t)n;
	return 0;
}

int gdb_recv(struct gdb *g, char *out, size_t size, uint64_t deadline_ns)
{
	for (;;) {
		size_t used;
		int rc = gdb_unpack(g->in, g->used, &used, out, size);

		g->used -= used;
		memmove(g->in, g->in + used, g->used);
		if (rc < 0)
			return rc;
		if (rc)
			return send_all(g->fd, "+", 1);
		rc = fill(g, deadline_ns);
		if (rc)
			return rc;
	}
}

int gdb_call(struct gdb *g, const char *text, char *out, size_t size, uint64_t deadline_ns)
{
	int rc = gdb_send(g, text);

	if (!rc)
		rc = gdb_recv(g, out, size, deadline_ns);
	if (!rc && (out[0] == 'E' || out[0] == '\0'))
		rc = -EPROTO;
	return rc;
}

/* ---- replies ------------------------------------------------------------------------ */

/* The next `bytes` of a hexadecimal dump, as a little-endian number; *ok becomes false at its end.
 */
static uint64_t number(const char **text, unsigned int bytes, bool *ok)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < bytes && *ok; i++, *text += 2) {
		int high = hex((*text)[0]), low = high < 0 ? -1 : hex((*text)[1]);

		if (low < 0)
			*ok = false;
		else
			v |= (uint64_t)(high << 4 | low) << (8 * i);
	}
	return v;
}

/* In the order of QEMU's target description for x86-64; its floating point follows. */
int gdb_registers(const char *text, struct vcpu_regs *r)
{
	/* gdb's order of the general registers, by the CPU's numbers */
	static const unsigned char order[16] = { 0, 3, 1,  2,  6,  7,  5,  4,
						 8, 9, 10, 11, 12, 13, 14, 15 };
	bool ok = true;
	unsigned int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < 16; i++)
		r->gpr[order[i]] = number(&text, 8, &ok);
	r->rsp = r->gpr[4];
	r->rip = number(&text, 8, &ok);
	r->rflags = number(&text, 4, &ok);
	for (i = 0; i < 6; i++)
		number(&text, 4, &ok); /* selectors */
	r->fs_base = number(&text, 8, &ok);
	r->gs_base = number(&text, 8, &ok);
	number(&text, 8, &ok); /* the other gs_base */
	r->cr0 = number(&text, 8, &ok);
	r->cr2 = number(&text, 8, &ok);
	r->cr3 = number(&text, 8, &ok);
	r->cr4 = number(&text, 8, &ok);
	number(&text, 8, &ok); /* cr8 */
	r->efer = number(&text, 8, &ok);
	return ok ? 0 : -EBADMSG;
}

/* A hexadecimal number up to `end`: its value; *ok becomes false for anything else. */
static uint64_t value(const char *text, char end, bool *ok)
{
	char *stop;
	uint64_t v = strtoull(text, &stop, 16);

	if (!isxdigit((unsigned char)*text) || *stop != end)
		*ok = false;
	return v;
}

int gdb_stop_reply(const char *text, struct gdb_stop *s)
{
	bool ok = text[0] == 'T' && hex(text[1]) >= 0 && hex(text[2]) >= 0;
	const char *p;

	*s = (struct gdb_stop){ 0 };
	if (!ok)
		return -EBADMSG;
	s->signal = (unsigned int)(hex(text[1]) << 4 | hex(text[2]));
	for (p = text + 3; *p && ok; p = strchr(p, ';') + 1) {
		const char *colon = strchr(p, ':');

		if (!strchr(p, ';') || !colon)
			return -EBADMSG;
		if (strncmp(p, "thread:", 7) == 0)
			s->thread = (unsigned int)value(colon + 1, ';', &ok);
		if (strncmp(p, "watch:", 6) == 0 || strncmp(p, "awatch:", 7) == 0 ||
		    strncmp(p, "rwatch:", 7) == 0) {
			s->watch = true;
			s->addr = value(colon + 1, ';', &ok);
		}
	}
	return ok ? 0 : -EBADMSG;
}
