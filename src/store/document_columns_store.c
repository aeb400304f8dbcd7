#include "store/document_columns_store.h"

#include <assert.h>

#include "store/documents_row.h"

#define IDS_MAX 1000

/* The plus sign keeps SQLite in the order of ids. */
#define SELECT_COLUMNS                                                                             \
    "SELECT d.id, " DOCUMENT_SPAN ", d.format, substr(d.language, 1, 2),"                          \
    " coalesce(d.collection, ''), coalesce((SELECT f.text FROM document_facts f"                   \
    " WHERE f.workspace = d.workspace AND f.document = d.id AND f.key = 'author'), ''),"           \
    " d.tags, " DOCUMENT_DATE ", d.created_at, d.size_bytes, d.updated_at, d.document_date,"       \
    " d.name_fold, lower(d.title), CASE WHEN d.parent IS NULL THEN '' ELSE 'inside' "              \
    "END, " ACCESS_GUARD_OF(                                                                       \
        "d") " FROM documents d"                                                                   \
             " WHERE d.workspace = $1 AND d.chunk_count > 0 AND +d.deleted_at = 0 AND d.id"

typedef struct ColumnsRow {
    DocumentColumns columns;
    NumberSpan span;
} ColumnsRow;

static void read_columns(DbRows *row, Arena *arena, void *item)
{
    *(ColumnsRow *)item =
        (ColumnsRow){ { .id = db_get_text(row, 0, arena),
                        .format = db_get_text(row, 4, arena),
                        .language = db_get_text(row, 5, arena),
                        .collection = db_get_text(row, 6, arena),
                        .author = db_get_text(row, 7, arena),
                        .tags = document_tags_split(arena, db_get_text(row, 8, arena)),
                        .date_ms = db_get_int(row, 9),
                        .created_at_ms = db_get_int(row, 10),
                        .size_bytes = db_get_int(row, 11),
                        .updated_at_ms = db_get_int(row, 12),
                        .own_date_ms = db_get_int(row, 13),
                        .name = db_get_text(row, 14, arena),
                        .title = db_get_text(row, 15, arena),
                        .inside = db_get_text(row, 16, arena),
                        .guard = db_get_text(row, 17, arena) },
                      document_span_read(row, 1) };
}

static bool with_ranges(DbTx *tx, const Scope *scope, Arena *arena, const SqlItems *items,
                        DocumentColumnsList *list_r, Error *err)
{
    const ColumnsRow *rows = items->at;
    DocumentColumns *list = arena_new_array(arena, DocumentColumns, items->count);
    for (size_t i = 0; i < items->count; i++) {
        NumberRanges ranges = { 0 };
        list[i] = rows[i].columns;
        if (!document_span_add(tx, scope, arena, list[i].id, &rows[i].span, &ranges, err))
            return false;
        list[i].ranges = (NumberRangeList){ ranges.at, ranges.count };
    }
    *list_r = (DocumentColumnsList){ list, items->count };
    return true;
}

bool document_columns_after(DbTx *tx, const Scope *scope, Arena *arena, Str after, int64_t limit,
                            DocumentColumnsList *list_r, Error *err)
{
    SqlItems items;
    return sql_list(tx, arena, DB_SAME(SELECT_COLUMNS " > $2 ORDER BY d.id LIMIT $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(after), db_int(limit)), read_columns,
                    sizeof(ColumnsRow), &items, err) &&
           with_ranges(tx, scope, arena, &items, list_r, err);
}

bool document_columns_of(DbTx *tx, const Scope *scope, Arena *arena, StrList ids,
                         DocumentColumnsList *list_r, Error *err)
{
    SqlItems items;
    assert(ids.count <= IDS_MAX);
    return sql_list(tx, arena, SQL_IN_TEXTS(SELECT_COLUMNS, 2, ""),
                    DB_ARGS(db_text(scope->workspace), sql_texts(arena, ids.at, ids.count)),
                    read_columns, sizeof(ColumnsRow), &items, err) &&
           with_ranges(tx, scope, arena, &items, list_r, err);
}
