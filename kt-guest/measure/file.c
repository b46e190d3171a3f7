// SPDX-License-Identifier: GPL-2.0-only
/* Reads and writes small files of /proc and /sys. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

int file_read(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, len - 1);
	rc = n < 0 ? -errno : (int)n;
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return rc;
}

int file_read_line(const char *path, char *buf, size_t len)
{
	int n = file_read(path, buf, len);
	char *nl;

	if (n < 0)
		return n;
	nl = strchrnul(buf, '\n');
	*nl = '\0';
	return (int)(nl - buf);
}

int file_read_int(const char *path, int dflt)
{
	char buf[32];

	return file_read_line(path, buf, sizeof(buf)) > 0 ? atoi(buf) : dflt;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}
