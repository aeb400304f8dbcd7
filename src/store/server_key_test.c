#include <criterion/criterion.h>

#include "base/seal.h"
#include "db/fixture_test.h"
#include "store/migrate.h"
#include "store/secrets_store.h"
#include "store/server_key.h"

typedef struct Reading {
    Arena *arena;
    Scope system;
    Str stored;
} Reading;

static bool read_stored(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    return secret_find(tx, &in->system, in->arena, S("test"), &in->stored, err);
}

TEST_BOTH(server_key, keys_lie_sealed_and_another_master_makes_new_ones)
{
    Arena *arena = arena_new(MB(1));
    DbOptions options = { 0 };
    Reading in = { arena, scope_system(), STR_NONE };
    Error err;
    Db *db;
    Str first, again, other;
    cr_assert(db_open(url, &options, &db, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    server_key_set_master(seal_new_key(arena));
    cr_assert(server_key(db, arena, S("test"), &first, &err), "%s", err.message);
    cr_assert(server_key(db, arena, S("test"), &again, &err));
    cr_assert(str_equal(first, again));
    cr_assert(store_read(db, &in.system, read_stored, &in, &err));
    cr_assert_lt(str_find(in.stored, first), 0);
    server_key_set_master(seal_new_key(arena));
    cr_assert(server_key(db, arena, S("test"), &other, &err));
    cr_assert(!str_equal(first, other));
    db_close(db);
    arena_free(arena);
}

static bool is_taken(Db *db, bool is_alone)
{
    bool is_new;
    Error err = { 0 };
    bool ok = server_key_check(db, is_alone, &is_new, &err);
    cr_assert(ok || err.code == ERROR_CONFLICT, "%s", err.message);
    return ok && !is_new;
}

TEST_BOTH(server_key, nodes_have_one_master_until_it_is_forgotten)
{
    Arena *arena = arena_new(MB(1));
    Str first = seal_new_key(arena), other = seal_new_key(arena);
    bool is_new;
    Error err;
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err) && migrate_up(db, &err), "%s", err.message);
    server_key_set_master(first);
    cr_assert(is_taken(db, false));
    cr_assert(is_taken(db, false));
    server_key_set_master(other);
    cr_assert(!is_taken(db, false));
    server_key_set_master(first);
    cr_assert(is_taken(db, false));

    server_key_set_master(other);
    cr_assert(server_key_forget(db, &err));
    cr_assert(is_taken(db, false));
    server_key_set_master(first);
    cr_assert(!is_taken(db, false));
    cr_assert(server_key_check(db, true, &is_new, &err) && is_new);
    cr_assert(is_taken(db, false));
    db_close(db);
    arena_free(arena);
}
