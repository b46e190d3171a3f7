// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/crew/fds.c
/* What forked workers keep of the descriptors that they inherit. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kt-guest/crew/fds.h"
#include "unit.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static bool has(const struct fds *s, int fd)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (s->fd[i] == fd)
			return true;
	return false;
}

TEST(those_opened_between_two_lists_are_the_difference)
{
	struct fds before, after;
	int a = open("/dev/null", O_RDONLY), b, c;

	CHECK_INT(fds_list(&before), 0);
	b = open("/dev/null", O_RDONLY);
	c = open("/dev/null", O_RDONLY);
	CHECK_INT(fds_list(&after), 0);
	CHECK(has(&after, a) && has(&after, b) && has(&after, c));
	CHECK(!has(&after, 0) && !has(&after, 1) && !has(&after, 2));
	fds_minus(&after, &before);
	CHECK_INT(after.n, 2);
	CHECK(has(&after, b) && has(&after, c));
	CHECK(after.fd[0] < after.fd[1]);
	fds_free(&before);
	fds_free(&after);
	close(a);
	close(b);
	close(c);
}

/* In a child: what is open of 0 to 63 after it closed all but these two and `also`. */
static bool keeps(int a, int b, int also)
{
	int keep[] = { a, b }, i, status;
	struct fds s = { .n = 2, .fd = keep };
	pid_t pid = fork();

	if (pid == 0) {
		for (i = 3; i < 64; i++)
			dup2(0, i);
		fds_close_others(&s, also);
		for (i = 0; i < 64; i++)
			if (is_open(i) != (i < 3 || i == a || i == b || i == also))
				_exit(1);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

TEST(all_others_are_closed)
{
	CHECK(keeps(10, 40, 20));
	CHECK(keeps(10, 40, 5));
	CHECK(keeps(10, 40, 50));
	CHECK(keeps(10, 11, 12));
	CHECK(keeps(3, 63, -1));
	CHECK(keeps(10, 40, 40));
	CHECK(keeps(10, 40, 2));
}

UNIT_MAIN(T(those_opened_between_two_lists_are_the_difference), T(all_others_are_closed))
