// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_kt, the user side: options and counters; loader.c does the rest. Nothing here
 * schedules; the program sleeps but for a look at exit_info ten times a second.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "exit.h"
#include "loader.h"
#include "msg.h"
#include "units.h"

#include "scx_kt.skel.h"

#define AFTER_MAX_S 3600
#define FACTOR_MIN  2
#define FACTOR_MAX  100
#define FACTOR_DFL  10

struct options {
	uint64_t timeout_ms; /* 0: the kernel's default */
	uint64_t stall_after_s;
	uint64_t error_after_s;
	uint64_t slow_factor;
	char slow[KT_CGROUP_MAX];
	char starve[KT_CGROUP_MAX];
	bool fail_verify;
};

static const char usage_text[] =
	"Usage: scx_kt [OPTION]...\n"
	"A virtual-time scheduler for sched_ext, and what can go wrong with one.\n"
	"\n"
	"      --timeout-ms N        the kernel's watchdog ejects it after N ms (1 to 30000)\n"
	"      --stall-after SEC     dispatch no task of user space any more after SEC seconds\n"
	"      --starve CGROUP       never run the first task that wakes up in this cgroup again\n"
	"      --slow CGROUP[:FACTOR]\n"
	"                            let each task of this cgroup have 1/FACTOR of a CPU\n"
	"                            (2 to 100, default 10)\n"
	"      --error-after SEC     report an error to the kernel after SEC seconds\n"
	"      --fail-verify         be a program that the verifier refuses\n"
	"  -h, --help                print this and exit\n"
	"  -V, --version             print the version and exit\n"
	"\n"
	"SCX_TIMEOUT_MS in the environment stands for --timeout-ms.\n";

enum { OPT_TIMEOUT = 256, OPT_STALL, OPT_STARVE, OPT_SLOW, OPT_ERROR, OPT_VERIFY };

static const struct option long_options[] = {
	{ "timeout-ms", required_argument, NULL, OPT_TIMEOUT },
	{ "stall-after", required_argument, NULL, OPT_STALL },
	{ "starve", required_argument, NULL, OPT_STARVE },
	{ "slow", required_argument, NULL, OPT_SLOW },
	{ "error-after", required_argument, NULL, OPT_ERROR },
	{ "fail-verify", no_argument, NULL, OPT_VERIFY },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* ---- options ------------------------------------------------------------------ */

static int set_cgroup(const char *what, const char *s, size_t len, char *name)
{
	if (len == 0 || len >= KT_CGROUP_MAX || memchr(s, '/', len))
		return msg_usage("%s: '%s' is no cgroup's own name (1 to %d bytes, without '/')",
				 what, s, KT_CGROUP_MAX - 1);
	memcpy(name, s, len);
	name[len] = '\0';
	return 0;
}

static int set_slow(const char *s, struct options *o)
{
	const char *colon = strrchr(s, ':');
	int rc;

	o->slow_factor = FACTOR_DFL;
	rc = set_cgroup("--slow", s, colon ? (size_t)(colon - s) : strlen(s), o->slow);
	if (rc == 0 && colon)
		rc = loader_number("--slow", colon + 1, FACTOR_MIN, FACTOR_MAX, &o->slow_factor);
	return rc;
}

/* 0 to go on, -1 when all is said (--help, --version), else KT_USAGE. */
static int parse_options(int argc, char **argv, struct options *o)
{
	int c, rc = 0;

	while (rc == 0 && (c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_TIMEOUT:
			rc = loader_number("--timeout-ms", optarg, 1, LOADER_TIMEOUT_MAX_MS,
					   &o->timeout_ms);
			break;
		case OPT_STALL:
			rc = loader_number("--stall-after", optarg, 1, AFTER_MAX_S,
					   &o->stall_after_s);
			break;
		case OPT_ERROR:
			rc = loader_number("--error-after", optarg, 1, AFTER_MAX_S,
					   &o->error_after_s);
			break;
		case OPT_STARVE:
			rc = set_cgroup("--starve", optarg, strlen(optarg), o->starve);
			break;
		case OPT_SLOW:
			rc = set_slow(optarg, o);
			break;
		case OPT_VERIFY:
			o->fail_verify = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return -1;
		case 'V':
			puts("scx_kt " KT_VERSION);
			return -1;
		default: /* getopt_long has said what is wrong */
			fprintf(stderr, "Try 'scx_kt --help'.\n");
			return KT_USAGE;
		}
	}
	if (rc == 0 && optind < argc)
		rc = msg_usage("unexpected argument '%s'", argv[optind]);
	return rc;
}

static void configure(struct scx_kt *skel, const struct options *o)
{
	uint64_t timeout_ms = o->timeout_ms ? o->timeout_ms : LOADER_TIMEOUT_MAX_MS;

	skel->struct_ops.kt_ops->timeout_ms = o->timeout_ms;
	skel->struct_ops.kt_ops->exit_dump_len = KT_DUMP_MAX;
	skel->struct_ops.kt_ops->flags |= loader_ops_flags();
	skel->rodata->stall_after_ns = o->stall_after_s * NSEC_PER_SEC;
	skel->rodata->error_after_ns = o->error_after_s * NSEC_PER_SEC;
	skel->rodata->fail_verify = o->fail_verify;
	memcpy(skel->rodata->starve_cgroup, o->starve, sizeof(o->starve));
	memcpy(skel->rodata->slow_cgroup, o->slow, sizeof(o->slow));
	skel->rodata->slow_factor = o->slow_factor;
	skel->rodata->late_always = o->slow_factor > 0;
	skel->rodata->hold_max_ns = timeout_ms * NSEC_PER_MSEC / 4;
	skel->rodata->nr_cpus = loader_cpus();
}

static void print_counters(void *arg)
{
	const struct scx_kt *skel = arg;
	const typeof(*skel->bss) *c = skel->bss;

	printf("scx_kt: nr_select_cpu=%llu nr_idle_hits=%llu nr_enqueued=%llu nr_dispatched=%llu "
	       "nr_kept=%llu nr_throttled=%llu nr_stalled=%llu nr_starved=%llu nr_slowed=%llu "
	       "vtime_now=%llu\n",
	       (unsigned long long)c->nr_select_cpu, (unsigned long long)c->nr_idle_hits,
	       (unsigned long long)c->nr_enqueued, (unsigned long long)c->nr_dispatched,
	       (unsigned long long)c->nr_kept, (unsigned long long)c->nr_throttled,
	       (unsigned long long)c->nr_stalled, (unsigned long long)c->nr_starved,
	       (unsigned long long)c->nr_slowed, (unsigned long long)c->vtime_now);
}

static int run(const struct options *o)
{
	struct loader l = { .counters = print_counters };
	struct scx_kt *skel;
	int rc;

	loader_begin();
	skel = scx_kt__open();
	if (!skel)
		return msg_err(LOADER_REFUSED, errno, "unable to open its BPF object");
	configure(skel, o);
	l.skel = skel->skeleton;
	l.ops = &skel->maps.kt_ops;
	l.info = &skel->bss->exit_info;
	l.dump = skel->bss->exit_dump;
	l.arg = skel;
	rc = loader_run(&l);
	scx_kt__destroy(skel);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int rc;

	msg_init("scx_kt");
	rc = parse_options(argc, argv, &o);
	if (rc == 0)
		rc = loader_timeout(&o.timeout_ms);
	if (rc == 0)
		rc = run(&o);
	return msg_finish(rc < 0 ? KT_OK : rc);
}
