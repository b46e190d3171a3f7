// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem.h"

int gmem_init(struct gmem *m, uint64_t size, struct errbuf *e)
{
	m->size = size;
	m->hva = MAP_FAILED;
	m->fd = memfd_create("kt-guest-ram", MFD_CLOEXEC);
	if (m->fd >= 0 && ftruncate(m->fd, (off_t)size) == 0)
		m->hva = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, m->fd,
			      0);
	if (m->hva == MAP_FAILED) {
		int err = errno;

		gmem_free(m);
		return errbuf_set(e, -err, "unable to map %llu MiB of guest memory: %s",
				  (unsigned long long)size >> 20, strerror(err));
	}
	return 0;
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
