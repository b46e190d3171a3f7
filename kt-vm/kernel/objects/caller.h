/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_CALLER_H
#define KT_VM_KERNEL_OBJECTS_CALLER_H

#include <json-c/json.h>

/*
 * For which of a scheduler's callbacks the kernel did what a backtrace shows, where none of the
 * scheduler's programs is in it: before one is called, or with what it has left. By the frames
 * of the backtrace ("finish_dispatch+0x12"), innermost first: the callbacks that it may be, in the
 * order in which they run; how many.
 */
size_t kcaller_find(struct json_object *frames, const char *ops[2]);
/* How many of the frames are there for the innermost one: what is outside was only interrupted. */
size_t kcaller_context(struct json_object *frames);

#endif
