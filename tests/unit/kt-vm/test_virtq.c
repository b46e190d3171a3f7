// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/machine/gmem.c kt-vm/device/virtq.c
/* Virtqueues: requests of honest drivers come out as they went in, all others are refused. */
#include <errno.h>

#include "kt-vm/device/virtq.h"
#include "unit.h"

#define RAM   (1U << 20)
#define NUM   8
#define DESC  0x1000
#define AVAIL 0x2000
#define USED  0x3000
#define DATA  0x10000

static struct gmem mem;
static struct virtq q;
static struct virtq_chain c;

static struct vring_desc *desc(void)
{
	return gmem_at(&mem, DESC, NUM * sizeof(struct vring_desc));
}

static struct vring_avail *avail(void)
{
	return gmem_at(&mem, AVAIL, 2 * NUM + 6);
}

static struct vring_used *used(void)
{
	return gmem_at(&mem, USED, 8 * NUM + 6);
}

static void open_queue(void)
{
	if (mem.hva)
		memset(mem.hva, 0, RAM);
	else
		CHECK_INT(gmem_init(&mem, RAM, NULL), 0);
	virtq_init(&q, &mem, NUM);
	q.num = NUM;
	q.desc_gpa = DESC;
	q.avail_gpa = AVAIL;
	q.used_gpa = USED;
	CHECK_INT(virtq_start(&q), 0);
}

static void set(unsigned int i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	desc()[i] = (struct vring_desc){ addr, len, flags, next };
}

static void give(uint16_t head)
{
	avail()->ring[avail()->idx++ % NUM] = head;
}

/* What virtq_pop() says to a single descriptor. */
static int one(uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	open_queue();
	set(0, addr, len, flags, next);
	give(0);
	return virtq_pop(&q, &c);
}

TEST(requests_come_in_order)
{
	open_queue();
	CHECK_INT(virtq_pop(&q, &c), 0);
	set(3, DATA, 10, VRING_DESC_F_NEXT, 1);
	set(1, DATA + 100, 20, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 7);
	set(7, RAM - 30, 30, VRING_DESC_F_WRITE, 99);
	set(0, DATA, 0, 0, 0);
	give(3);
	give(0);
	CHECK_INT(virtq_pop(&q, &c), 1);
	CHECK_INT(c.head, 3);
	CHECK_INT(c.out, 1);
	CHECK_INT(c.in, 2);
	CHECK(c.iov[0].iov_base == mem.hva + DATA);
	CHECK_INT(c.iov[0].iov_len, 10);
	CHECK(c.iov[2].iov_base == mem.hva + RAM - 30);
	CHECK_INT(c.iov[2].iov_len, 30);
	CHECK(virtq_push(&q, 3, 50));
	CHECK_INT(used()->idx, 1);
	CHECK_INT(used()->ring[0].id, 3);
	CHECK_INT(used()->ring[0].len, 50);
	CHECK_INT(virtq_pop(&q, &c), 1);
	CHECK_INT(c.head, 0);
	avail()->flags = VRING_AVAIL_F_NO_INTERRUPT;
	CHECK(!virtq_push(&q, 0, 0));
	CHECK_INT(used()->idx, 2);
	CHECK_INT(virtq_pop(&q, &c), 0);
}

TEST(indexes_wrap)
{
	unsigned int i, bad = 0;

	open_queue();
	for (i = 0; i < NUM; i++)
		set(i, DATA + i, 1, 0, 0);
	for (i = 0; i < 70000; i++) {
		give(i % 5);
		bad += virtq_pop(&q, &c) != 1 || c.head != i % 5;
		virtq_push(&q, c.head, i);
		bad += used()->idx != (uint16_t)(i + 1) || used()->ring[i % NUM].len != i;
		bad += virtq_pop(&q, &c) != 0;
	}
	CHECK_INT(bad, 0);
}

TEST(a_chain_may_have_all_descriptors)
{
	unsigned int i;

	open_queue();
	for (i = 0; i < NUM; i++)
		set(i, DATA, 1, i < NUM - 1 ? VRING_DESC_F_NEXT : 0, i + 1);
	give(0);
	CHECK_INT(virtq_pop(&q, &c), 1);
	CHECK_INT(c.out, NUM);
}

TEST(loops)
{
	unsigned int i;

	CHECK_INT(one(DATA, 1, VRING_DESC_F_NEXT, 0), -EPROTO);
	open_queue();
	for (i = 0; i < NUM; i++)
		set(i, DATA, 0, VRING_DESC_F_NEXT, (i + 1) % NUM);
	give(5);
	CHECK_INT(virtq_pop(&q, &c), -EPROTO);
}

TEST(wild_indexes)
{
	CHECK_INT(one(DATA, 1, VRING_DESC_F_NEXT, NUM), -EPROTO);
	CHECK_INT(one(DATA, 1, VRING_DESC_F_NEXT, 0xffff), -EPROTO);
	open_queue();
	give(NUM);
	CHECK_INT(virtq_pop(&q, &c), -EPROTO);
	open_queue();
	avail()->idx = NUM + 1;
	CHECK_INT(virtq_pop(&q, &c), -EPROTO);
	avail()->idx = 0xffff; /* behind the device's own */
	CHECK_INT(virtq_pop(&q, &c), -EPROTO);
}

TEST(wild_addresses_and_lengths)
{
	CHECK_INT(one(RAM - 1, 1, 0, 0), 1);
	CHECK_INT(one(RAM - 1, 2, 0, 0), -EPROTO);
	CHECK_INT(one(RAM, 1, VRING_DESC_F_WRITE, 0), -EPROTO);
	CHECK_INT(one(0xd0000000, 4, 0, 0), -EPROTO);
	CHECK_INT(one(GMEM_HIGH_GPA, 1, 0, 0), -EPROTO);
	CHECK_INT(one(UINT64_MAX, 1, 0, 0), -EPROTO);
	CHECK_INT(one(UINT64_MAX - 15, 32, 0, 0), -EPROTO);
	CHECK_INT(one(DATA, UINT32_MAX, 0, 0), -EPROTO);
	CHECK_INT(one(DATA, VIRTQ_CHAIN_BYTES, 0, 0), 1);
	CHECK_INT(one(DATA, VIRTQ_CHAIN_BYTES + 1, 0, 0), -EPROTO);
	open_queue();
	set(0, DATA, VIRTQ_CHAIN_BYTES, VRING_DESC_F_NEXT, 1);
	set(1, DATA, 1, 0, 0);
	give(0);
	CHECK_INT(virtq_pop(&q, &c), -EPROTO);
}

TEST(flags_and_order)
{
	CHECK_INT(one(DATA, 16, VRING_DESC_F_INDIRECT, 0), -EPROTO);
	CHECK_INT(one(DATA, 16, 0x8000, 0), -EPROTO);
	open_queue();
	set(0, DATA, 1, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1);
	set(1, DATA, 1, 0, 0);
	give(0);
	CHECK_INT(virtq_pop(&q, &c), -EPROTO);
}

static int start(uint16_t num, uint64_t d, uint64_t a, uint64_t u)
{
	int rc;

	virtq_init(&q, &mem, NUM);
	q.num = num;
	q.desc_gpa = d;
	q.avail_gpa = a;
	q.used_gpa = u;
	rc = virtq_start(&q);
	CHECK_INT(q.ready, rc == 0);
	CHECK_INT(virtq_pop(&q, &c), 0);
	return rc;
}

TEST(start_checks_the_rings)
{
	open_queue();
	CHECK_INT(start(0, DESC, AVAIL, USED), -EPROTO);
	CHECK_INT(start(3, DESC, AVAIL, USED), -EPROTO);
	CHECK_INT(start(2 * NUM, DESC, AVAIL, USED), -EPROTO);
	CHECK_INT(start(1, DESC, AVAIL, USED), 0);
	CHECK_INT(start(NUM, DESC + 8, AVAIL, USED), -EPROTO);
	CHECK_INT(start(NUM, DESC, AVAIL + 1, USED), -EPROTO);
	CHECK_INT(start(NUM, DESC, AVAIL, USED + 2), -EPROTO);
	CHECK_INT(start(NUM, RAM - 16 * NUM, AVAIL, USED), 0);
	CHECK_INT(start(NUM, RAM - 16 * NUM + 16, AVAIL, USED), -EPROTO);
	CHECK_INT(start(NUM, DESC, RAM - 2 * NUM - 6, USED), 0);
	CHECK_INT(start(NUM, DESC, RAM - 2 * NUM - 4, USED), -EPROTO);
	CHECK_INT(start(NUM, DESC, AVAIL, RAM - 8 * NUM - 8), 0);
	CHECK_INT(start(NUM, DESC, AVAIL, RAM - 8 * NUM - 4), -EPROTO);
	CHECK_INT(start(NUM, UINT64_MAX & ~15ULL, AVAIL, USED), -EPROTO);
}

UNIT_MAIN(T(requests_come_in_order), T(indexes_wrap), T(a_chain_may_have_all_descriptors), T(loops),
	  T(wild_indexes), T(wild_addresses_and_lengths), T(flags_and_order),
	  T(start_checks_the_rings))
