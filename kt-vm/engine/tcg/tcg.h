/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_TCG_TCG_H
#define KT_VM_ENGINE_TCG_TCG_H

#include "engine/engine.h"
#include "gdb.h"
#include "qmp.h"
#include "spawn.h"

/*
 * The tcg engine's own parts: tcg.c (the engine's table), engine/tcg/qemu.c (QEMU, started) and
 * engine/tcg/control.c (pause and resume by QMP; registers and watchpoints by QEMU's gdb stub,
 * which is started when somebody first asks for one).
 */
#define TCG_SANDBOX     "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
#define QEMU            "qemu-system-x86_64"
#define TCG_STDERR_KEPT 1024

enum tcg_hit { TCG_HIT_NONE, TCG_HIT_NEWS, TCG_HIT_TOLD };

struct tcg {
	struct spawn qemu;
	int pidfd;
	struct qmp qmp;
	int trace; /* QEMU's log of CPU resets: shows triple faults */
	char version[32];
	unsigned int major, minor;
	enum engine_event event;
	char trace_tail[32];
	char err[TCG_STDERR_KEPT]; /* the end of QEMU's stderr */
	size_t err_len;

	unsigned int cpus;
	bool paused, want_pause;
	unsigned int resumes; /* how often QEMU said so */
	unsigned int resumes_before;
	uint64_t resumed_ns;       /* when, by the host's CLOCK_REALTIME */
	unsigned int calls;        /* the id of the last QMP command */
	struct json_object *reply; /* to it */

	struct gdb gdb;
	bool stub;      /* it listens */
	bool continued; /* by the stub: it owes a stop reply */
	struct engine_watch watch[ENGINE_WATCHES];
	unsigned int watches;
	enum tcg_hit hit_state;
	struct engine_hit hit;
	bool at_execute; /* hit.cpu stands at an instruction that is watched */
	pid_t *tid;      /* of each vCPU, once asked for */
	int *schedstat;  /* of its thread: stays open, for it is read often */
	struct vcpu_regs *regs;
	bool regs_read; /* in this pause */
};

/* engine/tcg/qemu.c: 0, or -errno; *console and *port are the caller's once they are not -1. */
int tcg_qemu_start(struct tcg *t, const struct machine *m, int *console, int *port);

/* tcg.c: takes a message of QMP; for qmp_read(). */
void tcg_on_qmp(void *ctx, struct json_object *msg);

/* engine/tcg/control.c */
extern const struct engine_control tcg_control;
/* After QMP was read: ENGINE_HIT for a hit that is news, ENGINE_LOST with the reason, or
 * ENGINE_NONE. */
enum engine_event tcg_hits(struct tcg *t, struct errbuf *why);

#endif
