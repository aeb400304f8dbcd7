/* batches.c - making, showing and stopping batches; see batches.h. */
#include "base/clock.h"
#include "batch/batch_int.h"

typedef struct BatchWork {
    const Scope *scope;
    Arena *arena;
    Str shape, id;
    const BatchAsk *ask;
    Batch batch;
    BatchList list;
} BatchWork;

bool batch_is_over(const Batch *batch) { return batch->ended_at_ms != 0; }

/* --- Making --- */

/* Whose clients may ask for what. */
static bool check_endpoint(const NewBatch *batch, Error *err)
{
    static const char *const openai[] = { "/v1/chat/completions", "/v1/responses", "/v1/embeddings",
                                          "/v1/completions", "/v1/moderations" };
    if (str_is(batch->shape, "anthropic"))
        return true;
    for (size_t i = 0; i < COUNT(openai); i++)
        if (str_is(batch->endpoint, openai[i]))
            return true;
    return fail_field(err, "endpoint",
                      "a batch is made for one of /v1/chat/completions, "
                      "/v1/responses, /v1/embeddings, /v1/completions and "
                      "/v1/moderations");
}

static bool check_input(DbTx *tx, const BatchWork *work, Error *err)
{
    ClientFile file;
    if (!client_file_find(tx, work->scope, work->arena, work->batch.input_file, &file, err)) {
        snprintf(err->field, sizeof err->field, "input_file_id");
        return false;
    }
    return str_is(file.purpose, "batch") ||
           fail_field(err, "input_file_id",
                      "the file '" STR_FMT "' has the purpose '" STR_FMT
                      "'; a batch is made from one with the purpose 'batch'",
                      STR_ARG(file.id), STR_ARG(file.purpose));
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    NewJob job = { .type = S(JOB_BATCH), .attempt_max = 20 };
    int64_t open;
    if (!check_input(tx, work, err) || !batch_count_open(tx, work->scope, &open, err))
        return false;
    if (open >= BATCH_OPEN_MAX)
        return fail(err, ERROR_LIMITED, "%d batches of this workspace are not over yet",
                    BATCH_OPEN_MAX);
    if (!batch_add(tx, work->scope, work->arena, &work->batch, err))
        return false;
    job.subject = work->batch.id;
    job.title = work->batch.endpoint;
    job.result = work->batch.id;
    return job_add(tx, work->scope, work->arena, &job, NULL, err);
}

bool batches_add(Batches *batches, const Scope *scope, Arena *arena, const NewBatch *batch,
                 Batch *batch_r, Error *err)
{
    BatchWork work = { .scope = scope, .arena = arena };
    if (!check_endpoint(batch, err))
        return false;
    work.batch = (Batch){ .user = scope->user,
                          .key = scope->key,
                          .role = scope->role,
                          .shape = batch->shape,
                          .endpoint = batch->endpoint,
                          .input_file = batch->input_file,
                          .metadata = batch->metadata,
                          .output_seconds = batch->output_seconds,
                          .expires_at_ms = now_ms() + batch->window_ms };
    if (!store_write(batches->options.db, scope, add_work, &work, err))
        return false;
    *batch_r = work.batch;
    return true;
}

/* --- Input that came in a request --- */

static bool add_input(NewBytes *bytes, Str endpoint, const BatchInput *input, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Buf out = buf_new(arena, MB(128));
    JsonWriter json = put_begin(&out);
    put_text(&json, "custom_id", input->custom_id);
    put_text(&json, "method", S("POST"));
    put_text(&json, "url", endpoint);
    put_raw(&json, "body", input->body);
    put_end(&json);
    buf_add_char(&out, '\n');
    return bytes_add(bytes, buf_str(&out), err);
}

typedef struct InputWork {
    const Batches *batches;
    const Scope *scope;
    Arena *arena;
    ClientFile file;
} InputWork;

static bool input_work(DbTx *tx, void *argument, Error *err)
{
    InputWork *work = argument;
    return client_file_add(tx, work->scope, work->arena, work->batches->options.files_sum_max,
                           &work->file, err);
}

bool batches_input(Batches *batches, const Scope *scope, Arena *arena, Str endpoint,
                   const BatchInput *lines, size_t count, Str *file_r, Error *err)
{
    AUTO_BYTES NewBytes bytes = { 0 };
    InputWork work = { .batches = batches, .scope = scope, .arena = arena };
    if (!bytes_begin(batches, arena, &bytes, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_input(&bytes, endpoint, &lines[i], err))
            return false;
    bytes_end(&bytes, arena);
    BlobItem item = { bytes.digest, bytes.path };
    work.file = (ClientFile){ .user = scope->user,
                              .name = S("batch_input.jsonl"),
                              .media_type = S("application/jsonl"),
                              .purpose = S("batch"),
                              .blob = bytes.digest,
                              .size = (int64_t)bytes.size };
    if (!library_keep_originals(batches->options.library, scope, &item, 1, input_work, &work, err))
        return false;
    *file_r = work.file.id;
    return true;
}

/* --- Looking --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    return batch_find(tx, work->scope, work->arena, work->shape, work->id, &work->batch, err);
}

bool batches_find(Batches *batches, const Scope *scope, Arena *arena, Str shape, Str id,
                  Batch *batch_r, Error *err)
{
    BatchWork work = { .scope = scope, .arena = arena, .shape = shape, .id = id };
    if (!store_read(batches->options.db, scope, find_work, &work, err))
        return false;
    *batch_r = work.batch;
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    return batch_list(tx, work->scope, work->arena, work->ask, &work->list, err);
}

bool batches_list(Batches *batches, const Scope *scope, Arena *arena, const BatchAsk *ask,
                  BatchList *list_r, Error *err)
{
    BatchWork work = { .scope = scope, .arena = arena, .ask = ask };
    if (!store_read(batches->options.db, scope, list_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

/* --- Stopping --- */

static bool check_owner(const Scope *scope, const Batch *batch, Error *err)
{
    bool is_own = (scope->user.length && str_equal(scope->user, batch->user)) ||
                  (scope->key.length && str_equal(scope->key, batch->key));
    return is_own || scope_needs(scope, ROLE_EDITOR, err);
}

/* The job notices, and ends it; a new one is added where it waits for limits. */
static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    Batch *batch = &work->batch;
    if (!find_work(tx, argument, err) || !check_owner(work->scope, batch, err))
        return false;
    if (batch_is_over(batch) || batch->cancelling_at_ms || batch->finalizing_at_ms)
        return true;
    batch->cancelling_at_ms = now_ms();
    return batch_advance(tx, work->scope, batch, "validating in_progress", "cancelling", err) &&
           find_work(tx, argument, err);
}

bool batches_cancel_job(DbTx *tx, const Scope *scope, Arena *arena, const JobRow *job, Error *err)
{
    BatchWork work = { .scope = scope, .arena = arena, .id = job->subject };
    return cancel_work(tx, &work, err);
}

bool batches_cancel(Batches *batches, const Scope *scope, Arena *arena, Str shape, Str id,
                    Batch *batch_r, Error *err)
{
    BatchWork work = { .scope = scope, .arena = arena, .shape = shape, .id = id };
    if (!store_write(batches->options.db, scope, cancel_work, &work, err))
        return false;
    *batch_r = work.batch;
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    if (!find_work(tx, argument, err) || !check_owner(work->scope, &work->batch, err))
        return false;
    if (!batch_is_over(&work->batch))
        return fail(err, ERROR_CONFLICT, "the batch is not over yet; cancel it first");
    return batch_remove(tx, work->scope, work->id, err);
}

bool batches_remove(Batches *batches, const Scope *scope, Str shape, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    BatchWork work = { .scope = scope, .arena = arena, .shape = shape, .id = id };
    if (!store_write(batches->options.db, scope, remove_work, &work, err))
        return false;
    const Str files[] = { work.batch.input_file, work.batch.output_file, work.batch.error_file };
    for (size_t i = 0; i < COUNT(files); i++) {
        Error ignored; /* its files may be gone before it is */
        if (files[i].length)
            (void)!files_remove(batches, scope, files[i], &ignored);
    }
    return true;
}
