/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_OBS_H
#define KT_OBS_H

#include "engine.h"
#include "jtext.h"
#include "kmem.h"
#include "kprobe.h"
#include "machine.h"
#include "record.h"

/*
 * The observer: what kt-vm sees of the guest's kernel by reading its memory. It is set up in
 * two parts: the vmlinux is mapped before the guest runs (behind a seccomp filter nothing can
 * be opened), and read once the guest's first record shows that its kernel is up.
 */
struct obs {
	const struct machine *m;
	const struct engine_ops *engine; /* from obs_start() on */
	void *self;
	struct rec_out *out;
	uint64_t period_ns; /* between two samples; 0: none are taken */

	struct ksym sym;
	struct btf *btf;
	struct kmem mem;
	struct kprobes probe;
	uint64_t *rq;  /* GVA of each CPU's runqueue */
	bool attached; /* the guest's memory can be read */
	bool off;      /* it cannot, and a record says why */

	uint64_t next_ns; /* when the next sample is due */
	uint64_t samples;
	struct jtext text;
};

/* `vmlinux` is that of the guest's kernel. 0 or -errno with words. */
int obs_open(struct obs *o, const char *vmlinux, const struct machine *m, uint64_t period_ns,
	     struct rec_out *out, struct errbuf *e);
void obs_close(struct obs *o);
/* The guest runs, on this engine. */
void obs_start(struct obs *o, const struct engine_ops *engine, void *self);
/* The guest has its user space: finds the kernel, writes the `observe` record. */
void obs_attach(struct obs *o, uint64_t now_ns);
/* Takes what is due at `now_ns`; when to come again, or UINT64_MAX. */
uint64_t obs_tick(struct obs *o, uint64_t now_ns);

/* The number in a field of the object at a GVA; 0 where it cannot be read or is absent. */
uint64_t obs_number(const struct obs *o, uint64_t object, enum kprobe probe);

/* "function+0x12" for a kernel address, else "0x..."; in `buf`, which it returns. */
const char *obs_symbolise(struct obs *o, uint64_t addr, char *buf, size_t size);

/* monitor.c: one `sample` record. */
void monitor_sample(struct obs *o, uint64_t now_ns);

#endif
