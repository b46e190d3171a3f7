// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_kt, the user side: options, load and attach, wait for the end, say why it
 * came. Nothing here schedules; the program sleeps but for a look at exit_info
 * ten times a second.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "exit.h"
#include "msg.h"
#include "units.h"

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
#include "scx_kt.h"
#include "scx_kt.skel.h"

#define EXIT_LOAD      2     /* the kernel did not take the scheduler */
#define TIMEOUT_MAX_MS 30000 /* the kernel's limit, and what it takes for 0 */
#define AFTER_MAX_S    3600
#define FACTOR_MIN     2
#define FACTOR_MAX     100
#define FACTOR_DFL     10
#define POLL_NS        (100 * NSEC_PER_MSEC)
#define DETACH_TRIES   50

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

static int set_number(const char *what, const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	struct errbuf e;

	return units_number(s, min, max, v, &e) ? msg_usage("%s: %s", what, e.text) : 0;
}

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
		rc = set_number("--slow", colon + 1, FACTOR_MIN, FACTOR_MAX, &o->slow_factor);
	return rc;
}

/* 0 to go on, -1 when all is said (--help, --version), else KT_USAGE. */
static int parse_options(int argc, char **argv, struct options *o)
{
	int c, rc = 0;

	while (rc == 0 && (c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_TIMEOUT:
			rc = set_number("--timeout-ms", optarg, 1, TIMEOUT_MAX_MS, &o->timeout_ms);
			break;
		case OPT_STALL:
			rc = set_number("--stall-after", optarg, 1, AFTER_MAX_S, &o->stall_after_s);
			break;
		case OPT_ERROR:
			rc = set_number("--error-after", optarg, 1, AFTER_MAX_S, &o->error_after_s);
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

/* An option goes before the environment. */
static int parse_environment(struct options *o)
{
	const char *s = getenv("SCX_TIMEOUT_MS");

	if (!s || o->timeout_ms)
		return 0;
	return set_number("SCX_TIMEOUT_MS", s, 1, TIMEOUT_MAX_MS, &o->timeout_ms);
}

/* ---- load, wait, tell --------------------------------------------------------- */

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, ap);
}

static void configure(struct scx_kt *skel, const struct options *o)
{
	uint64_t timeout_ms = o->timeout_ms ? o->timeout_ms : TIMEOUT_MAX_MS;

	skel->struct_ops.kt_ops->timeout_ms = o->timeout_ms;
	skel->struct_ops.kt_ops->exit_dump_len = KT_DUMP_MAX;
	skel->rodata->stall_after_ns = o->stall_after_s * NSEC_PER_SEC;
	skel->rodata->error_after_ns = o->error_after_s * NSEC_PER_SEC;
	skel->rodata->fail_verify = o->fail_verify;
	memcpy(skel->rodata->starve_cgroup, o->starve, sizeof(o->starve));
	memcpy(skel->rodata->slow_cgroup, o->slow, sizeof(o->slow));
	skel->rodata->slow_factor = o->slow_factor;
	skel->rodata->slow_rest_max_ns = timeout_ms * NSEC_PER_MSEC / 4;
}

static int exit_kind(const struct scx_kt *skel)
{
	return __atomic_load_n(&skel->bss->exit_info.kind, __ATOMIC_ACQUIRE);
}

/* True when a signal asked for the end, false when the kernel made it. */
static bool wait_for_end(const struct scx_kt *skel, const sigset_t *signals)
{
	static const struct timespec poll = { .tv_nsec = POLL_NS };

	while (exit_kind(skel) == 0)
		if (sigtimedwait(signals, NULL, &poll) > 0)
			return true;
	return false;
}

/* ops.exit runs a moment after the link is gone, in a kernel thread. */
static void wait_for_exit_info(const struct scx_kt *skel)
{
	static const struct timespec poll = { .tv_nsec = POLL_NS / 10 };
	int i;

	for (i = 0; i < DETACH_TRIES && exit_kind(skel) == 0; i++)
		nanosleep(&poll, NULL);
}

static void print_counters(const struct scx_kt *skel)
{
	const typeof(*skel->bss) *c = skel->bss;

	printf("scx_kt: nr_select_cpu=%llu nr_idle_hits=%llu nr_enqueued=%llu nr_dispatched=%llu "
	       "nr_kept=%llu nr_stalled=%llu nr_starved=%llu nr_slowed=%llu vtime_now=%llu\n",
	       (unsigned long long)c->nr_select_cpu, (unsigned long long)c->nr_idle_hits,
	       (unsigned long long)c->nr_enqueued, (unsigned long long)c->nr_dispatched,
	       (unsigned long long)c->nr_kept, (unsigned long long)c->nr_stalled,
	       (unsigned long long)c->nr_starved, (unsigned long long)c->nr_slowed,
	       (unsigned long long)c->vtime_now);
}

static void print_exit(const struct scx_kt *skel)
{
	const struct kt_exit_info *e = &skel->bss->exit_info;

	fprintf(stderr, "EXIT: %s", e->reason);
	if (e->msg[0])
		fprintf(stderr, " (%s)", e->msg);
	fprintf(stderr, "\nscx_kt: exit kind %d, exit code %lld\n", e->kind, e->code);
	if (skel->bss->exit_dump[0])
		printf("%s\n", skel->bss->exit_dump);
}

static int run_attached(struct scx_kt *skel, struct bpf_link *link, const sigset_t *signals)
{
	bool asked;

	printf("scx_kt: attached\n");
	fflush(stdout);
	asked = wait_for_end(skel, signals);
	bpf_link__destroy(link);
	wait_for_exit_info(skel);
	print_counters(skel);
	/* the kernel may have been faster than the signal: an error stays one */
	if (asked && exit_kind(skel) < KT_KIND_ERROR)
		return KT_OK;
	print_exit(skel);
	return KT_FAIL;
}

static int run(const struct options *o)
{
	struct bpf_link *link;
	struct scx_kt *skel;
	sigset_t signals;
	int rc;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	skel = scx_kt__open();
	if (!skel)
		return msg_err(EXIT_LOAD, errno, "unable to open its BPF object");
	configure(skel, o);
	rc = scx_kt__load(skel);
	if (rc) {
		rc = msg_err(EXIT_LOAD, -rc, "unable to load the scheduler into the kernel");
		goto out;
	}
	link = bpf_map__attach_struct_ops(skel->maps.kt_ops);
	if (!link) {
		rc = msg_err(EXIT_LOAD, errno, "unable to attach the scheduler");
		goto out;
	}
	rc = run_attached(skel, link, &signals);
out:
	scx_kt__destroy(skel);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int rc;

	msg_init("scx_kt");
	libbpf_set_print(print_libbpf);
	rc = parse_options(argc, argv, &o);
	if (rc == 0)
		rc = parse_environment(&o);
	if (rc == 0)
		rc = run(&o);
	return msg_finish(rc < 0 ? KT_OK : rc);
}
