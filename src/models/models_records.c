/* models_records.c - the records of all calls: into the database, and out of it when they are old.
 */
#include "base/clock.h"
#include "base/map.h"
#include "jobs/job_queue.h"
#include "models/models_budgets.h"
#include "store/calls_store.h"
#include "store/people_store.h"
#include "store/prompt_logs_store.h"
#include "store/responses_store.h"

static int64_t flags_of(const CallRecord *record)
{
    return (record->is_estimated ? CALL_IS_ESTIMATED : 0) |
           (record->is_stream ? CALL_IS_STREAM : 0) |
           (record->is_truncated ? CALL_IS_TRUNCATED : 0) | (record->is_local ? CALL_IS_LOCAL : 0);
}

/* `gone`: who has left the workspace since, or was erased; their calls name nobody. */
static CallRow row_of(const CallRecord *record, const Map *gone)
{
    const ModelUsage *usage = &record->usage;
    int64_t written = usage->cache_write + usage->cache_write_long;
    return (CallRow){
        .id = record->id,
        .user = map_find(gone, record->user) ? STR_NONE : record->user,
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

/* The records of one workspace, in their order. */
typedef struct Part {
    Str workspace;
    const CallRecord **records;
    size_t count;
    Map gone;
} Part;

typedef struct RecordsWork {
    Scope scope;
    Arena *arena;
    Part *parts;
    CallBatch **batches;
    size_t count;
    const ModelBudgets *budgets;
    Spendings spendings;
} RecordsWork;

/* What writing needs, kept so that records do not take memory anew five times a second. */
struct ModelRecords {
    Arena *arena, *scratch;
    CallRow rows[CALL_PAGE];
};

ModelRecords *records_new(void)
{
    ModelRecords *desk = heap_alloc(sizeof *desk);
    desk->arena = arena_new(GB(1));
    desk->scratch = arena_new(MB(64));
    return desk;
}

void records_free(ModelRecords *desk)
{
    arena_free(desk->arena);
    arena_free(desk->scratch);
    free(desk);
}

static bool is_same_workspace(const CallRecord *a, const CallRecord *b)
{
    return a->workspace.at == b->workspace.at && a->workspace.length == b->workspace.length;
}

static Part *by_workspace(Arena *arena, const CallRecord *const *records, size_t count,
                          size_t *count_r)
{
    Map map = map_new(arena);
    size_t *which = arena_new_array(arena, size_t, count);
    VEC(Part) all = { 0 };
    for (size_t i = 0; i < count; i++) {
        bool is_new = false;
        /* The journal keeps a text that repeats itself at one address. */
        if (i && is_same_workspace(records[i], records[i - 1])) {
            which[i] = which[i - 1];
        } else {
            MapEntry *entry = map_add(&map, records[i]->workspace, &is_new);
            if (is_new) {
                *vec_push(arena, &all) = (Part){ .workspace = records[i]->workspace };
                entry->number = (int64_t)all.count - 1;
            }
            which[i] = (size_t)entry->number;
        }
        all.at[which[i]].count++;
        give_way_each(i);
    }
    for (size_t i = 0; i < all.count; i++) {
        all.at[i].records = arena_new_array(arena, const CallRecord *, all.at[i].count);
        all.at[i].count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        Part *part = &all.at[which[i]];
        part->records[part->count++] = records[i];
        give_way_each(i);
    }
    *count_r = all.count;
    return all.at;
}

/* Page by page, so that the rows of one stay in the processor's cache. */
static CallBatch *batch_of(ModelRecords *desk, const Part *part)
{
    CallBatch *batch = calls_batch_new(desk->arena, desk->scratch, part->workspace);
    for (size_t from = 0; from < part->count; from += CALL_PAGE) {
        size_t count = MIN(part->count - from, (size_t)CALL_PAGE);
        for (size_t i = 0; i < count; i++) {
            desk->rows[i] = row_of(part->records[from + i], &part->gone);
            give_way_each(i);
        }
        calls_batch_page(batch, desk->rows, count);
    }
    return batch;
}

static StrList people_of(Arena *arena, const Part *part)
{
    Map map = map_new(arena);
    VEC(Str) people = { 0 };
    for (size_t i = 0; i < part->count; i++) {
        Str user = part->records[i]->user;
        bool is_new = false;
        if (user.length && (!i || user.at != part->records[i - 1]->user.at))
            map_add(&map, user, &is_new);
        if (is_new)
            *vec_push(arena, &people) = user;
        give_way_each(i);
    }
    return (StrList){ people.at, people.count };
}

/* A call may end after its person was erased. */
static bool find_gone(DbTx *tx, void *argument, Error *err)
{
    RecordsWork *work = argument;
    for (size_t i = 0; i < work->count; i++) {
        Part *part = &work->parts[i];
        StrList people = people_of(work->arena, part), gone = { 0 };
        Scope scope = { .is_system = true, .role = ROLE_OWNER, .workspace = part->workspace };
        bool is_new;
        if (people.count && !membership_missing(tx, &scope, work->arena, people, &gone, err))
            return false;
        part->gone = map_new(work->arena);
        for (size_t j = 0; j < gone.count; j++)
            map_add(&part->gone, gone.at[j], &is_new);
    }
    return true;
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
    Arena *arena = models->records->arena;
    arena_reset(arena);
    RecordsWork work = { .scope = { .is_system = true, .role = ROLE_OWNER },
                         .arena = arena,
                         .budgets = models->budgets };
    work.parts = by_workspace(arena, records, count, &work.count);
    if (!store_read(models->options.db, &work.scope, find_gone, &work, err))
        return false;
    work.batches = arena_new_array(arena, CallBatch *, work.count);
    for (size_t i = 0; i < work.count; i++)
        work.batches[i] = batch_of(models->records, &work.parts[i]);
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
    return calls_remove_old(tx, &job->scope, now_ms() - models->options.calls_days * day_ms, err);
}

bool models_calls_job(Job *job, Error *err)
{
    return store_write(job->db, &job->scope, remove_old, job, err);
}
