// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "loader.h"
#include "machine.h"
#include "pvh.h"
#include "record.h"
#include "topo.h"

#define PAGE    4096ULL
#define MIB     (1ULL << 20)
#define MEM_MAX (16ULL << 40)

/* struct boot_params, arch/x86/include/uapi/asm/bootparam.h */
enum {
	BP_ACPI_RSDP = 0x070,
	BP_E820_ENTRIES = 0x1e8,
	BP_HDR = 0x1f1,
	BP_BOOT_FLAG = 0x1fe,
	BP_MAGIC = 0x202,
	BP_VERSION = 0x206,
	BP_LOADER = 0x210,
	BP_LOADFLAGS = 0x211,
	BP_RAMDISK = 0x218,
	BP_RAMDISK_SIZE = 0x21c,
	BP_CMDLINE_PTR = 0x228,
	BP_ALIGNMENT = 0x230,
	BP_CMDLINE_SIZE = 0x238,
	BP_E820_TABLE = 0x2d0,
};

enum { E820_RAM = 1, E820_RESERVED = 2, E820_ENTRIES = 128 };

static int bad(struct errbuf *e, const char *what)
{
	return errbuf_set(e, -EINVAL, "topology record: %s", what);
}

static int count_of(struct json_object *o, const char *key, unsigned int *v)
{
	int64_t n = rec_get_int(o, key, 0);

	*v = (unsigned int)n;
	return n >= 1 && n <= TOPO_MAX_CPUS ? 0 : -EINVAL;
}

/*
 * The ranges must be what every engine builds: from 0 up to GMEM_LOW_MAX, then
 * from 4 GiB, without gaps. Nodes only cut them into pieces.
 */
static int check_memory(struct machine *m, struct json_object *ranges, struct errbuf *e)
{
	size_t i, n = ranges ? json_object_array_length(ranges) : 0;
	uint64_t next = 0;

	for (i = 0; i < n; i++) {
		struct json_object *r = json_object_array_get_idx(ranges, i);
		int64_t gpa = rec_get_int(r, "gpa", -1), len = rec_get_int(r, "length", 0);

		if (next == GMEM_LOW_MAX)
			next = GMEM_HIGH_GPA;
		if (len <= 0 || len % (int64_t)PAGE || (uint64_t)len > MEM_MAX ||
		    (uint64_t)gpa != next || m->memory + (uint64_t)len > MEM_MAX)
			return bad(e, "its memory ranges are not contiguous");
		next += (uint64_t)len;
		m->memory += (uint64_t)len;
		if (gpa < (int64_t)GMEM_LOW_MAX && next > GMEM_LOW_MAX)
			return bad(e, "a memory range crosses 2 GiB");
	}
	if (m->memory < 64 * MIB)
		return bad(e, "less than 64 MiB of memory");
	return 0;
}

/*
 * Each CPU must be where the counts put it, under the APIC id of kt-topology(7):
 * engines build CPUID from the counts, and the ACPI tables have these ids.
 */
static int read_places(struct machine *m, struct json_object *cpus, struct errbuf *e)
{
	const struct topo t = { m->nodes, m->llcs, m->cores, m->threads };
	unsigned int i, core = topo_bits(m->cores), thread = topo_bits(m->threads);
	unsigned int llcs = m->llcs / m->nodes, llc = topo_bits(llcs);

	for (i = 0; i < m->cpus; i++) {
		struct json_object *o = json_object_array_get_idx(cpus, i);
		struct cpu_place *p = &m->places[i];

		p->id = i;
		p->node = topo_node(&t, i);
		p->llc = topo_llc(&t, i);
		p->core = topo_core(&t, i);
		p->thread = topo_thread(&t, i);
		p->apic_id =
			((p->node << llc | p->llc % llcs) << core | p->core) << thread | p->thread;
		if (rec_get_int(o, "id", -1) != p->id || rec_get_int(o, "node", -1) != p->node ||
		    rec_get_int(o, "llc", -1) != p->llc || rec_get_int(o, "core", -1) != p->core ||
		    rec_get_int(o, "thread", -1) != p->thread ||
		    rec_get_int(o, "apic_id", -1) != p->apic_id)
			return bad(e, "a CPU is not where its counts put it");
	}
	return 0;
}

int machine_topology(struct machine *m, struct json_object *t, struct errbuf *e)
{
	struct json_object *acpi = rec_get_obj(t, "acpi"), *cpus = rec_get_arr(t, "cpus");

	memset(m, 0, sizeof(*m));
	m->mem.fd = -1;
	snprintf(m->spec, sizeof(m->spec), "%s", rec_get_str(t, "spec", "?"));
	if (count_of(t, "numa_nodes", &m->nodes) || count_of(t, "llcs", &m->llcs) ||
	    count_of(t, "cores_per_llc", &m->cores) || count_of(t, "threads_per_core", &m->threads))
		return bad(e, "a count is missing or out of range");
	m->cpus = cpus ? json_object_array_length(cpus) : 0;
	if (m->llcs % m->nodes || m->cpus != 1ULL * m->llcs * m->cores * m->threads ||
	    m->cpus > TOPO_MAX_CPUS)
		return bad(e, "its counts contradict its list of CPUs");
	if (read_places(m, cpus, e))
		return -EINVAL;
	m->acpi_gpa = (uint64_t)rec_get_int(acpi, "base", 0);
	m->rsdp = (uint64_t)rec_get_int(acpi, "rsdp", 0);
	if (!acpi || m->acpi_gpa < MACHINE_CMDLINE + MACHINE_CMDLINE_MAX ||
	    m->acpi_gpa >= MACHINE_LOW_END || m->acpi_gpa % PAGE || m->rsdp < m->acpi_gpa)
		return bad(e, "its ACPI tables are missing or in the wrong place");
	return check_memory(m, rec_get_arr(t, "memory"), e);
}

static int place_acpi(struct machine *m, struct json_object *t, struct errbuf *e)
{
	struct json_object *acpi = rec_get_obj(t, "acpi");
	void *image = NULL;
	ssize_t len = rec_b64_decode(rec_get_str(acpi, "image", "!"), &image);
	int rc = 0;

	m->acpi_len = len > 0 ? ((uint64_t)len + PAGE - 1) & ~(PAGE - 1) : 0;
	if (len <= 0 || m->acpi_gpa + (uint64_t)len > MACHINE_LOW_END ||
	    m->rsdp >= m->acpi_gpa + (uint64_t)len)
		rc = bad(e, "its ACPI image is damaged or too large");
	else
		gmem_write(&m->mem, m->acpi_gpa, image, (size_t)len);
	free(image);
	return rc;
}

/* Identity map of the first 4 GiB in 2 MiB pages: PML4, PDPT and four PDs. */
static void place_page_tables(const struct machine *m)
{
	uint64_t *pml4 = gmem_at(&m->mem, MACHINE_PAGE_TABLES, 6 * PAGE);
	uint64_t *pdpt = pml4 + 512, *pd = pdpt + 512, i;

	pml4[0] = (MACHINE_PAGE_TABLES + PAGE) | 3; /* present, writable */
	for (i = 0; i < 4; i++)
		pdpt[i] = (MACHINE_PAGE_TABLES + (2 + i) * PAGE) | 3;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | 0x83; /* and a large page */
}

/* Reads the file to the top of low RAM: its GPA in *gpa, its length in *len. */
static int place_initrd(struct machine *m, const struct image *img, const char *path, uint64_t *gpa,
			uint64_t *len, struct errbuf *e)
{
	uint64_t top = gmem_low_end(&m->mem), done = 0;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &st)) {
		int err = errno;

		if (fd >= 0)
			close(fd);
		return errbuf_set(e, -err, "unable to read the initrd %s: %s", path, strerror(err));
	}
	if (top > img->initrd_max + 1)
		top = img->initrd_max + 1;
	*len = (uint64_t)st.st_size;
	if (*len >= top || ((top - *len) & ~(PAGE - 1)) < img->end) {
		close(fd);
		return errbuf_set(e, -ENOMEM,
				  "the initrd %s (%llu MiB) does not fit into the guest's memory",
				  path, (unsigned long long)*len >> 20);
	}
	*gpa = (top - *len) & ~(PAGE - 1);
	while (done < *len) {
		n = read(fd, (uint8_t *)gmem_at(&m->mem, *gpa, *len) + done, *len - done);
		if (n <= 0)
			break;
		done += (uint64_t)n;
	}
	close(fd);
	if (done < *len)
		return errbuf_set(e, n < 0 ? -errno : -EIO, "unable to read the initrd %s", path);
	return 0;
}

static void e820_add(uint8_t *bp, uint64_t gpa, uint64_t end, uint32_t type)
{
	uint8_t n = bp[BP_E820_ENTRIES];
	uint8_t *at = bp + BP_E820_TABLE + n * 20;
	uint64_t len = end - gpa;

	if (end <= gpa || n >= E820_ENTRIES)
		return;
	memcpy(at, &gpa, 8);
	memcpy(at + 8, &len, 8);
	memcpy(at + 16, &type, 4);
	bp[BP_E820_ENTRIES] = n + 1;
}

static void put32(uint8_t *bp, unsigned int off, uint64_t v)
{
	uint32_t w = (uint32_t)v;

	memcpy(bp + off, &w, sizeof(w));
}

static void place_boot_params(const struct machine *m, const struct image *img, uint64_t initrd,
			      uint64_t initrd_len)
{
	uint8_t *bp = gmem_at(&m->mem, MACHINE_BOOT_PARAMS, PAGE);
	uint64_t low = gmem_low_end(&m->mem);

	memset(bp, 0, PAGE);
	if (img->setup_len) {
		memcpy(bp + BP_HDR, img->setup, img->setup_len);
	} else { /* vmlinux reads the same header; the values say "boot protocol 2.12" */
		put32(bp, BP_BOOT_FLAG, 0xaa55);
		memcpy(bp + BP_MAGIC, "HdrS\x0c\x02", 6);
		put32(bp, BP_ALIGNMENT, 0x1000000);
		put32(bp, BP_CMDLINE_SIZE, img->cmdline_max);
	}
	bp[BP_LOADER] = 0xff;  /* a loader without a number of its own */
	bp[BP_LOADFLAGS] |= 1; /* LOADED_HIGH */
	put32(bp, BP_CMDLINE_PTR, MACHINE_CMDLINE);
	put32(bp, BP_RAMDISK, initrd);
	put32(bp, BP_RAMDISK_SIZE, initrd_len);
	memcpy(bp + BP_ACPI_RSDP, &m->rsdp, sizeof(m->rsdp));

	e820_add(bp, 0, m->acpi_gpa, E820_RAM);
	e820_add(bp, m->acpi_gpa, m->acpi_gpa + m->acpi_len, E820_RESERVED);
	e820_add(bp, m->acpi_gpa + m->acpi_len, MACHINE_LOW_END & ~(PAGE - 1), E820_RAM);
	e820_add(bp, MIB, low, E820_RAM);
	e820_add(bp, GMEM_HIGH_GPA, GMEM_HIGH_GPA + m->mem.size - low, E820_RAM);
}

/* The same for a kernel that is entered by PVH; E820 and its map differ in the layout only. */
static uint64_t place_pvh(const struct machine *m, const struct image *img, uint64_t initrd,
			  uint64_t initrd_len)
{
	const uint8_t *bp = gmem_at(&m->mem, MACHINE_BOOT_PARAMS, PAGE);
	struct pvh p = { .entry = img->pvh_entry,
			 .cmdline = MACHINE_CMDLINE,
			 .rsdp = m->rsdp,
			 .initrd = initrd,
			 .initrd_len = initrd_len };

	for (; p.memmaps < bp[BP_E820_ENTRIES]; p.memmaps++)
		memcpy(&p.memmap[p.memmaps], bp + BP_E820_TABLE + p.memmaps * 20, 20);
	return pvh_place(&m->mem, &p);
}

/* Memory of our own is filled by a thread; another process must find it filled. */
static int place_kernel(struct machine *m, struct image *img, const char *kernel, struct errbuf *e)
{
	int rc = image_check(img, kernel, &m->mem, e);

	if (rc)
		return rc;
	m->loader = loader_start(kernel, &m->mem);
	if (!m->loader)
		return errbuf_set(e, -ENOMEM, "out of memory");
	return m->shared ? loader_wait(m->loader, e) : 0;
}

int machine_prepare(struct machine *m, struct json_object *topology, const char *kernel,
		    const char *initrd, const char *cmdline, struct errbuf *e)
{
	uint64_t initrd_gpa = 0, initrd_len = 0;
	struct image img;
	int rc = m->shared ? gmem_init(&m->mem, m->memory, e)
			   : gmem_init_private(&m->mem, m->memory, e);

	if (!rc)
		rc = place_kernel(m, &img, kernel, e);
	if (!rc && strlen(cmdline) > img.cmdline_max)
		rc = errbuf_set(e, -EINVAL, "the kernel command line is longer than %u bytes",
				img.cmdline_max);
	if (!rc)
		rc = place_acpi(m, topology, e);
	if (!rc && initrd)
		rc = place_initrd(m, &img, initrd, &initrd_gpa, &initrd_len, e);
	if (rc)
		return rc;
	gmem_write(&m->mem, MACHINE_CMDLINE, cmdline, strlen(cmdline) + 1);
	place_page_tables(m);
	place_boot_params(m, &img, initrd_gpa, initrd_len);
	m->entry = img.entry ? img.entry : place_pvh(m, &img, initrd_gpa, initrd_len);
	m->cmdline = strdup(cmdline);
	return m->cmdline ? 0 : errbuf_set(e, -ENOMEM, "out of memory");
}

void machine_free(struct machine *m)
{
	loader_free(m->loader);
	m->loader = NULL;
	gmem_free(&m->mem);
	free(m->cmdline);
	m->cmdline = NULL;
}
