/* notices_api.c - what people are told, and what they choose to be told. */
#include "api/api.h"
#include "notify/notify.h"

typedef struct NoticeWork {
    ApiRequest *request;
    Slice slice;
    bool only_unread;
    NoticeList list;
    int64_t unread;
    NoticeChoiceList choices;
    NoticeChoice choice;
    Str id;
} NoticeWork;

/* --- The bell --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    NoticeWork *work = argument;
    const ApiRequest *request = work->request;
    return notice_list(tx, request->scope, request->arena, work->only_unread, &work->slice,
                       &work->list, err) &&
           notice_count_unread(tx, request->scope, &work->unread, err);
}

static void put_notice(JsonWriter *json, const NoticeRow *notice)
{
    const NoticeEvent *event = &notice->event;
    put_object(json, NULL);
    put_text(json, "id", event->id);
    put_text(json, "kind", event->kind);
    put_text(json, "level", event->level);
    put_text(json, "title", event->title);
    put_text(json, "text", event->body);
    put_text_or_null(json, "link", event->link);
    put_time(json, "created_at", event->created_at_ms);
    put_time(json, "read_at", notice->read_at_ms);
    put_end(json);
}

/* Who has no person is the workspace itself: what its administrators are told. */
static bool may_read(const ApiRequest *request, Error *err)
{
    return request->scope->user.length || scope_needs(request->scope, ROLE_ADMIN, err);
}

bool notices_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    int64_t only_unread;
    NoticeWork work = { .request = request };
    if (!may_read(request, err) || !api_slice(request, &work.slice, err) ||
        !api_query_int(request, "unread", 0, 1, 0, &only_unread, err))
        return false;
    work.only_unread = only_unread;
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "unread", work.unread);
    put_array(&json, "items");
    for (size_t i = 0; i < work.list.count; i++)
        put_notice(&json, &work.list.at[i]);
    put_end(&json);
    put_text_or_null(&json, "next", work.list.next);
    put_end(&json);
    return true;
}

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    NoticeWork *work = argument;
    return notice_mark_read(tx, work->request->scope, work->id, err);
}

bool notices_read(ApiRequest *request, HttpResponse *response, Error *err)
{
    NoticeWork work = { .request = request };
    return may_read(request, err) &&
           api_fields(request, err, { "id", JSON_STR, &work.id, .length_max = 64 }) &&
           api_change(request, response, read_work, NULL, &work, err);
}

static bool test_work(DbTx *tx, void *argument, Error *err)
{
    const ApiRequest *request = ((NoticeWork *)argument)->request;
    Notice notice = { .kind = NOTICE_test, .audience = ROLE_ADMIN, .user = request->scope->user };
    return notify_send(tx, request->scope, request->arena, &notice, err);
}

static bool answer_notices_test(const void *argument, HttpResponse *response)
{
    const NoticeWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "has_mail_server", notifier_has_mail(work->request->api->notifier));
    put_end(&json);
    return true;
}

bool notices_test(ApiRequest *request, HttpResponse *response, Error *err)
{
    NoticeWork work = { .request = request };
    return api_change(request, response, test_work, answer_notices_test, &work, err);
}

/* --- Choices --- */

static bool choices_work(DbTx *tx, void *argument, Error *err)
{
    NoticeWork *work = argument;
    return notice_choice_list(tx, work->request->scope, work->request->arena, STR_NONE,
                              &work->choices, err);
}

static NoticeChoice choice_of(const NoticeWork *work, NoticeKind kind)
{
    for (size_t i = 0; i < work->choices.count; i++)
        if (str_equal(work->choices.at[i].user, work->request->scope->user) &&
            str_is(work->choices.at[i].kind, notice_name(kind)))
            return work->choices.at[i];
    return (NoticeChoice){ .on_page = true, .by_mail = notice_is_mailed(kind) };
}

bool notices_choices(ApiRequest *request, HttpResponse *response, Error *err)
{
    NoticeWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, choices_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (NoticeKind kind = 0; kind < NOTICE_KIND_COUNT; kind++) {
        NoticeChoice choice = choice_of(&work, kind);
        put_object(&json, NULL);
        put_text(&json, "kind", str(notice_name(kind)));
        put_text(&json, "level", str(notice_level(kind)));
        put_text(&json, "title", str(notice_title(kind)));
        put_bool(&json, "page", choice.on_page);
        put_bool(&json, "mail", choice.by_mail);
        put_end(&json);
    }
    api_list_end(&json, NOTICE_KIND_COUNT, STR_NONE);
    return true;
}

static bool choose_work(DbTx *tx, void *argument, Error *err)
{
    NoticeWork *work = argument;
    return notice_choice_set(tx, work->request->scope, &work->choice, err);
}

bool notices_choose(ApiRequest *request, HttpResponse *response, Error *err)
{
    NoticeKind kind;
    NoticeWork work = { .request = request,
                        .choice = { .user = request->scope->user, .kind = request->params[0] } };
    if (!notice_named(request->params[0], &kind))
        return fail(err, ERROR_NOT_FOUND, "there is no kind of notice '" STR_FMT "'",
                    STR_ARG(request->params[0]));
    return api_fields(request, err, { "page", JSON_FLAG, &work.choice.on_page, .required = true },
                      { "mail", JSON_FLAG, &work.choice.by_mail, .required = true }) &&
           api_change(request, response, choose_work, NULL, &work, err);
}

/* --- Links in mails --- */

static bool unsubscribe(ApiRequest *request, HttpResponse *response, Error *err)
{
    const HttpRequest *http = request->http;
    Unsubscribe what = { .workspace = http_query(http, "workspace"),
                         .user = http_query(http, "user"),
                         .kind = http_query(http, "kind"),
                         .token = http_query(http, "token") };
    if (!notifier_unsubscribe(request->api->notifier, request->arena, &what, err))
        return false;
    response->media_type = S("text/plain; charset=utf-8");
    buf_add(&response->body, S("No more mails of this kind are sent to you.\n"));
    return true;
}

/* Programs that look at the links of a mail must not end anything, so a person follows a second
 * one. */
bool notices_ask_unsubscribe(ApiRequest *request, HttpResponse *response, Error *err)
{
    if (str_is(http_query(request->http, "sure"), "1"))
        return unsubscribe(request, response, err);
    response->media_type = S("text/html; charset=utf-8");
    buf_add(&response->body, S("<!doctype html><title>Lectern</title><p>Should mails of this kind "
                               "not be sent to you any more?<p><a rel=\"nofollow\" href=\""));
    buf_add_escaped(&response->body, request->http->target);
    buf_add(&response->body, S("&amp;sure=1\">Yes, end them</a>\n"));
    return true;
}

bool notices_unsubscribe(ApiRequest *request, HttpResponse *response, Error *err)
{
    return unsubscribe(request, response, err);
}
