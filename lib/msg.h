/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_MSG_H
#define KT_MSG_H

/*
 * Messages for people, on stderr: "kt-topo: unable to write x.aml: No space left
 * on device". Only tools call these; lib/ fills an errbuf instead. One failure,
 * one message, from the layer that knows the object.
 */

/* Names the tool; call it first in main(). */
void msg_init(const char *tool);
const char *msg_tool(void);

/*
 * Prints "tool: text[: strerror(errnum)]" and returns `code`, for
 * `return msg_err(KT_SYS, errno, "unable to open %s", path)`. errnum 0 adds nothing.
 */
int msg_err(int code, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* "tool: warning: text" */
void msg_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "tool: text" */
void msg_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A usage mistake: the message, then "Try 'tool --help'."; returns KT_USAGE. */
int msg_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Whoever flushes stdout keeps the reason of a failure here, for msg_finish(). */
void msg_output_failed(int errnum);

/* Flushes stdout and returns `rc`, or KT_OUTPUT with a message if a write failed. */
int msg_finish(int rc);

#endif
