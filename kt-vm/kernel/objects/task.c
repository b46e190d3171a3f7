// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "task.h"

static const struct {
	const char *name;
	enum ksymbol symbol;
} classes[] = {
	[KCLASS_STOP] = { "stop", KS_CLASS_STOP }, [KCLASS_DL] = { "dl", KS_CLASS_DL },
	[KCLASS_RT] = { "rt", KS_CLASS_RT },       [KCLASS_FAIR] = { "fair", KS_CLASS_FAIR },
	[KCLASS_EXT] = { "ext", KS_CLASS_EXT },    [KCLASS_IDLE] = { "idle", KS_CLASS_IDLE },
};

enum kclass ktask_class(const struct kview *kv, uint64_t task)
{
	uint64_t class = kview_number(kv, task, KP_TASK_CLASS);
	enum kclass c;

	for (c = 0; class && c < KCLASS_UNKNOWN; c++)
		if (class == kmem_symbol(&kv->mem, classes[c].symbol))
			return c;
	return KCLASS_UNKNOWN;
}

const char *kclass_name(enum kclass c)
{
	return c < KCLASS_UNKNOWN ? classes[c].name : NULL;
}

bool ktask_mask(const struct kview *kv, uint64_t mask, struct cpulist *cpus)
{
	unsigned int words = (kv->m->cpus + 63) / 64, rest = kv->m->cpus % 64;

	cpulist_clear(cpus);
	if (!mask || kmem_read(&kv->mem, mask, cpus->bits, words * sizeof(*cpus->bits)))
		return false;
	if (rest) /* a new task's mask has all bits set */
		cpus->bits[words - 1] &= (1UL << rest) - 1;
	return true;
}

bool ktask_cpus(const struct kview *kv, uint64_t task, unsigned int cpu, struct cpulist *cpus)
{
	if (!kview_number(kv, task, KP_TASK_MIGRATION_DISABLED))
		return ktask_mask(kv, kview_number(kv, task, KP_TASK_CPUS_PTR), cpus);
	cpulist_clear(cpus);
	cpulist_add(cpus, cpu);
	return true;
}

void ktask_cgroup(const struct kview *kv, uint64_t task, char *buf, size_t size)
{
	uint64_t set = kview_number(kv, task, KP_TASK_CGROUPS);
	uint64_t kn = kview_number(kv, kview_number(kv, set, KP_CSS_CGROUP), KP_CGROUP_KN);
	uint64_t name = kview_number(kv, kn, KP_KN_NAME);

	buf[0] = '\0';
	if (name)
		kmem_string(&kv->mem, name, buf, size);
}
