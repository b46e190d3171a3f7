// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control over a guest that QEMU runs. QMP pauses and resumes. QEMU's gdb stub reads
 * registers and holds watchpoints; it stops the guest when it is started and at any
 * byte that it gets while the guest runs, so that it is spoken to only in a pause. It
 * tells what stopped the guest only if it was the stub that set it going: with
 * watchpoints armed the guest is resumed by the stub, without by QMP.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "record.h"
#include "tcg.h"

#define REGS_BATCH 32 /* vCPUs whose registers are asked for at once */

static bool is_paused(const struct tcg *t)
{
	return t->paused;
}

static bool has_resumed(const struct tcg *t)
{
	return t->resumes != t->resumes_before;
}

static bool has_reply(const struct tcg *t)
{
	return t->reply;
}

static int no_answer(int rc, struct errbuf *e)
{
	if (rc == -ETIMEDOUT)
		return errbuf_set(e, rc, QEMU " does not answer");
	return errbuf_set(e, rc, QEMU " does not listen: %s", strerror(-rc));
}

/* Takes what QMP has said: 0, -ESRCH when the guest has ended, or -errno. */
static int listen_qmp(struct tcg *t, struct errbuf *e)
{
	int rc = qmp_read(&t->qmp, tcg_on_qmp, t);

	if (t->event != ENGINE_NONE)
		return errbuf_set(e, -ESRCH, "the guest has come to its end");
	return rc ? no_answer(rc, e) : 0;
}

static int await(struct tcg *t, bool (*done)(const struct tcg *), uint64_t deadline_ns,
		 struct errbuf *e)
{
	int rc = 0;

	while (!rc && !done(t)) {
		struct pollfd p = { .fd = t->qmp.fd, .events = POLLIN };
		uint64_t now = clock_ns();

		if (now >= deadline_ns)
			return no_answer(-ETIMEDOUT, e);
		poll(&p, 1, (int)((deadline_ns - now) / NSEC_PER_MSEC) + 1);
		rc = listen_qmp(t, e);
		/* questions are answered also when the guest's end is reached */
		if (rc == -ESRCH && done == has_reply)
			rc = 0;
	}
	return rc;
}

static int tell(struct tcg *t, const char *command, const char *arguments, struct errbuf *e)
{
	int rc = qmp_send(&t->qmp, command, arguments, ++t->calls);

	json_object_put(t->reply);
	t->reply = NULL;
	return rc ? no_answer(rc, e) : 0;
}

/* A QMP command whose reply, which stays t->reply, matters. */
static int ask(struct tcg *t, const char *command, const char *arguments, uint64_t deadline_ns,
	       struct errbuf *e)
{
	int rc = tell(t, command, arguments, e);

	if (!rc)
		rc = await(t, has_reply, deadline_ns, e);
	if (!rc && !json_object_object_get(t->reply, "return"))
		rc = errbuf_set(e, -EOPNOTSUPP, QEMU " refuses %s: %s", command,
				rec_get_str(rec_get_obj(t->reply, "error"), "desc", "no reason"));
	return rc;
}

/* ---- the gdb stub -------------------------------------------------------------------- */

static int stub_failed(int rc, const char *what, struct errbuf *e)
{
	if (rc == -EPROTO)
		return errbuf_set(e, -EOPNOTSUPP, QEMU "'s gdb stub refuses '%s'", what);
	if (rc == -EBADMSG)
		return errbuf_set(e, rc, QEMU "'s gdb stub answers '%s' with garbage", what);
	return no_answer(rc, e);
}

static int stub_call(struct tcg *t, const char *what, char *out, size_t size, uint64_t deadline_ns,
		     struct errbuf *e)
{
	int rc = gdb_call(&t->gdb, what, out, size, deadline_ns);

	return rc ? stub_failed(rc, what, e) : 0;
}

/* Starts the stub, in a pause, if it does not listen yet. */
static int stub_start(struct tcg *t, uint64_t deadline_ns, struct errbuf *e)
{
	char out[128];
	int rc;

	if (t->stub)
		return 0;
	rc = ask(t, "human-monitor-command", "{\"command-line\":\"gdbserver chardev:gdb\"}",
		 deadline_ns, e);
	if (rc)
		return rc;
	/* what it says in words differs from version to version; an answer is the proof */
	rc = stub_call(t, "?", out, sizeof(out), deadline_ns, e);
	t->stub = rc == 0;
	return rc;
}

static int read_regs(struct tcg *t, unsigned int cpu, struct vcpu_regs *r, uint64_t deadline_ns,
		     struct errbuf *e)
{
	char text[GDB_PACKET_MAX];
	int rc;

	snprintf(text, sizeof(text), "Hg%x", cpu + 1);
	rc = stub_call(t, text, text, sizeof(text), deadline_ns, e);
	if (!rc)
		rc = stub_call(t, "g", text, sizeof(text), deadline_ns, e);
	if (!rc && gdb_registers(text, r))
		rc = stub_failed(-EBADMSG, "g", e);
	return rc;
}

/* The replies to "Hg" and "g", both of them whatever the first says. */
static int receive_regs(struct tcg *t, struct vcpu_regs *r, uint64_t deadline_ns, struct errbuf *e)
{
	char text[GDB_PACKET_MAX];
	int rc = gdb_recv(&t->gdb, text, sizeof(text), deadline_ns);

	if (!rc && strcmp(text, "OK"))
		rc = -EPROTO;
	if (!rc || rc == -EPROTO) {
		int rc2 = gdb_recv(&t->gdb, text, sizeof(text), deadline_ns);

		rc = rc ? rc : rc2;
	}
	if (!rc && gdb_registers(text, r))
		rc = -EBADMSG;
	return rc ? stub_failed(rc, "g", e) : 0;
}

/* Some vCPUs' at once: each time that QEMU is woken for a question may take as long as all else. */
static int read_batch(struct tcg *t, unsigned int cpu, unsigned int end, uint64_t deadline_ns,
		      struct errbuf *e)
{
	char text[32];
	unsigned int i;
	int rc = 0;

	for (i = cpu; !rc && i < end; i++) {
		snprintf(text, sizeof(text), "Hg%x", i + 1);
		rc = gdb_send(&t->gdb, text);
		if (!rc)
			rc = gdb_send(&t->gdb, "g");
	}
	if (rc)
		return stub_failed(rc, "g", e);
	for (i = cpu; i < end; i++) {
		int one = receive_regs(t, &t->regs[i], deadline_ns, e);

		rc = rc ? rc : one;
	}
	return rc;
}

/* Those of all vCPUs, which stay what they are for as long as the pause lasts. */
static int read_all_regs(struct tcg *t, uint64_t deadline_ns, struct errbuf *e)
{
	unsigned int cpu, end;
	int rc = 0;

	if (!t->regs)
		t->regs = calloc(t->cpus, sizeof(*t->regs));
	if (!t->regs)
		return errbuf_set(e, -ENOMEM, "out of memory");
	for (cpu = 0; !rc && cpu < t->cpus && !t->regs_read; cpu = end) {
		end = cpu + REGS_BATCH < t->cpus ? cpu + REGS_BATCH : t->cpus;
		rc = read_batch(t, cpu, end, deadline_ns, e);
	}
	t->regs_read = rc == 0;
	return rc;
}

/* The watchpoint that stopped the guest, or -1: one that was disarmed, or hit on two CPUs at once.
 */
static int which(const struct tcg *t, const struct gdb_stop *s, uint64_t rip)
{
	unsigned int i;

	for (i = 0; i < t->watches; i++) {
		const struct engine_watch *w = &t->watch[i];

		if (w->type == ENGINE_WATCH_EXECUTE ? !s->watch && rip == w->addr
						    : s->watch && s->addr - w->addr < w->len)
			return (int)i;
	}
	return -1;
}

/* A stop reply: news if it is of a watchpoint. */
static int note_stop(struct tcg *t, const char *text, uint64_t deadline_ns, struct errbuf *e)
{
	struct vcpu_regs r = { 0 };
	struct gdb_stop s;
	int i, rc;

	if (gdb_stop_reply(text, &s) || s.thread > t->cpus)
		return stub_failed(-EBADMSG, "c", e);
	if (s.signal != GDB_SIGNAL_TRAP || !s.thread)
		return 0;
	if (!s.watch) {
		rc = read_regs(t, s.thread - 1, &r, deadline_ns, e);
		if (rc)
			return rc;
	}
	i = which(t, &s, r.rip);
	if (i >= 0) {
		t->hit = (struct engine_hit){ .cpu = s.thread - 1, .watch = (unsigned int)i };
		t->hit_state = TCG_HIT_NEWS;
		t->want_pause = true;
		t->at_execute = !s.watch;
	}
	return 0;
}

/* The stop reply that the stub owes; with a deadline of 0 only if it is there. */
static int take_stop(struct tcg *t, uint64_t deadline_ns, struct errbuf *e)
{
	char text[256];
	int rc = gdb_recv(&t->gdb, text, sizeof(text), deadline_ns);

	if (rc == -ETIMEDOUT && !deadline_ns)
		return 0;
	if (rc)
		return stub_failed(rc, "c", e);
	t->continued = false;
	return note_stop(t, text, deadline_ns ? deadline_ns : clock_ns() + ENGINE_CONTROL_NS, e);
}

/* Past the watched instruction that a vCPU stands at: one step of it alone, without interrupts. */
static int step_over(struct tcg *t, uint64_t deadline_ns, struct errbuf *e)
{
	char text[32];
	int rc;

	snprintf(text, sizeof(text), "vCont;s:%x", t->hit.cpu + 1);
	t->at_execute = false;
	t->resumes_before = t->resumes;
	rc = gdb_send(&t->gdb, text);
	if (rc)
		return stub_failed(rc, text, e);
	t->continued = true;
	rc = await(t, has_resumed, deadline_ns, e);
	if (!rc)
		rc = await(t, is_paused, deadline_ns, e);
	return rc ? rc : take_stop(t, deadline_ns, e);
}

static int set_going(struct tcg *t, uint64_t deadline_ns, struct errbuf *e)
{
	int rc;

	t->resumes_before = t->resumes;
	if (t->watches) {
		rc = gdb_send(&t->gdb, "c");
		t->continued = rc == 0;
		if (rc)
			return stub_failed(rc, "c", e);
	} else {
		rc = tell(t, "cont", NULL, e);
	}
	return rc ? rc : await(t, has_resumed, deadline_ns, e);
}

/* ---- the table ----------------------------------------------------------------------- */

/* A guest that has come to its end stands still soon, for ever: its registers are what they were.
 */
static void come_to_rest(struct tcg *t, uint64_t deadline_ns)
{
	struct errbuf e;

	while (!t->paused && qmp_read(&t->qmp, tcg_on_qmp, t) == 0 && clock_ns() < deadline_ns) {
		struct pollfd p = { .fd = t->qmp.fd, .events = POLLIN };

		poll(&p, 1, 100);
	}
	if (t->paused && t->continued)
		take_stop(t, deadline_ns, &e);
}

static int pause_guest(void *self, uint64_t *took_ns, struct errbuf *e)
{
	uint64_t start = clock_ns(), deadline = start + ENGINE_CONTROL_NS;
	struct tcg *t = self;
	int rc = listen_qmp(t, e);

	t->want_pause = true;
	if (rc == -ESRCH)
		come_to_rest(t, deadline);
	if (!rc && !t->paused) {
		rc = tell(t, "stop", NULL, e);
		if (!rc)
			rc = await(t, is_paused, deadline, e);
	}
	if (!rc && t->continued)
		rc = take_stop(t, deadline, e);
	*took_ns = clock_ns() - start;
	return rc;
}

static uint64_t real_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

/*
 * The guest is on its way before this process, which its CPUs compete with, is told: QEMU's own
 * time counts, unless the host's clock was set meanwhile.
 */
static uint64_t until_resumed(const struct tcg *t, uint64_t start_ns, uint64_t start_real_ns)
{
	uint64_t told = t->resumed_ns + NSEC_PER_USEC - start_real_ns;
	uint64_t measured = clock_ns() - start_ns;

	return told < measured ? told : measured;
}

static int resume(void *self, uint64_t *took_ns, struct errbuf *e)
{
	uint64_t start = clock_ns(), real = real_ns(), deadline = start + ENGINE_CONTROL_NS;
	struct tcg *t = self;
	int rc = listen_qmp(t, e);

	*took_ns = 0;
	if (rc || t->hit_state == TCG_HIT_NEWS)
		return rc;
	t->hit_state = TCG_HIT_NONE;
	t->want_pause = false;
	if (!t->paused || t->continued)
		return 0;
	if (t->at_execute && t->watches)
		rc = step_over(t, deadline, e);
	if (!rc && t->hit_state == TCG_HIT_NONE)
		rc = set_going(t, deadline, e);
	*took_ns = until_resumed(t, start, real);
	return rc;
}

static int check_paused(struct tcg *t, struct errbuf *e)
{
	int rc = listen_qmp(t, e);

	if (rc && rc != -ESRCH)
		return rc;
	if (t->paused && !t->continued)
		return 0;
	return rc ? rc : errbuf_set(e, -EBUSY, "the guest is not paused");
}

static int regs(void *self, unsigned int cpu, struct vcpu_regs *r, struct errbuf *e)
{
	uint64_t deadline = clock_ns() + ENGINE_CONTROL_NS;
	struct tcg *t = self;
	int rc;

	if (cpu >= t->cpus)
		return errbuf_set(e, -EINVAL, "there is no vCPU %u", cpu);
	rc = check_paused(t, e);
	if (!rc)
		rc = stub_start(t, deadline, e);
	if (!rc)
		rc = read_all_regs(t, deadline, e);
	if (!rc)
		*r = t->regs[cpu];
	return rc;
}

/* Inserts ('Z') or removes ('z') one. */
static int put_watch(struct tcg *t, char how, const struct engine_watch *w, uint64_t deadline_ns,
		     struct errbuf *e)
{
	int kind = w->type == ENGINE_WATCH_EXECUTE ? 1 : w->type == ENGINE_WATCH_WRITE ? 2 : 4;
	char text[64], out[64];

	snprintf(text, sizeof(text), "%c%d,%" PRIx64 ",%x", how, kind, w->addr, w->len);
	return stub_call(t, text, out, sizeof(out), deadline_ns, e);
}

static int watch(void *self, const struct engine_watch *w, unsigned int n, struct errbuf *e)
{
	uint64_t deadline = clock_ns() + ENGINE_CONTROL_NS;
	struct tcg *t = self;
	int rc = engine_check_watch(w, n, e);

	if (!rc)
		rc = check_paused(t, e);
	if (!rc && (n || t->watches))
		rc = stub_start(t, deadline, e);
	while (!rc && t->watches)
		rc = put_watch(t, 'z', &t->watch[--t->watches], deadline, e);
	for (; !rc && n; n--, w++) {
		rc = put_watch(t, 'Z', w, deadline, e);
		if (!rc)
			t->watch[t->watches++] = *w;
	}
	return rc;
}

static bool hit(void *self, struct engine_hit *h)
{
	struct tcg *t = self;

	if (t->hit_state != TCG_HIT_TOLD)
		return false;
	*h = t->hit;
	t->hit_state = TCG_HIT_NONE;
	return true;
}

enum engine_event tcg_hits(struct tcg *t, struct errbuf *why)
{
	uint64_t deadline = clock_ns() + ENGINE_CONTROL_NS;
	int rc = t->continued ? take_stop(t, 0, why) : 0;

	if (!rc && t->hit_state == TCG_HIT_NEWS) {
		/* the stub is some microseconds ahead of QMP */
		rc = await(t, is_paused, deadline, why);
		if (!rc) {
			t->hit_state = TCG_HIT_TOLD;
			return ENGINE_HIT;
		}
	}
	/* stopped for a watchpoint that is disarmed by now: nobody asked for that */
	if (!rc && t->paused && !t->want_pause && !t->continued)
		rc = set_going(t, deadline, why);
	/* of a guest or a QEMU that has ended handle() knows more */
	return rc && rc != -ESRCH && rc != -EPIPE ? ENGINE_LOST : ENGINE_NONE;
}

static int open_schedstat(pid_t pid, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The threads of all vCPUs, which stay the same. */
static int find_threads(struct tcg *t, struct errbuf *e)
{
	struct json_object *list;
	size_t i;
	int rc = ask(t, "query-cpus-fast", NULL, clock_ns() + ENGINE_CONTROL_NS, e);

	if (rc)
		return rc;
	free(t->tid); /* there was no memory for the other */
	t->tid = calloc(t->cpus, sizeof(*t->tid));
	t->schedstat = calloc(t->cpus, sizeof(*t->schedstat));
	if (!t->tid || !t->schedstat)
		return errbuf_set(e, -ENOMEM, "out of memory");
	list = rec_get_arr(t->reply, "return");
	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		int64_t cpu = rec_get_int(o, "cpu-index", -1);

		if (cpu >= 0 && cpu < t->cpus)
			t->tid[cpu] = (pid_t)rec_get_int(o, "thread-id", 0);
	}
	for (i = 0; i < t->cpus; i++)
		t->schedstat[i] = open_schedstat(t->qemu.pid, t->tid[i]);
	return 0;
}

static int thread(void *self, unsigned int cpu, struct engine_thread *th, struct errbuf *e)
{
	struct tcg *t = self;
	int rc = 0;

	if (cpu >= t->cpus)
		return errbuf_set(e, -EINVAL, "there is no vCPU %u", cpu);
	if (!t->tid || !t->schedstat)
		rc = find_threads(t, e);
	if (rc)
		return rc;
	th->pid = t->qemu.pid;
	th->tid = t->tid[cpu];
	return engine_schedstat(t->schedstat[cpu], th, e);
}

const struct engine_control tcg_control = {
	.pause = pause_guest,
	.resume = resume,
	.regs = regs,
	.watch = watch,
	.hit = hit,
	.thread = thread,
};
