// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "acpi.h"
#include "exit.h"
#include "files.h"
#include "msg.h"
#include "opts.h"
#include "record.h"
#include "toporec.h"
#include "units.h"

struct opts {
	char *const *topologies;
	int count;
	unsigned int memory_mib; /* 0: that of the preset, or the default */
	const char *acpi_dir;
	bool list;
	bool text; /* stdout is for people: no records, no end record */
};

enum { OPT_ACPI_DIR = 256 };

static const struct opt rows[] = {
	{ "list", 'l', NULL, "list the presets", NULL },
	{ "memory", 'm', "SIZE", "guest memory, such as 4G; 64 MiB a CPU are the least", NULL },
	{ "acpi-dir", OPT_ACPI_DIR, "DIR", "also write the ACPI tables as files", "<directory>" },
	{ 0 },
};

static const struct opt_table table = {
	.usage = "[OPTION]... TOPOLOGY...\n--list",
	.about =
		"Writes a topology record, with the guest's ACPI tables, for each TOPOLOGY: a\n"
		"spec such as 2l2c1t or 1n2l4c2t (NUMA nodes, LLCs, cores, threads), or a preset.\n",
	.opt = rows,
	.operands = "<preset>",
};

/* Returns -1 to go on, or KT_USAGE after a message. */
static int parse_memory(struct opts *o, const char *arg)
{
	struct errbuf e;
	uint64_t bytes;

	if (units_size(arg, &bytes, &e))
		return msg_usage("--memory: %s", e.text);
	if (!bytes || bytes % (1U << 20) || bytes >> 20 > MEMORY_MAX_MIB)
		return msg_usage("--memory: '%s' is not a whole number of MiB up to %uG", arg,
				 MEMORY_MAX_MIB >> 10);
	o->memory_mib = (unsigned int)(bytes >> 20);
	return -1;
}

/* Returns -1 to go on, else the exit code. */
static int parse_opts(struct opts *o, int argc, char **argv)
{
	int c, rc;

	while ((c = opts_next(&table, argc, argv, &rc)) >= 0) {
		switch (c) {
		case 'l':
			o->list = o->text = true;
			break;
		case 'm':
			rc = parse_memory(o, optarg);
			if (rc >= 0)
				return rc;
			break;
		case OPT_ACPI_DIR:
			o->acpi_dir = optarg;
			break;
		}
	}
	if (rc >= 0) {
		o->text = rc == KT_OK;
		return rc;
	}
	o->topologies = argv + optind;
	o->count = argc - optind;
	if (o->list && o->count)
		return msg_usage("--list takes no topology");
	if (!o->list && !o->count)
		return msg_usage("no topology given (such as 2l2c1t; see 'kt-topo --list')");
	return -1;
}

static int list_presets(void)
{
	const struct topo_preset *p;
	struct topo t;

	printf("%-20s %-11s %5s %5s %5s %10s\n", "NAME", "SPEC", "CPUS", "LLCS", "NODES", "MEMORY");
	for (p = topo_presets; p->name; p++) {
		if (topo_parse(p->name, &t, NULL, NULL))
			return msg_err(KT_SOFTWARE, 0, "preset %s is wrong", p->name);
		printf("%-20s %-11s %5u %5u %5u %6u MiB\n", p->name, p->spec, topo_cpus(&t), t.llcs,
		       t.nodes, memory_effective(&t, p->memory_mib));
	}
	return KT_OK;
}

/* Writes one topology's tables; of several topologies, each gets a directory of its own. */
static int write_files(const struct opts *o, const struct acpi *a, const char *name)
{
	char dir[PATH_MAX];
	struct errbuf e;
	int n;

	n = snprintf(dir, sizeof(dir), o->count > 1 ? "%s/%s" : "%s", o->acpi_dir, name);
	if (n >= (int)sizeof(dir))
		return msg_err(KT_SYS, 0, "--acpi-dir: the path is too long");
	if (files_write(a, dir, &e))
		return msg_err(KT_SYS, 0, "%s", e.text);
	return KT_OK;
}

static int emit(const struct opts *o, struct rec_out *out, const char *arg, struct acpi *a)
{
	unsigned int mib = o->memory_mib ? o->memory_mib : MEMORY_DFLT_MIB;
	const struct topo_preset *preset;
	char spec[TOPO_SPEC_MAX];
	struct memory m;
	struct errbuf e;
	struct topo t;
	int rc = KT_OK;

	if (topo_parse(arg, &t, &preset, &e))
		return msg_err(KT_USAGE, 0, "%s", e.text);
	if (preset && !o->memory_mib)
		mib = preset->memory_mib;
	memory_map(&m, &t, mib);
	topo_format(&t, spec);
	if (acpi_build(a, &t, &m))
		return msg_err(KT_SOFTWARE, 0, "%s: the ACPI tables do not fit", spec);
	if (o->acpi_dir)
		rc = write_files(o, a, preset ? preset->name : spec);
	if (rc == KT_OK)
		rec_put(out, toporec_new(&t, preset ? preset->name : NULL, &m, a));
	return rc;
}

static int run(const struct opts *o, struct rec_out *out)
{
	struct acpi *a;
	struct errbuf e;
	struct topo t;
	int i, rc = KT_OK;

	if (o->list)
		return list_presets();
	/* all topologies are parsed first, so that a mistake in the last one writes nothing */
	for (i = 0; i < o->count; i++)
		if (topo_parse(o->topologies[i], &t, NULL, &e))
			return msg_err(KT_USAGE, 0, "%s", e.text);
	a = malloc(sizeof(*a));
	if (!a)
		return msg_err(KT_HOST, 0, "out of memory");
	for (i = 0; rc == KT_OK && i < o->count; i++)
		rc = emit(o, out, o->topologies[i], a);
	free(a);
	return rc;
}

int main(int argc, char **argv)
{
	struct rec_out out = { .f = stdout };
	struct opts o = { 0 };
	int rc;

	msg_init("kt-topo");
	rc = parse_opts(&o, argc, argv);
	if (rc < 0)
		rc = run(&o, &out);
	if (!o.text || rc >= KT_USAGE)
		rec_end(&out, rc);
	return msg_finish(rc);
}
