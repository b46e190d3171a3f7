// SPDX-License-Identifier: GPL-2.0-only
/* Ops on payloads and schedulers. */
#include <errno.h>

#include "crews.h"
#include "measure/telemetry.h"
#include "ops_table.h"
#include "payload.h"

#define WAIT_TICK NSEC_PER_SEC /* its end wakes the guest at once */

static const char *payload_of(struct json_object *op)
{
	return rec_get_str(op, "payload", "?");
}

static int op_run_payload(struct world *w, struct json_object *op, struct json_object *rec,
			  struct errbuf *e)
{
	(void)rec;
	return world_payload(w, payload_of(op), rec_get_str(op, "cgroup", NULL), e);
}

struct waiting {
	const struct world *w;
	const char *name;
};

static bool is_over(void *arg)
{
	const struct waiting *wait = arg;

	return world_over(wait->w) || !payload_runs(wait->w->payloads, wait->name);
}

static int op_wait_payload(struct world *w, struct json_object *op, struct json_object *rec,
			   struct errbuf *e)
{
	struct waiting wait = { .w = w, .name = payload_of(op) };
	int64_t ns = rec_get_int(op, "timeout_ns", 0);

	(void)rec;
	if (world_until(w, is_over, &wait, WAIT_TICK, clock_ns() + (uint64_t)(ns > 0 ? ns : 0)))
		return 0;
	return errbuf_set(e, -ETIMEDOUT, "payload '%s' still runs after %.3g s", wait.name,
			  (double)ns / NSEC_PER_SEC);
}

static int op_kill_payload(struct world *w, struct json_object *op, struct json_object *rec,
			   struct errbuf *e)
{
	(void)e;
	rec_int(rec, "killed", payload_kill(w->payloads, payload_of(op)));
	return 0;
}

static int op_attach_scheduler(struct world *w, struct json_object *op, struct json_object *rec,
			       struct errbuf *e)
{
	(void)rec;
	return sched_attach(w->sched, rec_get_str(op, "scheduler", "?"), e);
}

static int op_detach_scheduler(struct world *w, struct json_object *op, struct json_object *rec,
			       struct errbuf *e)
{
	(void)op;
	(void)rec;
	return sched_detach(w->sched, e);
}

static int op_restart_scheduler(struct world *w, struct json_object *op, struct json_object *rec,
				struct errbuf *e)
{
	(void)op;
	(void)rec;
	return sched_restart(w->sched, e);
}

static int op_replace_scheduler(struct world *w, struct json_object *op, struct json_object *rec,
				struct errbuf *e)
{
	(void)rec;
	return sched_replace(w->sched, rec_get_str(op, "scheduler", "?"), e);
}

const struct op_kind ops_programs[] = {
	{ "run_payload", op_run_payload },
	{ "wait_payload", op_wait_payload },
	{ "kill_payload", op_kill_payload },
	{ "attach_scheduler", op_attach_scheduler },
	{ "detach_scheduler", op_detach_scheduler },
	{ "restart_scheduler", op_restart_scheduler },
	{ "replace_scheduler", op_replace_scheduler },
	{ NULL, NULL },
};
