/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_FIND_H
#define KT_FIND_H

#include <limits.h>
#include <stdbool.h>

#include "cache.h"
#include "errbuf.h"
#include "image.h"
#include "kconfig.h"
#include "record.h"

/* A kernel that can be booted, as its record has it. Paths are absolute or empty. */
struct found {
	char version[IMAGE_VERSION_MAX];
	char image[PATH_MAX];
	char vmlinux[PATH_MAX];
	char config[PATH_MAX];
	char modules[PATH_MAX]; /* the directory; empty: it has none, or needs none */
	char key[CACHE_KEY_MAX];
	const char *source; /* "cache", "host" or "path" */
	int sched_ext;      /* -1: nothing tells */
};

void found_put(struct rec_out *out, const struct found *f);
void found_entry(struct found *f, const struct cache_entry *en);

/* Stores kconfig_hash() of the kt.config that belongs to this program, or "" if there is none. */
void find_base_hash(char hex[SHA256_HEX]);

/* Looks for SPEC (NULL: any kernel). Prints why there is none; returns an exit code. */
int find_kernel(const char *spec, struct found *f);

/* A path: a bzImage, a vmlinux beside one, a kernel tree or an entry's directory. */
int find_path(const char *path, struct found *f);

/*
 * Finds the kernel that this machine runs. Returns 0, or -ENOENT with what is wrong with it
 * (a clause: "/boot/vmlinuz-6.1 lacks CONFIG_X") in `e`.
 */
int find_host(struct found *f, struct errbuf *e);

#endif
