// SPDX-License-Identifier: GPL-2.0-only
/* Types that spin, then sleep. */
#include "record.h"
#include "work.h"

static int bursty_init(struct work *w)
{
	w->burst_ns = (uint64_t)rec_get_int(w->params, "burst_ns", 0);
	w->sleep_ns = (uint64_t)rec_get_int(w->params, "sleep_ns", 0);
	return 0;
}

static void bursty(struct work *w)
{
	work_spin_for(w, w->burst_ns);
	if (!work_stopped(w))
		work_sleep(w, w->sleep_ns);
}

const struct work_ops work_bursty = { .init = bursty_init, .iterate = bursty };
