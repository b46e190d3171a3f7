// SPDX-License-Identifier: GPL-2.0-only
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "image.h"
#include "loader.h"

struct loader {
	pthread_t thread;
	bool running;
	const char *kernel;
	const struct gmem *mem;
	int rc;
	struct errbuf why;
};

static void *load(void *arg)
{
	struct loader *l = arg;
	struct image img;

	l->rc = image_load(&img, l->kernel, l->mem, &l->why);
	return NULL;
}

struct loader *loader_start(const char *kernel, const struct gmem *m)
{
	struct loader *l = calloc(1, sizeof(*l));
	sigset_t all, old;

	if (!l)
		return NULL;
	l->kernel = kernel;
	l->mem = m;
	sigfillset(&all); /* they are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	l->running = pthread_create(&l->thread, NULL, load, l) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!l->running)
		load(l);
	return l;
}

int loader_wait(struct loader *l, struct errbuf *e)
{
	if (!l)
		return 0;
	if (l->running)
		pthread_join(l->thread, NULL);
	l->running = false;
	if (l->rc)
		*e = l->why;
	return l->rc;
}

void loader_free(struct loader *l)
{
	struct errbuf e;

	loader_wait(l, &e);
	free(l);
}
