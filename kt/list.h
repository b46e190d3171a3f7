/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_LIST_H
#define KT_DRIVER_LIST_H

/* kt list ... and kt show ...: argv[0] is "list" or "show". Both return the exit code. */
int list_main(int argc, char **argv);
int show_main(int argc, char **argv);
/* kt doctor --clean: removes what is left of runs on this machine, and says what it was. */
int clean_main(void);

#endif
