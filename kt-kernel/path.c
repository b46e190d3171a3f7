// SPDX-License-Identifier: GPL-2.0-only
/* Owns kernels given by path: what else belongs to an image is looked for where builds put it. */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "files.h"
#include "find.h"
#include "msg.h"

#define TREE_IMAGE "arch/x86/boot/bzImage"

/* A file of that name in the directory, by its real path; else empty. */
static bool pick(char *buf, const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (!files_join(path, dir, name) && realpath(path, buf) && access(buf, R_OK) == 0)
		return true;
	buf[0] = '\0';
	return false;
}

/* Modules of a release: beside a /boot, or where the image itself is among them. */
static void find_modules(struct found *f, const char *dir, const char *release)
{
	char other[PATH_MAX];

	if (!release) {
		if (files_exist(dir, "kernel"))
			snprintf(f->modules, sizeof(f->modules), "%s", dir);
		return;
	}
	snprintf(other, sizeof(other), "../lib/modules/%s", release);
	if (pick(f->modules, dir, other))
		return;
	snprintf(other, sizeof(other), "../usr/lib/modules/%s", release);
	pick(f->modules, dir, other);
}

static bool is_vmlinux(const char *path)
{
	char magic[4] = "";
	FILE *f = fopen(path, "re");
	bool elf = f && fread(magic, 1, 4, f) == 4 && !memcmp(magic, "\177ELF", 4);

	if (f)
		fclose(f);
	return elf;
}

/* The image of a kernel tree, or of a directory laid out as in the cache. */
static bool image_in(char *buf, const char *dir)
{
	return pick(buf, dir, TREE_IMAGE) || pick(buf, dir, "bzImage");
}

static void companions(struct found *f)
{
	char dir[PATH_MAX], top[PATH_MAX];
	char *name, *end;

	snprintf(dir, sizeof(dir), "%s", f->image);
	name = strrchr(dir, '/');
	*name++ = '\0';
	/* in a tree the image is three directories down */
	snprintf(top, sizeof(top), "%s", dir);
	end = top + strlen(top) - strlen("/arch/x86/boot");
	if (end > top && !strcmp(end, "/arch/x86/boot") && !strcmp(name, "bzImage")) {
		*end = '\0';
		pick(f->config, top, ".config");
		pick(f->vmlinux, top, "vmlinux");
	} else if (!strncmp(name, "vmlinuz-", 8)) {
		char other[PATH_MAX];

		snprintf(other, sizeof(other), "config-%s", name + 8);
		pick(f->config, dir, other);
		snprintf(other, sizeof(other), "vmlinux-%s", name + 8);
		pick(f->vmlinux, dir, other);
		find_modules(f, dir, name + 8);
	} else {
		pick(f->config, dir, "config");
		pick(f->vmlinux, dir, "vmlinux");
		find_modules(f, dir, NULL);
	}
}

static void read_config(struct found *f)
{
	struct kconfig k;

	f->sched_ext = -1;
	if (!f->config[0] || kconfig_read(&k, f->config, NULL))
		return;
	f->sched_ext = kconfig_yes(&k, "CONFIG_SCHED_CLASS_EXT");
	kconfig_free(&k);
}

int find_path(const char *path, struct found *f)
{
	char real[PATH_MAX], dir[PATH_MAX];
	struct errbuf e;
	struct stat st;

	memset(f, 0, sizeof(*f));
	f->source = "path";
	if (!realpath(path, real) || stat(real, &st))
		return msg_err(KT_DATA, errno, "unable to open kernel %s", path);
	if (S_ISDIR(st.st_mode)) {
		if (!image_in(f->image, real))
			return msg_err(KT_DATA, 0,
				       "no kernel in %s: neither %s nor bzImage is there; "
				       "type 'kt kernel build %s'",
				       path, TREE_IMAGE, path);
	} else if (!S_ISREG(st.st_mode)) {
		return msg_err(KT_DATA, 0, "kernel %s is not a file", path);
	} else if (is_vmlinux(real)) {
		snprintf(dir, sizeof(dir), "%s", real);
		*strrchr(dir, '/') = '\0';
		if (!image_in(f->image, dir[0] ? dir : "/"))
			return msg_err(KT_DATA, 0,
				       "%s is a vmlinux, and the bzImage that belongs to it is "
				       "neither beside it nor in %s",
				       path, TREE_IMAGE);
		snprintf(f->vmlinux, sizeof(f->vmlinux), "%s", real);
	} else {
		snprintf(f->image, sizeof(f->image), "%s", real);
	}
	if (image_read(f->image, f->version, &e))
		return msg_err(KT_DATA, 0, "kernel %s: %s",
			       S_ISDIR(st.st_mode) || f->vmlinux[0] ? f->image : path, e.text);
	companions(f);
	read_config(f);
	return KT_OK;
}
