/* models_records.c - the records of all calls: into the database, and out of it when they are old.
 */
#include "base/clock.h"
#include "base/map.h"
#include "jobs/job_queue.h"
#include "models/models_budgets.h"
#include "store/calls_store.h"
#include "store/prompt_logs_store.h"

static int64_t flags_of(const CallRecord *record)
{
    return (record->is_estimated ? CALL_IS_ESTIMATED : 0) |
           (record->is_stream ? CALL_IS_STREAM : 0) |
           (record->is_truncated ? CALL_IS_TRUNCATED : 0) | (record->is_local ? CALL_IS_LOCAL : 0);
}

static CallRow row_of(const CallRecord *record)
{
    const ModelUsage *usage = &record->usage;
    int64_t written = usage->cache_write + usage->cache_write_long;
    return (CallRow){
        .id = record->id,
        .user = record->user,
        .key = record->key,
        .feature = record->feature,
        .task = str(task_words[record->task]),
        .front = record->front,
        .route = record->route,
        .service = record->service,
        .model = record->model,
        .status = record->status,
        .cache = record->cache,
        .side = record->side,
        .started_at_ms = record->started_ms,
        .flags = flags_of(record),
        .http_status = record->http_status,
        .input_tokens = usage->input + usage->cache_read + written,
        .output_tokens = usage->output,
        .cached_tokens = usage->cache_read,
        .cache_write_tokens = written,
        .reasoning_tokens = usage->reasoning,
        .audio_tokens = usage->audio_input + usage->audio_output,
        .cost_pico = record->cost,
        .saved_pico = record->saved,
        .bytes_in = record->bytes_in,
        .bytes_out = record->bytes_out,
        .first_us = record->first_us,
        .total_us = record->total_us,
        .own_us = record->own_us,
        .tries = record->tries,
        .fallbacks = record->fallbacks,
        .skipped = record->skipped,
    };
}

typedef struct Rows {
    Str workspace;
    size_t count;
    CallRow *at;
} Rows;

typedef struct RecordsWork {
    Scope scope;
    Arena *arena;
    CallBatch **batches;
    size_t count;
    const ModelBudgets *budgets;
    Spendings spendings;
} RecordsWork;

/* The rows of each workspace, in the order of the records. */
static Rows *by_workspace(Arena *arena, const CallRecord *const *records, size_t count,
                          size_t *count_r)
{
    Map map = map_new(arena);
    size_t *which = arena_new_array(arena, size_t, count);
    VEC(Rows) all = { 0 };
    for (size_t i = 0; i < count; i++) {
        bool is_new;
        if (i % GIVE_WAY_ROWS == 0)
            give_way();
        MapEntry *entry = map_add(&map, records[i]->workspace, &is_new);
        if (is_new) {
            *vec_push(arena, &all) = (Rows){ .workspace = records[i]->workspace };
            entry->number = (int64_t)all.count - 1;
        }
        which[i] = (size_t)entry->number;
        all.at[which[i]].count++;
    }
    for (size_t i = 0; i < all.count; i++) {
        all.at[i].at = arena_new_array(arena, CallRow, all.at[i].count);
        all.at[i].count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (i % GIVE_WAY_ROWS == 0)
            give_way();
        Rows *rows = &all.at[which[i]];
        rows->at[rows->count++] = row_of(records[i]);
    }
    *count_r = all.count;
    return all.at;
}

static bool add_batches(DbTx *tx, void *argument, Error *err)
{
    RecordsWork *work = argument;
    for (size_t i = 0; i < work->count; i++)
        if (!calls_add(tx, &work->scope, work->arena, work->batches[i], err))
            return false;
    return spendings_write(tx, work->budgets, work->arena, &work->spendings, err);
}

bool models_write_records(void *argument, const CallRecord *const *records, size_t count,
                          Error *err)
{
    Models *models = argument;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    RecordsWork work = { .scope = { .is_system = true, .role = ROLE_OWNER },
                         .arena = arena,
                         .budgets = models->budgets };
    Rows *rows = by_workspace(arena, records, count, &work.count);
    work.batches = arena_new_array(arena, CallBatch *, work.count);
    for (size_t i = 0; i < work.count; i++)
        work.batches[i] = calls_batch(arena, rows[i].workspace, rows[i].at, rows[i].count);
    spendings_of(models->budgets, arena, records, count, &work.spendings);
    if (!store_write(models->options.db, &work.scope, add_batches, &work, err))
        return false;
    spendings_tell(models->options.db, arena, &work.spendings);
    return true;
}

/* --- Forgetting --- */

static bool remove_old(DbTx *tx, void *argument, Error *err)
{
    const Job *job = argument;
    const Models *models = job->argument;
    const int64_t day_ms = 24 * 3600 * 1000;
    int64_t now = now_ms();
    return calls_remove_old(tx, &job->scope, now - models->options.calls_days * day_ms, err) &&
           prompt_log_remove_old(tx, &job->scope, now - models->options.prompt_days * day_ms, err);
}

bool models_calls_job(Job *job, Error *err)
{
    return store_write(job->db, &job->scope, remove_old, job, err);
}
