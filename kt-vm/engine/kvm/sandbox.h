/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_KVM_SANDBOX_H
#define KT_VM_ENGINE_KVM_SANDBOX_H

#include <json-c/json.h>

#include "errbuf.h"

/*
 * What keeps a guest that breaks out of the kvm engine from doing more than the
 * engine itself: in two steps, since threads inherit the first, and the second forbids
 * to start any. Both are for good.
 */

/* This thread, and those that it starts: no capabilities, no new privileges, limits. */
int sandbox_enter(struct errbuf *e);
/* All threads: the seccomp filter. A forbidden system call ends the process. */
int sandbox_seal(struct errbuf *e);

/* Member `sandbox` of the vm record. */
struct json_object *sandbox_describe(void);

#endif
