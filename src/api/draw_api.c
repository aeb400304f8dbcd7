/* draw_api.c - tasks drawn from a text or a document, shown or saved as suggested ones. */
#include "api/assistant.h"
#include "api/preferences.h"
#include "api/task_json.h"
#include "base/clock.h"
#include "tasks/drawn.h"
#include "text/date.h"

#define MEMORY_MAX MB(512)

typedef struct DrawWork {
    ApiRequest *request;
    Arena *arena; /* freed with the answer written */
    Str id;       /* of the document; empty: the text was given */
    Document document;
    Str model;
    bool is_saved;
    DrawRequest asked;
    DrawnTaskList list;
    Str *ids; /* of the tasks that were saved */
} DrawWork;

/* --- What is read --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    DrawWork *work = argument;
    return document_find(tx, work->request->scope, work->arena, work->id, &work->document, err);
}

static DrawSource from_of(const DrawWork *work)
{
    return (DrawSource){ .library = work->request->api->library,
                         .scope = work->request->scope,
                         .document = work->document,
                         .zone = work->asked.zone };
}

static bool read_document(DrawWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    if (!store_read(request->api->db, request->scope, find_work, work, err))
        return false;
    DrawSource from = from_of(work);
    return drawn_text(work->arena, &from, &work->asked.text, err);
}

static bool read_reference(DrawWork *work, Str reference, Error *err)
{
    Error why;
    int64_t *time_ms = &work->asked.reference_ms;
    *time_ms = work->document.id.length ? drawn_reference(&work->document) : now_ms();
    int64_t local;
    return (!reference.length || time_parse(reference, time_ms, &why) ||
            fail_field(err, "reference", "%s", why.message)) &&
           (date_local(*time_ms, work->asked.zone, &local, &why) ||
            fail_field(err, "zone", "%s", why.message));
}

static bool read_asked(DrawWork *work, Error *err)
{
    ApiRequest *request = work->request;
    DrawRequest *asked = &work->asked;
    Str reference = STR_NONE;
    if (!api_fields(request, err, { "text", JSON_STR, &asked->text, .length_max = MB(1) },
                    { "document", JSON_STR, &work->id, .length_max = 64 },
                    { "reference", JSON_STR, &reference, .length_max = 40 },
                    { "zone", JSON_STR, &asked->zone, .length_max = 64 },
                    { "people", JSON_STRS, &asked->people },
                    { "author", JSON_STR, &asked->author, .length_max = 200 },
                    { "model", JSON_STR, &work->model, .length_max = 200 },
                    { "save", JSON_FLAG, &work->is_saved }))
        return false;
    if (!work->id.length == !asked->text.length)
        return fail_field(err, "text", "give either 'text' or 'document'");
    return api_zone(request, &asked->zone, err) &&
           (!work->is_saved || scope_needs(request->scope, ROLE_EDITOR, err)) &&
           (!work->id.length || read_document(work, err)) && read_reference(work, reference, err);
}

/* --- What is shown --- */

/* A whole day is shown as its date. */
static void put_moment(JsonWriter *json, const char *name, const DrawnTask *task, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms && task->is_all_day)
        put_text(json, name, str_slice(time_format(time_ms, text), 0, 10));
    else
        put_time(json, name, time_ms);
}

static void put_deadline(JsonWriter *json, const DrawnTask *task, Str zone)
{
    if (!task->deadline_text.length) {
        put_null(json, "deadline");
        return;
    }
    put_object(json, "deadline");
    put_text(json, "text", task->deadline_text);
    put_moment(json, "start", task, task->start_at_ms);
    put_moment(json, "end", task, task->due_at_ms);
    put_text(json, "time_zone", zone.length ? zone : S("UTC"));
    put_bool(json, "is_all_day", task->is_all_day);
    put_end(json);
}

static bool put_drawn(JsonWriter *json, const DrawWork *work, size_t index, Error *err)
{
    const DrawnTask *task = &work->list.at[index];
    Str source;
    DrawSource from = from_of(work);
    if (!drawn_source(work->arena, &from, task, &source, err))
        return false;
    put_object(json, NULL);
    put_text_or_null(json, "id", work->ids ? work->ids[index] : STR_NONE);
    put_text(json, "summary", task->summary);
    put_text(json, "priority", task->priority);
    put_text(json, "category", task->category);
    put_text_or_null(json, "assignee", task->assignee);
    put_bool(json, "is_author", task->is_author);
    put_deadline(json, task, work->asked.zone);
    put_text_or_null(json, "recurrence", task->recurrence);
    if (task->after)
        put_int(json, "after", (int64_t)task->after);
    else
        put_null(json, "after");
    put_number(json, "confidence", task->confidence);
    put_text(json, "made_by", task->made_by);
    put_raw(json, "source", source);
    put_end(json);
    return true;
}

/* --- Saving --- */

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    DrawWork *work = argument;
    DrawSource from = from_of(work);
    return drawn_save(tx, work->arena, &from, &work->list, work->ids, err);
}

static bool save(DrawWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    if (!work->is_saved || !work->list.count)
        return true;
    work->ids = arena_new_array(work->arena, Str, work->list.count);
    return store_write(request->api->db, request->scope, save_work, work, err);
}

bool tasks_drawn(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    DrawWork work = { .request = request, .arena = arena };
    if (!read_asked(&work, err))
        return false;
    if (str_is(work.model, "rules"))
        tasks_draw(arena, &work.asked, &work.list);
    else
        tasks_draw_asking(request->api->models, request->scope, arena, &work.asked, work.model,
                          &work.list);
    if (!save(&work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++)
        if (!put_drawn(&json, &work, i, err))
            return false;
    put_end(&json);
    put_int(&json, "total", (int64_t)work.list.count);
    put_text(&json, "made_by", work.list.made_by);
    put_text_or_null(&json, "notice", work.list.notice);
    put_end(&json);
    return true;
}

/* --- For the task assistant --- */

typedef struct KnownWork {
    const DrawWork *draw;
    TaskList list;
} KnownWork;

static bool known_work(DbTx *tx, void *argument, Error *err)
{
    KnownWork *known = argument;
    TaskFilter filter = { .document = known->draw->id, .order = TASK_BY_NUMBER };
    return task_list(tx, known->draw->request->scope, known->draw->arena, &filter, NULL,
                     &known->list, err);
}

/* A document that is sent again keeps the tasks it has. */
static bool save_new(DrawWork *work, KnownWork *known, Error *err)
{
    const ApiRequest *request = work->request;
    return store_read(request->api->db, request->scope, known_work, known, err) &&
           (known->list.count || save(work, err)) &&
           store_read(request->api->db, request->scope, known_work, known, err);
}

bool drawn_tasks(ApiRequest *request, const DrawnFrom *from, Str *json_r, size_t *count_r,
                 Error *err)
{
    DrawWork work = { .request = request,
                      .arena = request->arena,
                      .id = from->document,
                      .asked = { .text = from->text, .zone = from->zone },
                      .is_saved = from->is_saved && request->scope->role >= ROLE_EDITOR };
    KnownWork known = { .draw = &work };
    Buf out = buf_new(request->arena, MB(4));
    if ((work.id.length && !read_document(&work, err)) || !read_reference(&work, STR_NONE, err))
        return false;
    if (from->only_rules)
        tasks_draw(work.arena, &work.asked, &work.list);
    else
        tasks_draw_asking(request->api->models, request->scope, work.arena, &work.asked, S(""),
                          &work.list);
    if (work.is_saved && !save_new(&work, &known, err))
        return false;
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < known.list.count; i++)
        put_assistant_task(&json, NULL, &known.list.at[i]);
    for (size_t i = 0; i < work.list.count && !work.is_saved; i++)
        if (!put_drawn(&json, &work, i, err))
            return false;
    put_end(&json);
    *count_r = work.is_saved ? known.list.count : work.list.count;
    *json_r = out.overflowed ? S("[]") : buf_str(&out);
    return true;
}
