/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_LIBS_H
#define KT_INITRD_LIBS_H

#include <limits.h>
#include <stddef.h>

#include "elfinfo.h"
#include "errbuf.h"
#include "ldcache.h"

/*
 * Finds libraries as ld.so(8) does: DT_RPATH of the object that needs it and of
 * that object's loaders (unless it has a DT_RUNPATH), LD_LIBRARY_PATH, DT_RUNPATH, the cache,
 * the default directories.
 */
struct libs {
	struct ldcache cache;
	char home[PATH_MAX]; /* the default directory that holds libc */
};

/* A loaded object: a program or a library. */
struct object {
	char *src, *dest; /* its path on the host and in the guest */
	char *origin;     /* the host's $ORIGIN; the guest's is the directory of dest */
	char *soname;     /* the name in the DT_NEEDED that asked for it */
	int loader;       /* index of the object that needed it first, or -1 */
	struct elf_info elf;
};

void libs_open(struct libs *l);
void libs_close(struct libs *l);

/*
 * Finds what objs[who] calls `soname`. src and dest (of PATH_MAX bytes) get its
 * path on the host and the path under which the guest's ld.so will find it. The
 * reason of a failure names who needs it and where it was looked for.
 */
int libs_find(struct libs *l, const struct object *objs, int who, const char *soname, char *src,
	      char *dest, struct errbuf *e);

#endif
