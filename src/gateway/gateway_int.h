/* gateway_int.h - what the files of the gateway share. Not for other folders. */
#pragma once

#include <pthread.h>

#include "base/pool.h"
#include "gateway/cache_key.h"
#include "gateway/kept.h"
#include "gateway/metrics.h"
#include "gateway/open_names.h"
#include "gateway/run.h"

#define LOOPS_MAX 8

struct Gateway {
    GatewayPorts ports;
    TlsContext *tls;
    const Proxy *proxy; /* NULL: none */
    TargetStates *states;
    Journal *journal;
    Metrics *metrics;
    OpenNames *open_names;
    Telemetry *telemetry; /* NULL: not wanted */
    Ledger *ledger;
    ReactorTimer look;  /* at the ledger, once a second; on `own` */
    ReactorTimer watch; /* over answers that are made in the background; on `own` */
    Pool *pool;         /* for ports that block */
    Pool *here;         /* for answers of our own; apart, as they may make calls themselves */
    Reactor *own;       /* for calls that are not a client's */
    GatewayLoop loops[LOOPS_MAX];
    atomic_int loop_count;
    pthread_mutex_t lock; /* of loops while one is added, and of callers */
    struct CallerTable *callers;
    Cache *cache;
    KeptAnswers *kept;
    struct Backgrounds *backgrounds;
    struct Probe *probes; /* that run; on `own` */
    unsigned char
        cache_secret[CACHE_SECRET_SIZE]; /* of this process: keys are worth nothing outside */
};

/* What this reactor has; made when it is new. On the reactor's thread. */
GatewayLoop *gateway_loop(Gateway *gateway, Reactor *reactor);
/* What the gateway's own reactor has. Any thread. */
GatewayLoop *gateway_own_loop(Gateway *gateway);

/* callers.c: who has shown which secret lately. A hold is given; NULL: not known, or too long ago.
 */
GatewayCaller *callers_find(Gateway *gateway, Str secret, int64_t oldest_ms);
/* Unless something was forgotten since `stamp` was taken, before the caller was loaded. */
void callers_keep(Gateway *gateway, Str secret, GatewayCaller *caller, uint64_t stamp);
uint64_t callers_stamp(Gateway *gateway);
void callers_open(Gateway *gateway);
void callers_close(Gateway *gateway);
