/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_UNITS_H
#define KT_UNITS_H

#include <stdint.h>

#include "errbuf.h"

#define NSEC_PER_SEC  1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_USEC 1000ULL

/*
 * Durations: a decimal number (a fraction is allowed) and one of ns us ms s m h,
 * "1.5s"; a bare "0" needs no unit. Sizes: a whole number with K M G T or
 * KiB MiB GiB TiB (powers of 1024), or bytes without one. Both return 0, or
 * -EINVAL / -ERANGE with the reason in `e`.
 */
int units_duration(const char *s, uint64_t *ns, struct errbuf *e);
int units_size(const char *s, uint64_t *bytes, struct errbuf *e);

/* A whole decimal number within [min, max], nothing else in the string. */
int units_number(const char *s, uint64_t min, uint64_t max, uint64_t *v, struct errbuf *e);

/* "350ns", "1.5ms", "20s", for people; buf of at least 24 bytes is returned. */
char *units_format_ns(char *buf, uint64_t ns);

#endif
