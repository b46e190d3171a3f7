// SPDX-License-Identifier: GPL-2.0-only
/* The check "kernel_log": what a kernel prints only when something is broken. */
#include "judge/check.h"
#include "kernel_log.h"
#include "units.h"

/* Half of the time that it complains of, or more, a vCPU was not run. */
static bool host_did(const struct model *m, const struct klog_line *l, int64_t *from, int64_t *cpu)
{
	int64_t first = m->host.n ? m->host.t[0] : l->t_ns;
	uint64_t ns;

	*from = l->t_ns - l->back_ns > first ? l->t_ns - l->back_ns : first;
	ns = host_most(m, NULL, *from, l->t_ns, cpu);
	return l->back_ns && *cpu >= 0 && ns >= (uint64_t)(l->t_ns - *from) / 2;
}

void judge_kernel_log(struct judge *j)
{
	struct klog *k = &j->m->klog;
	struct finding f = finding_of("kernel_log", NULL);
	const struct klog_line *l = &k->l[0];
	char host[HOST_WORDS] = "", more[64] = "";
	int64_t from, cpu;
	bool still = false;
	uint32_t i;

	if (!check_is_judged(j, LIMIT_KERNEL_LOG, &f))
		return;
	for (i = 0; i < k->n && i < KLOG_KEPT && !still; i++) {
		l = &k->l[i];
		still = !host_did(j->m, l, &from, &cpu);
		if (!still)
			host_words(j->m, cpu, from, l->t_ns, host);
	}
	if (k->n > 1)
		snprintf(more, sizeof(more), ", and %u complaints more", k->n - 1);
	f.observed = k->n;
	f.unit = "complaints";
	if (k->n)
		judge_exceeded(j, &f, still, host, "the kernel complains: %s%s%s%s", l->text,
			       l->next[0] ? " | " : "", l->next, more);
	else if (!k->seen)
		judge_say(j, V_SKIP, &f, "there is no kernel log");
	else if (k->allowed)
		judge_say(j, V_PASS, &f,
			  "the kernel complains of nothing but what is allowed (%u: %s)",
			  k->allowed, k->reason_text);
	else
		judge_say(j, V_PASS, &f, "the kernel complains of nothing");
}
