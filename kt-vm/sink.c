// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "clock.h"
#include "sink.h"
#include "units.h"

void sink_init(struct sink *s, struct rec_out *out)
{
	memset(s, 0, sizeof(*s));
	s->out = out;
	s->t0 = clock_ns();
}

void sink_free(struct sink *s)
{
	json_object_put(s->panic);
	free(s->port);
	s->panic = NULL;
	s->port = NULL;
}

uint64_t sink_now(const struct sink *s)
{
	return clock_ns() - s->t0;
}

void sink_boot(struct sink *s, const char *stage)
{
	sink_boot_at(s, stage, sink_now(s));
}

void sink_boot_at(struct sink *s, const char *stage, uint64_t t_ns)
{
	struct json_object *o = rec_new("boot");

	rec_int(o, "t_ns", (int64_t)t_ns);
	rec_str(o, "stage", stage);
	rec_put(s->out, o);
}

static void once(struct sink *s, bool *seen, const char *stage)
{
	if (!*seen)
		sink_boot(s, stage);
	*seen = true;
}

static void console_line(struct sink *s)
{
	struct json_object *o;
	size_t len = s->console_len;

	s->console_len = 0;
	while (len && s->console[len - 1] == '\r')
		len--;
	once(s, &s->seen_kernel, "kernel");
	if (!s->panic && memmem(s->console, len, "Kernel panic - not syncing", 26))
		s->panic = json_object_new_array();
	if (s->panic && json_object_array_length(s->panic) < SINK_PANIC_LINES) {
		o = json_object_new_object();
		rec_strn(o, "text", s->console, len);
		json_object_array_add(s->panic, json_object_get(json_object_object_get(o, "text")));
		json_object_put(o);
	}
	o = rec_new("console");
	rec_int(o, "t_ns", (int64_t)sink_now(s));
	rec_strn(o, "text", s->console, len);
	rec_put(s->out, o);
}

void sink_console(struct sink *s, const char *data, size_t len)
{
	while (len--) {
		if (*data == '\n' || s->console_len == sizeof(s->console))
			console_line(s);
		if (*data != '\n')
			s->console[s->console_len++] = *data;
		data++;
	}
}

void sink_console_end(struct sink *s)
{
	if (s->console_len)
		console_line(s);
}

/* The record types that a guest may write; all others are the host's own. */
static bool is_guests(struct json_object *o)
{
	static const char *const types[] = { "guest", "step",    "op",      "worker",
					     "sched", "payload", "observer" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (rec_is(o, types[i]))
			return true;
	return rec_is(o, "end") && strcmp(rec_get_str(o, "tool", ""), "kt-guest") == 0;
}

static int port_line(struct sink *s, const char *line, size_t len, struct errbuf *e)
{
	struct json_object *o = rec_read(line, len);

	s->port_records++;
	if (!is_guests(o)) {
		json_object_put(o);
		return errbuf_set(e, -EBADMSG,
				  "the guest wrote garbage on its record port, record %lu "
				  "(expected a record of kt-guest)",
				  s->port_records);
	}
	once(s, &s->seen_init, "init");
	if (rec_is(o, "step"))
		once(s, &s->seen_workload, "workload");
	if (rec_is(o, "end"))
		once(s, &s->seen_done, "done");
	rec_int(o, "t_ns", (int64_t)sink_now(s));
	if (s->request && rec_is(o, "op") && rec_get_bool(o, "request", false))
		s->request(s->ctx, o);
	if (s->step_ended && rec_is(o, "step") && strcmp(rec_get_str(o, "event", ""), "end") == 0)
		s->step_ended(s->ctx);
	rec_put(s->out, o);
	return 0;
}

static int port_room(struct sink *s, size_t len)
{
	size_t need = s->port_len + len;
	char *p;

	if (s->port && need <= s->port_cap)
		return 0;
	if (need > SINK_PORT_LINE)
		return -EMSGSIZE;
	need = need < 65536 ? 65536 : SINK_PORT_LINE;
	p = realloc(s->port, need);
	if (!p)
		return -ENOMEM;
	s->port = p;
	s->port_cap = need;
	return 0;
}

int sink_port(struct sink *s, const char *data, size_t len, struct errbuf *e)
{
	const char *nl;
	size_t n;
	int rc;

	while (len) {
		nl = memchr(data, '\n', len);
		n = nl ? (size_t)(nl - data) : len;
		if (port_room(s, n))
			return errbuf_set(e, -EBADMSG,
					  "the guest wrote garbage on its record port, record %lu "
					  "(no end of line within %u KiB)",
					  s->port_records + 1, SINK_PORT_LINE >> 10);
		memcpy(s->port + s->port_len, data, n);
		s->port_len += n;
		if (!nl)
			break;
		rc = port_line(s, s->port, s->port_len, e);
		s->port_len = 0;
		if (rc)
			return rc;
		data += n + 1;
		len -= n + 1;
	}
	return 0;
}
