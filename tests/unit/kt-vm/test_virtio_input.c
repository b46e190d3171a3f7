// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/gmem.c kt-vm/device/virtq.c kt-vm/device/virtio_mmio.c
// LINK: kt-vm/device/virtio_console.c kt-vm/device/outbuf.c
/* What is written to the record port's socket comes into the guest's buffers, and nowhere else. */
#include "virtio_driver.h"

#define BUF 0x200000 /* the guest's, for what it is told */

static void tell(const char *text)
{
	CHECK_INT(write(records[1], text, strlen(text)), strlen(text));
	virtio_console_input(con);
}

/* All that the guest has got, as a string. */
static const char *got(void)
{
	static char text[8192];
	size_t len = 0;

	for (; seen[RX_RECORDS] != used(RX_RECORDS)->idx; seen[RX_RECORDS]++) {
		struct vring_used_elem e =
			used(RX_RECORDS)->ring[seen[RX_RECORDS] % num[RX_RECORDS]];

		memcpy(text + len, ram(desc(RX_RECORDS)[e.id].addr), e.len);
		len += e.len;
	}
	text[len] = '\0';
	return text;
}

TEST(an_answer_arrives)
{
	plug(false);
	set_up();
	give(RX_RECORDS, BUF, 4096, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, RX_RECORDS);
	CHECK_STR(got(), "");
	CHECK_INT(line, 0);
	tell("{\"ok\":true}\n");
	CHECK_INT(line, 1);
	CHECK_STR(got(), "{\"ok\":true}\n");
	CHECK_INT(*ram(BUF + 12), 0);
	virtio_console_input(con);
	CHECK_STR(got(), "");
	unplug();
}

TEST(it_waits_for_buffers)
{
	plug(false);
	set_up();
	tell("one");
	tell("two");
	CHECK_STR(got(), "");
	CHECK_INT(line, 0);
	give(RX_RECORDS, BUF, 2, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, RX_RECORDS);
	CHECK_STR(got(), "on");
	CHECK_INT(*ram(BUF + 2), 0);
	give(RX_RECORDS, BUF, 2, VRING_DESC_F_WRITE);
	give(RX_RECORDS, BUF + 100, 100, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, RX_RECORDS);
	CHECK_STR(got(), "etwo");
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK);
	unplug();
}

TEST(a_buffer_in_parts)
{
	plug(false);
	set_up();
	give(RX_RECORDS, BUF, 3, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT);
	desc(RX_RECORDS)[0].next = 1;
	desc(RX_RECORDS)[1] =
		(struct vring_desc){ .addr = BUF + 64, .len = 3, .flags = VRING_DESC_F_WRITE };
	tell("abcdefgh");
	CHECK_INT(used(RX_RECORDS)->idx, 1);
	CHECK_INT(used(RX_RECORDS)->ring[0].len, 6);
	CHECK(memcmp(ram(BUF), "abc\0", 4) == 0);
	CHECK(memcmp(ram(BUF + 64), "def\0", 4) == 0);
	unplug();
}

/* More than is kept for the guest: the rest stays in the socket. */
TEST(much_of_it)
{
	static char much[3 * 4096];
	size_t len = 0, i;

	plug(false);
	set_up();
	memset(much, 'x', sizeof(much));
	CHECK_INT(write(records[1], much, sizeof(much)), sizeof(much));
	virtio_console_input(con);
	for (i = 0; i < 20 && len < sizeof(much); i++) {
		give(RX_RECORDS, BUF, 1000, VRING_DESC_F_WRITE);
		out(VIRTIO_MMIO_QUEUE_NOTIFY, RX_RECORDS);
		len += strlen(got());
	}
	CHECK_INT(len, sizeof(much));
	CHECK(i > 12); /* 1000 bytes at most each time */
	unplug();
}

/* Nothing is kept for the driver after this one. */
TEST(a_reset_forgets)
{
	plug(false);
	set_up();
	give(RX_RECORDS, BUF, 1, VRING_DESC_F_WRITE);
	tell("abc");
	CHECK_STR(got(), "a");
	set_up();
	tell("d");
	give(RX_RECORDS, BUF, 10, VRING_DESC_F_WRITE);
	out(VIRTIO_MMIO_QUEUE_NOTIFY, RX_RECORDS);
	CHECK_STR(got(), "d");
	unplug();
}

TEST(a_writer_that_goes)
{
	plug(false);
	set_up();
	give(RX_RECORDS, BUF, 10, VRING_DESC_F_WRITE);
	tell("end");
	shutdown(records[1], SHUT_WR);
	virtio_console_input(con);
	virtio_console_input(con);
	CHECK_STR(got(), "end");
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK);
	unplug();
}

static void broken_by(uint64_t addr, uint32_t len, uint16_t flags)
{
	plug(false);
	set_up();
	give(RX_RECORDS, addr, len, flags);
	tell("x");
	CHECK_INT(in(VIRTIO_MMIO_STATUS), OK | VIRTIO_CONFIG_S_NEEDS_RESET);
	virtio_console_input(con);
	unplug();
}

TEST(bad_buffers_need_a_reset)
{
	broken_by(BUF, 10, 0);                     /* to be read */
	broken_by(BUF, 0, VRING_DESC_F_WRITE);     /* of no length */
	broken_by(RAM - 1, 2, VRING_DESC_F_WRITE); /* beyond memory */
	broken_by(RAM, 1, VRING_DESC_F_WRITE);
	broken_by(BUF, UINT32_MAX, VRING_DESC_F_WRITE);
}

UNIT_MAIN(T(an_answer_arrives), T(it_waits_for_buffers), T(a_buffer_in_parts), T(much_of_it),
	  T(a_reset_forgets), T(a_writer_that_goes), T(bad_buffers_need_a_reset))
