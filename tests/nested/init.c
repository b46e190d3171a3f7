// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the outer guest of the nested tests: runs the programs that /nested/cases
 * names, one after the other, and tells on the record port what they wrote and how
 * they ended. A case is one line:
 *
 *	NAME LIMIT_MS SIGNAL@MS[,SIGNAL@MS...]|- PROGRAM [ARGUMENT...]
 *
 * A ~ in an argument is a space. Its standard input is /nested/NAME.in where there is one.
 *SIGNAL@MS sends a signal (a number) to the program after that time; LIMIT_MS is for what hangs.
 *Records:
 *
 *	{"type":"guest","event":"nested","case":NAME,"out":LINE} (or "err")
 *	{"type":"guest","event":"nested","case":NAME,"exit":CODE,"ns":DURATION}
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS 64

struct line {
	char *text;
	size_t len, cap;
};

static FILE *port;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void put_string(const char *s, size_t len)
{
	fputc('"', port);
	for (; len; len--, s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(port, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(port, "\\u%04x", c);
		else
			fputc(c, port);
	}
	fputc('"', port);
}

static void put_line(const char *name, const char *key, const char *text, size_t len)
{
	fprintf(port, "{\"type\":\"guest\",\"event\":\"nested\",\"guest_ns\":%lld,\"case\":\"%s\",",
		now_ns(), name);
	fprintf(port, "\"%s\":", key);
	put_string(text, len);
	fputs("}\n", port);
	fflush(port);
}

static void put_exit(const char *name, int status, long long ns)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

	fprintf(port,
		"{\"type\":\"guest\",\"event\":\"nested\",\"guest_ns\":%lld,\"case\":\"%s\","
		"\"exit\":%d,\"ns\":%lld}\n",
		now_ns(), name, code, ns);
	fflush(port);
}

/* Reads what is there; whole lines go to the port. False at the end. */
static int take(int fd, struct line *l, const char *name, const char *key)
{
	char buf[65536], *nl;
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n <= 0) {
		if (l->len)
			put_line(name, key, l->text, l->len);
		l->len = 0;
		return 0;
	}
	if (l->len + (size_t)n > l->cap) {
		l->cap = 2 * (l->len + (size_t)n);
		l->text = realloc(l->text, l->cap);
	}
	memcpy(l->text + l->len, buf, (size_t)n);
	l->len += (size_t)n;
	while ((nl = memchr(l->text, '\n', l->len))) {
		size_t len = (size_t)(nl - l->text);

		put_line(name, key, l->text, len);
		l->len -= len + 1;
		memmove(l->text, nl + 1, l->len);
	}
	return 1;
}

static pid_t spawn(char **argv, const char *name, int out, int err)
{
	char input[128];
	pid_t pid = fork();
	int in;

	if (pid)
		return pid;
	snprintf(input, sizeof(input), "/nested/%s.in", name);
	in = open(input, O_RDONLY);
	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	setpgid(0, 0);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	close_range(3, ~0U, 0);
	execv(argv[0], argv);
	_exit(127);
}

/* The next signal of "15@2000,2@3000" and its time; false: there is none. */
static int next_signal(char **signals, int *sig, long long *at)
{
	int used = 0;

	if (sscanf(*signals, "%d@%lld%n", sig, at, &used) < 2)
		return 0;
	*at *= 1000000;
	*signals += used + ((*signals)[used] == ',');
	return 1;
}

static void run_case(char **argv, const char *name, long long limit, char *signals)
{
	long long start = now_ns(), left, at = 0;
	int sig = 0;
	struct line line[2] = { 0 };
	struct pollfd p[2];
	int out[2], err[2], status = 0, open_ends = 2, i;
	bool killed = false;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		exit(1);
	pid = spawn(argv, name, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	p[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = err[0], .events = POLLIN };
	while (open_ends) {
		if (!sig && !next_signal(&signals, &sig, &at)) {
			sig = SIGKILL;
			at = limit;
		}
		left = start + at - now_ns();
		if (left <= 0 && killed)
			break; /* some process of its own group still has the other end */
		if (left <= 0 && sig == SIGKILL) {
			put_line(name, "err", "killed by the nested test", 25);
			kill(-pid, sig);
			killed = true;
			at += 2000000000;
		} else if (left <= 0) {
			kill(pid, sig);
			sig = 0;
		}
		poll(p, 2, left > 0 ? (int)(left / 1000000) + 1 : 0);
		for (i = 0; i < 2; i++)
			if (p[i].revents && !take(p[i].fd, &line[i], name, i ? "err" : "out")) {
				close(p[i].fd);
				p[i].fd = -1;
				open_ends--;
			}
	}
	close(p[0].fd);
	close(p[1].fd);
	waitpid(pid, &status, 0);
	put_exit(name, status, now_ns() - start);
	free(line[0].text);
	free(line[1].text);
}

static void run_line(char *text)
{
	char *argv[WORDS + 1], *words[3] = { 0 }, *w, *save = NULL;
	int n = 0, argc = 0;

	for (w = strtok_r(text, " \n", &save); w; w = strtok_r(NULL, " \n", &save)) {
		if (n < 3)
			words[n++] = w;
		else if (argc < WORDS)
			argv[argc++] = w;
	}
	if (!argc)
		return;
	argv[argc] = NULL;
	while (argc--)
		for (w = argv[argc]; (w = strchr(w, '~'));)
			*w = ' ';
	run_case(argv, words[0], atoll(words[1]) * 1000000, words[2]);
}

/* The port of that name is /dev/vportXpY. */
static FILE *open_port(void)
{
	DIR *d = opendir("/sys/class/virtio-ports");
	struct dirent *de;
	char path[512], name[32];

	while (d && (de = readdir(d))) {
		FILE *f;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", de->d_name);
		f = fopen(path, "re");
		name[0] = '\0';
		if (f && fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		if (f)
			fclose(f);
		if (strcmp(name, "kt.records"))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", de->d_name);
		return fopen(path, "we");
	}
	return NULL;
}

/*
 * Who has guests to run leaves the first CPU alone, if there are others: there QEMU's emulated
 * SVM forgets what it does when another CPU loads its FPU at that moment (tests/nested/boot).
 */
static void leave_first_cpu(void)
{
	cpu_set_t set;

	if (access("/dev/kvm", F_OK) || sched_getaffinity(0, sizeof(set), &set))
		return;
	CPU_CLR(0, &set);
	sched_setaffinity(0, sizeof(set), &set); /* fails where it was the only one */
}

int main(void)
{
	static char text[65536];
	FILE *cases;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 01777);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	leave_first_cpu();
	port = open_port();
	cases = fopen("/nested/cases", "re");
	if (!port || !cases)
		fputs("nested: no record port, or no /nested/cases\n", stderr);
	while (port && cases && fgets(text, sizeof(text), cases))
		run_line(text);
	if (port)
		fputs("{\"type\":\"end\",\"tool\":\"kt-guest\",\"exit\":0,\"records\":0}\n", port);
	if (port)
		fclose(port);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
