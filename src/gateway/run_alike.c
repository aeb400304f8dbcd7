/* run_alike.c - the semantic cache: a question that was asked before in other words.
 *
 * Everything but the last user's words must be equal, and in these whatever decides
 * (cache_words.h); only then the encoder is asked, on the pool, whether both are alike. So a miss
 * costs a look into the table, and likeness alone never makes a hit. */
#include "gateway/cache_words.h"
#include "gateway/gateway_int.h"

#define LIKENESS_MIN 0.9

void alike_set_key(Run *run, const CacheRequest *request, const Str *parts, size_t count)
{
    const Gateway *gateway = run->loop->gateway;
    Str all[16] = { S("alike"), cache_words(run->arena, request->last_words),
                    str_slice(request->text, 0, request->words_start),
                    str_from(request->text, request->words_end) };
    size_t own = 4;
    if (!gateway->ports.likeness || !all[1].length || own + count > COUNT(all))
        return;
    for (size_t i = 0; i < count; i++)
        all[own + i] = parts[i];
    cache_digest(gateway->cache_secret, all, own + count, run->cache.alike.digest);
    run->cache.question = request->last_words;
}

typedef struct AlikeWork {
    Run *run;
    CacheEntry *entry; /* held */
    Str question;
    bool is_alike;
} AlikeWork;

static void on_compared(void *argument)
{
    AlikeWork *work = argument;
    CacheEntry *entry = work->entry;
    cache_compared(work->run, work->is_alike ? entry : NULL);
    cache_release(entry); /* `work` may be gone with its run */
}

static void compare(void *argument)
{
    AlikeWork *work = argument;
    const GatewayPorts *ports = &work->run->loop->gateway->ports;
    double likeness;
    work->is_alike =
        ports->likeness(ports->app, work->question, work->entry->question, &likeness) &&
        likeness >= LIKENESS_MIN;
    reactor_post(work->run->loop->reactor, on_compared, work);
}

bool alike_begins(Run *run)
{
    Gateway *gateway = run->loop->gateway;
    RunCache *cache = &run->cache;
    CacheEntry *entry = NULL;
    if (cache->question.length)
        entry = cache_find(gateway->cache, &cache->alike, cache->age_max_ms);
    if (!entry)
        return false;
    AlikeWork *work = arena_new_one(run->arena, AlikeWork);
    *work = (AlikeWork){ .run = run, .entry = entry, .question = cache->question };
    cache->is_comparing = pool_add(gateway->pool, compare, work);
    if (!cache->is_comparing)
        cache_release(entry);
    return cache->is_comparing;
}
