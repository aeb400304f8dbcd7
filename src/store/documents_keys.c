/* documents_keys.c - see document_keys.h; and lists whose keys are sorted here. */
#include "store/document_keys.h"

#include "base/map.h"
#include "base/utf8.h"
#include "store/documents_row.h"

/* --- Orders --- */

static const ListOrder orders[] = {
    [DOCUMENT_BY_CREATED] = { "d.created_at", "d.id", true },
    [DOCUMENT_BY_UPDATED] = { "d.updated_at", "d.id", true },
    [DOCUMENT_BY_NAME] = { "d.name_fold", "d.id", false },
    [DOCUMENT_BY_SIZE] = { "d.size_bytes", "d.id", true },
    [DOCUMENT_BY_DATE] = { "d.document_date", "d.id", true },
};

const ListOrder *document_order(DocumentOrder order) { return &orders[order]; }

ListKey document_key(Arena *arena, const Document *doc, DocumentOrder order)
{
    ListKey key = { .id = doc->id };
    switch (order) {
    case DOCUMENT_BY_CREATED: key.number = doc->created_at_ms; break;
    case DOCUMENT_BY_UPDATED: key.number = doc->updated_at_ms; break;
    case DOCUMENT_BY_SIZE: key.number = doc->size_bytes; break;
    case DOCUMENT_BY_DATE: key.number = doc->document_date_ms; break;
    case DOCUMENT_BY_NAME: key.text = utf8_fold(arena, doc->name); break;
    }
    return key;
}

Str document_key_cursor(Arena *arena, const ListKey *key, DocumentOrder order)
{
    return sql_cursor(arena, orders[order].is_number ? db_int(key->number) : db_text(key->text),
                      key->id);
}

int document_key_compare(const ListKey *a, const ListKey *b)
{
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    int by_text = str_compare(a->text, b->text);
    return by_text ? by_text : str_compare(a->id, b->id);
}

static int compare_up(const void *a, const void *b) { return document_key_compare(a, b); }
static int compare_down(const void *a, const void *b) { return document_key_compare(b, a); }

ListKeyCompare *document_key_order(bool descending)
{
    return descending ? compare_down : compare_up;
}

bool document_key_after(const Slice *slice, DocumentOrder order, ListKey *after_r, bool *is_there_r,
                        Error *err)
{
    bool is_number = orders[order].is_number;
    ListKey after = { 0 };
    DbValue value;

    *is_there_r = slice && slice->after.length;
    if (!*is_there_r)
        return true;
    if (!sql_cursor_read(slice->after, is_number, &value, &after.id, err))
        return false;
    after.number = is_number ? value.integer : 0;
    after.text = is_number ? STR_NONE : value.text;
    *after_r = after;
    return true;
}

/* --- Rows of keys --- */

/* " CASE WHEN ... THEN 1 ELSE 0 END", of documents outside the trash: nothing that a statement
 * could be planned by, as few documents are found otherwise. Tags are looked for in each of those.
 */
static void add_match(SqlBuild *build, const Scope *scope, Arena *arena,
                      const DocumentFilter *filter)
{
    DocumentFilter looked = *filter;

    looked.trash = TRASH_EITHER;
    looked.asks_of_few = true;
    sql_add(build, " CASE WHEN d.deleted_at = 0");
    document_filter_add(build, scope, arena, &looked);
    sql_add(build, " THEN 1 ELSE 0 END");
}

static SqlBuild begin_of_ids(DbTx *tx, const Scope *scope, Arena *arena,
                             const DocumentFilter *filter, StrList ids)
{
    DocumentFilter wanted = { .ids = ids, .trash = TRASH_EITHER };
    SqlBuild build =
        documents_begin(tx, scope, arena, "SELECT " DOCUMENT_COLUMNS " FROM documents d", &wanted);
    if (filter) {
        sql_add(&build, " AND");
        add_match(&build, scope, arena, filter);
        sql_add(&build, " = 1");
    }
    return build;
}

/* In the order of the keys; *found_r: of how many there is a row that the filter (NULL: any) lets
 * through. */
static bool find_in_order(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                          const ListKey *keys, size_t count, Document **list_r, size_t *found_r,
                          Error *err)
{
    Map places = map_new(arena);
    Str *ids = arena_new_array(arena, Str, count);
    Document *list = arena_new_array(arena, Document, count);
    SqlItems items;

    for (size_t i = 0; i < count; i++) {
        ids[i] = keys[i].id;
        map_add(&places, ids[i], NULL)->number = (int64_t)i;
    }
    SqlBuild build = begin_of_ids(tx, scope, arena, filter, (StrList){ ids, count });
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, document_read,
                  sizeof(Document), &items, err))
        return false;
    for (size_t i = 0; i < items.count; i++) {
        const Document *found = (const Document *)items.at + i;
        list[map_add(&places, found->id, NULL)->number] = *found;
    }
    *list_r = list;
    *found_r = items.count;
    return true;
}

/* --- Lists that are sorted here --- */

/* Sorts the keys and sets *count to how many of them, at *keys, come after the cursor. */
static bool sort_keys(ListKey **keys, size_t *count, DocumentOrder order, bool descending,
                      const Slice *slice, Error *err)
{
    ListKeyCompare *compare = document_key_order(descending);
    ListKey after;
    bool goes_on;

    if (*count)
        qsort(*keys, *count, sizeof **keys, compare);
    if (!document_key_after(slice, order, &after, &goes_on, err))
        return false;
    for (; goes_on && *count && compare(*keys, &after) <= 0; (*keys)++)
        (*count)--;
    return true;
}

bool document_list_keys(DbTx *tx, const Scope *scope, Arena *arena, DocumentOrder order,
                        const Slice *slice, const ListKey *keys, size_t count, DocumentList *list,
                        Error *err)
{
    size_t limit = (size_t)slice_limit(slice), shown = MIN(count, limit), found = 0;

    if (shown && !find_in_order(tx, scope, arena, NULL, keys, shown, &list->at, &found, err))
        return false;
    if (found < shown)
        return fail(err, ERROR_BUSY, "documents went while they were listed");
    list->count = shown;
    if (count > limit)
        list->next = document_key_cursor(arena, &keys[limit - 1], order);
    return true;
}

bool document_list_sorted(DbTx *tx, const Scope *scope, Arena *arena, DocumentOrder order,
                          bool descending, const Slice *slice, ListKey *keys, DocumentList *list,
                          Error *err)
{
    size_t count = (size_t)list->total;

    return sort_keys(&keys, &count, order, descending, slice, err) &&
           document_list_keys(tx, scope, arena, order, slice, keys, count, list, err);
}

/* --- Lists that were chosen elsewhere --- */

static void read_unsettled(DbRows *row, Arena *arena, void *item)
{
    Unsettled *unsettled = item;

    unsettled->key.id = db_get_text(row, 0, arena);
    unsettled->matches = db_get_int(row, 1);
    unsettled->key.number = db_get_int(row, 2);
    unsettled->key.text = db_get_text(row, 3, arena);
}

bool document_list_unsettled(DbTx *tx, const Scope *scope, Arena *arena,
                             const DocumentFilter *filter, DocumentOrder order, size_t most,
                             UnsettledList *list_r, Error *err)
{
    SqlBuild build = sql_build(tx, arena);
    SqlItems items;

    sql_add(&build, "SELECT d.id,");
    add_match(&build, scope, arena, filter);
    buf_addf(&build.text, orders[order].is_number ? ", %s, ''" : ", 0, %s", orders[order].column);
    /* SQLite has no figures to choose by. */
    buf_addf(&build.text, " FROM documents d%s WHERE d.workspace = ",
             build.kind == DB_SQLITE ? " INDEXED BY documents_unsettled" : "");
    sql_value(&build, db_text(scope->workspace));
    sql_add(&build, " AND d.deleted_at = 0 AND (d.chunk_count = 0 OR d.state <> 'ready') LIMIT ");
    sql_value(&build, db_int((int64_t)most + 1));
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_unsettled,
                  sizeof(Unsettled), &items, err))
        return false;
    *list_r = (UnsettledList){ items.at, items.count };
    return true;
}

static bool is_as_chosen(Arena *arena, const Document *rows, DocumentOrder order,
                         const DocumentChoice *choice)
{
    for (size_t i = 0; i < choice->count; i++) {
        ListKey key = document_key(arena, &rows[i], order);
        if (document_key_compare(&key, &choice->keys[i]) != 0)
            return false;
    }
    return true;
}

bool document_list_chosen(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                          DocumentOrder order, const DocumentChoice *choice, DocumentList *list_r,
                          bool *is_whole_r, Error *err)
{
    DocumentList list = { .count = choice->count,
                          .total = choice->total,
                          .has_more = choice->has_more };
    size_t found = 0;

    if (choice->count && !find_in_order(tx, scope, arena, filter, choice->keys, choice->count,
                                        &list.at, &found, err))
        return false;
    *is_whole_r = found == choice->count && is_as_chosen(arena, list.at, order, choice);
    if (choice->goes_on && *is_whole_r)
        list.next = document_key_cursor(arena, &choice->keys[choice->count - 1], order);
    *list_r = list;
    return true;
}
