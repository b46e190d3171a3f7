// SPDX-License-Identifier: GPL-2.0-only
/* Follows what a program needs in order to run; libs.c knows where it is. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "closure.h"

#define OBJECTS_MAX  512 /* libraries of one program */
#define SCRIPT_DEPTH 4   /* the kernel's limit on interpreters of interpreters */
#define SHEBANG_MAX  256 /* BINPRM_BUF_SIZE */

struct objects {
	struct object v[OBJECTS_MAX];
	int n;
};

static void object_free(struct object *o)
{
	free(o->src);
	free(o->dest);
	free(o->origin);
	free(o->soname);
	elf_free(&o->elf);
}

/* Adds a library; takes `elf` over. */
static int object_add(struct objects *os, const char *src, const char *dest, const char *soname,
		      int loader, const struct elf_info *elf, struct errbuf *e)
{
	struct object *o = &os->v[os->n];
	char real[PATH_MAX];

	if (os->n == OBJECTS_MAX) {
		struct elf_info unused = *elf;

		elf_free(&unused);
		return errbuf_set(e, -E2BIG, "%s needs more than %d libraries", os->v[0].src,
				  OBJECTS_MAX);
	}
	/* the kernel tells a program its path without links, ld.so a library's with them */
	if (loader >= 0 || !realpath(src, real))
		snprintf(real, sizeof(real), "%s", src);
	*o = (struct object){ .src = strdup(src), .dest = strdup(dest), .loader = loader };
	o->soname = strdup(soname);
	o->origin = strdup(dirname(real));
	o->elf = *elf;
	os->n++; /* also when incomplete: freed with the others */
	if (!o->src || !o->dest || !o->soname || !o->origin)
		return errbuf_set(e, -ENOMEM, "out of memory");
	return 0;
}

static bool loaded(const struct objects *os, const char *soname)
{
	int i;

	for (i = 0; i < os->n; i++)
		if (!strcmp(os->v[i].soname, soname))
			return true;
	return false;
}

static int file_mode(const char *src, mode_t *mode)
{
	struct stat st;

	if (stat(src, &st))
		return -errno;
	*mode = st.st_mode & 0777;
	return 0;
}

static int add_file(struct tree *t, const char *src, const char *dest, bool strip, bool run,
		    struct errbuf *e)
{
	mode_t mode;
	int rc = file_mode(src, &mode);

	if (rc)
		return errbuf_set(e, rc, "unable to open %s: %s", src, strerror(-rc));
	return tree_file(t, dest, src, run ? 0755 : mode, strip, e);
}

static int add_library(struct tree *t, struct libs *l, struct objects *os, int who,
		       const char *soname, struct errbuf *e)
{
	char src[PATH_MAX], dest[PATH_MAX];
	struct elf_info elf;
	int rc;

	if (loaded(os, soname))
		return 0;
	rc = libs_find(l, os->v, who, soname, src, dest, e);
	if (!rc)
		rc = elf_read(src, &elf, e);
	if (rc)
		return rc;
	rc = object_add(os, src, dest, soname, who, &elf, e);
	return rc ? rc : add_file(t, src, dest, elf.debug, true, e);
}

/* The loader goes to the path that the program names, and counts as a library of its own name. */
static int add_loader(struct tree *t, struct objects *os, const char *program, const char *interp,
		      struct errbuf *e)
{
	struct elf_info elf;
	const char *name = strrchr(interp, '/') + 1;
	int rc;

	if (access(interp, R_OK))
		return errbuf_set(e, -ENOENT, "%s, the interpreter of %s, was not found", interp,
				  program);
	rc = elf_read(interp, &elf, e);
	if (rc)
		return rc;
	rc = object_add(os, interp, interp, name, 0, &elf, e);
	return rc ? rc : add_file(t, interp, interp, elf.debug, true, e);
}

/* Libraries breadth first, in ld.so's own order. Takes `elf` over. */
static int add_needs(struct tree *t, struct libs *l, const char *src, const char *dest,
		     const struct elf_info *elf, struct errbuf *e)
{
	struct objects *os = calloc(1, sizeof(*os));
	int i, rc;
	size_t k;

	if (!os)
		return errbuf_set(e, -ENOMEM, "out of memory");
	rc = object_add(os, src, dest, "", -1, elf, e);
	if (!rc && elf->interp)
		rc = add_loader(t, os, src, elf->interp, e);
	for (i = 0; !rc && i < os->n; i++)
		for (k = 0; !rc && k < os->v[i].elf.nneeded; k++)
			rc = add_library(t, l, os, i, os->v[i].elf.needed[k], e);
	while (os->n)
		object_free(&os->v[--os->n]);
	free(os);
	return rc;
}

static int add_one(struct tree *t, struct libs *l, const char *src, const char *dest, bool must_run,
		   int depth, struct errbuf *e);

/* "#!/usr/bin/env name": the program that env will run, found as it is here. */
static int add_env_program(struct tree *t, struct libs *l, const char *name, int depth,
			   struct errbuf *e)
{
	const char *p = getenv("PATH"), *end;
	char path[PATH_MAX];

	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (*p == '/' &&
		    snprintf(path, sizeof(path), "%.*s/%s", (int)(end - p), p, name) <
			    (int)sizeof(path) &&
		    !access(path, X_OK))
			return add_one(t, l, path, path, true, depth, e);
	}
	return errbuf_set(e, -ENOENT, "%s was not found in PATH", name);
}

/* `line` is what follows the "#!" of `src`. */
static int add_interpreter(struct tree *t, struct libs *l, const char *src, char *line, int depth,
			   struct errbuf *e)
{
	struct errbuf why;
	char *save, *interp = strtok_r(line, " \t\r", &save), *arg;
	int rc;

	if (!interp || interp[0] != '/')
		return errbuf_set(e, -ENOEXEC, "%s: expected an absolute path after \"#!\"", src);
	if (depth == SCRIPT_DEPTH)
		return errbuf_set(e, -ELOOP, "%s: more than %d interpreters in a row", src,
				  SCRIPT_DEPTH);
	rc = access(interp, R_OK) ? -ENOENT : 0;
	if (rc)
		return errbuf_set(e, rc, "%s, the interpreter of %s, was not found", interp, src);
	rc = add_one(t, l, interp, interp, true, depth + 1, e);
	arg = strtok_r(NULL, " \t\r", &save);
	if (rc || strcmp(basename(interp), "env") || !arg || *arg == '-' || strchr(arg, '='))
		return rc;
	rc = add_env_program(t, l, arg, depth + 1, &why);
	return rc ? errbuf_set(e, rc, "%s: interpreter: %.400s", src, why.text) : 0;
}

/* The first line of a script without "#!", cut to what the kernel reads; 1, 0 for no script,
 * -errno. */
static int read_shebang(const char *src, char line[SHEBANG_MAX + 1])
{
	int fd = open(src, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, line, SHEBANG_MAX);
	close(fd);
	if (n < 2 || line[0] != '#' || line[1] != '!')
		return 0;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	memmove(line, line + 2, strlen(line + 2) + 1);
	return 1;
}

static int add_one(struct tree *t, struct libs *l, const char *src, const char *dest, bool must_run,
		   int depth, struct errbuf *e)
{
	char line[SHEBANG_MAX + 1];
	struct elf_info elf;
	mode_t mode = 0;
	int rc = elf_read(src, &elf, e);

	if (rc == -ENOEXEC && !must_run)
		rc = 0; /* a damaged ELF file is data like any other */
	if (rc)
		return rc;
	rc = add_file(t, src, dest, elf.debug, must_run, e);
	if (!rc && elf.kind == ELF_IMAGE)
		return add_needs(t, l, src, dest, &elf, e);
	if (!rc && must_run && elf.kind != ELF_NOT)
		rc = errbuf_set(e, -ENOEXEC, "%s is %s", src,
				elf.kind == ELF_FOREIGN ? "a program for another machine"
							: "an ELF file, but no program");
	else if (!rc && elf.kind == ELF_NOT && !file_mode(src, &mode)) {
		rc = must_run || (mode & 0111) ? read_shebang(src, line) : 0;
		if (rc > 0)
			rc = add_interpreter(t, l, src, line, depth, e);
		else if (!rc && must_run)
			rc = errbuf_set(e, -ENOEXEC,
					"%s: expected a program, an ELF file or a \"#!\" script",
					src);
	}
	elf_free(&elf);
	return rc;
}

int closure_add(struct tree *t, struct libs *l, const char *src, const char *dest, bool must_run,
		struct errbuf *e)
{
	return add_one(t, l, src, dest, must_run, 0, e);
}
