/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_MATRIX_H
#define KT_GUEST_WORK_MATRIX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Three square matrices of u64 one behind the other: the third is the product of the others.
 * Cache footprint by plain means: rows of the first, columns of the second.
 */

/* Rows of each so that all three fit into that many bytes. */
size_t matrix_rows(uint64_t bytes);
/* Bytes of three matrices of n rows. */
size_t matrix_bytes(size_t n);
/* One row of the product: n * n multiplications. */
void matrix_row(uint64_t *m, size_t n, size_t row);

#endif
