// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stddef.h>

#include "array.h"
#include "stop.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
#define NSIGNALS (ARRAY_SIZE(signals))

static volatile sig_atomic_t asked;
static struct sigaction before[NSIGNALS];

static void on_signal(int sig)
{
	asked = sig;
}

void stop_hold(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < NSIGNALS; i++) {
		sigaction(signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
	}
}

bool stop_asked(void)
{
	return asked != 0;
}

void stop_release(void)
{
	size_t i;

	for (i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	if (asked)
		raise(asked);
}
