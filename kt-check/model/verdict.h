/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_VERDICT_H
#define KT_CHECK_MODEL_VERDICT_H

/* In order of severity: the verdict of a test is its most severe one. */
enum verdict { V_SKIP, V_PASS, V_INCONCLUSIVE, V_FAIL, V_COUNT };

#endif
