/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_HMAT_H
#define KT_TOPO_HMAT_H

#include <stddef.h>
#include <stdint.h>

/*
 * What follows the header of an HMAT, revision 2: how fast each node's CPUs reach
 * each node's memory. Memory at distance 10 is HMAT_LOCAL_NS away and gives
 * HMAT_LOCAL_MBS; both change with the distance.
 */
#define HMAT_LOCAL_NS  100
#define HMAT_LOCAL_MBS 51200

size_t hmat_size(unsigned int nodes);
void hmat_body(uint8_t *to, unsigned int nodes); /* hmat_size() bytes */

#endif
