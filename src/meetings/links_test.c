/* links_test.c - where meetings take place, as invitations write it. */
#include <criterion/criterion.h>

#include "meetings/links.h"

static const struct {
    const char *text, *kind, *id, *url, *password;
} cases[] = {
    { "Join: https://meet.google.com/abc-defg-hij?authuser=0&hs=122.", "meet", "abc-defg-hij",
      "https://meet.google.com/abc-defg-hij", "" },
    { "meet.google.com/ABC-defg-hij", "meet", "abc-defg-hij",
      "https://meet.google.com/ABC-defg-hij", "" },
    { "https://meet.google.com/lookup/team-x", "meet", "team-x",
      "https://meet.google.com/lookup/team-x", "" },
    { "https://us02web.zoom.us/j/86412345678?pwd=QWxhZGRpbg.1#success", "zoom", "86412345678",
      "https://us02web.zoom.us/j/86412345678?pwd=QWxhZGRpbg.1", "QWxhZGRpbg.1" },
    { "Topic: plan\nJoin Zoom Meeting\nhttps://zoom.us/j/123456789\n\nPasscode: s3c!ret\n", "zoom",
      "123456789", "https://zoom.us/j/123456789", "s3c!ret" },
    { "https://acme.zoomgov.com/wc/join/1601234567", "zoom", "1601234567",
      "https://acme.zoomgov.com/j/1601234567", "" },
    { "https://acme.zoom.us/my/Ann.Lee?pwd=x", "zoom", "my/ann.lee",
      "https://acme.zoom.us/my/Ann.Lee?pwd=x", "x" },
    { "<https://teams.microsoft.com/l/meetup-join/"
      "19%3ameeting_NGY%40thread.v2/0?context=%7b%22Tid%22%3a%22a%22%7d>",
      "teams", "19:meeting_NGY@thread.v2",
      "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NGY%40thread.v2/0"
      "?context=%7B%22Tid%22%3A%22a%22%7D",
      "" },
    { "https://teams.microsoft.com/meet/2345678901234?p=AbCdEf", "teams", "2345678901234",
      "https://teams.microsoft.com/meet/2345678901234?p=AbCdEf", "AbCdEf" },
    { "https://teams.live.com/meet/9312345678901", "teams", "9312345678901",
      "https://teams.live.com/meet/9312345678901", "" },
    { "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fteams.microsoft.com%2F"
      "meet%2F25%3Fp%3Dx&amp;data=05%7C",
      "teams", "25", "https://teams.microsoft.com/meet/25?p=x", "x" },
    { "https://www.google.com/url?q=https%3A%2F%2Fzoom.us%2Fj%2F999999999&sa=D", "zoom",
      "999999999", "https://zoom.us/j/999999999", "" },
    { "https://acme.webex.com/acme/j.php?MTID=m0123ABC", "webex", "m0123abc",
      "https://acme.webex.com/acme/j.php?MTID=m0123ABC", "" },
    { "https://acme.webex.com/meet/ann.lee", "webex", "acme.webex.com/ann.lee",
      "https://acme.webex.com/meet/ann.lee", "" },
    { "(https://meet.jit.si/PlanningRoom#config.x=1)", "jitsi", "meet.jit.si/planningroom",
      "https://meet.jit.si/PlanningRoom", "" },
    { "https://8x8.vc/acme/standup", "jitsi", "8x8.vc/acme/standup", "https://8x8.vc/acme/standup",
      "" },
    { "https://talk.example.org/standup", "jitsi", "talk.example.org/standup",
      "https://talk.example.org/standup", "" },
    { "see https://example.org/j/123456789, then https://zoom.us/j/987654321!", "zoom", "987654321",
      "https://zoom.us/j/987654321", "" },
};

Test(meetings, links_are_found_as_invitations_write_them)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const Str own[] = { S_INIT("talk.example.org") };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str text = str(cases[i].text);
        MeetingLink link;
        cr_assert(link_find(arena, &text, 1, (StrList){ own, 1 }, &link), "%s", cases[i].text);
        cr_expect_str_eq(link_kind_name(link.kind), cases[i].kind, "%s", cases[i].text);
        cr_expect(str_is(link.id, cases[i].id), "%s: " STR_FMT, cases[i].text, STR_ARG(link.id));
        cr_expect(str_is(link.url, cases[i].url), "%s: " STR_FMT, cases[i].text, STR_ARG(link.url));
        cr_expect(str_is(link.password, cases[i].password), "%s: " STR_FMT, cases[i].text,
                  STR_ARG(link.password));
    }
}

Test(meetings, what_is_no_meeting_is_no_link)
{
    static const char *const texts[] = {
        "",
        "https://meet.google.com/",
        "https://meet.google.com/landing",
        "https://zoom.us/download",
        "https://zoom.us/j/12",
        "https://evilzoom.us/j/123456789",
        "https://zoom.us.example.org/j/123456789",
        "https://teams.microsoft.com/l/channel/x",
        "https://www.webex.com/pricing",
        "https://meet.jit.si/",
        "https://talk.example.org/standup",
        "http",
        "https://",
        "https://zoom.us\\@example.org/j/123456789",
    };
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    for (size_t i = 0; i < COUNT(texts); i++) {
        Str text = str(texts[i]);
        MeetingLink link;
        cr_expect(!link_find(arena, &text, 1, (StrList){ 0 }, &link), "%s", texts[i]);
    }
}

Test(meetings, the_first_text_with_a_link_wins)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const Str texts[] = { S_INIT("Room 4"), S_INIT("https://meet.jit.si/a"),
                          S_INIT("https://zoom.us/j/123456789") };
    MeetingLink link;
    cr_assert(link_find(arena, texts, COUNT(texts), (StrList){ 0 }, &link));
    cr_expect(link.kind == LINK_jitsi);
}
