// SPDX-License-Identifier: GPL-2.0-only
/* Owns the choice of a kernel: by path, from the cache, then the machine's own. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "files.h"
#include "find.h"
#include "msg.h"
#include "paths.h"
#include "unpack.h"

void found_put(struct rec_out *out, const struct found *f)
{
	struct json_object *o = rec_new("kernel");

	rec_str(o, "version", f->version);
	rec_str(o, "image", f->image);
	rec_str(o, "vmlinux", f->vmlinux[0] ? f->vmlinux : NULL);
	rec_str(o, "config", f->config[0] ? f->config : NULL);
	rec_str(o, "modules", f->modules[0] ? f->modules : NULL);
	rec_str(o, "source", f->source);
	rec_str(o, "key", f->key[0] ? f->key : NULL);
	if (f->sched_ext < 0)
		rec_str(o, "sched_ext", NULL);
	else
		rec_bool(o, "sched_ext", f->sched_ext);
	rec_put(out, o);
}

void found_entry(struct found *f, const struct cache_entry *en)
{
	memset(f, 0, sizeof(*f));
	f->source = "cache";
	f->sched_ext = en->sched_ext;
	snprintf(f->version, sizeof(f->version), "%s", en->meta.version);
	snprintf(f->key, sizeof(f->key), "%s", en->key);
	files_join(f->image, en->dir, "bzImage");
	files_join(f->vmlinux, en->dir, "vmlinux");
	files_join(f->config, en->dir, "config");
}

void find_base_hash(char hex[SHA256_HEX])
{
	char path[PATH_MAX];
	struct kconfig k;

	hex[0] = '\0';
	if (paths_data("kt.config", path) || kconfig_read(&k, path, NULL))
		return;
	kconfig_hash(&k, hex);
	kconfig_free(&k);
}

/* 0: built from today's kt.config alone; 1: with something added; 2: from another kt.config. */
static int staleness(const struct cache_entry *en, const char *base)
{
	if (!base[0])
		return 0;
	if (strcmp(en->meta.base, base))
		return 2;
	return strcmp(en->meta.kconfig, base) ? 1 : 0;
}

/* The best entry for the spec; entries come newest first. */
static const struct cache_entry *choose(const struct cache *c, const char *spec, const char *base)
{
	const struct cache_entry *best = NULL;
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct cache_entry *en = &c->entry[i];

		if (spec && !strcmp(en->key, spec))
			return en;
		if (en->corrupt[0] || (spec && !cache_version_matches(en->meta.version, spec)))
			continue;
		if (!best || staleness(en, base) < staleness(best, base))
			best = en;
	}
	return best;
}

static int take_entry(struct found *f, const struct cache_entry *en, const char *base)
{
	if (en->corrupt[0])
		return msg_err(KT_DATA, 0, "%s is corrupt: %s; type 'kt kernel build'", en->dir,
			       en->corrupt);
	if (staleness(en, base) == 2)
		msg_warn("%s was built from another kt.config than the one here; "
			 "'kt kernel build' makes a new one",
			 en->key);
	found_entry(f, en);
	return KT_OK;
}

/* What the cache holds, as a clause for the message that it does not help. */
static void describe(const struct cache *c, char *buf, size_t size)
{
	size_t i, n;

	n = (size_t)snprintf(buf, size, "%s holds %s", c->dir, c->n ? "only " : "none");
	for (i = 0; i < c->n && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s%s", i ? ", " : "", c->entry[i].key,
				      c->entry[i].corrupt[0] ? " (corrupt)" : "");
}

static int nothing(const struct cache *c, const char *spec, const struct found *host,
		   const char *host_reason)
{
	char held[900], own[600];

	describe(c, held, sizeof(held));
	if (host_reason[0])
		snprintf(own, sizeof(own), "%s", host_reason);
	else
		snprintf(own, sizeof(own), "this machine's own is %s", host->version);
	return msg_err(KT_HOST, 0, "no kernel%s%s: %s, and %s; type 'kt kernel build%s'",
		       spec ? " " : "", spec ? spec : "", held, own, spec ? " SOURCE" : "");
}

/* Where nobody has put a vmlinux beside the image, there is the one in it. */
static void add_vmlinux(struct found *f)
{
	struct errbuf e;

	if (!f->vmlinux[0] && unpack_vmlinux(f->image, f->vmlinux, &e))
		msg_warn("kernel %s: %s", f->image, e.text);
}

static int choose_kernel(const char *spec, struct found *f)
{
	const struct cache_entry *en;
	char base[SHA256_HEX];
	struct errbuf e = { "" };
	struct cache c;
	int rc;

	if (spec && strchr(spec, '/'))
		return find_path(spec, f);
	if (cache_open(&c, false, &e))
		return msg_err(KT_HOST, 0, "%s", e.text);
	find_base_hash(base);
	memset(f, 0, sizeof(*f));
	en = choose(&c, spec, base);
	if (en)
		rc = take_entry(f, en, base);
	else if (spec && access(spec, F_OK) == 0)
		rc = find_path(spec, f);
	else if (!find_host(f, &e) && (!spec || cache_version_matches(f->version, spec)))
		rc = KT_OK;
	else
		rc = nothing(&c, spec, f, e.text);
	cache_free(&c);
	return rc;
}

int find_kernel(const char *spec, struct found *f)
{
	int rc = choose_kernel(spec, f);

	if (!rc)
		add_vmlinux(f);
	return rc;
}
