/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CREW_FDS_H
#define KT_GUEST_CREW_FDS_H

/*
 * Descriptors that are open, but for the first three, in rising order. Whoever is born by fork()
 * without an exec() inherits all; what it does not close stays open as long as it lives: an epoll
 * never forgets it, a pipe has no end, and records could be written by anyone.
 */
struct fds {
	unsigned int n, room;
	int *fd;
};

/* Those that are open now: 0 or -errno. */
int fds_list(struct fds *s);
/* Takes those out that are in `other`, too. */
void fds_minus(struct fds *s, const struct fds *other);
void fds_free(struct fds *s);

/* Closes all but those of `keep` and `also` (-1: none). Kernels before 5.9 close nothing. */
void fds_close_others(const struct fds *keep, int also);

#endif
