// SPDX-License-Identifier: GPL-2.0-only
/* The start_info of the PVH boot ABI, version 1, and the code that goes there (pvh_enter.S). */
#include <string.h>

#include "pvh.h"

/* Within the page at PVH_BASE; the code is at its start, and pvh_enter.S has INFO, too. */
enum { INFO = 0x200, MODULES = 0x280, MEMMAP = 0x300 };

struct start_info {
	uint32_t magic, version, flags, modules;
	uint64_t modlist, cmdline, rsdp, memmap;
	uint32_t memmaps, reserved;
};

struct module {
	uint64_t addr, size, cmdline, reserved;
};

extern const uint8_t pvh_start[], pvh_end[], pvh_entry[];

_Static_assert(sizeof(struct start_info) == 56, "PVH ABI");
_Static_assert(sizeof(struct pvh_memmap) == 24, "PVH ABI");
_Static_assert(MEMMAP + PVH_MEMMAP_MAX * sizeof(struct pvh_memmap) <= 4096, "one page");

uint64_t pvh_place(const struct gmem *m, const struct pvh *p)
{
	const struct module initrd = { .addr = p->initrd, .size = p->initrd_len };
	const struct start_info info = {
		.magic = 0x336ec578,
		.version = 1,
		.modules = p->initrd_len != 0,
		.modlist = PVH_BASE + MODULES,
		.cmdline = p->cmdline,
		.rsdp = p->rsdp,
		.memmap = PVH_BASE + MEMMAP,
		.memmaps = p->memmaps,
	};
	uint8_t *page = gmem_at(m, PVH_BASE, 4096);

	memcpy(page, pvh_start, (size_t)(pvh_end - pvh_start));
	memcpy(page + (pvh_entry - pvh_start), &p->entry, sizeof(p->entry));
	memcpy(page + INFO, &info, sizeof(info));
	memcpy(page + MODULES, &initrd, sizeof(initrd));
	memcpy(page + MEMMAP, p->memmap, p->memmaps * sizeof(p->memmap[0]));
	return PVH_BASE;
}
