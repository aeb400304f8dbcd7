/* proxy.h - which calls of ours go through a proxy, and which straight to their host.
 *
 * Threads: any; a Proxy is never changed. */
#pragma once

#include "base/base.h"

typedef struct Proxy {
    const char *url; /* "http://[user:password@]host:port"; NULL or "": none */
    /* Who is called without it, with commas between: "example.org" (and what is below it),
     * ".example.org", "192.0.2.7", "10.0.0.0/8", "*"; NULL: nobody. */
    const char *except;
} Proxy;

/* The address can be one. */
MUST_CHECK bool proxy_check(const Proxy *proxy, Error *err);
/* Whether this host, without brackets, is called through it. This machine never is. */
bool proxy_serves(const Proxy *proxy, Str host);
