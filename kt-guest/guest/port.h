/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_GUEST_PORT_H
#define KT_GUEST_GUEST_PORT_H

/* The way out for records, and in for answers: the virtio-console port of that name. */
#define PORT_NAME "kt.records"

/* A descriptor, or -errno: -ENODEV when no such port came up in wait_ms. */
int port_open(long wait_ms);

#endif
