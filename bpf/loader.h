/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_LOADER_H
#define KT_LOADER_H

#include <stdint.h>

#include <bpf/libbpf.h>

#include "errbuf.h"
#include "scx_kt.h"

/* The names that skeletons have for integers. */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

/*
 * What the programs have in common that load a scheduler of kt and wait for its end:
 * scx_kt and scx_bugs. Unlike lib/ it prints, for it is the greater part of both.
 */
#define LOADER_TIMEOUT_MAX_MS 30000 /* the kernel's limit, and what it takes for 0 */
#define LOADER_REFUSED        2     /* exit code: the kernel did not take the scheduler */

/* A scheduler whose skeleton is open and configured. */
struct loader {
	struct bpf_object_skeleton *skel;
	struct bpf_map **ops;            /* its struct_ops */
	const struct kt_exit_info *info; /* where its ops.exit writes */
	const char *dump;
	void (*counters)(void *arg); /* prints what it has counted; NULL for nothing */
	void *arg;
};

/* Blocks the signals that ask for the end; before there are threads. */
void loader_begin(void);
/* Loads, attaches, waits, tells; an exit code. */
int loader_run(const struct loader *l);

/* SCX_TIMEOUT_MS, unless the option was given (*ms not 0). 0 or KT_USAGE with a message. */
int loader_timeout(uint64_t *ms);
/* A number of an option or of the environment; 0 or KT_USAGE with a message. */
int loader_number(const char *what, const char *s, uint64_t min, uint64_t max, uint64_t *v);

/* Flags for sched_ext_ops that this kernel wants to hear of, beside those of the BPF side. */
uint64_t loader_ops_flags(void);

/* Possible CPUs, at least 1. */
uint32_t loader_cpus(void);

#endif
