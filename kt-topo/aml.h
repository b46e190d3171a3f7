/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_AML_H
#define KT_TOPO_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes AML, the byte code of ACPI (ACPI 6.5, chapter 20): only the few
 * terms that a DSDT of named objects and one small method needs. Everything goes into one buffer;
 * when it does not fit, `bad` is set and the rest is dropped.
 *
 * A term with a length is opened and closed around its contents:
 *
 *	at = aml_scope(a, "\\_SB_");
 *	...
 *	aml_close(a, at);
 */
struct aml {
	uint8_t *buf;
	size_t len, cap;
	bool bad;
};

void aml_bytes(struct aml *a, const void *data, size_t len);
void aml_uint(struct aml *a, uint32_t v); /* in the shortest form */

/* Begins Name (SEG, object); the caller writes the object next. A segment has four letters. */
void aml_name(struct aml *a, const char *path);
void aml_name_uint(struct aml *a, const char *path, uint32_t v);
void aml_name_eisa(struct aml *a, const char *path, const char *id); /* "PNP0A08" */
void aml_name_string(struct aml *a, const char *path, const char *s);
/* Name (SEG, Buffer): a resource template; the end tag is added. */
void aml_name_resources(struct aml *a, const char *path, const struct aml *templ);

size_t aml_scope(struct aml *a, const char *path);
size_t aml_device(struct aml *a, const char *seg);
size_t aml_package(struct aml *a, uint8_t elements);
size_t aml_method(struct aml *a, const char *seg);
size_t aml_if_equal(struct aml *a, const char *seg, uint32_t v);
void aml_close(struct aml *a, size_t at);

/* OperationRegion and Field: 32 bits of ports as `field`. */
void aml_port(struct aml *a, const char *region, const char *field, uint16_t port);
void aml_return(struct aml *a, uint32_t v);

/* Resource descriptors (chapter 6.4), for a template in a buffer of its own. */
void aml_res_io(struct aml *a, uint16_t base, uint8_t len);
void aml_res_irq(struct aml *a, unsigned int irq);              /* edge, active high */
void aml_res_fixed(struct aml *a, uint32_t base, uint32_t len); /* memory */
/* Ranges that a host bridge forwards to its bus: bus numbers, I/O ports, 32-bit memory. */
void aml_res_bus(struct aml *a, uint16_t first, uint16_t last);
void aml_res_ports(struct aml *a, uint16_t first, uint16_t last);
void aml_res_memory(struct aml *a, uint32_t first, uint32_t last);

#endif
