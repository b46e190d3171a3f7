// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "file.h"

#define ROOT   "/sys/fs/cgroup"
#define PARENT ROOT "/kt"

/* One write enables all that this kernel has; asking for one that it lacks would fail as a whole.
 */
static int enable_controllers(const char *dir, struct errbuf *e)
{
	static const char *const wanted[] = { "cpuset", "cpu", "memory", "pids" };
	char path[64], have[256], text[64], *p = text, *word, *save;
	size_t i;
	int rc;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);
	rc = file_read_line(path, have, sizeof(have));
	if (rc < 0)
		return errbuf_set(e, rc, "no cgroup v2 in %s: unable to read %s: %s", ROOT, path,
				  strerror(-rc));
	*p = '\0';
	for (word = strtok_r(have, " ", &save); word; word = strtok_r(NULL, " ", &save))
		for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (strcmp(word, wanted[i]) == 0)
				p += sprintf(p, "+%s ", word);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	rc = file_write(path, text);
	return rc ? errbuf_set(e, rc, "unable to write '%s' to %s: %s", text, path, strerror(-rc))
		  : 0;
}

int cgroup_setup(struct errbuf *e)
{
	int rc = enable_controllers(ROOT, e);

	if (!rc && mkdir(PARENT, 0755) && errno != EEXIST)
		rc = errbuf_set(e, -errno, "unable to make %s: %s", PARENT, strerror(errno));
	return rc ? rc : enable_controllers(PARENT, e);
}

void cgroup_teardown(void)
{
	rmdir(PARENT);
}

static int fill(struct cgroup *c, const char *cpus, struct errbuf *e)
{
	char path[320];
	int rc;

	c->fd = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->fd < 0)
		return errbuf_set(e, -errno, "unable to open %s: %s", c->path, strerror(errno));
	if (!cpus)
		return 0;
	snprintf(path, sizeof(path), "%s/cpuset.cpus", c->path);
	rc = file_write(path, cpus);
	return rc ? errbuf_set(e, rc, "unable to write '%s' to %s: %s", cpus, path, strerror(-rc))
		  : 0;
}

int cgroup_make(struct cgroup *c, const char *name, const char *cpus, struct errbuf *e)
{
	int rc;

	c->fd = -1;
	if (snprintf(c->path, sizeof(c->path), PARENT "/%s", name) >= (int)sizeof(c->path)) {
		c->path[0] = '\0';
		return errbuf_set(e, -ENAMETOOLONG, "cgroup name '%.64s...' is too long", name);
	}
	if (mkdir(c->path, 0755)) {
		rc = errbuf_set(e, -errno, "unable to make %s: %s", c->path, strerror(errno));
		c->path[0] = '\0';
		return rc;
	}
	rc = fill(c, cpus, e);
	if (rc)
		cgroup_remove(c, NULL);
	return rc;
}

int cgroup_remove(struct cgroup *c, struct errbuf *e)
{
	int rc = 0;

	if (c->fd >= 0)
		close(c->fd);
	if (c->path[0] && rmdir(c->path))
		rc = errbuf_set(e, -errno, "unable to remove %s: %s", c->path, strerror(errno));
	c->fd = -1;
	c->path[0] = '\0';
	return rc;
}
