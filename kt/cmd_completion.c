// SPDX-License-Identifier: GPL-2.0-only
/* kt completion: the scripts that make shells complete kt's commands, and the words for them. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cmd_completion.h"
#include "complete.h"
#include "exit.h"
#include "msg.h"
#include "paths.h"

static const struct opt rows[] = { { 0 } };

const struct opt_table completion_options = {
	.command = "completion",
	.usage = "bash|zsh|fish\nwords WORD...",
	.about = "Prints the script that makes a shell complete the commands of kt and its tools.\n"
		 "With words, prints what may stand in the place of the last WORD of a command\n"
		 "line; the scripts call that.\n",
	.opt = rows,
	.end = "See kt(1).\n",
	.operands = "bash zsh fish",
};

static int print_script(const char *shell)
{
	char name[32], path[PATH_MAX], buf[4096];
	FILE *f;
	size_t n;

	snprintf(name, sizeof(name), "completions/kt.%s", shell);
	if (paths_data(name, path))
		return msg_err(KT_NOTFOUND, 0, "%s was not found among the data files of kt", name);
	f = fopen(path, "re");
	if (!f)
		return msg_err(KT_SYS, errno, "unable to open %s", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, stdout);
	n = (size_t)ferror(f);
	fclose(f);
	return n ? msg_err(KT_SYS, EIO, "unable to read %s", path) : KT_OK;
}

int completion_main(int argc, char **argv)
{
	int rc;

	/* these words may look like options of this command */
	if (argc > 2 && strcmp(argv[1], "words") == 0)
		return complete(argv + 2, (size_t)argc - 2);
	opts_next(&completion_options, argc, argv, &rc);
	if (rc >= 0)
		return rc;
	if (argc - optind != 1)
		return msg_usage("completion: expected bash, zsh or fish");
	if (strcmp(argv[optind], "bash") && strcmp(argv[optind], "zsh") &&
	    strcmp(argv[optind], "fish"))
		return msg_usage("completion: expected bash, zsh or fish, not '%s'", argv[optind]);
	return print_script(argv[optind]);
}
