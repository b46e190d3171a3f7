// SPDX-License-Identifier: GPL-2.0-only
/* kt-vm: boots a guest from topology, kernel and initrd records and reports what it does. */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/engine.h"
#include "exit.h"
#include "kernel/objects/flight.h"
#include "machine/machine.h"
#include "msg.h"
#include "opts.h"
#include "observe/obs.h"
#include "record.h"
#include "run.h"
#include "units.h"

/*
 * For every guest; an engine adds its own, then the scheduler's, the test's, then --append.
 * tsc=noirqtime: a kernel with IRQ_TIME_ACCOUNTING takes the time for which the host deschedules
 * a vCPU within an interrupt from the task that was interrupted (kernel/sched/cputime.c).
 */
#define CMDLINE_BASE                                                 \
	"panic=-1 rdinit=/init mitigations=off random.trust_cpu=on " \
	"rcupdate.rcu_expedited=1 tsc=noirqtime "

/* What a guest may take beside its plan before it counts as hung: boot and clean-up. */
#define ALLOWANCE_NS         (60 * NSEC_PER_SEC)
#define ALLOWANCE_PER_CPU_NS (2 * NSEC_PER_SEC)
#define OP_ALLOWANCE_NS      (2 * NSEC_PER_SEC) /* some wait for a scheduler to attach */

#define MONITOR_DEFAULT (100 * NSEC_PER_MSEC)

struct opts {
	const char *engine, *kernel, *initrd, *append;
	uint64_t deadline_ns; /* 0: from the plan */
	uint64_t monitor_ns;
	bool monitor; /* --monitor was given */
	bool probe, nested;
};

struct input {
	struct json_object *test, *topology, *kernel, *initrd;
};

enum { OPT_NESTED = 256, OPT_PROBE };

static const struct opt rows[] = {
	{ "engine", 'e', "NAME", "auto (the default), kvm or tcg", "auto kvm tcg" },
	{ "kernel", 'k', "FILE", "kernel image (bzImage or vmlinux) instead of the record's",
	  "<file>" },
	{ "initrd", 'i', "FILE", "initrd instead of the record's", "<file>" },
	{ "append", 'a', "WORDS", "more kernel parameters", NULL },
	{ "deadline", 'd', "TIME", "end the guest after this time (default: the plan's, and boot)",
	  NULL },
	{ "monitor", 'm', "TIME",
	  "look at the guest's scheduler so often, or off (default: 100ms with a plan, else off)",
	  "off" },
	{ "nested", OPT_NESTED, NULL, "the guest's CPU can run guests itself (AMD SVM; tcg only)",
	  NULL },
	{ "probe", OPT_PROBE, NULL, "say which engines work here, and end", NULL },
	{ 0 },
};

static const struct opt_table table = {
	.usage = "[OPTION]... < RECORDS",
	.about = "Boots the guest that the topology, kernel and initrd records describe.\n",
	.opt = rows,
};

/* -1 to go on, else the exit code. */
static int opts_parse(struct opts *o, int argc, char **argv)
{
	struct errbuf e;
	int c, rc;

	while ((c = opts_next(&table, argc, argv, &rc)) >= 0) {
		switch (c) {
		case 'e':
			o->engine = optarg;
			break;
		case 'k':
			o->kernel = optarg;
			break;
		case 'i':
			o->initrd = optarg;
			break;
		case 'a':
			o->append = optarg;
			break;
		case 'd':
			if (units_duration(optarg, &o->deadline_ns, &e))
				return msg_usage("--deadline: %s", e.text);
			if (!o->deadline_ns)
				return msg_usage("--deadline: expected more than 0");
			break;
		case 'm':
			o->monitor = true;
			if (strcmp(optarg, "off") == 0)
				o->monitor_ns = 0;
			else if (units_duration(optarg, &o->monitor_ns, &e))
				return msg_usage("--monitor: %s", e.text);
			else if (o->monitor_ns < NSEC_PER_MSEC)
				return msg_usage("--monitor: expected 1ms or more, or off");
			break;
		case OPT_NESTED:
			o->nested = true;
			break;
		case OPT_PROBE:
			o->probe = true;
			break;
		}
	}
	if (rc >= 0)
		return rc;
	if (optind < argc)
		return msg_usage("unexpected argument '%s'", argv[optind]);
	return -1;
}

static void keep(struct json_object **slot, struct json_object *o)
{
	json_object_put(*slot);
	*slot = json_object_get(o);
}

/* Passes stdin on, keeping what we act on: 0, or an exit code (negative: of a tool before us). */
static int read_input(struct input *in, struct rec_out *out)
{
	struct rec_in rec;
	struct errbuf e;
	int rc, upstream;

	if (isatty(STDIN_FILENO))
		return 0;
	rec_in_init(&rec, stdin);
	while ((rc = rec_next(&rec, &e)) > 0) {
		rec_pass(out, rec.line, rec.len);
		if (rec_is(rec.obj, "test"))
			keep(&in->test, rec.obj);
		else if (rec_is(rec.obj, "topology"))
			keep(&in->topology, rec.obj);
		else if (rec_is(rec.obj, "kernel"))
			keep(&in->kernel, rec.obj);
		else if (rec_is(rec.obj, "initrd"))
			keep(&in->initrd, rec.obj);
	}
	if (rc == 0)
		rc = rec_in_complete(&rec, &e);
	upstream = rec.upstream;
	rec_in_free(&rec);
	if (rc)
		return msg_err(KT_DATA, 0, "standard input: %s", e.text);
	return upstream ? -upstream : 0;
}

/* What the ops of a step or the backdrop may wait for, on top of its hold. */
static uint64_t ops_time(struct json_object *step)
{
	struct json_object *ops = rec_get_arr(step, "ops");
	uint64_t ns = 0;
	size_t i;

	for (i = 0; ops && i < json_object_array_length(ops); i++)
		ns += OP_ALLOWANCE_NS +
		      (uint64_t)rec_get_int(json_object_array_get_idx(ops, i), "timeout_ns", 0);
	return ns;
}

static uint64_t plan_deadline(const struct input *in, unsigned int cpus)
{
	struct json_object *steps = rec_get_arr(in->test, "steps"), *step;
	uint64_t ns = ALLOWANCE_NS + cpus * ALLOWANCE_PER_CPU_NS +
		      ops_time(rec_get_obj(in->test, "backdrop"));
	size_t i;

	for (i = 0; steps && i < json_object_array_length(steps); i++) {
		step = json_object_array_get_idx(steps, i);
		ns += (uint64_t)rec_get_int(step, "hold_ns", 0) + ops_time(step);
	}
	return ns;
}

/* CONFIG_HZ of the guest's kernel, as far as its configuration is known. */
static unsigned int kernel_hz(const struct input *in)
{
	const char *path = rec_get_str(in->kernel, "config", NULL);
	FILE *f = path ? fopen(path, "re") : NULL;
	char line[256];
	unsigned int hz = 250;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CONFIG_HZ=%u", &hz) == 1)
			break;
	if (f)
		fclose(f);
	return hz >= 24 && hz <= 10000 ? hz : 250;
}

static void add_kargs(FILE *f, struct json_object *from)
{
	struct json_object *kargs = rec_get_arr(from, "kargs");
	size_t i;

	for (i = 0; kargs && i < json_object_array_length(kargs); i++)
		fprintf(f, " %s", json_object_get_string(json_object_array_get_idx(kargs, i)));
}

/* A guest with a plan is observed, and one whose user asks for it. */
static bool observes(const struct opts *o, const struct input *in)
{
	return o->monitor ? o->monitor_ns > 0 : in->test != NULL;
}

/* The whole command line; the caller frees it. */
static char *command_line(const struct opts *o, const struct input *in,
			  const struct engine_ops *engine)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);
	char own[256];

	if (!f)
		return NULL;
	engine->cmdline(own, sizeof(own), kernel_hz(in));
	fprintf(f, CMDLINE_BASE "%s", own);
	if (observes(o, in) && rec_get_bool(in->test, "flight_recorder", true))
		fprintf(f, " " KFLIGHT_PARAMS);
	add_kargs(f, rec_get_obj(in->test, "scheduler"));
	add_kargs(f, in->test);
	if (o->append)
		fprintf(f, " %s", o->append);
	fclose(f);
	return line;
}

static void cpu_model(char *buf, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(buf, size, "unknown");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(buf, size, "%s", strchr(line, ':') + 2);
			break;
		}
	if (f)
		fclose(f);
}

static struct json_object *vm_record(const struct engine_ops *engine, const char *version,
				     const char *passed, const struct machine *m,
				     uint64_t deadline_ns)
{
	struct json_object *o = rec_new("vm"), *host = json_object_new_object();
	struct utsname uts;
	char model[128];
	cpu_set_t set;

	rec_str(o, "engine", engine->name);
	rec_str(o, "engine_version", version);
	rec_int(o, "cpus", m->cpus);
	rec_int(o, "memory_mib", (int64_t)(m->memory >> 20));
	rec_str(o, "cmdline", m->cmdline);
	rec_int(o, "deadline_ns", (int64_t)deadline_ns);
	rec_str(o, "why", passed[0] ? passed : NULL);
	rec_add(o, "sandbox", engine->sandbox());
	sched_getaffinity(0, sizeof(set), &set);
	uname(&uts);
	cpu_model(model, sizeof(model));
	rec_int(host, "cpus", CPU_COUNT(&set));
	rec_str(host, "kernel", uts.release);
	rec_str(host, "cpu_model", model);
	rec_add(o, "host", host);
	return o;
}

/* The plan's CPU sets hold only for the topology that they were resolved for. */
static int check_plan(const struct input *in, const struct machine *m)
{
	const char *want = rec_get_str(in->test, "topology", m->spec);

	if (strcmp(want, m->spec) == 0)
		return KT_OK;
	return msg_err(KT_DATA, 0,
		       "the plan was made for topology %s, the topology record says %s (use "
		       "kt-guest plan --topology %s)",
		       want, m->spec, m->spec);
}

static int prepare(const struct opts *o, const struct input *in, const struct engine_ops *engine,
		   struct machine *m)
{
	const char *kernel = o->kernel, *initrd = o->initrd;
	struct errbuf e;
	char *line;
	int rc;

	/* the uncompressed kernel, where the record has one, saves the decompression */
	if (!kernel)
		kernel = rec_get_str(in->kernel, "vmlinux", rec_get_str(in->kernel, "image", NULL));
	if (!initrd)
		initrd = rec_get_str(in->initrd, "path", NULL);
	if (!kernel)
		return msg_err(KT_DATA, 0,
			       "no kernel: expected a kernel record (kt-kernel find) or --kernel");
	line = command_line(o, in, engine);
	if (!line)
		return msg_err(KT_SYS, ENOMEM, "unable to build the kernel command line");
	rc = machine_prepare(m, in->topology, kernel, initrd, line, &e);
	free(line);
	if (rc == 0)
		return KT_OK;
	return msg_err(rc == -ENOEXEC || rc == -EINVAL || rc == -ENOENT ? KT_DATA
		       : rc == -ENOMEM                                  ? KT_HOST
									: KT_SYS,
		       0, "%s", e.text);
}

/*
 * Maps the kernel's symbols for the observer: NULL when nobody asked for it, or there are none
 * beside this kernel, which a warning says to those who asked.
 */
static struct obs *observer(const struct opts *o, const struct input *in, const struct machine *m,
			    struct rec_out *out)
{
	uint64_t period = o->monitor ? o->monitor_ns : MONITOR_DEFAULT;
	const char *vmlinux = rec_get_str(in->kernel, "vmlinux", NULL);
	static struct obs obs;
	struct errbuf e;

	if (!observes(o, in))
		return NULL;
	if (!vmlinux)
		errbuf_set(&e, -ENOENT, "there is no vmlinux beside the kernel");
	else if (obs_open(&obs, vmlinux, m, period, out, &e) == 0) {
		obs_plan(&obs, in->test);
		return &obs;
	}
	msg_warn("the guest runs unobserved: %s", e.text);
	return NULL;
}

static int run(const struct opts *o, const struct input *in, struct rec_out *out)
{
	const struct engine_ops *engine;
	struct machine m;
	struct errbuf passed, e;
	char version[64];
	uint64_t deadline;
	struct obs *obs;
	int rc;

	if (!in->topology)
		return msg_err(KT_DATA, 0,
			       "no topology record on standard input (kt-topo makes one)");
	if (machine_topology(&m, in->topology, &e))
		return msg_err(KT_DATA, 0, "%s", e.text);
	rc = check_plan(in, &m);
	if (rc)
		return rc;
	m.nested = o->nested;
	engine = engine_find(o->engine, &m, version, sizeof(version), &passed, &e);
	if (!engine)
		return msg_err(KT_HOST, 0, "%s", e.text);
	m.shared = engine->shares_memory;
	rc = prepare(o, in, engine, &m);
	if (!rc) {
		if (passed.text[0])
			msg_warn("%s: using the %s engine", passed.text, engine->name);
		deadline = o->deadline_ns ? o->deadline_ns : plan_deadline(in, m.cpus);
		obs = observer(o, in, &m, out);
		rc = run_guest(engine, &m, deadline,
			       vm_record(engine, version, passed.text, &m, deadline), obs, out);
		if (obs)
			obs_close(obs);
	}
	machine_free(&m);
	return rc;
}

static int probe(void)
{
	const struct engine_ops *const *p;
	struct errbuf e;
	char what[64];
	int rc = KT_HOST;

	for (p = engines; *p; p++) {
		if ((*p)->probe(NULL, what, sizeof(what), &e)) {
			printf("%s: no: %s\n", (*p)->name, e.text);
		} else {
			printf("%s: yes: %s\n", (*p)->name, what);
			rc = KT_OK;
		}
	}
	return rc;
}

static int known_engine(const char *name)
{
	if (engine_named(name) || strcmp(name, "auto") == 0)
		return -1;
	return msg_usage("unknown engine '%s' (expected auto, kvm or tcg)", name);
}

int main(int argc, char **argv)
{
	struct opts o = { .engine = "auto" };
	struct input in = { 0 };
	struct rec_out out = { .f = stdout };
	int rc;

	msg_init("kt-vm");
	opterr = 0;
	rc = opts_parse(&o, argc, argv);
	if (rc < 0)
		rc = known_engine(o.engine);
	if (rc < 0 && o.nested && strcmp(o.engine, "tcg"))
		rc = msg_usage("--nested needs --engine tcg");
	if (rc == KT_OK)
		return msg_finish(rc);
	if (rc < 0 && o.probe)
		return msg_finish(probe());
	if (rc < 0) {
		rc = read_input(&in, &out);
		rc = rc < 0 ? -rc : rc ? rc : run(&o, &in, &out);
	}
	rec_end(&out, rc);
	json_object_put(in.test);
	json_object_put(in.topology);
	json_object_put(in.kernel);
	json_object_put(in.initrd);
	return msg_finish(rc);
}
