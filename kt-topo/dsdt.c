// SPDX-License-Identifier: GPL-2.0-only
/* The devices that the guest's kernel finds by ACPI. */
#include "dsdt.h"

#define PCI_CONFIG_PORT 0x0cf8
#define PCI_WINDOW      0xc0000000
#define PCI_WINDOW_END  0xfebfffff /* below the I/O APIC */
#define COM1_PORT       0x03f8
#define COM1_IRQ        4
#define VIRTIO_BASE     0xd0000000
#define VIRTIO_LEN      0x200
#define VIRTIO_IRQ      5
#define MACHINE_PORT    0x060c /* behind the fixed hardware of ACPI */
#define MACHINE_KVM \
	0x74726976     /* MACHINE_PORT reads so in the kvm engine's machine, not in QEMU's */
#define STA_WORKS 0x0f /* present, enabled, shown, functioning */

/* \_S5 holds the values for SLP_TYP of the PM1a and PM1b control registers that power off. */
static void sleep_states(struct aml *a)
{
	size_t at;
	int i;

	aml_name(a, "\\_S5_");
	at = aml_package(a, 4);
	for (i = 0; i < 4; i++)
		aml_uint(a, 0);
	aml_close(a, at);
}

/* Without a host bridge in the DSDT, a kernel with ACPI finds no PCI bus. */
static void host_bridge(struct aml *a)
{
	uint8_t buf[128];
	struct aml res = { .buf = buf, .cap = sizeof(buf) };
	size_t at = aml_device(a, "PCI0");

	aml_name_eisa(a, "_HID", "PNP0A08"); /* PCI Express */
	aml_name_eisa(a, "_CID", "PNP0A03"); /* PCI */
	aml_name_uint(a, "_UID", 0);
	aml_res_bus(&res, 0, 255);
	aml_res_io(&res, PCI_CONFIG_PORT, 8);
	aml_res_ports(&res, 0, PCI_CONFIG_PORT - 1);
	aml_res_ports(&res, PCI_CONFIG_PORT + 8, 0xffff);
	aml_res_memory(&res, PCI_WINDOW, PCI_WINDOW_END);
	aml_name_resources(a, "_CRS", &res);
	aml_close(a, at);
}

static void serial_port(struct aml *a)
{
	uint8_t buf[32];
	struct aml res = { .buf = buf, .cap = sizeof(buf) };
	size_t at = aml_device(a, "COM1");

	aml_name_eisa(a, "_HID", "PNP0501"); /* 16550A */
	aml_name_uint(a, "_UID", 1);
	aml_res_io(&res, COM1_PORT, 8);
	aml_res_irq(&res, COM1_IRQ);
	aml_name_resources(a, "_CRS", &res);
	aml_close(a, at);
}

/* The console of the kvm engine. _STA reads MACHINE_PORT and not the device's
 * registers: Linux would keep those mapped, and the driver could not map them. */
static void virtio_console(struct aml *a)
{
	uint8_t buf[32];
	struct aml res = { .buf = buf, .cap = sizeof(buf) };
	size_t at = aml_device(a, "VIR0"), sta, there;

	aml_name_string(a, "_HID", "LNRO0005"); /* virtio-mmio */
	aml_name_uint(a, "_UID", 0);
	aml_port(a, "VREG", "VMAG", MACHINE_PORT);
	sta = aml_method(a, "_STA");
	there = aml_if_equal(a, "VMAG", MACHINE_KVM);
	aml_return(a, STA_WORKS);
	aml_close(a, there);
	aml_return(a, 0);
	aml_close(a, sta);
	aml_res_fixed(&res, VIRTIO_BASE, VIRTIO_LEN);
	aml_res_irq(&res, VIRTIO_IRQ);
	aml_name_resources(a, "_CRS", &res);
	aml_close(a, at);
}

void dsdt_body(struct aml *a)
{
	size_t at;

	sleep_states(a);
	at = aml_scope(a, "\\_SB_");
	host_bridge(a);
	serial_port(a);
	virtio_console(a);
	aml_close(a, at);
}
