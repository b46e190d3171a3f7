/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_LIST_H
#define KT_DRIVER_LIST_H

/* kt list ... and kt show ...: argv[0] is "list" or "show". Both return the exit code. */
int list_main(int argc, char **argv);
int show_main(int argc, char **argv);

#endif
