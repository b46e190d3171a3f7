// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/kvm.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "array.h"
#include "record.h"
#include "sandbox.h"

#define NOBODY 65534UL

/*
 * Records, and buffers of bounded size, are all that is allocated from here on; a snapshot of
 * large maps is the largest record.
 */
#define HEADROOM (1ULL << 30)

static const char *const calls[] = {
	"read",
	"write",
	"readv",
	"writev",
	"pread64",
	"close",
	"fstat",
	"newfstatat",
	"lseek",
	"poll",
	"ppoll",
	"epoll_wait",
	"epoll_pwait",
	"sendto",
	"sendmsg",
	"shutdown",
	"futex",
	"munmap",
	"mremap",
	"madvise",
	"brk",
	"exit",
	"exit_group",
	"rt_sigreturn",
	"rt_sigprocmask",
	"sigaltstack",
	"getpid",
	"gettid",
	"sched_yield",
	"clock_gettime",
	"clock_nanosleep",
	"nanosleep",
	"gettimeofday",
	"restart_syscall",
	"set_robust_list",
	"rseq", /* what a thread begins with */
	"getrandom",
	"sysinfo", /* the C library's qsort() asks how much memory there is */
};

/* Of a VM or a vCPU that is there; nothing that makes one. */
static const struct {
	unsigned long request;
	const char *name;
} ioctls[] = {
	{ KVM_RUN, "KVM_RUN" },
	{ KVM_IRQ_LINE, "KVM_IRQ_LINE" },
	{ KVM_SIGNAL_MSI, "KVM_SIGNAL_MSI" },
	{ KVM_SET_GSI_ROUTING, "KVM_SET_GSI_ROUTING" },
	{ KVM_GET_REGS, "KVM_GET_REGS" },
	{ KVM_SET_REGS, "KVM_SET_REGS" },
	{ KVM_GET_SREGS, "KVM_GET_SREGS" },
	{ KVM_SET_GUEST_DEBUG, "KVM_SET_GUEST_DEBUG" },
	{ KVM_GET_VCPU_EVENTS, "KVM_GET_VCPU_EVENTS" },
	{ KVM_SET_VCPU_EVENTS, "KVM_SET_VCPU_EVENTS" },
	{ KVM_KVMCLOCK_CTRL, "KVM_KVMCLOCK_CTRL" },
	{ KVM_GET_STATS_FD, "KVM_GET_STATS_FD" },
};

/* Does this user namespace (map: uid_map or gid_map) have such an id? */
static bool has_id(const char *map, unsigned long id)
{
	FILE *f = fopen(map, "re");
	unsigned long first, host, count;
	bool has = !f && errno == ENOENT; /* a kernel without user namespaces has them all */

	while (f && fscanf(f, "%lu %lu %lu", &first, &host, &count) == 3)
		has |= id >= first && id - first < count;
	if (f)
		fclose(f);
	return has;
}

/* An id from sudo's environment, or 0. */
static unsigned long sudo_id(const char *name)
{
	const char *s = getenv(name);
	char *end;
	unsigned long id = s ? strtoul(s, &end, 10) : 0;

	return s && *s && !*end && id < UINT_MAX ? id : 0;
}

/*
 * Who runs the guest: root becomes the user who called sudo, or nobody. In a user
 * namespace that has neither, root is somebody without privileges outside of it, and stays.
 */
static void whom(uid_t *uid, gid_t *gid)
{
	unsigned long u = sudo_id("SUDO_UID"), g = sudo_id("SUDO_GID");

	*uid = geteuid();
	*gid = getegid();
	if (*uid)
		return;
	if (!u || !g)
		u = g = NOBODY;
	if (has_id("/proc/self/uid_map", u) && has_id("/proc/self/gid_map", g)) {
		*uid = (uid_t)u;
		*gid = (gid_t)g;
	}
}

static int change_user(void)
{
	int parent_death = 0;
	uid_t uid;
	gid_t gid;

	whom(&uid, &gid);
	if (uid == geteuid())
		return 0;
	prctl(PR_GET_PDEATHSIG, &parent_death);
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	return prctl(PR_SET_PDEATHSIG, parent_death) ? -errno : 0; /* another user has none */
}

/* Only root may, and nobody else needs to. */
static void drop_bounds(void)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) ? -errno : 0;
}

static void limit(int what, rlim_t max)
{
	struct rlimit l;

	if (getrlimit(what, &l) || l.rlim_max <= max)
		return;
	l.rlim_cur = l.rlim_max = max;
	setrlimit(what, &l);
}

/* Ours are all closed on exec; others are what our caller has left open. */
static int close_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *de;
	int fd;

	if (!dir)
		return -errno;
	while ((de = readdir(dir))) {
		fd = atoi(de->d_name); /* 0 for "." and ".." */
		if (fd > STDERR_FILENO && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			close(fd);
	}
	closedir(dir);
	return 0;
}

int sandbox_enter(struct errbuf *e)
{
	int rc, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) { /* the records have been read */
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
	rc = close_inherited();
	if (rc)
		return errbuf_set(e, rc, "unable to list open files in /proc/self/fd: %s",
				  strerror(-rc));
	drop_bounds();
	rc = change_user();
	if (rc)
		return errbuf_set(e, rc, "unable to change to an unprivileged user: %s",
				  strerror(-rc));
	rc = drop_capabilities();
	if (rc)
		return errbuf_set(e, rc, "unable to drop capabilities: %s", strerror(-rc));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errbuf_set(e, -errno, "unable to set no_new_privs: %s", strerror(errno));
	return 0;
}

/* Pages that are mapped now, and some more. */
static void limit_resources(void)
{
	char buf[64] = "";
	unsigned long long pages = 0;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC), next;

	if (fd >= 0 && read(fd, buf, sizeof(buf) - 1) > 0)
		sscanf(buf, "%llu", &pages);
	if (fd >= 0)
		close(fd);
	if (pages)
		limit(RLIMIT_AS, pages * (rlim_t)sysconf(_SC_PAGESIZE) + HEADROOM);
	limit(RLIMIT_CORE, 0);
	next = dup(STDERR_FILENO); /* the lowest free one: KVM's statistics need it */
	if (next >= 0)
		close(next);
	limit(RLIMIT_NOFILE, (rlim_t)next + 8);
}

static int add_rules(scmp_filter_ctx f)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < ARRAY_SIZE(calls); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(calls[i]), 0);
	for (i = 0; !rc && i < ARRAY_SIZE(ioctls); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				      SCMP_A1(SCMP_CMP_EQ, ioctls[i].request, 0));
	/* memory without code in it; signals to our own threads only */
	if (!rc)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!rc)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!rc)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	if (!rc)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
				      SCMP_A1(SCMP_CMP_EQ, F_SETFL, 0));
	return rc;
}

int sandbox_seal(struct errbuf *e)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = f ? seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1) : -ENOMEM;

	limit_resources();
	if (!rc)
		rc = add_rules(f);
	if (!rc)
		rc = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return rc ? errbuf_set(e, rc, "unable to set the seccomp filter: %s", strerror(-rc)) : 0;
}

struct json_object *sandbox_describe(void)
{
	struct json_object *o = json_object_new_object(), *a = json_object_new_array();
	char text[64];
	uid_t uid;
	gid_t gid;
	size_t i;

	whom(&uid, &gid);
	rec_int(o, "uid", uid);
	rec_int(o, "gid", gid);
	rec_bool(o, "no_new_privs", true);
	rec_str(o, "capabilities", "none");
	rec_str(o, "forbidden", "kill");
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		json_object_array_add(a, json_object_new_string(calls[i]));
	for (i = 0; i < ARRAY_SIZE(ioctls); i++) {
		snprintf(text, sizeof(text), "ioctl(%s)", ioctls[i].name);
		json_object_array_add(a, json_object_new_string(text));
	}
	json_object_array_add(a, json_object_new_string("mmap(!PROT_EXEC)"));
	json_object_array_add(a, json_object_new_string("mprotect(!PROT_EXEC)"));
	json_object_array_add(a, json_object_new_string("tgkill(self)"));
	json_object_array_add(a, json_object_new_string("fcntl(F_SETFL)"));
	rec_add(o, "seccomp", a);
	return o;
}
