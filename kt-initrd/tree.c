// SPDX-License-Identifier: GPL-2.0-only
/* Owns the list of what goes into an archive; knows nothing of ELF or of cpio. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

int tree_normalise(const char *path, char *out)
{
	size_t n = 0, len;

	/* the list that cpio reads is one path a line */
	if (path[0] != '/' || strchr(path, '\n'))
		return -EINVAL;
	while (*path) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && !strncmp(path, "..", 2)) {
			while (n && out[--n] != '/')
				;
		} else if (len && !(len == 1 && *path == '.')) {
			if (n + len + 2 > PATH_MAX)
				return -ENAMETOOLONG;
			out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len;
	}
	if (!n)
		out[n++] = '/';
	out[n] = '\0';
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->dest, ((const struct node *)b)->dest);
}

static const char *what(const struct node *n)
{
	return n->kind == NODE_DIR ? "a directory" : n->src ? n->src : "a file of kt";
}

static bool same(const struct node *a, const struct node *b)
{
	struct stat sa, sb;

	if (a->kind != b->kind)
		return false;
	if (a->kind == NODE_DIR)
		return true;
	if (!a->src || !b->src)
		return !a->src && !b->src && a->size == b->size &&
		       !memcmp(a->data, b->data, a->size);
	return !strcmp(a->src, b->src) || (!stat(a->src, &sa) && !stat(b->src, &sb) &&
					   sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino);
}

static void node_free(struct node *n)
{
	if (!n)
		return;
	free(n->dest);
	free(n->src);
	free(n->data);
	free(n);
}

static struct node *node_new(enum node_kind kind, mode_t mode)
{
	struct node *n = calloc(1, sizeof(*n));

	if (n) {
		n->kind = kind;
		n->mode = mode;
	}
	return n;
}

static int no_memory(struct errbuf *e)
{
	return errbuf_set(e, -ENOMEM, "out of memory");
}

/* The same path twice: fine when it is the same thing. */
static int merge(struct node *old, const struct node *n, struct errbuf *e)
{
	if (!same(old, n))
		return errbuf_set(e, -EEXIST, "two things go to %s in the guest: %s and %s",
				  n->dest, what(old), what(n));
	if (old->implied && !n->implied) {
		old->mode = n->mode;
		old->implied = false;
	}
	return 0;
}

/* Takes n over, also on failure. */
static int add(struct tree *t, struct node *n, struct errbuf *e)
{
	struct node **v, **at;
	int rc = 0;

	if (t->n == t->cap) {
		v = reallocarray(t->v, t->cap ? 2 * t->cap : 64, sizeof(*v));
		if (!v) {
			node_free(n);
			return no_memory(e);
		}
		t->v = v;
		t->cap = t->cap ? 2 * t->cap : 64;
	}
	at = tsearch(n, &t->index, compare);
	if (at && *at == n) {
		t->v[t->n++] = n;
		return 0;
	}
	rc = at ? merge(*at, n, e) : no_memory(e);
	node_free(n);
	return rc;
}

static int parents(struct tree *t, const char *dest, struct errbuf *e)
{
	char dir[PATH_MAX];
	char *slash;
	struct node *n;
	int rc;

	strcpy(dir, dest); /* normalised: shorter than PATH_MAX */
	slash = strrchr(dir, '/');
	if (slash == dir)
		return 0;
	*slash = '\0';
	rc = parents(t, dir, e);
	if (rc)
		return rc;
	n = node_new(NODE_DIR, 0755);
	if (n) {
		n->implied = true;
		n->dest = strdup(dir);
	}
	if (n && n->dest)
		return add(t, n, e);
	node_free(n);
	return no_memory(e);
}

/* Sets dest and adds. Takes n over; NULL: there was no memory for it. */
static int place(struct tree *t, const char *dest, struct node *n, struct errbuf *e)
{
	char path[PATH_MAX];
	int rc;

	if (!n)
		return no_memory(e);
	rc = tree_normalise(dest, path);
	if (rc)
		errbuf_set(e, rc, "\"%s\" is no place in the guest: expected an absolute path",
			   dest);
	else if (!strcmp(path, "/") && n->kind != NODE_DIR)
		rc = errbuf_set(e, -EISDIR, "a file cannot go to / in the guest");
	else if (strcmp(path, "/"))
		rc = parents(t, path, e);
	if (rc || !strcmp(path, "/")) { /* the root itself is there already */
		node_free(n);
		return rc;
	}
	n->dest = strdup(path);
	if (n->dest)
		return add(t, n, e);
	node_free(n);
	return no_memory(e);
}

int tree_dir(struct tree *t, const char *dest, mode_t mode, struct errbuf *e)
{
	return place(t, dest, node_new(NODE_DIR, mode), e);
}

int tree_file(struct tree *t, const char *dest, const char *src, mode_t mode, bool strip,
	      struct errbuf *e)
{
	struct node *n = node_new(NODE_FILE, mode);

	if (n) {
		n->strip = strip;
		n->src = strdup(src);
		if (!n->src) {
			node_free(n);
			n = NULL;
		}
	}
	return place(t, dest, n, e);
}

static struct node *with_data(struct node *n, const char *data, size_t size)
{
	if (n) {
		n->size = size;
		n->data = malloc(size + 1);
	}
	if (!n || !n->data) {
		node_free(n);
		return NULL;
	}
	memcpy(n->data, data, size);
	n->data[size] = '\0';
	return n;
}

int tree_data(struct tree *t, const char *dest, const char *data, size_t size, struct errbuf *e)
{
	return place(t, dest, with_data(node_new(NODE_FILE, 0644), data, size), e);
}

bool tree_has(const struct tree *t, const char *dest)
{
	struct node key = { .dest = (char *)dest };

	return tfind(&key, &t->index, compare) != NULL;
}

static int compare_slots(const void *a, const void *b)
{
	return compare(*(struct node *const *)a, *(struct node *const *)b);
}

void tree_sort(struct tree *t)
{
	if (t->n)
		qsort(t->v, t->n, sizeof(struct node *), compare_slots);
}

static int sum_file(const char *path, struct sha256 *sum, struct errbuf *e)
{
	struct sha256 one;
	char hex[SHA256_HEX];
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return errbuf_set(e, -errno, "unable to open %s: %s", path, strerror(errno));
	sha256_init(&one);
	rc = sha256_add_fd(&one, fd);
	close(fd);
	if (rc)
		return errbuf_set(e, rc, "unable to read %s: %s", path, strerror(-rc));
	sha256_add(sum, sha256_hex(&one, hex), SHA256_HEX);
	return 0;
}

int tree_sum(const struct tree *t, const char *root, struct sha256 *sum, struct errbuf *e)
{
	char path[PATH_MAX];
	size_t i;
	int rc;

	for (i = 0; i < t->n; i++) {
		const struct node *n = t->v[i];
		const unsigned int head[4] = { n->kind, n->mode, n->strip, n->src != NULL };
		uint64_t size = n->size;

		sha256_add(sum, n->dest, strlen(n->dest) + 1);
		sha256_add(sum, head, sizeof(head));
		sha256_add(sum, &size, sizeof(size));
		if (n->data)
			sha256_add(sum, n->data, n->size);
		if (!n->src)
			continue;
		if (snprintf(path, sizeof(path), "%s%s", root ? root : "",
			     root ? n->dest : n->src) >= (int)sizeof(path))
			return errbuf_set(e, -ENAMETOOLONG, "%s: path too long", n->dest);
		rc = sum_file(path, sum, e);
		if (rc)
			return rc;
	}
	return 0;
}

static void keep(void *n)
{
	(void)n; /* v owns it */
}

void tree_free(struct tree *t)
{
	tdestroy(t->index, keep);
	while (t->n)
		node_free(t->v[--t->n]);
	free(t->v);
	memset(t, 0, sizeof(*t));
}
