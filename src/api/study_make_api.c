/* study_make_api.c - study content made from documents, a topic or a text; how far it was read. */
#include "api/study_make.h"

#include "net/http_stream.h"
#include "store/jobs_store.h"
#include "study/study.h"

#define STREAM_QUEUE MB(4)
#define DONE_MAX 1000

typedef struct MadeWork {
    ApiRequest *request;
    Str kind;
    StudyMade made;
    StudyMadeList list;
    JobRow *jobs;        /* of those; no id: over */
    StudyProgress cards; /* of its document; no id: there are none */
    Slice slice;
    Str next;
} MadeWork;

/* --- Showing --- */

static void put_state(JsonWriter *json, const StudyMade *made, const JobRow *job)
{
    put_text(json, "id", made->id);
    put_text(json, "kind", made->kind);
    put_text(json, "title", made->title);
    put_text_or_null(json, "document", made->document);
    put_text_or_null(json, "made_by", made->made_by);
    put_text(json, "state", str(made->result.length ? "done" : job_state_name(job->state)));
    put_text_or_null(json, "job", made->result.length ? STR_NONE : made->job);
    if (!made->result.length) {
        put_text_or_null(json, "stage", job->stage);
        put_int(json, "progress_done", job->done);
        put_int(json, "progress_total", job->total);
        put_text_or_null(json, "error", job->error);
    }
    put_int(json, "item_count", made->item_count);
    put_raw(json, "read", made->done.length ? made->done : S("[]"));
    put_time(json, "created_at", made->created_at_ms);
}

/* The members of the result that put_state() has not. */
static void put_result(JsonWriter *json, Arena *arena, Str result)
{
    AUTO_JSON json_t *value = NULL;
    const char *name;
    json_t *member;
    Error ignored;
    if (!result.length || !json_parse(result, STUDY_MADE_MAX, &value, &ignored))
        return;
    json_object_foreach(value, name, member)
    {
        if (strcmp(name, "kind") != 0 && strcmp(name, "title") != 0 && strcmp(name, "made_by") != 0)
            put_raw(json, name, json_print(arena, member));
    }
}

void put_made(JsonWriter *json, Arena *arena, const StudyMade *made, const JobRow *job)
{
    put_state(json, made, job);
    put_result(json, arena, made->result);
}

/* A job that is no longer kept was over. */
static bool find_job(DbTx *tx, const MadeWork *work, const StudyMade *made, JobRow *job_r,
                     Error *err)
{
    Error why = { 0 };
    if (made->job.length &&
        jobs_store_find(tx, work->request->scope, work->request->arena, made->job, job_r, &why))
        return true;
    *job_r = (JobRow){ .state = made->result.length ? JOB_DONE : JOB_CANCELLED };
    if (!made->job.length || why.code == ERROR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    MadeWork *work = argument;
    const ApiRequest *request = work->request;
    if (!study_made_list(tx, request->scope, request->arena, work->kind, &work->slice, &work->list,
                         &work->next, err))
        return false;
    work->jobs = arena_new_array(request->arena, JobRow, work->list.count + 1);
    for (size_t i = 0; i < work->list.count; i++)
        if (!find_job(tx, work, &work->list.at[i], &work->jobs[i], err))
            return false;
    return true;
}

bool study_made_all(ApiRequest *request, HttpResponse *response, Error *err)
{
    MadeWork work = { .request = request, .kind = http_query(request->http, "kind") };
    MakeKind kind;
    if ((work.kind.length && !make_kind_named(work.kind, &kind, err)) ||
        !api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_state(&json, &work.list.at[i], &work.jobs[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.next);
    return true;
}

/* How well the cards of its document are known, and what of them is due. */
static bool find_cards(DbTx *tx, MadeWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Learner learner;
    StudyToday today;
    StudyProgressList list;
    if (!work->made.document.length)
        return true;
    if (!learner_resolve(tx, request->scope, request->arena, &learner, err) ||
        !study_today(tx, request->scope, &learner, &today, err) ||
        !study_card_progress(tx, request->scope, request->arena, STR_NONE, today.due.review_by_ms,
                             &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(list.at[i].id, work->made.document))
            work->cards = list.at[i];
    return true;
}

static void put_cards(JsonWriter *json, const StudyProgress *cards)
{
    if (!cards->id.length) {
        put_null(json, "cards");
        return;
    }
    put_object(json, "cards");
    put_int(json, "cards", cards->cards);
    put_int(json, "seen", cards->seen);
    put_int(json, "known", cards->known);
    put_int(json, "due", cards->due);
    put_end(json);
}

static bool find_made(DbTx *tx, void *argument, Error *err)
{
    MadeWork *work = argument;
    const ApiRequest *request = work->request;
    work->jobs = arena_new_one(request->arena, JobRow);
    return study_made_find(tx, request->scope, request->arena, request->params[0], &work->made,
                           err) &&
           find_job(tx, work, &work->made, work->jobs, err) && find_cards(tx, work, err);
}

static bool answer_made(const void *argument, HttpResponse *response)
{
    const MadeWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_made(&json, work->request->arena, &work->made, work->jobs);
    put_cards(&json, &work->cards);
    put_end(&json);
    return true;
}

bool study_made_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    MadeWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_made, &work, err) &&
           answer_made(&work, response);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    MadeWork *work = argument;
    const ApiRequest *request = work->request;
    if (!find_made(tx, work, err))
        return false;
    bool runs = !work->made.result.length &&
                (work->jobs->state == JOB_WAITING || work->jobs->state == JOB_RUNNING ||
                 work->jobs->state == JOB_DELAYED);
    return (!runs || job_cancel(tx, request->scope, work->made.job, err)) &&
           study_made_remove(tx, request->scope, work->made.id, err);
}

/* One that is still being made is not made any further. */
bool study_made_forget(ApiRequest *request, HttpResponse *response, Error *err)
{
    MadeWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}

/* --- How far it was read --- */

static bool read_numbers(MadeWork *work, Error *err)
{
    const json_t *list = json_object_get(work->request->json, "read");
    Buf out = buf_new(work->request->arena, KB(16));
    JsonWriter json = put_begin_array(&out);
    if (!json_is_array(list) || json_array_size(list) > DONE_MAX)
        return fail_field(err, "read", "'read' is a list of at most %d numbers of items", DONE_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *number = json_array_get(list, i);
        json_int_t value = json_integer_value(number);
        if (!json_is_integer(number) || value < 1 || value > work->made.item_count)
            return fail_field(err, "read", "there are items 1 to %" PRId64, work->made.item_count);
        put_int(&json, NULL, value);
    }
    put_end(&json);
    work->made.done = buf_str(&out);
    return true;
}

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    MadeWork *work = argument;
    return find_made(tx, work, err) && read_numbers(work, err) &&
           study_made_set_done(tx, work->request->scope, work->made.id, work->made.done, err);
}

bool study_made_read(ApiRequest *request, HttpResponse *response, Error *err)
{
    MadeWork work = { .request = request };
    return api_change(request, response, read_work, answer_made, &work, err);
}

/* --- Making --- */

typedef struct MakePort {
    HttpStream *stream;
    Arena *arena;
    bool is_prose; /* sentences are told as pieces of a text too */
    size_t count;
} MakePort;

static bool send_progress(void *self, const char *stage, int64_t done, int64_t total)
{
    MakePort *port = self;
    Buf data = buf_new(port->arena, KB(1));
    JsonWriter json = put_begin(&data);
    put_text(&json, "stage", str(stage));
    put_int(&json, "done", done);
    put_int(&json, "total", total);
    put_end(&json);
    return http_stream_send(port->stream, S("progress"), buf_str(&data));
}

static bool send_text(MakePort *port, Str item, Error *err)
{
    AUTO_JSON json_t *value = NULL;
    Buf data = buf_new(port->arena, KB(64));
    if (!json_parse(item, MB(1), &value, err))
        return false;
    JsonWriter json = put_begin(&data);
    put_text(&json, "text",
             str_format(port->arena, "%s" STR_FMT " [%zu]", port->count ? " " : "",
                        STR_ARG(json_member_text(value, "text")), port->count + 1));
    put_end(&json);
    return http_stream_send(port->stream, S("delta"), buf_str(&data));
}

static bool send_item(void *self, Str item)
{
    MakePort *port = self;
    Error ignored;
    bool good = (!port->is_prose || send_text(port, item, &ignored)) &&
                http_stream_send(port->stream, S("item"), item);
    port->count++;
    return good;
}

static void send_end(MakePort *port, const StudyMade *made, const Error *err)
{
    Buf data = buf_new(port->arena, STUDY_MADE_MAX + KB(64));
    JsonWriter json = put_begin(&data);
    const JobRow over = { .state = JOB_DONE };
    if (made)
        put_made(&json, port->arena, made, &over);
    else
        put_error(&json, "error", err);
    put_end(&json);
    (void)http_stream_send(port->stream, made ? S("done") : S("error"), buf_str(&data));
    http_stream_close(port->stream);
}

bool make_streamed(ApiRequest *request, const MakeWish *wish, HttpResponse *response)
{
    HttpStreamOptions options = { .wait_ms = 10000,
                                  .queue_max = STREAM_QUEUE,
                                  .last_when_leaving = API_LAST_EVENT };
    MakePort port = { .arena = request->arena,
                      .is_prose = wish->kind == MAKE_EXPLANATION || wish->kind == MAKE_SUMMARY };
    MakeSink sink = { send_item, send_progress, &port };
    StudyMade made;
    Error err = { 0 };
    port.stream = http_respond_stream(response, &options);
    bool good = study_make_kept(request->api->maker, request->scope, request->arena, wish, &sink,
                                &made, &err);
    send_end(&port, good ? &made : NULL, &err);
    return true;
}

static bool is_item_wanted(void *self, Str item)
{
    (void)item;
    return !stop_is_wished(self);
}

static bool is_wanted(void *self, const char *stage, int64_t done, int64_t total)
{
    (void)stage;
    (void)done;
    (void)total;
    return !stop_is_wished(self);
}

bool make_answered(ApiRequest *request, const MakeWish *wish, HttpResponse *response,
                   StudyMade *made_r, Error *err)
{
    StopCheck client = api_client(response);
    const MakeSink sink = { is_item_wanted, is_wanted, &client };
    return study_make_kept(request->api->maker, request->scope, request->arena, wish, &sink, made_r,
                           err);
}

/* Members that are no part of the wish are taken out of the body. */
static bool take_flag(ApiRequest *request, const char *name, bool *flag_r, Error *err)
{
    const json_t *value = json_object_get(request->json, name);
    if (value && !json_is_boolean(value))
        return fail_field(err, name, "'%s' is true or false", name);
    *flag_r = json_is_true(value);
    (void)json_object_del(request->json, name);
    return true;
}

bool study_make_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    MakeWish wish;
    MadeWork work = { .request = request };
    bool is_streamed, is_later, is_fresh;
    if (!take_flag(request, "stream", &is_streamed, err) ||
        !take_flag(request, "later", &is_later, err) ||
        !take_flag(request, "fresh", &is_fresh, err) ||
        !make_wish_read(request->arena, request->json, &wish, err))
        return false;
    wish.is_fresh = is_fresh;
    if (!is_later && api_wants_events(request, is_streamed))
        return make_streamed(request, &wish, response);
    JobRow waiting = { .state = is_later ? JOB_WAITING : JOB_DONE };
    bool good = is_later ? study_make_later(request->api->maker, request->scope, request->arena,
                                            &wish, &work.made, err)
                         : make_answered(request, &wish, response, &work.made, err);
    work.jobs = &waiting;
    response->status = is_later ? 202 : 201;
    return good && answer_made(&work, response);
}
