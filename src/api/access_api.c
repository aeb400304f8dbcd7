/* access_api.c - who sees a collection or a document. */
#include "api/api.h"
#include "jobs/job_queue.h"
#include "store/audit_store.h"
#include "store/collection_guard.h"
#include "store/document_access.h"

typedef struct AccessWork {
    const ApiRequest *request;
    Guarded what;
    bool is_restricted;
    const json_t *given; /* grants as they came; NULL: none */
    Grant *grants;
    size_t count;
    Access access;
} AccessWork;

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    AccessWork *work = argument;
    const ApiRequest *request = work->request;
    return access_find(tx, request->scope, request->arena, work->what, request->params[0],
                       &work->access, err);
}

/* People by mail address too, groups by name. */
static bool resolve(DbTx *tx, const ApiRequest *request, Grant *grant, Error *err)
{
    Membership member;
    Group group;
    if (grant->kind == GRANT_TO_user) {
        if (!membership_find(tx, request->scope, request->arena, grant->subject, &member, err))
            return false;
        grant->subject = member.user;
    } else if (grant->kind == GRANT_TO_group) {
        if (!group_find(tx, request->scope, request->arena, grant->subject, &group, err))
            return false;
        grant->subject = group.id;
    }
    return true;
}

static bool note(DbTx *tx, const AccessWork *work, Error *err)
{
    static const char *const names[] = {
        [GUARDED_COLLECTION] = "collection", [GUARDED_DOCUMENT] = "document"
    };
    const ApiRequest *request = work->request;
    Buf details = buf_new(request->arena, MB(1));
    JsonWriter json = put_begin(&details);
    put_bool(&json, "restricted", work->is_restricted);
    put_array(&json, "grants");
    for (size_t i = 0; i < work->count; i++) {
        put_object(&json, NULL);
        put_text(&json, "kind", str(grant_kind_name(work->grants[i].kind)));
        put_text(&json, "id", work->grants[i].subject);
        put_text(&json, "level", str(grant_level_name(work->grants[i].level)));
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    const AuditEntry entry = {
        .action = str_format(request->arena, "%s.%s", names[work->what],
                             work->is_restricted ? "restrict" : "open"),
        .subject_kind = str(names[work->what]),
        .subject = request->params[0],
        .details = buf_str(&details),
    };
    return audit_add(tx, request->scope, &entry, err);
}

/* Where the documents of the collection follow it. */
static bool add_job(DbTx *tx, const ApiRequest *request, Str id, Error *err)
{
    NewJob job = { .type = S("follow_guard"), .subject = id, .is_wanted_again = true };
    bool follows;
    return collection_guard_follows(tx, request->scope, id, &follows, err) &&
           (!follows || job_add(tx, request->scope, request->arena, &job, NULL, err));
}

static bool set_work(DbTx *tx, void *argument, Error *err)
{
    AccessWork *work = argument;
    const ApiRequest *request = work->request;
    Str id = request->params[0];
    for (size_t i = 0; i < work->count; i++)
        if (!resolve(tx, request, &work->grants[i], err))
            return false;
    bool ok = work->is_restricted ? access_restrict(tx, request->scope, work->what, id,
                                                    work->grants, work->count, err)
                                  : access_open(tx, request->scope, work->what, id, err);
    return ok && (work->what != GUARDED_COLLECTION || add_job(tx, request, id, err)) &&
           note(tx, work, err) && find_work(tx, work, err);
}

static bool answer(const void *argument, HttpResponse *response)
{
    const AccessWork *work = argument;
    const Access *access = &work->access;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "restricted", access->guard.length > 0);
    put_bool(&json, "own", str_equal(access->guard, work->request->params[0]));
    put_bool(&json, "may_change", access->may_change);
    put_array(&json, "grants");
    for (size_t i = 0; i < access->count; i++) {
        const Grant *grant = &access->at[i];
        put_object(&json, NULL);
        put_text(&json, "kind", str(grant_kind_name(grant->kind)));
        put_text(&json, "id", grant->subject);
        put_text(&json, "name", grant->name);
        put_text(&json, "level", str(grant_level_name(grant->level)));
        put_text_or_null(&json, "given_by", grant->given_by);
        put_time(&json, "given_at", grant->given_at_ms);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

static bool show(ApiRequest *request, HttpResponse *response, Guarded what, Error *err)
{
    AccessWork work = { .request = request, .what = what };
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           answer(&work, response);
}

static bool read_grant(const json_t *json, Arena *arena, Grant *grant_r, Error *err)
{
    Str kind = STR_NONE, id = STR_NONE, level = S("read");
    if (!json_read(json, arena,
                   JSON_FIELDS({ "kind", JSON_STR, &kind, .required = true },
                               { "id", JSON_STR, &id, .required = true, .length_max = 300 },
                               { "level", JSON_STR, &level }),
                   err))
        return false;
    *grant_r =
        (Grant){ .kind = grant_kind_named(kind), .subject = id, .level = grant_level_named(level) };
    if (grant_r->kind == GRANT_KIND_COUNT)
        return fail_field(err, "grants", "something is shared with a user, a group or a key");
    return grant_r->level < GRANT_LEVEL_COUNT ||
           fail_field(err, "grants", "a level is read or edit");
}

static bool read_grants(AccessWork *work, Error *err)
{
    Arena *arena = work->request->arena;
    size_t count = json_array_size(work->given);
    if (work->given && !json_is_array(work->given))
        return fail_field(err, "grants", "a list is needed");
    if (count > GRANTS_MAX)
        return fail_field(err, "grants", "at most %d, not %zu", GRANTS_MAX, count);
    work->grants = arena_new_array(arena, Grant, count + 1);
    for (; work->count < count; work->count++)
        if (!read_grant(json_array_get(work->given, work->count), arena, &work->grants[work->count],
                        err))
            return false;
    return work->is_restricted || !count ||
           fail_field(err, "grants", "what is open is everybody's: it has no list");
}

static bool set(ApiRequest *request, HttpResponse *response, Guarded what, Error *err)
{
    AccessWork work = { .request = request, .what = what, .is_restricted = true };
    return api_fields(request, err, { "restricted", JSON_FLAG, &work.is_restricted },
                      { "grants", JSON_ANY, &work.given }) &&
           read_grants(&work, err) && api_change(request, response, set_work, answer, &work, err);
}

static bool open(ApiRequest *request, HttpResponse *response, Guarded what, Error *err)
{
    AccessWork work = { .request = request, .what = what };
    return api_change(request, response, set_work, NULL, &work, err);
}

bool collection_access_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return show(request, response, GUARDED_COLLECTION, err);
}

bool collection_access_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    return set(request, response, GUARDED_COLLECTION, err);
}

bool collection_access_open(ApiRequest *request, HttpResponse *response, Error *err)
{
    return open(request, response, GUARDED_COLLECTION, err);
}

bool document_access_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return show(request, response, GUARDED_DOCUMENT, err);
}

bool document_access_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    return set(request, response, GUARDED_DOCUMENT, err);
}

bool document_access_open(ApiRequest *request, HttpResponse *response, Error *err)
{
    return open(request, response, GUARDED_DOCUMENT, err);
}
