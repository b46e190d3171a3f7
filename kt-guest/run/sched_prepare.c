// SPDX-License-Identifier: GPL-2.0-only
/* Sets what a scheduler needs before it starts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "measure/file.h"
#include "record.h"
#include "sched_prepare.h"
#include "sysctl.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define PATH_LEN    512

/* All controllers that it has, for its children; asked one by one, for one may be refused. */
static void enable_controllers(const char *dir)
{
	char path[PATH_LEN + 32], have[256], word[64];
	char *name, *save;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);
	if (file_read_line(path, have, sizeof(have)) < 0)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	for (name = strtok_r(have, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		snprintf(word, sizeof(word), "+%.60s", name);
		file_write(path, word);
	}
}

static int make_parent(const char *path, struct errbuf *e)
{
	char dir[PATH_LEN];
	size_t len = strlen(CGROUP_ROOT);

	if (snprintf(dir, sizeof(dir), CGROUP_ROOT "%s", path) >= (int)sizeof(dir))
		return errbuf_set(e, -ENAMETOOLONG, "cgroup_parent: too long");
	while (path[len - strlen(CGROUP_ROOT)]) {
		dir[len] = '\0';
		enable_controllers(dir);
		dir[len] = '/';
		len += 1 + strcspn(dir + len + 1, "/");
		dir[len] = '\0';
		if (mkdir(dir, 0755) && errno != EEXIST)
			return errbuf_set(e, -errno, "unable to make its cgroup %.200s: %s", dir,
					  strerror(errno));
	}
	enable_controllers(dir);
	return 0;
}

static int set_sysctls(struct json_object *sysctls, struct json_object *of_test, struct writer *w,
		       struct errbuf *e)
{
	char path[SYSCTL_PATH];
	int rc = 0;

	rec_each (sysctls, key, value) {
		if (rc || (of_test && json_object_object_get_ex(of_test, key, NULL)))
			continue;
		rc = sysctl_set(w, key, json_object_get_string(value), path, e);
	}
	return rc;
}

int sched_prepare(struct json_object *plan, struct json_object *test, struct writer *w,
		  struct errbuf *e)
{
	struct json_object *sysctls = rec_get_obj(plan, "sysctls");
	const char *parent = rec_get_str(plan, "cgroup_parent", NULL);
	int rc = 0;

	if (sysctls && json_object_object_length(sysctls))
		rc = set_sysctls(sysctls, rec_get_obj(test, "sysctls"), w, e);
	return rc || !parent ? rc : make_parent(parent, e);
}
