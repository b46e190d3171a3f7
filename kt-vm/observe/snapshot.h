/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_SNAPSHOT_H
#define KT_VM_OBSERVE_SNAPSHOT_H

#include "obs.h"

/*
 * Snapshots: the guest stands still while its scheduler's state is read, so that all of it is
 * of one moment. The record says how long it stood.
 */
enum snapshot_reason { SNAPSHOT_OP, SNAPSHOT_PERIODIC, SNAPSHOT_WATCH, SNAPSHOT_FAILURE };

/*
 * Pauses the guest, reads, resumes it, and writes a `snapshot` record. 0, or
 * -errno with words: then there is no record.
 */
int snapshot_take(struct obs *o, const char *name, enum snapshot_reason why, uint64_t now_ns,
		  struct errbuf *e);
/*
 * Once, early: does all that a snapshot does and throws it away, so that what only the first
 * one needs (a debugger's socket, pages of vmlinux from a disk) costs no later one anything.
 */
void snapshot_rehearse(struct obs *o);

#endif
