/* batch_results.c - answers as they stand in result files, and the end of a batch. */
#include "base/clock.h"
#include "base/json_walk.h"
#include "batch/batch_int.h"

#define PAGE_LINES 50
#define RESULT_MAX MB(128) /* of one line: an answer's limit, escaped at worst */

static bool is_anthropic(const Batch *batch) { return str_is(batch->shape, "anthropic"); }

/* --- One line --- */

/* A service may write its answer on several lines. Within texts line ends are escaped, so those
 * that are left are white space. */
static Str on_one_line(Arena *arena, Str json)
{
    char *copy = str_c(arena, json);
    for (size_t i = 0; i < json.length; i++)
        if (copy[i] == '\n' || copy[i] == '\r')
            copy[i] = ' ';
    return (Str){ copy, json.length };
}

static void put_body(JsonWriter *json, const char *name, Arena *arena, Str body)
{
    if (json_walk_is_valid(body))
        put_raw(json, name, on_one_line(arena, body));
    else
        put_text(json, name, body);
}

static Str anthropic_answer(Arena *arena, const BatchRequest *request, const GatewayReply *reply)
{
    Buf out = buf_new(arena, RESULT_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "custom_id", request->custom_id);
    put_object(&json, "result");
    put_text(&json, "type", reply->failure ? S("errored") : S("succeeded"));
    put_body(&json, reply->failure ? "error" : "message", arena, reply->body);
    put_end(&json);
    put_end(&json);
    return buf_str(&out);
}

Str batch_answer(Arena *arena, const Batch *batch, const BatchRequest *request,
                 const GatewayReply *reply)
{
    if (is_anthropic(batch))
        return anthropic_answer(arena, request, reply);
    Buf out = buf_new(arena, RESULT_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "id", str_format(arena, "batch_req_" STR_FMT, STR_ARG(reply->id)));
    put_text(&json, "custom_id", request->custom_id);
    put_object(&json, "response");
    put_int(&json, "status_code", reply->status);
    put_text(&json, "request_id", reply->id);
    put_body(&json, "body", arena, reply->body);
    put_end(&json);
    put_null(&json, "error");
    put_end(&json);
    return buf_str(&out);
}

static Str not_asked(Arena *arena, const Batch *batch, const BatchRequest *request, bool is_expired)
{
    Buf out = buf_new(arena, MB(1));
    JsonWriter json = put_begin(&out);
    if (is_anthropic(batch)) {
        put_text(&json, "custom_id", request->custom_id);
        put_object(&json, "result");
        put_text(&json, "type", is_expired ? S("expired") : S("canceled"));
        put_end(&json);
    } else {
        put_text(
            &json, "id",
            str_format(arena, "batch_req_" STR_FMT "_%" PRId64, STR_ARG(batch->id), request->line));
        put_text(&json, "custom_id", request->custom_id);
        put_null(&json, "response");
        put_object(&json, "error");
        put_text(&json, "code", is_expired ? S("batch_expired") : S("batch_cancelled"));
        put_text(&json, "message",
                 is_expired ? S("This request was not made before the completion window ended.")
                            : S("This request was not made before the batch was cancelled."));
        put_end(&json);
    }
    put_end(&json);
    return buf_str(&out);
}

/* --- Result files --- */

typedef struct Finish {
    Batches *batches;
    Job *job;
    Batch *batch;
    Arena *arena;
    int64_t after; /* line of the page before */
    BatchLineList page;
    NewBytes *good, *bad;
    BatchReader input;
    int64_t unasked;
    const char *state;
    ClientFile files[2];
    BlobItem items[2];
    size_t item_count;
} Finish;

static bool page_work(DbTx *tx, void *argument, Error *err)
{
    Finish *finish = argument;
    return batch_line_list(tx, &finish->job->scope, finish->arena, finish->batch->id, finish->after,
                           PAGE_LINES, &finish->page, err);
}

static bool add_line(NewBytes *bytes, Str line, Error *err)
{
    return bytes_add(bytes, line, err) && bytes_add(bytes, S("\n"), err);
}

/* Lines in front of this answered one that were never asked; it is stepped over too. */
static bool add_unasked(Finish *finish, int64_t before, Error *err)
{
    bool is_expired = !finish->batch->cancelling_at_ms;
    Str line;
    while (batch_next_line(&finish->input, &line) && finish->input.line < before) {
        BatchRequest request = { .line = finish->input.line };
        finish->unasked++;
        if (batch_read_line(finish->arena, line, &request) &&
            !add_line(finish->bad, not_asked(finish->arena, finish->batch, &request, is_expired),
                      err))
            return false;
    }
    return true;
}

static bool add_page(Finish *finish, Error *err)
{
    for (size_t i = 0; i < finish->page.count; i++) {
        const BatchLine *line = &finish->page.at[i];
        if (!add_unasked(finish, line->line, err) ||
            !add_line(line->is_good ? finish->good : finish->bad, line->result, err))
            return false;
        finish->after = line->line;
    }
    return true;
}

static bool write_lines(Finish *finish, Error *err)
{
    do {
        AUTO_ARENA Arena *arena = arena_new(GB(8));
        finish->arena = arena;
        if (job_is_stopped(finish->job))
            return job_stopped(finish->job, err);
        if (!store_read(finish->batches->options.db, &finish->job->scope, page_work, finish, err) ||
            !add_page(finish, err))
            return false;
        if (!finish->page.count && !add_unasked(finish, INT64_MAX, err))
            return false;
    } while (finish->page.count);
    return true;
}

/* Good answers and the others; Anthropic's are all in one file. An empty file is none. */
static void name_file(Finish *finish, NewBytes *bytes, const char *what)
{
    const Batch *batch = finish->batch;
    Arena *arena = finish->job->arena;
    if (!bytes->size)
        return;
    bytes_end(bytes, arena);
    size_t at = finish->item_count++;
    finish->items[at] = (BlobItem){ bytes->digest, bytes->path };
    finish->files[at] = (ClientFile){
        .user = batch->user,
        .name = str_format(arena, STR_FMT "_%s.jsonl", STR_ARG(batch->id), what),
        .media_type = S("application/jsonl"),
        .purpose = S("batch_output"),
        .blob = bytes->digest,
        .size = (int64_t)bytes->size,
        .expires_at_ms = batch->output_seconds ? now_ms() + batch->output_seconds * 1000 : 0,
    };
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    Finish *finish = argument;
    Batch *batch = finish->batch;
    const Scope *scope = &finish->job->scope;
    for (size_t i = 0; i < finish->item_count; i++) {
        ClientFile file = finish->files[i];
        if (!client_file_add(tx, scope, finish->job->arena, INT64_MAX, &file, err))
            return false;
        if (str_ends(file.name, S("_output.jsonl")))
            batch->output_file = file.id;
        else
            batch->error_file = file.id;
    }
    batch->ended_at_ms = now_ms();
    return batch_advance(tx, scope, batch, BATCH_OPEN, finish->state, err) &&
           batch_lines_remove(tx, scope, batch->id, err) && job_done_in(tx, finish->job, err);
}

static const char *state_of(const Finish *finish)
{
    if (finish->batch->problems.length)
        return "failed";
    if (finish->batch->cancelling_at_ms)
        return "cancelled";
    return finish->unasked ? "expired" : "completed";
}

bool batch_finish(Batches *batches, Job *job, Batch *batch, Str input, Error *err)
{
    AUTO_BYTES NewBytes good = { 0 };
    AUTO_BYTES NewBytes bad = { 0 };
    Finish finish = { .batches = batches, .job = job, .batch = batch, .input = { .rest = input } };
    if (!bytes_begin(batches, job->arena, &good, err) ||
        !bytes_begin(batches, job->arena, &bad, err))
        return false;
    finish.good = &good;
    finish.bad = is_anthropic(batch) ? &good : &bad;
    if (!write_lines(&finish, err))
        return false;
    name_file(&finish, &good, "output");
    name_file(&finish, &bad, "error");
    finish.state = state_of(&finish);
    return library_keep_originals(batches->options.library, &job->scope, finish.items,
                                  finish.item_count, end_work, &finish, err);
}
