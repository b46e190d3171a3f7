/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_ERRBUF_H
#define KT_ERRBUF_H

/*
 * How a function of lib/ says what went wrong: it fills the caller's buffer and
 * returns a negative value. The tool prints it, once, with msg_err().
 */
struct errbuf {
	char text[512];
};

/* Formats into `e` (which may be NULL) and returns `rc`, for `return errbuf_set(...)`. */
int errbuf_set(struct errbuf *e, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
