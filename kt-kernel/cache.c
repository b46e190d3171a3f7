// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the kernel cache on disk: reading entries, judging them, and putting new
 * ones in place. Readers take no lock: an entry is renamed into place whole.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "files.h"
#include "kconfig.h"
#include "paths.h"
#include "record.h"

#define META_MAX    (64U << 10)
#define ENTRIES_MAX 4096
#define STALE_SEC   (24 * 60 * 60) /* no build takes that long */
#define TMP_PREFIX  ".tmp-"

static void take(struct json_object *o, const char *key, char *buf, size_t size)
{
	snprintf(buf, size, "%s", rec_get_str(o, key, ""));
}

static int meta_parse(const char *path, struct cache_meta *m)
{
	struct json_object *o = NULL;
	char *text;
	size_t len;
	int rc = files_read(path, META_MAX, &text, &len);

	if (rc)
		return rc;
	o = json_tokener_parse(text);
	free(text);
	take(o, "version", m->version, sizeof(m->version));
	take(o, "source_kind", m->kind, sizeof(m->kind));
	take(o, "source", m->source, sizeof(m->source));
	take(o, "kconfig", m->kconfig, sizeof(m->kconfig));
	take(o, "base", m->base, sizeof(m->base));
	take(o, "built_at", m->built_at, sizeof(m->built_at));
	take(o, "sha256", m->sha256, sizeof(m->sha256));
	m->source_size = rec_get_int(o, "source_size", 0);
	m->source_mtime = rec_get_int(o, "source_mtime", 0);
	m->build_seconds = rec_get_int(o, "build_seconds", 0);
	m->files = rec_get_int(o, "files", 0);
	json_object_put(o);
	return m->version[0] && m->sha256[0] ? 0 : -EINVAL;
}

static int meta_write(const char *path, const char *key, const struct cache_meta *m)
{
	struct json_object *o = json_object_new_object();
	const char *text;
	int rc;

	rec_str(o, "version", m->version);
	rec_str(o, "source", m->source);
	rec_str(o, "source_kind", m->kind);
	rec_int(o, "source_size", m->source_size);
	rec_int(o, "source_mtime", m->source_mtime);
	rec_str(o, "key", key);
	rec_str(o, "kconfig", m->kconfig);
	rec_str(o, "base", m->base);
	rec_str(o, "built_at", m->built_at);
	rec_int(o, "build_seconds", m->build_seconds);
	rec_int(o, "files", m->files);
	rec_str(o, "sha256", m->sha256);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
							 JSON_C_TO_STRING_NOSLASHESCAPE);
	rc = files_write(path, text, strlen(text), true);
	json_object_put(o);
	return rc;
}

/* Fills in the entry of a directory; what is wrong with it goes into ->corrupt. */
static void judge(struct cache_entry *en, bool deep)
{
	char path[PATH_MAX], version[IMAGE_VERSION_MAX], hex[SHA256_HEX];
	struct kconfig k;
	struct errbuf e;
	int rc;

	if (files_join(path, en->dir, "metadata.json") || (rc = meta_parse(path, &en->meta))) {
		snprintf(en->corrupt, sizeof(en->corrupt), "metadata.json cannot be read");
		return;
	}
	if (files_join(path, en->dir, "bzImage") || image_read(path, version, &e)) {
		snprintf(en->corrupt, sizeof(en->corrupt), "bzImage: %.200s", e.text);
		return;
	}
	if (deep && (files_sha256(path, hex) || strcmp(hex, en->meta.sha256))) {
		snprintf(en->corrupt, sizeof(en->corrupt), "bzImage is not the one that was built");
		return;
	}
	if (!files_exist(en->dir, "vmlinux")) {
		snprintf(en->corrupt, sizeof(en->corrupt), "vmlinux is missing");
		return;
	}
	if (files_join(path, en->dir, "config") || kconfig_read(&k, path, &e)) {
		snprintf(en->corrupt, sizeof(en->corrupt), "config is missing or no configuration");
		return;
	}
	en->sched_ext = kconfig_yes(&k, "CONFIG_SCHED_CLASS_EXT");
	kconfig_free(&k);
}

/* One number of a version and what separates it from the next; "rcN" is given as N - 1000. */
static long next_part(const char **s)
{
	bool rc = !strncmp(*s, "-rc", 3);
	long v;
	char *end;

	if (rc)
		*s += 3;
	else if (**s == '.')
		(*s)++;
	if (!isdigit((unsigned char)**s))
		return 0;
	v = strtol(*s, &end, 10);
	*s = end;
	return rc ? v - 1000 : v;
}

int cache_version_cmp(const char *a, const char *b)
{
	const char *x = a, *y = b;
	int i;

	for (i = 0; i < 4; i++) {
		long u = next_part(&x), v = next_part(&y);

		if (u != v)
			return u < v ? -1 : 1;
	}
	return strcmp(a, b);
}

bool cache_version_matches(const char *version, const char *spec)
{
	size_t n = strlen(spec);

	return n && !strncmp(version, spec, n) && !isalnum((unsigned char)version[n]);
}

static int by_age(const void *a, const void *b)
{
	const struct cache_entry *x = a, *y = b;
	int c;

	if (!x->corrupt[0] != !y->corrupt[0])
		return x->corrupt[0] ? 1 : -1;
	c = cache_version_cmp(y->meta.version, x->meta.version);
	if (!c)
		c = strcmp(y->meta.built_at, x->meta.built_at);
	return c ? c : strcmp(x->key, y->key);
}

static int add(struct cache *c, const char *key, bool deep)
{
	struct cache_entry *p, *en;

	if (c->n == ENTRIES_MAX || strlen(key) >= CACHE_KEY_MAX)
		return 0;
	p = realloc(c->entry, (c->n + 1) * sizeof(*p));
	if (!p)
		return -ENOMEM;
	c->entry = p;
	en = &p[c->n];
	memset(en, 0, sizeof(*en));
	if (files_join(en->dir, c->dir, key))
		return 0;
	snprintf(en->key, sizeof(en->key), "%s", key);
	judge(en, deep);
	c->n++;
	return 0;
}

/* What a killed build left behind, once nobody can be working on it any more. */
static void sweep(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (!strncmp(name, TMP_PREFIX, strlen(TMP_PREFIX)) && !files_join(path, dir, name) &&
	    !lstat(path, &st) && time(NULL) - st.st_mtime > STALE_SEC)
		files_remove(path);
}

int cache_open(struct cache *c, bool deep, struct errbuf *e)
{
	struct dirent *d;
	DIR *dir;
	int rc;

	memset(c, 0, sizeof(*c));
	rc = paths_cache("kernels", c->dir);
	if (rc == -ENOENT)
		return errbuf_set(e, rc,
				  "no place for the cache: set HOME or XDG_CACHE_HOME to an "
				  "absolute path");
	if (rc)
		return errbuf_set(e, rc, "unable to make the cache directory %s: %s", c->dir,
				  strerror(-rc));
	dir = opendir(c->dir);
	if (!dir) {
		rc = -errno;
		return errbuf_set(e, rc, "unable to read %s: %s", c->dir, strerror(-rc));
	}
	while (!rc && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			sweep(c->dir, d->d_name);
		else
			rc = add(c, d->d_name, deep);
	}
	closedir(dir);
	if (rc) {
		cache_free(c);
		return errbuf_set(e, rc, "out of memory");
	}
	if (c->n)
		qsort(c->entry, c->n, sizeof(*c->entry), by_age);
	return 0;
}

void cache_free(struct cache *c)
{
	free(c->entry);
	c->entry = NULL;
	c->n = 0;
}

int cache_begin(const struct cache *c, char tmp[PATH_MAX], struct errbuf *e)
{
	if (files_join(tmp, c->dir, TMP_PREFIX "XXXXXX"))
		return errbuf_set(e, -ENAMETOOLONG, "the name of the cache directory is too long");
	if (!mkdtemp(tmp) || chmod(tmp, 0755))
		return errbuf_set(e, -errno, "unable to write in %s: %s", c->dir, strerror(errno));
	return 0;
}

/* For file systems that cannot swap two names (NFS): the entry is away for an instant. */
static int swap_in_two(const char *tmp, const char *entry)
{
	char old[PATH_MAX];
	bool had;

	if (snprintf(old, sizeof(old), "%s-old", tmp) >= (int)sizeof(old))
		return -ENAMETOOLONG;
	had = !rename(entry, old);
	if (rename(tmp, entry)) {
		int rc = -errno;

		if (had)
			(void)!rename(old, entry);
		return rc;
	}
	return had ? files_remove(old) : 0;
}

/* Puts tmp where the entry belongs; an older one then has tmp's name, and goes. */
static int swap_in(const char *tmp, const char *entry)
{
	if (!renameat2(AT_FDCWD, tmp, AT_FDCWD, entry, RENAME_EXCHANGE))
		return files_remove(tmp);
	if (errno == ENOENT && !renameat2(AT_FDCWD, tmp, AT_FDCWD, entry, RENAME_NOREPLACE))
		return 0;
	return errno == EINVAL ? swap_in_two(tmp, entry) : -errno;
}

int cache_commit(const struct cache *c, const char *tmp, const char *key,
		 const struct cache_meta *m, struct errbuf *e)
{
	char path[PATH_MAX], entry[PATH_MAX];
	int tries, rc = files_join(path, tmp, "metadata.json");

	if (!rc)
		rc = files_join(entry, c->dir, key);
	if (!rc)
		rc = meta_write(path, key, m);
	if (!rc)
		rc = files_sync(tmp);
	/* another build of the same key may come or go between the two renames */
	for (tries = 0; !rc && tries < 10; tries++) {
		rc = swap_in(tmp, entry);
		if (rc != -EEXIST && rc != -ENOENT)
			break;
		rc = 0;
	}
	if (!rc)
		rc = files_sync(c->dir);
	if (rc)
		return errbuf_set(e, rc, "unable to write %s/%s: %s", c->dir, key, strerror(-rc));
	return 0;
}
