// SPDX-License-Identifier: GPL-2.0-only
/* Where kt's programs, data files, cache and state are. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"

static int join(char *buf, const char *a, const char *b)
{
	int n = snprintf(buf, PATH_MAX, "%s/%s", a, b);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int paths_exe_dir(char *buf)
{
	ssize_t n = readlink("/proc/self/exe", buf, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash)
		return -ENOENT;
	*(slash > buf ? slash : slash + 1) = '\0';
	return 0;
}

static int in_path(const char *name, char *buf)
{
	const char *p = getenv("PATH"), *end;

	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (snprintf(buf, PATH_MAX, "%.*s/%s", (int)(end - p), p, name) < PATH_MAX &&
		    access(buf, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

int paths_program(const char *name, char *buf)
{
	static const char *const dirs[] = { ".", "../libexec/kt", NULL };
	char dir[PATH_MAX], sub[PATH_MAX];
	int i, rc = paths_exe_dir(dir);

	for (i = 0; !rc && dirs[i]; i++) {
		rc = i ? join(sub, dir, dirs[i]) : 0;
		if (!rc && !join(buf, i ? sub : dir, name) && access(buf, X_OK) == 0)
			return 0;
	}
	return in_path(name, buf);
}

int paths_data(const char *name, char *buf)
{
	/* installed; from build/bin or build/san/bin of a source tree, whose build/share mirrors it
	 */
	static const char *const dirs[] = { "../share/kt", "../../share/kt", NULL };
	char dir[PATH_MAX], sub[PATH_MAX], path[PATH_MAX];
	int i, rc = paths_exe_dir(dir);

	for (i = 0; !rc && dirs[i]; i++) {
		rc = join(sub, dir, dirs[i]);
		if (!rc && !join(path, sub, name) && access(path, R_OK) == 0)
			return realpath(path, buf) ? 0 : -errno;
	}
	return rc ? rc : -ENOENT;
}

int paths_mkdirs(const char *path)
{
	char part[PATH_MAX];
	char *p;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	for (p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(part, 0777) && errno != EEXIST ? -errno : 0;
}

static int xdg(const char *var, const char *fallback, const char *sub, char *buf)
{
	const char *base = getenv(var), *home = getenv("HOME");
	int n;

	if (base && *base == '/')
		n = snprintf(buf, PATH_MAX, "%s/kt/%s", base, sub);
	else if (home && *home == '/')
		n = snprintf(buf, PATH_MAX, "%s/%s/kt/%s", home, fallback, sub);
	else
		return -ENOENT;
	return n < PATH_MAX ? paths_mkdirs(buf) : -ENAMETOOLONG;
}

int paths_cache(const char *sub, char *buf)
{
	return xdg("XDG_CACHE_HOME", ".cache", sub, buf);
}

int paths_state(const char *sub, char *buf)
{
	return xdg("XDG_STATE_HOME", ".local/state", sub, buf);
}
