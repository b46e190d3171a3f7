// SPDX-License-Identifier: GPL-2.0-only
/* Loads the kernel modules that kt-initrd has packed, in their order. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "modules.h"

#define MODULES "/kt/modules"

static int load(const char *name, struct errbuf *e)
{
	const char *end = strrchr(name, '.');
	int flags = end && strcmp(end, ".ko") ? MODULE_INIT_COMPRESSED_FILE : 0, fd, rc = 0;
	char path[512];

	snprintf(path, sizeof(path), MODULES "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", flags) && errno != EEXIST))
		rc = errbuf_set(e, -errno, "unable to load %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

int modules_load(struct errbuf *e)
{
	struct dirent **entry;
	int n = scandir(MODULES, &entry, NULL, alphasort), i, rc = 0;

	for (i = 0; i < n; i++) {
		if (entry[i]->d_name[0] != '.' && !rc)
			rc = load(entry[i]->d_name, e);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return rc;
}
