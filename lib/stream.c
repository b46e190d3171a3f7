// SPDX-License-Identifier: GPL-2.0-only
/* Decides whether a stream of records holds one whole run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "record.h"
#include "stream.h"

/* What a run has one of. */
static const char *const once[] = {
	"test", "topology", "kernel", "initrd", "vm", "host", "vm_exit", "verdict", NULL,
};

/* Index of a type among those, or -1. */
static int find(const char *type)
{
	int i;

	for (i = 0; once[i]; i++)
		if (strcmp(once[i], type) == 0)
			return i;
	return -1;
}

bool stream_wants(const char *type)
{
	return find(type) >= 0 || strcmp(type, "end") == 0;
}

bool stream_has(const struct stream *s, const char *type)
{
	int i = find(type);

	return i >= 0 && s->seen & 1U << i;
}

static int take_end(struct stream *s, struct json_object *o, struct errbuf *e)
{
	bool guest = json_object_object_get_ex(o, "t_ns", NULL);
	const char *tool = rec_get_str(o, "tool", NULL);
	int64_t records = rec_get_int(o, "records", -1);
	char name[sizeof(s->tools[0])];
	unsigned int i;

	if (!tool || records < 0)
		return errbuf_set(e, -EINVAL,
				  "expected a string as tool and a whole number >= 0 as records");
	/* the tool of that name on the host and the one in the guest are two */
	snprintf(name, sizeof(name), "%s%s", guest ? "guest's " : "", tool);
	for (i = 0; i < s->ntools; i++)
		if (strcmp(s->tools[i], name) == 0)
			return errbuf_set(e, -EINVAL,
					  "expected one end of %s in the input, this is a second",
					  name);
	if (s->ntools == STREAM_TOOLS)
		return errbuf_set(e, -EINVAL, "expected the end of at most %d tools", STREAM_TOOLS);
	memcpy(s->tools[s->ntools++], name, sizeof(name));
	s->guest_ended |= guest;
	/* what the guest wrote is among what kt-vm counts */
	if (!guest && __builtin_add_overflow(s->told, (uint64_t)records + 1, &s->told))
		s->told = UINT64_MAX;
	return 0;
}

int stream_take(struct stream *s, struct json_object *o, struct errbuf *e)
{
	const char *type = rec_get_str(o, "type", "");
	int i = find(type);

	if (strcmp(type, "end") == 0)
		return take_end(s, o, e);
	/* a judgement that comes out of a guest is none */
	if (i < 0 || (strcmp(type, "verdict") == 0 && json_object_object_get_ex(o, "t_ns", NULL)))
		return 0;
	if (s->seen & 1U << i)
		return errbuf_set(e, -EINVAL, "expected one %s in the input, this is a second",
				  type);
	s->seen |= 1U << i;
	return 0;
}

int stream_complete(const struct stream *s, unsigned long lines, struct errbuf *e)
{
	if (lines == s->told)
		return 0;
	return errbuf_set(e, -EBADMSG,
			  "the input has %lu records, its tools say that they wrote %llu", lines,
			  (unsigned long long)s->told);
}
