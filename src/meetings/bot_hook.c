/* bot_hook.c - what services tell by themselves; see meetings.h.
 *
 * The address names the workspace and the service, and only who has the service's secret is
 * believed. An event is kept by its id, so one that comes twice changes nothing. */
#include "base/clock.h"
#include "base/id.h"
#include "meetings/meetings_int.h"

#define BODY_MAX MB(1)

typedef struct HookWork {
    Meetings *meetings;
    Scope scope;
    Arena *arena;
    Str service;
    BotServiceRow row;
    BotNews news;
    MeetingBot bot;
    bool is_known;
} HookWork;

static bool find_service_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    return bot_service_find(tx, &work->scope, work->arena, work->service, &work->row, err);
}

/* By what it was given when it was made, else by the service's own id. */
static bool find_bot(DbTx *tx, HookWork *work, Error *err)
{
    Error why = { 0 };
    Str own = work->news.bot, remote = work->news.report.remote_id;
    work->is_known = id_is_valid(own) &&
                     meeting_bot_find(tx, &work->scope, work->arena, own, &work->bot, &why) &&
                     str_equal(work->bot.service, work->row.id);
    if (!work->is_known && remote.length)
        work->is_known = meeting_bot_find_remote(tx, &work->scope, work->arena, work->row.id,
                                                 remote, &work->bot, &why);
    return work->is_known || !why.code || why.code == ERROR_NOT_FOUND ||
           fail(err, why.code, "%s", why.message);
}

static bool hear_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    bool is_taken;
    if (!find_bot(tx, work, err))
        return false;
    if (!work->is_known)
        return true;
    return meeting_bot_hear(tx, &work->scope, work->arena, &work->bot, &work->news, "webhook",
                            &is_taken, err) &&
           (!is_taken || meeting_bot_queue(tx, &work->scope, work->arena, work->bot.id, err));
}

/* "WORKSPACE.SERVICE" */
static bool read_token(HookWork *work, Str token, Error *err)
{
    ptrdiff_t dot = str_find_char(token, '.');
    Str workspace = str_slice(token, 0, (size_t)MAX(dot, (ptrdiff_t)0));
    work->service = str_from(token, (size_t)(dot + 1));
    work->scope = (Scope){ .workspace = workspace, .role = ROLE_EDITOR };
    return (id_is_valid(workspace) && id_is_valid(work->service)) ||
           fail(err, ERROR_NOT_FOUND, "there is no such address for webhooks");
}

bool meetings_webhook(Meetings *meetings, Arena *arena, Str token, const HttpRequest *request,
                      bool *is_known_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    HookWork work = { .meetings = meetings, .arena = arena };
    BotAsk ask;
    if (!read_token(&work, token, err) ||
        !store_read(meetings->options.db, &work.scope, find_service_work, &work, err) ||
        !meetings_open_service(meetings, &work.scope, arena, &work.row, &ask, err))
        return false;
    BotHeaders headers = bot_headers(ask.service, request);
    if (!bot_signature_check(arena, ask.service, ask.secret, &headers, request->body, now_ms(),
                             err) ||
        !json_parse(request->body, BODY_MAX, &json, err))
        return false;
    *is_known_r = false;
    if (!ask.service->dialect->news(arena, ask.service, json, &work.news))
        return true;
    if (headers.id.length)
        work.news.event = headers.id;
    if (!store_write(meetings->options.db, &work.scope, hear_work, &work, err))
        return false;
    *is_known_r = work.is_known;
    return true;
}
