/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_ENGINE_H
#define KT_ENGINE_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "errbuf.h"
#include "machine.h"

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
};

/* Registers of one vCPU; only of a paused guest do they mean anything. */
struct engine_regs {
	uint64_t rip, rsp, rflags, cr0, cr2, cr3, cr4, efer;
	uint64_t gpr[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8 to r15: the CPU's own numbers */
	uint64_t fs_base, gs_base;
};

/* What a hardware watchpoint waits for, at an address of `len` 1, 2, 4 or 8 (1 for execution). */
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
 * Control over a running guest. Each operation is bounded in time and returns 0, or
 * -errno with the reason.
 */
struct engine_control {
	/* No vCPU runs any more when it returns; *took_ns: how long that took. */
	int (*pause)(void *self, uint64_t *took_ns, struct errbuf *e);
	int (*resume)(void *self, uint64_t *took_ns, struct errbuf *e);
	/* The following may be absent (NULL), and want the guest paused. */
	int (*regs)(void *self, unsigned int cpu, struct engine_regs *r, struct errbuf *e);
	/* These watchpoints, and no others, on every vCPU; n 0: none. */
	int (*watch)(void *self, const struct engine_watch *w, unsigned int n, struct errbuf *e);
	/* How often one was hit, in all, and where last. */
	uint64_t (*hits)(void *self, uint64_t *rip);
};

struct engine_ops {
	const char *name;
	bool shares_memory; /* with another process */
	/*
	 * 0: can run this guest (NULL: any) here, `what` gets its version; else why not,
	 * -ENOTSUP for what the host lacks.
	 */
	int (*probe)(const struct machine *m, char *what, size_t size, struct errbuf *why);
	/* Kernel parameters that this engine needs; `hz` is the guest kernel's CONFIG_HZ. */
	void (*cmdline)(char *buf, size_t size, unsigned int hz);
	/* How the guest is confined, for the vm record. */
	struct json_object *(*sandbox)(void);
	/* Starts the guest. On success *console and *port are its two streams, for reading. */
	int (*start)(void **self, const struct machine *m, int *console, int *port,
		     struct errbuf *e);
	/* Descriptors to poll for reading (at most ENGINE_FDS); returns their number. */
	size_t (*fds)(void *self, int *fd);
	/* One of them is readable. */
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

#define ENGINE_FDS 4

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
