/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_APICID_H
#define KT_TOPO_APICID_H

#include <stdint.h>

#include "topo.h"

/*
 * Returns the APIC id of a CPU: node, LLC within the node, core and thread are bit fields,
 * each as wide as its count needs. CPUID reports the same widths (package, die, core,
 * thread), so ids have holes where a count is no power of two.
 */
uint32_t apicid(const struct topo *t, unsigned int cpu);

#endif
