/* models_responses.c - answers that clients go on from (gateway/kept.h), in the database: sealed,
 * as they are what people have said to models. */
#include "base/clock.h"
#include "base/seal.h"
#include "models/models_int.h"
#include "store/responses_store.h"
#include "store/server_key.h"

#define RESPONSES_KEY S("responses")
#define DAY_MS INT64_C(86400000)
#define BATCH_MAX MB(256)

static Scope scope_of(const KeptName *name)
{
    return (Scope){ .workspace = name->workspace, .user = name->user, .role = ROLE_READER };
}

int64_t models_response_days(const Models *models) { return models->options.response_days; }

/* --- Writing --- */

typedef struct WriteWork {
    const KeptAnswer *answers; /* of one workspace */
    const StoredResponse *rows;
    size_t count;
} WriteWork;

static bool write_one(DbTx *tx, const KeptAnswer *answer, const StoredResponse *row, Error *err)
{
    Scope scope = scope_of(&answer->name);
    bool was_there;
    if (answer->state == KEPT_ENDED) /* or it was removed meanwhile */
        return response_end(tx, &scope, row, &was_there, err);
    /* An id of somebody else's: it stays. */
    return response_put(tx, &scope, row, err) || err->code == ERROR_NOT_FOUND;
}

static bool write_work(DbTx *tx, void *argument, Error *err)
{
    const WriteWork *work = argument;
    for (size_t i = 0; i < work->count; i++)
        if (!write_one(tx, &work->answers[i], &work->rows[i], err))
            return false;
    return true;
}

static bool seal_one(const Models *models, Arena *arena, Str key, const KeptAnswer *answer,
                     StoredResponse *row_r, Error *err)
{
    int64_t now = now_ms();
    *row_r = (StoredResponse){ .id = answer->name.id,
                               .asked = (int64_t)answer->asked,
                               .is_running = answer->state == KEPT_RUNNING,
                               .alive_until_ms = now + KEPT_ALIVE_MS,
                               .expires_at_ms = now + models->options.response_days * DAY_MS };
    return seal_close(arena, key, answer->reply, &row_r->reply, err) &&
           seal_close(arena, key, answer->items, &row_r->items, err);
}

bool models_write_responses(void *argument, const KeptAnswer *answers, size_t count, Error *err)
{
    Models *models = argument;
    AUTO_ARENA Arena *arena = arena_new(BATCH_MAX);
    StoredResponse *rows = arena_new_array(arena, StoredResponse, count);
    Str key;
    if (!server_key(models->options.db, arena, RESPONSES_KEY, &key, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!seal_one(models, arena, key, &answers[i], &rows[i], err))
            return false;
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1;
             end < count && str_equal(answers[end].name.workspace, answers[begin].name.workspace);)
            end++;
        WriteWork work = { answers + begin, rows + begin, end - begin };
        Scope scope = scope_of(&answers[begin].name);
        if (!store_write(models->options.db, &scope, write_work, &work, err))
            return false;
    }
    return true;
}

/* --- One of them --- */

typedef struct NameWork {
    Scope scope;
    Arena *arena;
    Str id;
    StoredResponse row;
} NameWork;

static NameWork work_of(Arena *arena, const KeptName *name)
{
    return (NameWork){ .scope = scope_of(name), .arena = arena, .id = name->id };
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    NameWork *work = argument;
    return response_find(tx, &work->scope, work->arena, work->id, now_ms(), &work->row, err);
}

bool models_find_response(void *argument, Arena *arena, const KeptName *name, KeptAnswer *answer_r,
                          Error *err)
{
    Models *models = argument;
    NameWork work = work_of(arena, name);
    Str key;
    *answer_r = (KeptAnswer){ .name = *name };
    if (!store_read(models->options.db, &work.scope, find_work, &work, err) ||
        !server_key(models->options.db, arena, RESPONSES_KEY, &key, err) ||
        !seal_open(arena, key, work.row.reply, &answer_r->reply, err) ||
        !seal_open(arena, key, work.row.items, &answer_r->items, err))
        return false;
    answer_r->state = work.row.is_running ? KEPT_RUNNING : KEPT_DONE;
    answer_r->asked = MIN((size_t)work.row.asked, answer_r->items.length);
    answer_r->is_lost = work.row.is_running && work.row.alive_until_ms < now_ms();
    return true;
}

static bool touch_work(DbTx *tx, void *argument, Error *err)
{
    const NameWork *work = argument;
    return response_touch(tx, &work->scope, work->id, now_ms() + KEPT_ALIVE_MS, err);
}

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    const NameWork *work = argument;
    return response_cancel(tx, &work->scope, work->id, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const NameWork *work = argument;
    return response_remove(tx, &work->scope, work->id, err);
}

static bool write_name(Models *models, const KeptName *name, DbWork *todo, Error *err)
{
    NameWork work = work_of(NULL, name);
    return store_write(models->options.db, &work.scope, todo, &work, err);
}

bool models_touch_response(void *models, const KeptName *name, Error *err)
{
    return write_name(models, name, touch_work, err);
}

bool models_cancel_response(void *models, const KeptName *name, Error *err)
{
    return write_name(models, name, cancel_work, err);
}

bool models_remove_response(void *models, const KeptName *name, Error *err)
{
    return write_name(models, name, remove_work, err);
}
