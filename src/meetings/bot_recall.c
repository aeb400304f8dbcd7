/* bot_recall.c - Recall.ai (docs.recall.ai): /api/v1/bot/. */
#include "base/clock.h"
#include "meetings/bot_service.h"
#include "net/url.h"

#define BODY_MAX KB(64)
#define UTTERANCES_MAX 50000
#define NOTICE_MS (10 * 60000) /* with less it is asked for at once: no join_at */

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
    return str_format(ask->arena, "/api/v1/bot/" STR_FMT "/%s", STR_ARG(id), more);
}

static const BotEventNames event_names = { "code", "in_call_recording", "sub_code" };

static void take_bot(BotAsk *ask, const json_t *json, BotReport *report_r)
{
    const json_t *changes = json_object_get(json, "status_changes");
    size_t count = json_array_size(changes);
    const json_t *last = count ? json_array_get(changes, count - 1) : NULL;
    BotReport report = { .remote_id = str_copy(ask->arena, json_member_text(json, "id")) };
    bot_report_word(ask->service,
                    count ? str_copy(ask->arena, json_member_text(last, "code")) : S("ready"),
                    &report);
    report.reason = bot_last_reason(ask->arena, &report, changes, &event_names);
    report.at_ms = bot_time(last, "created_at");
    *report_r = report;
}

static Str create_body(BotAsk *ask, const MeetingBot *bot, Str url, const BotConfig *config)
{
    Buf out = buf_new(ask->arena, BODY_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "meeting_url", url);
    put_text(&json, "bot_name", config->name);
    if (bot->join_at_ms > now_ms() + NOTICE_MS)
        put_time(&json, "join_at", bot->join_at_ms);
    put_object(&json, "metadata");
    put_text(&json, "lectern_bot", bot_tag(ask->arena, bot));
    put_end(&json);
    put_object(&json, "recording_config");
    put_object(&json, "transcript");
    put_object(&json, "provider");
    put_object(&json, "meeting_captions");
    put_end(&json);
    put_end(&json);
    put_end(&json);
    /* The picture is recorded unless it is said not to be. */
    if (!str_is(config->record, "video"))
        put_null(&json, "video_mixed_mp4");
    if (str_is(config->record, "audio")) {
        put_object(&json, "audio_mixed_mp3");
        put_end(&json);
    }
    put_end(&json);
    put_object(&json, "automatic_leave");
    put_int(&json, "waiting_room_timeout", config->waiting_room_s);
    put_object(&json, "everyone_left_timeout");
    put_int(&json, "timeout", config->alone_s);
    put_end(&json);
    put_object(&json, "silence_detection");
    put_int(&json, "timeout", config->silence_s);
    put_end(&json);
    put_end(&json);
    if (config->message.length) {
        put_object(&json, "chat");
        put_object(&json, "on_bot_join");
        put_text(&json, "send_to", S("everyone"));
        put_text(&json, "message", config->message);
        put_end(&json);
        put_end(&json);
    }
    put_end(&json);
    return buf_str(&out);
}

static bool create(BotAsk *ask, const MeetingBot *bot, Str url, Str password,
                   const BotConfig *config, BotReport *report_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    const BotCall call = {
        .method = "POST",
        .path = S("/api/v1/bot/"),
        .body = create_body(ask, bot, url, config),
        .header = "Authorization",
        .scheme = "Token ",
        .idempotency_key =
            str_format(ask->arena, "lectern-" STR_FMT "-%" PRId64, STR_ARG(bot->id), bot->attempt),
    };
    (void)password; /* stands in the address */
    if (!bot_ask(ask, &call, &json, err))
        return false;
    take_bot(ask, json, report_r);
    if (report_r->remote_id.length)
        return true;
    ask->failure = (BotFailure){ S("bad_answer"), BOT_THEN_AGAIN, 60000 };
    return fail(err, ERROR_UPSTREAM, "Recall.ai made a bot without an id");
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

static bool leave(BotAsk *ask, const MeetingBot *bot, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (str_is(bot->state, "scheduled") &&
        ask_path(ask, "DELETE", path_of(ask, bot, ""), S(""), &json, err))
        return true;
    return ask_path(ask, "POST", path_of(ask, bot, "leave_call/"), S("{}"), &json, err);
}

/* --- What was recorded --- */

/* recordings[0].media_shortcuts.NAME.data.download_url, and the id of the recording. */
static bool find_media(BotAsk *ask, const MeetingBot *bot, const char *name, Str *url_r, Str *id_r,
                       Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (!ask_path(ask, "GET", path_of(ask, bot, ""), S(""), &json, err))
        return false;
    const json_t *recording = json_array_get(json_object_get(json, "recordings"), 0);
    const json_t *media = json_object_get(json_object_get(recording, "media_shortcuts"), name);
    *url_r = str_copy(ask->arena, json_member_text(json_object_get(media, "data"), "download_url"));
    *id_r = str_copy(ask->arena, json_member_text(recording, "id"));
    return true;
}

/* A number of seconds, or {"relative": seconds}. */
static int64_t milliseconds(const json_t *time)
{
    const json_t *seconds = json_is_object(time) ? json_object_get(time, "relative") : time;
    return bot_milliseconds(seconds, 1000);
}

static void take_words(BotAsk *ask, const json_t *item, Utterance *utterance)
{
    const json_t *words = json_object_get(item, "words"), *word;
    Buf text = buf_new(ask->arena, KB(64));
    size_t i, count = json_array_size(words);
    json_array_foreach(words, i, word)
    {
        buf_addf(&text, "%s" STR_FMT, i ? " " : "", STR_ARG(json_member_text(word, "text")));
    }
    utterance->text = buf_str(&text);
    if (!count)
        return;
    const json_t *first = json_array_get(words, 0), *last = json_array_get(words, count - 1);
    utterance->start_ms = milliseconds(json_object_get(first, "start_timestamp"));
    utterance->end_ms = milliseconds(json_object_get(last, "end_timestamp"));
}

static bool transcript(BotAsk *ask, const MeetingBot *bot, UtteranceList *list_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    VEC(Utterance) list = { 0 };
    size_t i;
    const json_t *item;
    Str url, id;
    if (!find_media(ask, bot, "transcript", &url, &id, err) ||
        !(url.length ? bot_fetch(ask, url, &json, err)
                     : ask_path(ask, "GET", path_of(ask, bot, "transcript/"), S(""), &json, err)))
        return false;
    json_array_foreach(json, i, item)
    {
        Str speaker = json_member_text(json_object_get(item, "participant"), "name");
        Utterance utterance = { 0 };
        take_words(ask, item, &utterance);
        if (!speaker.length)
            speaker = json_member_text(item, "speaker");
        utterance.speaker = str_copy(ask->arena, speaker);
        if (str_trim(utterance.text).length && list.count < UTTERANCES_MAX)
            *vec_push(ask->arena, &list) = utterance;
    }
    *list_r = (UtteranceList){ list.at, list.count };
    return true;
}

/* The sound alone is listed apart. */
static bool recording(BotAsk *ask, const MeetingBot *bot, BotRecording *recording_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Str id;
    if (!find_media(ask, bot, "video_mixed", &recording_r->url, &id, err))
        return false;
    if (recording_r->url.length || !id.length)
        return true;
    Str encoded = url_encode(ask->arena, id);
    Str path =
        str_format(ask->arena, "/api/v1/audio_mixed/?recording_id=" STR_FMT, STR_ARG(encoded));
    if (!ask_path(ask, "GET", path, S(""), &json, err))
        return false;
    const json_t *first = json_array_get(json_object_get(json, "results"), 0);
    recording_r->url =
        str_copy(ask->arena, json_member_text(json_object_get(first, "data"), "download_url"));
    return true;
}

/* "bot.joining_call" with data.data and data.bot; before: "bot.status_change" with data.status. Its
 * id is in the headers. */
static bool news(Arena *arena, const BotService *service, const json_t *body, BotNews *news_r)
{
    const json_t *data = json_object_get(body, "data"), *bot = json_object_get(data, "bot");
    const json_t *status = json_object_get(data, bot ? "data" : "status");
    BotNews news = { 0 };
    if (!str_starts(json_member_text(body, "event"), S("bot.")) || !status)
        return false;
    news.report.remote_id =
        str_copy(arena, bot ? json_member_text(bot, "id") : json_member_text(data, "bot_id"));
    bot_read_tag(arena, json_member_text(json_object_get(bot, "metadata"), "lectern_bot"), &news);
    news.report.reason = str_copy(arena, json_member_text(status, "sub_code"));
    news.report.at_ms = bot_time(status, bot ? "updated_at" : "created_at");
    bot_report_word(service, str_copy(arena, json_member_text(status, "code")), &news.report);
    *news_r = news;
    return true;
}

const BotDialect bot_dialect_recall = {
    .create = create,
    .look = look,
    .move = move,
    .leave = leave,
    .transcript = transcript,
    .recording = recording,
    .news = news,
};
