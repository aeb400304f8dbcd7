/* sqlite_database_test.c - databases made here: tables, views, hostile schemas. */
#include <sqlite3.h>

#include "extract/formats/dump.h"

extern const Extractor extractor_sqlite_database;

/* The bytes of a database that `sql` makes. */
static Str database(Arena *arena, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_int64 size = 0;
    cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);
    Str copy = str_copy(arena, (Str){ (const char *)bytes, (size_t)size });
    sqlite3_free(bytes);
    sqlite3_close(db);
    return copy;
}

Test(extract, databases_become_tables)
{
    static const DumpCase cases[] = {
        { "tables and views",
          "CREATE TABLE \"my \"\"table\"(a, b TEXT); INSERT INTO \"my \"\"table\" VALUES (1, 'x'), "
          "(2.5, NULL), (x'00FF', '\xC3\xA9'); CREATE VIEW v AS SELECT a FROM \"my \"\"table\"",
          "h2 my \"table\nrowh a | b\nrow 1 | x\nrow 2.5 | \nrow (2 bytes) | \xC3\xA9\n"
          "code(sql) CREATE VIEW v AS SELECT a FROM \"my \"\"table\"\nmeta(tables) 1\n"
          "~ 1 binary value is not shown\n" },
        { "what full text tables find by is left out, their text is not",
          "CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('kept'); "
          "CREATE TABLE my_data(a); INSERT INTO my_data VALUES ('mine')",
          "h2 f_content\nrowh id | c0\nrow 1 | kept\nh2 my_data\nrowh a\nrow mine\n"
          "meta(tables) 2\n~ 1 virtual table is not shown\n" },
        { "without row ids",
          "CREATE TABLE t(k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t VALUES "
          "('b', 1), ('a', 2)",
          "h2 t\nrowh k | v\nrow a | 2\nrow b | 1\nmeta(tables) 1\n" },
        { "empty", "CREATE TABLE t(a)", "h2 t\nrowh a\nmeta(tables) 1\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str bytes = database(arena, cases[i].input);
        cr_expect_eq(extractor_sqlite_database.sniff(bytes), 80);
        cr_expect_str_eq(dump(arena, &extractor_sqlite_database, bytes, (DumpOptions){ 0 }),
                         cases[i].expected, "%s", cases[i].about);
    }
}

Test(extract, databases_that_are_broken_end)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = database(arena, "CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                                "SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT "
                                "'row number ' || i FROM n");
    cr_expect_str_eq(
        dump(arena, &extractor_sqlite_database, str_slice(bytes, 0, 300), (DumpOptions){ 0 }),
        "! damaged\n");
    for (size_t at = 16; at < bytes.length; at += 997) {
        AUTO_ARENA Arena *scratch = arena_new(MB(64));
        Str spoilt = str_copy(scratch, bytes);
        ((char *)(uintptr_t)spoilt.at)[at] ^= 0x5A;
        dump(scratch, &extractor_sqlite_database, spoilt, (DumpOptions){ 0 });
        dump(scratch, &extractor_sqlite_database, str_slice(bytes, 0, at), (DumpOptions){ 0 });
    }
}
