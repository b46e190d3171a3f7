// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "lib/sha256.c" /* both ways through a block */
#include "unit.h"

static const char *sum(const char *text, size_t chunk)
{
	static char hex[SHA256_HEX];
	struct sha256 s;
	size_t len = strlen(text), n;

	sha256_init(&s);
	for (; len; text += n, len -= n) {
		n = chunk < len ? chunk : len;
		sha256_add(&s, text, n);
	}
	return sha256_hex(&s, hex);
}

/* the examples of FIPS 180-4 */
TEST(examples)
{
	CHECK_STR(sum("", 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(sum("abc", 3),
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_STR(sum("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 64),
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* every length around the block size gives the same sum however it is cut */
TEST(chunks)
{
	char text[200], whole[SHA256_HEX];
	size_t len, chunk;

	for (len = 0; len < sizeof(text); len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		snprintf(whole, sizeof(whole), "%s", sum(text, sizeof(text)));
		for (chunk = 1; chunk < 130; chunk += 21)
			CHECK_STR(sum(text, chunk), whole);
	}
}

TEST(million)
{
	char *text = malloc(1000001);

	memset(text, 'a', 1000000);
	text[1000000] = '\0';
	CHECK_STR(sum(text, 1000),
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(text);
}

/* this CPU's way, whichever it is, and the portable one */
TEST(both_ways)
{
	uint32_t one[8], two[8];
	unsigned char data[64];
	unsigned int i, round;

	for (round = 0; round < 1000; round++) {
		for (i = 0; i < sizeof(data); i++)
			data[i] = (unsigned char)rand();
		for (i = 0; i < 8; i++)
			one[i] = two[i] = (uint32_t)rand();
		block(one, data);
		blocks(two, data, 1);
		CHECK_INT(memcmp(one, two, sizeof(one)), 0);
	}
}

UNIT_MAIN(T(examples), T(chunks), T(million), T(both_ways))
