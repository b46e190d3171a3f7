// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/gmem.c kt-vm/device/virtq.c kt-vm/device/virtio_mmio.c
// LINK: kt-vm/device/virtio_console.c kt-vm/device/outbuf.c
/* virtio-console and its transport as a driver sees them: set-up, ports, rules. */
#include "virtio_driver.h"

TEST(identity)
{
	uint8_t b = 1;

	plug(false);
	CHECK_INT(in(VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	CHECK_INT(in(VIRTIO_MMIO_VERSION), 2);
	CHECK_INT(in(VIRTIO_MMIO_DEVICE_ID), 3);
	CHECK_INT(in(VIRTIO_MMIO_DEVICE_FEATURES), 1 << VIRTIO_CONSOLE_F_MULTIPORT);
	out(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	CHECK_INT(in(VIRTIO_MMIO_DEVICE_FEATURES), 1); /* VERSION_1 */
	out(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	CHECK_INT(in(VIRTIO_MMIO_DEVICE_FEATURES), 0);
	CHECK_INT(in(VIRTIO_MMIO_SHM_LEN_LOW), 0xffffffff);
	CHECK_INT(in(VIRTIO_MMIO_CONFIG + 4), 2); /* max_nr_ports */
	CHECK_INT(in(VIRTIO_MMIO_CONFIG + 12), 0);
	CHECK_INT(in(0x1fc), 0);
	virtio_mmio_ops.read(virtio_console_dev(con), VIRTIO_MMIO_CONFIG + 4, &b, 1);
	CHECK_INT(b, 2);
	virtio_mmio_ops.read(virtio_console_dev(con), VIRTIO_MMIO_VERSION, &b, 1);
	CHECK_INT(b, 0); /* registers are read by 32 bits */
	out(VIRTIO_MMIO_QUEUE_SEL, QUEUES);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
	out(VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 0);
	unplug();
}

static uint32_t negotiate(uint32_t low, uint32_t high)
{
	out(VIRTIO_MMIO_STATUS, 0);
	out(VIRTIO_MMIO_STATUS, 3);
	out(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	out(VIRTIO_MMIO_DRIVER_FEATURES, low);
	out(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	out(VIRTIO_MMIO_DRIVER_FEATURES, high);
	out(VIRTIO_MMIO_STATUS, 0xb);
	return in(VIRTIO_MMIO_STATUS);
}

TEST(features)
{
	plug(false);
	CHECK_INT(negotiate(2, 1), 0xb);
	CHECK_INT(negotiate(0, 1), 0xb);
	CHECK_INT(negotiate(2, 0), 3); /* a legacy driver */
	CHECK_INT(negotiate(3, 1), 3); /* F_SIZE was not offered */
	CHECK_INT(negotiate(2, 5), 3);
	out(VIRTIO_MMIO_QUEUE_READY, 1); /* too early: ignored */
	CHECK_INT(in(VIRTIO_MMIO_STATUS), 3);
	unplug();
}

TEST(ports_come_up)
{
	plug(false);
	set_up();
	say(VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	CHECK_STR(hear(), "1 1 1 "); /* PORT_ADD */
	CHECK_STR(hear(), "");
	say(1, VIRTIO_CONSOLE_PORT_READY, 1);
	CHECK_STR(hear(), "1 7 1 kt.records"); /* PORT_NAME */
	CHECK_STR(hear(), "1 6 1 ");           /* PORT_OPEN */
	say(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	say(0, VIRTIO_CONSOLE_PORT_READY, 1); /* is not there */
	say(2, VIRTIO_CONSOLE_PORT_READY, 1);
	say(UINT32_MAX, VIRTIO_CONSOLE_PORT_READY, 1);
	say(1, VIRTIO_CONSOLE_PORT_READY, 0);
	CHECK_STR(hear(), "");
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK);
	unplug();
}

TEST(ports_with_a_console)
{
	plug(true);
	set_up();
	say(VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	CHECK_STR(hear(), "0 1 1 ");
	CHECK_STR(hear(), "1 1 1 ");
	say(0, VIRTIO_CONSOLE_PORT_READY, 1);
	CHECK_STR(hear(), "0 4 1 "); /* CONSOLE_PORT */
	CHECK_STR(hear(), "0 6 1 ");
	CHECK_STR(hear(), "");
	unplug();
}

TEST(messages_wait_for_buffers)
{
	unsigned int i;

	plug(false);
	set_up();
	for (i = 0; i < num[RX_CONTROL] / 2; i++) {
		say(1, VIRTIO_CONSOLE_PORT_READY, 1);
		CHECK_STR(hear(), "1 7 1 kt.records");
		CHECK_STR(hear(), "1 6 1 ");
	}
	for (i = 0; i < 1000; i++) /* all buffers are used up: once is enough */
		say(1, VIRTIO_CONSOLE_PORT_READY, 1);
	CHECK_STR(hear(), "");
	for (i = 0; i < num[RX_CONTROL]; i++)
		give(RX_CONTROL, INBUFS + 64 * i, 64, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, RX_CONTROL);
	CHECK_STR(hear(), "1 7 1 kt.records");
	CHECK_STR(hear(), "1 6 1 ");
	CHECK_STR(hear(), "");
	for (i = 0; i < num[RX_CONTROL]; i++)
		say(1, VIRTIO_CONSOLE_PORT_READY, 1);
	set_up(); /* the next driver has not asked for anything */
	CHECK_STR(hear(), "");
	unplug();
}

TEST(small_messages_and_buffers)
{
	plug(false);
	set_up();
	memset(ram(DATA), 0, 8);
	*ram(DATA + 6) = 1; /* DEVICE_READY, but for its last byte */
	give(TX_CONTROL, DATA, 7, 0);
	give(TX_CONTROL, DATA, 8, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONTROL);
	CHECK_INT(used(TX_CONTROL)->idx, 2);
	CHECK_STR(hear(), "");
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK);
	desc(RX_CONTROL)[0].len = 7;
	say(VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK | VIRTIO_CONFIG_S_NEEDS_RESET);
	unplug();
}

TEST(records_and_interrupts)
{
	uint8_t got[100];

	plug(false);
	set_up();
	memcpy(ram(DATA), "{\"type\":\"guest\"}\n", 17);
	give(TX_RECORDS, DATA, 9, 0);
	CHECK_INT(drain(records[1], got, sizeof(got)), 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(line, 1);
	CHECK_INT(in(VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	give(TX_RECORDS, DATA + 9, 8, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(calls, 1);
	CHECK_INT(drain(records[1], got, sizeof(got)), 17);
	CHECK(memcmp(got, ram(DATA), 17) == 0);
	CHECK_INT(used(TX_RECORDS)->idx, 2);
	out(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	CHECK_INT(line, 0);
	CHECK_INT(in(VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	avail(TX_RECORDS)->flags = VRING_AVAIL_F_NO_INTERRUPT;
	give(TX_RECORDS, DATA, 1, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(line, 0);
	CHECK_INT(used(TX_RECORDS)->idx, 3);
	CHECK_INT(virtio_console_stats(con).record_bytes, 18);
	CHECK(!virtio_console_writable(con));
	unplug();
}

/* On an edge-triggered line, what is left after an acknowledgement needs a new edge. */
TEST(a_second_cause_has_its_edge)
{
	plug(false);
	set_up();
	give(TX_RECORDS, DATA, 1, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	give(TX_RECORDS, RAM, 1, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(edges, 1);
	CHECK_INT(in(VIRTIO_MMIO_INTERRUPT_STATUS), 3);
	out(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	CHECK_INT(edges, 2);
	CHECK_INT(line, 1);
	out(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	CHECK_INT(line, 0);
	unplug();
}

static void break_it(unsigned int queue)
{
	const uint32_t needs_reset = OK | VIRTIO_CONFIG_S_NEEDS_RESET;

	set_up();
	out(VIRTIO_MMIO_INTERRUPT_ACK, 3);
	give(queue, DATA, 16, VRING_DESC_F_NEXT); /* a loop */
	desc(queue)[(given[queue] - 1) % num[queue]].next = (given[queue] - 1) % num[queue];
	if (queue == RX_CONTROL) { /* its buffers are all given: the first one is bad */
		desc(queue)[0] = desc(queue)[(given[queue] - 1) % num[queue]];
		say(1, VIRTIO_CONSOLE_PORT_READY, 1);
	}
	out(VIRTIO_MMIO_QUEUE_NOTIFY, queue);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), needs_reset);
	CHECK_INT(in(VIRTIO_MMIO_INTERRUPT_STATUS)&VIRTIO_MMIO_INT_CONFIG, VIRTIO_MMIO_INT_CONFIG);
	CHECK_INT(line, 1);
	out(VIRTIO_MMIO_STATUS, OK); /* no way out but a reset */
	CHECK_INT(in(VIRTIO_MMIO_STATUS), needs_reset);
	out(VIRTIO_MMIO_QUEUE_SEL, TX_RECORDS);
	out(VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK(!virtio_console_writable(con));
	out(VIRTIO_MMIO_STATUS, 0);
	CHECK_INT(line, 0);
}

TEST(rule_breakers_need_a_reset)
{
	uint8_t got[10];

	plug(true);
	break_it(TX_CONSOLE);
	break_it(RX_CONTROL);
	break_it(TX_CONTROL);
	break_it(TX_RECORDS);
	set_up();
	give(TX_RECORDS, DATA, 5, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(drain(records[1], got, sizeof(got)), 5);
	unplug();
}

TEST(bad_rings_need_a_reset)
{
	plug(false);
	CHECK_INT(negotiate(2, 1), 0xb);
	out(VIRTIO_MMIO_QUEUE_NUM, 2);
	out(VIRTIO_MMIO_QUEUE_DESC_LOW, RAM);
	out(VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_INT(in(VIRTIO_MMIO_QUEUE_READY), 0);
	CHECK_INT(in(VIRTIO_MMIO_STATUS), 0xb | VIRTIO_CONFIG_S_NEEDS_RESET);
	CHECK_INT(line, 0); /* no interrupt before DRIVER_OK */
	unplug();
}

/* Records before the mistake are not lost by it. */
TEST(a_mistake_takes_nothing_back)
{
	size_t len;

	plug(false);
	set_up();
	len = write_much();
	give(TX_CONTROL, RAM, 8, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONTROL);
	CHECK(in(VIRTIO_MMIO_STATUS)&VIRTIO_CONFIG_S_NEEDS_RESET);
	read_much(len);
	unplug();
}

TEST(nothing_before_driver_ok)
{
	unsigned int i;

	plug(false);
	CHECK_INT(negotiate(2, 1), 0xb);
	for (i = 0; i < QUEUES; i++)
		set_up_queue(i);
	give(TX_RECORDS, DATA, 5, 0);
	give(TX_CONSOLE, DATA, 5, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_CONSOLE);
	CHECK(!virtio_console_writable(con));
	CHECK_INT(used(TX_RECORDS)->idx, 0);
	CHECK_INT(used(TX_CONSOLE)->idx, 0);
	out(VIRTIO_MMIO_STATUS, OK);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(used(TX_RECORDS)->idx, 1);
	out(VIRTIO_MMIO_QUEUE_SEL, TX_RECORDS);
	out(VIRTIO_MMIO_QUEUE_NUM, 1); /* fixed while in use */
	give(TX_RECORDS, DATA, 5, 0);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, TX_RECORDS);
	CHECK_INT(used(TX_RECORDS)->idx, 2);
	CHECK_INT(used(TX_RECORDS)->ring[1].id, 1);
	unplug();
}

UNIT_MAIN(T(identity), T(features), T(ports_come_up), T(ports_with_a_console),
	  T(messages_wait_for_buffers), T(small_messages_and_buffers), T(records_and_interrupts),
	  T(a_second_cause_has_its_edge), T(rule_breakers_need_a_reset), T(bad_rings_need_a_reset),
	  T(a_mistake_takes_nothing_back), T(nothing_before_driver_ok))
