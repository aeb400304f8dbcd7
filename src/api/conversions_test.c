#include "api/conversions.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"

static Arena *arena;
static Error err;
static Conversions *all;

static void open_all(int at_once, int held_max)
{
    ConversionsOptions options = { .at_once = at_once, .held_max = held_max, .folder = "/tmp" };
    arena = arena_new(MB(1));
    all = conversions_new(&options);
}

static void close_all(void)
{
    conversions_free(all);
    arena_free(arena);
}

/* --- Places --- */

static atomic_int done_count, busy_count;

static void *begin_and_end(void *argument)
{
    Error why;
    (void)argument;
    if (conversion_begin(all, false, &why)) {
        conversion_end(all, false);
        done_count++;
    } else {
        busy_count += why.code == ERROR_BUSY;
    }
    return NULL;
}

Test(api, a_conversion_waits_for_a_place_and_too_many_are_told_so)
{
    pthread_t threads[2];
    open_all(1, 2);
    cr_assert(conversion_begin(all, false, &err));
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, begin_and_end, NULL);
    /* Whichever came second. */
    for (int i = 0; i < 2000 && !busy_count; i++)
        sleep_ms(10);
    cr_expect(busy_count == 1 && done_count == 0);
    conversion_end(all, false);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_expect(busy_count == 1 && done_count == 1);
    close_all();
}

Test(api, strangers_take_half_of_the_places)
{
    open_all(4, 4);
    cr_assert(conversion_begin(all, true, &err) && conversion_begin(all, true, &err));
    cr_expect(!conversion_begin(all, true, &err) && err.code == ERROR_LIMITED);
    cr_assert(conversion_begin(all, false, &err));
    conversion_end(all, false);
    conversion_end(all, true);
    conversion_end(all, true);
    close_all();
}

Test(api, nothing_begins_once_the_program_ends)
{
    open_all(1, 4);
    conversions_stop(all);
    cr_expect(!conversion_begin(all, false, &err) && err.code == ERROR_BUSY);
    cr_expect(atomic_load(conversions_stopping(all)));
    close_all();
}

/* --- Tasks --- */

typedef struct Work {
    const char *answer;
    int64_t lasts_ms;
    atomic_int runs, releases;
} Work;

static void run(void *argument, ConversionResult *result)
{
    Work *work = argument;
    work->runs++;
    for (int64_t i = 0; i < work->lasts_ms && !atomic_load(conversions_stopping(all)); i++)
        sleep_ms(1);
    *result = (ConversionResult){ .state = CONVERSION_SUCCESS,
                                  .status = 200,
                                  .media_type = S("text/plain"),
                                  .file_name = S(""),
                                  .body = str(work->answer),
                                  .succeeded = 1 };
}

static void release(void *argument) { ((Work *)argument)->releases++; }

static bool add(Str workspace, Work *work, ConversionView *view_r)
{
    ConversionWork task = { .run = run, .release = release, .argument = work, .files = 1 };
    return conversion_add(all, arena, workspace, &task, view_r, &err);
}

Test(api, a_tasks_result_is_kept_for_its_workspace)
{
    Work work = { .answer = "done" };
    ConversionView view;
    ConversionFile file;
    char bytes[8] = { 0 };
    open_all(2, 4);
    cr_assert(add(S("one"), &work, &view));
    cr_assert(conversion_find(all, arena, S("one"), view.id, 10000, &view, &err));
    cr_expect(view.state == CONVERSION_SUCCESS && view.succeeded == 1 && view.position == 0);
    for (int i = 0; i < 2; i++) {
        cr_assert(conversion_result(all, arena, S("one"), view.id, &file, &err));
        cr_expect(file.size == 4 && pread(file.fd, bytes, sizeof bytes, 0) == 4);
        cr_expect(strcmp(bytes, "done") == 0 && str_is(file.media_type, "text/plain"));
        close(file.fd);
    }
    cr_expect(!conversion_find(all, arena, S("two"), view.id, 0, &view, &err));
    cr_expect(err.code == ERROR_NOT_FOUND);
    cr_expect(!conversion_result(all, arena, S(""), view.id, &file, &err));
    close_all();
    cr_expect(work.runs == 1 && work.releases == 1);
}

Test(api, tasks_wait_in_order_and_end_with_the_program)
{
    Work slow = { .answer = "slow", .lasts_ms = 60000 }, next = { .answer = "next" };
    ConversionView first, second, third;
    ConversionFile file;
    open_all(1, 4);
    cr_assert(add(S("one"), &slow, &first));
    while (!slow.runs)
        sleep_ms(1);
    cr_assert(add(S("one"), &next, &second) && add(S("one"), &next, &third));
    cr_expect(second.position == 1 && third.position == 2);
    cr_expect(!conversion_result(all, arena, S("one"), second.id, &file, &err));
    cr_assert(conversion_find(all, arena, S("one"), first.id, 20, &first, &err));
    cr_expect(first.state == CONVERSION_STARTED);
    close_all();
    cr_expect(slow.releases == 1 && next.runs == 0 && next.releases == 2);
}
