/* world_test.h - two workspaces with one person each, for the tests of src/store.
 *
 *     STORE_TEST(a_name_is_found) { CALL(...); EXPECT(...); return true; }
 *
 * runs over SQLite and PostgreSQL, in one transaction of the workspace `ours`. A work function runs
 * on the database's thread, where Criterion's own assertions cannot be used. */
#pragma once

#include "db/fixture_test.h"
#include "store/calls_store.h"
#include "store/documents_store.h"

typedef struct World {
    Arena *arena;
    Db *db;
    const char *url;
    Scope system, ours, theirs;
} World;

typedef bool WorldWork(DbTx *tx, World *world, Error *err);

void world_open(World *world, const char *url);
void world_close(World *world);
/* One transaction on behalf of a scope; a failure fails the test. */
void world_write(World *world, const Scope *scope, WorldWork *work);
void world_run(const char *url, WorldWork *work);

#define STORE_TEST(name)                                                                           \
    static WorldWork name##_work;                                                                  \
    TEST_BOTH(store, name) { world_run(url, name##_work); }                                        \
    static bool name##_work(DbTx *tx, World *world, Error *err)

#define CALL(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            return fail_in(err, "%s:%d", __FILE__, __LINE__);                                      \
    } while (0)
#define EXPECT(truth)                                                                              \
    do {                                                                                           \
        if (!(truth))                                                                              \
            return fail(err, ERROR_INTERNAL, "%s:%d: %s", __FILE__, __LINE__, #truth);             \
    } while (0)
#define EXPECT_CODE(expected, call)                                                                \
    do {                                                                                           \
        EXPECT(!(call));                                                                           \
        if (err->code != (expected))                                                               \
            return fail_in(err, "%s:%d: wrong code", __FILE__, __LINE__);                          \
    } while (0)

/* Calls of the workspace `ours`. */
MUST_CHECK bool world_calls(DbTx *tx, World *world, const CallRow *rows, size_t count, Error *err);
/* A document with these contents, added to the scope. */
MUST_CHECK bool world_document(DbTx *tx, World *world, const Scope *scope, const char *name,
                               const char *contents, Document *document_r, Error *err);
/* The same with text, blocks, `chunk_count` chunks and vectors of model "m", in state ready. */
MUST_CHECK bool world_ready(DbTx *tx, World *world, const Scope *scope, const char *name,
                            const char *contents, size_t chunk_count, Document *document_r,
                            Error *err);
