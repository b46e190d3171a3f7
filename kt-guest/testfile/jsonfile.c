// SPDX-License-Identifier: GPL-2.0-only
/* Reads JSON with comments, at most 1 MiB of it, and says where it is no such thing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "jsonfile.h"
#include "jsonpos.h"

/* Longer labels lose their beginning, so that the message behind them is not cut. */
#define LABEL_SHOWN 160

void jsonfile_at(const struct jsonfile *f, size_t offset, struct errbuf *e, const char *text)
{
	struct jsonpos pos = jsonpos_at(f->text, f->len, offset);
	size_t len = strlen(f->label);
	char *c;

	errbuf_set(e, 0, "%s%s:%u:%u: %s", len > LABEL_SHOWN ? "..." : "",
		   f->label + (len > LABEL_SHOWN ? len - LABEL_SHOWN : 0), pos.line, pos.column,
		   text);
	for (c = e ? e->text : NULL; c && *c; c++) /* what a file holds shall not move the cursor */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static int fail_at(const struct jsonfile *f, size_t offset, struct errbuf *e, const char *text)
{
	jsonfile_at(f, offset, e, text);
	return KT_DATA;
}

static int syntax(const struct jsonfile *f, size_t offset, struct errbuf *e, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "syntax error: %s", what);
	return fail_at(f, offset, e, text);
}

static int no_duplicates(const struct jsonfile *f, struct errbuf *e)
{
	struct jsonpos_duplicate dup;
	char text[160];

	if (!jsonpos_duplicate(f->text, f->len, &dup))
		return KT_OK;
	snprintf(text, sizeof(text), "key \"%s\" is there twice (first in line %u)", dup.key,
		 jsonpos_at(f->text, f->len, dup.earlier).line);
	return fail_at(f, dup.offset, e, text);
}

static int parse(struct jsonfile *f, struct json_tokener *tok, struct errbuf *e)
{
	size_t start = jsonpos_skip_blank(f->text, f->len, 0), end;
	const char *nul = memchr(f->text, '\0', f->len);
	enum json_tokener_error error;

	if (nul)
		return syntax(f, nul - f->text, e, "a NUL byte");
	if (start == f->len)
		return syntax(f, start, e, "the file is empty (expected an object, {...})");
	if (f->text[start] != '{')
		return syntax(f, start, e, "expected an object, {...}");
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	f->root = json_tokener_parse_ex(tok, f->text, (int)f->len);
	error = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	if (error == json_tokener_continue)
		return syntax(f, f->len, e,
			      "the file ends too early (a \", }, ] or */ is missing)");
	if (error != json_tokener_success)
		return syntax(f, end, e, json_tokener_error_desc(error));
	end = jsonpos_skip_blank(f->text, f->len, end);
	if (end < f->len)
		return syntax(f, end, e, "unexpected text behind the object");
	return no_duplicates(f, e);
}

int jsonfile_parse(struct jsonfile *f, const char *label, const char *text, size_t len,
		   struct errbuf *e)
{
	struct json_tokener *tok = json_tokener_new();
	int rc = KT_SYS;

	memset(f, 0, sizeof(*f));
	snprintf(f->label, sizeof(f->label), "%s", label);
	f->text = malloc(len + 1);
	if (tok && f->text) {
		memcpy(f->text, text, len);
		f->text[len] = '\0';
		f->len = len;
		rc = parse(f, tok, e);
	} else {
		errbuf_set(e, 0, "%s: out of memory", label);
	}
	if (tok)
		json_tokener_free(tok);
	return rc;
}

/* Up to `max` bytes; the number read, or -errno. */
static ssize_t read_all(int fd, char *buf, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len < max) {
		n = read(fd, buf + len, max - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += n;
	}
	return len;
}

int jsonfile_read(struct jsonfile *f, const char *path, struct errbuf *e)
{
	char *buf = malloc(JSONFILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	ssize_t n = fd < 0 ? -errno : -ENOMEM;

	memset(f, 0, sizeof(*f));
	if (fd >= 0 && buf)
		n = read_all(fd, buf, JSONFILE_MAX + 1);
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		rc = n == -ENOENT || n == -ENOTDIR || n == -EISDIR ? KT_DATA : KT_SYS;
		errbuf_set(e, 0, "unable to read %s: %s", path, strerror((int)-n));
	} else if (n > (ssize_t)JSONFILE_MAX) {
		rc = errbuf_set(e, KT_DATA, "%s: longer than 1 MiB, the limit of such a file",
				path);
	} else {
		rc = jsonfile_parse(f, path, buf, n, e);
	}
	free(buf);
	return rc;
}

void jsonfile_free(struct jsonfile *f)
{
	json_object_put(f->root);
	free(f->text);
	f->root = NULL;
	f->text = NULL;
}
