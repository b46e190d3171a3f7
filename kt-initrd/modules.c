// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "array.h"
#include "modules.h"

/* The modules of both engines' virtio console; each needs some of the modules before it. A driver
 * that is built in or absent has no file and is skipped. */
static const char *const modules[] = {
	"virtio/virtio_ring",           "virtio/virtio",     "virtio/virtio_pci_legacy_dev",
	"virtio/virtio_pci_modern_dev", "virtio/virtio_pci", "virtio/virtio_mmio",
	"char/virtio_console",
};

/* As it is, or as distributions compress it; the kernel unpacks it. */
static const char *const suffixes[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };

int modules_add(struct tree *t, const char *dir, struct errbuf *e)
{
	char src[PATH_MAX], dest[64];
	size_t i, k;
	int rc = 0;

	for (i = 0; !rc && i < ARRAY_SIZE(modules); i++)
		for (k = 0; !rc && k < ARRAY_SIZE(suffixes); k++) {
			if (snprintf(src, sizeof(src), "%s/kernel/drivers/%s%s", dir, modules[i],
				     suffixes[k]) >= (int)sizeof(src) ||
			    access(src, R_OK))
				continue;
			snprintf(dest, sizeof(dest), "/kt/modules/%zu%s", i, suffixes[k]);
			rc = tree_file(t, dest, src, 0644, false, e);
		}
	return rc;
}
