/* document_table_test.c - what a table of documents says without a database. */
#include "search/document_table.h"

#include "base/id.h"
#include "base/utf8.h"
#include <criterion/criterion.h>

#define DOCUMENTS 3000
#define ROUNDS 60

static NumberRange one_chunk = { 1, 1 };

typedef struct Row {
    DocumentColumns columns;
    bool is_gone;
} Row;

/* splitmix64 */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

static Str draw_name(Arena *arena, uint64_t *random)
{
    static const char *const words[] = { "report", "rest_of", "a-b", "\xc3\xa9t\xc3\xa9", "" };
    return str_format(arena, "%s%" PRIu64 "%s", words[draw(random, COUNT(words))],
                      draw(random, 1000), draw(random, 2) ? ".pdf" : "");
}

static void put(DocumentTable *table, Arena *arena, Row *row, uint64_t *random)
{
    row->columns.ranges = (NumberRangeList){ &one_chunk, 1 };
    row->columns.name = draw_name(arena, random);
    row->columns.title = draw(random, 3) ? S("") : S("a report's title");
    row->columns.size_bytes = (int64_t)draw(random, 50);
    row->columns.own_date_ms = row->columns.size_bytes;
    document_table_put(table, &row->columns);
    row->is_gone = false;
}

static const Row *sorted_rows;
static int by_name(const void *a, const void *b)
{
    const DocumentColumns *x = &sorted_rows[*(const uint32_t *)a].columns;
    const DocumentColumns *y = &sorted_rows[*(const uint32_t *)b].columns;
    int order = str_compare(x->name, y->name);
    return order ? order : str_compare(x->id, y->id);
}
static int by_size(const void *a, const void *b)
{
    const DocumentColumns *x = &sorted_rows[*(const uint32_t *)a].columns;
    const DocumentColumns *y = &sorted_rows[*(const uint32_t *)b].columns;
    if (x->size_bytes != y->size_bytes)
        return x->size_bytes < y->size_bytes ? -1 : 1;
    return str_compare(x->id, y->id);
}

static bool has(const Row *row, Str part)
{
    return !row->is_gone &&
           (str_find(row->columns.name, part) >= 0 || str_find(row->columns.title, part) >= 0);
}

/* The whole list in parts, beside all rows that were sorted: of each `every`th document. */
static void expect_parts(const DocumentTable *table, const Row *rows, Arena *arena, size_t every,
                         const DocumentPart *wanted)
{
    uint32_t expected[DOCUMENTS], *places;
    size_t total = 0, at = 0, count, most = wanted->most;
    bool descending = wanted->descending;
    DocumentOrder order = wanted->order;
    Str *left_out = arena_new_array(arena, Str, DOCUMENTS);
    StrList others = { left_out, 0 };
    ListKey last;
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        if (i % every)
            left_out[others.count++] = rows[i].columns.id;
        else if (has(&rows[i], wanted->name))
            expected[total++] = i;
    sorted_rows = rows;
    qsort(expected, total, sizeof *expected, order == DOCUMENT_BY_NAME ? by_name : by_size);
    DocumentSet set = document_set_live(table, arena);
    document_set_take_ids(table, &set, others);
    DocumentPart part = *wanted;
    do {
        count = document_set_first(table, &set, arena, &part, &places);
        for (size_t i = 0; i < count; i++, at++) {
            last = document_list_key(table, places[i], order, arena);
            const Row *row = &rows[expected[descending ? total - 1 - at : at]];
            cr_assert(at < total && str_equal(last.id, row->columns.id), "%zu of %zu", at, total);
        }
        part.after = &last;
    } while (count == most);
    cr_assert_eq(at, total);
}

Test(search, a_table_lists_what_it_was_given_in_every_order)
{
    static const char *const parts[] = { "", "r", "po", "7", "11", "zz", "title", "st_o", "999" };
    static const DocumentOrder orders[] = { DOCUMENT_BY_NAME, DOCUMENT_BY_SIZE, DOCUMENT_BY_DATE };
    Arena *arena = arena_new(MB(512));
    DocumentTable *table = document_table_new();
    Row *rows = arena_new_array(arena, Row, DOCUMENTS);
    uint64_t random = 3;
    for (size_t i = 0; i < DOCUMENTS; i++) {
        rows[i].columns.id = id_new(arena);
        put(table, arena, &rows[i], &random);
    }
    document_table_settle(table);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint64_t changes = draw(&random, 20); changes; changes--) {
            Row *row = &rows[draw(&random, DOCUMENTS)];
            if (draw(&random, 4))
                put(table, arena, row, &random);
            else {
                document_table_drop(table, row->columns.id);
                row->is_gone = true;
            }
        }
        document_table_settle(table);
        /* All of the order are walked, or the few of a set are looked at. */
        size_t every = draw(&random, 2) ? 1 : 1 + draw(&random, 100);
        DocumentPart part = { .order = orders[draw(&random, COUNT(orders))],
                              .descending = draw(&random, 2),
                              .most = (every > 10 ? 3 : 100) + draw(&random, 900),
                              .name = str(parts[draw(&random, COUNT(parts))]) };
        expect_parts(table, rows, arena, every, &part);
    }
    document_table_free(table);
    arena_free(arena);
}

/* --- Orders whose beginning is far away --- */

#define SPREAD 20000
#define STRIDE 7919 /* prime to it: the sizes lie in no order */
#define SMALL 2000
#define PAGE 10

Test(search, a_list_begins_far_from_the_beginning_of_its_order)
{
    Arena *arena = arena_new(MB(512));
    DocumentTable *table = document_table_new();
    for (int64_t i = 0; i < SPREAD; i++)
        document_table_put(table, &(DocumentColumns){ .id = id_new(arena),
                                                      .ranges = { &one_chunk, 1 },
                                                      .size_bytes = i * STRIDE % SPREAD });
    document_table_settle(table);
    DocumentSet set = document_set_live(table, arena);
    document_set_keep_range(table, &set, COLUMN_SIZE, 0, SMALL);
    cr_assert_eq(document_set_count(&set), SMALL);
    DocumentPart part = { .order = DOCUMENT_BY_SIZE, .descending = true, .most = PAGE };
    ListKey last;
    for (int64_t expected = SMALL - 1; expected >= 0; part.after = &last) {
        uint32_t *places;
        size_t count = document_set_first(table, &set, arena, &part, &places);
        cr_assert_eq(count, PAGE);
        for (size_t i = 0; i < count; i++, expected--) {
            last = document_list_key(table, places[i], part.order, arena);
            cr_assert_eq(last.number, expected);
        }
    }
    document_table_free(table);
    arena_free(arena);
}

Test(search, a_table_finds_parts_of_names_and_stops_when_there_are_enough)
{
    Arena *arena = arena_new(MB(512));
    DocumentTable *table = document_table_new();
    Row *rows = arena_new_array(arena, Row, DOCUMENTS);
    uint64_t random = 9;
    for (size_t i = 0; i < DOCUMENTS; i++) {
        rows[i].columns.id = id_new(arena);
        put(table, arena, &rows[i], &random);
    }
    document_table_settle(table);
    for (int round = 0; round < ROUNDS; round++) {
        Str from = rows[draw(&random, DOCUMENTS)].columns.name;
        size_t start = utf8_floor(from, draw(&random, from.length));
        Str part = str_slice(from, start, start + 1 + draw(&random, from.length - start));
        DocumentSet set = document_set_live(table, arena), some = document_set_live(table, arena);
        size_t expected = 0;
        for (size_t i = 0; i < DOCUMENTS; i++)
            expected += has(&rows[i], part);
        cr_assert(document_set_keep_part(table, &set, part, SIZE_MAX));
        cr_expect_eq(document_set_count(&set), expected);
        cr_expect_eq(document_set_keep_part(table, &some, part, 10), expected <= 10);
        cr_expect_geq(document_set_count(&some), MIN(expected, 11));
    }
    document_table_free(table);
    arena_free(arena);
}

static bool is_named(Arena *arena, const Row *row, Str part)
{
    return str_find(document_name_spaced(arena, row->columns.name), part) >= 0;
}

Test(search, a_table_finds_parts_of_names_that_are_not_those_of_titles)
{
    static const char *const parts[] = { "report", "po",     "rest of", "a b",       "77",
                                         "title",  "t of 1", "pdf",     "\xc3\xa9t", "none" };
    Arena *arena = arena_new(MB(512));
    DocumentTable *table = document_table_new();
    Row *rows = arena_new_array(arena, Row, DOCUMENTS);
    uint64_t random = 21;
    for (size_t i = 0; i < DOCUMENTS; i++) {
        rows[i].columns.id = id_new(arena);
        put(table, arena, &rows[i], &random);
    }
    document_table_settle(table);
    for (size_t i = 0; i < DOCUMENTS / 2; i++) /* after the words were chosen */
        put(table, arena, &rows[i], &random);
    document_table_settle(table);
    for (size_t n = 0; n < COUNT(parts); n++) {
        Str part = str(parts[n]);
        DocumentSet set = document_set_new(table, arena);
        document_set_add_named(table, &set, (StrList){ &part, 1 }, arena);
        size_t expected = 0;
        for (size_t i = 0; i < DOCUMENTS; i++)
            expected += is_named(arena, &rows[i], part);
        cr_expect_eq(document_set_count(&set), expected, "%s", parts[n]);
    }
    document_table_free(table);
    arena_free(arena);
}

/* --- Values --- */

#define VALUED 1000

typedef struct Valued {
    DocumentTable *table;
    Arena *arena;
    DocumentColumns rows[VALUED];
    size_t kinds; /* of collections */
    uint64_t random;
} Valued;

static Str draw_shelf(Valued *valued)
{
    size_t shelf = draw(&valued->random, valued->kinds);
    return shelf ? str_format(valued->arena, "shelf %zu", shelf) : STR_NONE;
}

static void put_valued(Valued *valued, DocumentColumns *row)
{
    row->ranges = (NumberRangeList){ &one_chunk, 1 };
    row->collection = draw_shelf(valued);
    document_table_put(valued->table, row);
}

static bool is_one_of(Str text, StrList list)
{
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(text, list.at[i]))
            return true;
    return false;
}

static void expect_valued(Valued *valued, StrList shelves)
{
    DocumentSet kept = document_set_live(valued->table, valued->arena);
    DocumentSet added = document_set_new(valued->table, valued->arena);
    document_set_keep_texts(valued->table, &kept, COLUMN_COLLECTION, shelves);
    document_set_add_texts(valued->table, &added, COLUMN_COLLECTION, shelves);
    for (size_t i = 0; i < VALUED; i++) { /* places are in the order of the first put */
        bool is_in = is_one_of(valued->rows[i].collection, shelves);
        cr_assert_eq(kept.words[i / 64] >> i % 64 & 1, is_in, "%zu of %zu kinds", i, valued->kinds);
        cr_assert_eq(added.words[i / 64] >> i % 64 & 1, is_in, "%zu of %zu kinds", i,
                     valued->kinds);
    }
}

static void empty_one(Valued *valued)
{
    Str gone = draw_shelf(valued);
    document_table_empty_collection(valued->table, gone);
    for (size_t i = 0; i < VALUED; i++)
        if (str_equal(valued->rows[i].collection, gone))
            valued->rows[i].collection = STR_NONE;
}

Test(search, a_table_knows_who_has_a_text_of_few_and_of_many)
{
    static const size_t kinds[] = { 1, 3, 31, 32, 33, 200 };
    for (size_t n = 0; n < COUNT(kinds); n++) {
        Valued valued = { .kinds = kinds[n], .random = n + 1 };
        valued.arena = arena_new(MB(64));
        valued.table = document_table_new();
        for (size_t i = 0; i < VALUED; i++) {
            valued.rows[i].id = id_new(valued.arena);
            put_valued(&valued, &valued.rows[i]);
        }
        for (int round = 0; round < ROUNDS; round++) {
            put_valued(&valued, &valued.rows[draw(&valued.random, VALUED)]);
            if (round % 20 == 19)
                empty_one(&valued);
            Str two[] = { draw_shelf(&valued), draw_shelf(&valued) };
            expect_valued(&valued, (StrList){ two, draw(&valued.random, 3) });
        }
        document_table_free(valued.table);
        arena_free(valued.arena);
    }
}

/* --- Dates --- */

/* Many of a few days, some far away. */
static int64_t draw_date(uint64_t *random)
{
    static const int64_t far[] = { 0, INT64_MIN, INT64_MAX, -1, INT64_C(1) << 60 };
    if (draw(random, 50) == 0)
        return far[draw(random, COUNT(far))];
    return (int64_t)(draw(random, 2) ? draw(random, 40) * 1000 : draw(random, 1000000));
}

static void expect_range(const DocumentTable *table, Arena *arena, const int64_t *dates,
                         size_t count, int64_t from, int64_t to)
{
    DocumentSet set = document_set_live(table, arena);
    document_set_keep_range(table, &set, COLUMN_DATE, from, to);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(set.words[i / 64] >> i % 64 & 1, dates[i] >= from && dates[i] < to,
                     "%" PRId64 " from %" PRId64 " to %" PRId64, dates[i], from, to);
}

Test(search, a_table_knows_what_is_of_a_time)
{
    Arena *arena = arena_new(MB(512));
    DocumentTable *table = document_table_new();
    int64_t dates[DOCUMENTS];
    uint64_t random = 4;
    Str ids[DOCUMENTS];
    for (size_t count = 0, at; count < DOCUMENTS;) {
        for (uint64_t more = 1 + draw(&random, 200); more && count < DOCUMENTS; more--) {
            bool is_new = !count || draw(&random, 8);
            at = is_new ? count++ : draw(&random, count);
            if (is_new)
                ids[at] = id_new(arena);
            dates[at] = draw_date(&random);
            document_table_put(table, &(DocumentColumns){ .id = ids[at],
                                                          .ranges = { &one_chunk, 1 },
                                                          .date_ms = dates[at] });
        }
        document_table_settle(table);
        for (int i = 0; i < 5; i++)
            expect_range(table, arena, dates, count, draw_date(&random), draw_date(&random));
        expect_range(table, arena, dates, count, INT64_MIN, 20000);
        expect_range(table, arena, dates, count, 1000, INT64_MAX);
    }
    document_table_free(table);
    arena_free(arena);
}
