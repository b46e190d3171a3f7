// SPDX-License-Identifier: GPL-2.0-only
/* Messages of a tool on stderr, and the end of its standard output. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "msg.h"

static const char *tool_name = "kt";
static int output_errno; /* of the first write to stdout that failed */

void msg_init(const char *tool)
{
	tool_name = tool;
}

const char *msg_tool(void)
{
	return tool_name;
}

/* One write per message, so that the tools of a pipeline do not mix their lines. */
static void put(const char *prefix, int errnum, const char *fmt, va_list ap)
{
	char line[2048];
	int n = snprintf(line, sizeof(line), "%s: %s", tool_name, prefix);

	n += vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	if (n < (int)sizeof(line) && errnum)
		n += snprintf(line + n, sizeof(line) - n, ": %s", strerror(errnum));
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	fwrite(line, 1, n, stderr);
}

int msg_err(int code, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put("", errnum, fmt, ap);
	va_end(ap);
	return code;
}

void msg_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put("warning: ", 0, fmt, ap);
	va_end(ap);
}

void msg_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put("", 0, fmt, ap);
	va_end(ap);
}

int msg_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put("", 0, fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try '%s --help'.\n", tool_name);
	return KT_USAGE;
}

void msg_output_failed(int errnum)
{
	if (!output_errno)
		output_errno = errnum;
}

int msg_finish(int rc)
{
	if (fflush(stdout))
		msg_output_failed(errno);
	if ((output_errno || ferror(stdout)) && rc < KT_USAGE)
		rc = msg_err(KT_OUTPUT, output_errno, "unable to write to standard output");
	return rc;
}
