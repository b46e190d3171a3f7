// SPDX-License-Identifier: GPL-2.0-only
/* The words of an error, which a function of lib/ leaves to its caller. */
#include <stdarg.h>
#include <stdio.h>

#include "errbuf.h"

int errbuf_set(struct errbuf *e, int rc, const char *fmt, ...)
{
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
	}
	return rc;
}
