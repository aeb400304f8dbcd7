/* document_table_file_test.c - a table in a file is the same table, without what is gone. */
#include "search/document_table_file.h"

#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include <criterion/criterion.h>

#define DOCUMENTS 700
#define SECRET S("vanishing")

typedef struct Bench {
    Arena *arena;
    DocumentTable *table;
    DocumentColumns rows[DOCUMENTS];
    bool is_gone[DOCUMENTS];
    char folder[64];
    char *path;
} Bench;

static Str words[] = { S_INIT("pdf"), S_INIT("docx"), S_INIT(""), S_INIT("\xc3\xa9t\xc3\xa9"),
                       S_INIT("2024/a report") };

/* Documents of every kind, some of which are not searched any more. */
static void fill(Bench *bench)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        NumberRange *ranges = arena_new_array(bench->arena, NumberRange, 3);
        Str *tags = arena_new_array(bench->arena, Str, 3);
        for (size_t n = 0; n < 3; n++) {
            ranges[n] = (NumberRange){ (int64_t)(i * 10 + n * 3), 1 + (int64_t)(i % 2) };
            tags[n] = words[(i + n) % COUNT(words)].length ? words[(i + n) % COUNT(words)] : S("t");
        }
        bench->is_gone[i] = i % 7 == 3;
        bench->rows[i] = (DocumentColumns){
            .id = i % 50 ? id_new(bench->arena) : str_format(bench->arena, "id %zu", i),
            .ranges = { ranges, i % 5 ? 1 : 3 },
            .format = words[i % COUNT(words)],
            .author = bench->is_gone[i] ? SECRET : words[i / 3 % COUNT(words)],
            .tags = { tags, i % 4 },
            .date_ms = (int64_t)i * 1000 - 5000,
            .size_bytes = (int64_t)(i * 7919 % 1000),
            .name = str_format(bench->arena, STR_FMT "%zu",
                               STR_ARG(bench->is_gone[i] ? SECRET : words[i % COUNT(words)]),
                               i * 31 % DOCUMENTS),
            .title = bench->is_gone[i] ? SECRET : words[i / 2 % COUNT(words)],
        };
        document_table_put(bench->table, &bench->rows[i]);
    }
    for (size_t i = 0; i < DOCUMENTS; i++)
        if (bench->is_gone[i])
            document_table_drop(bench->table, bench->rows[i].id);
    document_table_settle(bench->table);
}

static void open_bench(Bench *bench)
{
    *bench = (Bench){ .arena = arena_new(MB(64)), .table = document_table_new() };
    snprintf(bench->folder, sizeof bench->folder, "/tmp/lectern-table-XXXXXX");
    cr_assert(mkdtemp(bench->folder));
    bench->path = path_join(bench->arena, str(bench->folder), S("documents"));
    fill(bench);
}

static void close_bench(Bench *bench)
{
    Error err;
    cr_assert(folder_remove(bench->folder, &err));
    document_table_free(bench->table);
    arena_free(bench->arena);
}

static void keep(Bench *bench, int64_t generation)
{
    Error err = { 0 };
    cr_assert(
        document_table_file_write(bench->table, bench->path, S("the database"), generation, &err) &&
            document_table_file_sync(bench->path, &err) &&
            document_table_file_place(bench->path, &err),
        "%s", err.message);
}

static void expect_same_set(const Bench *bench, const DocumentTable *read, const DocumentSet *ours,
                            const DocumentSet *theirs, Str what)
{
    for (DocumentOrder order = DOCUMENT_BY_CREATED; order <= DOCUMENT_BY_DATE; order++) {
        uint32_t *places, *other;
        DocumentPart part = { order, order % 2, NULL, DOCUMENTS, STR_NONE };
        size_t count = document_set_first(bench->table, ours, bench->arena, &part, &places);
        cr_assert_eq(document_set_first(read, theirs, bench->arena, &part, &other), count,
                     STR_FMT ", order %d", STR_ARG(what), order);
        for (size_t i = 0; i < count; i++) {
            ListKey a = document_list_key(bench->table, places[i], order, bench->arena);
            ListKey b = document_list_key(read, other[i], order, bench->arena);
            cr_assert_eq(document_key_compare(&a, &b), 0, STR_FMT ", %zu of order %d",
                         STR_ARG(what), i, order);
        }
    }
    ChunkBits a = document_set_chunks(bench->table, ours, bench->arena);
    ChunkBits b = document_set_chunks(read, theirs, bench->arena);
    size_t bytes = MIN(a.bit_count, b.bit_count) / 8;
    cr_assert(!bytes || memcmp(a.bits, b.bits, bytes) == 0, STR_FMT, STR_ARG(what));
}

static void expect_same_table(const Bench *bench, const DocumentTable *read)
{
    DocumentSet ours = document_set_live(bench->table, bench->arena);
    DocumentSet theirs = document_set_live(read, bench->arena);
    expect_same_set(bench, read, &ours, &theirs, S("all"));
    for (size_t i = 0; i < COUNT(words); i++) {
        StrList one = { &words[i], 1 };
        ours = document_set_live(bench->table, bench->arena);
        theirs = document_set_live(read, bench->arena);
        document_set_keep_texts(bench->table, &ours, COLUMN_FORMAT, one);
        document_set_keep_texts(read, &theirs, COLUMN_FORMAT, one);
        expect_same_set(bench, read, &ours, &theirs, words[i]);
        ours = document_set_live(bench->table, bench->arena);
        theirs = document_set_live(read, bench->arena);
        document_set_keep_tags(bench->table, &ours, one);
        document_set_keep_tags(read, &theirs, one);
        (void)document_set_keep_part(bench->table, &ours, words[i], SIZE_MAX);
        (void)document_set_keep_part(read, &theirs, words[i], SIZE_MAX);
        expect_same_set(bench, read, &ours, &theirs, words[i]);
    }
}

Test(search, a_table_from_its_file_is_the_same_and_takes_changes)
{
    Bench bench;
    Error err = { 0 };
    DocumentTable *read;
    int64_t generation;
    open_bench(&bench);
    keep(&bench, 41);
    cr_assert(document_table_file_advance(bench.path, 42, &err), "%s", err.message);
    cr_assert(document_table_file_read(bench.path, S("the database"), &read, &generation, &err),
              "%s", err.message);
    cr_expect_eq(generation, 42);
    expect_same_table(&bench, read);
    for (size_t i = 0; i < DOCUMENTS; i += 3) {
        bench.rows[i].name = str_format(bench.arena, "renamed %zu", i * 17 % 100);
        bench.rows[i].format = i % 2 ? S("new") : S("pdf");
        document_table_put(bench.table, &bench.rows[i]);
        document_table_put(read, &bench.rows[i]);
        document_table_drop(bench.table, bench.rows[(i + 1) % DOCUMENTS].id);
        document_table_drop(read, bench.rows[(i + 1) % DOCUMENTS].id);
    }
    document_table_settle(bench.table);
    document_table_settle(read);
    expect_same_table(&bench, read);
    document_table_free(read);
    close_bench(&bench);
}

Test(search, the_file_of_a_table_has_nothing_of_documents_that_are_gone)
{
    Bench bench;
    Error err = { 0 };
    Str bytes;
    open_bench(&bench);
    keep(&bench, 1);
    cr_assert(file_read(bench.arena, bench.path, MB(16), &bytes, &err), "%s", err.message);
    cr_expect(str_find(bytes, SECRET) < 0);
    cr_expect(str_find(bytes, words[4]) >= 0);
    close_bench(&bench);
}

Test(search, a_table_without_documents_has_a_file_too)
{
    Bench bench;
    Error err = { 0 };
    DocumentTable *read;
    int64_t generation;
    open_bench(&bench);
    document_table_free(bench.table);
    bench.table = document_table_new();
    document_table_settle(bench.table);
    keep(&bench, 7);
    cr_assert(document_table_file_read(bench.path, S("the database"), &read, &generation, &err),
              "%s", err.message);
    cr_expect_eq(document_table_count(read), 0);
    document_table_free(read);
    close_bench(&bench);
}

static void expect_refused(Bench *bench, Str database, const char *about)
{
    Error err = { 0 };
    DocumentTable *read;
    int64_t generation;
    cr_expect(!document_table_file_read(bench->path, database, &read, &generation, &err), "%s",
              about);
    cr_expect_eq(err.code, ERROR_DAMAGED, "%s: %s", about, err.message);
}

Test(search, a_file_of_a_table_that_does_not_fit_is_not_taken)
{
    Bench bench;
    Error err = { 0 };
    Str bytes;
    open_bench(&bench);
    keep(&bench, 1);
    expect_refused(&bench, S("another database"), "of another database");
    cr_assert(file_read(bench.arena, bench.path, MB(16), &bytes, &err), "%s", err.message);
    for (size_t at = 0; at < bytes.length; at += 1 + bytes.length / 200) {
        Str copy = str_copy(bench.arena, bytes);
        str_c(bench.arena, copy);
        *((char *)(uintptr_t)copy.at + at) ^= 16;
        cr_assert(file_write(bench.path, copy, 0600, &err));
        expect_refused(&bench, S("the database"), "one bit is wrong");
        cr_assert(file_write(bench.path, str_slice(bytes, 0, at), 0600, &err));
        expect_refused(&bench, S("the database"), "cut short");
    }
    close_bench(&bench);
}

Test(search, the_file_of_a_table_goes_with_what_is_being_written)
{
    Bench bench;
    Error err = { 0 };
    open_bench(&bench);
    keep(&bench, 1);
    cr_assert(document_table_file_write(bench.table, bench.path, S("the database"), 2, &err));
    cr_expect(document_table_file_remove(bench.path));
    cr_expect(!document_table_file_remove(bench.path));
    cr_expect(rmdir(bench.folder) == 0 && folder_make(bench.folder, 0700, &err),
              "nothing is left in it");
    cr_expect(!document_table_file_sync(bench.path, &err), "so it cannot take its place");
    close_bench(&bench);
}
