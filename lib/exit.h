/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_EXIT_H
#define KT_EXIT_H

/*
 * The one list of exit codes of every kt tool; kt-exit(7) says what each tool
 * uses them for. 64 and up are those of sysexits.h.
 */
enum kt_exit {
	KT_OK = 0,           /* yes, pass, skip */
	KT_FAIL = 1,         /* no, fail */
	KT_INCONCLUSIVE = 2, /* kt-check and kt test: nothing could be said */
	KT_USAGE = 64,       /* the command line is wrong */
	KT_DATA = 65,        /* the input is wrong */
	KT_HOST = 69,        /* the host lacks something */
	KT_SOFTWARE = 70,    /* a fault of kt */
	KT_SYS = 71,         /* a system call failed */
	KT_OUTPUT = 74,      /* output could not be written */
	KT_NOEXEC = 126,     /* a program was found and could not be run */
	KT_NOTFOUND = 127,   /* a program was not found */
	KT_SIGNAL = 128,     /* plus the number of the signal that ended it */
};

#endif
