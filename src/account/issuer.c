/* issuer.c - see issuer.h. */
#include "account/issuer.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "net/http_client.h"
#include "net/url_safety.h"

#define FRESH_MS ((int64_t)10 * 60 * 1000)
#define KEPT_MS ((int64_t)24 * 60 * 60 * 1000)
#define RETRY_MS ((int64_t)60 * 1000)
#define FETCH_MS 5000

struct Issuer {
    char *source;
    bool is_url;
    JwtKeys *secret;
    const Proxy *proxy;
    HttpClient *http;
    pthread_mutex_t fetching; /* one asks, others wait for what it gets */
    pthread_mutex_t lock;     /* of what follows */
    JwtKeys *keys;
    int64_t fetched_ms, tried_ms; /* 0: never */
};

/* --- Asking --- */

/* Whoever could change keys on their way here could sign anything, so plain http is for what does
 * not leave our own network. */
bool issuer_check_address(Arena *arena, Str url, Str *address_r, Error *err)
{
    UrlSafety safety = { .allows_private = true };
    if (!url_check(arena, url, &safety, address_r, err))
        return false;
    return !str_starts(url, S("http:")) || address_kind(*address_r) == ADDRESS_PRIVATE ||
           fail(err, ERROR_DENIED,
                "an issuer that is not in our own network is asked by https only");
}

static bool ask(Issuer *issuer, Arena *arena, Str *text_r, Error *err)
{
    HttpCall call = { .url = str(issuer->source),
                      .connect_ms = FETCH_MS,
                      .first_byte_ms = FETCH_MS,
                      .total_ms = FETCH_MS,
                      .answer_max = JWT_KEYS_BYTES_MAX };
    HttpAnswer answer;
    if (!issuer_check_address(arena, call.url, &call.pinned_address, err) ||
        !http_call(issuer->http, arena, &call, &answer, err))
        return false;
    if (answer.status != 200)
        return fail(err, ERROR_UPSTREAM, "the answer has status %d", answer.status);
    *text_r = answer.body;
    return true;
}

static bool fetch(Issuer *issuer, JwtKeys **keys_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Str text;
    bool good = issuer->is_url ? ask(issuer, arena, &text, err)
                               : file_read(arena, issuer->source, JWT_KEYS_BYTES_MAX, &text, err);
    return (good && jwt_keys_read(text, keys_r, err)) || fail_in(err, "%s", issuer->source);
}

/* A clock that was set back makes what is kept old. */
static bool is_over(int64_t since_ms, int64_t how_long_ms)
{
    int64_t age = now_ms() - since_ms;
    return !since_ms || age < 0 || age > how_long_ms;
}

static bool wants_keys(Issuer *issuer, bool is_unknown)
{
    pthread_mutex_lock(&issuer->lock);
    bool wants = (is_unknown || is_over(issuer->fetched_ms, FRESH_MS)) &&
                 is_over(issuer->tried_ms, RETRY_MS);
    pthread_mutex_unlock(&issuer->lock);
    return wants;
}

static void keep(Issuer *issuer, JwtKeys *keys)
{
    pthread_mutex_lock(&issuer->lock);
    JwtKeys *old = issuer->keys;
    issuer->tried_ms = now_ms();
    if (keys) {
        issuer->keys = keys;
        issuer->fetched_ms = issuer->tried_ms;
    } else if (is_over(issuer->fetched_ms, KEPT_MS)) {
        issuer->keys = NULL;
    } else {
        old = NULL;
    }
    pthread_mutex_unlock(&issuer->lock);
    jwt_keys_release(old);
}

static void renew(Issuer *issuer, bool is_unknown)
{
    JwtKeys *keys = NULL;
    Error why;
    if (!issuer->source || !wants_keys(issuer, is_unknown))
        return;
    pthread_mutex_lock(&issuer->fetching);
    if (wants_keys(issuer, is_unknown)) { /* nobody has meanwhile */
        if (!fetch(issuer, &keys, &why))
            log_warn("account", "keys of tokens: %s", why.message);
        keep(issuer, keys);
    }
    pthread_mutex_unlock(&issuer->fetching);
}

/* --- Checking --- */

static JwtKeys *hold_keys(Issuer *issuer)
{
    pthread_mutex_lock(&issuer->lock);
    JwtKeys *keys = issuer->keys ? jwt_keys_hold(issuer->keys) : NULL;
    pthread_mutex_unlock(&issuer->lock);
    return keys;
}

static bool signed_by_public_key(Issuer *issuer, const Jwt *jwt, Error *err)
{
    renew(issuer, false);
    JwtKeys *keys = hold_keys(issuer);
    const JwtKey *key = jwt_keys_find(keys, jwt->algorithm, jwt->key);
    if (!key && issuer->source) {
        jwt_keys_release(keys);
        renew(issuer, true);
        keys = hold_keys(issuer);
        key = jwt_keys_find(keys, jwt->algorithm, jwt->key);
    }
    bool good = keys || !issuer->source
                    ? jwt_signature_fits(jwt, key, err)
                    : fail(err, ERROR_UPSTREAM,
                           "the keys that tokens are checked with cannot be had at present; the "
                           "server's log says why");
    jwt_keys_release(keys);
    return good;
}

bool issuer_signed(Issuer *issuer, const Jwt *jwt, Error *err)
{
    if (str_is(jwt->algorithm, jwt_algorithm_name(JWT_HS256)))
        return jwt_signature_fits(jwt, jwt_keys_find(issuer->secret, jwt->algorithm, jwt->key),
                                  err);
    return signed_by_public_key(issuer, jwt, err);
}

/* --- Opening --- */

static bool read_secret(Issuer *issuer, Str file, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str secret;
    if (!file.length)
        return true;
    return (file_read(arena, str_c(arena, file), KB(8), &secret, err) &&
            jwt_keys_of_secret(str_trim(secret), &issuer->secret, err)) ||
           fail_in(err, "jwt_secret_file");
}

static bool read_source(Issuer *issuer, Error *err)
{
    JwtKeys *keys;
    if (!issuer->source || issuer->is_url)
        return true;
    if (!fetch(issuer, &keys, err))
        return fail_in(err, "jwt_keys");
    keep(issuer, keys);
    return true;
}

bool issuer_open(const IssuerOptions *options, Issuer **issuer_r, Error *err)
{
    Issuer *issuer = heap_alloc(sizeof *issuer);
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (options->keys.length)
        issuer->source = heap_text(str_c(arena, options->keys));
    issuer->is_url =
        str_starts(options->keys, S("https://")) || str_starts(options->keys, S("http://"));
    pthread_mutex_init(&issuer->fetching, NULL);
    pthread_mutex_init(&issuer->lock, NULL);
    if (issuer->is_url)
        issuer->http =
            http_client_new(&(HttpClientOptions){ .proxy = options->proxy, .idle_max = 1 });
    if (!read_secret(issuer, options->secret_file, err) || !read_source(issuer, err)) {
        issuer_close(issuer);
        return false;
    }
    *issuer_r = issuer;
    return true;
}

void issuer_close(Issuer *issuer)
{
    if (!issuer)
        return;
    http_client_free(issuer->http);
    jwt_keys_release(issuer->keys);
    jwt_keys_release(issuer->secret);
    pthread_mutex_destroy(&issuer->fetching);
    pthread_mutex_destroy(&issuer->lock);
    free(issuer->source);
    free(issuer);
}
