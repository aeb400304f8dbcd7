/* fixture_test.h - databases for unit tests: a fresh one for each test, of both kinds.
 *
 * The PostgreSQL server is started by the first test of a program that needs it and stopped when
 * the program has ended. Without PostgreSQL's programs those tests print one line and pass. */
#pragma once

#include <criterion/criterion.h>

#include "db/db.h"

/* A test that runs once for each kind of database, with `url` (a fresh one: empty, or a copy of one
 * that test_db_prepare made ready):
 *
 *     TEST_BOTH(db, rows_are_kept) { ... db_open(url, ...) ... }                             */
#define TEST_BOTH(suite, name) TEST_BOTH_BY(test_db_run, suite, name)
/* The same with one that is empty. */
#define TEST_BOTH_EMPTY(suite, name) TEST_BOTH_BY(test_db_run_empty, suite, name)
#define TEST_BOTH_BY(run, suite, name)                                                             \
    static void name##_body(const char *url);                                                      \
    Test(suite, name##_in_sqlite) { run(DB_SQLITE, name##_body); }                                 \
    Test(suite, name##_in_postgres) { run(DB_POSTGRES, name##_body); }                             \
    static void name##_body(const char *url)

/* Makes an empty database ready, once for all programs that tools/run-unit runs, or once a program:
 * tables take a second, a copy of them a tenth. Set before the first test by who has tables to make
 * (a constructor); NULL: none are made. */
extern void (*test_db_prepare)(const char *url);

void test_db_run(DbKind kind, void (*body)(const char *url));
void test_db_run_empty(DbKind kind, void (*body)(const char *url));
/* The URL of a fresh, empty database; NULL when this kind cannot be had here (a line says so). */
const char *test_db_url(Arena *arena, DbKind kind);
/* The same of one that test_db_prepare made ready. */
const char *test_db_ready(Arena *arena, DbKind kind);
/* False, and a line says so, where PostgreSQL's programs are not. */
bool test_has_postgres(void);
/* An empty folder that goes when the program has ended. */
const char *test_folder(Arena *arena);

/* A PostgreSQL server of the test's own, to be restarted. NULL as above. */
const char *test_postgres_own(Arena *arena, const char **folder_r);
void test_postgres_restart(const char *folder);
void test_postgres_stop(const char *folder);
