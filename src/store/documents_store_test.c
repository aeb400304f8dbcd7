#include "store/vectors_store.h"
#include "store/world_test.h"

#include "base/clock.h"
#include "base/hash.h"
#include "store/collections_store.h"
#include "store/counts_store.h"
#include "store/document_versions_store.h"
#include "store/documents_row.h"
#include "store/erase_store.h"
#include "store/index_changes_store.h"
#include "store/sql.h"
#include "store/statistics_store.h"
#include "store/texts_store.h"

#define FROM(state) (1u << DOCUMENT_##state)

STORE_TEST(the_same_bytes_are_one_document)
{
    const Scope *ours = &world->ours;
    Document first, second, child, theirs;
    bool is_new;

    CALL(world_document(tx, world, ours, "a.txt", "same", &first, err));
    second = (Document){ .name = S("b.txt"), .blob = first.blob };
    CALL(document_add(tx, ours, world->arena, &second, &second, &is_new, err));
    EXPECT(!is_new && str_equal(second.id, first.id) && str_is(second.name, "a.txt"));
    child = (Document){ .name = S("c"), .blob = first.blob, .parent = first.id };
    CALL(document_add(tx, ours, world->arena, &child, &child, &is_new, err));
    EXPECT(is_new && !str_equal(child.id, first.id));
    CALL(document_find_by_blob(tx, ours, world->arena, first.blob, &second, err));
    EXPECT(str_equal(second.id, first.id));
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_find_by_blob(tx, &world->theirs, world->arena, first.blob, &theirs, err));
    child.parent = S("nothing");
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_add(tx, ours, world->arena, &child, &child, &is_new, err));
    return true;
}

STORE_TEST(a_document_changes_state_only_from_where_it_is)
{
    const Scope *ours = &world->ours;
    Error why = { .code = ERROR_DAMAGED, .message = "the file is cut off" };
    Document doc;

    CALL(world_document(tx, world, ours, "a.txt", "a", &doc, err));
    EXPECT(doc.state == DOCUMENT_QUEUED && doc.version == 1 && doc.indexed_version == 0);
    CALL(document_advance(tx, ours, doc.id, FROM(QUEUED), DOCUMENT_EXTRACTING, err));
    EXPECT_CODE(ERROR_CONFLICT,
                document_advance(tx, ours, doc.id, FROM(QUEUED), DOCUMENT_EXTRACTING, err));
    EXPECT(strstr(err->message, "is extracting and cannot become extracting"));
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_advance(tx, ours, S("no"), FROM(QUEUED), DOCUMENT_EXTRACTING, err));
    CALL(document_fail(tx, ours, doc.id, &why, err));
    EXPECT_CODE(ERROR_CONFLICT, document_fail(tx, ours, doc.id, &why, err));
    CALL(document_find(tx, ours, world->arena, doc.id, &doc, err));
    EXPECT(doc.state == DOCUMENT_FAILED && str_is(doc.error_code, "damaged"));
    EXPECT(str_is(doc.error_message, "the file is cut off"));
    CALL(document_advance(tx, ours, doc.id, FROM(FAILED) | FROM(CANCELLED), DOCUMENT_QUEUED, err));
    CALL(document_find(tx, ours, world->arena, doc.id, &doc, err));
    EXPECT(!doc.error_code.length && !doc.error_message.length);
    return true;
}

STORE_TEST(facts_fill_what_they_know)
{
    const Scope *ours = &world->ours;
    DocumentFacts facts = { .title = S("Report"), .page_count = 3, .document_date_ms = 86400000 };
    StrList tags = { (const Str[]){ S("tax"), S(" 2024 "), S("tax") }, 3 };
    Collection collection = { .name = S("Letters") };
    TagCountList counts;
    Document doc;

    CALL(world_document(tx, world, ours, "x/Ä.txt", "a", &doc, err));
    CALL(document_set_facts(tx, ours, doc.id, &facts, err));
    facts = (DocumentFacts){ .language = S("en"), .text_bytes = 5000000000 };
    CALL(document_set_facts(tx, ours, doc.id, &facts, err));
    CALL(document_set_tags(tx, ours, doc.id, tags, err));
    CALL(document_set_password(tx, ours, doc.id, S("\0sealed"), err));
    CALL(collection_add(tx, ours, world->arena, &collection, err));
    CALL(document_move(tx, ours, doc.id, collection.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_move(tx, ours, doc.id, S("none"), err));
    CALL(document_find(tx, ours, world->arena, doc.id, &doc, err));
    EXPECT(str_is(doc.title, "Report") && doc.page_count == 3 && str_is(doc.language, "en"));
    EXPECT(doc.text_bytes == 5000000000 && doc.document_date_ms == 86400000);
    EXPECT(doc.tags.count == 2 && str_is(doc.tags.at[1], "2024"));
    EXPECT(str_equal(doc.password_sealed, S("\0sealed")));
    EXPECT(str_equal(doc.collection, collection.id));
    CALL(document_tags(tx, ours, world->arena, &counts, err));
    EXPECT(counts.count == 2 && str_is(counts.at[0].tag, "2024") && counts.at[1].count == 1);
    CALL(collection_find_by_name(tx, ours, world->arena, S("LETTERS"), &collection, err));
    EXPECT(collection.document_count == 1);
    CALL(collection_remove(tx, ours, collection.id, err));
    CALL(document_find(tx, ours, world->arena, doc.id, &doc, err));
    EXPECT(!doc.collection.length);
    return true;
}

STORE_TEST(lists_are_read_in_parts_in_any_order)
{
    const Scope *ours = &world->ours;
    static const DocumentOrder orders[] = { DOCUMENT_BY_CREATED, DOCUMENT_BY_UPDATED,
                                            DOCUMENT_BY_NAME, DOCUMENT_BY_SIZE, DOCUMENT_BY_DATE };
    Document doc;

    for (int i = 0; i < 25; i++) {
        Str name = str_format(world->arena, "%s%02d.txt", i % 2 ? "b~" : "A ", i);
        CALL(world_document(tx, world, ours, name.at, name.at, &doc, err));
    }
    for (size_t i = 0; i < COUNT(orders) * 2; i++) {
        DocumentList list;
        Slice slice = { .limit = 7 };
        size_t seen = 0, parts = 0;
        Str last = STR_NONE;
        do {
            CALL(document_list(tx, ours, world->arena, NULL, orders[i / 2], i % 2, &slice, &list,
                               err));
            EXPECT(list.total == 25 && list.count && !str_equal(list.at[0].id, last));
            seen += list.count;
            parts++;
            last = list.at[list.count - 1].id;
            slice.after = list.next;
        } while (slice.after.length);
        EXPECT(seen == 25 && parts == 4);
    }
    DocumentList list;
    EXPECT_CODE(ERROR_INVALID,
                document_list(tx, ours, world->arena, NULL, DOCUMENT_BY_CREATED, false,
                              &(Slice){ .after = S("x'; DROP TABLE documents") }, &list, err));
    return true;
}

STORE_TEST(a_list_of_a_tag_has_what_has_it_outside_the_trash)
{
    const Scope *ours = &world->ours;
    static const struct {
        DocumentOrder order;
        bool descending;
    } ways[] = { { DOCUMENT_BY_CREATED, true },
                 { DOCUMENT_BY_CREATED, false },
                 { DOCUMENT_BY_NAME, true } };
    DocumentFilter tagged = { .tag = S("tax") }, in_trash = tagged;
    StrList tax = { (const Str[]){ S("tax"), S("old") }, 2 }, none = { 0 };
    Document docs[7];
    DocumentList list;

    in_trash.trash = TRASH_INSIDE;
    for (size_t i = 0; i < COUNT(docs); i++) {
        Str name = str_format(world->arena, "%zu.txt", i);
        CALL(world_document(tx, world, ours, name.at, name.at, &docs[i], err));
        CALL(document_set_tags(tx, ours, docs[i].id, i % 2 ? none : tax, err));
    }
    CALL(document_trash(tx, ours, docs[0].id, 1, err));
    CALL(document_set_tags(tx, ours, docs[2].id, none, err));
    CALL(document_trash(tx, ours, docs[4].id, 1, err));
    CALL(document_set_tags(tx, ours, docs[4].id, tax, err)); /* there, still */
    for (size_t i = 0; i < COUNT(ways); i++) {
        CALL(document_list(tx, ours, world->arena, &tagged, ways[i].order, ways[i].descending, NULL,
                           &list, err));
        EXPECT(list.total == 1 && list.count == 1 && str_equal(list.at[0].id, docs[6].id));
    }
    CALL(document_list(tx, ours, world->arena, &in_trash, DOCUMENT_BY_CREATED, true, NULL, &list,
                       err));
    EXPECT(list.total == 2);
    CALL(document_restore(tx, ours, docs[0].id, err));
    CALL(document_restore(tx, ours, docs[4].id, err));
    for (size_t i = 0; i < COUNT(ways); i++) {
        Slice slice = { .limit = 2 };
        CALL(document_list(tx, ours, world->arena, &tagged, ways[i].order, ways[i].descending,
                           &slice, &list, err));
        EXPECT(list.total == 3 && list.count == 2 &&
               str_equal(list.at[0].id, docs[ways[i].descending ? 6 : 0].id));
        slice.after = list.next;
        CALL(document_list(tx, ours, world->arena, &tagged, ways[i].order, ways[i].descending,
                           &slice, &list, err));
        EXPECT(list.count == 1 && !list.next.length &&
               str_equal(list.at[0].id, docs[ways[i].descending ? 0 : 6].id));
    }
    tagged.formats = (StrList){ (const Str[]){ S("pdf") }, 1 };
    CALL(document_list(tx, ours, world->arena, &tagged, DOCUMENT_BY_CREATED, true, NULL, &list,
                       err));
    EXPECT(list.total == 0);
    return true;
}

/* As many documents as one statement makes, the first of each day of their own date. */
static bool add_many(DbTx *tx, const Scope *scope, int64_t count, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO documents (workspace, id, child_ordinal, name, name_fold, title,"
                " media_type, format, language, size_bytes, blob, state, error_code,"
                " error_message, warnings, metadata, tags, source, created_by,"
                " password_sealed, version, indexed_version, page_count, text_bytes,"
                " chunk_count, vector_count, vector_model, created_at, updated_at,"
                " document_date, deleted_at)"
                " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
                " SELECT $1, 'many-' || CAST(i AS TEXT), 0, 'n', 'n', '', '', 'txt', '', i,"
                " CAST(i AS TEXT), 'ready', '', '', '', '', '', '', '', $3, 1, 1, 0, 0, 0, 0, '',"
                " i, i, i * CAST(86400000 AS BIGINT), 0 FROM n"),
        DB_ARGS(db_text(scope->workspace), db_int(count), db_blob(S(""))), NULL, err);
}

STORE_TEST(a_list_counts_as_far_as_it_says)
{
    const Scope *ours = &world->ours;
    int64_t day = 86400000;
    const struct {
        DocumentFilter filter;
        int64_t total, first; /* the size of the newest */
        bool has_more;
    } cases[] = {
        { { 0 }, DOCUMENT_TOTAL_MAX, DOCUMENT_TOTAL_MAX + 2, true },
        { { .format = S("txt") }, DOCUMENT_TOTAL_MAX, DOCUMENT_TOTAL_MAX + 2, true },
        { { .date_from_ms = 2 * day }, DOCUMENT_TOTAL_MAX, DOCUMENT_TOTAL_MAX + 2, true },
        { { .date_from_ms = 3 * day }, DOCUMENT_TOTAL_MAX, DOCUMENT_TOTAL_MAX + 2, false },
        { { .date_from_ms = 5 * day, .date_to_ms = 8 * day }, 3, 7, false },
    };
    DocumentList list;

    CALL(add_many(tx, ours, DOCUMENT_TOTAL_MAX + 2, err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(document_list(tx, ours, world->arena, &cases[i].filter, DOCUMENT_BY_CREATED, true,
                           NULL, &list, err));
        EXPECT(list.total == cases[i].total && list.has_more == cases[i].has_more &&
               list.at[0].size_bytes == cases[i].first);
    }
    return true;
}

/* Ids of a whole list, read in parts of seven. */
static bool read_parts(DbTx *tx, World *world, const DocumentFilter *filter, DocumentOrder order,
                       bool descending, Buf *ids, Error *err)
{
    Slice slice = { .limit = 7 };
    DocumentList list;

    do {
        CALL(document_list(tx, &world->ours, world->arena, filter, order, descending, &slice, &list,
                           err));
        EXPECT(list.total == 24 && !list.has_more);
        for (size_t i = 0; i < list.count; i++)
            buf_addf(ids, STR_FMT "\n", STR_ARG(list.at[i].id));
        slice.after = list.next;
    } while (list.next.length);
    return true;
}

STORE_TEST(lists_by_name_and_time_have_the_order_of_those_of_everything)
{
    const DocumentFilter everything = { 0 };
    const DocumentFilter filters[] = { { .name_has = S("TXT") },
                                       { .date_from_ms = 1 },
                                       { .date_from_ms = 1, .only_roots = true },
                                       { .name_has = S("~"), .date_to_ms = INT64_MAX } };
    Document doc;

    for (int i = 0; i < 24; i++) {
        Str name = str_format(world->arena, "%s~%02d.txt", i % 2 ? "b" : "A", i % 6);
        DocumentFacts facts = { .document_date_ms = 1 + i * 7919 % 5 * 86400000 };
        CALL(world_document(tx, world, &world->ours, name.at,
                            str_format(world->arena, "%*d", 1 + i % 5, i).at, &doc, err));
        CALL(document_set_facts(tx, &world->ours, doc.id, &facts, err));
    }
    for (int order = 0; order < 10; order++)
        for (size_t i = 0; i < COUNT(filters); i++) {
            Buf all = buf_new(world->arena, KB(4)), found = buf_new(world->arena, KB(4));
            CALL(read_parts(tx, world, &everything, (DocumentOrder)(order / 2), order % 2, &all,
                            err));
            CALL(read_parts(tx, world, &filters[i], (DocumentOrder)(order / 2), order % 2, &found,
                            err));
            EXPECT(all.length > 24 * 30 && str_equal(buf_str(&all), buf_str(&found)));
        }
    return true;
}

STORE_TEST(filters_choose_documents)
{
    const Scope *ours = &world->ours;
    StrList tags = { (const Str[]){ S("tax") }, 1 };
    Document a, b, child = { .name = S("in a"), .blob = S("b2") };
    Collection collection = { .name = S("Letters") };
    bool is_new;
    DocumentFilter filters[13] = { 0 };
    size_t expected[COUNT(filters)] = { 3, 1, 1, 2, 1, 2, 1, 2, 1, 0, 3, 0, 1 };
    StrList ids;

    CALL(world_document(tx, world, ours, "Übersicht 100%.txt", "a", &a, err));
    CALL(world_ready(tx, world, ours, "b.txt", "b", 1, &b, err));
    child.parent = a.id;
    CALL(document_add(tx, ours, world->arena, &child, &child, &is_new, err));
    CALL(collection_add(tx, ours, world->arena, &collection, err));
    CALL(document_move(tx, ours, b.id, collection.id, err));
    CALL(document_set_tags(tx, ours, a.id, tags, err));
    filters[1].states = FROM(READY);
    filters[2].collection = collection.id;
    filters[3].collection = S("none");
    filters[4].tag = S("tax");
    filters[5].format = S("text");
    filters[6].name_has = S("übersicht 100%");
    filters[7].only_roots = true;
    filters[8].parent = a.id;
    filters[9].trash = TRASH_INSIDE;
    filters[10].created_from_ms = 1000;
    filters[11].date_to_ms = 1000;
    filters[12].blob = b.blob;
    for (size_t i = 0; i < COUNT(filters); i++) {
        CALL(document_list_ids(tx, ours, world->arena, &filters[i], 10, &ids, err));
        if (ids.count != expected[i])
            return fail(err, ERROR_INTERNAL, "filter %zu gives %zu", i, ids.count);
    }
    EXPECT_CODE(ERROR_TOO_LARGE, document_list_ids(tx, ours, world->arena, NULL, 2, &ids, err));
    DocumentFilter either = { .formats = { (const Str[]){ S("pdf"), S("text") }, 2 },
                              .tags_any = { (const Str[]){ S("x"), S("tax") }, 2 },
                              .ids = { (const Str[]){ a.id, S("\"") }, 2 } };
    CALL(document_list_ids(tx, ours, world->arena, &either, 10, &ids, err));
    EXPECT(ids.count == 1 && str_equal(ids.at[0], a.id));
    DocumentFilter inside = { .within = { (const Str[]){ a.id }, 1 } };
    CALL(document_list_ids(tx, ours, world->arena, &inside, 10, &ids, err));
    EXPECT(ids.count == 2);
    CALL(document_list_inside(tx, ours, world->arena, inside.within, &ids, err));
    EXPECT(ids.count == 2);
    CALL(document_list_inside(tx, &world->theirs, world->arena, inside.within, &ids, err));
    EXPECT(ids.count == 1 && str_equal(ids.at[0], a.id));
    DocumentList children;
    CALL(document_children(tx, ours, world->arena, a.id, &children, err));
    EXPECT(children.count == 1 && str_equal(children.at[0].id, child.id));
    return true;
}

STORE_TEST(the_trash_takes_children_along_and_tells_the_index)
{
    const Scope *ours = &world->ours;
    Document doc, child = { .name = S("in it"), .blob = S("b2") };
    IndexChangeList before, changes;
    DocumentKeyList expired;
    ChunkHitList live;
    ChunkCursor cursor = { 0 };
    bool is_new;

    CALL(world_ready(tx, world, ours, "a.txt", "a", 3, &doc, err));
    child.parent = doc.id;
    CALL(document_add(tx, ours, world->arena, &child, &child, &is_new, err));
    CALL(index_change_list(tx, ours, world->arena, 0, 10, &before, err));
    CALL(document_trash(tx, ours, doc.id, 5000, err));
    CALL(document_trash(tx, ours, doc.id, 6000, err));
    CALL(document_find(tx, ours, world->arena, child.id, &child, err));
    EXPECT(child.deleted_at_ms == 5000);
    EXPECT_CODE(ERROR_CONFLICT, document_restore(tx, ours, child.id, err));
    int64_t last = before.count ? before.at[before.count - 1].sequence : 0;
    CALL(index_change_list(tx, ours, world->arena, last, 10, &changes, err));
    EXPECT(changes.count == 1 && changes.at[0].operation == INDEX_REMOVE);
    EXPECT(changes.at[0].numbers.count == 3 && str_equal(changes.at[0].document, doc.id));
    CALL(chunk_scan(tx, ours, world->arena, &cursor, 10, &live, err));
    EXPECT(live.count == 0);
    CALL(document_list_expired(tx, ours, world->arena, 5001, 10, &expired, err));
    EXPECT(expired.count == 1 && str_equal(expired.at[0].id, doc.id));
    CALL(document_list_expired(tx, ours, world->arena, 5000, 10, &expired, err));
    EXPECT(expired.count == 0);
    CALL(document_restore(tx, ours, doc.id, err));
    EXPECT_CODE(ERROR_CONFLICT, document_restore(tx, ours, doc.id, err));
    CALL(chunk_scan(tx, ours, world->arena, &cursor, 10, &live, err));
    EXPECT(live.count == 3);
    CALL(index_change_list(tx, ours, world->arena, last, 10, &changes, err));
    EXPECT(changes.count == 2 && changes.at[1].operation == INDEX_ADD);
    EXPECT(changes.at[1].numbers.at[0] == live.at[0].chunk.number);
    return true;
}

STORE_TEST(a_new_version_replaces_the_old_one_when_it_is_indexed)
{
    const Scope *ours = &world->ours;
    DocumentVersion version = { .blob = S("new"), .name = S("a2.txt"), .size_bytes = 9 };
    DocumentVersionList versions;
    Document doc;
    Chunk chunk = { .length = 3, .text = S("new") };
    ChunkHit *hits;
    NumberList old;
    Str text;

    CALL(world_ready(tx, world, ours, "a.txt", "old", 2, &doc, err));
    CALL(chunk_numbers(tx, ours, world->arena, doc.id, &old, err));
    CALL(document_version_add(tx, ours, doc.id, &version, err));
    EXPECT(version.version == 2);
    EXPECT_CODE(ERROR_CONFLICT, document_version_add(tx, ours, doc.id, &version, err));
    CALL(chunk_find_many(tx, ours, world->arena, old.at, 2, &hits, err));
    EXPECT(hits[0].is_live && hits[1].is_live);
    CALL(text_save(tx, ours, doc.id, 2, S("new"), err));
    CALL(chunk_replace(tx, ours, world->arena, doc.id, 2, &chunk, 1, err));
    CALL(chunk_find_many(tx, ours, world->arena, (int64_t[]){ chunk.number, 99999, old.at[0] }, 3,
                         &hits, err));
    EXPECT(hits[0].is_live && hits[1].chunk.number == 0 && !hits[2].is_live);
    EXPECT(str_is(hits[2].chunk.text, "old") && str_is(hits[0].name, "a2.txt"));
    CALL(text_find(tx, ours, world->arena, doc.id, 1, 100, &text, err));
    EXPECT(str_is(text, "old"));
    CALL(document_version_list(tx, ours, world->arena, doc.id, &versions, err));
    EXPECT(versions.count == 2 && versions.at[0].version == 2);
    CALL(document_find(tx, ours, world->arena, doc.id, &doc, err));
    EXPECT(doc.state == DOCUMENT_QUEUED && doc.indexed_version == 2 && doc.chunk_count == 1);
    return true;
}

STORE_TEST(a_filter_gives_the_numbers_of_live_chunks)
{
    const Scope *ours = &world->ours;
    Document first, second, trashed;
    Chunk chunk = { .length = 3, .text = S("new") };
    DocumentVersion version = { .blob = S("new"), .name = S("a2.txt"), .size_bytes = 9 };
    DocumentFilter all = { 0 }, named = { .name_has = S("b.t") };
    NumberRangeList ranges;
    NumberList expected;

    CALL(world_ready(tx, world, ours, "a.txt", "a", 3, &first, err));
    CALL(world_ready(tx, world, ours, "b.txt", "b", 2, &second, err));
    CALL(world_ready(tx, world, ours, "c.txt", "c", 2, &trashed, err));
    CALL(document_trash(tx, ours, trashed.id, 1, err));
    CALL(document_version_add(tx, ours, first.id, &version, err));
    CALL(chunk_replace(tx, ours, world->arena, first.id, 2, &chunk, 1, err));
    CALL(document_list_chunks(tx, ours, world->arena, &all, &ranges, err));
    EXPECT(ranges.count == 2 && ranges.at[0].count + ranges.at[1].count == 3);
    CALL(chunk_numbers(tx, ours, world->arena, second.id, &expected, err));
    CALL(document_list_chunks(tx, ours, world->arena, &named, &ranges, err));
    EXPECT(ranges.count == 1 && ranges.at[0].count == 2 && expected.count == 2);
    EXPECT(ranges.at[0].first == expected.at[0]);
    /* As when several documents are written at once. */
    CALL(db_exec(tx, DB_SAME("DELETE FROM vectors WHERE number = $1"),
                 DB_ARGS(db_int(expected.at[1])), NULL, err));
    CALL(db_exec(tx, DB_SAME("UPDATE chunks SET number = number + 1000 WHERE number = $1"),
                 DB_ARGS(db_int(expected.at[1])), NULL, err));
    CALL(document_list_chunks(tx, ours, world->arena, &named, &ranges, err));
    EXPECT(ranges.count == 2 && ranges.at[0].count == 1 && ranges.at[1].count == 1);
    EXPECT(ranges.at[1].first - ranges.at[0].first == 1001);
    return true;
}

STORE_TEST(chunks_are_given_by_document_newest_first)
{
    const Scope *ours = &world->ours;
    Document old, young;
    DocumentFilter all = { 0 };
    DocumentStarts starts;
    DocumentChunksList list;

    CALL(world_ready(tx, world, ours, "a.txt", "a", 3, &old, err));
    CALL(world_ready(tx, world, ours, "b.txt", "b", 2, &young, err));
    CALL(db_exec(tx, DB_SAME("UPDATE documents SET created_at = created_at + 1000 WHERE id = $1"),
                 DB_ARGS(db_text(young.id)), NULL, err));
    CALL(document_list_chunks_newest(tx, ours, world->arena, &all, &list, err));
    CALL(document_list_newest(tx, ours, world->arena, &all, 0, 10, &starts, err));
    EXPECT(list.count == 2 && starts.numbers.count == 2);
    EXPECT(list.at[0].count == 1 && list.at[0].at[0].count == 2 && list.at[1].at[0].count == 3);
    for (size_t i = 0; i < 2; i++)
        EXPECT(list.at[i].at[0].first == starts.numbers.at[i]);
    return true;
}

STORE_TEST(what_is_to_be_done_is_found_in_every_workspace)
{
    Document ours, theirs;
    DocumentKeyList list;
    Statistics statistics;

    CALL(world_ready(tx, world, &world->ours, "a.txt", "a", 2, &ours, err));
    CALL(world_document(tx, world, &world->ours, "b.txt", "b", &theirs, err));
    EXPECT(ours.vector_count == 2 && ours.chunk_count == 2);
    CALL(document_list_unembedded(tx, &world->ours, world->arena, S("m"), NULL, 10, &list, err));
    EXPECT(list.count == 0);
    CALL(document_list_unembedded(tx, &world->system, world->arena, S("other"), NULL, 10, &list,
                                  err));
    EXPECT(list.count == 1 && str_equal(list.at[0].id, ours.id));
    CALL(db_exec(tx, DB_SAME("UPDATE documents SET vector_count = 1 WHERE id = $1"),
                 DB_ARGS(db_text(ours.id)), NULL, err));
    CALL(document_list_unembedded(tx, &world->ours, world->arena, S("m"), NULL, 10, &list, err));
    EXPECT(list.count == 1);
    CALL(db_exec(tx, DB_SAME("UPDATE documents SET vector_count = 2 WHERE id = $1"),
                 DB_ARGS(db_text(ours.id)), NULL, err));
    CALL(document_list_stuck(tx, &world->system, world->arena, FROM(QUEUED) | FROM(EXTRACTING),
                             INT64_MAX, 10, &list, err));
    EXPECT(list.count == 1 && str_equal(list.at[0].workspace, world->ours.workspace));
    CALL(statistics_find(tx, &world->ours, STR_NONE, &statistics, err));
    EXPECT(statistics.documents.by_state[DOCUMENT_READY] == 1 && statistics.chunks == 2);
    EXPECT(statistics.documents.by_state[DOCUMENT_QUEUED] == 1 && statistics.vectors == 2);
    EXPECT(statistics.file_bytes == 2 && statistics.people == 1 && statistics.version_count == 2);
    return true;
}

STORE_TEST(while_a_model_changes_the_vectors_of_both_are_counted)
{
    Document first, second;
    ChunkList chunks;
    Statistics statistics;
    static const struct {
        const char *coming;
        int64_t vectors, vectors_coming;
    } cases[] = { { "", 4, 0 }, { "next", 5, 1 }, { "third", 4, 0 } };

    CALL(world_ready(tx, world, &world->ours, "a.txt", "a", 2, &first, err));
    CALL(world_ready(tx, world, &world->ours, "b.txt", "b", 3, &second, err));
    CALL(vector_missing(tx, &world->ours, world->arena, first.id, S("next"), 1, &chunks, err));
    Vector vector = { .number = chunks.at[0].number, .scale = 1, .bytes = S("abc") };
    CALL(vector_add(tx, &world->ours, world->arena, first.id, S("next"), &vector, 1, err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(statistics_find(tx, &world->ours, str(cases[i].coming), &statistics, err));
        EXPECT(statistics.vectors == cases[i].vectors);
        EXPECT(statistics.vectors_coming == cases[i].vectors_coming);
    }
    return true;
}

/* Counts that are kept beside those that are made. */
static const char *const kept_counts[][2] = {
    { "SELECT workspace || ' ' || in_trash || ' ' || collection || ' ' || format || ' ' || state"
      " || ' ' || vector_model || ' ' || sum(documents) || ' ' || sum(versions) || ' ' ||"
      " sum(pages) || ' ' || sum(chunks) || ' ' || sum(vectors) || ' ' || sum(text_bytes) || ' '"
      " || sum(file_bytes) FROM document_counts GROUP BY workspace, in_trash, collection, format,"
      " state, vector_model HAVING sum(documents) <> 0 ORDER BY 1",
      "SELECT workspace || ' ' || CASE WHEN deleted_at > 0 THEN 1 ELSE 0 END || ' ' ||"
      " coalesce(collection, '') || ' ' || format || ' ' || state || ' ' || vector_model || ' ' ||"
      " count(*) || ' ' || sum(version) || ' ' || sum(page_count) || ' ' || sum(chunk_count) ||"
      " ' ' || sum(vector_count) || ' ' || sum(text_bytes) || ' ' || sum(size_bytes)"
      " FROM documents GROUP BY workspace, deleted_at > 0, CASE WHEN deleted_at > 0 THEN 1 ELSE 0"
      " END, collection, format, state, vector_model ORDER BY 1" },
    { "SELECT workspace || ' ' || tag || ' ' || sum(documents) FROM tag_counts"
      " GROUP BY workspace, tag HAVING sum(documents) <> 0 ORDER BY 1",
      "SELECT workspace || ' ' || tag || ' ' || count(*) FROM document_tags"
      " GROUP BY workspace, tag ORDER BY 1" },
};

static bool counts_are_right(DbTx *tx, World *world, Error *err)
{
    SqlItems kept, made;

    for (size_t i = 0; i < COUNT(kept_counts); i++) {
        CALL(sql_list(tx, world->arena, DB_SAME(kept_counts[i][0]), DB_NO_ARGS, sql_read_text,
                      sizeof(Str), &kept, err));
        CALL(sql_list(tx, world->arena, DB_SAME(kept_counts[i][1]), DB_NO_ARGS, sql_read_text,
                      sizeof(Str), &made, err));
        EXPECT(kept.count == made.count);
        for (size_t k = 0; k < made.count; k++)
            if (!str_equal(((Str *)kept.at)[k], ((Str *)made.at)[k]))
                return fail(err, ERROR_INTERNAL, "kept '" STR_FMT "', made '" STR_FMT "'",
                            STR_ARG(((Str *)kept.at)[k]), STR_ARG(((Str *)made.at)[k]));
    }
    return true;
}

/* One of the ways in which documents change. */
static bool change_some(DbTx *tx, World *world, int step, Str id, Str collection, Error *err)
{
    const Scope *ours = &world->ours;
    DocumentFacts facts = { .format = S("pdf"), .page_count = step, .text_bytes = 10 * step };
    Erased erased;
    Str tags[] = { S("one"), str_format(world->arena, "tag-%d", step % 3) };

    switch (step % 8) {
    case 0: return document_set_facts(tx, ours, id, &facts, err);
    case 1: return document_move(tx, ours, id, collection, err);
    case 2: return document_set_tags(tx, ours, id, (StrList){ tags, 2 }, err);
    case 3: return document_advance(tx, ours, id, ~0u, DOCUMENT_INDEXING, err);
    case 4: return document_trash(tx, ours, id, 1000 + step, err);
    case 5: return document_restore(tx, ours, id, err);
    case 6: return document_set_vectors(tx, ours, id, S("other"), step, err);
    default: return document_erase(tx, ours, world->arena, id, &erased, err);
    }
}

STORE_TEST(counts_that_are_kept_are_those_that_are_made)
{
    Collection collection = { .name = S("Shelf") };
    Document doc, twice;
    Statistics statistics;
    bool is_new;

    CALL(collection_add(tx, &world->ours, world->arena, &collection, err));
    for (int i = 0; i < 12; i++) {
        Str name = str_format(world->arena, "%d.txt", i);
        CALL(world_ready(tx, world, &world->ours, name.at, name.at, 2, &doc, err));
        CALL(document_add(tx, &world->ours, world->arena, &doc, &twice, &is_new, err));
        for (int step = 0; step < 8 - i % 4; step++)
            CALL(change_some(tx, world, step, doc.id, collection.id, err));
        CALL(counts_are_right(tx, world, err));
    }
    CALL(collection_remove(tx, &world->ours, collection.id, err));
    CALL(counts_are_right(tx, world, err));
    CALL(statistics_find(tx, &world->ours, STR_NONE, &statistics, err));
    EXPECT(statistics.documents.by_state[DOCUMENT_INDEXING] == 6 && statistics.pages == 0);
    EXPECT(statistics.documents.in_trash == 3 && statistics.version_count == 9);
    CALL(counts_rebuild(tx, err));
    return counts_are_right(tx, world, err);
}

STORE_TEST(contents_that_are_new_are_looked_for_in_their_index_alone)
{
    AUTO_DB_ROWS DbRows rows = { 0 };

    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    CALL(db_query(tx,
                  DB_SAME("EXPLAIN QUERY PLAN SELECT d.id FROM documents d"
                          " WHERE d.workspace = $1" DOCUMENT_SAME_BYTES DOCUMENT_FIRST_CREATED),
                  DB_ARGS(db_text(world->ours.workspace), db_text(S("new"))), &rows, err));
    EXPECT(db_next(&rows, err) == DB_ROW);
    EXPECT(str_find(db_get_text(&rows, 3, world->arena), S("documents_blob")) >= 0);
    return true;
}
