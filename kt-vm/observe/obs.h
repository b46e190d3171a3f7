/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_OBS_H
#define KT_VM_OBSERVE_OBS_H

#include "engine/engine.h"
#include "guest_clock.h"
#include "idle.h"
#include "kernel/jtext.h"
#include "kernel/view.h"
#include "machine/machine.h"
#include "record.h"
#include "steal.h"

/*
 * The observer: what kt-vm sees of the guest's kernel by reading its memory. It is set up in
 * two parts: the vmlinux is mapped before the guest runs (behind a seccomp filter nothing can
 * be opened), and read once the guest's first record shows that its kernel is up.
 */
#define OBS_FIELDS 64 /* live fields of one test */

struct watch_field;

struct obs_watch {
	char name[64];  /* of its snapshots */
	char what[160]; /* the variable, as the test names it */
	uint64_t gva;
	unsigned int len;
	bool own;         /* observe/watchpoint.h */
	bool in_step;     /* it goes with its step */
	bool conditional; /* only writes of `equals` count */
	uint64_t equals;
	uint64_t map, map_id;       /* it goes with the BPF map that it is in; 0: in none */
	uint64_t hits, left;        /* so far; snapshots that it may still take */
	uint64_t last_ns, pause_ns; /* its last snapshot; the shortest time to the next */
};

struct obs {
	struct kview k;
	const struct engine_ops *engine; /* from obs_start() on */
	void *self;
	struct rec_out *out;
	uint64_t period_ns; /* between two samples; 0: none are taken */

	bool attached; /* the guest's memory can be read */
	bool off;      /* it cannot, and a record says why */

	struct kclock sched_clock, mono;
	struct kidle *idle;  /* of each CPU */
	uint64_t stood_ns;   /* so long the guest was paused, in all */
	uint64_t stands_ns;  /* since when it is, by the host's clock */
	unsigned int stands; /* how many want it to be */
	struct steal steal;

	uint64_t due_ns;  /* when the next sample is due, */
	uint64_t next_ns; /* and when it is taken: some time later */
	uint64_t samples;
	uint64_t progs_ns; /* when the programs were in one last; 0: not yet */
	struct jtext text;

	struct watch_field *field; /* of the plan, read with each sample */
	size_t nfields;
	uint64_t next_map; /* the number of the guest's next BPF map, when they were looked for */

	/* periodic snapshots: `wanted`, evenly over the middle 80 % of the workload */
	unsigned int wanted, taken;
	uint64_t workload_ns, workload_since; /* its length; when it began, 0: not yet */

	struct obs_watch watch[ENGINE_WATCHES]; /* as the engine has them */
	unsigned int nwatches;
	uint64_t exit_place; /* that the own one was last set to */

	bool lost; /* the engine did not answer in time: why says what it was asked for */
	struct errbuf why;

	struct kstack end;        /* of the CPU that has ended the scheduler */
	bool failed;              /* the scheduler's end was seen */
	unsigned int failures;    /* such ends that a snapshot was taken of */
	struct json_object *exit; /* what the kernel has said about it so far */
	uint64_t poll_ns;         /* when to look for it next, where no watchpoint tells */
};

/* `vmlinux` is that of the guest's kernel. 0 or -errno with words. */
int obs_open(struct obs *o, const char *vmlinux, const struct machine *m, uint64_t period_ns,
	     struct rec_out *out, struct errbuf *e);
void obs_close(struct obs *o);
/* The guest runs, on this engine. */
void obs_start(struct obs *o, const struct engine_ops *engine, void *self);
/* What the plan asks for; `test` must stay. */
void obs_plan(struct obs *o, struct json_object *test);
/* A step is over. */
void obs_step_ended(struct obs *o);
/* The first step begins. */
void obs_workload(struct obs *o, uint64_t now_ns);
/*
 * A record in which the guest asks for something ("request": true), and waits for a line on
 * `port` that says what came of it.
 */
void obs_request(struct obs *o, struct json_object *op, int port, uint64_t now_ns);
/* That line, and the record's own members; also where nobody observes. NULL: it went well. */
void obs_answer(struct json_object *op, int port, const char *error);
/* A watchpoint was hit; the guest is paused, and the caller resumes it. */
void obs_hit(struct obs *o, uint64_t now_ns);
/* The guest is about to end, for this reason (that of vm_exit). */
void obs_end(struct obs *o, const char *cause, uint64_t now_ns);
/*
 * The guest has its user space: finds the kernel, writes the `observe` record. -errno with words
 * when it cannot be observed, once; then, and from then on when it can, 0.
 */
int obs_attach(struct obs *o, uint64_t now_ns, struct errbuf *e);
/* Takes what is due at `now_ns`; when to come again, or UINT64_MAX. */
uint64_t obs_tick(struct obs *o, uint64_t now_ns);

#endif
