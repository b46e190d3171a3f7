// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "mem.h"

#define PAGE        4096ULL
#define KERNEL_STEP (2ULL << 20) /* CONFIG_PHYSICAL_ALIGN is no less on x86-64 */
#define PTE_PRESENT 1ULL
#define PTE_LARGE   (1ULL << 7)
#define PTE_ADDR    0x000ffffffffff000ULL
#define CPUS_MAX    8192
#define BLOCK       64 /* bytes that cost as much as a read by itself */
#define BANNER_MIN  32 /* bytes of a linux_banner worth looking for, and more than it has */
#define BANNER_MAX  1024

void kmem_init(struct kmem *m, const struct gmem *ram, const struct ksym *sym)
{
	memset(m, 0, sizeof(*m));
	m->ram = ram;
	m->sym = sym;
}

bool kmem_spend(const struct kmem *m, uint64_t work)
{
	if (!m->work)
		return true;
	if (*m->work < work) {
		*m->work = 0;
		return false;
	}
	*m->work -= work;
	return true;
}

bool kmem_spent(const struct kmem *m)
{
	return m->work && !*m->work;
}

static int read_phys(const struct kmem *m, uint64_t gpa, void *buf, size_t len)
{
	const void *p = gmem_at(m->ram, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(buf, p, len);
	return 0;
}

/* What the image has at a link address, by the physical slide alone: before there are page tables.
 */
static int read_image(const struct kmem *m, enum ksymbol symbol, void *buf, size_t len)
{
	uint64_t addr;

	if (!ksym_known(m->sym, symbol, &addr))
		return -ENOENT;
	return read_phys(m, addr - KMEM_START_KERNEL_MAP + m->phys_slide, buf, len);
}

/*
 * A walk from the root. Entries are read once each; what a lying guest puts there can lead
 * nowhere but to another checked GPA.
 */
static int walk(const struct kmem *m, uint64_t gva, uint64_t *gpa, uint64_t *left)
{
	unsigned int level = m->levels, shift = 12 + 9 * (level - 1);
	uint64_t table = m->root, pte, span;

	for (;; level--, shift -= 9) {
		if (read_phys(m, table + ((gva >> shift) & 511) * 8, &pte, sizeof(pte)) ||
		    !(pte & PTE_PRESENT))
			return -EFAULT;
		if (level == 1 || (level <= 3 && (pte & PTE_LARGE)))
			break;
		table = pte & PTE_ADDR;
	}
	span = 1ULL << shift;
	*gpa = (pte & PTE_ADDR & ~(span - 1)) + (gva & (span - 1));
	*left = span - (gva & (span - 1));
	return 0;
}

int kmem_translate(const struct kmem *m, uint64_t gva, uint64_t *gpa, uint64_t *left)
{
	uint64_t off = gva - m->page_offset;
	unsigned int bits = m->levels == 5 ? 56 : 47;
	uint64_t high = gva >> bits;

	if (!kmem_spend(m, 1))
		return -EFAULT;
	/* most of what is read is in the direct map, which needs no walk */
	if (gva >= m->page_offset && gmem_at(m->ram, off, 1)) {
		*gpa = off;
		*left = PAGE - (off & (PAGE - 1));
		return 0;
	}
	if (high != 0 && high != ~0ULL >> bits)
		return -EFAULT;
	return walk(m, gva, gpa, left);
}

int kmem_read(const struct kmem *m, uint64_t gva, void *buf, size_t len)
{
	uint64_t gpa, left;
	size_t n;

	for (; len; len -= n, gva += n, buf = (char *)buf + n) {
		if (kmem_translate(m, gva, &gpa, &left))
			return -EFAULT;
		n = len < left ? len : (size_t)left;
		if (!kmem_spend(m, n / BLOCK) || read_phys(m, gpa, buf, n))
			return -EFAULT;
	}
	return 0;
}

int kmem_write(const struct kmem *m, uint64_t gva, const void *data, size_t len)
{
	uint64_t gpa, left;
	size_t n;

	for (; len; len -= n, gva += n, data = (const char *)data + n) {
		if (kmem_translate(m, gva, &gpa, &left))
			return -EFAULT;
		n = len < left ? len : (size_t)left;
		if (gmem_write(m->ram, gpa, data, n))
			return -EFAULT;
	}
	return 0;
}

int kmem_number(const struct kmem *m, uint64_t gva, unsigned int size, uint64_t *v)
{
	uint64_t gpa, left;
	const void *p;

	if (kmem_translate(m, gva, &gpa, &left) || left < size || (gva & (size - 1))) {
		*v = 0;
		return size > sizeof(*v) ? -EFAULT : kmem_read(m, gva, v, size);
	}
	p = gmem_at(m->ram, gpa, size);
	if (!p)
		return -EFAULT;
	switch (size) {
	case 1:
		*v = __atomic_load_n((const uint8_t *)p, __ATOMIC_RELAXED);
		return 0;
	case 2:
		*v = __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED);
		return 0;
	case 4:
		*v = __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
		return 0;
	case 8:
		*v = __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
		return 0;
	}
	return -EFAULT;
}

int kmem_string(const struct kmem *m, uint64_t gva, char *buf, size_t size)
{
	size_t len = 0, n, left;
	const char *end;

	while (len < size - 1) {
		left = PAGE - ((gva + len) & (PAGE - 1));
		n = size - 1 - len < left ? size - 1 - len : left;
		if (kmem_read(m, gva + len, buf + len, n)) {
			buf[0] = '\0';
			return -EFAULT;
		}
		end = memchr(buf + len, 0, n);
		if (end)
			return (int)(end - buf);
		len += n;
	}
	buf[len] = '\0';
	return (int)len;
}

uint64_t kmem_slid(const struct kmem *m, uint64_t link)
{
	/* until 6.14 per-CPU symbols are offsets from zero: nothing to slide */
	return link >= KMEM_START_KERNEL_MAP ? link + m->virt_slide : link;
}

uint64_t kmem_symbol(const struct kmem *m, enum ksymbol symbol)
{
	uint64_t addr;

	return ksym_known(m->sym, symbol, &addr) ? kmem_slid(m, addr) : 0;
}

uint64_t kmem_percpu(const struct kmem *m, uint64_t symbol, unsigned int cpu)
{
	uint64_t offsets = kmem_symbol(m, KS_PER_CPU_OFFSET), off;

	if (cpu >= m->cpus || kmem_number(m, offsets + 8ULL * cpu, 8, &off))
		return 0;
	return symbol + off;
}

/* ---- finding the kernel --------------------------------------------------------- */

static bool banner_at(const struct kmem *m, const char *banner, size_t len, uint64_t gpa)
{
	const void *p = gmem_at(m->ram, gpa, len);

	return p && memcmp(p, banner, len) == 0;
}

/* With the physical slide known: the rest, and whether it fits together. */
static int settle(struct kmem *m, uint64_t banner_link, uint64_t banner_gpa)
{
	uint64_t root, phys_base, gpa, left;
	uint32_t l5 = 0, cpus;

	if (!ksym_known(m->sym, KS_INIT_TOP_PGT, &root) ||
	    read_image(m, KS_PHYS_BASE, &phys_base, sizeof(phys_base)) ||
	    read_image(m, KS_PAGE_OFFSET_BASE, &m->page_offset, sizeof(m->page_offset)))
		return -ENOENT;
	read_image(m, KS_L5_ENABLED, &l5, sizeof(l5)); /* absent: 4 levels only */
	m->levels = l5 ? 5 : 4;
	/* phys = virt - START_KERNEL_map + phys_base, of slid addresses */
	m->virt_slide = m->phys_slide - phys_base;
	m->root = root - KMEM_START_KERNEL_MAP + m->phys_slide;
	if (walk(m, banner_link + m->virt_slide, &gpa, &left) || gpa != banner_gpa)
		return -EAGAIN;
	if (walk(m, m->page_offset + banner_gpa, &gpa, &left) || gpa != banner_gpa)
		return -EAGAIN;
	/* a kernel for a fixed number of CPUs has no such variable */
	if (read_image(m, KS_NR_CPU_IDS, &cpus, sizeof(cpus)) || !cpus || cpus > CPUS_MAX)
		cpus = CPUS_MAX;
	m->cpus = cpus;
	m->attached = true;
	return 0;
}

static uint64_t ram_end(const struct gmem *ram)
{
	uint64_t low = gmem_low_end(ram);

	return ram->size > low ? GMEM_HIGH_GPA + (ram->size - low) : low;
}

int kmem_attach(struct kmem *m, struct errbuf *e)
{
	uint64_t addr, link, gpa, end = ram_end(m->ram);
	const char *banner = ksym_known(m->sym, KS_LINUX_BANNER, &addr)
				     ? ksym_bytes(m->sym, addr, BANNER_MAX)
				     : NULL;
	size_t len = banner ? strnlen(banner, BANNER_MAX) : 0;
	int rc = -EAGAIN;

	if (len < BANNER_MIN || len == BANNER_MAX)
		return errbuf_set(e, -ENOENT, "vmlinux has no linux_banner");
	/* a guest's RAM may hold copies, in an initrd for one: settle() tells */
	link = addr - KMEM_START_KERNEL_MAP;
	for (gpa = link % KERNEL_STEP; rc == -EAGAIN && gpa < end; gpa += KERNEL_STEP) {
		if (!banner_at(m, banner, len, gpa))
			continue;
		m->phys_slide = gpa - link;
		rc = settle(m, addr, gpa);
	}
	if (rc == -ENOENT)
		return errbuf_set(e, rc, "vmlinux lacks symbols that every kernel has");
	return rc ? errbuf_set(e, rc, "no such kernel in the guest's memory") : 0;
}
