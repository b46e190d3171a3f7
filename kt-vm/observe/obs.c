// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "clock.h"
#include "control.h"
#include "kernel/excerpt.h"
#include "kernel/objects/bpf.h"
#include "kernel/objects/domain.h"
#include "kernel/objects/name.h"
#include "kernel/objects/scx.h"
#include "kernel/unwind.h"
#include "live.h"
#include "monitor.h"
#include "obs.h"
#include "snapshot.h"
#include "units.h"
#include "watchpoint.h"

#define SCX_EXIT_UNREG 64   /* enum scx_exit_kind: user space has taken it off */
#define SCX_EXIT_ERROR 1024 /* errors begin here */
#define SNAPSHOTS_MAX  1024
#define FAILURES_MAX   64 /* with a snapshot: a guest can say at any rate that its scheduler ends */
#define POLL           (5 * NSEC_PER_MSEC)
#define POLL_BUSY      (1 * NSEC_PER_MSEC) /* between the first sign of an end and its reason */

int obs_open(struct obs *o, const char *vmlinux, const struct machine *m, uint64_t period_ns,
	     struct rec_out *out, struct errbuf *e)
{
	memset(o, 0, sizeof(*o));
	/* glibc would raise it to the largest block that was freed, and keep the next such one:
	 * the types of a kernel */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	o->out = out;
	o->period_ns = period_ns;
	o->next_ns = UINT64_MAX;
	return kview_open(&o->k, vmlinux, m, e);
}

void obs_close(struct obs *o)
{
	kview_close(&o->k);
	jtext_free(&o->text);
	free(o->idle);
	steal_free(&o->steal);
	live_free(o);
	json_object_put(o->exit);
	memset(o, 0, sizeof(*o));
}

void obs_start(struct obs *o, const struct engine_ops *engine, void *self)
{
	o->engine = engine;
	o->self = self;
}

static int load(struct obs *o, struct errbuf *e)
{
	int rc = kview_load(&o->k, e);

	if (rc)
		return rc;
	o->idle = calloc(o->k.m->cpus, sizeof(*o->idle));
	if (!o->idle || steal_init(&o->steal, o->k.m->cpus))
		return errbuf_set(e, -ENOMEM, "no memory to observe %u CPUs", o->k.m->cpus);
	return 0;
}

static struct json_object *hex(uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	return json_object_new_string(text);
}

static void put_observe(struct obs *o, uint64_t now_ns, uint64_t took_ns,
			struct json_object *absent, const char *error)
{
	struct json_object *r = rec_new("observe");

	rec_int(r, "t_ns", (int64_t)now_ns);
	rec_int(r, "took_ns", (int64_t)took_ns);
	rec_int(r, "period_ns", (int64_t)o->period_ns);
	rec_str(r, "error", error);
	if (!error) {
		rec_add(r, "kaslr_virt", hex(o->k.mem.virt_slide));
		rec_add(r, "kaslr_phys", hex(o->k.mem.phys_slide));
		rec_int(r, "page_table_levels", o->k.mem.levels);
		rec_add(r, "absent", absent);
	}
	rec_put(o->out, r);
}

/* Finds the kernel, and what of it is known; the record says what came of it. */
static int find_kernel(struct obs *o, uint64_t now_ns, struct errbuf *e)
{
	struct json_object *absent;
	uint64_t since = clock_ns();
	int rc = 0;

	if (!o->k.rq)
		rc = load(o, e);
	if (!rc)
		rc = kview_types(&o->k, e);
	if (!rc)
		rc = kview_learn(&o->k, e);
	if (!rc)
		rc = kmem_attach(&o->k.mem, e);
	if (rc) {
		kview_forget_types(&o->k);
		o->off = true;
		put_observe(o, now_ns, clock_ns() - since, NULL, e->text);
		return rc;
	}
	kview_begin(&o->k);
	absent = json_object_new_array();
	kprobe_all(o->k.types, &o->k.sym, &o->k.probe, absent);
	kview_forget_types(&o->k);
	kview_runqueues(&o->k);
	o->attached = true;
	put_observe(o, now_ns, clock_ns() - since, absent, NULL);
	return 0;
}

int obs_attach(struct obs *o, uint64_t now_ns, struct errbuf *e)
{
	int rc;

	if (o->attached || o->off)
		return 0;
	/* the guest has spoken, so its kernel is there, or it is another than that of our vmlinux
	 */
	rc = find_kernel(o, now_ns, e);
	if (rc)
		return rc;
	o->next_ns = o->due_ns = o->period_ns ? now_ns : UINT64_MAX;
	snapshot_rehearse(o);
	watch_exit(o);
	return 0;
}

void obs_plan(struct obs *o, struct json_object *test)
{
	struct json_object *steps = rec_get_arr(test, "steps");
	int64_t wanted = rec_get_int(test, "num_snapshots", 0);
	size_t i;

	live_plan(o, rec_get_arr(test, "watch_fields"));
	o->wanted = wanted < 0 ? 0 : wanted > SNAPSHOTS_MAX ? SNAPSHOTS_MAX : (unsigned int)wanted;
	for (i = 0; steps && i < json_object_array_length(steps); i++)
		o->workload_ns +=
			(uint64_t)rec_get_int(json_object_array_get_idx(steps, i), "hold_ns", 0);
}

void obs_workload(struct obs *o, uint64_t now_ns)
{
	if (!o->workload_since)
		o->workload_since = now_ns;
}

void obs_step_ended(struct obs *o)
{
	watch_step_ended(o);
}

/* When periodic snapshot i is due: ktstr's rule, spec 1.21. */
static uint64_t snapshot_due(const struct obs *o, unsigned int i)
{
	if (!o->workload_since || i >= o->wanted)
		return UINT64_MAX;
	return o->workload_since + o->workload_ns / 10 +
	       (i + 1) * (o->workload_ns / 10 * 8 / (o->wanted + 1));
}

static void take_periodic(struct obs *o, uint64_t now_ns)
{
	struct errbuf e;
	char name[24];

	snprintf(name, sizeof(name), "periodic_%03u", o->taken++);
	snapshot_take(o, name, SNAPSHOT_PERIODIC, now_ns, &e);
}

/* Writes what was last read about the scheduler's end: the kernel has nothing more to say. */
static void put_exit(struct obs *o, uint64_t now_ns)
{
	struct json_object *r = rec_new("scx_exit");

	rec_int(r, "t_ns", (int64_t)now_ns);
	rec_add(r, "exit", o->exit);
	o->exit = NULL;
	rec_put(o->out, r);
}

/*
 * The scheduler ends, and nobody has asked for it; when it is thrown out for an error its state is
 * read before the kernel takes it apart. Why it was, and the kernel's own dump, are written little
 * by little by the work that does so, and freed at its end: the last that could be read is kept.
 */
static void look_for_failure(struct obs *o, uint64_t now_ns)
{
	struct json_object *exit;
	unsigned int kind;
	struct errbuf e;

	kview_begin(&o->k);
	kind = kscx_exit_kind(&o->k);
	exit = kind > SCX_EXIT_UNREG ? kscx_exit(&o->k, &o->end) : NULL;
	if (exit) {
		json_object_put(o->exit);
		o->exit = exit;
	}
	if (kind >= SCX_EXIT_ERROR && !o->failed && o->failures < FAILURES_MAX) {
		o->failures++;
		snapshot_take(o, "failure", SNAPSHOT_FAILURE, now_ns, &e);
	}
	o->failed = kind >= SCX_EXIT_ERROR;
	if (!exit)
		o->end.n = 0;
	if (!exit && o->exit)
		put_exit(o, now_ns);
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Between samples, for what they say of the time between; when to come again. A sample looks, too:
 * what is due shortly before one waits for it.
 */
static uint64_t look_between(struct obs *o, uint64_t now_ns)
{
	if (!o->period_ns || o->steal.next_ns + o->steal.slice_ns / 2 > o->next_ns)
		return UINT64_MAX;
	if (now_ns >= o->steal.next_ns) {
		kview_begin(&o->k);
		kclock_look(o, obs_ran(o, now_ns));
		kidle_look(o, now_ns);
		steal_poll(&o->steal, o->engine, o->self, now_ns);
	}
	return o->steal.next_ns;
}

/*
 * Up to a tenth of the period later: what happens in the guest at each tick, or every 20 ms, is not
 * to be seen by all samples or by none.
 */
static uint64_t jitter(const struct obs *o)
{
	return o->samples * 0x9e3779b97f4a7c15 % (o->period_ns / 10 + 1);
}

uint64_t obs_tick(struct obs *o, uint64_t now_ns)
{
	uint64_t next;

	if (!o->attached)
		return UINT64_MAX;
	if (now_ns >= o->poll_ns) {
		look_for_failure(o, now_ns);
		watch_check(o);
		watch_exit(o);
		o->poll_ns = now_ns + (o->exit ? POLL_BUSY : POLL);
	}
	if (now_ns >= snapshot_due(o, o->taken))
		take_periodic(o, now_ns);
	next = look_between(o, now_ns);
	if (now_ns >= o->next_ns) {
		kdomain_watch(&o->k, now_ns, o->out);
		monitor_sample(o, now_ns);
		/* ticks that were missed are not made up for */
		o->due_ns += ((now_ns - o->due_ns) / o->period_ns + 1) * o->period_ns;
		o->next_ns = o->due_ns + jitter(o);
	}
	next = earliest(next, earliest(o->next_ns, o->poll_ns));
	return earliest(next, snapshot_due(o, o->taken));
}

void obs_answer(struct json_object *op, int port, const char *error)
{
	struct json_object *o = json_object_new_object();
	struct iovec iov[2] = { { NULL, 0 }, { "\n", 1 } };
	const struct msghdr line = { .msg_iov = iov, .msg_iovlen = 2 };

	rec_bool(o, "ok", !error);
	rec_str(o, "error", error);
	/* the record says the same, in place of what the guest could not yet know */
	rec_bool(op, "ok", !error);
	rec_str(op, "error", error);
	iov[0].iov_base = (char *)json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN,
								    &iov[0].iov_len);
	sendmsg(port, &line, MSG_NOSIGNAL); /* the guest may be gone */
	json_object_put(o);
}

/* A value read into the record, or written. */
static int access_value(struct obs *o, struct json_object *op, bool write, struct errbuf *e)
{
	struct json_object *value;
	struct kname n;
	int rc = kname_find(&o->k, rec_get_str(op, "what", ""), &n, e);

	if (rc || write)
		return rc ? rc : kname_write(&o->k, &n, (uint64_t)rec_get_int(op, "value", 0), e);
	value = kname_read(&o->k, &n, e);
	if (value)
		rec_add(op, "value", value);
	return value ? 0 : -EFAULT;
}

static int serve(struct obs *o, struct json_object *op, uint64_t now_ns, struct errbuf *e)
{
	const char *kind = rec_get_str(op, "op", "");

	if (!o->attached)
		return errbuf_set(e, -ENODEV, "the guest's kernel cannot be read");
	kview_begin(&o->k);
	if (strcmp(kind, "snapshot") == 0)
		return snapshot_take(o, rec_get_str(op, "name", "?"), SNAPSHOT_OP, now_ns, e);
	if (strcmp(kind, "watch") == 0)
		return watch_request(o, op, e);
	if (strcmp(kind, "read") == 0 || strcmp(kind, "write_value") == 0)
		return access_value(o, op, *kind == 'w', e);
	return errbuf_set(e, -ENOSYS, "kt-vm does not know this request");
}

void obs_request(struct obs *o, struct json_object *op, int port, uint64_t now_ns)
{
	struct errbuf e = { "" };
	uint64_t since = clock_ns();
	int rc = serve(o, op, now_ns, &e);

	kview_forget_types(&o->k);
	rec_int(op, "duration_ns", (int64_t)(clock_ns() - since));
	obs_answer(op, port, rc ? e.text : NULL);
}

/* The first sign of an end, and whose it is: this CPU stands where it gives it. */
static void keep_stack(struct obs *o, unsigned int cpu)
{
	const struct engine_control *c = o->engine->control;
	struct vcpu_regs r;
	struct errbuf e;

	kview_begin(&o->k);
	if (kscx_exit_claimed(&o->k) > SCX_EXIT_UNREG && !o->end.n && c->regs &&
	    !c->regs(o->self, cpu, &r, &e))
		o->end.n = kunwind(&o->k, &r, o->end.pc, KVIEW_STACK);
}

void obs_hit(struct obs *o, uint64_t now_ns)
{
	struct engine_hit h;

	while (o->engine->control->hit(o->self, &h))
		if (watch_hit(o, h.watch, now_ns)) {
			keep_stack(o, h.cpu);
			look_for_failure(o, now_ns);
			watch_exit(o);
			o->poll_ns = now_ns; /* there is more to come */
		}
}

void obs_end(struct obs *o, const char *cause, uint64_t now_ns)
{
	bool asked = strcmp(cause, "poweroff") == 0 || strcmp(cause, "interrupted") == 0;
	struct errbuf e;

	if (o->exit)
		put_exit(o, now_ns);
	if (asked || o->failed || o->lost)
		return;
	/* a guest that hangs or panicked is still there to be looked at, also one that did at boot
	 */
	if (!o->attached && !o->off)
		find_kernel(o, now_ns, &e);
	if (o->attached)
		snapshot_take(o, cause, SNAPSHOT_FAILURE, now_ns, &e);
}
