// SPDX-License-Identifier: GPL-2.0-only
/* Finds the virtio-console port by the name that the host gave it, not by its number. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "measure/file.h"
#include "port.h"

#define PORTS "/sys/class/virtio-ports"

/* The device node of the port into buf; false when it is not there (yet). */
static bool find(char *buf, size_t len)
{
	char path[300], name[64];
	struct dirent *d;
	bool found = false;
	DIR *dir = opendir(PORTS);

	if (!dir)
		return false;
	while (!found && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), PORTS "/%s/name", d->d_name);
		found = file_read_line(path, name, sizeof(name)) >= 0 &&
			strcmp(name, PORT_NAME) == 0 &&
			snprintf(buf, len, "/dev/%s", d->d_name) < (int)len;
	}
	closedir(dir);
	return found;
}

int port_open(long wait_ms)
{
	char path[300];
	int fd;

	/* the driver names its ports from a work item some ms after the device appears */
	for (; !find(path, sizeof(path)); wait_ms -= 2) {
		if (wait_ms <= 0)
			return -ENODEV;
		usleep(2000);
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
