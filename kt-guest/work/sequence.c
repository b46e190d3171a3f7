// SPDX-License-Identifier: GPL-2.0-only
/* Sequence: phases of spinning, sleeping, yielding and file I/O and arithmetic, each for its time,
 * over and over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alu_loop.h"
#include "record.h"
#include "work.h"

#define IO_BYTES (64 << 10)
#define IO_PAUSE (100 * NSEC_PER_USEC)

struct sequence {
	unsigned int n;
	int fd; /* scratch file of the io phase */
	struct alu alu;
	struct {
		enum work_phase phase;
		uint64_t ns;
	} step[WORK_PHASES_MAX];
};

const char *const work_phases[] = { "spin", "sleep", "yield", "io", "alu", NULL };

int work_phase_find(const char *name)
{
	int i;

	for (i = 0; work_phases[i]; i++)
		if (strcmp(work_phases[i], name) == 0)
			return i;
	return -1;
}

static int sequence_init(struct work *w)
{
	struct json_object *phases = rec_get_arr(w->params, "phases"), *p;
	size_t i, n = phases ? json_object_array_length(phases) : 0;
	struct sequence *s = aligned_alloc(64, sizeof(*s));
	int kind;

	w->own = s;
	if (!s)
		return -ENOMEM;
	memset(s, 0, sizeof(*s));
	alu_init(&s->alu);
	if (!n || n > WORK_PHASES_MAX)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		p = json_object_array_get_idx(phases, i);
		kind = work_phase_find(rec_get_str(p, "kind", ""));
		if (kind < 0)
			return -EINVAL;
		s->step[i].phase = (enum work_phase)kind;
		s->step[i].ns = (uint64_t)rec_get_int(p, "ns", 0);
	}
	s->n = (unsigned int)n;
	s->fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return s->fd < 0 ? -errno : 0;
}

/* A 64 KiB write, then a short sleep; one work unit each time. */
static void io_once(struct work *w)
{
	static const char zeros[IO_BYTES];
	struct sequence *s = w->own;

	if (pwrite(s->fd, zeros, sizeof(zeros), 0) <
	    0) /* /tmp full: the time passes all the same */
		work_failed(w, TM_OTHER);
	w->tm->work_units++;
	work_sleep(w, IO_PAUSE);
}

static void alu_once(struct work *w)
{
	struct sequence *s = w->own;

	alu_batch(&s->alu, ALU_SCALAR);
	w->tm->work_units += ALU_STEPS;
	work_tick(w);
}

static void run_for(struct work *w, uint64_t ns, void (*once)(struct work *w))
{
	uint64_t end = clock_ns() + ns;

	do
		once(w);
	while (clock_ns() < end && !work_stopped(w));
}

static void sequence(struct work *w)
{
	struct sequence *s = w->own;
	unsigned int i;

	for (i = 0; i < s->n && !work_stopped(w); i++) {
		switch (s->step[i].phase) {
		case WORK_PHASE_SPIN:
			work_spin_for(w, s->step[i].ns);
			break;
		case WORK_PHASE_SLEEP:
			work_sleep(w, s->step[i].ns);
			break;
		case WORK_PHASE_YIELD:
			run_for(w, s->step[i].ns, work_yield);
			break;
		case WORK_PHASE_IO:
			run_for(w, s->step[i].ns, io_once);
			break;
		case WORK_PHASE_ALU:
			run_for(w, s->step[i].ns, alu_once);
			break;
		}
	}
}

const struct work_type work_family_sequence[] = {
	{ .name = "Sequence",
	  .summary =
		  "phases of spinning, sleeping, yielding, I/O and arithmetic, each for its time",
	  .group = 1,
	  .blocks = true,
	  .phases = true,
	  .ops = { .init = sequence_init, .iterate = sequence } },
	{ .name = NULL },
};
