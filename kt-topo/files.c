// SPDX-License-Identifier: GPL-2.0-only
/* Writes each ACPI table to a file of its own, for other VMMs. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "paths.h"

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Writes file `name` in the directory dirfd, whole or not at all. Returns 0 or -errno. */
static int put_file(int dirfd, const char *name, const uint8_t *data, size_t len)
{
	char tmp[NAME_MAX];
	int fd, rc;

	snprintf(tmp, sizeof(tmp), ".%s.%d", name, (int)getpid());
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, len);
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && renameat(dirfd, tmp, dirfd, name))
		rc = -errno;
	if (rc)
		unlinkat(dirfd, tmp, 0);
	return rc;
}

static void file_name(const char *signature, char *name)
{
	for (; *signature; signature++)
		*name++ = (char)tolower((unsigned char)*signature);
	strcpy(name, ".aml");
}

int files_write(const struct acpi *a, const char *dir, struct errbuf *e)
{
	char name[16] = "rsdp.bin";
	unsigned int i;
	int dirfd, rc = paths_mkdirs(dir);

	dirfd = rc ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0) {
		rc = rc ? rc : -errno;
		return errbuf_set(e, rc, "unable to make the directory %s: %s", dir, strerror(-rc));
	}
	rc = put_file(dirfd, name, a->image, ACPI_RSDP_LEN);
	for (i = 0; !rc && i < a->tables; i++) {
		file_name(a->table[i].signature, name);
		rc = put_file(dirfd, name, a->image + a->table[i].offset, a->table[i].length);
	}
	close(dirfd);
	return rc ? errbuf_set(e, rc, "unable to write %s/%s: %s", dir, name, strerror(-rc)) : 0;
}
