/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_CONTROL_H
#define KT_VM_OBSERVE_CONTROL_H

#include "obs.h"

/* What control said: passes `rc` on, and remembers -ETIMEDOUT, after which nobody knows whether the
 * guest runs. */
int obs_control(struct obs *o, int rc, const struct errbuf *e);

/* As the engine's; the time between is none of the guest's. */
int obs_pause(struct obs *o, uint64_t *took_ns, struct errbuf *e);
int obs_resume(struct obs *o, uint64_t *took_ns, struct errbuf *e);
/* Somebody else has let the guest stand, or go on; one may do so within the other. */
void obs_stands(struct obs *o);
void obs_goes(struct obs *o);
/* For how long the guest has run, by the clock of records. */
uint64_t obs_ran(const struct obs *o, uint64_t now_ns);

#endif
