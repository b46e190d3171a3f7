/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_RUN_H
#define KT_VM_RUN_H

#include <stdint.h>

#include "engine/engine.h"
#include "record.h"

struct obs;

/*
 * Runs a prepared machine to its end: the vm record (taken over) once the engine has
 * started, with the engine's version if only it knows that; boot, console and guest
 * records as they come; then vm_exit. Returns the exit code of kt-vm; a failure of ours
 * (engine lost, garbage from the guest) has been printed. `obs` may be NULL.
 */
int run_guest(const struct engine_ops *engine, const struct machine *m, uint64_t deadline_ns,
	      struct json_object *vm, struct obs *obs, struct rec_out *out);

#endif
