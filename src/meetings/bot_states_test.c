/* bot_states_test.c - what services call the states of their bots and why these fail: every word,
 * every reason, every way through a meeting, and news that come twice or in another order. */
#include <criterion/criterion.h>

#include "meetings/bot_service.h"

static Arena *arena;

static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(meetings_states, .init = open_arena, .fini = close_arena);

Test(meetings_states, states_only_lead_on)
{
    static const struct {
        BotState now;
        int64_t since;
        BotState next;
        int64_t at;
        bool follows;
    } cases[] = {
        { BOT_planned, 5, BOT_scheduled, 1, true },
        { BOT_scheduled, 5, BOT_recording, 1, true },
        { BOT_recording, 5, BOT_joining, 9, false },
        { BOT_recording, 5, BOT_paused, 4, false },
        { BOT_recording, 5, BOT_paused, 6, true },
        { BOT_paused, 5, BOT_recording, 6, true },
        { BOT_recording, 5, BOT_recording, 9, true },
        { BOT_recording, 5, BOT_recording, 5, false },
        { BOT_in_meeting, 5, BOT_recording, 5, true },
        { BOT_recording, 5, BOT_in_meeting, 5, false },
        { BOT_processing, 5, BOT_recording, 9, false },
        { BOT_processing, 5, BOT_ended, 1, true },
        { BOT_ended, 5, BOT_failed, 9, false },
        { BOT_failed, 5, BOT_ended, 9, false },
        { BOT_ended, 5, BOT_removed, 1, true },
        { BOT_removed, 5, BOT_ended, 9, false },
        { BOT_cancelled, 5, BOT_joining, 9, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(bot_state_follows(cases[i].now, cases[i].since, cases[i].next, cases[i].at),
                     cases[i].follows, "%s -> %s", bot_states[cases[i].now].name,
                     bot_states[cases[i].next].name);
}

/* --- Words --- */

static const struct {
    const char *service, *word;
    BotState state;
} words[] = {
    { "attendee", "ready", BOT_scheduled },
    { "attendee", "scheduled", BOT_scheduled },
    { "attendee", "staged", BOT_scheduled },
    { "attendee", "joining", BOT_joining },
    { "attendee", "waiting_room", BOT_waiting_room },
    { "attendee", "joined_not_recording", BOT_in_meeting },
    { "attendee", "joined_recording", BOT_recording },
    { "attendee", "joined_recording_paused", BOT_paused },
    { "attendee", "joined_recording_permission_denied", BOT_denied },
    { "attendee", "joining_breakout_room", BOT_in_meeting },
    { "attendee", "leaving_breakout_room", BOT_in_meeting },
    { "attendee", "leaving", BOT_leaving },
    { "attendee", "post_processing", BOT_processing },
    { "attendee", "ended", BOT_ended },
    { "attendee", "fatal_error", BOT_failed },
    { "attendee", "data_deleted", BOT_removed },
    { "recall", "joining_call", BOT_joining },
    { "recall", "in_waiting_room", BOT_waiting_room },
    { "recall", "in_call_not_recording", BOT_in_meeting },
    { "recall", "recording_permission_allowed", BOT_in_meeting },
    { "recall", "recording_permission_denied", BOT_denied },
    { "recall", "in_call_recording", BOT_recording },
    { "recall", "call_ended", BOT_processing },
    { "recall", "recording_done", BOT_processing },
    { "recall", "done", BOT_ended },
    { "recall", "fatal", BOT_failed },
    { "recall", "media_expired", BOT_removed },
    { "vexa", "requested", BOT_scheduled },
    { "vexa", "joining", BOT_joining },
    { "vexa", "awaiting_admission", BOT_waiting_room },
    { "vexa", "needs_help", BOT_waiting_room },
    { "vexa", "active", BOT_recording },
    { "vexa", "stopping", BOT_leaving },
    { "vexa", "completed", BOT_ended },
    { "vexa", "failed", BOT_failed },
};

Test(meetings_states, every_word_of_a_service_is_a_state)
{
    BotState state;
    for (size_t i = 0; i < COUNT(words); i++) {
        const BotService *service = bot_service_named(str(words[i].service));
        cr_expect(bot_word(service, str(words[i].word), &state) && state == words[i].state, "%s",
                  words[i].word);
    }
    cr_expect(!bot_word(bot_service_named(S("attendee")), S("in_call_recording"), &state));
    cr_expect(!bot_word(bot_service_named(S("attendee")), S(""), &state));
    cr_expect_null(bot_service_named(S("nobody")));
}

/* --- Reasons: every sub-type that Attendee documents --- */

static const struct {
    const char *event, *sub_type;
    BotOutcome outcome;
    bool is_passing;
} sub_types[] = {
    { "could_not_join", "meeting_not_started_waiting_for_host", BOT_OUTCOME_NOT_IN, true },
    { "could_not_join", "zoom_authorization_failed", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "zoom_meeting_status_failed", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "unpublished_zoom_app", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "zoom_sdk_internal_error", BOT_OUTCOME_NOT_IN, true },
    { "could_not_join", "request_to_join_denied", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "meeting_not_found", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "waiting_room_timeout_exceeded", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "login_required", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "bot_login_attempt_failed", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "unable_to_connect_to_meeting", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "authorized_user_not_in_meeting_timeout_exceeded", BOT_OUTCOME_NOT_IN,
      false },
    { "could_not_join", "blocked_by_captcha", BOT_OUTCOME_NOT_IN, false },
    { "could_not_join", "zoom_app_cannot_join_anonymously", BOT_OUTCOME_NOT_IN, false },
    { "fatal_error", "process_terminated", BOT_OUTCOME_BROKEN, true },
    { "fatal_error", "rtmp_connection_failed", BOT_OUTCOME_BROKEN, true },
    { "fatal_error", "ui_element_not_found", BOT_OUTCOME_BROKEN, true },
    { "fatal_error", "heartbeat_timeout", BOT_OUTCOME_BROKEN, true },
    { "fatal_error", "bot_not_launched", BOT_OUTCOME_BROKEN, true },
    { "fatal_error", "out_of_credits", BOT_OUTCOME_BROKEN, false },
    { "fatal_error", "attendee_internal_error", BOT_OUTCOME_BROKEN, true },
    { "fatal_error", "global_runtime_timeout", BOT_OUTCOME_BROKEN, false },
    { "recording_permission_denied", "host_denied_permission", BOT_OUTCOME_UNRECORDED, false },
    { "recording_permission_denied", "request_timed_out", BOT_OUTCOME_UNRECORDED, false },
    { "recording_permission_denied", "host_client_cannot_grant_permission", BOT_OUTCOME_UNRECORDED,
      false },
    { "recording_permission_denied", "webinar_attendee_needs_panelist_promotion",
      BOT_OUTCOME_UNRECORDED, false },
    { "leave_requested", "user_requested", BOT_OUTCOME_LEFT, false },
    { "leave_requested", "auto_leave_silence", BOT_OUTCOME_LEFT, false },
    { "leave_requested", "auto_leave_only_participant_in_meeting", BOT_OUTCOME_LEFT, false },
    { "leave_requested", "auto_leave_max_uptime_exceeded", BOT_OUTCOME_LEFT, false },
    { "leave_requested", "auto_leave_could_not_enable_closed_captions", BOT_OUTCOME_UNRECORDED,
      false },
};

static const struct {
    const char *event, *new_state;
} new_states[] = { { "could_not_join", "fatal_error" },
                   { "fatal_error", "fatal_error" },
                   { "recording_permission_denied", "joined_recording_permission_denied" },
                   { "leave_requested", "leaving" } };

static const char *new_state_of(const char *event)
{
    size_t i = 0;
    while (strcmp(new_states[i].event, event) != 0)
        i++;
    return new_states[i].new_state;
}

Test(meetings_states, every_documented_reason_has_an_outcome_and_words)
{
    cr_assert_eq(COUNT(sub_types), 31);
    for (size_t i = 0; i < COUNT(sub_types); i++) {
        Str code = str(sub_types[i].sub_type);
        const BotReason *reason = bot_reason_named(code);
        cr_assert_not_null(reason, "%s", sub_types[i].sub_type);
        cr_expect_eq(reason->outcome, sub_types[i].outcome, "%s", reason->code);
        cr_expect_eq(bot_reason_is_passing(code), sub_types[i].is_passing, "%s", reason->code);
        cr_expect(strlen(reason->text) > 10 && !strchr(reason->text, '_'), "%s", reason->text);
    }
}

Test(meetings_states, a_documented_event_is_heard_with_its_reason)
{
    const BotService *service = bot_service_named(S("attendee"));
    for (size_t i = 0; i < COUNT(sub_types); i++) {
        AUTO_JSON json_t *json = NULL;
        MeetingBot bot = { .state = S("joining") };
        BotNews news;
        BotState wanted;
        Error err;
        const char *new_state = new_state_of(sub_types[i].event);
        Str body = str_format(arena,
                              "{\"idempotency_key\":\"k\",\"bot_id\":\"b\",\"trigger\":"
                              "\"bot.state_change\",\"data\":{\"new_state\":\"%s\",\"event_type\":"
                              "\"%s\",\"event_sub_type\":\"%s\",\"created_at\":"
                              "\"2027-01-01T10:00:00Z\"}}",
                              new_state, sub_types[i].event, sub_types[i].sub_type);
        cr_assert(json_parse(body, KB(4), &json, &err));
        cr_assert(service->dialect->news(arena, service, json, &news));
        cr_expect_eq(bot_hear(arena, &bot, &news.report, news.report.at_ms), BOT_HEARD_STATE);
        cr_assert(bot_word(service, str(new_state), &wanted));
        cr_expect(str_is(bot.state, bot_states[wanted].name) &&
                  str_is(bot.reason, sub_types[i].sub_type) && bot.reason_text.length);
    }
}

Test(meetings_states, a_reason_that_is_not_known_is_shown_as_it_is)
{
    cr_expect(str_is(bot_reason_text(arena, S("new_thing")), "the service says: new_thing"));
    cr_expect(!bot_reason_is_passing(S("new_thing")) && !bot_reason_named(S("new_thing")));
    cr_expect(!bot_reason_text(arena, S("")).length);
}

Test(meetings_states, no_reason_stands_twice_and_each_has_words)
{
    static const char *const codes[] = {
#define BOT_REASON(code, outcome, then, text) code,
#include "meetings/bot_reasons.def"
#undef BOT_REASON
    };
    for (size_t i = 0; i < COUNT(codes); i++)
        for (size_t j = 0; j < i; j++)
            cr_expect(strcmp(codes[i], codes[j]) != 0, "%s", codes[i]);
}

/* --- Ways through a meeting --- */

/* "waiting_room joined_recording ... leaving:auto_leave_silence", a minute apart. */
typedef struct Way {
    const char *steps, *state, *reason;
} Way;

static const Way ways[] = {
    { "scheduled staged joining joined_not_recording joined_recording leaving:user_requested "
      "post_processing ended",
      "ended", "user_requested" },
    { "ready joining waiting_room joined_not_recording joined_recording post_processing ended",
      "ended", "" },
    { "joining waiting_room fatal_error:waiting_room_timeout_exceeded", "failed",
      "waiting_room_timeout_exceeded" },
    { "joining fatal_error:meeting_not_found", "failed", "meeting_not_found" },
    { "joining waiting_room fatal_error:request_to_join_denied data_deleted", "removed",
      "request_to_join_denied" },
    { "scheduled fatal_error:bot_not_launched", "failed", "bot_not_launched" },
    { "scheduled staged fatal_error:out_of_credits", "failed", "out_of_credits" },
    { "joining joined_not_recording joined_recording_permission_denied:host_denied_permission",
      "denied", "host_denied_permission" },
    { "joining joined_not_recording joined_recording_permission_denied:request_timed_out "
      "joined_recording post_processing ended",
      "ended", "" },
    { "joining joined_not_recording joined_recording_permission_denied:host_denied_permission "
      "leaving post_processing ended",
      "ended", "host_denied_permission" },
    { "joining joined_not_recording joined_recording joined_recording_paused joined_recording "
      "fatal_error:heartbeat_timeout",
      "failed", "heartbeat_timeout" },
    { "joining joined_recording joining_breakout_room joined_recording leaving_breakout_room "
      "joined_recording",
      "recording", "" },
    { "joining joined_recording joined_recording_paused", "paused", "" },
    { "joining waiting_room post_processing ended", "ended", "" },
    { "joining leaving:auto_leave_silence fatal_error:process_terminated", "failed",
      "process_terminated" },
    { "joining joined_recording leaving:auto_leave_only_participant_in_meeting post_processing "
      "ended data_deleted",
      "removed", "auto_leave_only_participant_in_meeting" },
};

#define STEPS_MAX 8

static size_t read_way(const Way *way, BotReport reports[STEPS_MAX])
{
    const BotService *service = bot_service_named(S("attendee"));
    Str rest = str(way->steps), step;
    size_t count = 0;
    while (str_next(&rest, ' ', &step)) {
        ptrdiff_t colon = str_find_char(step, ':');
        BotReport report = { .at_ms = (int64_t)(count + 1) * 60000 };
        cr_assert(count < STEPS_MAX);
        bot_report_word(service, colon < 0 ? step : str_slice(step, 0, (size_t)colon), &report);
        report.reason = colon < 0 ? STR_NONE : str_from(step, (size_t)colon + 1);
        cr_assert(report.has_state, "%s", way->steps);
        reports[count++] = report;
    }
    return count;
}

static MeetingBot planned(void)
{
    return (MeetingBot){ .state = S("planned"), .state_at_ms = 1000000 };
}

static void hear_as(MeetingBot *bot, const BotReport *report)
{
    (void)bot_hear(arena, bot, report, report->at_ms);
}

Test(meetings_states, every_way_through_a_meeting_ends_where_it_does)
{
    for (size_t i = 0; i < COUNT(ways); i++) {
        BotReport reports[STEPS_MAX];
        size_t count = read_way(&ways[i], reports);
        MeetingBot bot = planned();
        for (size_t j = 0; j < count; j++)
            hear_as(&bot, &reports[j]);
        cr_expect(str_is(bot.state, ways[i].state) && str_is(bot.reason, ways[i].reason),
                  "%s: " STR_FMT " " STR_FMT, ways[i].steps, STR_ARG(bot.state),
                  STR_ARG(bot.reason));
    }
}

/* Heap's way through all orders of the reports. */
static size_t try_orders(const Way *way, BotReport *reports, size_t count, size_t size,
                         const MeetingBot *wanted)
{
    size_t tried = 0;
    if (size <= 1) {
        MeetingBot bot = planned();
        for (size_t i = 0; i < count; i++) {
            hear_as(&bot, &reports[i]);
            hear_as(&bot, &reports[i / 2]); /* again, now or later */
        }
        cr_expect(str_equal(bot.state, wanted->state) && bot.state_at_ms == wanted->state_at_ms &&
                      str_equal(bot.reason, wanted->reason) &&
                      str_equal(bot.reason_text, wanted->reason_text),
                  "%s: " STR_FMT " " STR_FMT, way->steps, STR_ARG(bot.state), STR_ARG(bot.reason));
        return 1;
    }
    for (size_t i = 0; i < size; i++) {
        tried += try_orders(way, reports, count, size - 1, wanted);
        size_t with = size % 2 ? 0 : i;
        BotReport swapped = reports[with];
        reports[with] = reports[size - 1];
        reports[size - 1] = swapped;
    }
    return tried;
}

Test(meetings_states, news_in_any_order_and_twice_end_in_the_same_state_and_reason)
{
    size_t tried = 0;
    for (size_t i = 0; i < COUNT(ways); i++) {
        BotReport reports[STEPS_MAX];
        size_t count = read_way(&ways[i], reports);
        MeetingBot wanted = planned();
        for (size_t j = 0; j < count; j++)
            hear_as(&wanted, &reports[j]);
        tried += try_orders(&ways[i], reports, count, count, &wanted);
    }
    cr_expect_gt(tried, 40000);
}

Test(meetings_states, news_of_the_same_moment_do_not_depend_on_which_was_first)
{
    const Way way = { "joining joined_not_recording joined_recording joined_recording_paused",
                      "paused", "" };
    BotReport reports[STEPS_MAX];
    size_t count = read_way(&way, reports);
    MeetingBot wanted = planned();
    for (size_t i = 0; i < count; i++)
        reports[i].at_ms = 60000;
    for (size_t i = 0; i < count; i++)
        hear_as(&wanted, &reports[i]);
    cr_expect(str_is(wanted.state, "paused"));
    cr_expect_eq(try_orders(&way, reports, count, count, &wanted), 24);
}

Test(meetings_states, why_a_step_was_put_off_gives_way_to_what_is_heard)
{
    MeetingBot bot = planned();
    BotReport report = { .has_state = true, .state = BOT_joining, .at_ms = 5 };
    bot.reason = S("service_failed");
    bot.reason_text = S("Attendee answered with status 500");
    bot.tries = 2;
    hear_as(&bot, &report);
    cr_expect(!bot.reason.length && !bot.reason_text.length && str_is(bot.state, "joining"));
}
