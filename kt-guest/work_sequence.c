// SPDX-License-Identifier: GPL-2.0-only
/* Sequence: phases of spinning, sleeping, yielding and file I/O, each for its time, over and over.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "record.h"
#include "work.h"

#define IO_BYTES (64 << 10)
#define IO_PAUSE (100 * NSEC_PER_USEC)

static int sequence_init(struct work *w)
{
	struct json_object *phases = rec_get_arr(w->params, "phases"), *p;
	size_t i, n = phases ? json_object_array_length(phases) : 0;
	int kind;

	if (!n || n > WORK_PHASES_MAX)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		p = json_object_array_get_idx(phases, i);
		kind = work_phase_find(rec_get_str(p, "kind", ""));
		if (kind < 0)
			return -EINVAL;
		w->step[i] = (struct work_step){ .phase = (enum work_phase)kind,
						 .ns = (uint64_t)rec_get_int(p, "ns", 0) };
	}
	w->nsteps = (unsigned int)n;
	w->fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return w->fd < 0 ? -errno : 0;
}

/* A 64 KiB write, then a short sleep; one work unit each time. */
static uint64_t io_once(struct work *w)
{
	static const char zeros[IO_BYTES];

	(void)!pwrite(w->fd, zeros, sizeof(zeros), 0); /* /tmp full: the time passes all the same */
	w->tm->work_units++;
	return work_sleep(w, IO_PAUSE);
}

static void run_for(struct work *w, uint64_t ns, uint64_t (*once)(struct work *w))
{
	uint64_t end = tm_now() + ns;

	while (once(w) < end && !work_stopped(w))
		;
}

static void sequence(struct work *w)
{
	unsigned int i;

	for (i = 0; i < w->nsteps && !work_stopped(w); i++) {
		switch (w->step[i].phase) {
		case WORK_PHASE_SPIN:
			work_spin_for(w, w->step[i].ns);
			break;
		case WORK_PHASE_SLEEP:
			work_sleep(w, w->step[i].ns);
			break;
		case WORK_PHASE_YIELD:
			run_for(w, w->step[i].ns, work_yield);
			break;
		case WORK_PHASE_IO:
			run_for(w, w->step[i].ns, io_once);
			break;
		}
	}
}

const struct work_ops work_sequence = { .init = sequence_init, .iterate = sequence };
