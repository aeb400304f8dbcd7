/* digest.c - see digest.h. */
#include "summary/digest.h"

#include "base/clock.h"
#include "classify/phrases.h"
#include "notify/notify.h"
#include "store/tasks_store.h"
#include "summary/kept.h"
#include "summary/summary_int.h"
#include "text/planted.h"

#define JSON_MAX MB(8)
#define PHRASES 12
#define PHRASE_BYTES KB(4) /* of each document's beginning */
#define TASKS_SHOWN 20
#define DOCUMENT_WORDS 45
#define TOGETHER_WORDS 150
#define MEMORY_MAX MB(1024)

/* --- What it says --- */

static bool put_document(Summaries *summaries, const Scope *scope, Arena *arena, JsonWriter *json,
                         const Material *all, size_t number, Error *err)
{
    const MaterialDocument *document = &all->documents[number];
    Material one = material_of_one(arena, all, number);
    const SummaryWish wish = { .words = DOCUMENT_WORDS, .model = S(SUMMARY_RULES) };
    Summary summary;
    if (!summary_make(summaries, scope, arena, &one, &wish, &summary, err))
        return false;
    put_object(json, NULL);
    put_text(json, "id", document->id);
    put_text(json, "name", document->name);
    put_time(json, "created_at", document->created_at_ms);
    put_object(json, "summary");
    summary_put(json, &summary);
    put_end(json);
    put_end(json);
    return true;
}

static void put_phrases(Arena *arena, JsonWriter *json, const Material *material)
{
    Buf text = buf_new(arena, PHRASE_BYTES * MATERIAL_DOCUMENTS_MAX + KB(1));
    for (size_t i = 0; i < material->document_count; i++) {
        buf_add(&text,
                planted_blank(arena, str_slice(material->documents[i].text, 0, PHRASE_BYTES)));
        buf_add(&text, S("\n\n"));
    }
    KeyPhraseList list = key_phrases(arena, buf_str(&text), material->language, NULL, PHRASES);
    put_array(json, "key_phrases");
    for (size_t i = 0; i < list.phrases.count; i++)
        put_text(json, NULL, list.phrases.at[i].text);
    put_end(json);
}

typedef struct TaskWork {
    const Scope *scope;
    Arena *arena;
    const DigestWish *wish;
    TaskList list;
} TaskWork;

static bool task_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const TaskFilter filter = { .collection = work->wish->collection,
                                .updated_from_ms = work->wish->since_ms };
    const Slice slice = { .limit = SLICE_MAX };
    return task_list(tx, work->scope, work->arena, &filter, &slice, &work->list, err);
}

static bool put_tasks(Summaries *summaries, const Scope *scope, Arena *arena, JsonWriter *json,
                      const DigestWish *wish, Error *err)
{
    TaskWork work = { scope, arena, wish, { 0 } };
    size_t shown = 0;
    if (!store_read(summaries->db, scope, task_work, &work, err))
        return false;
    put_array(json, "tasks");
    for (size_t i = 0; i < work.list.count && shown < TASKS_SHOWN; i++) {
        const Task *task = &work.list.at[i];
        if (task->created_at_ms < wish->since_ms)
            continue;
        put_object(json, NULL);
        put_int(json, "number", task->number);
        put_text(json, "summary", task->summary);
        put_text(json, "status", str(task_states[task->state].name));
        put_time(json, "due", task->due_at_ms);
        put_end(json);
        shown++;
    }
    put_end(json);
    return true;
}

static bool put_together(Summaries *summaries, const Scope *scope, Arena *arena, JsonWriter *json,
                         const Material *material, Error *err)
{
    const SummaryWish wish = { .words = TOGETHER_WORDS,
                               .form = SUMMARY_BULLETS,
                               .model = S(SUMMARY_RULES) };
    Summary summary;
    if (!summary_make(summaries, scope, arena, material, &wish, &summary, err))
        return false;
    put_object(json, "summary");
    summary_put(json, &summary);
    put_end(json);
    return true;
}

bool digest_make(Summaries *summaries, const Scope *scope, Arena *arena, const DigestWish *wish,
                 Str *json_r, int64_t *total_r, Error *err)
{
    Buf out = buf_new(arena, JSON_MAX);
    StrList documents;
    Material material;
    int64_t total;
    if (!summary_of_collection(summaries, scope, arena, wish->collection, wish->since_ms,
                               &documents, &total, err) ||
        !material_of_documents(summaries->db, scope, arena, documents, &material, err))
        return false;
    JsonWriter json = put_begin(&out);
    put_text(&json, "collection", wish->collection);
    put_time(&json, "since", wish->since_ms);
    put_time(&json, "until", wish->until_ms);
    put_int(&json, "total", total);
    put_array(&json, "documents");
    for (size_t i = 0; i < MIN(material.document_count, (size_t)DIGEST_DOCUMENTS_MAX); i++)
        if (!put_document(summaries, scope, arena, &json, &material, i, err))
            return false;
    put_end(&json);
    put_phrases(arena, &json, &material);
    if (!put_together(summaries, scope, arena, &json, &material, err) ||
        !put_tasks(summaries, scope, arena, &json, wish, err))
        return false;
    put_end(&json);
    if (out.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the digest of so many documents is too long");
    *json_r = buf_str(&out);
    *total_r = total;
    return true;
}

/* --- The job --- */

typedef struct DueWork {
    Job *job;
    Scope scope;
    Arena *arena;
    DigestPlanList plans;
    const DigestPlan *plan;
    Str json;
    int64_t total, until_ms;
} DueWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    DueWork *work = argument;
    return digest_plan_list_due(tx, &work->scope, work->arena, now_ms(), &work->plans, err);
}

static bool tell(DbTx *tx, const DueWork *work, Error *err)
{
    Collection collection;
    if (!collection_find(tx, &work->scope, work->arena, work->plan->collection, &collection, err))
        return false;
    const NoticeField fields[] = {
        { "collection", collection.name },
        { "count", str_format(work->arena, "%" PRId64, work->total) },
    };
    const Notice notice = {
        .kind = NOTICE_digest,
        .audience = ROLE_READER,
        .user = work->plan->created_by,
        .link = str_format(work->arena, "/digest/" STR_FMT, STR_ARG(work->plan->collection)),
        .fields = fields,
        .field_count = COUNT(fields),
    };
    return notify_send(tx, &work->scope, work->arena, &notice, err);
}

/* Kept, told and done together: a job that runs again finds no plan that is due. A week without
 * anything new is not told. */
static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    DueWork *work = argument;
    KeptSummary kept = { .kind = S(DIGEST_KIND),
                         .subject = work->plan->collection,
                         .request = S("{}"),
                         .key = str_format(work->arena, STR_FMT " %" PRId64,
                                           STR_ARG(work->plan->collection), work->until_ms),
                         .result = work->json };
    return (!work->total ||
            (summary_set(tx, &work->scope, work->arena, &kept, err) && tell(tx, work, err))) &&
           digest_plan_done(tx, &work->scope, work->plan->collection, work->until_ms, err);
}

static bool make_due(DueWork *work, Error *err)
{
    const DigestWish wish = { work->plan->collection, work->plan->last_at_ms, work->until_ms };
    Error why = { 0 };
    if (!digest_make(work->job->argument, &work->scope, work->arena, &wish, &work->json,
                     &work->total, &why))
        /* One that is being read delays the digest until the next round. */
        return why.code == ERROR_NOT_FOUND || why.code == ERROR_CONFLICT ||
               fail(err, why.code, "%s", why.message);
    return store_write(work->job->db, &work->scope, keep_work, work, err);
}

bool digest_job(Job *job, Error *err)
{
    DueWork all = { .job = job, .scope = job->scope, .arena = job->arena };
    if (!store_read(job->db, &job->scope, list_work, &all, err))
        return false;
    for (size_t i = 0; i < all.plans.count; i++) {
        AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
        DueWork one = { .job = job,
                        .scope = { .workspace = all.plans.at[i].workspace,
                                   .guard = all.plans.at[i].collection,
                                   .role = ROLE_EDITOR },
                        .arena = arena,
                        .plan = &all.plans.at[i],
                        .until_ms = now_ms() };
        if (!job_progress(job, "summing up", (int64_t)i, (int64_t)all.plans.count))
            return job_stopped(job, err);
        if (!make_due(&one, err))
            return false;
    }
    return true;
}
