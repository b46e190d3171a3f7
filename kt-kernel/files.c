// SPDX-License-Identifier: GPL-2.0-only
/* Owns plain file work: what kt-kernel needs of cp, rm and flock. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

int files_read(const char *path, size_t max, char **text, size_t *len)
{
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t cap = 0, n = 0;
	char *buf = NULL, *p;
	ssize_t r;

	if (fd < 0)
		return -errno;
	for (;;) {
		if (n + 1 >= cap) {
			p = realloc(buf, cap = cap ? 2 * cap : 16384);
			if (!p) {
				rc = -ENOMEM;
				break;
			}
			buf = p;
		}
		r = read(fd, buf + n, cap - n - 1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			rc = r ? -errno : 0;
			break;
		}
		n += (size_t)r;
		if (n > max) {
			rc = -EFBIG;
			break;
		}
	}
	close(fd);
	if (rc) {
		free(buf);
		return rc;
	}
	buf[n] = '\0';
	*text = buf;
	*len = n;
	return 0;
}

int files_write(const char *path, const char *text, size_t len, bool fresh)
{
	int fd, rc = 0;
	ssize_t n;

	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (fresh ? O_TRUNC : O_APPEND), 0666);
	if (fd < 0)
		return -errno;
	while (len && !rc) {
		n = write(fd, text, len);
		if (n < 0 && errno != EINTR)
			rc = -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	if (!rc && fsync(fd))
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

int files_copy(const char *from, const char *to)
{
	int in, out, rc = 0;
	ssize_t n;

	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return -errno;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0) {
		rc = -errno;
		close(in);
		return rc;
	}
	do
		n = sendfile(out, in, NULL, 1 << 30);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 || fsync(out))
		rc = -errno;
	close(in);
	if (close(out) && !rc)
		rc = -errno;
	return rc;
}

int files_sync(const char *path)
{
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	rc = fsync(fd) ? -errno : 0;
	close(fd);
	return rc;
}

int files_sha256(const char *path, char hex[SHA256_HEX])
{
	struct sha256 s;
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	sha256_init(&s);
	rc = sha256_add_fd(&s, fd);
	close(fd);
	sha256_hex(&s, hex);
	return rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
	(void)st;
	(void)type;
	(void)w;
	return remove(path) && errno != ENOENT ? -errno : 0;
}

int files_remove(const char *path)
{
	int rc = nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	return rc == -1 ? (errno == ENOENT ? 0 : -errno) : rc;
}

bool files_exist(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return !files_join(path, dir, name) && access(path, F_OK) == 0;
}

int files_join(char *buf, const char *dir, const char *name)
{
	return snprintf(buf, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int files_lock_dir(const char *path, bool wait)
{
	struct stat mine, now;
	int fd, rc;

	for (;;) {
		if (mkdir(path, 0777) && errno != EEXIST)
			return -errno;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) || fstat(fd, &mine)) {
			rc = -errno;
			close(fd);
			return rc;
		}
		if (!stat(path, &now) && now.st_ino == mine.st_ino && now.st_dev == mine.st_dev)
			return fd;
		close(fd);
	}
}
