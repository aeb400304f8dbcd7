/* vector_leases_store_test.c - of all who want to write, one does. */
#include "store/vector_leases_store.h"

#include "db/fixture_test.h"
#include "store/migrate.h"

typedef struct Try {
    VectorLease lease;
    int64_t epoch;
    bool is_held;
} Try;

static Scope all;
static Error err;

static bool take_work(DbTx *tx, void *argument, Error *error)
{
    Try *one = argument;
    return vector_lease_take(tx, &all, &one->lease, &one->epoch, error);
}

static bool renew_work(DbTx *tx, void *argument, Error *error)
{
    Try *one = argument;
    return vector_lease_renew(tx, &all, &one->lease, &one->is_held, error);
}

static bool give_back_work(DbTx *tx, void *argument, Error *error)
{
    return vector_lease_give_back(tx, &all, &((Try *)argument)->lease, error);
}

static bool remove_work(DbTx *tx, void *argument, Error *error)
{
    return vector_lease_remove(tx, &all, &((Try *)argument)->lease, error);
}

typedef struct Listing {
    Arena *arena;
    VectorLeaseList list;
} Listing;

static bool list_work(DbTx *tx, void *argument, Error *error)
{
    Listing *listing = argument;
    return vector_lease_list(tx, &all, listing->arena, S("weaviate"), &listing->list, error);
}

static void run(Db *db, DbWork *work, void *argument)
{
    cr_assert(store_write(db, &all, work, argument, &err), "%s", err.message);
}

static VectorLease only(Db *db, Arena *arena)
{
    Listing listing = { .arena = arena };
    run(db, list_work, &listing);
    cr_assert_eq(listing.list.count, 1u);
    return listing.list.at[0];
}

static Try try_of(const char *holder, VectorLease seen)
{
    Try one = { .lease = seen };
    one.lease.store = S("weaviate");
    one.lease.model = S("m");
    one.lease.dims = 4;
    one.lease.holder = str(holder);
    return one;
}

static Db *open_migrated(const char *url)
{
    Db *db;
    all = scope_system();
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    return db;
}

TEST_BOTH(vector_leases, of_two_who_saw_the_same_row_one_takes_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Db *db = open_migrated(url);
    Try a = try_of("a", (VectorLease){ 0 }), b = try_of("b", (VectorLease){ 0 });
    run(db, take_work, &a);
    run(db, take_work, &b);
    cr_expect_eq(a.epoch, 1);
    cr_expect_eq(b.epoch, 0);

    b = try_of("b", only(db, arena));
    Try c = try_of("c", only(db, arena));
    run(db, take_work, &b);
    run(db, take_work, &c);
    cr_expect_eq(b.epoch, 2);
    cr_expect_eq(c.epoch, 0);
    cr_expect(str_is(only(db, arena).holder, "b"));
    db_close(db);
}

TEST_BOTH(vector_leases, whoever_lost_it_cannot_renew_or_say_how_far_it_is)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Db *db = open_migrated(url);
    Try a = try_of("a", (VectorLease){ 0 });
    run(db, take_work, &a);
    a.lease.epoch = a.epoch;
    a.lease.sequence = 7;
    run(db, renew_work, &a);
    cr_expect(a.is_held);
    cr_expect_eq(only(db, arena).sequence, 7);
    a.lease.sequence = 5; /* what is written stays written */
    run(db, renew_work, &a);
    cr_expect_eq(only(db, arena).sequence, 7);

    Try b = try_of("b", only(db, arena));
    run(db, take_work, &b);
    cr_expect_eq(b.epoch, 2);
    a.lease.sequence = 99;
    run(db, renew_work, &a);
    cr_expect(!a.is_held);
    run(db, give_back_work, &a); /* another's stays another's */
    cr_expect(str_is(only(db, arena).holder, "b"));
    cr_expect_eq(only(db, arena).sequence, 7);
    db_close(db);
}

TEST_BOTH(vector_leases, a_holder_that_lives_keeps_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Db *db = open_migrated(url);
    Try a = try_of("a", (VectorLease){ 0 });
    run(db, take_work, &a);
    a.lease.epoch = a.epoch;
    Try b = try_of("b", only(db, arena));
    run(db, renew_work, &a);
    run(db, take_work, &b); /* it was seen before it lived on */
    cr_expect_eq(b.epoch, 0);
    run(db, remove_work, &b);
    cr_expect(str_is(only(db, arena).holder, "a"));

    run(db, give_back_work, &a);
    cr_expect_eq(only(db, arena).holder.length, 0u);
    b = try_of("b", only(db, arena));
    run(db, take_work, &b);
    b.lease.epoch = b.epoch;
    run(db, remove_work, &b);
    Listing listing = { .arena = arena };
    run(db, list_work, &listing);
    cr_expect_eq(listing.list.count, 0u);
    db_close(db);
}
