/* minutes_test.c - transcripts as documents, what was decided, and how bots are to be. */
#include <criterion/criterion.h>

#include "meetings/bot_config.h"
#include "meetings/decisions.h"
#include "meetings/meetings_int.h"

Test(meetings, a_transcript_has_turns_with_speakers_and_times)
{
    AUTO_ARENA Arena *arena = arena_new(MB(80));
    Utterance said[] = {
        { S("Ben"), S("a < b & \"c\"\nd"), INT64_C(1700000065000), INT64_C(1700000066000) },
        { S("Anna"), S("Good"), INT64_C(1700000000000), INT64_C(1700000001000) },
        { S("Anna"), S("morning."), INT64_C(1700000001500), INT64_C(1700000002000) },
        { S(""), S("Who?"), INT64_C(1700003700000), INT64_C(1700003701000) },
    };
    const UtteranceList list = { said, COUNT(said) };
    const Meeting meeting = { .title = S("Plan --> B") };
    Str text = minutes_transcript(arena, &meeting, &list);
    cr_expect(str_is(text, "WEBVTT\n\nNOTE\nPlan --&gt; B\n\n"
                           "00:00:00.000 --> 00:00:02.000\n<v Anna>Good morning.\n\n"
                           "00:01:05.000 --> 00:01:06.000\n<v Ben>a &lt; b &amp; \"c\" d\n\n"
                           "01:01:40.000 --> 01:01:41.000\n<v Speaker>Who?\n"),
              STR_FMT, STR_ARG(text));
}

Test(meetings, decisions_are_told_from_proposals_and_questions)
{
    static const struct {
        const char *text;
        bool is_one;
    } cases[] = {
        { "We decided to ship on Friday.", true },
        { "So, we decided to ship on Friday.", true },
        { "Decision: the north pier is closed.", true },
        { "Okay, let's go with the second offer.", true },
        { "Wir haben beschlossen, den Vertrag zu kündigen.", true },
        { "Nous avons décidé de fermer le site.", true },
        { "Have we decided to ship?", false },
        { "We have not decided yet.", false },
        { "Should we go with the first one.", false },
        { "Das ist noch nicht beschlossen, sagt Anna.", false },
        { "The undecided: one more week.", false },
        { "Please send the contract by Friday.", false },
        { "", false },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(decision_is_one(arena, str(cases[i].text)), cases[i].is_one, "%s",
                     cases[i].text);
}

Test(meetings, a_decision_knows_who_said_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Material material;
    DecisionList list;
    material_of_text(arena,
                     S("Anna: Good morning. What about Friday?\n\n"
                       "Ben Lee: It is late. We decided to ship the release on Monday.\n"),
                     false, &material);
    decisions_find(NULL, NULL, arena, &material, &list);
    cr_assert_eq(list.count, 1);
    cr_expect(str_is(list.at[0].text, "We decided to ship the release on Monday."));
    cr_expect(str_is(list.at[0].made_by, "rules"));
}

Test(meetings, rules_make_a_configuration_of_the_invitation)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const Meeting meeting = {
        .title = S("Wochenplanung"),
        .description =
            S("Wir besprechen die Aufgaben der nächsten Woche und den Stand der Arbeit."),
        .attendees = S("[{\"name\":\"Clara Fuchs\",\"email\":\"c@x\"},{\"name\":\"b@x\"},7]"),
        .starts_at_ms = 0,
        .ends_at_ms = 3600000
    };
    BotConfig config = bot_config_rules(arena, &meeting);
    cr_expect(str_is(config.language, "de") && str_is(config.record, "audio"));
    cr_expect(config.terms.count == 1 && str_is(config.terms.at[0], "Clara Fuchs"));
    cr_expect_eq(config.max_minutes, 120);
    AUTO_JSON json_t *json = NULL;
    Error err = { 0 };
    BotConfig back = { 0 };
    cr_assert(json_parse(bot_config_print(arena, &config), KB(64), &json, &err));
    cr_assert(bot_config_read(arena, json, &back, &err), "%s", err.message);
    cr_expect(back.max_minutes == config.max_minutes && back.terms.count == 1);
}

Test(meetings, a_configuration_stays_within_its_limits)
{
    static const char *const wrong[] = {
        "{\"max_minutes\":9}",       "{\"max_minutes\":721}", "{\"record\":\"everything\"}",
        "{\"bot_name\":\" \"}",      "{\"webhooks\":[]}",     "{\"waiting_room_seconds\":1}",
        "{\"silence_seconds\":1e9}", "{\"terms\":\"one\"}",   "{\"meeting_url\":\"https://x\"}",
    };
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const Meeting meeting = { .title = S("Plan"), .ends_at_ms = 3600000 };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        AUTO_JSON json_t *json = NULL;
        Error err = { 0 };
        BotConfig config = bot_config_rules(arena, &meeting);
        cr_assert(json_parse(str(wrong[i]), KB(1), &json, &err));
        cr_expect(!bot_config_read(arena, json, &config, &err) && err.code == ERROR_INVALID, "%s",
                  wrong[i]);
    }
}

Test(meetings, a_meeting_is_judged_by_what_its_event_says)
{
    const int64_t now = 1000000;
    const Meeting good = { .state = S("confirmed"),
                           .starts_at_ms = now - 10,
                           .ends_at_ms = now + 10,
                           .link_kind = S("meet") };
    Meeting cancelled = good, declined = good, day = good, over = good, nowhere = good, far = good;
    cancelled.state = S("cancelled");
    declined.answer = S("declined");
    day.is_all_day = true;
    over.ends_at_ms = now;
    nowhere.link_kind = S("");
    far.starts_at_ms = now + MEETING_AHEAD_MS + 1;
    far.ends_at_ms = far.starts_at_ms + 1;
    cr_expect_eq(meeting_judge(&good, now), MEETING_SKIP_none);
    cr_expect_eq(meeting_judge(&cancelled, now), MEETING_SKIP_cancelled);
    cr_expect_eq(meeting_judge(&declined, now), MEETING_SKIP_declined);
    cr_expect_eq(meeting_judge(&day, now), MEETING_SKIP_whole_day);
    cr_expect_eq(meeting_judge(&over, now), MEETING_SKIP_over);
    cr_expect_eq(meeting_judge(&nowhere, now), MEETING_SKIP_no_link);
    cr_expect_eq(meeting_judge(&far, now), MEETING_SKIP_too_far);
}
