/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCX_KT_H
#define SCX_KT_H

/*
 * What the two halves of scx_kt share: sizes, and how an exit is told. Only plain
 * types, so that it compiles for BPF and for user space.
 */
#define KT_CGROUP_MAX 64 /* longest leaf name of a cgroup, with its NUL */
#define KT_REASON_MAX 128
#define KT_MSG_MAX    1024
#define KT_DUMP_MAX   32768 /* the kernel's own default for a debug dump */

#define KT_KIND_ERROR 1024 /* SCX_EXIT_ERROR; from here on it did something wrong */

/* Filled by the BPF side when the kernel has taken the scheduler off. */
struct kt_exit_info {
	int kind;       /* 0 while the scheduler runs; else enum scx_exit_kind */
	long long code; /* SCX_ECODE_* or the scheduler's own */
	char reason[KT_REASON_MAX];
	char msg[KT_MSG_MAX];
};

#endif
