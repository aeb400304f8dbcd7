/* documents_names_test.c - a part of a name finds the same documents whichever way it is looked
 * for. */
#include "store/world_test.h"

#include "base/utf8.h"
#include "store/documents_row.h"
#include "store/erase_store.h"

#define NAMES 60
#define PARTS 300

/* Numbers that are the same every time (splitmix64). */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

static Str draw_text(Arena *arena, uint64_t *random)
{
    static const char *const pieces[] = { "Report", "über", "_",   "-", " ",   "\"", "'",
                                          "%",      "2024", "a",   "b", "STR", "ß",  "本",
                                          "書",     "AND",  "(x)", "*", ":",   "é",  "port" };
    Buf text = buf_new(arena, KB(1));
    for (uint64_t i = 0, count = 1 + draw(random, 6); i < count; i++)
        buf_add(&text, str(pieces[draw(random, COUNT(pieces))]));
    return buf_str(&text);
}

static bool has(Str text, Str part) { return str_find(text, part) >= 0; }

static bool check_part(DbTx *tx, World *world, const DocumentList *all, Str part, Error *err)
{
    const Scope *ours = &world->ours;
    DocumentFilter filter = { .name_has = part };
    DocumentList found;
    Str folded = utf8_fold(world->arena, part);
    NameLook look;
    size_t expected = 0;

    for (size_t i = 0; i < all->count; i++)
        expected +=
            has(utf8_fold(world->arena, all->at[i].name), folded) || has(all->at[i].title, folded);
    CALL(document_list(tx, ours, world->arena, &filter, DOCUMENT_BY_NAME, false,
                       &(Slice){ .limit = 200 }, &found, err));
    EXPECT(found.count == expected && found.total == (int64_t)expected);
    CALL(document_name_look(tx, ours, true, &look, err));
    for (int other = NAMES_OF_ROWS; other <= (int)look; other++) {
        SqlBuild build = documents_begin_by_name(tx, ours, world->arena, "SELECT d.id", &filter,
                                                 (NameLook)other);
        SqlItems items;
        CALL(sql_list(tx, world->arena, sql_text(&build), build.args, build.count, sql_read_text,
                      sizeof(Str), &items, err));
        if (items.count != expected)
            return fail(err, ERROR_INTERNAL, "'" STR_FMT "' finds %zu of %zu by %d", STR_ARG(part),
                        items.count, expected, other);
    }
    return true;
}

static bool check_parts(DbTx *tx, World *world, uint64_t *random, Error *err)
{
    DocumentList all;

    CALL(document_list(tx, &world->ours, world->arena, NULL, DOCUMENT_BY_NAME, false,
                       &(Slice){ .limit = 200 }, &all, err));
    for (int i = 0; i < PARTS; i++) {
        Str from = i % 2 ? all.at[draw(random, all.count)].name : draw_text(world->arena, random);
        size_t start = utf8_floor(from, draw(random, from.length));
        size_t end = utf8_floor(from, start + 1 + draw(random, from.length - start));
        Str part = str_slice(from, start, end);
        CALL(!part.length || check_part(tx, world, &all, part, err));
    }
    return true;
}

STORE_TEST(a_part_of_a_name_finds_the_same_whichever_way)
{
    uint64_t random = 7;
    Document docs[NAMES], others;
    Erased erased;

    for (int i = 0; i < NAMES; i++) {
        Str text = draw_text(world->arena, &random);
        const char *contents = str_format(world->arena, "contents %d", i).at;
        DocumentFacts facts = { .title = i % 3 ? S("") : S("annual report-24") };
        CALL(world_document(tx, world, &world->ours, text.at, contents, &docs[i], err));
        CALL(document_set_facts(tx, &world->ours, docs[i].id, &facts, err));
    }
    CALL(check_parts(tx, world, &random, err));
    for (int i = 0; i < NAMES / 3; i++)
        CALL(document_rename(tx, &world->ours, docs[i].id, draw_text(world->arena, &random), err));
    CALL(document_trash(tx, &world->ours, docs[30].id, 1, err));
    CALL(document_erase(tx, &world->ours, world->arena, docs[31].id, &erased, err));
    CALL(world_document(tx, world, &world->ours, "Report of the others", "theirs", &others, err));
    return check_parts(tx, world, &random, err);
}

/* Word by word what a program of before migration 0106 says. */
STORE_TEST(an_older_program_that_erases_may_tidy_up_the_index_that_is_gone)
{
    const DbSql total = DB_SAME("SELECT total_changes()");
    int64_t before, after;
    (void)world;
    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    CALL(db_query_int(tx, total, DB_NO_ARGS, 0, &before, err));
    CALL(db_exec(tx,
                 DB_SAME("INSERT INTO document_name_parts (document_name_parts, rank)"
                         " VALUES ('usermerge', 2)"),
                 DB_NO_ARGS, NULL, err));
    CALL(db_exec(tx,
                 DB_SAME("INSERT INTO document_name_parts (document_name_parts, rank)"
                         " VALUES ('merge', $1)"),
                 DB_ARGS(db_int(-500)), NULL, err));
    CALL(db_query_int(tx, total, DB_NO_ARGS, 0, &after, err));
    EXPECT(after - before < 500); /* it has nothing left to do */
    return true;
}
