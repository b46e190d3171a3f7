// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "exit.h"
#include "msg.h"
#include "observe/control.h"
#include "observe/obs.h"
#include "run.h"
#include "sink.h"
#include "units.h"

struct run {
	const struct engine_ops *engine;
	void *self;
	struct sink sink;
	struct obs *obs; /* or NULL */
	int console, port, signals;
	int loadavg; /* of the host: opened before the sandbox closes */
	uint64_t deadline_ns;
	int told;    /* SIGUSR1 or SIGUSR2, and not yet done; or 0 */
	bool paused; /* by a signal: nobody looks at the guest, which would let it run again */
	bool hit;    /* a watchpoint meanwhile: to be looked at later */
	const char *cause;         /* of vm_exit, once known */
	struct json_object *known; /* to the engine, of the guest's end */
	struct errbuf why;
	int code;
};

static void end_run(struct run *r, const char *cause, int code)
{
	if (!r->cause) {
		r->cause = cause;
		r->code = code;
	}
}

/*
 * Takes a piece of what is there from one of the guest's two streams; closes it at its end.
 * False: there is no more for now. A guest may speak faster than records are written, so that
 * whoever calls it again and again looks at the clock in between, too.
 */
static bool take(struct run *r, int *fd)
{
	char buf[16384];
	ssize_t n = *fd < 0 ? -1 : read(*fd, buf, sizeof(buf));

	if (n < 0)
		return false;
	if (n == 0) {
		close(*fd);
		*fd = -1;
	} else if (fd == &r->console) {
		sink_console(&r->sink, buf, (size_t)n);
	} else if (sink_port(&r->sink, buf, (size_t)n, &r->why)) {
		/* the guest is out of its mind: nothing more that it says counts */
		end_run(r, "garbage", msg_err(KT_DATA, 0, "%s", r->why.text));
		close(*fd);
		*fd = -1;
	}
	return *fd >= 0;
}

/* All that is there; of a guest that still runs: what a second is enough for. */
static void take_rest(struct run *r, int *fd, bool runs)
{
	uint64_t end = sink_now(&r->sink) + NSEC_PER_SEC;

	while (take(r, fd) && (!runs || sink_now(&r->sink) < end))
		;
}

static int lost(struct run *r)
{
	return msg_err(KT_SYS, 0, "the guest is lost: %s", r->why.text);
}

/* Whoever has armed a watchpoint looks; then the guest may go on. */
static void look_at_hit(struct run *r)
{
	r->hit = false;
	if (r->obs)
		obs_hit(r->obs, sink_now(&r->sink));
}

static void after_hit(struct run *r)
{
	const struct engine_control *c = r->engine->control;
	uint64_t took;

	r->hit = true;
	if (r->paused)
		return;
	if (r->obs)
		obs_stands(r->obs);
	look_at_hit(r);
	if (c->resume(r->self, &took, &r->why) == -ETIMEDOUT)
		end_run(r, "engine_lost", lost(r));
	if (r->obs)
		obs_goes(r->obs);
}

static void engine_says(struct run *r)
{
	switch (r->engine->handle(r->self, &r->why)) {
	case ENGINE_NONE:
		break;
	case ENGINE_POWEROFF:
		end_run(r, "poweroff", KT_OK);
		break;
	case ENGINE_RESET:
		end_run(r, "reboot", KT_FAIL);
		break;
	case ENGINE_TRIPLE_FAULT:
		end_run(r, "triple_fault", KT_FAIL);
		break;
	case ENGINE_HIT:
		after_hit(r);
		break;
	case ENGINE_LOST:
		end_run(r, "engine_lost", lost(r));
		break;
	}
}

/* SIGUSR1 and SIGUSR2 pause and resume the guest; a record says how long that took. */
static void control(struct run *r, bool pause)
{
	const struct engine_control *c = r->engine->control;
	struct json_object *o = rec_new("control");
	uint64_t took = 0;
	struct errbuf e = { "" };
	int rc;

	if (!pause && r->hit)
		look_at_hit(r);
	rc = pause ? c->pause(r->self, &took, &e) : c->resume(r->self, &took, &e);
	if (r->obs && pause && !rc && !r->paused)
		obs_stands(r->obs);
	else if (r->obs && !pause && r->paused)
		obs_goes(r->obs);
	r->paused = pause && !rc;
	if (rc == -ETIMEDOUT) { /* nobody knows whether the guest runs */
		r->why = e;
		end_run(r, "engine_lost", lost(r));
	}

	rec_int(o, "t_ns", (int64_t)sink_now(&r->sink));
	rec_str(o, "op", pause ? "pause" : "resume");
	rec_int(o, "took_ns", (int64_t)took);
	rec_str(o, "error", rc ? e.text : NULL);
	rec_put(r->sink.out, o);
}

/* Takes a signal, if there is one. Pause and resume have their turn in the loop. */
static void listen_for_signal(struct run *r)
{
	struct signalfd_siginfo si;

	if (read(r->signals, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGUSR1 || si.ssi_signo == SIGUSR2)
		r->told = (int)si.ssi_signo;
	else
		end_run(r, "interrupted", KT_SIGNAL + (int)si.ssi_signo);
}

static struct timespec timeout(const struct run *r, uint64_t until)
{
	uint64_t now = sink_now(&r->sink), left;

	until = until < r->deadline_ns ? until : r->deadline_ns;
	left = until > now ? until - now : 0;
	return (struct timespec){ .tv_sec = (time_t)(left / NSEC_PER_SEC),
				  .tv_nsec = (long)(left % NSEC_PER_SEC) };
}

/* Looks at the guest, once it is up, as often as is asked for; when to come again. */
static uint64_t observe(struct run *r)
{
	struct errbuf e;

	if (!r->obs || r->paused)
		return UINT64_MAX;
	if (r->sink.seen_init && obs_attach(r->obs, sink_now(&r->sink), &e))
		msg_warn("the guest runs unobserved: %s", e.text);
	if (r->sink.seen_workload)
		obs_workload(r->obs, sink_now(&r->sink));
	return obs_tick(r->obs, sink_now(&r->sink));
}

/* What an observer has asked the engine for was not answered in time. */
static void check_observer(struct run *r)
{
	if (!r->obs || !r->obs->lost || r->cause)
		return;
	r->why = r->obs->why;
	end_run(r, "engine_lost", lost(r));
}

/* An answer takes a while, and a guest can ask for many at once: each may be the last. */
static void request(void *ctx, struct json_object *op)
{
	struct run *r = ctx;

	listen_for_signal(r);
	if (r->cause || sink_now(&r->sink) >= r->deadline_ns)
		obs_answer(op, r->port, "the guest is at its end");
	else if (r->obs)
		obs_request(r->obs, op, r->port, sink_now(&r->sink));
	else
		obs_answer(op, r->port, "the guest runs unobserved");
}

static void step_ended(void *ctx)
{
	struct run *r = ctx;

	if (r->obs)
		obs_step_ended(r->obs);
}

/* A panic ends in a reset (panic=-1), or hangs until the deadline. */
static const char *cause_of(const struct run *r)
{
	return r->sink.panic && r->code == KT_FAIL ? "panic" : r->cause;
}

static void loop(struct run *r)
{
	while (!r->cause) {
		struct pollfd p[3 + ENGINE_FDS] = {
			{ .fd = r->console, .events = POLLIN },
			{ .fd = r->paused ? -1 : r->port, .events = POLLIN },
			{ .fd = r->signals, .events = POLLIN },
		};
		int fd[ENGINE_FDS];
		size_t i, n = r->engine->fds(r->self, fd);
		struct timespec ts = timeout(r, observe(r));

		for (i = 0; i < n; i++)
			p[3 + i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
		ppoll(p, 3 + n, &ts, NULL);
		take(r, &r->console);
		if (!r->paused) /* it may ask for something */
			take(r, &r->port);
		listen_for_signal(r);
		if (r->told)
			control(r, r->told == SIGUSR1);
		r->told = 0;
		if (sink_now(&r->sink) >= r->deadline_ns)
			end_run(r, "deadline", KT_FAIL);
		engine_says(r);
		check_observer(r);
	}
	take_rest(r, &r->console, true); /* a panic is what it says last */
	if (r->obs)
		obs_end(r->obs, cause_of(r), sink_now(&r->sink));
	if (r->engine->halt)
		r->engine->halt(r->self, r->known);
	take_rest(r, &r->console, !r->engine->halt);
	take_rest(r, &r->port, !r->engine->halt);
	sink_console_end(&r->sink);
}

/* The host's load over 1, 5 and 15 minutes; NULL: it does not tell. */
static struct json_object *load(const struct run *r)
{
	char buf[128];
	ssize_t n = r->loadavg < 0 ? -1 : pread(r->loadavg, buf, sizeof(buf) - 1, 0);
	struct json_object *a;
	char v[3][16];
	int i;

	buf[n < 0 ? 0 : n] = '\0';
	if (sscanf(buf, "%15s %15s %15s", v[0], v[1], v[2]) != 3)
		return NULL;
	a = json_object_new_array();
	for (i = 0; i < 3; i++)
		json_object_array_add(a, json_object_new_double_s(strtod(v[i], NULL), v[i]));
	return a;
}

static void put_exit(struct run *r)
{
	struct json_object *o = rec_new("vm_exit");
	char detail[600] = "", limit[24];

	r->cause = cause_of(r);
	if (r->code >= KT_USAGE && r->why.text[0])
		snprintf(detail, sizeof(detail), "%s", r->why.text);
	else if (strcmp(r->cause, "deadline") == 0)
		snprintf(detail, sizeof(detail), "the guest was still running after %s",
			 units_format_ns(limit, r->deadline_ns));
	rec_int(o, "t_ns", (int64_t)sink_now(&r->sink));
	rec_str(o, "cause", r->cause);
	rec_str(o, "detail", detail[0] ? detail : NULL);
	if (r->sink.panic)
		rec_add(o, "panic", json_object_get(r->sink.panic));
	rec_add(o, "load", load(r));
	json_object_object_foreach (r->known, key, value)
		rec_add(o, key, json_object_get(value));
	rec_put(r->sink.out, o);
}

static int start_failed(const struct engine_ops *engine, int rc, const struct errbuf *why)
{
	if (rc == -ENOTSUP)
		return msg_err(KT_HOST, 0, "the %s engine cannot run this guest here: %s",
			       engine->name, why->text);
	return msg_err(rc == -ENOMEM ? KT_HOST : KT_SYS, 0, "%s", why->text);
}

int run_guest(const struct engine_ops *engine, const struct machine *m, uint64_t deadline_ns,
	      struct json_object *vm, struct obs *obs, struct rec_out *out)
{
	struct run r = {
		.engine = engine, .obs = obs, .deadline_ns = deadline_ns, .console = -1, .port = -1
	};
	struct sigaction hangup;
	sigset_t set, old;
	int rc;

	r.known = json_object_new_object();
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP); /* ignored: by nohup(1) */
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	r.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	r.loadavg = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	sink_init(&r.sink, out);
	rc = engine->start(&r.self, m, &r.console, &r.port, &r.why);
	if (rc) {
		r.code = start_failed(engine, rc, &r.why);
		json_object_put(vm);
	} else {
		if (engine->version)
			rec_str(vm, "engine_version", engine->version(r.self));
		rec_add(rec_get_obj(vm, "host"), "load", load(&r));
		rec_put(out, vm);
		sink_boot_at(&r.sink, "start", 0);
		fcntl(r.console, F_SETFL, O_NONBLOCK);
		fcntl(r.port, F_SETFL, O_NONBLOCK);
		r.sink.request = request;
		r.sink.step_ended = step_ended;
		r.sink.ctx = &r;
		if (obs)
			obs_start(obs, engine, r.self);
		loop(&r);
		engine->stop(r.self);
		put_exit(&r);
	}
	if (r.console >= 0)
		close(r.console);
	if (r.port >= 0)
		close(r.port);
	close(r.signals);
	if (r.loadavg >= 0)
		close(r.loadavg);
	sigprocmask(SIG_SETMASK, &old, NULL);
	sink_free(&r.sink);
	json_object_put(r.known);
	return r.code;
}
