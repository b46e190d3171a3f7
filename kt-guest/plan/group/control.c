// SPDX-License-Identifier: GPL-2.0-only
/* What a cgroup may use at most or has a share of: keys of the test become files of cgroup v2. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "control.h"
#include "exit.h"
#include "record.h"
#include "units.h"

#define WEIGHT_MAX  10000
#define PERIOD      (100 * NSEC_PER_MSEC) /* the kernel's default, and its limits below */
#define PERIOD_MIN  NSEC_PER_MSEC
#define PERIOD_MAX  NSEC_PER_SEC
#define QUOTA_MIN   NSEC_PER_MSEC
#define PERCENT_MAX (100.0 * TOPO_MAX_CPUS)
#define PAGE        4096

static bool is_max(const struct node *n)
{
	return json_object_is_type(n->v, json_type_string) &&
	       strcmp(json_object_get_string(n->v), "max") == 0;
}

/* "50%" or "12.5%": a number above 0, at most `most`. */
bool plan_percent(const struct node *n, double most, double *pct)
{
	const char *s =
		json_object_is_type(n->v, json_type_string) ? json_object_get_string(n->v) : "";
	char *end;

	if (s[strspn(s, "0123456789.")] != '%' || *s == '%')
		return false;
	*pct = strtod(s, &end);
	return end[0] == '%' && !end[1] && *pct > 0 && *pct <= most;
}

static int read_quota(const struct node *n, uint64_t *quota, uint64_t *period, struct errbuf *e)
{
	static const char *const keys[] = { "quota", "period", NULL };
	struct node m;
	int rc = node_keys(n, keys, "\"cpu_max\"", e);

	if (!rc && node_get(n, "period", &m))
		rc = node_duration(&m, PERIOD_MIN, PERIOD_MAX, period, e);
	if (!rc && !node_get(n, "quota", &m))
		rc = node_fail(n, e, "\"cpu_max\": needs \"quota\"");
	if (!rc)
		rc = node_duration(&m, QUOTA_MIN, TOPO_MAX_CPUS * PERIOD_MAX, quota, e);
	return rc;
}

int plan_cpu_max(const struct node *n, char text[PLAN_CPU_MAX], struct errbuf *e)
{
	uint64_t quota, period = PERIOD;
	double pct;
	int rc = KT_OK;

	if (is_max(n)) {
		snprintf(text, PLAN_CPU_MAX, "max %d", (int)(PERIOD / NSEC_PER_USEC));
		return KT_OK;
	}
	if (json_object_is_type(n->v, json_type_object))
		rc = read_quota(n, &quota, &period, e);
	else if (plan_percent(n, PERCENT_MAX, &pct) && pct >= 1)
		quota = (uint64_t)llround(pct / 100 * PERIOD);
	else
		rc = node_expected(
			n, e,
			"\"max\", percent of one CPU from \"1%\", such as \"150%\", or an "
			"object with \"quota\" and \"period\"");
	if (!rc)
		snprintf(text, PLAN_CPU_MAX, "%llu %llu", quota / NSEC_PER_USEC,
			 period / NSEC_PER_USEC);
	return rc;
}

int plan_weight(const struct node *n, int64_t *weight, struct errbuf *e)
{
	return node_whole(n, 1, WEIGHT_MAX, "a whole number", weight, e);
}

/* Bytes, as text; "max" is UINT64_MAX. */
static int read_size(const struct node *n, uint64_t least, uint64_t *bytes, struct errbuf *e)
{
	struct errbuf why;
	const char *s;

	*bytes = UINT64_MAX;
	if (is_max(n))
		return KT_OK;
	if (json_object_is_type(n->v, json_type_int) && json_object_get_int64(n->v) >= 0) {
		*bytes = (uint64_t)json_object_get_int64(n->v);
	} else {
		if (node_string(n, "bytes, a size such as \"64MiB\", or \"max\"", &s, e))
			return KT_DATA;
		if (units_size(s, bytes, &why))
			return node_fail(n, e, "\"%s\": %.160s", n->key, why.text);
	}
	if (*bytes >= least)
		return KT_OK;
	return node_fail(n, e, "\"%s\": less than %" PRIu64 " bytes, a page", n->key, least);
}

static void put_size(struct json_object *files, const char *file, uint64_t bytes)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	rec_str(files, file, bytes == UINT64_MAX ? "max" : text);
}

static int read_memory(const struct node *cgroup, struct json_object *files, struct errbuf *e)
{
	/* from the lowest to the highest, which is the order that their values must have */
	static const struct {
		const char *key, *file;
		uint64_t least;
	} sizes[] = {
		{ "memory_low", "memory.low", 0 },
		{ "memory_high", "memory.high", PAGE },
		{ "memory_max", "memory.max", PAGE },
	};
	const char *below = NULL;
	uint64_t bytes, last = 0;
	struct node n;
	size_t i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!node_get(cgroup, sizes[i].key, &n))
			continue;
		rc = read_size(&n, sizes[i].least, &bytes, e);
		if (!rc && bytes < last)
			rc = node_fail(&n, e, "\"%s\": is below \"%s\"", n.key, below);
		if (rc)
			return rc;
		put_size(files, sizes[i].file, bytes);
		below = sizes[i].key;
		last = bytes;
	}
	if (!node_get(cgroup, "swap_max", &n))
		return KT_OK;
	rc = read_size(&n, 0, &bytes, e);
	if (!rc)
		put_size(files, "memory.swap.max", bytes);
	return rc;
}

static int read_weight(const struct node *cgroup, const char *key, const char *file,
		       struct json_object *files, struct errbuf *e)
{
	int64_t weight;
	char text[24];
	struct node n;
	int rc;

	if (!node_get(cgroup, key, &n))
		return KT_OK;
	rc = plan_weight(&n, &weight, e);
	snprintf(text, sizeof(text), "%d", rc ? 0 : (int)weight);
	rec_str(files, file, text);
	return rc;
}

static int read_pids(const struct node *cgroup, struct json_object *files, struct errbuf *e)
{
	int64_t most = INT64_MAX;
	char text[24] = "max";
	struct node n;
	int rc = KT_OK;

	if (!node_get(cgroup, "pids_max", &n))
		return KT_OK;
	if (!is_max(&n)) {
		rc = node_whole(&n, 1, 1 << 22, "\"max\" or a whole number", &most, e);
		snprintf(text, sizeof(text), "%" PRId64, rc ? 0 : most);
	}
	rec_str(files, "pids.max", text);
	return rc;
}

int plan_control(const struct node *cgroup, struct json_object *files, struct errbuf *e)
{
	char text[PLAN_CPU_MAX];
	struct node n;
	int rc = KT_OK;

	if (node_get(cgroup, "cpu_max", &n)) {
		rc = plan_cpu_max(&n, text, e);
		rec_str(files, "cpu.max", rc ? NULL : text);
	}
	if (!rc)
		rc = read_weight(cgroup, "cpu_weight", "cpu.weight", files, e);
	if (!rc)
		rc = read_memory(cgroup, files, e);
	if (!rc)
		rc = read_weight(cgroup, "io_weight", "io.weight", files, e);
	if (!rc)
		rc = read_pids(cgroup, files, e);
	return rc;
}
