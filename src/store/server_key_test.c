#include <criterion/criterion.h>
#include <pthread.h>

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

/* --- Two nodes at once --- */

#define KEYS_AT_ONCE 40

typedef struct Asking {
    pthread_t thread;
    Arena *arena;
    Db *db;
    pthread_barrier_t *together;
    Str keys[KEYS_AT_ONCE];
} Asking;

static void *ask_for_keys(void *argument)
{
    Asking *asking = argument;
    Error err;
    for (int i = 0; i < KEYS_AT_ONCE; i++) {
        pthread_barrier_wait(asking->together);
        cr_assert(server_key(asking->db, asking->arena, str_format(asking->arena, "key %d", i),
                             &asking->keys[i], &err),
                  "%s", err.message);
    }
    return NULL;
}

/* With whichever master key: a key that another one sealed is made anew, by both at once. */
static void check_both(Asking *both)
{
    for (int i = 0; i < 2; i++)
        cr_assert(pthread_create(&both[i].thread, NULL, ask_for_keys, &both[i]) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(both[i].thread, NULL);
    for (int i = 0; i < KEYS_AT_ONCE; i++)
        cr_expect(both[0].keys[i].length && str_equal(both[0].keys[i], both[1].keys[i]), "key %d",
                  i);
}

TEST_BOTH(server_key, two_nodes_that_ask_at_once_get_the_same_key)
{
    pthread_barrier_t together;
    Asking both[2];
    Error err;
    pthread_barrier_init(&together, NULL, 2);
    for (int i = 0; i < 2; i++) {
        both[i] = (Asking){ .arena = arena_new(MB(4)), .together = &together };
        cr_assert(db_open(url, NULL, &both[i].db, &err), "%s", err.message);
        cr_assert(migrate_up(both[i].db, &err), "%s", err.message);
    }
    for (int round = 0; round < 2; round++) {
        server_key_set_master(seal_new_key(both[0].arena));
        check_both(both);
    }
    for (int i = 0; i < 2; i++) {
        db_close(both[i].db);
        arena_free(both[i].arena);
    }
    pthread_barrier_destroy(&together);
}

/* --- The master key --- */

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
