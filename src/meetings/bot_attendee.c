/* bot_attendee.c - Attendee (docs.attendee.dev), and what speaks as it does: /api/v1/bots. */
#include "base/clock.h"
#include "meetings/bot_service.h"
#include "net/url.h"

#define BODY_MAX KB(64)
#define UTTERANCES_MAX 50000

static bool ask_path(BotAsk *ask, const char *method, Str path, Str body, json_t **json_r,
                     Error *err)
{
    const BotCall call = {
        .method = method, .path = path, .body = body, .header = "Authorization", .scheme = "Token "
    };
    return bot_ask(ask, &call, json_r, err);
}

static Str path_of(BotAsk *ask, const MeetingBot *bot, const char *more)
{
    Str id = url_encode(ask->arena, bot->remote_id);
    return str_format(ask->arena, "/api/v1/bots/" STR_FMT "%s", STR_ARG(id), more);
}

static const BotEventNames event_names = { "type", "recording_permission_granted", "sub_type" };

/* Its last event says when; why it left is said by one before, when it has been written down. */
static void take_bot(BotAsk *ask, const json_t *json, BotReport *report_r)
{
    const json_t *events = json_object_get(json, "events");
    size_t count = json_array_size(events);
    const json_t *last = count ? json_array_get(events, count - 1) : NULL;
    BotReport report = { .remote_id = str_copy(ask->arena, json_member_text(json, "id")) };
    bot_report_word(ask->service, str_copy(ask->arena, json_member_text(json, "state")), &report);
    report.reason = bot_last_reason(ask->arena, &report, events, &event_names);
    report.at_ms = bot_time(last, "created_at");
    *report_r = report;
}

static Str dedup_key(BotAsk *ask, const MeetingBot *bot)
{
    return str_format(ask->arena, "lectern-" STR_FMT "-%" PRId64, STR_ARG(bot->id), bot->attempt);
}

static void put_settings(JsonWriter *json, const BotConfig *config)
{
    put_object(json, "recording_settings");
    put_text(json, "format",
             str_is(config->record, "video")   ? S("mp4")
             : str_is(config->record, "audio") ? S("mp3")
                                               : S("none"));
    put_end(json);
    put_object(json, "automatic_leave_settings");
    put_int(json, "silence_timeout_seconds", config->silence_s);
    put_int(json, "only_participant_in_meeting_timeout_seconds", config->alone_s);
    put_int(json, "waiting_room_timeout_seconds", config->waiting_room_s);
    put_int(json, "max_uptime_seconds", config->max_minutes * 60);
    put_end(json);
    if (config->message.length) {
        put_object(json, "bot_chat_message");
        put_text(json, "to", S("everyone"));
        put_text(json, "message", config->message);
        put_end(json);
    }
}

static Str create_body(BotAsk *ask, const MeetingBot *bot, Str url, const BotConfig *config)
{
    Buf out = buf_new(ask->arena, BODY_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "meeting_url", url);
    put_text(&json, "bot_name", config->name);
    if (bot->join_at_ms > now_ms())
        put_time(&json, "join_at", bot->join_at_ms);
    put_text(&json, "deduplication_key", dedup_key(ask, bot));
    put_object(&json, "metadata");
    put_text(&json, "lectern_bot", bot_tag(ask->arena, bot));
    put_end(&json);
    put_settings(&json, config);
    if (str_starts(ask->webhook_url, S("https://"))) { /* it calls no other */
        put_array(&json, "webhooks");
        put_object(&json, NULL);
        put_text(&json, "url", ask->webhook_url);
        put_array(&json, "triggers");
        put_text(&json, NULL, S("bot.state_change"));
        put_end(&json);
        put_end(&json);
        put_end(&json);
    }
    put_end(&json);
    return buf_str(&out);
}

/* A bot with this key is there: asked for before, and the answer was lost. */
static bool find_existing(BotAsk *ask, const MeetingBot *bot, BotReport *report_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Str path = str_format(ask->arena, "/api/v1/bots?deduplication_key=" STR_FMT,
                          STR_ARG(dedup_key(ask, bot)));
    if (!ask_path(ask, "GET", path, S(""), &json, err))
        return false;
    const json_t *found = json_array_get(json_object_get(json, "results"), 0);
    if (!json_member_text(found, "id").length) {
        ask->failure = (BotFailure){ S("exists"), BOT_THEN_END, 0 };
        return fail(err, ERROR_UPSTREAM, "Attendee says that there is such a bot, and shows none");
    }
    take_bot(ask, found, report_r);
    return true;
}

static bool create(BotAsk *ask, const MeetingBot *bot, Str url, Str password,
                   const BotConfig *config, BotReport *report_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    (void)password; /* stands in the address */
    if (!ask_path(ask, "POST", S("/api/v1/bots"), create_body(ask, bot, url, config), &json, err))
        return ask->failure.then == BOT_THEN_EXISTS && find_existing(ask, bot, report_r, err);
    take_bot(ask, json, report_r);
    if (report_r->remote_id.length)
        return true;
    ask->failure = (BotFailure){ S("bad_answer"), BOT_THEN_AGAIN, 60000 };
    return fail(err, ERROR_UPSTREAM, "Attendee made a bot without an id");
}

static bool look(BotAsk *ask, const MeetingBot *bot, BotReport *report_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (!ask_path(ask, "GET", path_of(ask, bot, ""), S(""), &json, err))
        return false;
    take_bot(ask, json, report_r);
    return true;
}

static bool move(BotAsk *ask, const MeetingBot *bot, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Buf out = buf_new(ask->arena, KB(1));
    JsonWriter body = put_begin(&out);
    put_time(&body, "join_at", bot->join_at_ms);
    put_end(&body);
    return ask_path(ask, "PATCH", path_of(ask, bot, ""), buf_str(&out), &json, err);
}

/* One that is only scheduled is taken away; that fails once it is on its way. */
static bool leave(BotAsk *ask, const MeetingBot *bot, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (str_is(bot->state, "scheduled") &&
        ask_path(ask, "DELETE", path_of(ask, bot, ""), S(""), &json, err))
        return true;
    return ask_path(ask, "POST", path_of(ask, bot, "/leave"), S("{}"), &json, err);
}

/* "transcription" is an object in what it sends, a text in what it says it sends. */
static Str said(const json_t *item)
{
    const json_t *inner = json_object_get(item, "transcription");
    return json_is_object(inner) ? json_member_text(inner, "transcript")
                                 : json_member_text(item, "transcription");
}

static bool transcript(BotAsk *ask, const MeetingBot *bot, UtteranceList *list_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    VEC(Utterance) list = { 0 };
    size_t i;
    const json_t *item;
    if (!ask_path(ask, "GET", path_of(ask, bot, "/transcript"), S(""), &json, err))
        return false;
    json_array_foreach(json, i, item)
    {
        Str text = str_trim(said(item));
        int64_t start_ms = bot_milliseconds(json_object_get(item, "timestamp_ms"), 1);
        int64_t length_ms = bot_milliseconds(json_object_get(item, "duration_ms"), 1);
        if (text.length && list.count < UTTERANCES_MAX)
            *vec_push(ask->arena, &list) =
                (Utterance){ .speaker =
                                 str_copy(ask->arena, json_member_text(item, "speaker_name")),
                             .text = str_copy(ask->arena, text),
                             .start_ms = start_ms,
                             .end_ms = start_ms + length_ms };
    }
    *list_r = (UtteranceList){ list.at, list.count };
    return true;
}

static bool recording(BotAsk *ask, const MeetingBot *bot, BotRecording *recording_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (!ask_path(ask, "GET", path_of(ask, bot, "/recording"), S(""), &json, err))
        return false;
    recording_r->url = str_copy(ask->arena, json_member_text(json, "url"));
    return true;
}

static bool news(Arena *arena, const BotService *service, const json_t *body, BotNews *news_r)
{
    const json_t *data = json_object_get(body, "data");
    BotNews news = { 0 };
    if (!str_is(json_member_text(body, "trigger"), "bot.state_change"))
        return false;
    news.event = str_copy(arena, json_member_text(body, "idempotency_key"));
    bot_read_tag(arena, json_member_text(json_object_get(body, "bot_metadata"), "lectern_bot"),
                 &news);
    news.report.remote_id = str_copy(arena, json_member_text(body, "bot_id"));
    news.report.reason = str_copy(arena, json_member_text(data, "event_sub_type"));
    news.report.at_ms = bot_time(data, "created_at");
    bot_report_word(service, str_copy(arena, json_member_text(data, "new_state")), &news.report);
    *news_r = news;
    return true;
}

const BotDialect bot_dialect_attendee = {
    .create = create,
    .look = look,
    .move = move,
    .leave = leave,
    .transcript = transcript,
    .recording = recording,
    .news = news,
};
