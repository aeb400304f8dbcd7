/* db_pool_test.c - a pool that is full, and a database that another host takes over. */
#include "db/db_pool.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "db/fixture_test.h"

TestSuite(db_pool, .timeout = 60);

/* Threads open at the same time. */
static bool open_one(void *owner, void **connection_r, Error *err)
{
    (void)err;
    *connection_r = owner;
    __atomic_fetch_add((int *)owner, 1, __ATOMIC_SEQ_CST);
    return true;
}

static void close_one(void *connection)
{
    __atomic_fetch_sub((int *)connection, 1, __ATOMIC_SEQ_CST);
}

Test(db_pool, who_waits_too_long_for_a_connection_is_told_that_all_are_busy)
{
    int open_count = 0;
    DbPool *pool = db_pool_new((DbPoolOwner){ open_one, close_one, &open_count }, 2, 0);
    DbPooled first, second, third;
    Error err = { 0 };
    cr_assert(db_pool_take(pool, &first, &err) && db_pool_take(pool, &second, &err));
    cr_assert(!db_pool_take(pool, &third, &err));
    cr_expect_eq(err.code, ERROR_BUSY);
    cr_expect(strstr(err.message, "all 2 connections to the database are busy"), "%s", err.message);
    db_pool_give(pool, &first);
    cr_assert(db_pool_take(pool, &third, &err), "%s", err.message);
    cr_expect_eq(open_count, 2);
    db_pool_give(pool, &second);
    db_pool_give(pool, &third);
    db_pool_free(pool);
    cr_expect_eq(open_count, 0);
}

Test(db_pool, the_one_that_was_open_at_the_beginning_is_taken_first_and_closed_with_the_others)
{
    int open_count = 1;
    DbPool *pool = db_pool_new((DbPoolOwner){ open_one, close_one, &open_count }, 2, 0);
    DbPooled first, second, third;
    Error err = { 0 };
    db_pool_begin_with(pool, &open_count);
    cr_assert(db_pool_take(pool, &first, &err));
    cr_expect_eq(open_count, 1);
    cr_assert(db_pool_take(pool, &second, &err));
    cr_expect_eq(open_count, 2);
    cr_expect(!db_pool_take(pool, &third, &err));
    db_pool_give(pool, &first);
    db_pool_give(pool, &second);
    db_pool_renew(pool);
    cr_expect_eq(open_count, 0);
    db_pool_free(pool);
}

typedef struct Caller {
    pthread_t thread;
    DbPool *pool;
    atomic_int *served, *working;
    sem_t *may_end;
} Caller;

static void *call_once(void *argument)
{
    Caller *caller = argument;
    DbPooled pooled;
    Error err;
    if (!db_pool_take(caller->pool, &pooled, &err))
        return NULL;
    atomic_fetch_add(caller->working, 1);
    sem_wait(caller->may_end);
    atomic_fetch_add(caller->served, 1);
    db_pool_give(caller->pool, &pooled);
    return NULL;
}

Test(db_pool, of_forty_callers_thirty_work_and_ten_wait_for_their_turn)
{
    enum { CALLERS = 40, LIMIT = 30 };
    int open_count = 0;
    atomic_int served = 0, working = 0;
    Caller callers[CALLERS];
    sem_t may_end;
    sem_init(&may_end, 0, 0);
    DbPool *pool = db_pool_new((DbPoolOwner){ open_one, close_one, &open_count }, LIMIT, 30000);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (Caller){ 0, pool, &served, &working, &may_end };
        cr_assert_eq(pthread_create(&callers[i].thread, NULL, call_once, &callers[i]), 0);
    }
    while (atomic_load(&working) < LIMIT)
        sleep_ms(1);
    sleep_ms(50);
    cr_expect_eq(atomic_load(&working), LIMIT, "the thirty-first waits");
    for (int i = 0; i < CALLERS; i++)
        sem_post(&may_end);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i].thread, NULL);
    cr_expect_eq(atomic_load(&served), CALLERS);
    cr_expect_leq(open_count, LIMIT);
    db_pool_free(pool);
    sem_destroy(&may_end);
}

typedef struct Place {
    Arena *arena;
    Str folder;
} Place;

static bool read_place(DbTx *tx, void *argument, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    Place *place = argument;
    if (!db_query(tx, DB_SAME("SELECT current_setting('data_directory')"), DB_NO_ARGS, &rows,
                  err) ||
        db_next(&rows, err) != DB_ROW)
        return false;
    place->folder = db_get_text(&rows, 0, place->arena);
    return true;
}

Test(db_pool, work_goes_on_at_the_next_host_when_the_first_is_gone)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const char *one, *other;
    Place place = { .arena = arena };
    Error err = { 0 };
    Db *db;
    if (!test_postgres_own(arena, &one) || !test_postgres_own(arena, &other))
        return;
    Str url = str_format(arena,
                         "postgresql://postgres@/postgres?host=%s/pg,%s/pg"
                         "&target_session_attrs=read-write",
                         one, other);
    cr_assert(db_open(url.at, NULL, &db, &err), "%s", err.message);
    cr_assert(db_read(db, NULL, read_place, &place, &err), "%s", err.message);
    cr_expect(str_starts(place.folder, str(one)));
    test_postgres_stop(one);
    cr_assert(db_read(db, NULL, read_place, &place, &err), "%s", err.message);
    cr_expect(str_starts(place.folder, str(other)));
    db_close(db);
    test_postgres_stop(other);
}
