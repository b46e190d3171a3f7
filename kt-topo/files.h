/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_FILES_H
#define KT_TOPO_FILES_H

#include "acpi.h"
#include "errbuf.h"

/*
 * Writes the tables to `dir`, which is made if need be: rsdp.bin and one
 * <signature>.aml a table, each under another name first and then renamed.
 * Returns 0, or -errno with the reason in `e`.
 */
int files_write(const struct acpi *a, const char *dir, struct errbuf *e);

#endif
