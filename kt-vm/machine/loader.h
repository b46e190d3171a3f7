/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_MACHINE_LOADER_H
#define KT_VM_MACHINE_LOADER_H

#include "errbuf.h"
#include "gmem.h"

/*
 * Copies a kernel into guest memory by a thread of its own: most of what kt-vm has to do
 * before the first guest instruction is this, and KVM's work on the VM.
 */
struct loader;

/* NULL: no memory for it. Both pointers must stay until loader_wait(). */
struct loader *loader_start(const char *kernel, const struct gmem *m);
/* As image_load(). NULL has loaded. Again: the same again. */
int loader_wait(struct loader *l, struct errbuf *e);
void loader_free(struct loader *l);

#endif
