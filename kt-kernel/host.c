// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the judgement of the machine's own kernel: where distributions put it
 * and its configuration, and what it must have. kt packs the modules of the virtio console, and
 * no others.
 */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "array.h"
#include "find.h"
#include "spawn.h"

#define CONFIG_GZ_MAX (4U << 20)

/* %s is the release */
static const char *const images[] = { "/boot/vmlinuz-%s", "/lib/modules/%s/vmlinuz", NULL };
static const char *const configs[] = { "/boot/config-%s", "/lib/modules/%s/config", NULL };
static const char *const modules[] = { "/lib/modules/%s", NULL };
static const char *const debugs[] = { "/usr/lib/debug/boot/vmlinux-%s",
				      "/usr/lib/debug/lib/modules/%s/vmlinux",
				      "/lib/modules/%s/build/vmlinux", NULL };

/* One of each row is enough. */
static const char *const needed[][2] = {
	{ "CONFIG_SCHED_CLASS_EXT" }, { "CONFIG_VIRTIO_PCI", "CONFIG_VIRTIO_MMIO" },
	{ "CONFIG_VIRTIO_CONSOLE" },  { "CONFIG_SERIAL_8250_CONSOLE" },
	{ "CONFIG_BLK_DEV_INITRD" },  { "CONFIG_RD_ZSTD" },
	{ "CONFIG_DEVTMPFS" },        { "CONFIG_CGROUPS" },
	{ "CONFIG_CPUSETS" },         { "CONFIG_ACPI_NUMA" },
	{ "CONFIG_BPF_SYSCALL" },     { "CONFIG_DEBUG_INFO_BTF" },
};

static bool first(char *buf, const char *const *names, const char *release)
{
	size_t i;

	for (i = 0; names[i]; i++) {
		snprintf(buf, PATH_MAX, names[i], release);
		if (access(buf, R_OK) == 0)
			return true;
	}
	buf[0] = '\0';
	return false;
}

/* The running kernel's own copy, where there is no file. */
static int config_gz(struct kconfig *k)
{
	static const char *const argv[] = { "gzip", "-dc", "/proc/config.gz", NULL };
	char *text = NULL;
	int rc = access(argv[2], R_OK) ? -ENOENT : spawn_capture(argv, 10000, CONFIG_GZ_MAX, &text);

	if (!rc)
		rc = kconfig_parse(k, text, strlen(text), NULL);
	free(text);
	return rc;
}

static bool has(const struct kconfig *k, const char *name)
{
	return kconfig_yes(k, name) ||
	       (!strncmp(name, "CONFIG_VIRTIO_", 14) && kconfig_module(k, name));
}

static void lacks(const struct kconfig *k, char *names, size_t size)
{
	size_t i, n = 0;

	names[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		const char *a = needed[i][0], *b = needed[i][1];

		if (has(k, a) || (b && has(k, b)) || n >= size)
			continue;
		n += (size_t)snprintf(names + n, size - n, "%s%s=y%s%s%s", n ? ", " : "", a,
				      b ? " or " : "", b ? b : "", b ? "=y" : "");
	}
}

int find_host(struct found *f, struct errbuf *e)
{
	struct utsname u;
	struct errbuf why;
	struct kconfig k;
	char names[320];

	if (uname(&u))
		return errbuf_set(e, -ENOENT, "uname: %s", strerror(errno));
	if (!first(f->image, images, u.release))
		return errbuf_set(e, -ENOENT, "there is no readable /boot/vmlinuz-%s", u.release);
	if (image_read(f->image, f->version, &why))
		return errbuf_set(e, -ENOENT, "%s: %s", f->image, why.text);
	if (first(f->config, configs, u.release)) {
		if (kconfig_read(&k, f->config, e))
			return -ENOENT;
	} else if (config_gz(&k)) {
		return errbuf_set(e, -ENOENT, "%s has no configuration beside it", f->image);
	}
	lacks(&k, names, sizeof(names));
	kconfig_free(&k);
	if (names[0])
		return errbuf_set(e, -ENOENT, "%s lacks %s", f->image, names);
	if (!f->version[0])
		snprintf(f->version, sizeof(f->version), "%s", u.release);
	first(f->vmlinux, debugs, u.release);
	first(f->modules, modules, u.release);
	f->sched_ext = 1;
	f->source = "host";
	return 0;
}
