// SPDX-License-Identifier: GPL-2.0-only
/* Multiplies square matrices of a given footprint. */
#include <math.h>

#include "matrix.h"

size_t matrix_rows(uint64_t bytes)
{
	return (size_t)sqrt((double)bytes / 3 / sizeof(uint64_t));
}

size_t matrix_bytes(size_t n)
{
	return 3 * n * n * sizeof(uint64_t);
}

/* Sums up in memory, not in a register: each step stores, as the benchmarks do that this is from.
 */
void matrix_row(uint64_t *m, size_t n, size_t row)
{
	const uint64_t *a = m + row * n, *b = m + n * n;
	uint64_t *out = m + 2 * n * n + row * n;
	size_t col, k;

	for (col = 0; col < n; col++) {
		out[col] = 0;
		for (k = 0; k < n; k++)
			out[col] += a[k] * b[k * n + col];
	}
}
