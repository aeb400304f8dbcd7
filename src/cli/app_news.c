/* app_news.c - see app_news.h. */
#include "cli/app_news.h"

#include "api/document_json.h"
#include "api/work_json.h"
#include "store/access.h"
#include "store/document_access.h"

typedef struct News {
    const Api *api;
    Arena *arena;
    Scope scope;
    LibraryNews kind;
    Str document, guard;
    StrList audience;
} News;

static bool audience_work(DbTx *tx, void *argument, Error *err)
{
    News *news = argument;
    return access_audience(tx, &news->scope, news->arena, news->guard, &news->audience, err);
}

/* To those who see the document. Who they are could not be found out: nobody is told. */
static void send_guarded(News *news, Str data)
{
    const Api *api = news->api;
    Error ignored;
    if (store_read(api->db, &news->scope, audience_work, news, &ignored))
        event_hub_send_those(api->events, news->scope.workspace, news->audience, EVENT_document,
                             data);
}

static void send_news(void *argument)
{
    News *news = argument;
    const Api *api = news->api;
    Buf data = buf_new(news->arena, MB(1));
    DocumentView view;
    Error ignored;
    JsonWriter json = put_begin(&data);
    bool known =
        news->kind == NEWS_DOCUMENT &&
        library_find(api->library, &news->scope, news->arena, news->document, &view, &ignored);
    if (known)
        put_document_brief(&json, &view);
    else
        put_text(&json, "id", news->document);
    put_end(&json);
    news->guard = known ? view.document.guard : STR_NONE;
    if (news->guard.length)
        send_guarded(news, buf_str(&data));
    else
        event_hub_send(api->events, news->scope.workspace, known ? EVENT_document : EVENT_removed,
                       buf_str(&data));
    arena_free(news->arena);
}

static void tell(const AppNews *to, Str workspace, LibraryNews kind, Str document)
{
    if (!event_hub_is_heard(to->api->events))
        return;
    Arena *arena = arena_new(MB(8));
    News *news = arena_new_one(arena, News);
    *news = (News){ .api = to->api,
                    .arena = arena,
                    .scope = { .role = ROLE_OWNER },
                    .kind = kind,
                    .document = str_copy(arena, document) };
    news->scope.workspace = str_copy(arena, workspace);
    if (!pool_add(to->pool, send_news, news))
        arena_free(arena); /* pages read the state anew when they miss something */
}

void app_news_of_library(void *argument, const Scope *scope, LibraryNews kind, Str document)
{
    tell(argument, scope->workspace, kind, document);
}

/* Who sees them: before there is a runner to ask. */
static const struct {
    const char *name;
    JobShown shown;
} job_types[] = {
#define JOB_TYPE(type, handler, attempts, lease, at_once, ahead, every, works_on, is_shown, title, \
                 page, cancel)                                                                     \
    { type, SHOWN_##is_shown },
#include "cli/job_types.def"
#undef JOB_TYPE
};

/* How far it is; its words are asked for where it is new. */
static Str work_json(Arena *arena, const JobEvent *event)
{
    Buf data = buf_new(arena, EVENT_DATA_MAX);
    JobRow row = { .id = event->id,
                   .type = event->type,
                   .subject = event->subject,
                   .state = event->state,
                   .stage = event->stage,
                   .done = event->done,
                   .total = event->total,
                   .stage_at_ms = event->stage_at_ms,
                   .stage_done = event->stage_done };
    JsonWriter json = put_begin(&data);
    put_work_progress(&json, &row);
    put_end(&json);
    return data.overflowed ? str_format(arena, "{\"id\":\"" STR_FMT "\"}", STR_ARG(event->id))
                           : buf_str(&data);
}

/* Work that its type shows is told as it goes; any is told to who looks after the queue. */
static void tell_work(const AppNews *to, const JobEvent *event, JobShown shown)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str data = work_json(arena, event);
    event_feed_add(to->feed, &(EventLine){ EVENT_job, event->workspace, event->id, data });
    if (shown == SHOWN_TO_ALL)
        event_hub_send(to->api->events, event->workspace, EVENT_work, data);
    else if (shown == SHOWN_TO_ASKER)
        event_hub_send_to(to->api->events, event->workspace, event->user, EVENT_work, data);
}

void app_news_of_job(void *argument, const JobEvent *event)
{
    const AppNews *to = argument;
    if (!event->workspace.length || !event_hub_is_heard(to->api->events))
        return;
    for (size_t i = 0; i < COUNT(job_types); i++) {
        if (!str_is(event->type, job_types[i].name))
            continue;
        if (job_types[i].shown == SHOWN_AS_DOCUMENT)
            tell(to, event->workspace, NEWS_DOCUMENT, event->subject);
        tell_work(to, event, job_types[i].shown);
    }
}
