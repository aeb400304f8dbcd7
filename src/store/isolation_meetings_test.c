/* isolation_meetings_test.c - calendars, meetings and bots, asked for as another workspace; and
 * that one bot alone holds a meeting. */
#include "store/isolation_world_test.h"

#include "store/bot_services_store.h"
#include "store/calendars_store.h"
#include "store/meeting_bots_store.h"
#include "store/meetings_store.h"

static struct {
    BotServiceRow service;
    Calendar calendar;
    Meeting meeting;
    MeetingBot bot;
} kept;

static MeetingBot bot_of(const Meeting *meeting, Str key)
{
    return (MeetingBot){ .meeting = meeting->id,
                         .service = kept.service.id,
                         .meeting_key = key,
                         .link_kind = S("meet"),
                         .link_id = S("abc"),
                         .starts_at_ms = 5000,
                         .wish = S("join"),
                         .state = S("planned") };
}

bool isolation_fill_meetings(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Arena *arena = world->arena;
    BotSchedulingLog log = { .user = ours->user, .outcome = S("scheduled") };
    bool is_new;

    kept.service = (BotServiceRow){ .kind = S("attendee"), .name = S("ours"), .sealed = S("s") };
    CALL(bot_service_add(tx, ours, arena, &kept.service, err));
    kept.calendar = (Calendar){ .kind = S("ics"), .name = S("ours"), .is_on = true };
    CALL(calendar_add(tx, ours, arena, &kept.calendar, err));
    kept.meeting = (Meeting){ .user = ours->user,
                              .calendar = kept.calendar.id,
                              .uid = S("u"),
                              .title = S("our plan"),
                              .attendees = S("[]"),
                              .state = S("confirmed"),
                              .starts_at_ms = 5000,
                              .ends_at_ms = 6000 };
    CALL(meeting_put(tx, ours, arena, &kept.meeting, &is_new, err));
    EXPECT(is_new);
    kept.bot = bot_of(&kept.meeting, S("k"));
    CALL(meeting_bot_add(tx, ours, arena, &kept.bot, &is_new, err));
    EXPECT(is_new);
    log.bot = kept.bot.id;
    CALL(bot_scheduling_log_add(tx, ours, arena, &log, err));
    MeetingBotEvent event = { .bot = kept.bot.id, .id = S("e"), .source = S("webhook") };
    CALL(meeting_bot_event_add(tx, ours, &event, &is_new, err));
    EXPECT(is_new);
    CALL(meeting_bot_event_add(tx, ours, &event, &is_new, err));
    EXPECT(!is_new);
    return true;
}

static bool nothing_is_found(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    BotServiceRow service;
    Calendar calendar;
    Meeting meeting;
    MeetingBot bot;
    EXPECT_CODE(ERROR_NOT_FOUND,
                bot_service_find(tx, theirs, arena, kept.service.id, &service, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                calendar_find(tx, theirs, arena, kept.calendar.id, &calendar, err));
    EXPECT_CODE(ERROR_NOT_FOUND, meeting_find(tx, theirs, arena, kept.meeting.id, &meeting, err));
    EXPECT_CODE(ERROR_NOT_FOUND, meeting_bot_find(tx, theirs, arena, kept.bot.id, &bot, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                meeting_bot_find_remote(tx, theirs, arena, kept.service.id, S(""), &bot, err));
    EXPECT_CODE(ERROR_NOT_FOUND, meeting_bot_find_holder(tx, theirs, arena, &kept.bot, &bot, err));
    return true;
}

static bool nothing_is_changed(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    bool changed;
    EXPECT_CODE(ERROR_NOT_FOUND, bot_service_change(tx, theirs, &kept.service, err));
    EXPECT_CODE(ERROR_NOT_FOUND, bot_service_remove(tx, theirs, kept.service.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, calendar_change(tx, theirs, &kept.calendar, err));
    EXPECT_CODE(ERROR_NOT_FOUND, calendar_synced(tx, theirs, &kept.calendar, err));
    EXPECT_CODE(ERROR_NOT_FOUND, calendar_remove(tx, theirs, kept.calendar.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, meeting_cancel(tx, theirs, kept.meeting.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, meeting_set_document(tx, theirs, kept.meeting.id, S("d"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, meeting_set_minutes(tx, theirs, kept.meeting.id, S("{}"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, meeting_bot_wish(tx, theirs, kept.bot.id, S("leave"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, meeting_bot_let_go(tx, theirs, kept.bot.id, err));
    CALL(meeting_bot_update(tx, theirs, &kept.bot, S("planned"), 1, &changed, err));
    EXPECT(!changed);
    CALL(meeting_bot_move(tx, theirs, &kept.bot, &changed, err));
    EXPECT(!changed);
    return true;
}

static bool nothing_is_listed(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    const Slice slice = { 0 };
    MeetingFilter filter = { .user = world->ours.user };
    MeetingBotFilter any = { 0 };
    BotServiceList services;
    CalendarList calendars;
    MeetingList meetings;
    MeetingBotList bots;
    MeetingBotEventList events;
    BotSchedulingLogList logs;
    CALL(bot_service_list(tx, theirs, arena, &services, err));
    CALL(calendars_list(tx, theirs, arena, world->ours.user, &calendars, err));
    CALL(meeting_list(tx, theirs, arena, &filter, NULL, &meetings, err));
    EXPECT(!services.count && !calendars.count && !meetings.count);
    CALL(meeting_list_uid(tx, theirs, arena, kept.calendar.id, S("u"), &meetings, err));
    CALL(meeting_bot_list(tx, theirs, arena, &any, NULL, &bots, err));
    CALL(meeting_bot_event_list(tx, theirs, arena, kept.bot.id, &events, err));
    CALL(bot_scheduling_log_list(tx, theirs, arena, world->ours.user, &slice, &logs, err));
    EXPECT(!meetings.count && !bots.count && !events.count && !logs.count);
    EXPECT_CODE(ERROR_DENIED, calendars_due(tx, theirs, arena, INT64_MAX, &calendars, err));
    EXPECT_CODE(ERROR_DENIED, meeting_bots_due(tx, theirs, arena, INT64_MAX, &bots, err));
    EXPECT_CODE(ERROR_DENIED, meetings_purge(tx, theirs, INT64_MAX, err));
    return true;
}

bool isolation_meetings_hidden(DbTx *tx, World *world, Error *err)
{
    return nothing_is_found(tx, world, err) && nothing_is_changed(tx, world, err) &&
           nothing_is_listed(tx, world, err);
}

/* --- One bot a meeting --- */

STORE_TEST(a_meeting_is_held_by_one_bot_until_it_lets_go)
{
    Arena *arena = world->arena;
    const Scope *ours = &world->ours;
    bool done;

    CALL(isolation_fill_meetings(tx, world, err));
    MeetingBot same_event = bot_of(&kept.meeting, S("k")),
               same_link = bot_of(&kept.meeting, S("l"));
    same_event.link_id = S("other");
    CALL(meeting_bot_add(tx, ours, arena, &same_event, &done, err));
    EXPECT(!done);
    CALL(meeting_bot_add(tx, ours, arena, &same_link, &done, err));
    EXPECT(!done);
    MeetingBot later = same_link;
    later.starts_at_ms = 9000;
    CALL(meeting_bot_add(tx, ours, arena, &later, &done, err));
    EXPECT(done);
    later.starts_at_ms = 5000; /* where the other is */
    CALL(meeting_bot_move(tx, ours, &later, &done, err));
    EXPECT(!done);
    CALL(meeting_bot_let_go(tx, ours, kept.bot.id, err));
    CALL(meeting_bot_move(tx, ours, &later, &done, err));
    EXPECT(done);
    CALL(meeting_bot_add(tx, ours, arena, &same_event, &done, err));
    EXPECT(done);
    return true;
}

STORE_TEST(an_update_of_a_bot_counts_only_from_the_state_it_was_read_in)
{
    MeetingBot found;
    bool changed;

    CALL(isolation_fill_meetings(tx, world, err));
    MeetingBot bot = kept.bot;
    bot.state = S("joining");
    CALL(meeting_bot_update(tx, &world->ours, &bot, S("scheduled"), 1, &changed, err));
    EXPECT(!changed);
    CALL(meeting_bot_update(tx, &world->ours, &bot, S("planned"), 2, &changed, err));
    EXPECT(!changed);
    CALL(meeting_bot_update(tx, &world->ours, &bot, S("planned"), 1, &changed, err));
    EXPECT(changed);
    CALL(meeting_bot_find(tx, &world->ours, world->arena, bot.id, &found, err));
    EXPECT(str_is(found.state, "joining"));
    return true;
}

STORE_TEST(a_meeting_of_a_calendar_is_put_once_and_says_when_it_has_changed)
{
    Arena *arena = world->arena;
    const Scope *ours = &world->ours;
    MeetingFilter filter = { .user = ours->user };
    MeetingList list;
    bool changed;

    CALL(isolation_fill_meetings(tx, world, err));
    Meeting again = kept.meeting;
    again.title = S("another name");
    CALL(meeting_set_document(tx, ours, again.id, S("doc"), err));
    CALL(meeting_put(tx, ours, arena, &again, &changed, err));
    EXPECT(!changed && str_equal(again.id, kept.meeting.id));
    again.starts_at_ms = 5500;
    CALL(meeting_put(tx, ours, arena, &again, &changed, err));
    EXPECT(changed);
    CALL(meeting_list(tx, ours, arena, &filter, NULL, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].title, "another name") &&
           str_is(list.at[0].document, "doc"));
    CALL(calendar_remove(tx, ours, kept.calendar.id, err));
    CALL(meeting_list(tx, ours, arena, &filter, NULL, &list, err));
    EXPECT(list.count == 1 && !list.at[0].calendar.length); /* there is a document of it */
    return true;
}
