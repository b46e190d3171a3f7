// SPDX-License-Identifier: GPL-2.0-only
/* Words quoted for a shell, so that a printed command can be run again. */
#include <string.h>

#include "shell.h"

void shell_word(FILE *f, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=@%+,-";

	if (*word && strspn(word, plain) == strlen(word)) {
		fwrite(word, 1, strlen(word), f);
		return;
	}
	putc('\'', f);
	for (; *word; word++) {
		if (*word == '\'')
			fwrite("'\\''", 1, 4, f);
		else
			putc(*word, f);
	}
	putc('\'', f);
}
