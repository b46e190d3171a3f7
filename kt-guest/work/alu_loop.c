// SPDX-License-Identifier: GPL-2.0-only
/* Loops of multiplications, as wide as the CPU can. */
#include "alu_loop.h"

/* Floats grow by it, in the end to infinity, which takes no longer; denormals would. */
#define FACTOR 1.0000001F

typedef float v128 __attribute__((vector_size(16)));
typedef float v256 __attribute__((vector_size(32)));
typedef float v512 __attribute__((vector_size(64)));

enum alu_width alu_choose(enum alu_width want)
{
	enum alu_width most = __builtin_cpu_supports("avx512f") ? ALU_512
			      : __builtin_cpu_supports("avx2")  ? ALU_256
								: ALU_128;

	return want == ALU_WIDEST || want > most ? most : want;
}

const char *alu_name(enum alu_width width)
{
	static const char *const name[] = {
		[ALU_SCALAR] = "scalar",
		[ALU_128] = "128 bits",
		[ALU_256] = "256 bits",
		[ALU_512] = "512 bits",
	};

	return name[width];
}

void alu_init(struct alu *a)
{
	int i;

	for (i = 0; i < 128; i++)
		a->wide[i] = 1.0F + (float)i / 128;
	for (i = 0; i < 8; i++)
		a->scalar[i] = 2 * (uint64_t)i + 3;
}

static void scalar_batch(uint64_t *s)
{
	uint64_t c[8];
	int i, k;

	for (k = 0; k < 8; k++)
		c[k] = s[k];
	for (i = 0; i < ALU_STEPS; i++)
		for (k = 0; k < 8; k++) {
			c[k] *= 0x9e3779b97f4a7c15ULL;
			__asm__ volatile("" : "+r"(c[k])); /* else a power is computed once */
		}
	for (k = 0; k < 8; k++)
		s[k] = c[k];
}

#define WIDE_BATCH(name, vec, isa)                                 \
	__attribute__((target(isa))) static void name(float *wide) \
	{                                                          \
		vec *s = (vec *)wide, c[8];                        \
		int i, k;                                          \
                                                                   \
		for (k = 0; k < 8; k++)                            \
			c[k] = s[k];                               \
		for (i = 0; i < ALU_STEPS; i++)                    \
			for (k = 0; k < 8; k++)                    \
				c[k] *= FACTOR;                    \
		for (k = 0; k < 8; k++)                            \
			s[k] = c[k];                               \
	}

WIDE_BATCH(batch_128, v128, "sse2")
WIDE_BATCH(batch_256, v256, "avx2")
WIDE_BATCH(batch_512, v512, "avx512f")

void alu_batch(struct alu *a, enum alu_width width)
{
	switch (width) {
	case ALU_512:
		batch_512(a->wide);
		break;
	case ALU_256:
		batch_256(a->wide);
		break;
	case ALU_128:
		batch_128(a->wide);
		break;
	default:
		scalar_batch(a->scalar);
	}
}
