// SPDX-License-Identifier: GPL-2.0-only
/* Owns the progress line. It writes to stderr and nothing else does while a line is drawn. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "progress.h"

#define TTY_EVERY_MS   200
#define LINES_EVERY_MS 10000
#define BAR_MAX        30

char *progress_time(char *buf, int64_t seconds)
{
	int s = (int)(seconds < 0 ? 0 : seconds > 359999 ? 359999 : seconds);

	if (s < 60)
		snprintf(buf, 24, "%ds", s);
	else if (s < 3600)
		snprintf(buf, 24, "%dm%02ds", s / 60, s % 60);
	else
		snprintf(buf, 24, "%dh%02dm", s / 3600, s / 60 % 60);
	return buf;
}

/* "building 6.12.117 [#####-----] 42%, 2m10s, 3m00s left", cut to the terminal's width. */
static void draw(struct progress *p, int64_t elapsed)
{
	char line[512], bar[BAR_MAX + 1], t[24], left[24];
	struct winsize w = { 0 };
	int n, width, pct, fill;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || w.ws_col < 20)
		w.ws_col = 80;
	width = w.ws_col - 1 < (int)sizeof(line) - 1 ? w.ws_col - 1 : (int)sizeof(line) - 1;
	progress_time(t, elapsed / 1000);
	n = snprintf(line, sizeof(line), "%s: %s", msg_tool(), p->what);
	if (!p->total) {
		snprintf(line + n, sizeof(line) - n, ", %s", t);
	} else {
		/* the total is an estimate: 100% is what is over */
		pct = p->done < p->total ? (int)(p->done * 100 / p->total) : 99;
		fill = pct * BAR_MAX / 100;
		memset(bar, '-', BAR_MAX);
		memset(bar, '#', (size_t)fill);
		bar[BAR_MAX] = '\0';
		n += snprintf(line + n, sizeof(line) - n, " [%s] %d%%, %s", bar, pct, t);
		if (p->done && p->done < p->total && elapsed > 5000)
			snprintf(line + n, sizeof(line) - n, ", %s left",
				 progress_time(left, elapsed * (int64_t)(p->total - p->done) /
							     (int64_t)p->done / 1000));
	}
	fprintf(stderr, "\r%.*s\033[K", width, line);
	fflush(stderr);
	p->drawn = true;
}

static void say(const struct progress *p, int64_t elapsed)
{
	char t[24];

	progress_time(t, elapsed / 1000);
	if (p->total)
		msg_info("%s: %lu of ~%lu files, %s", p->what, p->done,
			 p->done < p->total ? p->total : p->done, t);
	else
		msg_info("%s, %s", p->what, t);
}

void progress_start(struct progress *p, unsigned long total, const char *fmt, ...)
{
	va_list ap;

	memset(p, 0, sizeof(*p));
	va_start(ap, fmt);
	vsnprintf(p->what, sizeof(p->what), fmt, ap);
	va_end(ap);
	p->total = total;
	p->tty = isatty(STDERR_FILENO) == 1;
	p->started_ms = p->shown_ms = (int64_t)clock_ms();
	if (p->tty)
		draw(p, 0);
	else
		msg_info("%s", p->what);
}

int progress_show(struct progress *p, unsigned long done)
{
	int64_t now = (int64_t)clock_ms();
	int every = p->tty ? TTY_EVERY_MS : LINES_EVERY_MS;

	p->done = done;
	if (now - p->shown_ms >= every) {
		if (p->tty)
			draw(p, now - p->started_ms);
		else
			say(p, now - p->started_ms);
		p->shown_ms = now;
	}
	return (int)(p->shown_ms + every - now);
}

void progress_clear(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}
