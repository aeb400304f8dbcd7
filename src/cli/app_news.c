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
    Str document, guard, collection;
    StrList those;
    bool is_removed, is_for_those;
} News;

static bool audience_work(DbTx *tx, void *argument, Error *err)
{
    News *news = argument;
    return access_audience(tx, &news->scope, news->arena, news->guard, &news->those, err);
}

/* One that is gone meanwhile has news of its own, and whom this is for nobody knows any more. */
static bool find_news(News *news, JsonWriter *json)
{
    DocumentView view;
    Error ignored;
    if (!library_find(news->api->library, &news->scope, news->arena, news->document, &view,
                      &ignored))
        return false;
    put_document_brief(json, &view);
    news->guard = view.document.guard;
    news->collection = view.document.collection;
    news->is_for_those = news->guard.length > 0;
    return !news->is_for_those ||
           store_read(news->api->db, &news->scope, audience_work, news, &ignored);
}

static void send_news(void *argument)
{
    News *news = argument;
    EventHub *hub = news->api->events;
    EventKind kind = news->is_removed ? EVENT_removed : EVENT_document;
    Buf data = buf_new(news->arena, MB(1));
    JsonWriter json = put_begin(&data);
    bool is_known = news->is_removed || find_news(news, &json);
    if (news->is_removed)
        put_text(&json, "id", news->document);
    put_end(&json);
    if (is_known)
        event_hub_send_of(hub, news->scope.workspace, news->collection,
                          news->is_for_those ? &news->those : NULL, kind, buf_str(&data));
    arena_free(news->arena);
}

static StrList copy_list(Arena *arena, const StrList *list)
{
    Str *copies = arena_new_array(arena, Str, list->count);
    for (size_t i = 0; i < list->count; i++)
        copies[i] = str_copy(arena, list->at[i]);
    return (StrList){ copies, list->count };
}

static void tell(const AppNews *to, Str workspace, LibraryNews kind, Str document,
                 const StrList *those)
{
    if (!event_hub_is_heard(to->api->events))
        return;
    Arena *arena = arena_new(MB(8));
    News *news = arena_new_one(arena, News);
    *news = (News){ .api = to->api,
                    .arena = arena,
                    .scope = { .role = ROLE_OWNER },
                    .document = str_copy(arena, document),
                    .is_removed = kind == NEWS_REMOVED,
                    .is_for_those = those != NULL };
    news->scope.workspace = str_copy(arena, workspace);
    if (those)
        news->those = copy_list(arena, those);
    if (!pool_add(to->pool, send_news, news))
        arena_free(arena); /* pages read the state anew when they miss something */
}

void app_news_of_library(void *argument, const Scope *scope, LibraryNews kind, Str document,
                         const StrList *those)
{
    tell(argument, scope->workspace, kind, document, those);
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
            tell(to, event->workspace, NEWS_DOCUMENT, event->subject, NULL);
        tell_work(to, event, job_types[i].shown);
    }
}
