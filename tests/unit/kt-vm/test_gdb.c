// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/tcg/gdb.c
/* The gdb protocol: framing, what is no packet, and waiting that ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "kt-vm/engine/tcg/gdb.h"
#include "unit.h"

static char out[64];
static size_t used;

static int unpack(const char *text)
{
	used = 0;
	return gdb_unpack(text, strlen(text), &used, out, sizeof(out));
}

TEST(packets)
{
	CHECK_INT(unpack("$OK#9a"), 1);
	CHECK_STR(out, "OK");
	CHECK_INT(used, 6);
	CHECK_INT(unpack("++$OK#9a$E01#a6"), 1);
	CHECK_INT(used, 8);
	CHECK_INT(unpack("$#00"), 1);
	CHECK_STR(out, "");
	CHECK_INT(unpack("$a}\x03"
			 "b#"
			 "43"),
		  1); /* } changes the next character */
	CHECK_STR(out, "a#b");
	CHECK_INT(unpack("$0* #7a"), 1); /* 0 and three more */
	CHECK_STR(out, "0000");
}

TEST(cut_packets)
{
	static const char whole[] = "$T05thread:01;#07";
	size_t n;

	for (n = 0; n < sizeof(whole) - 1; n++) {
		char *copy = malloc(n + 1); /* of its exact size: the sanitizer looks on */

		memcpy(copy, whole, n);
		CHECK_INT(gdb_unpack(copy, n, &used, out, sizeof(out)), 0);
		CHECK_INT(used, 0);
		free(copy);
	}
	CHECK_INT(unpack(whole), 1);
	CHECK_INT(unpack("+++"), 0);
	CHECK_INT(used, 3);
}

TEST(garbage)
{
	static char big[GDB_PACKET_MAX + 1];

	CHECK_INT(unpack("-"), -EBADMSG);
	CHECK_INT(unpack("OK"), -EBADMSG);
	CHECK_INT(unpack("%Stop:#00"), -EBADMSG);
	CHECK_INT(unpack("$OK#9b"), -EBADMSG);
	CHECK_INT(unpack("$OK#zz"), -EBADMSG);
	CHECK_INT(unpack("$a$b#e7"), -EBADMSG);
	CHECK_INT(unpack("$a}#de"), -EBADMSG); /* nothing to change */
	CHECK_INT(unpack("$*!#4b"), -EBADMSG); /* nothing to repeat */
	CHECK_INT(unpack("$0*#5a"), -EBADMSG); /* how often? */
	CHECK_INT(unpack("$0*\x1d#77"), -EBADMSG);
	CHECK_INT(unpack("$0*~#d8"), -EBADMSG); /* 97 more do not fit */
	memset(big, 'x', GDB_PACKET_MAX);
	big[0] = '$';
	CHECK_INT(unpack(big), -EBADMSG); /* never an end */
	strcpy(big + 70, "#98");
	CHECK_INT(unpack(big), -EBADMSG); /* does not fit into `out` */
}

TEST(packing)
{
	char buf[16];

	CHECK_INT(gdb_pack(buf, sizeof(buf), "OK"), 6);
	CHECK_STR(buf, "$OK#9a");
	CHECK_INT(gdb_pack(buf, sizeof(buf), "a#b"), 8);
	CHECK_INT(unpack(buf), 1);
	CHECK_STR(out, "a#b");
	CHECK_INT(gdb_pack(buf, sizeof(buf), "0123456789abcdef"), -EMSGSIZE);
	CHECK_INT(gdb_pack(buf, 4, "g"), -EMSGSIZE);
}

TEST(stop_replies)
{
	struct gdb_stop s;

	CHECK_INT(gdb_stop_reply("T05thread:01;", &s), 0);
	CHECK(s.signal == 5 && s.thread == 1 && !s.watch);
	CHECK_INT(gdb_stop_reply("T05thread:0a;watch:ffffffff82007980;", &s), 0);
	CHECK(s.thread == 10 && s.watch && s.addr == 0xffffffff82007980ULL);
	CHECK_INT(gdb_stop_reply("T05thread:01;awatch:10;", &s), 0);
	CHECK(s.watch && s.addr == 16);
	CHECK_INT(gdb_stop_reply("T02thread:01;", &s), 0);
	CHECK_INT(s.signal, 2);
	CHECK_INT(gdb_stop_reply("T05", &s), 0);
	CHECK_INT(s.thread, 0);
	CHECK_INT(gdb_stop_reply("", &s), -EBADMSG);
	CHECK_INT(gdb_stop_reply("T", &s), -EBADMSG);
	CHECK_INT(gdb_stop_reply("T0", &s), -EBADMSG);
	CHECK_INT(gdb_stop_reply("S05", &s), -EBADMSG);
	CHECK_INT(gdb_stop_reply("T05thread:01", &s), -EBADMSG);
	CHECK_INT(gdb_stop_reply("T05thread;", &s), -EBADMSG);
	CHECK_INT(gdb_stop_reply("T05thread:;", &s), -EBADMSG);
	CHECK_INT(gdb_stop_reply("T05thread:-1;", &s), -EBADMSG);
	CHECK_INT(gdb_stop_reply("T05watch:1x;", &s), -EBADMSG);
}

TEST(register_dumps)
{
	char text[2 * 236 + 1];
	struct vcpu_regs r;
	size_t i;

	/* byte i is i: 64-bit register n starts with byte 8n */
	for (i = 0; i < 236; i++)
		snprintf(text + 2 * i, 3, "%02zx", i);
	CHECK_INT(gdb_registers(text, &r), 0);
	CHECK(r.gpr[0] == 0x0706050403020100ULL);
	CHECK_INT(r.gpr[3] & 0xff, 8);  /* rbx is gdb's second */
	CHECK_INT(r.gpr[1] & 0xff, 16); /* rcx */
	CHECK_INT(r.gpr[4] & 0xff, 56); /* rsp */
	CHECK_INT(r.rsp & 0xff, 56);
	CHECK_INT(r.gpr[15] & 0xff, 120);
	CHECK_INT(r.rip & 0xff, 128);
	CHECK(r.rflags == 0x8b8a8988);
	CHECK_INT(r.fs_base & 0xff, 164);
	CHECK_INT(r.gs_base & 0xff, 172);
	CHECK_INT(r.cr0 & 0xff, 188);
	CHECK_INT(r.cr2 & 0xff, 196);
	CHECK_INT(r.cr3 & 0xff, 204);
	CHECK_INT(r.cr4 & 0xff, 212);
	CHECK_INT(r.efer & 0xff, 228);
	text[2 * 236 - 1] = '\0';
	CHECK_INT(gdb_registers(text, &r), -EBADMSG);
	text[2 * 236 - 1] = 'x';
	CHECK_INT(gdb_registers(text, &r), -EBADMSG);
	CHECK_INT(gdb_registers("", &r), -EBADMSG);
}

static struct gdb g;

static void say(int fd, const char *text)
{
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
}

TEST(a_conversation)
{
	char buf[64] = "";
	int s[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	gdb_init(&g, s[0]);
	say(s[1], "+$OK#9a");
	CHECK_INT(gdb_call(&g, "Hg1", out, sizeof(out), clock_ns() + NSEC_PER_SEC), 0);
	CHECK_STR(out, "OK");
	CHECK_INT(read(s[1], buf, sizeof(buf)), 8);
	CHECK_STR(buf, "$Hg1#e0+");
	say(s[1], "+$E22#a9+$#00");
	CHECK_INT(gdb_call(&g, "Z9", out, sizeof(out), clock_ns() + NSEC_PER_SEC), -EPROTO);
	CHECK_INT(gdb_call(&g, "Z9", out, sizeof(out), clock_ns() + NSEC_PER_SEC), -EPROTO);
	close(s[1]);
	CHECK_INT(gdb_recv(&g, out, sizeof(out), clock_ns() + NSEC_PER_SEC), -EPIPE);
	CHECK_INT(gdb_call(&g, "g", out, sizeof(out), clock_ns() + NSEC_PER_SEC), -EPIPE);
	close(s[0]);
}

TEST(silence)
{
	uint64_t start = clock_ns();
	int s[2], rc, n = 0;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	gdb_init(&g, s[0]);
	CHECK_INT(gdb_recv(&g, out, sizeof(out), 0), -ETIMEDOUT);
	CHECK(clock_ns() - start < 50 * NSEC_PER_MSEC);
	say(s[1], "+$O"); /* half a packet, and no more */
	CHECK_INT(gdb_recv(&g, out, sizeof(out), clock_ns() + 100 * NSEC_PER_MSEC), -ETIMEDOUT);
	say(s[1], "K#9a");
	CHECK_INT(gdb_recv(&g, out, sizeof(out), 0), 0);
	CHECK_STR(out, "OK");
	/* nobody reads: the socket fills up, and sending fails instead of waiting */
	do
		rc = gdb_send(&g, "vCont;c");
	while (!rc && n++ < 1000000);
	CHECK(rc == -EAGAIN || rc == -EPIPE);
	CHECK(clock_ns() - start < 5 * NSEC_PER_SEC);
	close(s[0]);
	close(s[1]);
}

UNIT_MAIN(T(packets), T(cut_packets), T(garbage), T(packing), T(stop_replies), T(register_dumps),
	  T(a_conversation), T(silence))
