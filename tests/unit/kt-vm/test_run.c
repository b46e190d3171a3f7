// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/run.c kt-vm/sink.c
/* The loop around every engine: whatever the guest does, a run ends when it should. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"
#include "kt-vm/observe/control.h"
#include "kt-vm/observe/obs.h"
#include "kt-vm/run.h"
#include "unit.h"

/* ---- an observer that only counts ----------------------------------------------------- */

static _Atomic unsigned int looks, hits, resumes;
static _Atomic bool paused;

static unsigned int answer_ms; /* what a request costs */

static void look(void)
{
	looks++;
}

void obs_hit(struct obs *o, uint64_t now_ns)
{
	(void)o;
	(void)now_ns;
	hits++;
}

int obs_attach(struct obs *o, uint64_t now_ns, struct errbuf *e)
{
	(void)o;
	(void)now_ns;
	(void)e;
	look();
	return 0;
}

void obs_workload(struct obs *o, uint64_t now_ns)
{
	(void)o;
	(void)now_ns;
	look();
}

uint64_t obs_tick(struct obs *o, uint64_t now_ns)
{
	(void)o;
	look();
	return now_ns + 1000000;
}

void obs_request(struct obs *o, struct json_object *op, int port, uint64_t now_ns)
{
	(void)o;
	(void)op;
	(void)port;
	(void)now_ns;
	look();
	usleep(answer_ms * 1000);
}

void obs_answer(struct json_object *op, int port, const char *error)
{
	(void)op;
	(void)port;
	(void)error;
}

void obs_stands(struct obs *o)
{
	(void)o;
}

void obs_goes(struct obs *o)
{
	(void)o;
}

void obs_step_ended(struct obs *o)
{
	(void)o;
}

void obs_end(struct obs *o, const char *cause, uint64_t now_ns)
{
	(void)o;
	(void)cause;
	(void)now_ns;
}

void obs_start(struct obs *o, const struct engine_ops *engine, void *self)
{
	(void)o;
	(void)engine;
	(void)self;
}

/* ---- an engine whose guest says one thing, for ever ------------------------------------ */

static const char *says; /* NULL: nothing */
static bool on_port;
static int own_signal; /* that the process sends itself once the guest runs */
static int console[2], port[2];
static pthread_t guest;
static _Atomic bool ended;

static void *speak(void *arg)
{
	char text[65536];
	size_t i, n = says ? strlen(says) : 0;

	for (i = 0; n && i + n <= sizeof(text); i += n)
		memcpy(text + i, says, n);
	if (own_signal)
		kill(getpid(), own_signal);
	while (n && !ended)
		send(on_port ? port[1] : console[1], text, i, MSG_NOSIGNAL);
	return arg;
}

static void *(*speaker)(void *) = speak;

static int start(void **self, const struct machine *m, int *c, int *p, struct errbuf *e)
{
	(void)m;
	(void)e;
	*self = &guest;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, console) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, port))
		return -1;
	*c = console[0];
	*p = port[0];
	return -pthread_create(&guest, NULL, speaker, NULL);
}

static size_t no_fds(void *self, int *fd)
{
	(void)self;
	(void)fd;
	return 0;
}

static enum engine_event nothing(void *self, struct errbuf *why)
{
	(void)self;
	(void)why;
	return ENGINE_NONE;
}

static void halt(void *self, struct json_object *vm_exit)
{
	(void)self;
	(void)vm_exit;
	ended = true;
	shutdown(console[1], SHUT_RDWR);
	shutdown(port[1], SHUT_RDWR);
	pthread_join(guest, NULL);
}

static void stop(void *self)
{
	if (!ended)
		halt(self, NULL);
	close(console[1]);
	close(port[1]);
}

static const struct engine_ops
	halting = { .start = start, .fds = no_fds, .handle = nothing, .halt = halt, .stop = stop },
	other = { .start = start, .fds = no_fds, .handle = nothing, .stop = stop };

static struct obs *obs;

/* The exit code of a run, in a child that has ten seconds for it; else what killed that, negative.
 */
static int run(const struct engine_ops *engine, uint64_t deadline_ns)
{
	struct rec_out out = { .f = fopen("/dev/null", "we") };
	struct json_object *vm;
	int status = 0, rc;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(10);
		vm = json_object_new_object();
		json_object_object_add(vm, "host", json_object_new_object());
		rc = run_guest(engine, NULL, deadline_ns, vm, obs, &out);
		fflush(stdout);
		_exit(rc);
	}
	waitpid(pid, &status, 0);
	fclose(out.f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define SECOND   1000000000ULL
#define A_RECORD "{\"type\":\"guest\",\"event\":\"x\"}\n"
#define REQUEST  "{\"type\":\"op\",\"request\":true}\n"

/* Each newline is a record here, and takes longer than the guest takes to say the next one. */
TEST(a_guest_that_never_stops_speaking)
{
	says = "\n";
	on_port = false;
	own_signal = 0;
	CHECK_INT(run(&halting, SECOND / 5), KT_FAIL);
	CHECK_INT(run(&other, SECOND / 5), KT_FAIL);
	own_signal = SIGINT;
	CHECK_INT(run(&halting, 100 * SECOND), KT_SIGNAL + SIGINT);
	says = A_RECORD;
	on_port = true;
	CHECK_INT(run(&other, 100 * SECOND), KT_SIGNAL + SIGINT);
}

/* ---- paused by a signal ------------------------------------------------------------------ */

static _Atomic bool hit; /* a watchpoint was hit just before */

static int pause_guest(void *self, uint64_t *took_ns, struct errbuf *e)
{
	(void)self;
	(void)e;
	*took_ns = 0;
	paused = true;
	return 0;
}

static int resume(void *self, uint64_t *took_ns, struct errbuf *e)
{
	(void)self;
	(void)e;
	*took_ns = 0;
	paused = false;
	resumes++;
	return 0;
}

static enum engine_event hits_once(void *self, struct errbuf *why)
{
	(void)self;
	(void)why;
	return paused && atomic_exchange(&hit, false) ? ENGINE_HIT : ENGINE_NONE;
}

static bool comes(_Atomic unsigned int *n)
{
	unsigned int was = *n, i;

	for (i = 0; i < 2000 && *n == was; i++)
		usleep(1000);
	return *n != was;
}

static void wait_paused(bool is)
{
	unsigned int i;

	for (i = 0; i < 2000 && paused != is; i++)
		usleep(1000);
	CHECK_INT(paused, is);
}

/* Nobody looks at a guest that its user has paused: that would let it run again. */
static void *user(void *arg)
{
	unsigned int was;

	send(port[1], A_RECORD, strlen(A_RECORD), 0);
	CHECK(comes(&looks));
	hit = true;
	kill(getpid(), SIGUSR1);
	wait_paused(true);
	send(port[1], REQUEST, strlen(REQUEST), 0);
	usleep(50000);
	was = looks;
	usleep(100000);
	CHECK_INT(looks, was);
	CHECK_INT(hits, 0);
	CHECK_INT(resumes, 0);
	CHECK(paused);
	kill(getpid(), SIGUSR2);
	wait_paused(false);
	CHECK(comes(&looks));
	CHECK_INT(hits, 1);
	CHECK_INT(resumes, 1);
	kill(getpid(), unit_bad ? SIGTERM : SIGINT);
	return arg;
}

TEST(a_user_pauses)
{
	static const struct engine_control control = { .pause = pause_guest, .resume = resume };
	static struct engine_ops engine;
	static struct obs watcher;

	engine = halting;
	engine.handle = hits_once;
	engine.control = &control;
	speaker = user;
	obs = &watcher;
	CHECK_INT(run(&engine, 10 * SECOND), KT_SIGNAL + SIGINT);
	speaker = speak;
	obs = NULL;
}

/* A guest that asks, and asks: each answer takes a while, the end does not wait for all of them. */
TEST(a_guest_that_never_stops_asking)
{
	static struct obs watcher;

	says = REQUEST;
	on_port = true;
	answer_ms = 100;
	obs = &watcher;
	own_signal = 0;
	CHECK_INT(run(&halting, SECOND / 5), KT_FAIL);
	own_signal = SIGINT;
	CHECK_INT(run(&halting, 100 * SECOND), KT_SIGNAL + SIGINT);
	obs = NULL;
	answer_ms = 0;
}

TEST(signals)
{
	says = NULL;
	own_signal = SIGHUP;
	signal(SIGHUP, SIG_DFL); /* the tests may run under nohup(1) */
	CHECK_INT(run(&halting, 100 * SECOND), KT_SIGNAL + SIGHUP);
	signal(SIGHUP, SIG_IGN); /* as nohup(1) does */
	CHECK_INT(run(&halting, SECOND / 10), KT_FAIL);
	signal(SIGHUP, SIG_DFL);
}

UNIT_MAIN(T(a_guest_that_never_stops_speaking), T(a_guest_that_never_stops_asking),
	  T(a_user_pauses), T(signals))
