/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_DSDT_H
#define KT_TOPO_DSDT_H

#include "aml.h"

/* The body of the DSDT: sleep state S5 (power off), the PCI host bridge, the serial port. */
void dsdt_body(struct aml *a);

#endif
