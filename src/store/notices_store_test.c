/* notices_store_test.c - what people are told, webhooks and alerts. */
#include "base/id.h"
#include "store/alerts_store.h"
#include "store/calls_store.h"
#include "store/notices_store.h"
#include "store/webhooks_store.h"
#include "store/world_test.h"

/* Told to the person of our scope. */
static bool tell(DbTx *tx, World *world, NoticeEvent *event, bool is_shown, NoticeMail mail,
                 Error *err)
{
    NoticeEventList added;
    CALL(notice_events_add(tx, &world->ours, world->arena, event, 1, &added, err));
    const NewNotice notice = { world->ours.user, event->id, is_shown, mail };
    return notices_add(tx, &world->ours, world->arena, &notice, 1, err);
}

STORE_TEST(an_event_of_one_key_happens_once)
{
    NoticeEvent again = { .kind = S("k"), .dedup = S("d"), .title = S("again") };
    NoticeEvent events[] = { { .kind = S("k"), .dedup = S("d"), .title = S("one") },
                             again,
                             { .kind = S("k"), .title = S("two") },
                             { .kind = S("k"), .title = S("two") } };
    NoticeEventList added;

    CALL(notice_events_add(tx, &world->ours, world->arena, events, COUNT(events), &added, err));
    EXPECT(added.count == 3);
    EXPECT(str_is(added.at[0].title, "one") && str_equal(added.at[1].id, events[2].id));
    CALL(notice_events_add(tx, &world->ours, world->arena, &again, 1, &added, err));
    EXPECT(added.count == 0);
    return true;
}

STORE_TEST(a_notice_is_unread_until_its_person_reads_it)
{
    const Scope *ours = &world->ours;
    NoticeEvent event[3] = { { .kind = S("k") }, { .kind = S("k") }, { .kind = S("k") } };
    Slice slice = { .limit = 1 };
    NoticeList list;
    int64_t count;

    for (int i = 0; i < 3; i++)
        CALL(tell(tx, world, &event[i], i != 1, NOTICE_MAIL_NONE, err));
    CALL(notice_count_unread(tx, ours, &count, err));
    EXPECT(count == 2); /* one is mailed only */
    CALL(notice_list(tx, ours, world->arena, false, &slice, &list, err));
    EXPECT(list.count == 1 && str_equal(list.at[0].event.id, event[2].id));
    slice.after = list.next;
    CALL(notice_list(tx, ours, world->arena, false, &slice, &list, err));
    EXPECT(list.count == 1 && str_equal(list.at[0].event.id, event[0].id) && !list.next.length);
    CALL(notice_mark_read(tx, ours, event[2].id, err));
    CALL(notice_list(tx, ours, world->arena, true, NULL, &list, err));
    EXPECT(list.count == 1 && str_equal(list.at[0].event.id, event[0].id));
    EXPECT_CODE(ERROR_NOT_FOUND, notice_mark_read(tx, ours, event[1].id, err));
    CALL(notice_mark_read(tx, ours, STR_NONE, err));
    CALL(notice_count_unread(tx, ours, &count, err));
    EXPECT(count == 0);
    return true;
}

STORE_TEST(what_was_mailed_is_not_mailed_again)
{
    const Scope *ours = &world->ours;
    NoticeEvent event = { .kind = S("k") };
    NoticeList list;

    CALL(tell(tx, world, &event, true, NOTICE_MAIL_DIGEST, err));
    CALL(notice_list_to_mail(tx, ours, world->arena, ours->user, NOTICE_MAIL_NOW, 9, &list, err));
    EXPECT(list.count == 0);
    CALL(
        notice_list_to_mail(tx, ours, world->arena, ours->user, NOTICE_MAIL_DIGEST, 9, &list, err));
    EXPECT(list.count == 1);
    CALL(notice_mark_mailed(tx, ours, ours->user, &list, err));
    CALL(
        notice_list_to_mail(tx, ours, world->arena, ours->user, NOTICE_MAIL_DIGEST, 9, &list, err));
    EXPECT(list.count == 0);
    return true;
}

STORE_TEST(a_choice_is_kept_by_kind)
{
    const Scope *ours = &world->ours;
    NoticeChoice choice = { .user = ours->user, .kind = S("a"), .on_page = true };
    NoticeChoiceList list;

    CALL(notice_choice_set(tx, ours, &choice, err));
    choice.by_mail = true;
    CALL(notice_choice_set(tx, ours, &choice, err));
    choice.kind = S("b");
    CALL(notice_choice_set(tx, ours, &choice, err));
    CALL(notice_choice_list(tx, ours, world->arena, S("a"), &list, err));
    EXPECT(list.count == 1 && list.at[0].by_mail && list.at[0].on_page);
    CALL(notice_choice_list(tx, ours, world->arena, STR_NONE, &list, err));
    EXPECT(list.count == 2);
    return true;
}

STORE_TEST(a_webhook_is_kept_switched_and_removed)
{
    const Scope *ours = &world->ours;
    Str kinds[] = { S("a"), S("b") };
    Webhook hook = { .url = S("https://a.org"), .sealed = S("\1\2"), .is_on = true }, found;
    hook.kinds = (StrList){ kinds, 2 };

    CALL(webhook_add(tx, ours, world->arena, &hook, err));
    CALL(webhook_find(tx, ours, world->arena, hook.id, &found, err));
    EXPECT(found.kinds.count == 2 && str_is(found.kinds.at[1], "b") && found.is_on);
    CALL(webhook_switch(tx, ours, hook.id, false, err));
    found.last_result = S("200");
    found.last_at_ms = 9;
    found.failures = 3;
    CALL(webhook_called(tx, ours, &found, err));
    CALL(webhook_find(tx, ours, world->arena, hook.id, &found, err));
    EXPECT(!found.is_on && found.failures == 3 && str_is(found.last_result, "200"));
    CALL(webhook_remove(tx, ours, hook.id, err));
    for (int i = 0; i < WEBHOOKS_MAX; i++)
        CALL(webhook_add(tx, ours, world->arena, &hook, err));
    EXPECT_CODE(ERROR_CONFLICT, webhook_add(tx, ours, world->arena, &hook, err));
    return true;
}

STORE_TEST(a_rule_has_one_open_alert_and_any_number_of_closed_ones)
{
    const Scope *ours = &world->ours;
    Alert alert = { .rule = S("errors"), .value = 7.5, .threshold = 5 }, again = alert;
    AlertList list;
    bool is_new, is_ours;

    CALL(alert_open(tx, ours, world->arena, &alert, &is_new, err));
    EXPECT(is_new);
    CALL(alert_open(tx, ours, world->arena, &again, &is_new, err));
    EXPECT(!is_new);
    CALL(alert_acknowledge(tx, ours, alert.id, err));
    alert.is_open = false;
    alert.closed_at_ms = 5;
    CALL(alert_save(tx, ours, &alert, &is_ours, err));
    EXPECT(is_ours);
    CALL(alert_save(tx, ours, &alert, &is_ours, err));
    EXPECT(!is_ours);
    CALL(alert_list_open(tx, ours, world->arena, &list, err));
    EXPECT(list.count == 0);
    CALL(alert_open(tx, ours, world->arena, &again, &is_new, err));
    EXPECT(is_new);
    CALL(alert_list(tx, ours, world->arena, false, NULL, &list, err));
    EXPECT(list.count == 2 && list.at[0].is_open && list.at[1].acknowledged_at_ms > 0);
    EXPECT(list.at[1].value == 7.5 && str_equal(list.at[1].acknowledged_by, ours->user));
    return true;
}

STORE_TEST(a_service_that_fails_at_half_of_its_calls_is_down)
{
    /* Of ten calls each: how many failed by the service, and by the client. */
    static const struct {
        const char *service;
        int calls, failed, refused;
    } cases[] = {
        { "down", 10, 5, 0 }, { "up", 10, 4, 0 }, { "asked-wrongly", 10, 0, 9 }, { "few", 4, 4, 0 }
    };
    const Scope *ours = &world->ours;
    StrList down;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CallRow rows[10] = { 0 };
        for (int k = 0; k < cases[i].calls; k++) {
            rows[k].id = id_new(world->arena);
            rows[k].service = str(cases[i].service);
            rows[k].status = k < cases[i].failed                      ? S("upstream")
                             : k < cases[i].failed + cases[i].refused ? S("invalid")
                                                                      : S("ok");
            rows[k].started_at_ms = 60000;
        }
        CALL(world_calls(tx, world, rows, (size_t)cases[i].calls, err));
    }
    CALL(call_services_down(tx, ours, world->arena, SPAN_MINUTE, 60000, 120000, 5, &down, err));
    EXPECT(down.count == 1 && str_is(down.at[0], "down"));
    CALL(call_services_down(tx, ours, world->arena, SPAN_MINUTE, 120000, 180000, 5, &down, err));
    EXPECT(down.count == 0);
    CALL(call_services_down(tx, &world->theirs, world->arena, SPAN_MINUTE, 60000, 120000, 5, &down,
                            err));
    EXPECT(down.count == 0);
    return true;
}

STORE_TEST(health_counts_what_services_did_not_what_clients_did)
{
    static const char *const status[] = { "ok", "upstream", "timeout", "cancelled", "invalid" };
    const Scope *ours = &world->ours;
    CallRow rows[COUNT(status)] = { 0 };
    CallHealth health;

    for (size_t i = 0; i < COUNT(status); i++) {
        rows[i].id = id_new(world->arena);
        rows[i].status = str(status[i]);
        rows[i].cost_pico = 10;
        rows[i].total_us = 100;
        rows[i].started_at_ms = 60000 * (int64_t)(1 + i / 3);
    }
    CALL(world_calls(tx, world, rows, COUNT(rows), err));
    CALL(call_health(tx, ours, SPAN_MINUTE, 60000, 180000, &health, err));
    EXPECT(health.totals.calls == 5 && health.errors == 2 && health.totals.took_us == 500);
    EXPECT(health.totals.cost_pico == 50 && health.totals.took_500ms == 5);
    CALL(call_health(tx, ours, SPAN_MINUTE, 120000, 180000, &health, err));
    EXPECT(health.totals.calls == 2 && health.errors == 0);
    CALL(call_health(tx, ours, SPAN_DAY, 0, 1, &health, err));
    EXPECT(health.totals.calls == 5);
    return true;
}
