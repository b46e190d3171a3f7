// SPDX-License-Identifier: GPL-2.0-only
/* Ways to wait that end with the stop and tell how late the wake-up was. */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wait.h"

enum slot_state { SLOT_AWAKE, SLOT_ASLEEP, SLOT_PICKED };

void work_slot_arm(struct work_slot *s)
{
	__atomic_store_n(&s->state, SLOT_ASLEEP, __ATOMIC_SEQ_CST);
}

void work_slot_disarm(struct work_slot *s)
{
	__atomic_store_n(&s->state, SLOT_AWAKE, __ATOMIC_SEQ_CST);
}

bool work_slot_sleep(struct work *w, struct work_slot *s)
{
	uint64_t since = work_doze(w);
	uint32_t state;

	while ((state = __atomic_load_n(&s->state, __ATOMIC_SEQ_CST)) != SLOT_AWAKE) {
		if (work_stopped(w)) {
			work_slot_disarm(s);
			work_waited(w, since, 0);
			return false;
		}
		syscall(SYS_futex, &s->state, FUTEX_WAIT, state, NULL, NULL, 0);
	}
	work_waited(w, since, __atomic_load_n(&s->sent, __ATOMIC_RELAXED));
	return true;
}

void work_slot_wake(struct work_slot *s, unsigned int n, unsigned int from)
{
	struct work_slot *p;
	unsigned int i;
	uint32_t state;

	for (i = 0; i < n; i++) {
		p = &s[(from + i) % n];
		state = SLOT_ASLEEP;
		if (__atomic_load_n(&p->state, __ATOMIC_SEQ_CST) == SLOT_ASLEEP &&
		    __atomic_compare_exchange_n(&p->state, &state, SLOT_PICKED, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			break;
	}
	if (i == n)
		return;
	__atomic_store_n(&p->sent, clock_ns(), __ATOMIC_RELAXED);
	__atomic_store_n(&p->state, SLOT_AWAKE, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &p->state, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void work_reap(struct work *w, pid_t pid, const uint64_t *sent)
{
	uint64_t since = work_doze(w);
	bool stopped = false;

	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
		stopped = work_stopped(w);
		if (stopped)
			kill(pid, SIGKILL);
	}
	work_waited(w, since, stopped ? 0 : __atomic_load_n(sent, __ATOMIC_RELAXED));
}
