// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem.h"

#define HUGE_PAGE (2ULL << 20)

static int map_shared(struct gmem *m)
{
	m->fd = memfd_create("kt-guest-ram", MFD_CLOEXEC);
	if (m->fd >= 0 && ftruncate(m->fd, (off_t)m->size) == 0)
		m->hva = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			      m->fd, 0);
	return m->hva == MAP_FAILED ? -errno : 0;
}

/*
 * Aligned, so that huge pages of the host are huge pages for the guest, too: each page
 * that is not there yet costs an exit, and there are 512 times fewer.
 */
static int map_private(struct gmem *m)
{
	uint8_t *all = mmap(NULL, m->size + HUGE_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t skip;

	if (all == MAP_FAILED)
		return -errno;
	skip = -(uintptr_t)all & (HUGE_PAGE - 1);
	if (skip)
		munmap(all, skip);
	m->hva = all + skip;
	if (skip < HUGE_PAGE)
		munmap(m->hva + m->size, HUGE_PAGE - skip);
	madvise(m->hva, m->size, MADV_HUGEPAGE); /* a kernel without them is slower, no more */
	return 0;
}

static int init(struct gmem *m, uint64_t size, int (*map)(struct gmem *), struct errbuf *e)
{
	int rc;

	m->size = size;
	m->hva = MAP_FAILED;
	m->fd = -1;
	rc = map(m);
	if (!rc)
		return 0;
	gmem_free(m);
	return errbuf_set(e, rc, "unable to map %llu MiB of guest memory: %s",
			  (unsigned long long)size >> 20, strerror(-rc));
}

int gmem_init(struct gmem *m, uint64_t size, struct errbuf *e)
{
	return init(m, size, map_shared, e);
}

int gmem_init_private(struct gmem *m, uint64_t size, struct errbuf *e)
{
	return init(m, size, map_private, e);
}

void gmem_free(struct gmem *m)
{
	if (m->hva != MAP_FAILED && m->hva)
		munmap(m->hva, m->size);
	if (m->fd >= 0)
		close(m->fd);
	m->hva = NULL;
	m->fd = -1;
}

uint64_t gmem_low_end(const struct gmem *m)
{
	return m->size < GMEM_LOW_MAX ? m->size : GMEM_LOW_MAX;
}

void *gmem_at(const struct gmem *m, uint64_t gpa, uint64_t len)
{
	uint64_t low = gmem_low_end(m), room = low, off = gpa;

	if (gpa >= GMEM_HIGH_GPA) {
		off = gpa - GMEM_HIGH_GPA;
		room = m->size - low;
	}
	if (off > room || len > room - off)
		return NULL;
	return m->hva + (gpa >= GMEM_HIGH_GPA ? low : 0) + off;
}

int gmem_write(const struct gmem *m, uint64_t gpa, const void *data, size_t len)
{
	void *at = gmem_at(m, gpa, len);

	if (!at)
		return -EFAULT;
	memcpy(at, data, len);
	return 0;
}
