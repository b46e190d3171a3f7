/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_SAMPLE_H
#define KT_CHECK_MODEL_SAMPLE_H

#include "observed.h"

int take_boot(struct model *m, struct json_object *o, struct errbuf *e);
int take_observe(struct model *m, struct json_object *o, struct errbuf *e);
/* A line that is a sample; `o` is its object, or NULL where observed_needs_fields() is false. */
int take_sample(struct model *m, const char *line, size_t len, struct json_object *o,
		struct errbuf *e);
bool observed_needs_fields(const struct observed *s);
/* A step begins or ends. */
void observed_step(struct observed *s, bool running, int64_t t_ns);
void observed_free(struct observed *s);
/* Are records of this type of use, among those that only some tests ask for? */
bool observed_wants(const struct observed *s, const char *type, bool *mine);

#endif
