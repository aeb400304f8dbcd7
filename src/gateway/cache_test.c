/* cache_test.c - which calls are equal, what is kept and for how long, who waits for whom. */
#include <criterion/criterion.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/hash.h"
#include "gateway/cache_key.h"

/* --- Equal calls --- */

static const struct {
    const char *what, *a, *b;
    bool equal;
} pairs[] = {
    { "order and white space", "{\"model\":\"m\",\"n\":1}", " { \"n\" : 1,\n\"model\":\"m\" } ",
      true },
    { "order within", "{\"a\":[{\"x\":1,\"y\":2}]}", "{\"a\":[{\"y\":2,\"x\":1}]}", true },
    { "how it is sent",
      "{\"n\":1,\"stream\":true,\"stream_options\":{\"include_usage\":true},\"user\":\"u\"}",
      "{\"n\":1}", true },
    { "stream deeper down", "{\"a\":{\"stream\":true}}", "{\"a\":{}}", false },
    { "order of a list", "{\"a\":[1,2]}", "{\"a\":[2,1]}", false },
    { "another number", "{\"seed\":1}", "{\"seed\":2}", false },
    { "white space in a text", "{\"a\":\"x y\"}", "{\"a\":\"xy\"}", false },
    { "a member more", "{\"a\":1}", "{\"a\":1,\"top_p\":0.5}", false },
    { "a text that looks like two members", "{\"a\":\"1\\\",\\\"b\\\":\\\"2\"}",
      "{\"a\":\"1\",\"b\":\"2\"}", false },
    { "empty list and object", "{\"a\":[]}", "{\"a\":{}}", false },
};

Test(gateway, equal_calls_have_one_key)
{
    for (size_t i = 0; i < COUNT(pairs); i++) {
        Arena *arena = arena_new(MB(1));
        CacheRequest a, b;
        Error err;
        cr_assert(cache_request_read(arena, str(pairs[i].a), &a, &err), "%s", pairs[i].what);
        cr_assert(cache_request_read(arena, str(pairs[i].b), &b, &err), "%s", pairs[i].what);
        cr_assert_eq(str_equal(a.text, b.text), pairs[i].equal, "%s: " STR_FMT " " STR_FMT,
                     pairs[i].what, STR_ARG(a.text), STR_ARG(b.text));
        arena_free(arena);
    }
}

Test(gateway, a_key_needs_one_object_of_sane_depth)
{
    static const char *const bad[] = { "", "[]", "1", "{", "{\"a\":1,}", "{\"a\":}", "{}x" };
    Arena *arena = arena_new(MB(1));
    CacheRequest request;
    Error err;
    Buf deep = buf_new(arena, KB(4));
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_assert(!cache_request_read(arena, str(bad[i]), &request, &err), "%s", bad[i]);
    for (int i = 0; i < 100; i++)
        buf_add(&deep, S("{\"a\":"));
    buf_add_char(&deep, '1');
    for (int i = 0; i < 100; i++)
        buf_add_char(&deep, '}');
    cr_assert(!cache_request_read(arena, buf_str(&deep), &request, &err));
    arena_free(arena);
}

Test(gateway, the_last_words_and_tools_are_found)
{
    Arena *arena = arena_new(MB(1));
    CacheRequest request;
    Error err;
    Str body = S("{\"messages\":[{\"role\":\"system\",\"content\":\"Be.\"},"
                 "{\"role\":\"user\",\"content\":\"How \\u0041?\"}]}");
    cr_assert(cache_request_read(arena, body, &request, &err));
    cr_assert(str_is(request.last_words, "How A?") && !request.has_tools);
    cr_assert(str_is(str_slice(request.text, request.words_start, request.words_end),
                     "\"How \\u0041?\""));
    body = S("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},"
             "{\"role\":\"tool\",\"content\":\"y\"}]}");
    cr_assert(cache_request_read(arena, body, &request, &err));
    cr_assert(!request.last_words.length && request.has_tools);
    arena_free(arena);
}

/* --- Keeping --- */

static CacheKey key_of(int number)
{
    static const unsigned char secret[CACHE_SECRET_SIZE] = { 7 };
    CacheKey key = { 0 };
    cache_digest(secret, &(Str){ (const char *)&number, sizeof number }, 1, key.digest);
    return key;
}

static void put(Cache *cache, int number, size_t size, int64_t ttl_ms)
{
    static char bytes[MB(2)];
    CacheEntry entry = { .key = key_of(number), .workspace = 1, .bytes = { bytes, size } };
    cache_put(cache, &entry, ttl_ms);
}

static bool has(Cache *cache, int number, int64_t age_max_ms)
{
    CacheKey key = key_of(number);
    CacheEntry *entry = cache_find(cache, &key, age_max_ms);
    cache_release(entry);
    return entry != NULL;
}

Test(gateway, the_least_used_answers_go_and_the_limit_is_kept)
{
    Cache *cache = cache_new(MB(4));
    for (int i = 0; i < 2000; i++) {
        put(cache, i, KB(4), 60000);
        (void)has(cache, 0, -1); /* used all the time */
        cr_assert_leq(cache_counts(cache).bytes, MB(4));
    }
    CacheCounts counts = cache_counts(cache);
    cr_assert(counts.evicted > 900 && counts.entries + counts.evicted == 2000);
    cr_assert(has(cache, 0, -1) && has(cache, 1999, -1) && !has(cache, 1, -1));
    cache_free(cache);
}

Test(gateway, answers_end_and_are_replaced_and_forgotten)
{
    Cache *cache = cache_new(MB(64));
    put(cache, 1, 10, 60000);
    put(cache, 1, 20, 60000);
    cr_assert_eq(cache_counts(cache).entries, 1);
    put(cache, 2, 10, 0);
    cr_assert(!has(cache, 2, -1), "it has ended");
    sleep_ms(3);
    cr_assert(!has(cache, 1, 1) && has(cache, 1, 60000), "its age is looked at");
    put(cache, 3, MB(2), 60000);
    cr_assert(!has(cache, 3, -1), "too large");
    cache_forget(cache, 2);
    cr_assert(has(cache, 1, -1), "of another workspace");
    cache_forget(cache, 1);
    cr_assert(!has(cache, 1, -1));
    cr_assert_eq(cache_counts(cache).bytes, 0);
    cache_free(cache);
}

/* --- Waiting --- */

static void count_wake(CacheWaiter *waiter, CacheOutcome outcome)
{
    (void)outcome;
    ++*(int *)waiter->owner;
}

static CacheVerdict ask(Cache *cache, const CacheKey *key, CacheFlight *flight, CacheWaiter *waiter)
{
    CacheEntry *entry = NULL;
    CacheVerdict verdict = cache_ask(
        cache, &(CacheQuestion){ .key = key, .age_max_ms = -1, .flight = flight, .waiter = waiter },
        &entry);
    cache_release(entry);
    return verdict;
}

Test(gateway, equal_calls_wait_for_the_first)
{
    Cache *cache = cache_new(MB(64));
    CacheKey key = key_of(1), other = key;
    CacheFlight flights[3];
    int woken = 0;
    CacheWaiter waiters[4] = { { .wake = count_wake, .owner = &woken },
                               { .wake = count_wake, .owner = &woken },
                               { .wake = count_wake, .owner = &woken } };
    cr_assert_eq(ask(cache, &key, &flights[0], &waiters[0]), CACHE_LEADS);
    cr_assert_eq(ask(cache, &key, &flights[1], &waiters[1]), CACHE_WAITS);
    cr_assert_eq(ask(cache, &key, &flights[1], &waiters[2]), CACHE_WAITS);
    other.check[0] = 1;
    cr_assert_eq(ask(cache, &other, &flights[1], &waiters[3]), CACHE_CLASH);
    cr_assert(cache_leave(cache, &key, &waiters[1]));
    cr_assert(!cache_leave(cache, &key, &waiters[1]), "once");
    cache_land(cache, &flights[0], CACHE_FAILED);
    cr_assert_eq(woken, 1);
    cr_assert_eq(waiters[2].outcome, CACHE_FAILED);
    cr_assert(!cache_leave(cache, &key, &waiters[2]), "too late");
    cr_assert_eq(ask(cache, &key, &flights[1], &waiters[2]), CACHE_LEADS, "one other tries");
    put(cache, 1, 10, 60000);
    cache_land(cache, &flights[1], CACHE_KEPT);
    cr_assert_eq(ask(cache, &key, &flights[2], &waiters[2]), CACHE_HIT);
    cr_assert_eq(ask(cache, &other, &flights[2], &waiters[2]), CACHE_CLASH);
    cache_free(cache);
}

/* Four threads ask for few keys: each call ends as hit, leader or waiter that was woken once. */
typedef struct Worker {
    Cache *cache;
    int led, hits, waited, woken;
    unsigned seed;
} Worker;

static void flag_wake(CacheWaiter *waiter, CacheOutcome outcome)
{
    (void)outcome;
    atomic_fetch_add((atomic_int *)waiter->owner, 1);
}

static void work_once(Worker *worker)
{
    CacheKey key = key_of((int)(rand_r(&worker->seed) % 8));
    CacheFlight flight;
    atomic_int woken = 0;
    CacheWaiter waiter = { .wake = flag_wake, .owner = &woken };
    CacheVerdict verdict = ask(worker->cache, &key, &flight, &waiter);
    if (verdict == CACHE_LEADS) {
        bool fails = rand_r(&worker->seed) % 3 == 0;
        CacheEntry entry = { .key = key, .workspace = 1, .bytes = S("answer") };
        if (!fails)
            cache_put(worker->cache, &entry, rand_r(&worker->seed) % 2);
        cache_land(worker->cache, &flight, fails ? CACHE_FAILED : CACHE_KEPT);
        worker->led++;
    } else if (verdict == CACHE_WAITS) {
        bool leaves = rand_r(&worker->seed) % 2 && cache_leave(worker->cache, &key, &waiter);
        while (!leaves && !woken)
            sched_yield();
        cr_assert_eq(woken, leaves ? 0 : 1);
        worker->waited++;
    } else {
        worker->hits++;
    }
}

static void *work(void *argument)
{
    for (int i = 0; i < 20000; i++)
        work_once(argument);
    return NULL;
}

Test(gateway, who_waits_is_woken_exactly_once)
{
    Cache *cache = cache_new(MB(1));
    Worker workers[4];
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++) {
        workers[i] = (Worker){ .cache = cache, .seed = i };
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    int ended = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ended += workers[i].led + workers[i].hits + workers[i].waited;
    }
    cr_assert_eq(ended, 80000);
    cache_free(cache);
}
