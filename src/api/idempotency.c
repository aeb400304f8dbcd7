/* idempotency.c - see idempotency.h. */
#include "api/idempotency.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/log.h"
#include "base/seal.h"
#include "store/server_key.h"

#define KEY_MAX 255
#define ANSWER_KEPT_MAX MB(1)
#define HOLD_AGAIN_MS (IDEMPOTENCY_HELD_MS / 3)
#define AGAIN_MS 1000 /* whoever asks too early may come again */
#define SERVER_KEY "idempotency"

struct Idempotency {
    Db *db;
    int64_t kept_ms;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    IdempotencyHold *holds;
    bool is_ending;
    pthread_t thread;
};

/* --- Holding on while the work takes long ----------------------------------------------------- */

typedef struct HoldWork {
    const Scope *scope;
    IdempotencyKey *key;
    Arena *arena;
    bool is_new, is_unsure;
    int64_t now_ms;
} HoldWork;

static bool hold_work(DbTx *tx, void *argument, Error *err)
{
    const HoldWork *work = argument;
    return idempotency_hold(tx, work->scope, work->key, err);
}

static void hold_again(const struct Idempotency *idempotency, const Scope *scope,
                       IdempotencyKey *key)
{
    HoldWork work = { .scope = scope, .key = key };
    Error err;
    key->held_until_ms = now_ms() + IDEMPOTENCY_HELD_MS;
    if (!store_write(idempotency->db, scope, hold_work, &work, &err))
        log_warn("idempotency", "a key could not be held: %s", err.message);
}

/* Copies, so that no request waits for the database with the lock held. */
static void hold_all_again(struct Idempotency *idempotency)
{
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    VEC(IdempotencyHold) old = { 0 };
    int64_t before = monotonic_ms() - HOLD_AGAIN_MS;
    for (const IdempotencyHold *hold = idempotency->holds; hold; hold = hold->next) {
        if (hold->begun_ms > before)
            continue;
        Scope *scope = arena_new_one(arena, Scope);
        *scope = scope_copy(arena, hold->scope);
        *vec_push(arena, &old) =
            (IdempotencyHold){ .key = { .key_hash = str_copy(arena, hold->key.key_hash),
                                        .holder = str_copy(arena, hold->key.holder) },
                               .scope = scope };
    }
    pthread_mutex_unlock(&idempotency->lock);
    for (size_t i = 0; i < old.count; i++)
        hold_again(idempotency, old.at[i].scope, &old.at[i].key);
    pthread_mutex_lock(&idempotency->lock);
}

static void *run(void *argument)
{
    struct Idempotency *idempotency = argument;
    pthread_mutex_lock(&idempotency->lock);
    while (!idempotency->is_ending) {
        if (!idempotency->holds)
            pthread_cond_wait(&idempotency->wake, &idempotency->lock);
        else if (!cond_wait_until(&idempotency->wake, &idempotency->lock,
                                  monotonic_ms() + HOLD_AGAIN_MS))
            hold_all_again(idempotency);
    }
    pthread_mutex_unlock(&idempotency->lock);
    return NULL;
}

bool idempotency_open(Db *db, int64_t hours, struct Idempotency **idempotency_r, Error *err)
{
    struct Idempotency *idempotency = heap_alloc(sizeof *idempotency);
    *idempotency = (struct Idempotency){ .db = db, .kept_ms = hours * 3600 * 1000 };
    pthread_mutex_init(&idempotency->lock, NULL);
    pthread_cond_init(&idempotency->wake, NULL);
    if (pthread_create(&idempotency->thread, NULL, run, idempotency) != 0) {
        free(idempotency);
        return fail(err, ERROR_BUSY, "no thread could be started");
    }
    *idempotency_r = idempotency;
    return true;
}

void idempotency_close(struct Idempotency *idempotency)
{
    if (!idempotency)
        return;
    pthread_mutex_lock(&idempotency->lock);
    idempotency->is_ending = true;
    pthread_cond_signal(&idempotency->wake);
    pthread_mutex_unlock(&idempotency->lock);
    pthread_join(idempotency->thread, NULL);
    pthread_cond_destroy(&idempotency->wake);
    pthread_mutex_destroy(&idempotency->lock);
    free(idempotency);
}

static void remember(struct Idempotency *idempotency, IdempotencyHold *hold)
{
    pthread_mutex_lock(&idempotency->lock);
    hold->next = idempotency->holds;
    if (hold->next)
        hold->next->previous = hold;
    else
        pthread_cond_signal(&idempotency->wake);
    idempotency->holds = hold;
    pthread_mutex_unlock(&idempotency->lock);
}

static void forget(struct Idempotency *idempotency, IdempotencyHold *hold)
{
    pthread_mutex_lock(&idempotency->lock);
    if (hold->next)
        hold->next->previous = hold->previous;
    if (hold->previous)
        hold->previous->next = hold->next;
    else
        idempotency->holds = hold->next;
    pthread_mutex_unlock(&idempotency->lock);
}

/* --- Which request it is ---------------------------------------------------------------------- */

bool idempotency_serves(const ApiRoute *route)
{
    static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };
    /* Part of an upload, which knows by itself how much is there. */
    bool is_part = route->body == FILE_BODY && strcmp(route->method, "PATCH") == 0;
    bool is_change = false;
    for (size_t i = 0; i < COUNT(methods); i++)
        is_change = is_change || strcmp(route->method, methods[i]) == 0;
    return is_change && !is_part && route->body != CALL_BODY && route->needs != ANYONE &&
           route->needs != CONVERTER;
}

/* The draft writes it in quotes; many clients do not. */
static bool read_key(const HttpRequest *http, Str *key_r, Error *err)
{
    Str key = str_trim(http_header_in(http, "Idempotency-Key"));
    if (key.length > 1 && key.at[0] == '"' && str_ends(key, S("\"")))
        key = str_slice(key, 1, key.length - 1);
    bool good = key.length > 0 && key.length <= KEY_MAX;
    for (size_t i = 0; i < key.length && good; i++)
        good = key.at[i] > ' ' && key.at[i] < 0x7F;
    *key_r = key;
    return good ||
           fail_field(err, "Idempotency-Key",
                      "an Idempotency-Key has 1 to %d characters of printable ASCII", KEY_MAX);
}

static void add_piece(Sha256 *sha, Str piece)
{
    sha256_add(sha, piece);
    sha256_add(sha, (Str){ "", 1 });
}

/* Of the address and the body; with a key of the server's, since a body may be a password and
 * little else. */
static Str fingerprint_of(const ApiRequest *request, Str seal)
{
    const HttpRequest *http = request->http;
    uint8_t digest[SHA256_SIZE];
    Sha256 sha;
    sha256_begin(&sha);
    add_piece(&sha, http->target);
    add_piece(&sha, http->body);
    for (size_t i = 0; i < http->part_count; i++) {
        const HttpPart *part = &http->parts[i];
        Str pieces[] = { part->field, part->file_path, str(part->sha256), part->text };
        for (size_t j = 0; j < COUNT(pieces); j++)
            add_piece(&sha, pieces[j]);
    }
    sha256_end(&sha, digest);
    return hmac_sha256_hex(request->arena, seal, (Str){ (const char *)digest, sizeof digest });
}

static Str hash_of(const ApiRequest *request, Str seal, Str key)
{
    const ApiRoute *route = request->route;
    bool is_post = strcmp(route->method, "POST") == 0; /* once, there were keys of these alone */
    Str named =
        str_format(request->arena, STR_FMT "\n" STR_FMT "\n%s%s%s\n" STR_FMT,
                   STR_ARG(request->scope->user), STR_ARG(request->scope->key),
                   is_post ? "" : route->method, is_post ? "" : " ", route->path, STR_ARG(key));
    return hmac_sha256_hex(request->arena, seal, named);
}

/* --- The answer, kept ------------------------------------------------------------------------- */

/* "whole" or "head", the media type and the headers, each a line; an empty one; the body. */
static Str pack(const ApiRequest *request, const HttpResponse *response)
{
    bool is_whole = !response->stream && !response->has_file && !response->body.overflowed &&
                    response->body.length <= ANSWER_KEPT_MAX;
    Buf out = buf_new(request->arena, ANSWER_KEPT_MAX + KB(64));
    buf_addf(&out, "%s\n" STR_FMT "\n", is_whole ? "whole" : "head", STR_ARG(response->media_type));
    for (size_t i = 0; i < response->headers.count; i++)
        buf_addf(&out, STR_FMT ": " STR_FMT "\n", STR_ARG(response->headers.at[i].name),
                 STR_ARG(response->headers.at[i].value));
    buf_add_char(&out, '\n');
    if (is_whole)
        buf_add(&out, buf_str(&response->body));
    return buf_str(&out);
}

static bool unpack(ApiRequest *request, const IdempotencyKey *key, Str packed,
                   HttpResponse *response, Error *err)
{
    Str kind = S(""), type = S(""), line;
    bool is_there = str_next(&packed, '\n', &kind) && str_next(&packed, '\n', &type);
    if (!str_is(kind, "whole"))
        return fail(err, ERROR_CONFLICT,
                    "this request was done and answered with status %d, but its answer was a "
                    "stream or too long to be kept; with another Idempotency-Key it is done again",
                    key->status);
    while (is_there && str_next(&packed, '\n', &line) && line.length) {
        ptrdiff_t colon = str_find(line, S(": "));
        if (colon > 0)
            http_header(response, str_c(request->arena, str_slice(line, 0, (size_t)colon)),
                        str_from(line, (size_t)colon + 2));
    }
    http_header(response, "Idempotency-Replayed", S("true"));
    response->status = key->status;
    response->media_type = type;
    buf_add(&response->body, packed);
    return true;
}

/* --- From begin to end ------------------------------------------------------------------------ */

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    HoldWork *work = argument;
    return idempotency_begin(tx, work->scope, work->arena, work->key, work->now_ms, &work->is_new,
                             err);
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    const HoldWork *work = argument;
    return idempotency_end(tx, work->scope, work->key, err);
}

static bool drop_work(DbTx *tx, void *argument, Error *err)
{
    const HoldWork *work = argument;
    return idempotency_drop(tx, work->scope, work->key, work->is_unsure, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    const IdempotencyHold *hold = argument;
    return idempotency_change(tx, hold->scope, &hold->key, err);
}

/* What takes files is safe to repeat, and may make many changes before its end. */
static bool counts_changes(const ApiRequest *request)
{
    ApiBody body = request->route->body;
    return body != UPLOAD_BODY && body != FORM_BODY && body != FILE_BODY;
}

/* Done by another request, so there is something to tell. */
static bool replay(ApiRequest *request, HttpResponse *response, const IdempotencyHold *hold,
                   Error *err)
{
    Str packed;
    if (!hold->key.status)
        return fail(err, ERROR_CONFLICT,
                    "this request was done, wholly or in part, by a server that ended before it "
                    "could answer: look for what it made; with another Idempotency-Key it is done "
                    "again");
    return seal_open(request->arena, hold->seal, hold->key.answer, &packed, err) &&
           unpack(request, &hold->key, packed, response, err);
}

bool idempotency_answer(ApiRequest *request, HttpResponse *response, IdempotencyHold *hold,
                        Error *err)
{
    struct Idempotency *idempotency = request->api->idempotency;
    HoldWork work = {
        .scope = request->scope, .key = &hold->key, .arena = request->arena, .now_ms = now_ms()
    };
    Str key;
    *hold = (IdempotencyHold){ .scope = request->scope, .begun_ms = monotonic_ms() };
    if (!http_header_in(request->http, "Idempotency-Key").at || !idempotency ||
        !idempotency_serves(request->route))
        return true;
    if (!read_key(request->http, &key, err) ||
        !server_key(idempotency->db, request->arena, S(SERVER_KEY), &hold->seal, err))
        return false;
    hold->key = (IdempotencyKey){ .key_hash = hash_of(request, hold->seal, key),
                                  .fingerprint = fingerprint_of(request, hold->seal),
                                  .holder = id_new(request->arena),
                                  .held_until_ms = work.now_ms + IDEMPOTENCY_HELD_MS,
                                  .expires_at_ms = work.now_ms + idempotency->kept_ms };
    if (!store_write(idempotency->db, request->scope, begin_work, &work, err)) {
        request->wait_ms = err->code == ERROR_CONFLICT ? AGAIN_MS : 0;
        return false;
    }
    hold->is_held = work.is_new;
    hold->is_replayed = !work.is_new;
    if (hold->is_replayed)
        return replay(request, response, hold, err);
    remember(idempotency, hold);
    hold->witness = (StoreWitness){ change_work, hold, request->scope->workspace };
    if (counts_changes(request)) {
        request->hold = hold;
        store_set_witness(&hold->witness);
    }
    return true;
}

bool idempotency_keep(const ApiRequest *request, const HttpResponse *response,
                      IdempotencyHold *hold, Error *err)
{
    hold->key.status = response->status;
    return seal_close(request->arena, hold->seal, pack(request, response), &hold->key.answer, err);
}

/* Whether what failed may have been done all the same: the end of a transaction was lost. */
static bool is_unsure(const Error *failure)
{
    return failure && (failure->code == ERROR_BUSY || failure->code == ERROR_IO ||
                       failure->code == ERROR_INTERNAL);
}

void idempotency_unkeep(IdempotencyHold *hold)
{
    hold->key.status = 0;
    hold->key.answer = S("");
}

void idempotency_finish(ApiRequest *request, const HttpResponse *response, const Error *failure,
                        IdempotencyHold *hold)
{
    struct Idempotency *idempotency = request->api->idempotency;
    HoldWork work = { .scope = request->scope, .key = &hold->key };
    Error err;
    if (!hold->is_held)
        return;
    bool is_good = !failure && response->status < 400; /* some write their failures themselves */
    store_set_witness(NULL);
    request->hold = NULL;
    forget(idempotency, hold);
    if (is_good && hold->key.status)
        return; /* by its change */
    work.is_unsure = is_unsure(failure);
    if ((is_good && !idempotency_keep(request, response, hold, &err)) ||
        !store_write(idempotency->db, request->scope, is_good ? end_work : drop_work, &work, &err))
        log_warn("idempotency", "an answer could not be kept: %s", err.message);
}
