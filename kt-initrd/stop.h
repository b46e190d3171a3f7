/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_STOP_H
#define KT_INITRD_STOP_H

#include <stdbool.h>

/*
 * While temporary files exist, SIGINT, SIGTERM and SIGHUP only set a flag: the
 * work ends early with -EINTR, what it made is removed, then stop_release()
 * raises the signal again.
 */
void stop_hold(void);
bool stop_asked(void);
void stop_release(void);

#endif
