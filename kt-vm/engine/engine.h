/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_ENGINE_H
#define KT_VM_ENGINE_ENGINE_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "errbuf.h"
#include "machine/machine.h"
#include "machine/regs.h"
#include "units.h"

/*
 * What runs the guest's CPUs. An engine is a const table; everything before
 * (machine.h) and after it (sink.h, the records) is shared.
 */
enum engine_event {
	ENGINE_NONE,
	ENGINE_POWEROFF,
	ENGINE_RESET, /* the guest asked for a reset */
	ENGINE_TRIPLE_FAULT,
	ENGINE_LOST, /* the engine itself died; `why` says how */
	ENGINE_HIT,  /* a watchpoint was hit, and the guest is paused: take hit(), then resume() */
};

/*
 * What a hardware watchpoint waits for, at a guest-virtual address (of whichever address
 * space) and the `len` bytes from it: 1, 2, 4 or 8, aligned; 1 for execution.
 */
enum engine_watch_type {
	ENGINE_WATCH_EXECUTE = 0,
	ENGINE_WATCH_WRITE = 1,
	ENGINE_WATCH_ACCESS = 3
};
struct engine_watch {
	uint64_t addr;
	enum engine_watch_type type;
	unsigned int len;
};
#define ENGINE_WATCHES 4

/*
 * A vCPU has hit watchpoint `watch`, by its index in watch(). Its rip is at the instruction
 * for execution, and behind the one that did it for data.
 */
struct engine_hit {
	unsigned int cpu, watch;
};

/* The host's thread that runs a vCPU, and what the host gave it since it began. */
struct engine_thread {
	pid_t pid, tid;
	uint64_t run_ns;  /* on a CPU of the host */
	uint64_t wait_ns; /* runnable, without one: the guest's stolen time */
};

/*
 * Control over a running guest: the same table, with the same meaning, on every engine.
 * For the thread that calls start() and handle(), after the former and before halt().
 *
 * Each returns 0, or -errno with the reason: -EINVAL (no such vCPU, no such watchpoint),
 * -EBUSY (the guest is not paused), -ESRCH (it has come to its end), -EOPNOTSUPP (the
 * host or this QEMU lacks it), -ETIMEDOUT, and what a system call said. No operation takes
 * longer than ENGINE_CONTROL_NS: after -ETIMEDOUT nobody knows whether the guest runs, and
 * all that is left is to end it.
 *
 * A hit pauses the guest as pause() does; handle() returns ENGINE_HIT then, at its next call
 * (call it after operations, too: they may meet the hit first). Until it has, resume()
 * returns 0 and leaves the guest paused. When several vCPUs hit before all of them have
 * stopped, each has its own hit on kvm; on tcg one of them is told.
 */
struct engine_control {
	/* No vCPU runs any more when it returns (also if none did); *took_ns: how long that took.
	 */
	int (*pause)(void *self, uint64_t *took_ns, struct errbuf *e);
	/* The vCPUs run; watchpoints that were armed meanwhile count from here. */
	int (*resume)(void *self, uint64_t *took_ns, struct errbuf *e);
	/*
	 * Of vCPU `cpu`, by its id in the topology record. Wants the guest paused, or at its
	 * end, once pause() has said so: then they are what they were.
	 */
	int (*regs)(void *self, unsigned int cpu, struct vcpu_regs *r, struct errbuf *e);
	/*
	 * These watchpoints, and no others, on every vCPU; n 0: none. The index is a
	 * watchpoint's name in hits. Wants the guest paused. -EINVAL and -EBUSY change
	 * nothing; after another error any of them may be armed.
	 */
	int (*watch)(void *self, const struct engine_watch *w, unsigned int n, struct errbuf *e);
	/* After ENGINE_HIT: takes the next one; false: there is no other. resume() drops the rest.
	 */
	bool (*hit)(void *self, struct engine_hit *h);
	/* At any time; the guest need not be paused, and is not disturbed. */
	int (*thread)(void *self, unsigned int cpu, struct engine_thread *t, struct errbuf *e);
};
#define ENGINE_CONTROL_NS (2 * NSEC_PER_SEC)

/* For engines: fills *_ns from an open /proc/PID/task/TID/schedstat; 0 or -errno. */
int engine_schedstat(int fd, struct engine_thread *t, struct errbuf *e);
/* For engines: whether watch() can take these: 0 or -EINVAL. */
int engine_check_watch(const struct engine_watch *w, unsigned int n, struct errbuf *e);

struct engine_ops {
	const char *name;
	bool shares_memory; /* with another process */
	/*
	 * 0: can run this guest (NULL: any) here, `what` gets its version, or "" when only
	 * start() will know it; else why not, -ENOTSUP for what the host lacks.
	 */
	int (*probe)(const struct machine *m, char *what, size_t size, struct errbuf *why);
	/* Kernel parameters that this engine needs; `hz` is the guest kernel's CONFIG_HZ. */
	void (*cmdline)(char *buf, size_t size, unsigned int hz);
	/* How the guest is confined, for the vm record. */
	struct json_object *(*sandbox)(void);
	/* Starts the guest. On success *console and *port are its two streams, for reading. */
	int (*start)(void **self, const struct machine *m, int *console, int *port,
		     struct errbuf *e);
	/* Once started: its version. May be absent: probe() knows. */
	const char *(*version)(void *self);
	/* Descriptors to poll for reading (at most ENGINE_FDS); returns their number. */
	size_t (*fds)(void *self, int *fd);
	/* One of them is readable, or control was used; does not wait. */
	enum engine_event (*handle)(void *self, struct errbuf *why);
	/*
	 * Ends the guest if it still runs: what it has said is in the two streams then.
	 * Adds to the vm_exit record what the engine knows. May be absent.
	 */
	void (*halt)(void *self, struct json_object *vm_exit);
	/* Ends the guest if it still runs, and frees `self`. */
	void (*stop)(void *self);
	const struct engine_control *control;
};

#define ENGINE_FDS 5

extern const struct engine_ops engine_kvm, engine_tcg;
extern const struct engine_ops *const engines[]; /* in order of preference, NULL-terminated */

/* The engine of that name, or NULL. */
const struct engine_ops *engine_named(const char *name);

/*
 * The engine of that name, or for "auto" the first, that can run this guest. NULL with
 * the whole message in `e`. When "auto" passes over an engine, `passed` says which and why,
 * and is empty otherwise.
 */
const struct engine_ops *engine_find(const char *name, const struct machine *m, char *what,
				     size_t size, struct errbuf *passed, struct errbuf *e);

#endif
