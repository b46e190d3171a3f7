/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PLAN_H
#define KT_GUEST_PLAN_PLAN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"
#include "limits.h"
#include "names.h"
#include "testfile/node.h"
#include "topo.h"

/*
 * The host side: a test file, resolved and checked, becomes a `test` record
 * (kt-records(7)). All functions return an enum kt_exit, with the message in `e`
 * unless it is KT_OK.
 */
struct plan_opts {
	const char *test;      /* name or file */
	const char *scheduler; /* NULL: the test's */
	const char *topology;  /* NULL: the test's; else one that topo_parse() takes */
	uint64_t duration_ns;  /* 0: the test's */
	struct limits limits;  /* override the test's */
	/* Array of sentences for people about what was left out; or NULL. */
	struct json_object *notes;
};

/* A scheduler as resolved. */
struct plan_sched {
	struct json_object *record;      /* of the test record; NULL for the kernel's own */
	struct json_object *constraints; /* those that it gives, or NULL */
	struct limits limits;
	char topology[TOPO_SPEC_MAX]; /* its default, or empty */
	char config[PATH_MAX];        /* where its configuration goes in the guest, or empty */
	bool configured;              /* it brings the contents itself */
	bool staged;                  /* an op names it: KT_SCHEDULER does not stand for it */
	bool option;                  /* the command line names it: no environment does */
};

/* How long workers live at most: as they will, and by the file alone, without --duration. */
struct plan_life {
	uint64_t ns, file_ns;
};

/* What is known at the point of the test that is being resolved. */
struct plan_ctx {
	struct topo topo;
	char spec[TOPO_SPEC_MAX];
	uint64_t duration_ns, file_duration_ns;
	const struct limits *limits; /* of the test */
	struct json_object *notes;   /* of plan_opts */
	struct {
		struct plan_life all, step, now; /* in the backdrop, in the longest step, here */
	} lives;
	struct plan_sched *sched; /* the test's */
	/* Parts of the record that grow while the test is read. */
	struct json_object *schedulers; /* those that ops name: plan_sched_ref() */
	struct json_object *programs;   /* what else is packed: plan_program(), plan_files() */
	struct json_object *payloads;   /* plan_payloads() */
	struct json_object *kargs;      /* of the test, and of `schedulers` */
	/* What is there, and runs, at this point. */
	struct names names;
	uint64_t workers; /* of the step so far, and of the backdrop */
	uint64_t backdrop_workers;
	size_t processes; /* worker groups and payloads of the whole test */
	bool attached;    /* a sched_ext scheduler, by the test or by an op */
	bool again;       /* ops are walked once more, as "every" repeats them */
};

/* plan/find.c: the path of the test file `name`, as messages show it, in path[PATH_MAX]. */
int plan_find_test(const char *name, char *path, struct errbuf *e);
/* Calls `fn` with each directory that tests are looked up in, in turn until it returns false. */
typedef bool plan_dir_fn(const char *dir, void *arg);
void plan_find_each(const char *sub, const char *data_sub, plan_dir_fn *fn, void *arg);
/* SUB/NAME.json in ./kt.d, $KT_PATH, kt's data: 0, or -ENOENT. */
int plan_find_file(const char *sub, const char *data_sub, const char *name, char *path);
/* The directories that plan_find_file() looks into, for messages. */
void plan_find_where(const char *sub, const char *data_sub, char *buf, size_t size);

/* plan/sched.c: `at` is the test's value, or NULL when `name` comes from the command line. */
int plan_sched_resolve(const struct node *at, const char *name, struct plan_sched *s,
		       struct errbuf *e);
/*
 * "config" and "sched_args" of the test, for its scheduler; left out when it is `replaced`, by
 * the command line, with one that has no use for them.
 */
int plan_sched_test(const struct node *test, struct plan_sched *s, bool replaced, struct errbuf *e);
void plan_sched_free(struct plan_sched *s);
/*
 * A scheduler that an op names, by name or as an object: its name in the records. It is
 * one of ctx->schedulers then, or the test's own.
 */
int plan_sched_ref(const struct node *n, const struct plan_ctx *ctx, const char **name,
		   struct errbuf *e);
/*
 * plan/sched_read.c: the object form; dflt is the name when it gives none, that of its file, which
 * is `named` there (NULL: on the command line). An object in place has neither.
 */
int plan_sched_read(const struct node *obj, const char *dflt, const struct node *named,
		    struct plan_sched *s, struct errbuf *e);
struct json_object *plan_sched_record(const char *name);
/*
 * plan/sched_program.c: the program of that name, or the one that the environment puts in its
 * place.
 */
int plan_sched_binary(const struct node *at, struct plan_sched *s, const char *name,
		      struct errbuf *e);
/* What this host lacks, with its place, or, for a name of the command line, without. */
int plan_sched_lacks(const struct node *at, struct errbuf *e, const char *text);

/* plan/constraints.c: "constraints" of a scheduler or test, added to *out (NULL at first). */
int plan_constraints(const struct node *n, struct json_object **out, struct errbuf *e);
/* All of them: those of the test, else of its scheduler, else the defaults. NULL: none is given. */
struct json_object *plan_constraints_merge(struct json_object *sched, struct json_object *test);

/* plan/program.c */
bool plan_is_program(const char *path);
/* An existing path; one in a file is relative to the file, else (`at` NULL) to the cwd. */
bool plan_absolute(const struct node *at, const char *path, char *buf);
/* Is it a place in the guest where a file can be seen? Says so at the value or at its key. */
int plan_guest_path(const struct node *n, bool at_key, const char *path, struct errbuf *e);
/*
 * A program of this host by name or path, to be packed with all it needs: adds its place in the
 * guest, as `guest_key`, and "host", here, to `out`.
 */
int plan_program(const struct node *n, const struct plan_ctx *ctx, struct json_object *out,
		 const char *guest_key, struct errbuf *e);
/* "files": an object of places in the guest and files of this host. */
int plan_files(const struct node *n, const struct plan_ctx *ctx, struct errbuf *e);
/* An item of "programs" or "files". */
struct json_object *plan_file_entry(const char *host, const char *guest, bool closure);

/*
 * plan/payload.c: "payloads", "payload" and "workloads" of the test into ctx->payloads;
 * *primary is a name or NULL, *workloads an array of names, to be released in any case.
 */
int plan_payloads(const struct node *test, const struct plan_ctx *ctx, const char **primary,
		  struct json_object **workloads, struct errbuf *e);
/* A payload that an op or the backdrop names: one of ctx->payloads. */
int plan_payload_ref(const struct node *n, const struct plan_ctx *ctx, struct json_object **payload,
		     struct errbuf *e);

/*
 * plan/kernel.c. plan_strings(): an array of strings, which `want` describes; check (may be NULL)
 * judges each.
 */
int plan_strings(const struct node *n, struct json_object *list, const char *want,
		 int (*check)(const struct node *, const char *, struct errbuf *),
		 struct errbuf *e);
int plan_kargs(const struct node *n, struct json_object *list, struct errbuf *e);
int plan_sysctls(const struct node *n, struct json_object *out, struct errbuf *e);
bool plan_sysctl_key_ok(const char *s);

/* plan/expect.c: "expect_error" of the test, as the record has it. */
int plan_expect(const struct node *n, struct json_object **expect, struct errbuf *e);

/* plan/cpuset.c: the CPUs of a "cpuset"; the second one takes a CPU list, too. */
int plan_cpuset(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		struct errbuf *e);
int plan_cpus(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
	      struct errbuf *e);

/* plan/control.c: the controllers' keys of a cgroup become files, by name. */
#define PLAN_CONTROL_KEYS                                                               \
	"cpu_max", "cpu_weight", "memory_max", "memory_high", "memory_low", "swap_max", \
		"io_weight", "pids_max"
#define PLAN_CPU_MAX 48
int plan_control(const struct node *cgroup, struct json_object *files, struct errbuf *e);
int plan_cpu_max(const struct node *n, char text[PLAN_CPU_MAX], struct errbuf *e);
int plan_weight(const struct node *n, int64_t *weight, struct errbuf *e);
/* "150%", above 0 and up to `most` percent; no message. */
bool plan_percent(const struct node *n, double most, double *pct);

/* plan/affinity.c: *out is NULL for "inherit". c: whose workers; NULL: the guest's root. */
int plan_affinity(const struct node *n, const struct plan_ctx *ctx, const struct cgname *c,
		  struct json_object **out, struct errbuf *e);

/* plan/policy.c */
int plan_policy(const struct node *n, struct json_object **policy, struct errbuf *e);
int plan_policy_fits(const struct node *n, struct json_object *policy, const struct plan_ctx *ctx,
		     const struct cgname *c, int64_t workers, struct errbuf *e);

/* plan/mem.c: *policy is NULL for "default"; lists of NUMA nodes of the topology. */
int plan_mem_policy(const struct node *n, const struct plan_ctx *ctx, const struct cgname *c,
		    struct json_object **policy, struct errbuf *e);
int plan_nodes(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
	       struct errbuf *e);

/* plan/group.c: *out is to be released in any case. */
#define PLAN_GROUP_KEYS                                                                     \
	"workers", "work", "policy", "nice", "affinity", "mem_policy", "numa_node", "comm", \
		"pcomm", "uid", "gid", "clone", "assert"
struct plan_group_at {
	const struct node *own, *outer; /* the group; what fills in for it, or NULL */
	const struct cgname *cgroup;    /* NULL: the guest's root */
};
int plan_group(const struct plan_group_at *at, struct plan_ctx *ctx, struct json_object **out,
	       int64_t *workers, struct errbuf *e);
/* "assert" of some workers, over that of what they are in (`outer`, may be NULL), into `out`. */
int plan_group_limits(const struct node *own, const struct node *outer, struct plan_ctx *ctx,
		      struct json_object *out, struct errbuf *e);

/* plan/cgroup.c: appended to `list`. */
int plan_cgroup(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
		struct errbuf *e);
int plan_cgroups(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
		 struct errbuf *e);

/* plan/ops/ops.c */
int plan_ops(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
	     struct errbuf *e);

/*
 * plan/refs.c: a payload or scheduler that an op names or defines, by name; when ops are walked
 * again, what they define is known already.
 */
int plan_payload_name(const struct node *n, const struct plan_ctx *ctx, const char **name,
		      struct errbuf *e);
int plan_sched_name(const struct node *n, const struct plan_ctx *ctx, const char **name,
		    struct errbuf *e);
/* The payload starts, in `c` or (NULL) in the cgroup of its definition. */
int plan_payload_start(const struct node *at, struct plan_ctx *ctx, const char *name,
		       struct cgname *c, struct errbuf *e);

/* plan/kargs.c: gives the test record `kargs`, behind those that its work types need. */
void plan_work_kargs(struct json_object *record, struct json_object *kargs);

/* plan/work.c: the resolved work; *group is the number that its workers come in. */
int plan_work(const struct node *n, const struct plan_ctx *ctx, struct json_object **work,
	      unsigned int *group, struct errbuf *e);
/* plan/custom.c: the parameters of Custom. */
int plan_custom(const struct node *n, const struct plan_ctx *ctx, struct json_object *work,
		struct errbuf *e);
/* The default work type, when a cgroup names none. */
struct json_object *plan_work_default(unsigned int *group);

/* plan/lives.c: how long workers live in a test whose durations are known. */
void plan_lives(const struct node *test, struct plan_ctx *ctx);
/*
 * A limit that workers who live that long can never exceed is an error of the block that sets it
 * (NULL: none) or of the options (NULL: not theirs); or it is off, with a note, when that is due
 * to --duration.
 */
int plan_lives_check(struct plan_ctx *ctx, struct limits *l, const struct node *block,
		     const struct limits *options, struct plan_life life, struct errbuf *e);

/* plan/steps.c: "backdrop" of the test, or NULL; "cgroups" or "steps"; the value of a "hold". */
int plan_hold(const struct node *n, uint64_t duration_ns, uint64_t *ns, struct errbuf *e);
int plan_backdrop(const struct node *test, struct plan_ctx *ctx, struct json_object **backdrop,
		  struct errbuf *e);
int plan_steps(const struct node *test, struct plan_ctx *ctx, struct json_object **steps,
	       struct errbuf *e);

/* plan.c */
int plan_resolve(const struct plan_opts *o, struct json_object **record, struct errbuf *e);
/* The same for a file that was read already; fuzzers come in here. */
int plan_resolve_file(const struct plan_opts *o, const struct jsonfile *f,
		      struct json_object **record, struct errbuf *e);

/* plan/cmd.c: kt-guest plan ... */
int plan_main(int argc, char **argv);

#endif
