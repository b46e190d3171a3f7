/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_PAYLOAD_H
#define KT_GUEST_RUN_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "errbuf.h"
#include "record.h"
#include "scheduler.h"

/*
 * The payloads of a test that run: programs beside the workers, each the leader of a process
 * group, with its output kept. They are looked after within sched_wait(), so whoever waits
 * there need not know of them: what ends, or is over its time, gets its `payload` record then.
 * A payload belongs to a step, or to the whole test (PAYLOAD_TEST), and ends with it.
 */
#define PAYLOAD_TEST (-1)

struct payloads;

/*
 * 0, or -errno with words in e. The plan is the test; s and out outlive it. The epoll `events`
 * of the caller becomes readable whenever something happened to a payload.
 */
int payloads_init(struct payloads **ps, struct json_object *plan, struct sched *s,
		  struct rec_out *out, int events, struct errbuf *e);
/* Kills what still runs, with records; NULL is fine. */
void payloads_free(struct payloads *ps);

/* Of a payload of the plan: its own cgroup's name, or NULL for the guest's root (or no such). */
const char *payload_cgroup(const struct payloads *ps, const char *name);
/*
 * Starts one, in the cgroup that cgroup_fd is the directory of (-1: the guest's root), which
 * goes by `cgroup` in the records (NULL: none). One of this name that still runs in the same
 * place is -EBUSY.
 */
int payload_start(struct payloads *ps, const char *name, int step, const char *cgroup,
		  int cgroup_fd, struct errbuf *e);
/* Does one of this name run? */
bool payload_runs(const struct payloads *ps, const char *name);
/* Kills all of this name: how many there were, 0 is no error. */
int payload_kill(struct payloads *ps, const char *name);
/* Kills those of a step (PAYLOAD_TEST: of the test). */
void payload_end_step(struct payloads *ps, int step);
/* Kills those in this cgroup, by its name; with `below`, in those below it, too. */
void payload_end_cgroup(struct payloads *ps, const char *cgroup, bool below);

#endif
