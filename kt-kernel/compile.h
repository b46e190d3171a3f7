/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_COMPILE_H
#define KT_COMPILE_H

#include <limits.h>

#include "errbuf.h"
#include "job.h"
#include "kconfig.h"

/* kbuild on one tree: configuration and image. */
struct compile {
	const char *tree;
	const char *obj; /* O=; NULL: within the tree */
	const char *log;
	const char *version;
	const struct kconfig *want;
	unsigned long total; /* files that a whole build makes, about */
	struct job job;
};

/* Returns the directory that holds .config and the built files. */
const char *compile_dir(const struct compile *c);

/*
 * How many settings of ->want the .config there does not have, with their names
 * (see kconfig_missing()); -1 if there is none.
 */
long compile_lacks(const struct compile *c, char *names, size_t size);

/*
 * Both return as job_run() does. compile_configure() leaves a .config alone that
 * holds all that is wanted, else writes one anew; the caller asks compile_lacks() again.
 */
int compile_configure(struct compile *c, struct errbuf *e);
int compile_image(struct compile *c, struct errbuf *e);

/* Unsets variables by which the caller's make or shell would change the build. */
void compile_clean_environment(void);

#endif
