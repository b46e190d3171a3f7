// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#include <bpf/bpf.h>

#include "exit.h"
#include "loader.h"
#include "msg.h"
#include "units.h"

#define POLL_NS      (100 * NSEC_PER_MSEC)
#define DETACH_TRIES 50

/* SCX_OPS_HAS_CGROUP_WEIGHT: Linux 6.12 to 6.17 warn without it, later ones refuse it. */
#define HAS_CGROUP_WEIGHT      (1ULL << 16)
#define HAS_CGROUP_WEIGHT_LAST (6 * 1000 + 17)

int loader_number(const char *what, const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	struct errbuf e;

	return units_number(s, min, max, v, &e) ? msg_usage("%s: %s", what, e.text) : 0;
}

int loader_timeout(uint64_t *ms)
{
	const char *s = getenv("SCX_TIMEOUT_MS");

	if (!s || *ms)
		return 0;
	return loader_number("SCX_TIMEOUT_MS", s, 1, LOADER_TIMEOUT_MAX_MS, ms);
}

uint64_t loader_ops_flags(void)
{
	unsigned int major, minor;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return 0;
	return major * 1000 + minor <= HAS_CGROUP_WEIGHT_LAST ? HAS_CGROUP_WEIGHT : 0;
}

uint32_t loader_cpus(void)
{
	int n = libbpf_num_possible_cpus();

	return n > 0 ? n : 1;
}

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, ap);
}

static void end_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
}

void loader_begin(void)
{
	sigset_t signals;

	end_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	libbpf_set_print(print_libbpf);
}

static int exit_kind(const struct loader *l)
{
	return __atomic_load_n(&l->info->kind, __ATOMIC_ACQUIRE);
}

/* True when a signal asked for the end, false when the kernel made it. */
static bool wait_for_end(const struct loader *l)
{
	static const struct timespec poll = { .tv_nsec = POLL_NS };
	sigset_t signals;

	end_signals(&signals);
	while (exit_kind(l) == 0)
		if (sigtimedwait(&signals, NULL, &poll) > 0)
			return true;
	return false;
}

/* ops.exit runs a moment after the link is gone, in a kernel thread. */
static void wait_for_exit_info(const struct loader *l)
{
	static const struct timespec poll = { .tv_nsec = POLL_NS / 10 };
	int i;

	for (i = 0; i < DETACH_TRIES && exit_kind(l) == 0; i++)
		nanosleep(&poll, NULL);
}

static void print_exit(const struct loader *l)
{
	const struct kt_exit_info *e = l->info;

	fprintf(stderr, "EXIT: %s", e->reason);
	if (e->msg[0])
		fprintf(stderr, " (%s)", e->msg);
	fprintf(stderr, "\n%s: exit kind %d, exit code %lld\n", msg_tool(), e->kind, e->code);
	if (l->dump[0])
		printf("%s\n", l->dump);
}

static int run_attached(const struct loader *l, struct bpf_link *link)
{
	bool asked;

	printf("%s: attached\n", msg_tool());
	fflush(stdout);
	asked = wait_for_end(l);
	bpf_link__destroy(link);
	wait_for_exit_info(l);
	if (l->counters)
		l->counters(l->arg);
	/* the kernel may have been faster than the signal: an error stays one */
	if (asked && exit_kind(l) < KT_KIND_ERROR)
		return KT_OK;
	print_exit(l);
	return KT_FAIL;
}

int loader_run(const struct loader *l)
{
	struct bpf_link *link;
	int rc;

	rc = bpf_object__load_skeleton(l->skel);
	if (rc)
		return msg_err(LOADER_REFUSED, -rc, "unable to load the scheduler into the kernel");
	link = bpf_map__attach_struct_ops(*l->ops);
	if (!link)
		return msg_err(LOADER_REFUSED, errno, "unable to attach the scheduler");
	return run_attached(l, link);
}
