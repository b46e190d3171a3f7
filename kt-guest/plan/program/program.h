/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PROGRAM_PROGRAM_H
#define KT_GUEST_PLAN_PROGRAM_PROGRAM_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

bool plan_is_program(const char *path);
/* An existing path; one in a file is relative to the file, else (`at` NULL) to the cwd. */
bool plan_absolute(const struct node *at, const char *path, char *buf);
/* Is it a place in the guest where a file can be seen? Says so at the value or at its key. */
int plan_guest_path(const struct node *n, bool at_key, const char *path, struct errbuf *e);
/*
 * A program of this host by name or path, to be packed with all it needs: adds its place in the
 * guest, as `guest_key`, and "host", here, to `out`.
 */
int plan_program(const struct node *n, const struct plan_ctx *ctx, struct json_object *out,
		 const char *guest_key, struct errbuf *e);
/* "files": an object of places in the guest and files of this host. */
int plan_files(const struct node *n, const struct plan_ctx *ctx, struct errbuf *e);
/* An item of "programs" or "files". */
struct json_object *plan_file_entry(const char *host, const char *guest, bool closure);

#endif
