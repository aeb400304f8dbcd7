/* tasks_store_test.c - tasks, their order, what they need and when they are remembered. */
#include "base/clock.h"
#include "store/task_feeds_store.h"
#include "store/tasks_store.h"
#include "store/world_test.h"

static Task plain(const char *summary)
{
    return (Task){ .summary = str(summary),
                   .category = S("general"),
                   .priority = TASK_PRIORITY_medium,
                   .state = TASK_pending,
                   .made_by = S("person") };
}

static bool add(DbTx *tx, World *world, const char *summary, Task *task_r, Error *err)
{
    *task_r = plain(summary);
    return task_add(tx, &world->ours, world->arena, task_r, err);
}

STORE_TEST(a_task_has_an_id_and_a_number_and_is_found_by_both)
{
    const Scope *ours = &world->ours;
    Task first, second, found;

    CALL(add(tx, world, "Buy milk", &first, err));
    CALL(add(tx, world, "Write to Zoë", &second, err));
    EXPECT(first.number == 1 && second.number == 2 && second.position > first.position);
    CALL(task_find(tx, ours, world->arena, S("2"), &found, err));
    EXPECT(str_equal(found.id, second.id) && str_is(found.summary, "Write to Zoë"));
    CALL(task_find(tx, ours, world->arena, first.id, &found, err));
    EXPECT(found.number == 1 && found.priority == TASK_PRIORITY_medium);
    found.due_at_ms = 5;
    found.state = TASK_done;
    CALL(task_update(tx, ours, world->arena, &found, err));
    CALL(task_find(tx, ours, world->arena, first.id, &found, err));
    EXPECT(found.due_at_ms == 5 && found.state == TASK_done);
    EXPECT_CODE(ERROR_NOT_FOUND, task_find(tx, ours, world->arena, S("3"), &found, err));
    return true;
}

STORE_TEST(tasks_are_listed_by_what_they_are)
{
    const Scope *ours = &world->ours;
    Task first, second, third;
    TaskList list;
    int64_t count;

    CALL(add(tx, world, "Call the GRÖSSE office", &first, err));
    CALL(add(tx, world, "Pay the bill", &second, err));
    CALL(add(tx, world, "Sweep", &third, err));
    second.due_at_ms = 1000;
    second.priority = TASK_PRIORITY_urgent;
    second.assignee = S("Ann");
    CALL(task_update(tx, ours, world->arena, &second, err));
    third.deleted_at_ms = 9;
    CALL(task_update(tx, ours, world->arena, &third, err));

    const struct {
        TaskFilter filter;
        size_t count;
    } cases[] = {
        { { .has = S("grösse") }, 1 },
        { { .has = S("%") }, 0 },
        { { .priorities = 1U << TASK_PRIORITY_urgent }, 1 },
        { { .states = 1U << TASK_done }, 0 },
        { { .assignee = S("Ann") }, 1 },
        { { .user = S("Ann") }, 1 },
        { { .due_until_ms = 1001 }, 1 },
        { { .due_from_ms = 1001 }, 0 },
        { { .parent = S("none") }, 2 },
        { { .is_in_trash = true }, 1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(task_list(tx, ours, world->arena, &cases[i].filter, NULL, &list, err));
        CALL(task_count(tx, ours, world->arena, &cases[i].filter, &count, err));
        if (list.count != cases[i].count || count != (int64_t)list.count)
            return fail(err, ERROR_INTERNAL, "case %zu: %zu", i, list.count);
    }
    return true;
}

STORE_TEST(every_order_goes_through_all_tasks_once_in_parts)
{
    const Scope *ours = &world->ours;
    for (int i = 0; i < 7; i++) {
        Task task;
        CALL(add(tx, world, "t", &task, err));
        task.due_at_ms = i % 3 ? 1000 - i : 0;
        task.priority = (TaskPriority)(i % 4);
        CALL(task_update(tx, ours, world->arena, &task, err));
    }
    for (TaskOrder order = TASK_BY_POSITION; order <= TASK_BY_NUMBER; order++) {
        TaskFilter filter = { .order = order };
        Slice slice = { .limit = 2 };
        TaskList whole, part;
        size_t seen = 0;
        CALL(task_list(tx, ours, world->arena, &filter, NULL, &whole, err));
        do {
            CALL(task_list(tx, ours, world->arena, &filter, &slice, &part, err));
            for (size_t i = 0; i < part.count; i++)
                EXPECT(str_equal(part.at[i].id, whole.at[seen++].id));
            slice.after = part.next;
        } while (part.next.length);
        EXPECT(seen == 7);
    }
    return true;
}

/* Forty moves between the same two use up any gap. */
STORE_TEST(a_task_stands_just_below_the_one_it_was_moved_to)
{
    const Scope *ours = &world->ours;
    Task first, second, third;
    TaskList list;
    TaskFilter all = { 0 };

    CALL(add(tx, world, "1", &first, err));
    CALL(add(tx, world, "2", &second, err));
    CALL(add(tx, world, "3", &third, err));
    for (int i = 0; i < 40; i++) {
        Task *moved = i % 2 ? &second : &third;
        CALL(task_move(tx, ours, world->arena, moved, first.id, err));
        CALL(task_list(tx, ours, world->arena, &all, NULL, &list, err));
        EXPECT(list.count == 3 && str_equal(list.at[0].id, first.id));
        EXPECT(str_equal(list.at[1].id, moved->id));
    }
    CALL(task_move(tx, ours, world->arena, &second, S(""), err));
    CALL(task_list(tx, ours, world->arena, &all, NULL, &list, err));
    EXPECT(str_equal(list.at[0].id, second.id));
    return true;
}

STORE_TEST(what_a_task_needs_reaches_on)
{
    const Scope *ours = &world->ours;
    Task a, b, c;
    TaskLinkList links;
    bool reaches, below;

    CALL(add(tx, world, "a", &a, err));
    CALL(add(tx, world, "b", &b, err));
    CALL(add(tx, world, "c", &c, err));
    CALL(task_set_needs(tx, ours, a.id, (StrList){ &b.id, 1 }, err));
    CALL(task_set_needs(tx, ours, b.id, (StrList){ &c.id, 1 }, err));
    CALL(task_reaches(tx, ours, a.id, c.id, &reaches, err));
    EXPECT(reaches);
    CALL(task_reaches(tx, ours, c.id, a.id, &reaches, err));
    EXPECT(!reaches);
    CALL(task_list_needs(tx, ours, world->arena, (StrList){ &a.id, 1 }, &links, err));
    EXPECT(links.count == 1 && str_equal(links.at[0].needs, b.id) && links.at[0].is_open);
    c.parent = b.id;
    CALL(task_update(tx, ours, world->arena, &c, err));
    CALL(task_is_below(tx, ours, c.id, b.id, &below, err));
    EXPECT(below);
    CALL(task_is_below(tx, ours, b.id, c.id, &below, err));
    EXPECT(!below);
    return true;
}

STORE_TEST(a_reminder_fires_once)
{
    const Scope *ours = &world->ours;
    Task task;
    const int64_t times[] = { 100, 200 };
    TaskReminderList list;
    bool is_first;

    CALL(add(tx, world, "a", &task, err));
    CALL(task_set_reminders(tx, ours, world->arena, task.id, times, 2, err));
    CALL(task_list_reminders(tx, ours, world->arena, (StrList){ &task.id, 1 }, &list, err));
    EXPECT(list.count == 2 && list.at[1].at_ms == 200);
    CALL(task_fire_reminder(tx, ours, &list.at[0], 150, &is_first, err));
    EXPECT(is_first);
    CALL(task_fire_reminder(tx, ours, &list.at[0], 150, &is_first, err));
    EXPECT(!is_first);
    CALL(task_set_reminders(tx, ours, world->arena, task.id, times, 1, err));
    CALL(task_list_reminders(tx, ours, world->arena, (StrList){ &task.id, 1 }, &list, err));
    EXPECT(list.count == 1 && list.at[0].fired_at_ms == 150);
    EXPECT_CODE(ERROR_DENIED, task_due_reminders(tx, ours, world->arena, 999, &list, err));
    return true;
}

STORE_TEST(a_feed_is_found_by_its_hash_until_it_is_taken_away)
{
    const Scope *ours = &world->ours;
    TaskFeed feed = { .name = S("phone"), .hash = S("abc") }, found;

    CALL(task_feed_add(tx, ours, world->arena, &feed, err));
    CALL(task_feed_find_by_hash(tx, ours, world->arena, S("abc"), &found, err));
    EXPECT(str_equal(found.user, ours->user) && str_equal(found.id, feed.id));
    CALL(task_feed_remove(tx, ours, feed.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                task_feed_find_by_hash(tx, ours, world->arena, S("abc"), &found, err));
    return true;
}
