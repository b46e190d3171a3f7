// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns `kt-kernel build`: source, configuration, image, cache entry, in this
 * order, and that nothing half made stays behind. Each step prints its own failure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "array.h"
#include "build.h"
#include "clock.h"
#include "compile.h"
#include "exit.h"
#include "files.h"
#include "msg.h"
#include "paths.h"
#include "source.h"

#define FILES_GUESS   2137 /* of a build of 6.12 with kt.config; the cache knows better later */
#define UNPACKED_MARK ".kt-unpacked"

struct build {
	const struct build_opts *o;
	struct source src;
	struct kconfig want;
	struct cache cache;
	struct cache_meta meta;
	char version[IMAGE_VERSION_MAX];
	char key[CACHE_KEY_MAX];
	char work[PATH_MAX]; /* directory of this build alone, locked */
	int lock;
	char log[PATH_MAX];
	char tree[PATH_MAX], obj[PATH_MAX];
	struct compile c;
};

/* A step's result, as an exit code; what job_run() and cache_*() return comes in. */
static int step(struct build *b, int rc, int code, const struct errbuf *e)
{
	if (!rc)
		return KT_OK;
	if (job_signal())
		return msg_err(KT_SIGNAL + job_signal(), 0, "interrupted");
	if (b->c.job.no_space || rc == -ENOSPC || rc == -EDQUOT) {
		return msg_err(KT_OUTPUT, 0, "no space left in %s (a build needs about 3 GiB)",
			       b->cache.dir);
	}
	if (rc < 0 && code == KT_DATA)
		code = KT_SYS; /* it is not the input's fault that a helper could not run */
	if (rc > 0) {
		job_print_tail(&b->c.job);
		return msg_err(code, 0, "%s (exit code %d); the whole log is %s", e->text, rc,
			       b->log);
	}
	return msg_err(code, 0, "%s", e->text);
}

static int read_fragments(struct build *b)
{
	char path[PATH_MAX];
	struct kconfig extra;
	struct errbuf e;

	if (paths_data("kt.config", path))
		return msg_err(KT_SOFTWARE, 0, "kt.config is missing from kt's installation");
	if (kconfig_read(&b->want, path, &e))
		return msg_err(KT_SOFTWARE, 0, "%s", e.text);
	kconfig_hash(&b->want, b->meta.base);
	if (b->o->fragment) {
		if (kconfig_read(&extra, b->o->fragment, &e))
			return msg_err(KT_DATA, 0, "%s", e.text);
		if (!extra.n) {
			kconfig_free(&extra);
			return msg_err(KT_DATA, 0, "%s sets no option", b->o->fragment);
		}
		if (kconfig_append(&b->want, &extra))
			return msg_err(KT_SYS, ENOMEM, "unable to read %s", b->o->fragment);
		kconfig_free(&extra);
	}
	kconfig_hash(&b->want, b->meta.kconfig);
	return KT_OK;
}

/* An entry made of this very tarball. Trees change without a trace: they go by make. */
static const struct cache_entry *already(const struct build *b)
{
	size_t i;

	for (i = 0; i < b->cache.n && b->src.tarball[0]; i++) {
		const struct cache_entry *en = &b->cache.entry[i];

		if (!en->corrupt[0] && !strcmp(en->meta.source, b->src.name) &&
		    en->meta.source_size == b->src.size && en->meta.source_mtime == b->src.mtime &&
		    !strcmp(en->meta.kconfig, b->meta.kconfig))
			return en;
	}
	return NULL;
}

static int check_programs(void)
{
	static const char *const names[] = { "make", "gcc",    "ld",   "objcopy", "flex", "bison",
					     "bc",   "pahole", "perl", "tar",     "xz",   "lz4" };
	char missing[256] = "", path[PATH_MAX];
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (paths_program(names[i], path))
			n += (size_t)snprintf(missing + n, sizeof(missing) - n, "%s%s",
					      n ? ", " : "", names[i]);
	if (n)
		return msg_err(KT_HOST, 0, "a kernel build needs %s: install %s first", missing,
			       strchr(missing, ',') ? "them" : "it");
	return KT_OK;
}

/* The work directory, named after what is built, and its lock. */
static int take_work_dir(struct build *b)
{
	char dir[PATH_MAX], hex[SHA256_HEX];
	struct sha256 s;
	int rc = paths_cache("build", dir);
	bool waited = false;

	sha256_init(&s);
	sha256_add(&s, b->src.name, strlen(b->src.name));
	sha256_add(&s, &b->src.size, sizeof(b->src.size));
	sha256_add(&s, &b->src.mtime, sizeof(b->src.mtime));
	/* a tree may be built in place: no two builds of it at once, however configured */
	if (b->src.kind != SOURCE_TREE)
		sha256_add(&s, b->meta.kconfig, strlen(b->meta.kconfig));
	sha256_hex(&s, hex);
	hex[16] = '\0';
	if (!rc)
		rc = files_join(b->work, dir, hex);
	if (!rc && snprintf(b->log, sizeof(b->log), "%s.log", b->work) >= (int)sizeof(b->log))
		rc = -ENAMETOOLONG;
	if (!rc)
		b->lock = rc = files_lock_dir(b->work, false);
	if (rc == -EWOULDBLOCK) {
		msg_info("waiting for another build of %s", b->src.name);
		b->lock = rc = files_lock_dir(b->work, true);
		waited = true;
	}
	if (job_signal())
		return msg_err(KT_SIGNAL + job_signal(), 0, "interrupted");
	if (rc < 0)
		return msg_err(KT_OUTPUT, -rc, "unable to make a directory in %s", dir);
	unlink(b->log);
	if (waited) {
		struct errbuf e;

		cache_free(&b->cache);
		if (cache_open(&b->cache, false, &e))
			return msg_err(KT_HOST, 0, "%s", e.text);
	}
	return KT_OK;
}

static int get_tree(struct build *b)
{
	struct errbuf e;
	char mark[PATH_MAX];
	int rc;

	if (b->src.kind == SOURCE_TREE) {
		snprintf(b->tree, sizeof(b->tree), "%s", b->src.name);
		return KT_OK;
	}
	if (files_join(b->tree, b->work, "tree") || files_join(mark, b->work, UNPACKED_MARK))
		return msg_err(KT_OUTPUT, ENAMETOOLONG, "%s", b->work);
	if (access(mark, F_OK) == 0)
		return KT_OK;
	files_remove(b->tree);
	if (!b->src.tarball[0]) {
		rc = source_download(&b->src, b->work, &b->c.job, b->log, &e);
		if (rc)
			return step(b, rc, KT_HOST, &e);
	}
	rc = paths_mkdirs(b->tree);
	if (rc)
		return msg_err(KT_OUTPUT, -rc, "unable to make %s", b->tree);
	rc = source_unpack(&b->src, b->tree, &b->c.job, b->log, &e);
	if (!rc) {
		rc = files_write(mark, "", 0, true);
		errbuf_set(&e, rc, "unable to write %s: %s", mark, strerror(-rc));
	}
	return step(b, rc, KT_DATA, &e);
}

/*
 * A tree that is configured as wanted is built as it is. Any other is built into
 * the work directory, which kbuild does only from a clean tree.
 */
static int place_objects(struct build *b)
{
	char names[1200];
	long lacks;
	int rc;

	b->c.tree = b->tree;
	b->c.obj = NULL;
	if (b->src.kind != SOURCE_TREE)
		return KT_OK;
	lacks = compile_lacks(&b->c, names, sizeof(names));
	if (lacks == 0)
		return KT_OK;
	if (lacks > 0)
		return msg_err(KT_DATA, 0,
			       "%s is configured for something else: its .config lacks %s; set "
			       "these, or clean it with 'make -C %s mrproper'",
			       b->tree, names, b->tree);
	if (files_exist(b->tree, "include/config"))
		return msg_err(KT_DATA, 0,
			       "%s holds another build: clean it with 'make -C %s mrproper'",
			       b->tree, b->tree);
	rc = files_join(b->obj, b->work, "obj");
	if (!rc)
		rc = paths_mkdirs(b->obj);
	b->c.obj = b->obj;
	return rc ? msg_err(KT_OUTPUT, -rc, "unable to make %s", b->obj) : KT_OK;
}

/* The number of files that the last whole build made. */
static unsigned long estimate(const struct cache *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (!c->entry[i].corrupt[0] && c->entry[i].meta.files > 0)
			return (unsigned long)c->entry[i].meta.files;
	return FILES_GUESS;
}

static int configure_and_compile(struct build *b)
{
	int64_t start = (int64_t)clock_ms();
	struct errbuf e;
	char names[1500];
	bool whole;
	long lacks;
	int rc;

	b->c.log = b->log;
	b->c.version = b->version;
	b->c.want = &b->want;
	rc = place_objects(b);
	if (rc)
		return rc;
	whole = compile_lacks(&b->c, names, sizeof(names)) != 0;
	rc = compile_configure(&b->c, &e);
	if (rc)
		return step(b, rc, KT_DATA, &e);
	lacks = compile_lacks(&b->c, names, sizeof(names));
	if (lacks < 0)
		return msg_err(KT_DATA, 0, "%s cannot be configured: no .config in %s", b->version,
			       compile_dir(&b->c));
	if (lacks > 0)
		return msg_err(KT_DATA, 0, "%s dropped %ld required option%s: %s", b->version,
			       lacks, lacks > 1 ? "s" : "", names);
	b->c.job.files = 0;
	b->c.total = estimate(&b->cache);
	rc = compile_image(&b->c, &e);
	if (rc)
		return step(b, rc, KT_DATA, &e);
	/* a build that had most of it made before is no measure of the next one */
	b->meta.files = whole ? (int64_t)b->c.job.files : 0;
	b->meta.build_seconds = ((int64_t)clock_ms() - start) / 1000;
	return KT_OK;
}

/* Copies what was built into `tmp`: 0, or -errno. */
static int collect(struct build *b, const char *tmp, struct errbuf *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	const char *const strip[] = { "objcopy", "--strip-debug", from, to, NULL };
	static const char *const files[][2] = { { "arch/x86/boot/bzImage", "bzImage" },
						{ ".config", "config" } };
	struct progress p;
	size_t i;
	int rc;

	for (i = 0; i < 2; i++) {
		rc = files_join(from, compile_dir(&b->c), files[i][0]);
		if (!rc)
			rc = files_join(to, tmp, files[i][1]);
		if (!rc)
			rc = files_copy(from, to);
		if (rc)
			return errbuf_set(e, rc, "unable to copy %s to the cache: %s", from,
					  strerror(-rc));
	}
	if (files_join(from, compile_dir(&b->c), "vmlinux") || files_join(to, tmp, "vmlinux"))
		return errbuf_set(e, -ENAMETOOLONG, "the name of %s is too long", tmp);
	progress_start(&p, 0, "stripping vmlinux");
	rc = job_run(&b->c.job, strip, NULL, b->log, &p, e);
	if (rc > 0)
		return errbuf_set(e, rc, "unable to strip %s", from);
	if (!rc && chmod(to, 0644))
		rc = -errno;
	if (!rc)
		rc = files_sync(to);
	if (rc && rc != -EINTR)
		errbuf_set(e, rc, "unable to write %s: %s", to, strerror(-rc));
	return rc;
}

/* The entry of this key, if the image that was just built from the same source is in it. */
static const struct cache_entry *unchanged(const struct build *b)
{
	size_t i;

	for (i = 0; i < b->cache.n; i++) {
		const struct cache_entry *en = &b->cache.entry[i];

		if (!strcmp(en->key, b->key) && !en->corrupt[0] &&
		    !strcmp(en->meta.source, b->src.name) && en->meta.source_size == b->src.size &&
		    en->meta.source_mtime == b->src.mtime &&
		    !strcmp(en->meta.sha256, b->meta.sha256) &&
		    !strcmp(en->meta.kconfig, b->meta.kconfig))
			return en;
	}
	return NULL;
}

static int install(struct build *b)
{
	char tmp[PATH_MAX], image[PATH_MAX];
	time_t now = time(NULL);
	struct errbuf e;
	int rc = files_join(image, compile_dir(&b->c), "arch/x86/boot/bzImage");

	if (rc || image_read(image, b->meta.version, &e) || files_sha256(image, b->meta.sha256))
		return msg_err(KT_DATA, 0, "%s was not built: %s", image, e.text);
	if (!b->meta.version[0])
		snprintf(b->meta.version, sizeof(b->meta.version), "%s", b->version);
	if (unchanged(b))
		return KT_OK;
	snprintf(b->meta.source, sizeof(b->meta.source), "%s", b->src.name);
	snprintf(b->meta.kind, sizeof(b->meta.kind), "%s", source_kind_name(b->src.kind));
	b->meta.source_size = b->src.size;
	b->meta.source_mtime = b->src.mtime;
	strftime(b->meta.built_at, sizeof(b->meta.built_at), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	rc = cache_begin(&b->cache, tmp, &e);
	if (rc)
		return step(b, rc, KT_OUTPUT, &e);
	rc = collect(b, tmp, &e);
	if (!rc && job_signal())
		rc = -EINTR;
	if (!rc)
		rc = cache_commit(&b->cache, tmp, b->key, &b->meta, &e);
	if (rc)
		files_remove(tmp);
	return step(b, rc, KT_OUTPUT, &e);
}

static int make_entry(struct build *b, struct found *f)
{
	struct errbuf e;
	char path[PATH_MAX], t[24];
	int rc = get_tree(b);

	if (rc)
		return rc;
	if (source_version(b->tree, b->version, &e))
		return msg_err(KT_DATA, 0, "source %s: %s", b->src.name, e.text);
	if (snprintf(b->key, sizeof(b->key), "%s-%s-x86_64-kc%.8s", b->version,
		     source_kind_name(b->src.kind), b->meta.kconfig) >= (int)sizeof(b->key))
		return msg_err(KT_DATA, 0, "source %s: its version is too long", b->src.name);
	rc = configure_and_compile(b);
	if (!rc)
		rc = install(b);
	if (rc)
		return rc;
	msg_info("%s is in the cache after %s", b->key, progress_time(t, b->meta.build_seconds));
	return files_join(path, b->cache.dir, b->key) ? KT_SOFTWARE : find_kernel(b->key, f);
}

/* What a build leaves: nothing; the log of one that failed; with --keep also the tree. */
static void give_back(struct build *b, int rc)
{
	if (b->lock < 0)
		return;
	if (!b->o->keep)
		files_remove(b->work);
	if (rc == KT_OK || rc >= KT_SIGNAL)
		unlink(b->log);
	close(b->lock);
}

int build_kernel(const struct build_opts *o, struct found *f)
{
	static struct build b; /* too large for a stack */
	const struct cache_entry *en;
	struct errbuf e;
	int rc;

	b.o = o;
	b.lock = -1;
	job_catch_signals();
	compile_clean_environment();
	rc = read_fragments(&b);
	if (rc)
		goto out;
	rc = source_resolve(&b.src, o->source, &e);
	if (rc) {
		msg_err(rc, 0, "%s", e.text);
		goto out;
	}
	if (b.src.kind == SOURCE_TREE && source_version(b.src.name, b.version, &e)) {
		rc = msg_err(KT_DATA, 0, "source %s: %s", b.src.name, e.text);
		goto out;
	}
	if (cache_open(&b.cache, false, &e)) {
		rc = msg_err(KT_HOST, 0, "%s", e.text);
		goto out;
	}
	en = already(&b);
	if (!en) {
		rc = check_programs();
		if (!rc)
			rc = take_work_dir(&b);
		if (!rc)
			en = already(&b);
	}
	if (!rc && !en)
		rc = make_entry(&b, f);
	if (!rc && en) {
		msg_info("%s is in the cache already", en->key);
		found_entry(f, en);
	}
	give_back(&b, rc);
	cache_free(&b.cache);
out:
	kconfig_free(&b.want);
	return rc;
}
