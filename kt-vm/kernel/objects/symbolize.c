// SPDX-License-Identifier: GPL-2.0-only
/* Addresses as people read them. */
#include <stdio.h>
#include <string.h>

#include "bpf.h"
#include "bpf_prog.h"
#include "record.h"
#include "symbolize.h"

#define KERNEL_HALF 0xff00000000000000ULL /* below: user mode, which has no symbols here */

struct json_object *ksymbolize(struct kview *kv, uint64_t addr)
{
	uint64_t link = addr - kv->mem.virt_slide;
	char text[160], name[128];
	struct ksym_entry s;

	/* the return address of a call that never returns lies behind its function */
	if (ksym_function(&kv->sym, link, &s) || ksym_function(&kv->sym, link - 1, &s)) {
		ksym_name(&kv->sym, &s, name, sizeof(name));
		snprintf(text, sizeof(text), "%s+0x%llx", name,
			 (unsigned long long)(link - s.addr));
	} else if (addr < KERNEL_HALF || !kbpf_symbol(kv, addr, text, sizeof(text)))
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)addr);
	return rec_text(text, strlen(text));
}
