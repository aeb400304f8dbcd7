/* documents_spans.c - the numbers of the passages of documents that a filter finds, or that a scope
 * does not see. */
#include "store/chunks_row.h"
#include "store/document_access_sql.h"
#include "store/documents_row.h"

NumberSpan document_span_read(DbRows *row, int column)
{
    return (NumberSpan){ .count = db_get_int(row, column),
                         .first = db_get_int(row, column + 1),
                         .last = db_get_int(row, column + 2) };
}

/* Those of others may lie between them. */
static bool add_numbers(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                        NumberRanges *ranges, Error *err)
{
    NumberList numbers;

    if (!chunk_live_numbers(tx, scope, arena, document, &numbers, err))
        return false;
    for (size_t i = 0; i < numbers.count; i++)
        *vec_push(arena, ranges) = (NumberRange){ numbers.at[i], 1 };
    return true;
}

bool document_span_add(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                       const NumberSpan *span, NumberRanges *ranges, Error *err)
{
    if (span->count > 1 && span->last - span->first + 1 != span->count)
        return add_numbers(tx, scope, arena, document, ranges, err);
    if (span->count)
        *vec_push(arena, ranges) = (NumberRange){ span->first, span->count };
    return true;
}

typedef struct DocumentSpan {
    Str document;
    NumberSpan span;
} DocumentSpan;

static void read_span(DbRows *row, Arena *arena, void *item)
{
    *(DocumentSpan *)item =
        (DocumentSpan){ db_get_text(row, 0, arena), document_span_read(row, 1) };
}

#define SPANS "SELECT d.id, " DOCUMENT_SPAN " FROM documents d"
/* An index of what is outside the trash would be most of the library: the plus sign hides it. */
#define HAVE_SPANS " AND d.chunk_count > 0 AND +d.deleted_at = 0"

static bool list_spans(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                       const char *order, SqlItems *items_r, Error *err)
{
    if (!document_filter_check(filter, err))
        return false;
    SqlBuild build = documents_begin(tx, scope, arena, SPANS, filter);
    sql_add(&build, HAVE_SPANS);
    sql_add(&build, order);
    return sql_list(tx, arena, sql_text(&build), build.args, build.count, read_span,
                    sizeof(DocumentSpan), items_r, err);
}

static bool ranges_of(DbTx *tx, const Scope *scope, Arena *arena, const SqlItems *items,
                      NumberRangeList *list_r, Error *err)
{
    const DocumentSpan *spans = items->at;
    NumberRanges ranges = { 0 };

    for (size_t i = 0; i < items->count; i++)
        if (!document_span_add(tx, scope, arena, spans[i].document, &spans[i].span, &ranges, err))
            return false;
    *list_r = (NumberRangeList){ .at = ranges.at, .count = ranges.count };
    return true;
}

bool document_list_chunks(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                          NumberRangeList *list_r, Error *err)
{
    SqlItems items;

    return list_spans(tx, scope, arena, filter, "", &items, err) &&
           ranges_of(tx, scope, arena, &items, list_r, err);
}

bool document_list_hidden_chunks(DbTx *tx, const Scope *scope, Arena *arena,
                                 NumberRangeList *list_r, Error *err)
{
    SqlBuild build = sql_build_on(tx, arena, SPANS " WHERE d.workspace = $1" HAVE_SPANS,
                                  DB_ARGS(db_text(scope->workspace)));
    SqlItems items;

    access_add_hidden(&build, scope);
    return sql_list(tx, arena, sql_text(&build), build.args, build.count, read_span,
                    sizeof(DocumentSpan), &items, err) &&
           ranges_of(tx, scope, arena, &items, list_r, err);
}

bool document_list_chunks_newest(DbTx *tx, const Scope *scope, Arena *arena,
                                 const DocumentFilter *filter, DocumentChunksList *list_r,
                                 Error *err)
{
    SqlItems items;

    if (!list_spans(tx, scope, arena, filter, DOCUMENT_NEWEST_FIRST, &items, err))
        return false;
    const DocumentSpan *spans = items.at;
    NumberRangeList *list = arena_new_array(arena, NumberRangeList, items.count);
    for (size_t i = 0; i < items.count; i++) {
        NumberRanges ranges = { 0 };
        if (!document_span_add(tx, scope, arena, spans[i].document, &spans[i].span, &ranges, err))
            return false;
        list[i] = (NumberRangeList){ ranges.at, ranges.count };
    }
    *list_r = (DocumentChunksList){ list, items.count };
    return true;
}
