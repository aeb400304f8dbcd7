/* bot_vexa.c - Vexa (docs.vexa.ai): /bots by platform and the meeting's own id. A bot is known by
 * the number of its meeting there, and joins when it is asked for. */
#include "base/clock.h"
#include "meetings/bot_service.h"
#include "net/url.h"

#define BODY_MAX KB(64)
#define UTTERANCES_MAX 50000

static const struct {
    const char *link, *platform;
} platforms[] = {
    { "meet", "google_meet" }, { "zoom", "zoom" }, { "teams", "teams" }, { "jitsi", "jitsi" }
};

static Str platform_of(const MeetingBot *bot)
{
    for (size_t i = 0; i < COUNT(platforms); i++)
        if (str_is(bot->link_kind, platforms[i].link))
            return str(platforms[i].platform);
    return S("");
}

static bool ask_path(BotAsk *ask, const char *method, Str path, Str body, json_t **json_r,
                     Error *err)
{
    const BotCall call = {
        .method = method, .path = path, .body = body, .header = "X-API-Key", .scheme = ""
    };
    return bot_ask(ask, &call, json_r, err);
}

/* "/bots/google_meet/abc-defg-hij" */
static Str path_of(BotAsk *ask, const MeetingBot *bot, const char *before)
{
    Str platform = platform_of(bot), id = url_encode(ask->arena, bot->link_id);
    return str_format(ask->arena, "%s/" STR_FMT "/" STR_FMT, before, STR_ARG(platform),
                      STR_ARG(id));
}

static Str number_in(Arena *arena, const json_t *json, const char *name)
{
    const json_t *id = json_object_get(json, name);
    return json_is_string(id) ? str_copy(arena, json_member_text(json, name))
                              : str_format(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
}

static void take_meeting(BotAsk *ask, const json_t *json, BotReport *report_r)
{
    BotReport report = { .remote_id = number_in(ask->arena, json, "id") };
    bot_report_word(ask->service, str_copy(ask->arena, json_member_text(json, "status")), &report);
    report.reason =
        str_copy(ask->arena, json_member_text(json_object_get(json, "data"), "completion_reason"));
    report.at_ms = bot_time(json, "updated_at");
    *report_r = report;
}

/* The newest of this meeting; with `id`, that one. */
static bool find_meeting(BotAsk *ask, const MeetingBot *bot, Str id, BotReport *report_r,
                         Error *err)
{
    AUTO_JSON json_t *json = NULL;
    size_t i;
    const json_t *meeting;
    if (!ask_path(ask, "GET", S("/meetings"), S(""), &json, err))
        return false;
    const json_t *list = json_is_array(json) ? json : json_object_get(json, "meetings");
    json_array_foreach(list, i, meeting)
    {
        bool is_it =
            id.length ? str_equal(number_in(ask->arena, meeting, "id"), id)
                      : str_equal(json_member_text(meeting, "platform"), platform_of(bot)) &&
                            str_equal(json_member_text(meeting, "native_meeting_id"), bot->link_id);
        if (!is_it)
            continue;
        take_meeting(ask, meeting, report_r);
        return true;
    }
    ask->failure = (BotFailure){ S("gone"), BOT_THEN_GONE, 0 };
    return fail(err, ERROR_UPSTREAM, "Vexa does not know this meeting");
}

static bool create(BotAsk *ask, const MeetingBot *bot, Str url, Str password,
                   const BotConfig *config, BotReport *report_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Buf out = buf_new(ask->arena, BODY_MAX);
    JsonWriter body = put_begin(&out);
    (void)url;
    put_text(&body, "platform", platform_of(bot));
    put_text(&body, "native_meeting_id", bot->link_id);
    if (password.length)
        put_text(&body, "passcode", password);
    put_text(&body, "bot_name", config->name);
    if (config->language.length)
        put_text(&body, "language", config->language);
    put_bool(&body, "transcribe_enabled", true);
    put_bool(&body, "recording_enabled", !str_is(config->record, "none"));
    put_end(&body);
    if (!ask_path(ask, "POST", S("/bots"), buf_str(&out), &json, err))
        return ask->failure.then == BOT_THEN_EXISTS && find_meeting(ask, bot, S(""), report_r, err);
    take_meeting(ask, json, report_r);
    return true;
}

static bool look(BotAsk *ask, const MeetingBot *bot, BotReport *report_r, Error *err)
{
    return find_meeting(ask, bot, bot->remote_id, report_r, err);
}

static bool leave(BotAsk *ask, const MeetingBot *bot, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    return ask_path(ask, "DELETE", path_of(ask, bot, "/bots"), S(""), &json, err);
}

/* Under either of its names, in milliseconds. */
static int64_t seconds_of(const json_t *item, const char *name, const char *other)
{
    const json_t *number = json_object_get(item, name);
    return bot_milliseconds(number ? number : json_object_get(item, other), 1000);
}

static bool transcript(BotAsk *ask, const MeetingBot *bot, UtteranceList *list_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    VEC(Utterance) list = { 0 };
    size_t i;
    const json_t *item;
    if (!ask_path(ask, "GET", path_of(ask, bot, "/transcripts"), S(""), &json, err))
        return false;
    json_array_foreach(json_object_get(json, "segments"), i, item)
    {
        Str text = str_trim(json_member_text(item, "text"));
        if (!text.length || list.count >= UTTERANCES_MAX)
            continue;
        *vec_push(ask->arena, &list) = (Utterance){
            .speaker = str_copy(ask->arena, json_member_text(item, "speaker")),
            .text = str_copy(ask->arena, text),
            .start_ms = seconds_of(item, "start", "start_time"),
            .end_ms = seconds_of(item, "end", "end_time"),
        };
    }
    *list_r = (UtteranceList){ list.at, list.count };
    return true;
}

/* Of the meeting's recordings the last that is done, at the service with its key. */
static bool recording(BotAsk *ask, const MeetingBot *bot, BotRecording *recording_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    size_t i;
    const json_t *one;
    Str id = url_encode(ask->arena, bot->remote_id);
    Str path = str_format(ask->arena, "/recordings?limit=100&meeting_id=" STR_FMT, STR_ARG(id));
    if (!ask_path(ask, "GET", path, S(""), &json, err))
        return false;
    json_array_foreach(json_object_get(json, "recordings"), i, one)
    {
        const json_t *media = json_array_get(json_object_get(one, "media_files"), 0);
        if (!str_equal(number_in(ask->arena, one, "meeting_id"), bot->remote_id) || !media)
            continue;
        Str of = number_in(ask->arena, one, "id"), file = number_in(ask->arena, media, "id");
        path = str_format(ask->arena, "/recordings/" STR_FMT "/media/" STR_FMT "/raw", STR_ARG(of),
                          STR_ARG(file));
        *recording_r = (BotRecording){ .url = url_join(ask->arena, ask->row->url, path),
                                       .header = { S("X-API-Key"), ask->key } };
    }
    return true;
}

/* {data: {meeting}} or {data: meeting} with event_id; before 0.12 {meeting, status_change}. */
static bool news(Arena *arena, const BotService *service, const json_t *body, BotNews *news_r)
{
    const json_t *data = json_object_get(body, "data");
    const json_t *meeting = json_object_get(data ? data : body, "meeting");
    const json_t *change = json_object_get(data ? data : body, "status_change");
    BotNews news = { 0 };
    meeting = meeting ? meeting : data;
    if (!json_member_text(meeting, "status").length)
        return false;
    news.event = str_copy(arena, json_member_text(body, "event_id"));
    news.report.remote_id = number_in(arena, meeting, "id");
    news.report.reason =
        str_copy(arena, json_member_text(json_object_get(meeting, "data"), "completion_reason"));
    news.report.at_ms = bot_time(change, "timestamp");
    if (!news.report.at_ms)
        news.report.at_ms = bot_time(data ? body : meeting, data ? "created_at" : "updated_at");
    bot_report_word(service, str_copy(arena, json_member_text(meeting, "status")), &news.report);
    *news_r = news;
    return true;
}

const BotDialect bot_dialect_vexa = {
    .create = create,
    .look = look,
    .leave = leave,
    .transcript = transcript,
    .recording = recording,
    .news = news,
};
