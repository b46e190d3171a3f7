// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_bugs, the user side: names of bugs, the machine's LLCs and SMT siblings, and the
 * rest by loader.c.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "array.h"
#include "exit.h"
#include "loader.h"
#include "msg.h"
#include "scx_bugs.h"
#include "suggest.h"
#include "units.h"

#include "scx_bugs.skel.h"

#define SELDOM            (20 * NSEC_PER_MSEC) /* ticks hide from those who look on that a CPU idles */
#define EXIT_CODE_RESTART (1LL << 48)          /* SCX_ECODE_ACT_RESTART */

struct options {
	uint64_t timeout_ms; /* 0: the kernel's default */
	enum bug bug;
};

static const char *const names[] = {
	"none", /* BUG_none; a scheduler without a bug */
#define X(name, what) #name,
	BUGS(X)
#undef X
		NULL,
};

static const char *const sentences[] = { "",
#define X(name, what) what,
					 BUGS(X)
#undef X
};

static const char usage_text[] =
	"Usage: scx_bugs [OPTION]...\n"
	"A sound scheduler for sched_ext with one bug in it.\n"
	"\n"
	"      --bug NAME            the bug; without, it has none\n"
	"      --list                print the names and what each does wrong, tab separated\n"
	"      --timeout-ms N        the kernel's watchdog ejects it after N ms (1 to 30000)\n"
	"  -h, --help                print this and exit\n"
	"  -V, --version             print the version and exit\n"
	"\n"
	"SCX_TIMEOUT_MS in the environment stands for --timeout-ms.\n";

enum { OPT_BUG = 256, OPT_LIST, OPT_TIMEOUT };

static const struct option long_options[] = {
	{ "bug", required_argument, NULL, OPT_BUG },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "timeout-ms", required_argument, NULL, OPT_TIMEOUT },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* ---- options ------------------------------------------------------------------ */

static int set_bug(const char *s, enum bug *bug)
{
	const char *near;
	int i;

	for (i = 1; names[i]; i++) {
		if (strcmp(s, names[i]) == 0) {
			*bug = i;
			return 0;
		}
	}
	near = suggest_nearest(s, names + 1);
	if (near)
		return msg_usage("--bug: no bug '%s' (did you mean '%s'?)", s, near);
	return msg_usage("--bug: no bug '%s' (--list prints them)", s);
}

static int list_bugs(void)
{
	int i;

	for (i = 1; names[i]; i++)
		printf("%s\t%s\n", names[i], sentences[i]);
	return -1;
}

/* 0 to go on, -1 when all is said (--help, --list, --version), else KT_USAGE. */
static int parse_options(int argc, char **argv, struct options *o)
{
	int c, rc = 0;

	while (rc == 0 && (c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_BUG:
			rc = set_bug(optarg, &o->bug);
			break;
		case OPT_LIST:
			return list_bugs();
		case OPT_TIMEOUT:
			rc = loader_number("--timeout-ms", optarg, 1, LOADER_TIMEOUT_MAX_MS,
					   &o->timeout_ms);
			break;
		case 'h':
			fputs(usage_text, stdout);
			return -1;
		case 'V':
			puts("scx_bugs " KT_VERSION);
			return -1;
		default: /* getopt_long has said what is wrong */
			fprintf(stderr, "Try 'scx_bugs --help'.\n");
			return KT_USAGE;
		}
	}
	if (rc == 0 && optind < argc)
		rc = msg_usage("unexpected argument '%s'", argv[optind]);
	return rc;
}

/* ---- the scheduler -------------------------------------------------------------- */

/*
 * The first number other than `but` in a file that sysfs has for a CPU, such as the list
 * "0-1"; `none` if there is no such.
 */
static unsigned int cpu_number(unsigned int cpu, const char *file, unsigned int but,
			       unsigned int none)
{
	char path[128], line[64] = "", *end = line;
	unsigned int v;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/%s", cpu, file);
	f = fopen(path, "r");
	if (!f)
		return none;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	while (isdigit((unsigned char)*end)) {
		v = strtoul(end, &end, 10);
		if (v != but)
			return v;
		if (*end)
			end++;
	}
	return none;
}

static bool about_quota(enum bug bug)
{
	return bug == BUG_none || bug == BUG_quota_ignored || bug == BUG_quota_doubled ||
	       bug == BUG_quota_stale || bug == BUG_throttle_sticks;
}

static void configure(struct scx_bugs *skel, const struct options *o)
{
	uint64_t timeout_ms = o->timeout_ms ? o->timeout_ms : LOADER_TIMEOUT_MAX_MS;
	unsigned int cpu, max = ARRAY_SIZE(skel->rodata->cpu_llc);

	skel->struct_ops.bugs_ops->timeout_ms = o->timeout_ms;
	skel->struct_ops.bugs_ops->exit_dump_len = KT_DUMP_MAX;
	skel->struct_ops.bugs_ops->flags |= loader_ops_flags();
	skel->rodata->the_bug = o->bug;
	skel->rodata->late_always = o->bug != BUG_none;
	if (!about_quota(o->bug))
		skel->rodata->late_timer_ns = SELDOM;
	skel->rodata->hold_max_ns = timeout_ms * NSEC_PER_MSEC / 4;
	skel->rodata->nr_cpus = loader_cpus();
	for (cpu = 0; cpu < skel->rodata->nr_cpus && cpu < max; cpu++) {
		skel->rodata->cpu_llc[cpu] = cpu_number(cpu, "cache/index3/id", ~0U, 0) % max;
		skel->rodata->cpu_sibling[cpu] =
			cpu_number(cpu, "topology/thread_siblings_list", cpu, cpu) % max;
	}
}

/* Loads it and waits for its end; *again when it asked for that, for CPUs have changed. */
static int run(const struct options *o, bool *again)
{
	struct loader l = { 0 };
	struct scx_bugs *skel;
	int rc;

	loader_begin();
	skel = scx_bugs__open();
	if (!skel)
		return msg_err(LOADER_REFUSED, errno, "unable to open its BPF object");
	configure(skel, o);
	l.skel = skel->skeleton;
	l.ops = &skel->maps.bugs_ops;
	l.info = &skel->bss->exit_info;
	l.dump = skel->bss->exit_dump;
	rc = loader_run(&l);
	*again = rc == KT_FAIL && skel->bss->exit_info.code & EXIT_CODE_RESTART;
	scx_bugs__destroy(skel);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct timespec away = { .tv_sec = 3 };
	struct options o = { 0 };
	bool again = false;
	int rc;

	msg_init("scx_bugs");
	rc = parse_options(argc, argv, &o);
	if (rc == 0)
		rc = loader_timeout(&o.timeout_ms);
	if (rc == 0)
		rc = run(&o, &again);
	while (again) {
		nanosleep(&away, NULL);
		rc = run(&o, &again);
	}
	return msg_finish(rc < 0 ? KT_OK : rc);
}
