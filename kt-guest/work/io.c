// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types that wait for a disk. In a guest that is the kernel's null_blk, which the plan
 * configures by kernel arguments: memory for a disk, and completions from timer interrupts,
 * so that a request takes its time and its wake-up comes from an interrupt. Elsewhere, and
 * when the kernel has none, it is a file without a name in /tmp: on a tmpfs nothing waits.
 * What is on the disk is of no interest, so that workers may share it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "sched.h"
#include "work.h"

#define DISK        "/dev/nullb0"
#define REGION      (16 << 20) /* of the disk; all that is ever written */
#define FILE_BYTES  (1 << 20)  /* of the file; it is filled, since a hole is not read */
#define BLOCK       4096       /* a read, and a step of a write between two checkpoints */
#define STRIPE      (64 << 10) /* a write of IoSyncWrite; workers take stripes in turn */
#define CONVOY      4          /* blocks written, and read, in an iteration of IoConvoy */
#define CONVOY_SYNC 16         /* iterations between two syncs */

static const char *const disk_kargs[] = {
	"null_blk.nr_devices=1",          "null_blk.gb=1",
	"null_blk.memory_backed=1",       "null_blk.irqmode=2",
	"null_blk.completion_nsec=50000", NULL,
};

/* One open file for each way of access; offsets are given with each call. */
struct disk {
	int sync, direct, plain;
	size_t region;
	const char *medium;
};

struct io {
	unsigned char *buf; /* STRIPE bytes, aligned for O_DIRECT */
	uint64_t rng, count;
};

static size_t disk_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct disk);
}

/* Without O_DIRECT where the file system does not know it. */
static int open_as(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | flags);

	return fd < 0 && (flags & O_DIRECT) ? open(path, O_RDWR | O_CLOEXEC) : fd;
}

static int open_all(struct disk *d, const char *path)
{
	d->sync = open_as(path, O_SYNC);
	d->direct = open_as(path, O_DIRECT);
	d->plain = open_as(path, 0);
	return d->sync < 0 || d->direct < 0 || d->plain < 0 ? -errno : 0;
}

static int open_file(struct disk *d)
{
	char path[64], zeros[BLOCK] = { 0 };
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), rc = 0;
	size_t at;

	if (fd < 0)
		return -errno;
	for (at = 0; !rc && at < FILE_BYTES; at += BLOCK)
		rc = pwrite(fd, zeros, BLOCK, (off_t)at) == BLOCK ? 0 : -ENOSPC;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!rc)
		rc = open_all(d, path);
	close(fd);
	d->region = FILE_BYTES;
	return rc;
}

/* Only PID 1 of a guest may write to a disk: elsewhere it could be somebody's. */
static int disk_prepare(struct work_group *g)
{
	struct disk *d = g->shared;
	struct stat st;

	d->sync = d->direct = d->plain = -1;
	if (getpid() == 1 && stat(DISK, &st) == 0 && S_ISBLK(st.st_mode)) {
		d->medium = DISK;
		d->region = REGION;
		return open_all(d, DISK);
	}
	d->medium = "file in /tmp";
	return open_file(d);
}

static void disk_discard(struct work_group *g)
{
	struct disk *d = g->shared;
	int *const fd[] = { &d->sync, &d->direct, &d->plain };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fd); i++)
		if (*fd[i] >= 0)
			close(*fd[i]);
}

static int io_init(struct work *w)
{
	struct io *io = calloc(1, sizeof(*io));

	w->own = io;
	if (!io)
		return -ENOMEM;
	telemetry_medium(w->tm, ((struct disk *)w->group->shared)->medium);
	io->rng = work_random_seed(w->index);
	io->buf = aligned_alloc(BLOCK, STRIPE);
	if (io->buf)
		memset(io->buf, (int)w->index, STRIPE);
	return io->buf ? 0 : -ENOMEM;
}

static void io_fini(struct work *w)
{
	struct io *io = w->own;

	free(io->buf);
	free(io);
}

/* A work unit is a block; a failed one (the disk is full) is none. */
static void block(struct work *w, int fd, bool write, size_t at, void *buf)
{
	ssize_t n = write ? pwrite(fd, buf, BLOCK, (off_t)at) : pread(fd, buf, BLOCK, (off_t)at);

	w->tm->work_units += n == BLOCK;
	if (n < 0)
		work_failed(w, TM_OTHER);
	work_checkpoint(w);
}

static void io_sync_write(struct work *w)
{
	struct disk *d = w->group->shared;
	struct io *io = w->own;
	uint64_t stripe = io->count++ * w->workers + w->index;
	size_t base = stripe % (d->region / STRIPE) * STRIPE, at;

	for (at = 0; at < STRIPE && !work_stopped(w); at += BLOCK)
		block(w, d->sync, true, base + at, io->buf + at);
	if (fdatasync(d->sync))
		work_failed(w, TM_OTHER);
	work_checkpoint(w);
}

static size_t random_block(const struct disk *d, struct io *io)
{
	return work_random(&io->rng) % (d->region / BLOCK) * BLOCK;
}

static void io_rand_read(struct work *w)
{
	struct disk *d = w->group->shared;
	struct io *io = w->own;

	block(w, d->direct, false, random_block(d, io), io->buf);
}

static void io_convoy(struct work *w)
{
	struct disk *d = w->group->shared;
	struct io *io = w->own;
	uint64_t next = io->count++ * CONVOY;
	unsigned int i;

	for (i = 0; i < CONVOY && !work_stopped(w); i++)
		block(w, d->plain, true, (next + i) % (d->region / BLOCK) * BLOCK, io->buf);
	for (i = 0; i < CONVOY && !work_stopped(w); i++)
		block(w, d->direct, false, random_block(d, io), io->buf + BLOCK);
	if (io->count % CONVOY_SYNC == 0) {
		if (fdatasync(d->plain))
			work_failed(w, TM_OTHER);
		work_checkpoint(w);
	}
}

#define DISK_OPS(f)                                                                      \
	{                                                                                \
		.shared = disk_shared, .prepare = disk_prepare, .discard = disk_discard, \
		.init = io_init, .iterate = f, .fini = io_fini                           \
	}

const struct work_type work_family_io[] = {
	{ .name = "IoSyncWrite",
	  .summary = "writes a stripe of 64 KiB with O_SYNC, then fdatasync",
	  .group = 1,
	  .kargs = disk_kargs,
	  .ops = DISK_OPS(io_sync_write) },
	{ .name = "IoRandRead",
	  .summary = "reads 4 KiB with O_DIRECT from a random place",
	  .group = 1,
	  .kargs = disk_kargs,
	  .ops = DISK_OPS(io_rand_read) },
	{ .name = "IoConvoy",
	  .summary = "writes 4 blocks in a row, reads 4 random ones, and now and then syncs",
	  .group = 1,
	  .kargs = disk_kargs,
	  .ops = DISK_OPS(io_convoy) },
	{ .name = NULL },
};
