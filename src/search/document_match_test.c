/* document_match_test.c - filters in memory let through what filters in the database do. */
#include "search/document_match.h"

#include "base/hash.h"
#include "db/fixture_test.h"
#include "search/search_int.h"
#include "search/world_test.h"
#include "store/document_versions_store.h"

#define DOCUMENTS 80
#define WAIT_MS 20000

/* Numbers that are the same every time (splitmix64). */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

static const char *const tags[] = { "ice", "rock", "tree", "sea" };
static const char *const formats[] = { "pdf", "txt", "html" };
static const char *const languages[] = { "en", "de-AT", "" };

typedef struct Many {
    World *w;
    uint64_t random;
    Str ids[DOCUMENTS], collections[3];
    int at; /* the document that is changed */
    Error err;
} Many;

static StrList some_of(Many *many, const char *const *texts, size_t count, uint64_t most)
{
    Str *list = arena_new_array(many->w->arena, Str, count);
    size_t taken = 0;
    for (size_t i = 0; i < count && taken < most; i++)
        if (draw(&many->random, 2))
            list[taken++] = str(texts[i]);
    return (StrList){ list, taken };
}

static bool add_one(DbTx *tx, Many *many, int at, Error *err)
{
    World *w = many->w;
    bool is_new;
    Chunk chunks[3] = { 0 };
    Str name = str_format(w->arena, "%d_%s.txt", at, at % 3 ? "report" : "letter");
    Document given = { .name = name,
                       .media_type = S("text/plain"),
                       .format = str(formats[draw(&many->random, COUNT(formats))]),
                       .blob = sha256_hex(w->arena, name),
                       .size_bytes = (int64_t)draw(&many->random, 1000),
                       .tags = some_of(many, tags, COUNT(tags), 3),
                       .source = S("upload"),
                       .document_date_ms = (int64_t)draw(&many->random, 1000) };
    uint64_t shelf = draw(&many->random, 4);
    if (shelf < 3)
        given.collection = many->collections[shelf];
    if (at % 10 == 9)
        given.parent = many->ids[at - 1];
    DocumentFacts facts = { .language = str(languages[draw(&many->random, COUNT(languages))]) };
    DocumentFact author = { .key = S("author"), .text = at % 2 ? S("Ann") : S("Bob") };
    for (size_t i = 0; i < COUNT(chunks); i++)
        chunks[i] = (Chunk){ .length = 1, .text = S("words"), .place = S("line 1") };
    if (!document_add(tx, &w->scope, w->arena, &given, &given, &is_new, err) ||
        !document_set_facts(tx, &w->scope, given.id, &facts, err) ||
        !document_fact_replace(tx, &w->scope, given.id, &author, 1, err) ||
        !chunk_replace(tx, &w->scope, w->arena, given.id, 1, chunks,
                       draw(&many->random, COUNT(chunks) + 1), err))
        return false;
    many->ids[at] = given.id;
    return document_advance(tx, &w->scope, given.id, 1u << DOCUMENT_QUEUED, DOCUMENT_READY, err);
}

static bool add_many(DbTx *tx, void *argument, Error *err)
{
    Many *many = argument;
    for (size_t i = 0; i < COUNT(many->collections); i++) {
        Collection made = { .name = str_format(many->w->arena, "Shelf %zu", i) };
        if (!collection_add(tx, &many->w->scope, many->w->arena, &made, err))
            return false;
        many->collections[i] = made.id;
    }
    for (int i = 0; i < DOCUMENTS; i++)
        if (!add_one(tx, many, i, err))
            return false;
    return true;
}

/* One of the ways in which a document becomes another to a filter. */
static bool change_one(DbTx *tx, void *argument, Error *err)
{
    Many *many = argument;
    const Scope *scope = &many->w->scope;
    Str id = many->ids[many->at];
    Document document;
    DocumentFacts facts = { .format = S("html"), .language = S("fr"), .document_date_ms = 77 };
    DocumentVersion version = { .blob = sha256_hex(many->w->arena, id), .size_bytes = 4711 };
    Chunk chunk = { .length = 1, .text = S("other"), .place = S("line 1") };
    version.name = version.media_type = S("text/plain");
    if (!document_find(tx, scope, many->w->arena, id, &document, err))
        return false;
    switch (many->at % 7) {
    case 0: return document_set_tags(tx, scope, id, some_of(many, tags, COUNT(tags), 4), err);
    case 1: return document_move(tx, scope, id, many->collections[0], err);
    case 2: return document_set_facts(tx, scope, id, &facts, err);
    case 3:
        return document.deleted_at_ms || document.parent.length ||
               document_trash(tx, scope, id, 4711, err);
    case 4: return document_version_add(tx, scope, id, &version, err);
    case 5: return chunk_replace(tx, scope, many->w->arena, id, 1, &chunk, 1, err);
    default:
        return many->at % 14 == 6 || !many->collections[1].length ||
               (collection_remove(tx, scope, many->collections[1], err) &&
                (many->collections[1] = STR_NONE, true));
    }
}

static void draw_condition(Many *many, DocumentCondition *condition)
{
    Arena *arena = many->w->arena;
    *condition = (DocumentCondition){ .test = (DocumentTest)draw(&many->random, TEST_FACT + 1),
                                      .is_negated = draw(&many->random, 3) == 0 };
    condition->from = (int64_t)draw(&many->random, 1000);
    condition->to = condition->from + (int64_t)draw(&many->random, 600);
    Str *text = arena_new_array(arena, Str, 2);
    StrList two = { text, 2 };
    switch (condition->test) {
    case TEST_NAME: two = (StrList){ text, 1 }, text[0] = S("LETTER"); break;
    case TEST_WITHIN: two = (StrList){ text, 1 }, text[0] = S("8 report"); break;
    case TEST_FORMAT: text[0] = S("pdf"), text[1] = S("html"); break;
    case TEST_TAG: text[0] = S("rock"), text[1] = S("nowhere"); break;
    case TEST_COLLECTION: text[0] = S("shelf 2"), text[1] = S("none"); break;
    case TEST_LANGUAGE: text[0] = S("de"), text[1] = S("fr"); break;
    default: break;
    }
    condition->texts = two;
    if (condition->test == TEST_ADDED)
        condition->from = 0, condition->to = INT64_MAX;
    condition->fact = (FactCondition){ .key = S("author"), .has = S("ann") };
}

static SearchRequest draw_request(Many *many)
{
    Arena *arena = many->w->arena;
    SearchRequest request = { .query = S("words"), .limit = 10 };
    size_t count = draw(&many->random, 4);
    DocumentClause *clauses = arena_new_array(arena, DocumentClause, count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t conditions = 1 + draw(&many->random, 2);
        DocumentCondition *at = arena_new_array(arena, DocumentCondition, conditions);
        for (size_t n = 0; n < conditions; n++)
            draw_condition(many, &at[n]);
        clauses[i] = (DocumentClause){ at, conditions };
    }
    request.clauses = clauses;
    request.clause_count = count;
    if (draw(&many->random, 4) == 0)
        request.tags = some_of(many, tags, COUNT(tags), 2);
    if (draw(&many->random, 4) == 0)
        request.formats = some_of(many, formats, COUNT(formats), 2);
    if (draw(&many->random, 4) == 0)
        request.collections = (StrList){ many->collections, 1 };
    if (draw(&many->random, 4) == 0)
        request.after_ms = 300, request.before_ms = draw(&many->random, 2) ? 800 : 0;
    if (draw(&many->random, 6) == 0)
        request.name = S("ette");
    if (!search_has_conditions(&request))
        request.name = S("rep");
    return request;
}

static void expect_same(Many *many, const SearchRequest *request, int round)
{
    World *w = many->w;
    Error err = { 0 };
    ChunkBits rows, table;
    cr_assert(search_allow_by_rows(w->searcher, &w->scope, w->arena, request, &rows, &err), "%s",
              err.message);
    cr_assert(search_allow(w->searcher, &w->scope, w->arena, request, &table, &err), "%s",
              err.message);
    for (uint64_t i = 0; i < MAX(rows.bit_count, table.bit_count); i++) {
        NumberRange one = { (int64_t)i, 1 };
        cr_assert_eq(chunk_bits_meet(&rows, &one), chunk_bits_meet(&table, &one),
                     "round %d, chunk %" PRIu64, round, i);
    }
}

/* The newest of them, in the same order. */
static void expect_same_order(Many *many, const SearchRequest *request, int round)
{
    World *w = many->w;
    SearchRequest list = *request, by_rows;
    list.query = STR_NONE;
    Str all[DOCUMENTS + COUNT(w->ids)];
    memcpy(all, many->ids, sizeof many->ids);
    memcpy(all + DOCUMENTS, w->ids, sizeof w->ids);
    by_rows = list;
    by_rows.documents = (StrList){ all, COUNT(all) }; /* are asked for in the database */
    SearchResults table = world_search(w, list), rows = world_search(w, by_rows);
    cr_assert(table.count == rows.count && table.total == rows.total, "round %d", round);
    for (size_t i = 0; i < rows.count; i++)
        cr_assert_eq(table.at[i].row.chunk.number, rows.at[i].row.chunk.number, "round %d: %zu",
                     round, i);
}

/* Each change is committed right before the filter is asked. */
TEST_BOTH(search, filters_in_memory_say_at_once_what_the_database_says)
{
    World w;
    Error err = { 0 };
    world_open(&w, url);
    Many many = { .w = &w, .random = 7 };
    cr_assert(store_write(w.db, &w.scope, add_many, &many, &err), "%s", err.message);
    cr_assert(document_tables_wait(w.searcher->tables, &w.scope, WAIT_MS));
    for (int round = 0; round < DOCUMENTS; round++) {
        SearchRequest request = draw_request(&many);
        many.at = round;
        cr_assert(round % 3 == 1 || store_write(w.db, &w.scope, change_one, &many, &err), "%s",
                  err.message);
        expect_same(&many, &request, round);
        expect_same_order(&many, &request, round);
    }
    world_close(&w);
}

TEST_BOTH(search, a_table_is_another_workspaces_never)
{
    World w;
    Error err = { 0 };
    ChunkBits allowed;
    SearchRequest request = { .query = S("words"), .formats = { (Str[]){ S("text") }, 1 } };
    world_open(&w, url);
    Scope other = w.scope;
    cr_assert(document_tables_wait(w.searcher->tables, &w.scope, WAIT_MS));
    other.workspace = S("other");
    NumberRange all = { 0, 1000 };
    cr_assert(search_allow(w.searcher, &w.scope, w.arena, &request, &allowed, &err));
    cr_expect(chunk_bits_meet(&allowed, &all));
    cr_assert(search_allow(w.searcher, &other, w.arena, &request, &allowed, &err));
    cr_expect(!chunk_bits_meet(&allowed, &all));
    world_close(&w);
}
