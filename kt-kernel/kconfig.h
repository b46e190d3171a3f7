/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_KCONFIG_H
#define KT_KCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "errbuf.h"
#include "sha256.h"

/* A kernel's configuration file, or a fragment of one, as its setting lines in order. */
struct kconfig {
	char **line; /* "CONFIG_X=y" or "# CONFIG_X is not set" */
	size_t n;
	char *text;
};

int kconfig_parse(struct kconfig *k, const char *text, size_t len, struct errbuf *e);
int kconfig_read(struct kconfig *k, const char *path, struct errbuf *e); /* 0 or -errno */
/* Appends the settings of `other`, which override earlier ones of the same name. */
int kconfig_append(struct kconfig *k, const struct kconfig *other);
void kconfig_free(struct kconfig *k);

/* Hashes the setting lines only, so that a changed comment does not change the hash. */
void kconfig_hash(const struct kconfig *k, char hex[SHA256_HEX]);

/* True if `name` ("CONFIG_X") is set to y. */
bool kconfig_yes(const struct kconfig *k, const char *name);
/* True if it is set to m. */
bool kconfig_module(const struct kconfig *k, const char *name);

/*
 * Returns how many settings of `want` differ or are absent in `have`; their names go into `names`,
 * comma-separated, with "and N more" where they do not fit.
 */
size_t kconfig_missing(const struct kconfig *want, const struct kconfig *have, char *names,
		       size_t size);

#endif
