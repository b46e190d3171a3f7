// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads from an ELF file what ld.so would read: interpreter, needed libraries
 * and search paths. It goes by the program headers, as ld.so does; section
 * headers may be absent. A file may lie: every offset is checked by libelf
 * (elf_getdata_rawchunk) or here, and every string ends within its table.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elfinfo.h"

#define DYN_MAX    4096 /* entries of PT_DYNAMIC; real ones have about 30 */
#define NEEDED_MAX 512
#define STRING_MAX 4096  /* PATH_MAX: a longer path cannot be opened anyway */
#define DEBUG_MIN  65536 /* debug sections smaller than that are not worth a strip */

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#else
#error "kt does not know this machine's ELF number"
#endif

static int lies(struct errbuf *e, const char *path, const char *what)
{
	return errbuf_set(e, -ENOEXEC, "%s: damaged ELF file: %s", path, what);
}

/* Returns a copy of the NUL-terminated string at file offset `off`, or NULL. */
static char *string_at(Elf *elf, uint64_t off)
{
	size_t size;
	const char *file = elf_rawfile(elf, &size), *end;

	if (!file || off >= size)
		return NULL;
	size -= off;
	if (size > STRING_MAX)
		size = STRING_MAX;
	end = memchr(file + off, '\0', size);
	return end ? strdup(file + off) : NULL;
}

/* Returns the file offset of a virtual address in a PT_LOAD segment, or -1 if none has it. */
static int64_t file_offset(Elf *elf, uint64_t addr)
{
	size_t n, i;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &n))
		return -1;
	for (i = 0; i < n; i++)
		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD && addr >= ph.p_vaddr &&
		    addr - ph.p_vaddr < ph.p_filesz && ph.p_offset <= INT64_MAX - ph.p_filesz)
			return (int64_t)(ph.p_offset + (addr - ph.p_vaddr));
	return -1;
}

static int add_needed(struct elf_info *info, char *name)
{
	char **more;

	if (info->nneeded == NEEDED_MAX)
		return -E2BIG;
	more = reallocarray(info->needed, info->nneeded + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	info->needed = more;
	more[info->nneeded++] = name;
	return 0;
}

/* Stores the string that an entry of the dynamic section names. */
static int take_dyn(Elf *elf, const GElf_Dyn *d, uint64_t strtab, struct elf_info *info)
{
	char **slot = d->d_tag == DT_RPATH     ? &info->rpath
		      : d->d_tag == DT_RUNPATH ? &info->runpath
					       : NULL;
	char *s;
	int rc = 0;

	if (!slot && d->d_tag != DT_NEEDED)
		return 0;
	s = d->d_un.d_val <= UINT32_MAX ? string_at(elf, strtab + d->d_un.d_val) : NULL;
	if (!s || (!slot && !*s))
		rc = -EINVAL;
	else if (!slot)
		rc = add_needed(info, s);
	if (rc)
		free(s);
	else if (slot) {
		free(*slot);
		*slot = s;
	}
	return rc;
}

static int read_dynamic(Elf *elf, const GElf_Phdr *ph, struct elf_info *info)
{
	Elf_Data *data;
	GElf_Dyn d;
	uint64_t addr = 0;
	int64_t strtab;
	size_t n;
	int i, rc = 0;

	if (!ph->p_filesz)
		return 0; /* a file of debug sections alone has none */
	if (ph->p_filesz > DYN_MAX * sizeof(GElf_Dyn))
		return -E2BIG;
	data = elf_getdata_rawchunk(elf, (int64_t)ph->p_offset, ph->p_filesz, ELF_T_DYN);
	if (!data)
		return -EINVAL;
	n = data->d_size / gelf_fsize(elf, ELF_T_DYN, 1, EV_CURRENT);
	for (i = 0; i < (int)n && gelf_getdyn(data, i, &d) && d.d_tag != DT_NULL; i++)
		if (d.d_tag == DT_STRTAB)
			addr = d.d_un.d_ptr;
	if (!addr)
		return 0; /* static-pie without a string table */
	strtab = file_offset(elf, addr);
	if (strtab < 0)
		return -EINVAL;
	for (i = 0; !rc && i < (int)n && gelf_getdyn(data, i, &d) && d.d_tag != DT_NULL; i++)
		rc = take_dyn(elf, &d, (uint64_t)strtab, info);
	return rc;
}

static int read_phdrs(Elf *elf, const char *path, struct elf_info *info, struct errbuf *e)
{
	GElf_Phdr ph;
	size_t n, i;

	if (elf_getphdrnum(elf, &n))
		return lies(e, path, elf_errmsg(-1));
	for (i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph))
			return lies(e, path, elf_errmsg(-1));
		if (ph.p_type == PT_INTERP && !info->interp && ph.p_filesz) {
			info->interp = string_at(elf, ph.p_offset);
			if (!info->interp || info->interp[0] != '/')
				return lies(e, path, "the interpreter has no absolute path");
		}
		if (ph.p_type == PT_DYNAMIC && read_dynamic(elf, &ph, info))
			return lies(e, path, "the dynamic section cannot be read");
	}
	return 0;
}

static bool has_debug(Elf *elf)
{
	uint64_t size = 0;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name =
			gelf_getshdr(scn, &sh) ? elf_strptr(elf, names, sh.sh_name) : NULL;

		if (name && !strncmp(name, ".debug_", 7) && sh.sh_type != SHT_NOBITS)
			size += sh.sh_size < UINT32_MAX ? sh.sh_size : 0;
	}
	return size >= DEBUG_MIN;
}

static int read_elf(Elf *elf, const char *path, struct elf_info *info, struct errbuf *e)
{
	GElf_Ehdr eh;
	int rc;

	if (elf_kind(elf) != ELF_K_ELF)
		return 0;
	if (!gelf_getehdr(elf, &eh))
		return lies(e, path, elf_errmsg(-1));
	info->kind = ELF_DATA;
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return 0;
	info->kind = ELF_FOREIGN;
	if (eh.e_machine != OWN_MACHINE || gelf_getclass(elf) != ELFCLASS64 ||
	    eh.e_ident[EI_DATA] != ELFDATA2LSB)
		return 0;
	info->kind = ELF_IMAGE;
	rc = read_phdrs(elf, path, info, e);
	if (!rc)
		info->debug = has_debug(elf);
	return rc;
}

int elf_read(const char *path, struct elf_info *info, struct errbuf *e)
{
	struct stat st;
	Elf *elf;
	int fd, rc;

	memset(info, 0, sizeof(*info));
	elf_version(EV_CURRENT);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		rc = errbuf_set(e, -errno, "unable to open %s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		rc = errbuf_set(e, -EINVAL, "%s: expected a regular file", path);
		goto out;
	}
	elf = st.st_size ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	/* a file too short for ELF is no error: it is ELF_NOT */
	rc = elf ? read_elf(elf, path, info, e) : 0;
	elf_end(elf);
	if (rc)
		elf_free(info);
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

void elf_free(struct elf_info *info)
{
	while (info->nneeded)
		free(info->needed[--info->nneeded]);
	free(info->needed);
	free(info->interp);
	free(info->rpath);
	free(info->runpath);
	memset(info, 0, sizeof(*info));
}
