// SPDX-License-Identifier: GPL-2.0-only
/* Writes sysctls by their dotted names. */
#include <stdio.h>
#include <string.h>

#include "record.h"
#include "sysctl.h"
#include "units.h"

#define LIMIT (2 * NSEC_PER_SEC)

int sysctl_set(struct writer *w, const char *key, const char *value, char *path, struct errbuf *e)
{
	char *p;
	int rc;

	snprintf(path, SYSCTL_PATH, "/proc/sys/%s", key);
	for (p = path + strlen("/proc/sys/"); *p; p++)
		if (*p == '.')
			*p = '/';
	rc = writer_put(w, path, value, LIMIT);
	return rc ? errbuf_set(e, rc, "sysctl %s = %s: %s", key, value, strerror(-rc)) : 0;
}

int sysctl_set_all(struct writer *w, struct json_object *sysctls, struct errbuf *e)
{
	char path[SYSCTL_PATH];
	int rc;

	if (!sysctls)
		return 0;
	rec_each (sysctls, key, value) {
		rc = sysctl_set(w, key, json_object_get_string(value), path, e);
		if (rc)
			return rc;
	}
	return 0;
}
