#include "base/aside.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <time.h>

#define PIECES 2000

typedef struct Counting {
    atomic_int done;
} Counting;

static void count_one(void *argument)
{
    Counting *counting = argument;
    atomic_fetch_add(&counting->done, 1);
}

static void sleep_a_while(void *argument)
{
    const struct timespec while_others_wait = { 0, 20000000 };
    (void)nanosleep(&while_others_wait, NULL);
    count_one(argument);
}

Test(base, what_is_done_aside_is_done_once_and_before_its_end)
{
    Pool *pool = pool_new("aside", 2, 4);
    Counting counting = { 0 };
    for (int i = 1; i <= PIECES; i++) {
        Aside *aside = aside_begin(pool, count_one, &counting);
        aside_end(aside);
        cr_assert_eq(atomic_load(&counting.done), i);
    }
    pool_free(pool);
    cr_expect_eq(atomic_load(&counting.done), PIECES);
}

Test(base, what_no_thread_comes_to_is_done_by_its_owner)
{
    Counting slow = { 0 }, quick = { 0 };
    Pool *pool = pool_new("aside", 1, 1);
    Aside *first = aside_begin(pool, sleep_a_while, &slow);
    Aside *waiting = aside_begin(pool, count_one, &quick);
    Aside *refused = aside_begin(pool, count_one, &quick); /* perhaps: there is room for one */
    Aside *alone = aside_begin(NULL, count_one, &quick);
    aside_end(waiting);
    aside_end(refused);
    aside_end(alone);
    cr_expect_eq(atomic_load(&quick.done), 3);
    aside_end(first);
    cr_expect_eq(atomic_load(&slow.done), 1);
    pool_free(pool);
}
