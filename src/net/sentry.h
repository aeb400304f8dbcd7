/* sentry.h - tells failures of the program (base/report.h) to a Sentry, in its envelope format.
 *
 * From a thread of its own: whoever fails waits for nothing, and what a Sentry that is away does
 * not take is dropped. One that says 429 is left alone for as long as it says.
 *
 * Threads: any. */
#pragma once

#include "base/report.h"
#include "net/proxy.h"

typedef struct Sentry Sentry;

typedef struct SentryOptions {
    Str dsn;            /* https://KEY@host/PROJECT */
    Str environment;    /* "production"; "": none */
    const Proxy *proxy; /* borrowed; NULL: none */
} SentryOptions;

/* Failures are reported from now on. */
MUST_CHECK bool sentry_open(const SentryOptions *options, Sentry **sentry_r, Error *err);
/* Sends what waits, for at most two seconds. NULL is fine. */
void sentry_close(Sentry *sentry);

/* What is sent, for tests. */
Str sentry_envelope(Arena *arena, Str environment, const Report *report);
