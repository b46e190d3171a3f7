// SPDX-License-Identifier: GPL-2.0-only
/* QEMU for the tcg engine, started: its ROM, its command line, and the streams to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcg.h"

#define ROM_SIZE   0x10000
#define ROM_CODE   0xf000 /* offset of reset.S in the ROM */
#define ROM_VECTOR 0xfff0

extern const uint8_t reset_start[], reset_end[], reset_entry[];

/* A file in memory with the ROM; its descriptor or -errno. */
static int rom(uint64_t entry)
{
	static const uint8_t jump[] = { 0xe9, (ROM_CODE - ROM_VECTOR - 3) & 0xff,
					((ROM_CODE - ROM_VECTOR - 3) >> 8) & 0xff };
	size_t len = (size_t)(reset_end - reset_start);
	int fd = memfd_create("kt-reset-rom", MFD_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, ROM_SIZE) == 0 &&
	    pwrite(fd, reset_start, len, ROM_CODE) == (ssize_t)len &&
	    pwrite(fd, &entry, sizeof(entry), ROM_CODE + (reset_entry - reset_start)) ==
		    sizeof(entry) &&
	    pwrite(fd, jump, sizeof(jump), ROM_VECTOR) == sizeof(jump))
		return fd;
	rc = errno ? -errno : -EIO;
	close(fd);
	return rc;
}

/* The words of QEMU's command line; the descriptors are those that it inherits. */
struct words {
	const char *argv[64];
	char text[24][256];
	unsigned int n, t;
};

static void add(struct words *w, const char *word)
{
	w->argv[w->n++] = word;
}

static void addf(struct words *w, const char *opt, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void addf(struct words *w, const char *opt, const char *fmt, ...)
{
	char *text = w->text[w->t++];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(w->text[0]), fmt, ap);
	va_end(ap);
	add(w, opt);
	add(w, text);
}

/* Those from FD_QMP on are pairs of which we keep the other end. */
enum { FD_ROM, FD_RAM, FD_QMP, FD_CONSOLE, FD_PORT, FD_GDB, FD_TRACE, FD_COUNT };

static void command_line(struct words *w, const struct machine *m, const int *fd)
{
	unsigned long long mib = m->memory >> 20;

	add(w, QEMU);
	addf(w, "-accel", "tcg,thread=multi");
	addf(w, "-M",
	     "q35,acpi=off,hpet=on,smm=off,vmport=off,sata=off,smbus=off,usb=off,graphics=off,i8042=off,"
	     "max-ram-below-4g=2G,memory-backend=ram");
	/* an LLC is a die; QEMU shares the L3 within a die only for Intel CPUs */
	add(w, "-cpu");
	add(w, m->nested ? "EPYC,+svm,+npt" : "max,vendor=GenuineIntel");
	addf(w, "-smp", "%u,sockets=%u,dies=%u,cores=%u,threads=%u", m->cpus, m->nodes,
	     m->llcs / m->nodes, m->cores, m->threads);
	addf(w, "-m", "%lluM", mib);
	addf(w, "-object",
	     "memory-backend-file,id=ram,size=%lluM,share=on,mem-path=/proc/self/fd/%d", mib,
	     fd[FD_RAM]);
	addf(w, "-bios", "/proc/self/fd/%d", fd[FD_ROM]);
	addf(w, "-sandbox", TCG_SANDBOX);
	add(w, "-nodefaults");
	add(w, "-no-user-config");
	add(w, "-action"); /* a guest that has ended can still be looked at */
	add(w, "reboot=shutdown,shutdown=pause");
	addf(w, "-display", "none");
	addf(w, "-chardev", "socket,id=qmp,fd=%d", fd[FD_QMP]);
	addf(w, "-mon", "chardev=qmp,mode=control");
	addf(w, "-chardev", "socket,id=console,fd=%d", fd[FD_CONSOLE]);
	addf(w, "-serial", "chardev:console");
	addf(w, "-chardev", "socket,id=port,fd=%d", fd[FD_PORT]);
	addf(w, "-device", "virtio-serial-pci,max_ports=2");
	addf(w, "-device", "virtserialport,chardev=port,name=kt.records");
	addf(w, "-chardev", "socket,id=gdb,fd=%d", fd[FD_GDB]); /* of no use until asked for */
	addf(w, "-d", "cpu_reset");
	addf(w, "-D", "/proc/self/fd/%d", fd[FD_TRACE]);
	add(w, NULL);
}

static void close_fds(int *fd, int from, int to)
{
	for (; from < to; from++) {
		if (fd[from] >= 0)
			close(fd[from]);
		fd[from] = -1;
	}
}

/* A stream each from QEMU's end, theirs[], to ours[]: 0, or -errno and none is open. */
static int make_pairs(int *theirs, int *ours)
{
	int pair[2], i, rc = 0;

	for (i = FD_QMP; !rc && i < FD_COUNT; i++) {
		rc = i == FD_TRACE ? pipe2(pair, O_CLOEXEC)
				   : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
		if (rc)
			break;
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	if (!rc)
		return 0;
	rc = -errno;
	close_fds(theirs, FD_QMP, FD_COUNT);
	close_fds(ours, FD_QMP, FD_COUNT);
	return rc;
}

int tcg_qemu_start(struct tcg *t, const struct machine *m, int *console, int *port)
{
	struct words w = { .n = 0 };
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = w.argv);
	int theirs[FD_COUNT] = { -1, m->mem.fd, -1, -1, -1, -1, -1 };
	int ours[FD_COUNT] = { -1, -1, -1, -1, -1, -1, -1 };
	int rc = make_pairs(theirs, ours);

	if (rc)
		return rc;
	t->qmp.fd = ours[FD_QMP];
	t->trace = ours[FD_TRACE];
	t->gdb.fd = ours[FD_GDB];
	*console = ours[FD_CONSOLE]; /* the caller's from here on */
	*port = ours[FD_PORT];
	theirs[FD_ROM] = rc = rom(m->entry);
	if (rc >= 0) {
		command_line(&w, m, theirs);
		o.in = SPAWN_NULL;
		o.out = SPAWN_NULL;
		o.err = SPAWN_PIPE;
		o.keep = theirs;
		o.nkeep = FD_COUNT;
		rc = spawn_start(&t->qemu, &o);
		close(theirs[FD_ROM]);
	}
	close_fds(theirs, FD_QMP, FD_COUNT);
	return rc;
}
