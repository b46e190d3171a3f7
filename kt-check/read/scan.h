/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_READ_SCAN_H
#define KT_CHECK_READ_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads one line of JSON from left to right, without a tree: samples are most of a stream,
 * and of each only some columns are of use. What is malformed sets `bad`, and then
 * nothing more is read.
 */
struct scan {
	const char *p, *end;
	bool bad;
};

#define SCAN_KEY_MAX 32

void scan_init(struct scan *s, const char *text, size_t len);
/* True if the value that comes is an object or array, which is then open; else it is skipped. */
bool scan_object(struct scan *s);
bool scan_array(struct scan *s);
/* The next member of the open object (longer keys are cut); false at its end, which is read. */
bool scan_member(struct scan *s, bool *first, char key[SCAN_KEY_MAX]);
/* Whether the open array has another item; false at its end, which is read. */
bool scan_item(struct scan *s, bool *first);
/* A whole number >= 0; false: another value, which is skipped. */
bool scan_number(struct scan *s, uint64_t *v);
/* true or false, as 1 or 0; false: another value, which is skipped. */
bool scan_truth(struct scan *s, bool *v);
/* A string, cut to `size` bytes; false: another value, which is skipped. */
bool scan_string(struct scan *s, char *buf, size_t size);
void scan_skip(struct scan *s);
/* After the last value: nothing is left of the line, and nothing was bad. */
bool scan_done(struct scan *s);

#endif
