// SPDX-License-Identifier: GPL-2.0-only
/* Owns the cache of vmlinux files from bzImages, and who unpacks which format. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "files.h"
#include "paths.h"
#include "sha256.h"
#include "spawn.h"
#include "unpack.h"

/* Documentation/arch/x86/boot.rst */
#define OFF_SETUP_SECTS   0x1f1
#define OFF_PAYLOAD       0x248 /* from the start of the protected-mode part; then its length */
#define HEADER_END        0x250
#define IMAGE_MAX         (1U << 30)
#define VMLINUX_MAX       (1U << 30)
#define UNPACK_TIMEOUT_MS 60000
#define SIZE_BYTES        4 /* at the payload's end: how large it was */

static const struct format {
	const char *magic;
	size_t len;
	const char *argv[4];
} formats[] = {
	{ "\x1f\x8b", 2, { "gzip", "-dc" } },
	{ "\x28\xb5\x2f\xfd", 4, { "zstd", "-dcq" } },
	{ "\x02\x21\x4c\x18", 4, { "lz4", "-dcq" } },
	{ "\xfd"
	  "7zXZ",
	  5,
	  { "xz", "-dc" } },
	{ "\x5d\0\0", 3, { "xz", "--format=lzma", "-dc" } },
	{ "BZh", 3, { "bzip2", "-dc" } },
	{ "\x89LZO", 4, { "lzop", "-dc" } },
};

struct payload {
	const char *data;
	size_t len;
	uint32_t size; /* unpacked */
	const struct format *format;
};

static uint32_t u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* 0; -ENOENT for an image that says of no payload; or -EINVAL with words. */
static int find_payload(struct payload *p, const char *image, size_t len, struct errbuf *e)
{
	uint64_t sects, at, size;
	size_t i;

	if (len < HEADER_END || !u32(image + OFF_PAYLOAD + 4))
		return -ENOENT;
	sects = (uint8_t)image[OFF_SETUP_SECTS] ? (uint8_t)image[OFF_SETUP_SECTS] : 4;
	at = (sects + 1) * 512 + u32(image + OFF_PAYLOAD);
	size = u32(image + OFF_PAYLOAD + 4);
	if (at > len || size > len - at || size < 2 * SIZE_BYTES)
		return errbuf_set(e, -EINVAL, "the vmlinux in it ends behind the file");
	p->data = image + at;
	p->len = size - SIZE_BYTES;
	p->size = u32(p->data + p->len);
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (memcmp(p->data, formats[i].magic, formats[i].len) == 0)
			p->format = &formats[i];
	if (!p->format || p->size > VMLINUX_MAX)
		return errbuf_set(e, -EINVAL, "the vmlinux in it is packed in no known format");
	if (p->format == &formats[0]) /* gzip has that size itself */
		p->len += SIZE_BYTES;
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= (size_t)n) {
		n = write(fd, data, len);
		if (n < 0)
			return -errno;
	}
	return 0;
}

/* Whatever comes from a program, but no more than was promised. */
static int copy(int from, int to, size_t size)
{
	static char buf[1 << 20];
	ssize_t n;
	int rc;

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		if ((size_t)n > size)
			return -EINVAL;
		rc = write_all(to, buf, (size_t)n);
		if (rc)
			return rc;
		size -= (size_t)n;
	}
	return n < 0 ? -errno : size ? -EINVAL : 0;
}

/* The program gets the payload as a file, since it may not read what follows it in the image. */
static int payload_file(const struct payload *p, struct errbuf *e)
{
	int fd = memfd_create("payload", MFD_CLOEXEC), rc = 0;

	if (fd < 0)
		rc = -errno;
	else
		rc = write_all(fd, p->data, p->len);
	if (!rc && lseek(fd, 0, SEEK_SET))
		rc = -errno;
	if (!rc)
		return fd;
	if (fd >= 0)
		close(fd);
	return errbuf_set(e, rc, "no memory to unpack it in: %s", strerror(-rc));
}

static int unpack(const struct payload *p, int out, struct errbuf *e)
{
	struct spawn_opts o = { .argv = p->format->argv, .out = SPAWN_PIPE, .err = SPAWN_NULL };
	const char *program = o.argv[0];
	int rc, status = 0;
	struct spawn s;

	o.in = payload_file(p, e);
	if (o.in < 0)
		return o.in;
	rc = spawn_start(&s, &o);
	close(o.in);
	if (rc)
		return errbuf_set(e, rc, "its vmlinux takes %s to unpack: %s", program,
				  strerror(-rc));
	rc = copy(s.out, out, p->size);
	if (rc || spawn_wait(&s, UNPACK_TIMEOUT_MS, &status))
		status = spawn_stop(&s, 0);
	spawn_close(&s);
	if (rc && rc != -EINVAL)
		return errbuf_set(e, rc, "unable to write its vmlinux: %s", strerror(-rc));
	if (rc || spawn_code(status))
		return errbuf_set(e, -EINVAL, "the vmlinux in it is damaged (%s)", program);
	return 0;
}

/* Into a file of a name of its own first: it is whole when it has its last one. */
static int keep(const struct payload *p, const char *path, struct errbuf *e)
{
	char temp[PATH_MAX];
	int fd, rc;

	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp))
		return errbuf_set(e, -ENAMETOOLONG, "%s is too long", path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return errbuf_set(e, -errno, "unable to write %s: %s", temp, strerror(errno));
	rc = unpack(p, fd, e);
	if (close(fd) && !rc)
		rc = errbuf_set(e, -errno, "unable to write %s: %s", temp, strerror(errno));
	if (!rc && (chmod(temp, 0644) || rename(temp, path)))
		rc = errbuf_set(e, -errno, "unable to write %s: %s", path, strerror(errno));
	if (rc)
		unlink(temp);
	return rc;
}

int unpack_vmlinux(const char *image, char *vmlinux, struct errbuf *e)
{
	char dir[PATH_MAX], path[PATH_MAX], hex[SHA256_HEX];
	struct payload p = { 0 };
	struct sha256 sum;
	char *data;
	size_t len;
	int rc;

	vmlinux[0] = '\0';
	rc = files_read(image, IMAGE_MAX, &data, &len);
	if (rc)
		return errbuf_set(e, rc, "unable to read it: %s", strerror(-rc));
	rc = find_payload(&p, data, len, e);
	if (rc)
		goto out;
	sha256_init(&sum);
	sha256_add(&sum, data, len);
	rc = paths_cache("vmlinux", dir);
	if (!rc)
		rc = files_join(path, dir, sha256_hex(&sum, hex));
	if (rc)
		errbuf_set(e, rc, "no place for its vmlinux in the cache: %s", strerror(-rc));
	else if (access(path, R_OK))
		rc = keep(&p, path, e);
	if (!rc)
		memcpy(vmlinux, path, PATH_MAX);
out:
	free(data);
	return rc == -ENOENT && !p.format ? 0 : rc;
}
