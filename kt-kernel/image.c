// SPDX-License-Identifier: GPL-2.0-only
/* Owns the one question "is this file a kernel that kt can boot, and which". */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

#define OFF_BOOT_FLAG  0x1fe
#define OFF_MAGIC      0x202
#define OFF_PROTOCOL   0x206
#define OFF_VERSION    0x20e /* of a string, minus 0x200 */
#define OFF_XLOADFLAGS 0x236
#define HEADER_END     0x268
#define PROTOCOL_MIN   0x020c /* the first with xloadflags */
#define XLF_KERNEL_64  1

static unsigned int le16(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

/* The first word of the version string, if the header points to one within the head. */
static void read_version(const unsigned char *head, size_t len, char *version)
{
	size_t off = le16(head + OFF_VERSION), i;

	version[0] = '\0';
	if (!off)
		return;
	off += 0x200;
	for (i = 0; off + i < len && i + 1 < IMAGE_VERSION_MAX; i++) {
		unsigned char c = head[off + i];

		if (c <= ' ' || c >= 0x7f)
			break;
		version[i] = (char)c;
	}
	version[i] = '\0';
}

int image_parse(const unsigned char *head, size_t len, char version[IMAGE_VERSION_MAX],
		struct errbuf *e)
{
	unsigned int protocol;

	version[0] = '\0';
	if (len >= 4 && !memcmp(head, "\177ELF", 4))
		return errbuf_set(e, -EINVAL, "an ELF file, where a bzImage was expected");
	if (len < HEADER_END || le16(head + OFF_BOOT_FLAG) != 0xaa55 ||
	    memcmp(head + OFF_MAGIC, "HdrS", 4))
		return errbuf_set(e, -EINVAL, "no bzImage (no Linux boot header in it)");
	protocol = le16(head + OFF_PROTOCOL);
	if (protocol < PROTOCOL_MIN)
		return errbuf_set(
			e, -EINVAL,
			"a bzImage of boot protocol %u.%02u, where 2.12 or later was expected",
			protocol >> 8, protocol & 0xff);
	if (!(le16(head + OFF_XLOADFLAGS) & XLF_KERNEL_64))
		return errbuf_set(e, -EINVAL, "a bzImage without a 64-bit entry");
	read_version(head, len, version);
	return 0;
}

int image_read(const char *path, char version[IMAGE_VERSION_MAX], struct errbuf *e)
{
	unsigned char head[IMAGE_HEAD];
	size_t len = 0;
	ssize_t n;
	int err, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	version[0] = '\0';
	if (fd < 0)
		return errbuf_set(e, -errno, "unable to open: %s", strerror(errno));
	do {
		n = read(fd, head + len, sizeof(head) - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len < sizeof(head)) || (n < 0 && errno == EINTR));
	err = errno;
	close(fd);
	if (n < 0)
		return errbuf_set(e, -err, "unable to read: %s", strerror(err));
	return image_parse(head, len, version, e);
}
