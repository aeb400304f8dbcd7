/* origins.h - where services are: names become addresses without making a reactor wait.
 *
 * A name is resolved on a pool's thread and every address it has is checked (url_safety.h). What
 * was found is kept and used as it is, so no second answer of a name server leads elsewhere. After
 * a minute of use it is asked for again while the old addresses still serve; they also serve on
 * while the name server fails. An address that has become forbidden ends that.
 *
 * With a proxy only the proxy is resolved, and of the hosts behind it those that are numeric are
 * checked: the others are looked up by the proxy, which has to say no itself.
 *
 * Threads: an Origins belongs to its reactor's thread. Its pool must have ended before the reactor
 * is freed. */
#pragma once

#include "base/pool.h"
#include "net/async_client.h"
#include "net/proxy.h"
#include "net/url_safety.h"

typedef struct Origins Origins;
/* `proxy` is borrowed; NULL: none. */
MUST_CHECK bool origins_new(Reactor *reactor, Pool *pool, const Proxy *proxy, Origins **origins_r,
                            Error *err);
/* Who still waits is not told; origins that are held stay until they are released. Not from inside
 * `done`. NULL is fine. */
void origins_free(Origins *origins);

/* One who waits for an origin; a member of its owner's struct. */
typedef struct OriginWait {
    /* Called once, later, with an origin that is held, or with the failure. */
    void (*done)(struct OriginWait *wait, const AsyncOrigin *origin, const Error *failure);
    void *owner;
    struct OriginWait *next, **link; /* link NULL: does not wait */
} OriginWait;

/* The origin of this address now, which is held then; else NULL: wait->done is called later, never
 * from inside. `base_url` is http or https; its path does not matter. */
const AsyncOrigin *origins_find(Origins *origins, Str base_url, const UrlSafety *safety,
                                OriginWait *wait);
/* Wait no more. Fine for one that does not wait. */
void origins_cancel(OriginWait *wait);
/* One who has found it holds it no more. Its connections are let go by and by. */
void origin_release(const AsyncOrigin *origin);
