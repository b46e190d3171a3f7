// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/image.c kt-vm/machine/gmem.c
/* Where an ELF kernel is entered: at its start, by its PVH note, or not at all. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kt-vm/machine/image.h"
#include "unit.h"

#define LOAD    0x1000000ULL /* of the one segment, 4 KiB */
#define NOTES   0x400        /* offset in the file, and room there */
#define VIRTUAL 0xffffffff81000000ULL

static struct {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[2];
	uint8_t rest[4096 - sizeof(Elf64_Ehdr) - 2 * sizeof(Elf64_Phdr)];
} elf;

static struct image img;
static struct errbuf e;

static void elf_make(uint64_t entry)
{
	memset(&elf, 0, sizeof(elf));
	memcpy(elf.eh.e_ident, ELFMAG "\2\1\1", 7);
	elf.eh.e_type = ET_EXEC;
	elf.eh.e_machine = EM_X86_64;
	elf.eh.e_entry = entry;
	elf.eh.e_phoff = sizeof(elf.eh);
	elf.eh.e_phentsize = sizeof(elf.ph[0]);
	elf.eh.e_phnum = 2;
	elf.ph[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_paddr = LOAD, .p_filesz = sizeof(elf), .p_memsz = sizeof(elf)
	};
	elf.ph[1] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES };
}

/* Appends a note; what its header says of the lengths is free. */
static void note(uint32_t type, const char *name, uint32_t namesz, uint64_t desc, uint32_t descsz)
{
	uint8_t *at = (uint8_t *)&elf + NOTES + elf.ph[1].p_filesz;
	Elf64_Nhdr n = { .n_namesz = namesz, .n_descsz = descsz, .n_type = type };
	size_t len = (strlen(name) + 4) & ~3UL;

	memcpy(at, &n, sizeof(n));
	memcpy(at + sizeof(n), name, strlen(name) + 1);
	memcpy(at + sizeof(n) + len, &desc, 8);
	elf.ph[1].p_filesz += sizeof(n) + len + (((descsz > 8 ? 8 : descsz) + 3) & ~3U);
}

static int load_file(const void *data, size_t len)
{
	static struct gmem m;
	int fd = memfd_create("kernel", 0), rc;
	char path[32];

	if (!m.hva && gmem_init(&m, 64 << 20, &e))
		exit(1);
	if (write(fd, data, len) != (ssize_t)len)
		exit(1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = image_load(&img, path, &m, &e);
	close(fd);
	return rc;
}

static int load(void)
{
	return load_file(&elf, sizeof(elf));
}

TEST(start)
{
	elf_make(LOAD + 16);
	note(18, "Xen", 4, LOAD + 32, 8);
	CHECK_INT(load(), 0);
	CHECK_INT(img.entry, LOAD + 16);
	CHECK_INT(img.pvh_entry, 0);
}

TEST(pvh)
{
	elf_make(VIRTUAL);
	note(256, "Linux", 6, 1, 4);
	note(19, "Xen", 4, 0, 8);
	note(18, "Xem", 4, LOAD, 8);
	note(18, "Xen", 4, LOAD + 32, 8);
	note(18, "Xen", 4, LOAD + 64, 8);
	CHECK_INT(load(), 0);
	CHECK_INT(img.entry, 0);
	CHECK_INT(img.pvh_entry, LOAD + 32);
	elf_make(VIRTUAL);
	note(18, "Xen", 4, LOAD + 48, 4); /* as 32-bit kernels have it */
	CHECK_INT(load(), 0);
	CHECK_INT(img.pvh_entry, LOAD + 48);
}

static void refused(void)
{
	CHECK_INT(load(), -ENOEXEC);
	CHECK(strstr(e.text, " has its entry point outside its segments"));
}

TEST(no_way_in)
{
	elf_make(VIRTUAL);
	refused();
	note(18, "Xen", 4, LOAD + sizeof(elf), 8); /* behind the end */
	refused();
	elf_make(VIRTUAL);
	note(18, "Xen", 4, 0x9000, 8); /* where nothing was loaded */
	refused();
	elf_make(VIRTUAL);
	note(18, "Xen", 4, LOAD | 1ULL << 32, 8); /* more than 32 bits */
	refused();
}

TEST(notes_that_lie)
{
	elf_make(VIRTUAL);
	note(18, "Xen", 4, LOAD, 16);
	refused();
	elf_make(VIRTUAL);
	note(18, "Xen", UINT32_MAX, LOAD, 8);
	refused();
	elf_make(VIRTUAL);
	note(1, "Xen", 4, LOAD, UINT32_MAX);
	refused();
	elf_make(VIRTUAL);
	note(18, "Xen", 4, LOAD, 8);
	elf.ph[1].p_filesz -= 4; /* cut */
	refused();
	elf.ph[1].p_filesz = 7;
	refused();
	elf.ph[1].p_filesz = UINT64_MAX;
	refused();
	elf.ph[1].p_filesz = 24;
	elf.ph[1].p_offset = sizeof(elf) - 8;
	refused();
	elf.ph[1].p_offset = UINT64_MAX;
	refused();
}

/* ---- where a bzImage puts itself --------------------------------------------------------- */

#define MIB (1ULL << 20)

static uint8_t bz[8 << 20];

static void put(size_t off, uint64_t v, size_t len)
{
	memcpy(bz + off, &v, len);
}

/* Fields of the header, Documentation/arch/x86/boot.rst; a setup part of two sectors. */
static void bz_make(uint64_t preferred, uint32_t alignment, uint32_t init_size)
{
	memset(bz, 0, 1024);
	put(0x1f1, 1, 1);
	put(0x1fe, 0xaa55, 2);
	put(0x200, 0x6aeb, 2);
	memcpy(bz + 0x202, "HdrS\x0f\x02", 6);
	put(0x22c, 0x7fffffff, 4);
	put(0x230, alignment, 4);
	put(0x236, 1, 2); /* XLF_KERNEL_64 */
	put(0x238, 2047, 4);
	put(0x258, preferred, 8);
	put(0x260, init_size, 4);
}

/* It is unpacked where it prefers, not where it was loaded: nothing else may be in its way. */
TEST(bzimage_needs_its_place)
{
	bz_make(16 * MIB, 2 << 20, 26 << 20);
	CHECK_INT(load_file(bz, sizeof(bz)), 0);
	CHECK_INT(img.entry, 1 * MIB + 0x200);
	CHECK_INT(img.end, 42 * MIB);
	bz_make(0, 8 << 20, 26 << 20); /* or at the next multiple of its alignment */
	CHECK_INT(load_file(bz, sizeof(bz)), 0);
	CHECK_INT(img.end, 34 * MIB);
	bz_make(1 * MIB, 1 << 20, 1 << 20); /* itself */
	CHECK_INT(load_file(bz, sizeof(bz)), 0);
	CHECK_INT(img.end, 9 * MIB - 1024);
	bz_make(16 * MIB, 2 << 20, 49 << 20);
	CHECK_INT(load_file(bz, sizeof(bz)), -ENOMEM);
	CHECK(strstr(e.text, " needs 66 MiB of guest memory"));
	bz_make(1ULL << 32, 2 << 20, 26 << 20);
	CHECK_INT(load_file(bz, sizeof(bz)), -ENOMEM);
}

UNIT_MAIN(T(bzimage_needs_its_place), T(start), T(pvh), T(no_way_in), T(notes_that_lie))
