/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_DOMAIN_H
#define KT_VM_KERNEL_OBJECTS_DOMAIN_H

#include "kernel/jtext.h"
#include "kernel/view.h"
#include "record.h"

/*
 * The scheduling domains (kernel/sched/topology.c): which CPUs tasks are balanced among, level by
 * level, and how often that was done. Each CPU has a chain of its own, from the closest level up.
 */
#define KDOMAIN_LEVELS 12

/* Writes a `domains` record when they are not those of the last one: at first, and when CPUs come
 * and go or cpusets part them. */
void kdomain_watch(struct kview *kv, uint64_t now_ns, struct rec_out *out);
/* "domains":[...], a member of a sample: for each level, the counters of all CPUs together. */
void kdomain_sample(struct kview *kv, struct jtext *t);
/* The counters of one CPU, level by level. */
struct json_object *kdomain_cpu(const struct kview *kv, unsigned int cpu);

#endif
