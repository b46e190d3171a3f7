// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-initrd/elfinfo.c
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "kt-initrd/elfinfo.h"
#include "unit.h"

/* A small program as the loader sees it: headers, one segment, interpreter, dynamic section. */
struct image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];
	Elf64_Dyn dyn[6];
	char interp[16];
	char strings[32];
};

#define BASE 0x400000

static void image_init(struct image *m)
{
	static const char strings[] = "\0libone.so\0libtwo.so\0/r";

	memset(m, 0, sizeof(*m));
	memcpy(m->eh.e_ident, ELFMAG, SELFMAG);
	m->eh.e_ident[EI_CLASS] = ELFCLASS64;
	m->eh.e_ident[EI_DATA] = ELFDATA2LSB;
	m->eh.e_ident[EI_VERSION] = EV_CURRENT;
	m->eh.e_type = ET_DYN;
	m->eh.e_machine = EM_X86_64;
	m->eh.e_version = EV_CURRENT;
	m->eh.e_ehsize = sizeof(m->eh);
	m->eh.e_phoff = offsetof(struct image, ph);
	m->eh.e_phentsize = sizeof(Elf64_Phdr);
	m->eh.e_phnum = 3;
	m->ph[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = sizeof(*m), .p_memsz = sizeof(*m)
	};
	m->ph[1] = (Elf64_Phdr){ .p_type = PT_INTERP,
				 .p_offset = offsetof(struct image, interp),
				 .p_filesz = sizeof(m->interp) };
	m->ph[2] = (Elf64_Phdr){ .p_type = PT_DYNAMIC,
				 .p_offset = offsetof(struct image, dyn),
				 .p_filesz = sizeof(m->dyn) };
	m->dyn[0] = (Elf64_Dyn){ .d_tag = DT_NEEDED, .d_un.d_val = 1 };
	m->dyn[1] = (Elf64_Dyn){ .d_tag = DT_NEEDED, .d_un.d_val = 11 };
	m->dyn[2] = (Elf64_Dyn){ .d_tag = DT_RUNPATH, .d_un.d_val = 21 };
	m->dyn[3] = (Elf64_Dyn){ .d_tag = DT_STRTAB,
				 .d_un.d_ptr = BASE + offsetof(struct image, strings) };
	strcpy(m->interp, "/lib/ld.so");
	memcpy(m->strings, strings, sizeof(strings));
}

static int read_bytes(const void *data, size_t len, struct elf_info *info, struct errbuf *e)
{
	char path[] = "/tmp/test_elfinfo.XXXXXX";
	int fd = mkstemp(path), rc;

	CHECK_INT(write(fd, data, len), len);
	close(fd);
	rc = elf_read(path, info, e);
	unlink(path);
	return rc;
}

TEST(program)
{
	struct elf_info info;
	struct errbuf e;
	struct image m;

	image_init(&m);
	CHECK_INT(read_bytes(&m, sizeof(m), &info, &e), 0);
	CHECK_INT(info.kind, ELF_IMAGE);
	CHECK_INT(info.nneeded, 2);
	CHECK_STR(info.needed[0], "libone.so");
	CHECK_STR(info.needed[1], "libtwo.so");
	CHECK_STR(info.runpath, "/r");
	CHECK_STR(info.interp, "/lib/ld.so");
	CHECK(!info.rpath);
	elf_free(&info);
}

TEST(kinds)
{
	struct elf_info info;
	struct errbuf e;
	struct image m;

	CHECK_INT(read_bytes("", 0, &info, &e), 0);
	CHECK_INT(info.kind, ELF_NOT);
	CHECK_INT(read_bytes("#!/bin/sh\n", 10, &info, &e), 0);
	CHECK_INT(info.kind, ELF_NOT);
	image_init(&m);
	m.eh.e_machine = EM_S390;
	CHECK_INT(read_bytes(&m, sizeof(m), &info, &e), 0);
	CHECK_INT(info.kind, ELF_FOREIGN);
	m.eh.e_type = ET_REL;
	CHECK_INT(read_bytes(&m, sizeof(m), &info, &e), 0);
	CHECK_INT(info.kind, ELF_DATA);
	CHECK_INT(elf_read("/dev/null", &info, &e), -EINVAL);
	CHECK_STR(e.text, "/dev/null: expected a regular file");
}

/* Each lie gives an error and leaves nothing to free. */
static void lie(const struct image *m, size_t len)
{
	struct elf_info info;
	struct errbuf e;

	e.text[0] = '\0';
	CHECK_INT(read_bytes(m, len, &info, &e), -ENOEXEC);
	CHECK(strstr(e.text, "damaged ELF file"));
	CHECK(!info.needed && !info.interp);
}

TEST(lies)
{
	struct image m;

	image_init(&m);
	lie(&m, offsetof(struct image, dyn)); /* cut behind the program headers */
	m.dyn[1].d_un.d_val = 1 << 20;
	lie(&m, sizeof(m));
	image_init(&m);
	m.dyn[1].d_un.d_val = UINT64_MAX;
	lie(&m, sizeof(m));
	image_init(&m);
	m.dyn[3].d_un.d_ptr = 0x1000;
	lie(&m, sizeof(m));
	image_init(&m);
	m.ph[2].p_filesz = 1ULL << 40;
	lie(&m, sizeof(m));
	image_init(&m);
	m.ph[2].p_offset = UINT64_MAX - 8;
	lie(&m, sizeof(m));
	image_init(&m);
	m.ph[1].p_offset = UINT64_MAX;
	lie(&m, sizeof(m));
	image_init(&m);
	m.interp[0] = 'x';
	lie(&m, sizeof(m));
	image_init(&m);
	memset(m.strings, 'x', sizeof(m.strings)); /* no end */
	lie(&m, sizeof(m));
	image_init(&m);
	m.dyn[0].d_un.d_val = 0; /* a library without a name */
	lie(&m, sizeof(m));
}

UNIT_MAIN(T(program), T(kinds), T(lies))
