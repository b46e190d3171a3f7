// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

#define BZ_LOAD_GPA 0x100000ULL
#define PIECE       (256U << 10)

/* Offsets in a bzImage, Documentation/arch/x86/boot.rst */
enum {
	HDR_SETUP_SECTS = 0x1f1,
	HDR_BOOT_FLAG = 0x1fe,
	HDR_JUMP = 0x201, /* the header ends at 0x202 + the byte here */
	HDR_MAGIC = 0x202,
	HDR_VERSION = 0x206,
	HDR_INITRD_MAX = 0x22c,
	HDR_ALIGNMENT = 0x230,
	HDR_XLOADFLAGS = 0x236,
	HDR_CMDLINE_SIZE = 0x238,
	HDR_PREFERRED = 0x258,
	HDR_INIT_SIZE = 0x260,
};

#define XLF_KERNEL_64 1
#define ENTRY_64      0x200 /* of the protected-mode part */

struct file {
	const char *path;
	const uint8_t *data; /* mapped, for the headers */
	size_t size;
	int fd;
	bool copy; /* to guest memory, or look only */
};

static uint16_t u16(const struct file *f, size_t off)
{
	uint16_t v;

	memcpy(&v, f->data + off, sizeof(v));
	return v;
}

static uint32_t u32(const struct file *f, size_t off)
{
	uint32_t v;

	memcpy(&v, f->data + off, sizeof(v));
	return v;
}

static uint64_t u64(const struct file *f, size_t off)
{
	return u32(f, off) | (uint64_t)u32(f, off + 4) << 32;
}

static int too_small(const struct file *f, uint64_t need, struct errbuf *e)
{
	return errbuf_set(e, -ENOMEM, "kernel %s needs %llu MiB of guest memory", f->path,
			  (unsigned long long)(need >> 20) + 1);
}

/*
 * Reads what is to be in guest memory: touching the mapping would fault for every few pages.
 * In pieces, between which a host kernel that does not preempt itself lets others have the
 * CPU: start-up waits for KVM's workers meanwhile.
 */
static int copy_in(const struct file *f, uint8_t *to, size_t off, size_t len, struct errbuf *e)
{
	ssize_t n;

	for (; f->copy && len; to += n, off += (size_t)n, len -= (size_t)n) {
		n = pread(f->fd, to, len < PIECE ? len : PIECE, (off_t)off);
		if (n <= 0)
			return errbuf_set(e, n ? -errno : -EIO, "unable to read the kernel %s: %s",
					  f->path, n ? strerror(errno) : "it has become shorter");
	}
	return 0;
}

/*
 * The end of what a bzImage uses: of its own file, and of where it unpacks itself, which is not
 * where it was loaded but higher up.
 */
static uint64_t bzimage_end(const struct file *f, size_t skip)
{
	uint64_t end = BZ_LOAD_GPA + (f->size - skip), align = u32(f, HDR_ALIGNMENT);
	uint64_t at = (BZ_LOAD_GPA + align - 1) & ~(align - 1);

	if (at < u64(f, HDR_PREFERRED))
		at = u64(f, HDR_PREFERRED);
	at += u32(f, HDR_INIT_SIZE);
	return at > end ? at : end;
}

static int load_bzimage(struct image *img, const struct file *f, const struct gmem *m,
			struct errbuf *e)
{
	size_t sects = f->data[HDR_SETUP_SECTS] ? f->data[HDR_SETUP_SECTS] : 4;
	size_t skip = (sects + 1) * 512, hdr_end = HDR_MAGIC + f->data[HDR_JUMP];
	uint8_t *at;

	if (u16(f, HDR_VERSION) < 0x20c || !(u16(f, HDR_XLOADFLAGS) & XLF_KERNEL_64))
		return errbuf_set(e, -ENOEXEC,
				  "kernel %s has no 64-bit entry point (expected an x86-64 "
				  "bzImage, boot protocol 2.12 or later)",
				  f->path);
	if (skip + ENTRY_64 >= f->size || hdr_end > sizeof(img->setup) + HDR_SETUP_SECTS)
		return errbuf_set(e, -ENOEXEC, "kernel %s is cut: %zu bytes", f->path, f->size);
	img->end = bzimage_end(f, skip);
	at = gmem_at(m, BZ_LOAD_GPA, img->end - BZ_LOAD_GPA);
	if (!at)
		return too_small(f, img->end, e);
	img->entry = BZ_LOAD_GPA + ENTRY_64;
	img->setup_len = hdr_end - HDR_SETUP_SECTS;
	memcpy(img->setup, f->data + HDR_SETUP_SECTS, img->setup_len);
	img->cmdline_max = u32(f, HDR_CMDLINE_SIZE);
	img->initrd_max = u32(f, HDR_INITRD_MAX);
	return copy_in(f, at, skip, f->size - skip, e);
}

static int load_segment(struct image *img, const struct file *f, const struct gmem *m,
			const Elf64_Phdr *p, struct errbuf *e)
{
	uint8_t *at;

	if (p->p_offset > f->size || p->p_filesz > f->size - p->p_offset ||
	    p->p_filesz > p->p_memsz)
		return errbuf_set(e, -ENOEXEC, "kernel %s is cut: a segment ends behind the file",
				  f->path);
	at = p->p_paddr < BZ_LOAD_GPA ? NULL : gmem_at(m, p->p_paddr, p->p_memsz);
	if (!at)
		return too_small(f, p->p_paddr + p->p_memsz, e);
	if (p->p_paddr + p->p_memsz > img->end)
		img->end = p->p_paddr + p->p_memsz;
	/* what follows p_filesz is zero already: the memory is fresh */
	return copy_in(f, at, p->p_offset, p->p_filesz, e);
}

/* One note of a kernel: the address if it is Xen's PHYS32_ENTRY, else 0. */
static uint32_t pvh_note(const Elf64_Nhdr *n, const uint8_t *name, const uint8_t *desc)
{
	enum { PHYS32_ENTRY = 18 };
	uint64_t addr = 0;

	if (n->n_type != PHYS32_ENTRY || n->n_namesz != 4 || memcmp(name, "Xen", 4) ||
	    (n->n_descsz != 4 && n->n_descsz != 8))
		return 0;
	memcpy(&addr, desc, n->n_descsz);
	return addr <= UINT32_MAX ? (uint32_t)addr : 0;
}

/* The PVH entry point among the notes of a segment, or 0. */
static uint32_t find_pvh(const struct file *f, const Elf64_Phdr *p)
{
	uint64_t at, end, name, desc;
	uint32_t entry = 0;
	Elf64_Nhdr n;

	if (p->p_offset > f->size || p->p_filesz > f->size - p->p_offset)
		return 0;
	end = p->p_offset + p->p_filesz;
	for (at = p->p_offset; !entry && end - at >= sizeof(n); at = desc) {
		memcpy(&n, f->data + at, sizeof(n));
		name = at + sizeof(n);
		desc = name + ((n.n_namesz + 3ULL) & ~3ULL);
		if (desc > end || n.n_descsz > end - desc)
			break;
		entry = pvh_note(&n, f->data + name, f->data + desc);
		desc += (n.n_descsz + 3ULL) & ~3ULL;
		if (desc > end)
			break;
	}
	return entry;
}

static bool within(const struct image *img, const struct gmem *m, uint64_t gpa)
{
	return gpa >= BZ_LOAD_GPA && gpa < img->end && gmem_at(m, gpa, 1);
}

static int load_vmlinux(struct image *img, const struct file *f, const struct gmem *m,
			struct errbuf *e)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	unsigned int i;
	uint32_t pvh = 0;
	int rc;

	memcpy(&eh, f->data, sizeof(eh));
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_machine != EM_X86_64 ||
	    eh.e_type != ET_EXEC || eh.e_phentsize != sizeof(ph))
		return errbuf_set(e, -ENOEXEC,
				  "kernel %s is no x86-64 kernel (expected vmlinux or bzImage)",
				  f->path);
	if (eh.e_phoff > f->size || eh.e_phnum * sizeof(ph) > f->size - eh.e_phoff)
		return errbuf_set(e, -ENOEXEC, "kernel %s is cut: %zu bytes", f->path, f->size);
	for (i = 0; i < eh.e_phnum; i++) {
		memcpy(&ph, f->data + eh.e_phoff + i * sizeof(ph), sizeof(ph));
		rc = ph.p_type == PT_LOAD && ph.p_memsz ? load_segment(img, f, m, &ph, e) : 0;
		if (rc)
			return rc;
		if (ph.p_type == PT_NOTE && !pvh)
			pvh = find_pvh(f, &ph);
	}
	if (within(img, m, eh.e_entry))
		img->entry = eh.e_entry;
	else if (within(img, m, pvh))
		img->pvh_entry = pvh;
	else
		return errbuf_set(e, -ENOEXEC, "kernel %s has its entry point outside its segments",
				  f->path);
	img->cmdline_max = 2047; /* COMMAND_LINE_SIZE of x86 */
	img->initrd_max = GMEM_LOW_MAX - 1;
	return 0;
}

static int load(struct image *img, const struct file *f, const struct gmem *m, struct errbuf *e)
{
	if (f->size > sizeof(Elf64_Ehdr) && memcmp(f->data, ELFMAG, SELFMAG) == 0)
		return load_vmlinux(img, f, m, e);
	if (f->size > 1024 && u16(f, HDR_BOOT_FLAG) == 0xaa55 &&
	    memcmp(f->data + HDR_MAGIC, "HdrS", 4) == 0)
		return load_bzimage(img, f, m, e);
	return errbuf_set(e, -ENOEXEC,
			  "%s is no kernel image (expected a bzImage or an x86-64 vmlinux)",
			  f->path);
}

static int read_image(struct image *img, const char *path, const struct gmem *m, bool copy,
		      struct errbuf *e)
{
	struct file f = { .path = path, .copy = copy };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	void *map = MAP_FAILED;

	memset(img, 0, sizeof(*img));
	if (fd < 0 || fstat(fd, &st) ||
	    (st.st_size > 0 && S_ISREG(st.st_mode) &&
	     (map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED))
		rc = errbuf_set(e, -errno, "unable to read the kernel %s: %s", path,
				strerror(errno));
	else if (map == MAP_FAILED)
		rc = errbuf_set(e, -ENOEXEC,
				"%s is no kernel image (expected a bzImage or an x86-64 vmlinux)",
				path);
	else {
		f.data = map;
		f.size = st.st_size;
		f.fd = fd;
		rc = load(img, &f, m, e);
		munmap(map, st.st_size);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int image_load(struct image *img, const char *path, const struct gmem *m, struct errbuf *e)
{
	return read_image(img, path, m, true, e);
}

int image_check(struct image *img, const char *path, const struct gmem *m, struct errbuf *e)
{
	return read_image(img, path, m, false, e);
}
