/* probe.h - a target that is left alone is asked for its service's list of models, until it gives
 * one: then the next call may try it at once, and until then no call is spent on trying.
 *
 * Threads: probe_begin() from any; probes live on the gateway's own reactor. */
#pragma once

#include "gateway/gateway.h"

/* The target has just failed. Does nothing unless its breaker is open, its service is to be probed
 * and nobody does it yet. */
void probe_begin(Gateway *gateway, GatewayCaller *caller, const GatewayTarget *target,
                 TargetState *state);
/* The gateway closes. On its own reactor. */
void probes_end(Gateway *gateway);
