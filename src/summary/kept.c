/* kept.c - see kept.h. */
#include "summary/kept.h"

#include "base/hash.h"
#include "base/json.h"
#include "summary/summary_int.h"

#define RESULT_MAX MB(4)
#define REQUEST_MAX KB(64)
#define READABLE (1u << DOCUMENT_INDEXING | 1u << DOCUMENT_READY)
#define JOB_ATTEMPTS 3

typedef struct KeptWork {
    Summaries *summaries;
    const Scope *scope;
    Arena *arena;
    KeptSummary kept;
    JobRow job;
    bool is_there; /* kept and job are read */
    Str id, result;
    Str title;    /* of the first document */
    Str document; /* the only one; empty: there are more */
    Job *own;     /* the job that runs; NULL: none */
} KeptWork;

/* --- What was asked for --- */

static Str request_json(Arena *arena, const SummaryOrder *order)
{
    Buf out = buf_new(arena, REQUEST_MAX);
    JsonWriter json = put_begin(&out);
    put_texts(&json, "documents", order->documents);
    put_text(&json, "length", str(summary_length_name(order->wish.length)));
    put_int(&json, "words", order->wish.words);
    put_int(&json, "form", order->wish.form);
    put_text(&json, "model", order->wish.model);
    put_end(&json);
    return buf_str(&out);
}

/* The same wish of other versions is another. */
static Str key_of(Arena *arena, const SummaryOrder *order, const Material *material)
{
    Buf out = buf_new(arena, REQUEST_MAX * 2);
    buf_add(&out, request_json(arena, order));
    for (size_t i = 0; i < material->document_count; i++)
        buf_addf(&out, STR_FMT "@%" PRId64, STR_ARG(material->documents[i].id),
                 material->documents[i].version);
    return sha256_hex(arena, buf_str(&out));
}

static bool read_request(Arena *arena, Str request, SummaryOrder *order_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    SummaryOrder order = { 0 };
    Str length = STR_NONE;
    int64_t form = 0;
    if (!json_parse(request, REQUEST_MAX, &json, err) ||
        !json_read(json, arena,
                   JSON_FIELDS({ "documents", JSON_STRS, &order.documents },
                               { "length", JSON_STR, &length },
                               { "words", JSON_I64, &order.wish.words },
                               { "form", JSON_I64, &form, .min = 0, .max = SUMMARY_BULLETS },
                               { "model", JSON_STR, &order.wish.model }),
                   err) ||
        !summary_length_named(length, &order.wish.length, err))
        return false;
    order.wish.form = (SummaryForm)form;
    *order_r = order;
    return true;
}

static Str result_json(Arena *arena, const Summary *summary)
{
    Buf out = buf_new(arena, RESULT_MAX);
    JsonWriter json = put_begin(&out);
    summary_put(&json, summary);
    put_end(&json);
    return out.overflowed ? S("{}") : buf_str(&out);
}

static bool is_of_model(const Summary *summary)
{
    return !str_is(summary->made_by, "rules") && !str_is(summary->made_by, "encoder");
}

/* --- Looking --- */

static bool find_job(DbTx *tx, KeptWork *work, Error *err)
{
    Error why = { 0 };
    if (!work->kept.job.length ||
        jobs_store_find(tx, work->scope, work->arena, work->kept.job, &work->job, &why))
        return true;
    work->job = (JobRow){ .state = work->kept.result.length ? JOB_DONE : JOB_CANCELLED };
    return why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
}

static bool key_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    Error why = { 0 };
    work->is_there = summary_find_by_key(tx, work->scope, work->arena, S(SUMMARY_KIND),
                                         work->kept.key, &work->kept, &why);
    if (!work->is_there)
        return why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
    return find_job(tx, work, err);
}

static bool id_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    return summary_find(tx, work->scope, work->arena, work->id, &work->kept, err) &&
           find_job(tx, work, err);
}

static SummaryAnswer answer_of(const KeptWork *work)
{
    SummaryAnswer answer = { .id = work->kept.id, .json = work->kept.result, .job = work->job };
    bool is_over = work->job.state == JOB_DEAD || work->job.state == JOB_CANCELLED;
    answer.state = answer.json.length ? "done" : "running";
    if (!answer.json.length && is_over)
        answer.state = work->job.state == JOB_DEAD ? "failed" : "cancelled";
    return answer;
}

bool summary_look(Summaries *summaries, const Scope *scope, Arena *arena, Str id,
                  SummaryAnswer *answer_r, Error *err)
{
    KeptWork work = { summaries, scope, arena, .id = id };
    if (!store_read(summaries->db, scope, id_work, &work, err))
        return false;
    *answer_r = answer_of(&work);
    return true;
}

static bool drop_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    Error why = { 0 };
    if (!summary_find(tx, work->scope, work->arena, work->id, &work->kept, err))
        return false;
    if (work->kept.job.length && !work->kept.result.length &&
        !job_cancel(tx, work->scope, work->kept.job, &why) && why.code != ERROR_CONFLICT &&
        why.code != ERROR_NOT_FOUND)
        return fail(err, why.code, "%s", why.message);
    return summary_remove(tx, work->scope, work->id, err);
}

bool summary_drop(Summaries *summaries, const Scope *scope, Arena *arena, Str id, Error *err)
{
    KeptWork work = { summaries, scope, arena, .id = id };
    return store_write(summaries->db, scope, drop_work, &work, err);
}

/* --- Ordering --- */

static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    return summary_set(tx, work->scope, work->arena, &work->kept, err);
}

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    NewJob job = { .type = S("summarize"),
                   .subject = work->kept.key,
                   .payload = str_format(work->arena, "{\"key\":\"" STR_FMT "\"}",
                                         STR_ARG(work->kept.key)),
                   .attempt_max = JOB_ATTEMPTS,
                   .title = work->title,
                   .result = work->document };
    return job_add(tx, work->scope, work->arena, &job, &work->kept.job, err) &&
           summary_set(tx, work->scope, work->arena, &work->kept, err) && find_job(tx, work, err);
}

/* Now, whatever the way. */
static bool make_now(KeptWork *work, const Material *material, const SummaryWish *wish,
                     Summary *summary_r, SummaryAnswer *answer_r, Error *err)
{
    if (!summary_make(work->summaries, work->scope, work->arena, material, wish, summary_r, err))
        return false;
    *answer_r = (SummaryAnswer){ .state = "done", .json = result_json(work->arena, summary_r) };
    return true;
}

static bool make_in_one_call(KeptWork *work, const Material *material, const SummaryWish *wish,
                             SummaryAnswer *answer_r, Error *err)
{
    Summary summary;
    if (!make_now(work, material, wish, &summary, answer_r, err))
        return false;
    if (!is_of_model(&summary))
        return true;
    work->kept.result = answer_r->json;
    if (!store_write(work->summaries->db, work->scope, keep_work, work, err))
        return false;
    answer_r->id = work->kept.id;
    return true;
}

static bool make_by_job(KeptWork *work, const Material *material, const SummaryWish *wish,
                        SummaryAnswer *answer_r, Error *err)
{
    Summary summary;
    SummaryAnswer meanwhile;
    SummaryWish rules = *wish;
    rules.model = S(SUMMARY_RULES);
    if (!make_now(work, material, &rules, &summary, &meanwhile, err) ||
        !store_write(work->summaries->db, work->scope, start_work, work, err))
        return false;
    *answer_r = answer_of(work);
    answer_r->json = meanwhile.json;
    return true;
}

/* One that is there and good, or on its way. */
static bool find_kept(KeptWork *work, bool *is_good_r, Error *err)
{
    if (!store_read(work->summaries->db, work->scope, key_work, work, err))
        return false;
    bool is_built_in = str_find(work->kept.result, S("\"made_by\":\"rules\"")) >= 0 ||
                       str_find(work->kept.result, S("\"made_by\":\"encoder\"")) >= 0;
    bool is_running = !work->kept.result.length && work->job.state != JOB_DEAD &&
                      work->job.state != JOB_CANCELLED;
    *is_good_r = work->is_there && (is_running || (work->kept.result.length && !is_built_in));
    return true;
}

bool summary_order(Summaries *summaries, const Scope *scope, Arena *arena,
                   const SummaryOrder *order, SummaryAnswer *answer_r, Error *err)
{
    KeptWork work = { summaries, scope, arena };
    Material material;
    Summary summary;
    SummaryWish rules = order->wish;
    bool is_good = false;
    rules.model = S(SUMMARY_RULES);
    if (!material_of_documents(summaries->db, scope, arena, order->documents, &material, err))
        return false;
    work.title = material.document_count ? material.documents[0].title : STR_NONE;
    work.document = order->documents.count == 1 ? order->documents.at[0] : STR_NONE;
    work.kept = (KeptSummary){ .kind = S(SUMMARY_KIND),
                               .subject = order->subject,
                               .request = request_json(arena, order),
                               .key = key_of(arena, order, &material) };
    if (!str_is(order->wish.model, SUMMARY_RULES) && !find_kept(&work, &is_good, err))
        return false;
    if (is_good && work.kept.result.length) {
        *answer_r = answer_of(&work);
        return true;
    }
    if (is_good || order->only_kept) {
        if (!make_now(&work, &material, &rules, &summary, answer_r, err))
            return false;
        if (is_good) {
            SummaryAnswer running = answer_of(&work);
            running.json = answer_r->json;
            *answer_r = running;
        }
        return true;
    }
    work.kept.result = STR_NONE;
    size_t parts = summary_parts(summaries, scope, arena, &material, &order->wish);
    return parts > 1 ? make_by_job(&work, &material, &order->wish, answer_r, err)
                     : make_in_one_call(&work, &material, &order->wish, answer_r, err);
}

/* --- Collections --- */

typedef struct ListWork {
    const Scope *scope;
    Arena *arena;
    DocumentFilter filter;
    Collection collection;
    DocumentList list;
} ListWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ListWork *work = argument;
    const Slice slice = { .limit = MATERIAL_DOCUMENTS_MAX };
    return collection_find(tx, work->scope, work->arena, work->filter.collection, &work->collection,
                           err) &&
           document_list(tx, work->scope, work->arena, &work->filter, DOCUMENT_BY_CREATED, true,
                         &slice, &work->list, err);
}

bool summary_of_collection(Summaries *summaries, const Scope *scope, Arena *arena, Str collection,
                           int64_t since_ms, StrList *documents_r, int64_t *total_r, Error *err)
{
    ListWork work = {
        .scope = scope,
        .arena = arena,
        .filter = { .collection = collection, .states = READABLE, .created_from_ms = since_ms }
    };
    if (!store_read(summaries->db, scope, list_work, &work, err))
        return false;
    Str *ids = arena_new_array(arena, Str, work.list.count + 1);
    for (size_t i = 0; i < work.list.count; i++)
        ids[i] = work.list.at[i].id;
    *documents_r = (StrList){ ids, work.list.count };
    *total_r = work.list.total;
    return true;
}

/* --- The job --- */

static bool on_progress(void *self, const char *stage, int64_t done, int64_t total)
{
    return job_progress(self, stage, done, total);
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    Error why = { 0 };
    if (!summary_set_result(tx, work->scope, work->kept.id, work->result, &why) &&
        why.code != ERROR_NOT_FOUND) /* dropped meanwhile */
        return fail(err, why.code, "%s", why.message);
    return job_done_in(tx, work->own, err);
}

bool summary_job(Job *job, Error *err)
{
    AUTO_JSON json_t *payload = NULL;
    Scope asker;
    KeptWork work = { job->argument, &job->scope, job->arena, .own = job };
    SummaryOrder order;
    Material material;
    Summary summary;
    if (!json_parse(job->payload, KB(4), &payload, err) || !job_reader(job, &asker, err))
        return false;
    work.kept.key = str_copy(job->arena, json_member_text(payload, "key"));
    if (!store_read(job->db, &job->scope, key_work, &work, err))
        return false;
    if (!work.is_there)
        return true; /* dropped, or its documents were erased */
    if (!read_request(job->arena, work.kept.request, &order, err))
        return false;
    order.wish.progress = on_progress;
    order.wish.self = job;
    if (!material_of_documents(job->db, &asker, job->arena, order.documents, &material, err))
        return false;
    if (!summary_make(work.summaries, &asker, job->arena, &material, &order.wish, &summary, err))
        return err->code == ERROR_CANCELLED ? job_stopped(job, err) : false;
    work.result = result_json(job->arena, &summary);
    return store_write(job->db, &job->scope, save_work, &work, err);
}
