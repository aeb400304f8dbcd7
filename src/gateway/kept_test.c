/* kept_test.c - answers come to the database in their order, and whoever waits is told. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/kept.h"

/* A database that keeps one answer of each of a few names. */
static struct {
    pthread_mutex_t lock;
    char replies[16][64];
    int count;
    atomic_int failures; /* of the next writes */
    atomic_int writes;
} rows = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool write_rows(void *app, const KeptAnswer *answers, size_t count, Error *err)
{
    (void)app;
    rows.writes++;
    if (atomic_load(&rows.failures) > 0 && atomic_fetch_sub(&rows.failures, 1) > 0)
        return fail(err, ERROR_BUSY, "not now");
    pthread_mutex_lock(&rows.lock);
    for (size_t i = 0; i < count && rows.count < 16; i++)
        snprintf(rows.replies[rows.count++], 64, STR_FMT " " STR_FMT, STR_ARG(answers[i].name.id),
                 STR_ARG(str_slice(answers[i].reply, 0, 20)));
    pthread_mutex_unlock(&rows.lock);
    return true;
}

static bool find_row(void *app, Arena *arena, const KeptName *name, KeptAnswer *answer_r,
                     Error *err)
{
    (void)app;
    Str found = S("");
    pthread_mutex_lock(&rows.lock);
    for (int i = 0; i < rows.count; i++)
        if (str_starts(str(rows.replies[i]), name->id))
            found = str_copy(arena, str(rows.replies[i]));
    pthread_mutex_unlock(&rows.lock);
    *answer_r = (KeptAnswer){ .name = *name, .reply = str_from(found, found.length ? 3 : 0) };
    return found.length || fail(err, ERROR_NOT_FOUND, "there is none");
}

static bool touch_row(void *app, const KeptName *name, Error *err)
{
    (void)app, (void)name;
    return fail(err, ERROR_NOT_FOUND, "nobody wants it");
}

static KeptAnswers *open_kept(void)
{
    return kept_new(&(KeptPorts){ .write = write_rows, .find = find_row, .touch = touch_row });
}

#define NAME(of) ((KeptName){ S("w"), S("anna"), S(of) })
#define ANSWER(of, said) (&(KeptAnswer){ .name = NAME(of), .reply = S(said) })

Test(kept, what_was_added_is_found_at_once_and_the_newest_counts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    KeptAnswers *kept = open_kept();
    KeptAnswer answer;
    Error err;
    cr_assert(kept_add(kept, ANSWER("r1", "begun"), NULL));
    cr_assert(kept_add(kept, ANSWER("r1", "done"), NULL));
    cr_assert(kept_find(kept, arena, &NAME("r1"), &answer, &err));
    cr_assert(str_is(answer.reply, "done"), STR_FMT, STR_ARG(answer.reply));
    cr_assert_not(kept_find(kept, arena, &NAME("r2"), &answer, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    kept_free(kept);
}

Test(kept, what_could_not_be_written_is_tried_again)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    KeptAnswers *kept = open_kept();
    KeptAnswer answer;
    Error err;
    atomic_store(&rows.failures, 1);
    cr_assert(kept_add(kept, ANSWER("r1", "late"), NULL));
    int64_t end_ms = monotonic_ms() + 10000;
    while (rows.count == 0 && monotonic_ms() < end_ms)
        (void)!kept_find(kept, arena, &NAME("r1"), &answer, &err);
    cr_assert(kept_find(kept, arena, &NAME("r1"), &answer, &err));
    cr_assert(str_is(answer.reply, "late") && rows.writes >= 2);
    kept_free(kept);
}

static atomic_int told;

static void tell(void *argument)
{
    (void)argument;
    told++;
}

Test(kept, whoever_waits_is_told_once_if_it_was_written_or_not)
{
    KeptAnswers *kept = open_kept();
    Reactor *reactor;
    Error err;
    cr_assert(reactor_new("test", &reactor, &err) && reactor_start(reactor, &err));
    KeptWaiter waiter = { reactor, tell, NULL };
    atomic_store(&rows.failures, 1);
    cr_assert(kept_add(kept, ANSWER("r1", "a"), &waiter));
    cr_assert(kept_add(kept, ANSWER("r2", "b"), &waiter));
    int64_t end_ms = monotonic_ms() + 10000;
    while ((told < 2 || rows.count < 2) && monotonic_ms() < end_ms)
        usleep(1000);
    kept_free(kept);
    reactor_free(reactor);
    cr_assert_eq(told, 2);
    cr_assert_eq(rows.count, 2);
}

Test(kept, what_is_on_its_way_still_runs)
{
    KeptAnswers *kept = open_kept();
    Error err;
    atomic_store(&rows.failures, 1000);
    cr_assert(kept_add(kept, ANSWER("r1", "begun"), NULL));
    cr_assert(kept_touch(kept, &NAME("r1"), &err));
    cr_assert_not(kept_touch(kept, &NAME("r2"), &err));
    kept_free(kept);
}

Test(kept, what_is_too_large_or_has_no_place_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    KeptAnswers *kept = open_kept();
    KeptAnswer large = { .name = NAME("r1"), .reply = { arena_alloc(arena, MB(5)), MB(5) } };
    cr_assert_not(kept_add(kept, &large, NULL));
    kept_free(kept);
    cr_assert_null(kept_new(&(KeptPorts){ 0 }));
    cr_assert_not(kept_add(NULL, ANSWER("r1", "a"), NULL));
}
