/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_IDR_H
#define KT_VM_KERNEL_IDR_H

#include "view.h"

/*
 * The objects in an IDR (an xarray: include/linux/xarray.h), in the order of their ids.
 * Walks at most `max` objects and a bounded number of nodes, whatever the guest's tree looks like.
 * Returns how many there were.
 */
size_t kidr_list(const struct kview *kv, uint64_t idr, uint64_t *object, size_t max);

#endif
