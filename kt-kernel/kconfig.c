// SPDX-License-Identifier: GPL-2.0-only
/* Owns the .config format: settings are compared as whole lines, which is how Kconfig writes them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "files.h"
#include "kconfig.h"

#define CONFIG_MAX (4U << 20) /* a distribution's is 300 KiB */
#define NOT_SET    " is not set"

/* Length of the option's name in a setting line ("CONFIG_X"), with its start in *name; else 0. */
static size_t setting(const char *line, const char **name)
{
	bool unset = !strncmp(line, "# CONFIG_", 9);
	size_t n;

	*name = unset ? line + 2 : line;
	if (strncmp(*name, "CONFIG_", 7))
		return 0;
	n = strcspn(*name, "= ");
	return !strcmp(*name + n, NOT_SET) == unset && (unset || (*name)[n] == '=') ? n : 0;
}

static int add(struct kconfig *k, char *line)
{
	char **p;

	/* grows at powers of two */
	if (!(k->n & (k->n - 1))) {
		p = realloc(k->line, (k->n ? 2 * k->n : 1) * sizeof(*p));
		if (!p)
			return -ENOMEM;
		k->line = p;
	}
	k->line[k->n++] = line;
	return 0;
}

int kconfig_parse(struct kconfig *k, const char *text, size_t len, struct errbuf *e)
{
	char *line, *save = NULL;
	const char *name;
	int rc = 0;

	memset(k, 0, sizeof(*k));
	if (len > CONFIG_MAX || memchr(text, '\0', len))
		return errbuf_set(e, -EINVAL, "not a kernel configuration");
	k->text = strndup(text, len);
	if (!k->text)
		return errbuf_set(e, -ENOMEM, "out of memory");
	for (line = strtok_r(k->text, "\r\n", &save); line && !rc;
	     line = strtok_r(NULL, "\r\n", &save))
		if (setting(line, &name))
			rc = add(k, line);
	if (rc) {
		kconfig_free(k);
		return errbuf_set(e, rc, "out of memory");
	}
	return 0;
}

int kconfig_read(struct kconfig *k, const char *path, struct errbuf *e)
{
	size_t len;
	char *text;
	int rc = files_read(path, CONFIG_MAX, &text, &len);

	memset(k, 0, sizeof(*k));
	if (rc)
		return errbuf_set(e, rc, "unable to read %s: %s", path, strerror(-rc));
	rc = kconfig_parse(k, text, len, e);
	free(text);
	if (rc)
		return errbuf_set(e, rc, "%s is not a kernel configuration", path);
	return 0;
}

int kconfig_append(struct kconfig *k, const struct kconfig *other)
{
	struct kconfig sum = { 0 };
	size_t i, len = 0;
	const struct kconfig *both[2] = { k, other };
	char *text, *p;
	int j, rc;

	for (j = 0; j < 2; j++)
		for (i = 0; i < both[j]->n; i++)
			len += strlen(both[j]->line[i]) + 1;
	p = text = malloc(len + 1);
	if (!text)
		return -ENOMEM;
	for (j = 0; j < 2; j++) {
		for (i = 0; i < both[j]->n; i++) {
			p = stpcpy(p, both[j]->line[i]);
			*p++ = '\n';
		}
	}
	rc = kconfig_parse(&sum, text, len, NULL);
	free(text);
	if (rc)
		return rc;
	kconfig_free(k);
	*k = sum;
	return 0;
}

void kconfig_free(struct kconfig *k)
{
	free(k->line);
	free(k->text);
	memset(k, 0, sizeof(*k));
}

void kconfig_hash(const struct kconfig *k, char hex[SHA256_HEX])
{
	struct sha256 s;
	size_t i;

	sha256_init(&s);
	for (i = 0; i < k->n; i++) {
		sha256_add(&s, k->line[i], strlen(k->line[i]));
		sha256_add(&s, "\n", 1);
	}
	sha256_hex(&s, hex);
}

/* The last line that sets the option, or NULL. */
static const char *lookup(const struct kconfig *k, const char *name, size_t len)
{
	const char *other;
	size_t i;

	for (i = k->n; i-- > 0;)
		if (setting(k->line[i], &other) == len && !memcmp(other, name, len))
			return k->line[i];
	return NULL;
}

static bool is_set_to(const struct kconfig *k, const char *name, const char *value)
{
	size_t len = strlen(name);
	const char *line = lookup(k, name, len);

	return line && !strcmp(line + len, value);
}

bool kconfig_yes(const struct kconfig *k, const char *name)
{
	return is_set_to(k, name, "=y");
}

bool kconfig_module(const struct kconfig *k, const char *name)
{
	return is_set_to(k, name, "=m");
}

/*
 * Options that newer kernels no longer offer, since what they switched on is always there, or
 * comes with another option.
 */
static const struct {
	const char *name, *heir;
} retired[] = {
	{ "CONFIG_SCHED_DEBUG", NULL }, /* 6.15 */
	{ "CONFIG_X86_5LEVEL", NULL },  /* 6.17 */
	{ "CONFIG_PROC_SYSCTL", "CONFIG_SYSCTL" },
};

static bool is_retired(const struct kconfig *have, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(retired); i++)
		if (strlen(retired[i].name) == len && !memcmp(retired[i].name, name, len))
			return !retired[i].heir || kconfig_yes(have, retired[i].heir);
	return false;
}

/* An option that Kconfig does not offer has no line at all: that is "not set", too. */
static bool holds(const char *want, const struct kconfig *have)
{
	const char *name, *line;
	size_t len = setting(want, &name);

	line = lookup(have, name, len);
	if (line)
		return !strcmp(want, line);
	return want[0] == '#' || is_retired(have, name, len);
}

size_t kconfig_missing(const struct kconfig *want, const struct kconfig *have, char *names,
		       size_t size)
{
	size_t i, missing = 0, left_out = 0, used = 0;
	const size_t room = sizeof(" and 12345 more");

	names[0] = '\0';
	for (i = 0; i < want->n; i++) {
		const char *name;
		size_t len = setting(want->line[i], &name);

		/* an appended fragment may overrule a line: only the last one counts */
		if (lookup(want, name, len) != want->line[i] || holds(want->line[i], have))
			continue;
		missing++;
		if (used + len + 2 + room >= size || left_out)
			left_out++;
		else
			used += (size_t)sprintf(names + used, "%s%.*s", used ? ", " : "", (int)len,
						name);
	}
	if (left_out)
		sprintf(names + used, " and %zu more", left_out);
	return missing;
}
