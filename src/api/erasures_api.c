/* erasures_api.c - all that is known of somebody, given to them or erased. */
#include "account/erasure.h"
#include "account/throttle.h"
#include "api/api.h"
#include "base/clock.h"
#include "search/search.h"
#include "store/proof.h"

/* --- Showing --- */

static const char *state_of(const ErasureShown *shown)
{
    if (shown->erasure.ended_at_ms)
        return "done";
    if (shown->job.id.length && shown->job.state == JOB_DEAD)
        return "failed";
    return shown->erasure.began_at_ms ? "running" : "waiting";
}

static void put_progress(JsonWriter *json, const JobRow *job)
{
    int64_t left_s = job_seconds_left(job, now_ms());
    put_int(json, "done", job->done);
    put_int(json, "total", job->total);
    if (left_s >= 0)
        put_int(json, "seconds_left", left_s);
    else
        put_null(json, "seconds_left");
    put_text_or_null(json, "error", job->error);
}

static void put_erasure(JsonWriter *json, const ErasureShown *shown)
{
    const PersonErasure *erasure = &shown->erasure;
    put_text(json, "id", erasure->id);
    put_text(json, "state", str(state_of(shown)));
    put_text_or_null(json, "user", erasure->user);
    put_text_or_null(json, "asked_by", erasure->asked_by);
    put_time(json, "asked_at", erasure->asked_at_ms);
    put_time(json, "due_at", erasure->due_at_ms);
    put_time(json, "began_at", erasure->began_at_ms);
    put_time(json, "ended_at", erasure->ended_at_ms);
    put_progress(json, &shown->job);
}

static bool write_erasure(HttpResponse *response, const ErasureShown *shown)
{
    JsonWriter json = put_begin(&response->body);
    put_erasure(&json, shown);
    put_end(&json);
    return true;
}

/* --- Of others --- */

bool users_data(ApiRequest *request, HttpResponse *response, Error *err)
{
    searcher_flush_history(request->api->searcher);
    return scope_needs(request->scope, ROLE_ADMIN, err) &&
           account_person_data(request->api->account, request->arena, &request->visitor,
                               request->params[0], &response->body, err);
}

bool users_erase(ApiRequest *request, HttpResponse *response, Error *err)
{
    ErasureShown shown = { 0 };
    int64_t days = -1;
    response->status = 202;
    return api_fields(request, err,
                      { "days", JSON_I64, &days, .min = 0, .max = ERASURE_DAYS_MAX }) &&
           account_ask_erasure(request->api->account, request->arena, &request->visitor,
                               request->params[0], days, &shown.erasure, err) &&
           write_erasure(response, &shown);
}

bool erasures_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ErasureShownList list;
    if (!account_list_erasures(request->api->account, request->arena, &request->visitor, &list,
                               err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_erasure(&json, &list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, S(""));
    return true;
}

static bool find_shown(ApiRequest *request, ErasureShown *shown_r, Error *err)
{
    return account_find_erasure(request->api->account, request->arena, &request->visitor,
                                request->params[0], shown_r, err);
}

bool erasures_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    ErasureShown shown;
    return find_shown(request, &shown, err) && write_erasure(response, &shown);
}

bool erasures_proof(ApiRequest *request, HttpResponse *response, Error *err)
{
    ErasureShown shown;
    if (!find_shown(request, &shown, err))
        return false;
    if (!shown.erasure.proof.length)
        return fail(err, ERROR_NOT_FOUND, "there is no proof yet: the erasure has not ended");
    http_header(response, "Content-Disposition", S("attachment; filename=\"erasure-proof.json\""));
    buf_add(&response->body, shown.erasure.proof);
    return true;
}

bool erasures_end(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_keep_person(request->api->account, request->arena, &request->visitor,
                               request->params[0], err) &&
           api_done(response);
}

bool users_check_proof(ApiRequest *request, HttpResponse *response, Error *err)
{
    if (!account_check_proof(request->api->account, request->http->body, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "is_signed", true);
    put_end(&json);
    return true;
}

bool erasure_proofs_keys(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str key;
    if (!account_proof_key(request->api->account, request->arena, &key, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "keys");
    put_object(&json, NULL);
    put_text(&json, "kty", S("OKP"));
    put_text(&json, "crv", S("Ed25519"));
    put_text(&json, "x", key);
    put_text(&json, "kid", proof_key_id(request->arena, key));
    put_text(&json, "use", S("sig"));
    put_text(&json, "alg", S("EdDSA"));
    put_end(&json);
    put_end(&json);
    put_end(&json);
    return true;
}

/* --- Of oneself --- */

static bool needs_self(const ApiRequest *request, Error *err)
{
    return request->scope->user.length ||
           fail(err, ERROR_INVALID, "a key of the workspace is nobody; sign in");
}

bool session_data(ApiRequest *request, HttpResponse *response, Error *err)
{
    searcher_flush_history(request->api->searcher);
    http_header(response, "Content-Disposition", S("attachment; filename=\"about-me.json\""));
    return needs_self(request, err) &&
           account_person_data(request->api->account, request->arena, &request->visitor,
                               request->scope->user, &response->body, err);
}

/* The token: what opens the proof later; empty when it is not to be told. */
static bool write_own(HttpResponse *response, const PersonErasure *erasure, Str token)
{
    JsonWriter json = put_begin(&response->body);
    if (token.length)
        put_text(&json, "proof_token", token);
    put_bool(&json, "asked", erasure->id.length > 0);
    put_time(&json, "asked_at", erasure->asked_at_ms);
    put_time(&json, "due_at", erasure->due_at_ms);
    put_end(&json);
    return true;
}

bool session_erasure_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonErasure erasure;
    return needs_self(request, err) &&
           account_own_erasure(request->api->account, request->arena, &request->visitor, &erasure,
                               err) &&
           write_own(response, &erasure, STR_NONE);
}

bool session_erasure_begin(ApiRequest *request, HttpResponse *response, Error *err)
{
    SecondFactorProof proof = { 0 };
    PersonErasure erasure;
    Str token;
    response->status = 202;
    return api_fields(request, err, { "password", JSON_STR, &proof.password },
                      { "code", JSON_STR, &proof.code }) &&
           account_ask_own_erasure(request->api->account, request->arena, &request->visitor, &proof,
                                   &erasure, &token, err) &&
           write_own(response, &erasure, token);
}

bool session_erasure_end(ApiRequest *request, HttpResponse *response, Error *err)
{
    return needs_self(request, err) &&
           account_keep_own(request->api->account, request->arena, &request->visitor, err) &&
           api_done(response);
}

/* --- Without an account --- */

static void put_proof(JsonWriter *json, const PersonErasure *erasure)
{
    put_object(json, NULL);
    put_text(json, "state",
             erasure->ended_at_ms   ? S("done")
             : erasure->began_at_ms ? S("running")
                                    : S("waiting"));
    put_time(json, "asked_at", erasure->asked_at_ms);
    put_time(json, "due_at", erasure->due_at_ms);
    put_time(json, "ended_at", erasure->ended_at_ms);
    put_text_or_null(json, "proof", erasure->proof);
    put_end(json);
}

bool erasure_proofs_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Throttle *throttle = request->api->link_throttle;
    PersonErasureList list;
    Str token = STR_NONE;
    if (!api_fields(request, err,
                    { "token", JSON_STR, &token, .required = true, .length_max = 200 }) ||
        !throttle_allows(throttle, request->http->peer, err))
        return false;
    if (!account_erasure_proofs(request->api->account, request->arena, token, &list, err)) {
        if (err->code == ERROR_DENIED)
            throttle_failed(throttle, request->http->peer);
        return false;
    }
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++)
        put_proof(&json, &list.at[i]);
    api_list_end(&json, (int64_t)list.count, STR_NONE);
    return true;
}
