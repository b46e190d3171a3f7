// SPDX-License-Identifier: GPL-2.0-only
/* Closes descriptors that a forked process has no use for. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "fds.h"

static int add(struct fds *s, int fd)
{
	int *more;

	if (s->n == s->room) {
		more = reallocarray(s->fd, s->room + 64, sizeof(*more));
		if (!more)
			return -ENOMEM;
		s->fd = more;
		s->room += 64;
	}
	s->fd[s->n++] = fd;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int fds_list(struct fds *s)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;
	int rc = dir ? 0 : -errno, fd;

	*s = (struct fds){ .n = 0 };
	while (dir && !rc && (d = readdir(dir))) {
		fd = atoi(d->d_name); /* "." and ".." are 0 */
		if (fd > STDERR_FILENO && fd != dirfd(dir))
			rc = add(s, fd);
	}
	if (dir)
		closedir(dir);
	if (rc)
		fds_free(s);
	else if (s->n)
		qsort(s->fd, s->n, sizeof(*s->fd), by_number);
	return rc;
}

void fds_minus(struct fds *s, const struct fds *other)
{
	unsigned int i, k = 0, n = 0;

	for (i = 0; i < s->n; i++) {
		while (k < other->n && other->fd[k] < s->fd[i])
			k++;
		if (k == other->n || other->fd[k] != s->fd[i])
			s->fd[n++] = s->fd[i];
	}
	s->n = n;
}

void fds_free(struct fds *s)
{
	free(s->fd);
	*s = (struct fds){ .n = 0 };
}

static void close_between(int from, int to)
{
	if (from < to)
		close_range((unsigned int)from, (unsigned int)to - 1, 0);
}

void fds_close_others(const struct fds *keep, int also)
{
	int from = STDERR_FILENO + 1, next;
	unsigned int i = 0;

	while (i < keep->n || also >= from) {
		next = i < keep->n ? keep->fd[i] : INT_MAX;
		if (also >= from && also <= next)
			next = also;
		else
			i++;
		close_between(from, next);
		if (next >= from)
			from = next + 1;
	}
	close_range((unsigned int)from, UINT_MAX, 0);
}
