/* bot_service_test.c - what services of bots say: states, reasons, refusals, signatures, dialects.
 */
#include <criterion/criterion.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "meetings/bot_service.h"
#include "net/http_server.h"

static Arena *arena;

static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(meetings_bots, .init = open_arena, .fini = close_arena);

/* --- Refusals --- */

Test(meetings_bots, a_refusal_is_known_by_status_and_words)
{
    static const struct {
        const char *service;
        int status;
        const char *retry_after, *body, *code;
        BotThen then;
        int64_t wait_ms;
    } cases[] = {
        { "attendee", 400, "", "{\"error\":\"Deduplication key already in use.\"}", "exists",
          BOT_THEN_EXISTS, 0 },
        { "attendee", 400, "", "{\"error\":\"not enough credits\"}", "out_of_credits", BOT_THEN_END,
          0 },
        { "attendee", 400, "", "{\"bot_name\":[\"required\"]}", "refused", BOT_THEN_END, 0 },
        { "attendee", 401, "", "{\"detail\":\"Invalid\"}", "bad_key", BOT_THEN_END, 0 },
        { "attendee", 404, "", "", "gone", BOT_THEN_GONE, 0 },
        { "attendee", 409, "", "", "refused", BOT_THEN_END, 0 },
        { "recall", 409, "", "", "conflict", BOT_THEN_AGAIN, 10000 },
        { "recall", 507, "45", "", "too_many_bots", BOT_THEN_AGAIN, 45000 },
        { "recall", 402, "", "", "out_of_credits", BOT_THEN_END, 0 },
        { "vexa", 409, "", "{\"detail\":\"already active\"}", "exists", BOT_THEN_EXISTS, 0 },
        { "vexa", 503, "", "", "not_ready", BOT_THEN_AGAIN, 60000 },
        { "vexa", 429, "99999999", "", "too_many_requests", BOT_THEN_AGAIN, 30000 },
        { "attendee", 301, "", "", "moved", BOT_THEN_END, 0 },
        { "attendee", 599, "", "", "service_failed", BOT_THEN_AGAIN, 20000 },
        { "attendee", 700, "", "", "service_failed", BOT_THEN_AGAIN, 20000 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        BotAsk ask = { .arena = arena, .service = bot_service_named(str(cases[i].service)) };
        Error err = { 0 };
        cr_expect(!bot_refused(&ask, cases[i].status, str(cases[i].retry_after), str(cases[i].body),
                               &err));
        cr_expect(str_is(ask.failure.code, cases[i].code) && ask.failure.then == cases[i].then &&
                      ask.failure.wait_ms == cases[i].wait_ms,
                  "%s %d: " STR_FMT, cases[i].service, cases[i].status, STR_ARG(ask.failure.code));
        cr_expect(err.code == ERROR_UPSTREAM);
    }
}

/* --- Signatures --- */

#define NOW_MS INT64_C(1800000000000)

static bool is_signed(const char *service, Str secret, BotHeaders headers, Str body)
{
    Error err = { 0 };
    bool ok = bot_signature_check(arena, bot_service_named(str(service)), secret, &headers, body,
                                  NOW_MS, &err);
    cr_expect(ok || err.code == ERROR_DENIED);
    return ok;
}

Test(meetings_bots, a_signature_over_canonical_json_is_the_services)
{
    /* base64(hmac_sha256(b"secret bytes", python canonical JSON)) */
    Str secret = base64_encode(arena, S("secret bytes"));
    Str body = S("{\"b\": 1.0, \"a\": {\"\\u00e9\": [null, \"x\"]}}");
    Str canonical = S("{\"a\":{\"\xC3\xA9\":[null,\"x\"]},\"b\":1.0}");
    Str signature = base64_encode(arena, hmac_sha256(arena, S("secret bytes"), canonical));
    cr_expect(is_signed("attendee", secret, (BotHeaders){ .signature = signature }, body));
    cr_expect(!is_signed("attendee", secret, (BotHeaders){ .signature = signature }, S("{}")));
    cr_expect(!is_signed("attendee", S("!!"), (BotHeaders){ .signature = signature }, body));
    cr_expect(!is_signed("attendee", S(""), (BotHeaders){ .signature = signature }, body));
    cr_expect(!is_signed("attendee", secret, (BotHeaders){ 0 }, body));
    cr_expect(!is_signed("attendee", secret, (BotHeaders){ .signature = signature }, S("{")));
}

Test(meetings_bots, svix_and_stamped_signatures_are_of_their_time)
{
    Str body = S("{\"x\":1}");
    Str said = str_format(arena, "msg_1.1800000000." STR_FMT, STR_ARG(body));
    Str digest = base64_encode(arena, hmac_sha256(arena, S("key"), said));
    Str secret = S("whsec_a2V5");
    BotHeaders good = { S("msg_1"), S("1800000000"),
                        str_format(arena, "v1,AAAA v1," STR_FMT, STR_ARG(digest)) };
    BotHeaders old = good, nameless = good, other = good;
    old.timestamp = S("1799990000");
    nameless.id = S("");
    other.signature = S("v1,AAAA");
    cr_expect(is_signed("recall", secret, good, body));
    cr_expect(!is_signed("recall", secret, old, body));
    cr_expect(!is_signed("recall", secret, nameless, body));
    cr_expect(!is_signed("recall", secret, other, body));
    cr_expect(!is_signed("recall", secret, good, S("{\"x\":2}")));

    Str hex = hmac_sha256_hex(arena, S("key"), S("1800000000.{\"x\":1}"));
    BotHeaders stamped = { .timestamp = S("1800000000"),
                           .signature = str_format(arena, "sha256=" STR_FMT, STR_ARG(hex)) };
    cr_expect(is_signed("vexa", S("key"), stamped, body));
    cr_expect(!is_signed("vexa", S("other"), stamped, body));
    stamped.timestamp = S("1800000001");
    cr_expect(!is_signed("vexa", S("key"), stamped, body));
    stamped.authorization = S("Bearer key"); /* a wrong signature stays wrong */
    cr_expect(!is_signed("vexa", S("key"), stamped, body));
    stamped.signature = STR_NONE;
    cr_expect(is_signed("vexa", S("key"), stamped, body));
    cr_expect(!is_signed("vexa", S("keys"), stamped, body));
    cr_expect(!is_signed("attendee", S("a2V5"), stamped, body));
}

/* --- News --- */

Test(meetings_bots, news_are_read_as_each_service_tells_them)
{
    static const struct {
        const char *service, *body, *event, *remote, *bot;
        BotState state;
        const char *reason;
    } cases[] = {
        { "attendee",
          "{\"idempotency_key\":\"k\",\"bot_id\":\"bot_1\",\"bot_metadata\":{\"lectern_bot\":\"own."
          "2\"},"
          "\"trigger\":\"bot.state_change\",\"data\":{\"new_state\":\"fatal_error\","
          "\"event_sub_type\":\"login_required\",\"created_at\":\"2027-01-01T10:00:00Z\"}}",
          "k", "bot_1", "own", BOT_failed, "login_required" },
        { "recall",
          "{\"event\":\"bot.in_call_recording\",\"data\":{\"data\":{\"code\":\"in_call_recording\","
          "\"sub_code\":null,\"updated_at\":\"2027-01-01T10:00:00Z\"},\"bot\":{\"id\":\"r1\","
          "\"metadata\":{\"lectern_bot\":\"own.1\"}}}}",
          "", "r1", "own", BOT_recording, "" },
        { "recall",
          "{\"event\":\"bot.status_change\",\"data\":{\"bot_id\":\"r2\",\"status\":{\"code\":"
          "\"fatal\",\"sub_code\":\"meeting_not_found\",\"created_at\":\"2027-01-01T10:00:00Z\"}}}",
          "", "r2", "", BOT_failed, "meeting_not_found" },
        { "vexa",
          "{\"event_type\":\"meeting.status_change\",\"meeting\":{\"id\":9,\"status\":"
          "\"completed\","
          "\"data\":{\"completion_reason\":\"left_alone\"}},\"status_change\":{\"to\":"
          "\"completed\","
          "\"timestamp\":\"2027-01-01T10:00:00Z\"}}",
          "", "9", "", BOT_ended, "left_alone" },
        { "vexa",
          "{\"event_id\":\"e\",\"event_type\":\"meeting.status_change\",\"created_at\":"
          "\"2027-01-01T10:00:00Z\",\"data\":{\"meeting\":{\"id\":7,\"status\":\"active\"}}}",
          "e", "7", "", BOT_recording, "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_JSON json_t *json = NULL;
        const BotService *service = bot_service_named(str(cases[i].service));
        BotNews news;
        Error err;
        cr_assert(json_parse(str(cases[i].body), KB(64), &json, &err));
        cr_assert(service->dialect->news(arena, service, json, &news), "%s", cases[i].body);
        cr_expect(str_is(news.event, cases[i].event) &&
                  str_is(news.report.remote_id, cases[i].remote) &&
                  str_is(news.bot, cases[i].bot) && news.report.has_state &&
                  news.report.state == cases[i].state &&
                  str_is(news.report.reason, cases[i].reason) && news.report.at_ms > 0);
    }
}

Test(meetings_bots, what_is_no_news_of_a_bot_is_passed_over)
{
    static const char *const bodies[] = { "{}",
                                          "[]",
                                          "{\"trigger\":\"transcript.update\"}",
                                          "{\"event\":\"transcript.data\",\"data\":{}}",
                                          "{\"event\":\"bot.x\"}",
                                          "{\"data\":7}" };
    BotServices services = bot_services();
    for (size_t i = 0; i < COUNT(bodies); i++)
        for (size_t j = 0; j < services.count; j++) {
            AUTO_JSON json_t *json = NULL;
            BotNews news;
            Error err;
            cr_assert(json_parse(str(bodies[i]), KB(64), &json, &err));
            cr_expect(!services.at[j].dialect->news(arena, &services.at[j], json, &news));
        }
}

/* --- Dialects, over HTTP --- */

/* A server that gives these answers one after the other, and keeps what it was asked first. */
typedef struct Told {
    int status;
    const char *body;
} Told;

typedef struct Talk {
    HttpServer *server;
    const Told *told;
    size_t asked;
    char first[KB(4)]; /* method, path and two headers */
    BotServiceRow row;
    BotAsk ask;
} Talk;

static bool talk_begin(void *talk, HttpRequest *request, HttpPlan *plan, Error *err)
{
    (void)talk, (void)request, (void)err;
    *plan = (HttpPlan){ .body = HTTP_BODY_BUFFER, .body_max = MB(1) };
    return true;
}

static void talk_handle(void *argument, HttpRequest *request, HttpResponse *response)
{
    Talk *talk = argument;
    Str authorization = http_header_in(request, "Authorization");
    Str key = http_header_in(request, "X-API-Key"),
        once = http_header_in(request, "Idempotency-Key");
    if (!talk->asked)
        snprintf(talk->first, sizeof talk->first,
                 STR_FMT " " STR_FMT " " STR_FMT STR_FMT " " STR_FMT, STR_ARG(request->method),
                 STR_ARG(request->path), STR_ARG(authorization), STR_ARG(key), STR_ARG(once));
    const Told *told = &talk->told[talk->asked++];
    response->status = told->status;
    buf_add(&response->body, str(told->body));
}

static const HttpDispatch talk_dispatch = { .begin = talk_begin, .handle = talk_handle };

static void begin(Talk *talk, const char *service, const Told *told)
{
    const HttpServerOptions options = { .listen = "127.0.0.1:0", .reactor_count = 1 };
    Error err;
    *talk = (Talk){ .told = told };
    cr_assert(http_server_start(&options, &talk_dispatch, talk, &talk->server, &err));
    talk->row = (BotServiceRow){ .url = str_format(arena, "http://127.0.0.1:%d",
                                                   http_server_port(talk->server)),
                                 .allows_private = true };
    talk->ask = (BotAsk){ .http = http_client_new(&(HttpClientOptions){ 0 }),
                          .arena = arena,
                          .service = bot_service_named(str(service)),
                          .row = &talk->row,
                          .key = S("k") };
}

static void end(Talk *talk)
{
    http_client_free(talk->ask.http);
    cr_assert(http_server_stop(talk->server, 20000));
}

static MeetingBot some_bot(void)
{
    return (MeetingBot){ .id = S("own"),
                         .attempt = 1,
                         .remote_id = S("r1"),
                         .state = S("scheduled"),
                         .link_kind = S("meet"),
                         .link_id = S("abc-defg-hij") };
}

Test(meetings_bots, recall_is_asked_in_its_own_words)
{
    const Told told[] = {
        { 200, "{\"id\":\"r1\",\"status_changes\":[{\"code\":\"ready\"},{\"code\":\"joining_call\","
               "\"created_at\":\"2027-01-01T10:00:00Z\"}]}" },
        { 200, "{\"id\":\"r1\",\"recordings\":[]}" },
        { 200, "[{\"participant\":{\"name\":\"Anna\"},\"words\":[{\"text\":\"Good\","
               "\"start_timestamp\":{\"relative\":1.5},\"end_timestamp\":{\"relative\":2}},"
               "{\"text\":\"day\",\"start_timestamp\":{\"relative\":2},\"end_timestamp\":"
               "{\"relative\":2.25}}]},{\"speaker\":\"Ben\",\"words\":[]}]" },
    };
    const BotConfig config = { .name = S("Notes"), .message = S("hello"), .alone_s = 60 };
    MeetingBot bot = some_bot();
    BotReport report = { 0 };
    UtteranceList list = { 0 };
    Talk talk;
    Error err = { 0 };
    begin(&talk, "recall", told);
    cr_assert(talk.ask.service->dialect->create(&talk.ask, &bot, S("https://zoom.us/j/1"), S(""),
                                                &config, &report, &err),
              "%s", err.message);
    cr_expect(str_is(report.remote_id, "r1") && report.state == BOT_joining);
    cr_assert(talk.ask.service->dialect->transcript(&talk.ask, &bot, &list, &err), "%s",
              err.message);
    cr_assert_eq(list.count, 1);
    cr_expect(str_is(list.at[0].speaker, "Anna") && str_is(list.at[0].text, "Good day") &&
              list.at[0].start_ms == 1500 && list.at[0].end_ms == 2250);
    end(&talk);
    cr_expect_str_eq(talk.first, "POST /api/v1/bot/ Token k lectern-own-1");
}

Test(meetings_bots, vexa_is_asked_by_platform_and_meeting)
{
    const Told told[] = {
        { 409, "{\"detail\":\"already active\"}" },
        { 200, "{\"meetings\":[{\"id\":6,\"platform\":\"zoom\",\"native_meeting_id\":\"1\"},"
               "{\"id\":7,\"platform\":\"google_meet\",\"native_meeting_id\":\"abc-defg-hij\","
               "\"status\":\"awaiting_admission\"}]}" },
        { 200,
          "{\"segments\":[{\"start\":1.25,\"end\":3,\"text\":\" Hello. \",\"speaker\":\"Ben\"},"
          "{\"start\":4,\"end\":5,\"text\":\" \"}]}" },
    };
    const BotConfig config = { .name = S("Notes"), .language = S("en"), .record = S("audio") };
    MeetingBot bot = some_bot();
    BotReport report = { 0 };
    UtteranceList list = { 0 };
    Talk talk;
    Error err = { 0 };
    begin(&talk, "vexa", told);
    cr_assert(
        talk.ask.service->dialect->create(&talk.ask, &bot, S(""), S("pw"), &config, &report, &err),
        "%s", err.message);
    cr_expect(str_is(report.remote_id, "7") && report.state == BOT_waiting_room);
    cr_assert(talk.ask.service->dialect->transcript(&talk.ask, &bot, &list, &err), "%s",
              err.message);
    cr_assert_eq(list.count, 1);
    cr_expect(str_is(list.at[0].text, "Hello.") && list.at[0].start_ms == 1250);
    end(&talk);
    cr_expect_str_eq(talk.first, "POST /bots k ");
}

/* The recording as a service tells of it. */
static BotRecording recorded(const char *service, const Told *told)
{
    MeetingBot bot = some_bot();
    BotRecording recording = { 0 };
    Talk talk;
    Error err = { 0 };
    bot.remote_id = S("7");
    begin(&talk, service, told);
    cr_assert(talk.ask.service->dialect->recording(&talk.ask, &bot, &recording, &err), "%s",
              err.message);
    end(&talk);
    return recording;
}

Test(meetings_bots, a_recording_is_found_where_each_service_keeps_it)
{
    const Told attendee[] = { { 200, "{\"url\":\"https://x/a.mp3\",\"start_timestamp_ms\":1}" } };
    const Told picture[] = {
        { 200, "{\"recordings\":[{\"id\":\"r\",\"media_shortcuts\":{\"video_mixed\":"
               "{\"data\":{\"download_url\":\"https://x/v.mp4\"}}}}]}" }
    };
    const Told sound[] = {
        { 200, "{\"recordings\":[{\"id\":\"r\",\"media_shortcuts\":"
               "{\"video_mixed\":null}}]}" },
        { 200, "{\"results\":[{\"data\":{\"download_url\":\"https://x/a.mp3\"}}]}" }
    };
    const Told nothing[] = { { 200, "{\"recordings\":[]}" } };
    const Told vexa[] = {
        { 200, "{\"recordings\":[{\"id\":3,\"meeting_id\":6,\"media_files\":[{\"id\":4}]},"
               "{\"id\":5,\"meeting_id\":7,\"media_files\":[{\"id\":6}]},"
               "{\"id\":8,\"meeting_id\":7,\"media_files\":[]}]}" }
    };
    cr_expect(str_is(recorded("attendee", attendee).url, "https://x/a.mp3"));
    cr_expect(str_is(recorded("recall", picture).url, "https://x/v.mp4"));
    cr_expect(str_is(recorded("recall", sound).url, "https://x/a.mp3"));
    cr_expect(!recorded("recall", nothing).url.length);
    BotRecording own = recorded("vexa", vexa);
    cr_expect(str_ends_ignore_case(own.url, S("/recordings/5/media/6/raw")));
    cr_expect(str_is(own.header.name, "X-API-Key") && str_is(own.header.value, "k"));
}

Test(meetings_bots, why_a_bot_left_is_found_when_it_has_been_written_down)
{
    const Told recall[] = { { 200,
                              "{\"id\":\"r1\",\"status_changes\":[{\"code\":\"in_waiting_room\"},"
                              "{\"code\":\"call_ended\",\"sub_code\":"
                              "\"timeout_exceeded_waiting_room\"},{\"code\":\"done\"}]}" } };
    const Told granted[] = {
        { 200,
          "{\"id\":\"r1\",\"state\":\"ended\",\"events\":[{\"type\":\"recording_permission_"
          "denied\","
          "\"sub_type\":\"host_denied_permission\"},{\"type\":\"recording_permission_granted\"},"
          "{\"type\":\"meeting_ended\"},{\"type\":\"post_processing_completed\"}]}" }
    };
    const Told attendee[] = {
        { 200, "{\"id\":\"r1\",\"state\":\"joined_recording\",\"events\":[{\"sub_type\":"
               "\"host_denied_permission\"},{\"sub_type\":null}]}" }
    };
    MeetingBot bot = some_bot();
    BotReport report;
    Talk talk;
    Error err = { 0 };
    begin(&talk, "recall", recall);
    cr_assert(talk.ask.service->dialect->look(&talk.ask, &bot, &report, &err));
    end(&talk);
    cr_expect(report.state == BOT_ended && str_is(report.reason, "timeout_exceeded_waiting_room"));
    begin(&talk, "attendee", attendee);
    cr_assert(talk.ask.service->dialect->look(&talk.ask, &bot, &report, &err));
    end(&talk);
    cr_expect(report.state == BOT_recording && !report.reason.length);
    begin(&talk, "attendee", granted);
    cr_assert(talk.ask.service->dialect->look(&talk.ask, &bot, &report, &err));
    end(&talk);
    cr_expect(report.state == BOT_ended && !report.reason.length);
}

Test(meetings_bots, a_private_address_is_refused_without_being_called)
{
    Talk talk;
    BotReport report;
    MeetingBot bot = some_bot();
    Error err = { 0 };
    const Told told[] = { { 200, "{}" } };
    begin(&talk, "attendee", told);
    talk.row.allows_private = false;
    cr_expect(!talk.ask.service->dialect->look(&talk.ask, &bot, &report, &err));
    cr_expect(err.code == ERROR_DENIED && talk.ask.failure.then == BOT_THEN_END);
    end(&talk);
    cr_expect_eq(talk.asked, 0);
}
