/* run_cache.c - calls that were answered before, and calls that are being answered for another.
 *
 * What a client asks by headers: `X-Lectern-Cache: use` (where the workspace keeps answers only for
 * those who ask), `Cache-Control: no-cache` (a new answer), `no-store` (nothing kept), `max-age=N`
 * and `only-if-cached` (RFC 9111, section 5.2.1); `X-Lectern-Cache-Version: ...` names what the
 * prompt rests on, so that an answer goes when that changes. `Idempotency-Key` gives the same
 * answer again to the same request, whatever else is said. The answer says `X-Lectern-Cache: hit`,
 * `joined` or `miss`, and `Age`. */
#include "base/clock.h"
#include "base/json_walk.h"
#include "gateway/cache_key.h"
#include "gateway/gateway_int.h"

#define TTL_MS INT64_C(3600000)
#define ONCE_MS INT64_C(86400000)
#define REQUEST_MAX MB(1)
#define TEMPERATURE_MAX 1.0
#define FAILURES_MAX 2 /* who has waited for so many calls in vain asks for himself */

static Gateway *gateway_of(const Run *run) { return run->loop->gateway; }
static const GatewayPolicy *policy_of(const Run *run) { return &run->caller->config->policy; }

/* --- What the client says --- */

typedef struct CacheWish {
    bool asks, no_cache, no_store, only_if_cached;
    int64_t age_max_ms; /* -1: any */
    Str version;
} CacheWish;

static CacheWish wish_of(const HttpRequest *http)
{
    CacheWish wish = { .age_max_ms = -1,
                       .version = http_header_in(http, "X-Lectern-Cache-Version") };
    Str ours = http_header_in(http, "X-Lectern-Cache");
    Str rest = http_header_in(http, "Cache-Control"), piece;
    int64_t seconds;
    wish.asks = str_is(ours, "use");
    wish.no_store = str_is(ours, "off");
    while (str_next(&rest, ',', &piece)) {
        piece = str_trim(piece);
        wish.no_cache = wish.no_cache || str_equal_ignore_case(piece, S("no-cache"));
        wish.no_store = wish.no_store || str_equal_ignore_case(piece, S("no-store"));
        wish.only_if_cached =
            wish.only_if_cached || str_equal_ignore_case(piece, S("only-if-cached"));
        if (str_starts(piece, S("max-age=")) &&
            str_to_int(str_from(piece, 8), 0, INT32_MAX, &seconds))
            wish.age_max_ms = seconds * 1000;
    }
    return wish;
}

/* --- Which answers may be kept --- */

static bool route_is_kept(const Run *run)
{
    StrList routes = policy_of(run)->cache_routes;
    for (size_t i = 0; i < routes.count; i++)
        if (str_equal(routes.at[i], run->route->name))
            return true;
    return !routes.count;
}

/* As every front but Ollama's says it, and as Ollama's does; not said: 0. */
static double temperature_of(const Run *run)
{
    double value = 0;
    Str said = json_walk_member(run->body, "temperature");
    if (!said.length)
        said = json_walk_member(json_walk_member(run->body, "options"), "temperature");
    return said.length && str_to_double(said, &value) ? value : 0;
}

static double hottest_of(const GatewayPolicy *policy)
{
    return policy->cache_temperature_max > 0 ? policy->cache_temperature_max : TEMPERATURE_MAX;
}

static bool is_wanted(const Run *run, const CacheWish *wish)
{
    const GatewayPolicy *policy = policy_of(run);
    bool is_on = policy->cache == CACHE_ON ||
                 (policy->cache == CACHE_ASKED && (wish->asks || wish->only_if_cached));
    /* A response that is kept under its id can be gone on from by its own person only. */
    bool is_personal = policy->cache_is_shared && run->request.is_kept;
    return is_on && !is_personal && !wish->no_store && route_is_kept(run) &&
           run->body.length <= REQUEST_MAX && temperature_of(run) <= hottest_of(policy) &&
           (policy->cache_allows_tools || !run->request.tool_count) && !run->request.is_hosted;
}

/* Whose answers serve this call: the key's and person's own, or all of the workspace's. */
static Str owner_of(Run *run)
{
    const GatewayCaller *caller = run->caller;
    if (policy_of(run)->cache_is_shared)
        return caller->workspace;
    Str user = json_text_of(run->arena, json_walk_member(run->body, "user"));
    return str_format(run->arena, STR_FMT "/" STR_FMT "/" STR_FMT "/" STR_FMT,
                      STR_ARG(caller->workspace), STR_ARG(caller->user), STR_ARG(run->secret),
                      STR_ARG(user));
}

/* The services and models that may answer, in no order, as a route may draw it by chance: a changed
 * route has other answers. */
static Str targets_of(Run *run)
{
    Str lines[RUN_TARGETS_MAX];
    for (int i = 0; i < run->target_count; i++) {
        const GatewayTarget *target = run->targets[i];
        Str model = target->model.length ? target->model : run->request.model;
        Str line = str_format(run->arena, STR_FMT "\n" STR_FMT "\n",
                              STR_ARG(target->service->base_url), STR_ARG(model));
        int at = i;
        for (; at > 0 && str_compare(lines[at - 1], line) > 0; at--)
            lines[at] = lines[at - 1];
        lines[at] = line;
    }
    return str_join(run->arena, lines, (size_t)run->target_count, S(""));
}

/* What the program answers itself rests on its documents: when these change, the answers go; and on
 * those that the caller sees, so it is never shared. */
static Str version_here(Run *run)
{
    const GatewayPorts *ports = &gateway_of(run)->ports;
    const GatewayCaller *caller = run->caller;
    for (int i = 0; i < run->target_count; i++)
        if (run->targets[i]->service->is_here && ports->version_here)
            return str_format(run->arena, "%" PRIu64 " " STR_FMT " " STR_FMT,
                              ports->version_here(ports->load_app, caller->workspace),
                              STR_ARG(caller->user), STR_ARG(caller->key));
    return S("");
}

static bool set_key(Run *run, const CacheWish *wish)
{
    CacheRequest request;
    Error err;
    if (!cache_request_read(run->arena, run->body, &request, &err) ||
        (request.has_tools && !policy_of(run)->cache_allows_tools))
        return false;
    const Str parts[] = { S("exact"),        owner_of(run), str(run->front->name), targets_of(run),
                          version_here(run), wish->version, request.text };
    cache_digest(gateway_of(run)->cache_secret, parts, COUNT(parts), run->cache.key.digest);
    if (policy_of(run)->cache_is_semantic && request.last_words.length)
        alike_set_key(run, &request, parts, COUNT(parts) - 1);
    run->cache.age_max_ms = wish->age_max_ms;
    run->cache.skips_kept = wish->no_cache;
    run->cache.ttl_ms = policy_of(run)->cache_ttl_ms ? policy_of(run)->cache_ttl_ms : TTL_MS;
    return true;
}

/* Of a call of our own: documents it rests on are in its messages. */
static bool set_key_own(Run *run)
{
    const GatewayPolicy *policy = policy_of(run);
    const GatewayCaller *caller = run->caller;
    bool is_on = run->may_keep && policy->cache != CACHE_OFF && route_is_kept(run) &&
                 run->body.length <= REQUEST_MAX &&
                 run->request.temperature.value <= hottest_of(policy);
    Str text = is_on ? ask_text(run) : S("");
    bool is_shared = policy->cache_is_shared && !run->is_personal;
    const Str parts[] = { S("own"),
                          caller->workspace,
                          is_shared ? S("") : caller->user,
                          is_shared ? S("") : caller->key,
                          run->record.feature,
                          targets_of(run),
                          version_here(run),
                          text };
    if (!text.length)
        return false;
    cache_digest(gateway_of(run)->cache_secret, parts, COUNT(parts), run->cache.key.digest);
    run->cache.age_max_ms = -1;
    run->cache.ttl_ms = policy->cache_ttl_ms ? policy->cache_ttl_ms : TTL_MS;
    return true;
}

/* The same key with another body is a mistake of the client's, so the body is checked. */
static void set_key_once(Run *run, Str name)
{
    const GatewayCaller *caller = run->caller;
    const Str parts[] = { S("once"), caller->workspace,    caller->user, run->secret,
                          name,      str(run->front->name) };
    const Str body[] = { run->body };
    cache_digest(gateway_of(run)->cache_secret, parts, COUNT(parts), run->cache.key.digest);
    cache_digest(gateway_of(run)->cache_secret, body, 1, run->cache.key.check);
    run->cache.is_once = true;
    run->cache.age_max_ms = -1;
    run->cache.ttl_ms = ONCE_MS;
}

/* --- An answer that is there --- */

static CacheForm form_of(const Run *run)
{
    if (!run->request.is_stream)
        return CACHE_WHOLE;
    return run->request.wants_usage ? CACHE_STREAM_USAGE : CACHE_STREAM;
}

static void tell(Run *run, const char *word)
{
    run->record.cache = str(word);
    if (run->response)
        http_header(run->response, "X-Lectern-Cache", str(word));
}

/* What was written in one form is read with the client's own dialect, and told in the other. */
static bool tell_otherwise(Run *run, const CacheEntry *entry, Error *err)
{
    RunTry *try = run->try;
    if (!run->front->same)
        return fail(err, ERROR_UNSUPPORTED, "this answer was kept in another form");
    *try = (RunTry){ .run = run, .has_spoken = true };
    model_collect_begin(&try->collector, run->arena, RUN_ANSWER_MAX);
    try->held = buf_new(run->arena, RUN_HELD_MAX);
    try->reader = (WireReader){ .dialect = run->front->same,
                                .arena = run->arena,
                                .scratch = run->loop->scratch,
                                .task = run->request.task,
                                .is_stream = entry->form != CACHE_WHOLE,
                                .event = answer_event,
                                .self = try };
    wire_reader_begin(&try->reader, RUN_ANSWER_MAX);
    bool good =
        wire_reader_feed(&try->reader, entry->bytes, err) && wire_reader_finish(&try->reader, err);
    try->reader.usage = entry->usage; /* a stream tells it only who asks */
    good = good && answer_whole(try, err);
    wire_reader_end(&try->reader);
    return good;
}

static bool tell_client(Run *run, const CacheEntry *entry, Error *err)
{
    int64_t age_s = (monotonic_ms() - entry->made_ms) / 1000;
    http_header(run->response, "Age", str_format(run->arena, "%" PRId64, age_s));
    run->record.model = run->request.model;
    if (entry->form != form_of(run))
        return tell_otherwise(run, entry, err);
    answer_again(run, entry->bytes);
    return true;
}

/* False: it cannot be told in this form, and a service is to be asked. */
static bool tell_entry(Run *run, const CacheEntry *entry, const char *word)
{
    Error err;
    if (entry->form != form_of(run) && !run->front->same)
        return false;
    tell(run, word);
    if (!(run->ask ? ask_again(run, entry->bytes, &err) : tell_client(run, entry, &err))) {
        run_fail(run, &err, 0);
        return true;
    }
    run->record.saved = MAX(entry->cost, (int64_t)0);
    run->try->reader.usage =
        (ModelUsage){ .is_known = true, .cost = -1 }; /* of this call: nothing */
    run_finish(run, NULL);
    return true;
}

/* --- Asking --- */

static void on_woken(void *argument);

/* On the thread of the call that was waited for. */
static void wake(CacheWaiter *waiter, CacheOutcome outcome)
{
    Run *run = waiter->owner;
    (void)outcome;
    reactor_post(run->loop->reactor, on_woken, run);
}

static void keep_what_comes(Run *run)
{
    tell(run, "miss");
    if (!run->ask)
        answer_keep(run);
}

static bool refuse(Run *run, CacheVerdict verdict)
{
    Error err;
    if (verdict == CACHE_MISS)
        fail(&err, ERROR_TIMEOUT, "no kept answer serves this call, and only-if-cached was asked");
    else
        fail(&err, ERROR_REUSED, "this Idempotency-Key came with another request before");
    run_fail(run, &err, 0);
    return true;
}

static bool ask(Run *run, bool only_if_cached)
{
    RunCache *cache = &run->cache;
    CacheEntry *entry = NULL;
    cache->waiter = (CacheWaiter){ .wake = wake, .owner = run };
    CacheVerdict verdict = cache_ask(gateway_of(run)->cache,
                                     &(CacheQuestion){ .key = &cache->key,
                                                       .age_max_ms = cache->age_max_ms,
                                                       .only_if_cached = only_if_cached,
                                                       .flight = &cache->flight,
                                                       .waiter = &cache->waiter },
                                     &entry);
    if (verdict == CACHE_MISS || verdict == CACHE_CLASH)
        return refuse(run, verdict);
    bool is_told =
        verdict == CACHE_HIT && tell_entry(run, entry, cache->is_waiting ? "joined" : "hit");
    cache_release(entry);
    if (is_told)
        return true;
    cache->is_leading = verdict == CACHE_LEADS;
    cache->is_waiting = verdict == CACHE_WAITS;
    if (cache->is_waiting || alike_begins(run))
        return true;
    keep_what_comes(run);
    return false;
}

static void on_woken(void *argument)
{
    Run *run = argument;
    RunCache *cache = &run->cache;
    cache->failures += cache->waiter.outcome == CACHE_FAILED;
    bool is_alone = cache->waiter.outcome == CACHE_PASSED || cache->failures > FAILURES_MAX;
    if (run->is_gone) {
        cache->is_waiting = false;
        run_stop(run);
    } else if (is_alone) {
        cache->is_waiting = false;
        keep_what_comes(run);
        run_go(run);
    } else if (!ask(run, false)) {
        run_go(run);
    }
}

void cache_compared(Run *run, const CacheEntry *entry)
{
    RunCache *cache = &run->cache;
    cache->is_comparing = false;
    if (run->is_gone) {
        run_stop(run);
        return;
    }
    if (entry) {
        CacheEntry copy = *entry; /* next time it is found at once, and by those who wait now */
        copy.key = cache->key;
        copy.question = S("");
        cache_put(gateway_of(run)->cache, &copy, entry->ends_ms - monotonic_ms());
        cache->is_answered = true;
        if (tell_entry(run, entry, "semantic"))
            return;
        cache->is_answered = false;
    }
    keep_what_comes(run);
    run_go(run);
}

/* Sound and pictures are large, and a form is never written the same way twice. */
static bool is_media(const Run *run)
{
    ModelTask task = run->request.task;
    return task == TASK_TRANSCRIPTION || task == TASK_SPEECH || task == TASK_IMAGE;
}

static bool cache_answers_own(Run *run)
{
    run->cache.is_on = set_key_own(run);
    return run->cache.is_on && ask(run, false);
}

bool cache_answers(Run *run)
{
    if (is_media(run))
        return false;
    if (run->ask)
        return cache_answers_own(run);
    CacheWish wish = wish_of(run->http);
    Str once = http_header_in(run->http, "Idempotency-Key");
    if (once.length)
        set_key_once(run, once);
    else if (!is_wanted(run, &wish) || !set_key(run, &wish))
        return false;
    run->cache.is_on = true;
    if (!run->cache.skips_kept)
        return ask(run, wish.only_if_cached && !once.length);
    keep_what_comes(run);
    return false;
}

bool cache_let_go(Run *run)
{
    RunCache *cache = &run->cache;
    if (cache->is_comparing)
        return false;
    if (!cache->is_waiting)
        return true;
    if (!cache_leave(gateway_of(run)->cache, &cache->key, &cache->waiter))
        return false;
    cache->is_waiting = false;
    return true;
}

/* --- Keeping --- */

/* Only what is whole: an answer that was cut at its length, or filtered, is not. */
static bool is_keepable(const Run *run)
{
    const WireReader *reader = &run->try->reader;
    FinishReason finish = reader->finish;
    if (!run->try->target || run->kept.overflowed)
        return false;
    if (run->cache.is_once || run->request.task != TASK_CHAT)
        return true;
    return finish == FINISH_STOP || (finish == FINISH_TOOLS && policy_of(run)->cache_allows_tools);
}

static Str kept_bytes(Run *run)
{
    if (run->ask)
        return ask_kept(run);
    return buf_str(run->stream ? &run->kept : &run->response->body);
}

void cache_ended(Run *run, const Error *failure)
{
    RunCache *cache = &run->cache;
    CacheOutcome outcome = failure ? CACHE_FAILED : CACHE_PASSED;
    if (!cache->is_on || !run->try->target) {
        outcome = cache->is_answered ? CACHE_KEPT : CACHE_FAILED;
    } else if (!failure && is_keepable(run)) {
        CacheEntry entry = { .key = cache->key,
                             .workspace = str_hash(run->caller->workspace),
                             .form = form_of(run),
                             .bytes = kept_bytes(run),
                             .usage = run->record.usage,
                             .cost = run->record.cost };
        cache_put(gateway_of(run)->cache, &entry, cache->ttl_ms);
        entry.key = cache->alike;
        entry.question = cache->question;
        if (entry.question.length)
            cache_put(gateway_of(run)->cache, &entry, cache->ttl_ms);
        outcome = CACHE_KEPT;
    }
    if (cache->is_leading)
        cache_land(gateway_of(run)->cache, &cache->flight, outcome);
    cache->is_leading = false;
}
