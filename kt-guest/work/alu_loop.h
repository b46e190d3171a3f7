/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_ALU_LOOP_H
#define KT_GUEST_WORK_ALU_LOOP_H

#include <stdint.h>

/* Independent chains of multiplications: as many instructions per cycle as the CPU can. */
#define ALU_STEPS 1024 /* of each chain in a batch */

enum alu_width { ALU_WIDEST, ALU_SCALAR, ALU_128, ALU_256, ALU_512 };

struct alu {
	_Alignas(64) float wide[128]; /* eight chains of up to 16 lanes */
	uint64_t scalar[8];
};

/* What of the wanted this CPU (and kernel) has; ALU_WIDEST becomes one of the others. */
enum alu_width alu_choose(enum alu_width want);
const char *alu_name(enum alu_width width);
void alu_init(struct alu *a);
void alu_batch(struct alu *a, enum alu_width width);

#endif
