/* documents_list.c - documents by what they are: parts of lists, totals. */
#include "store/document_access_sql.h"
#include "store/documents_row.h"

static const ListOrder by_tags = { "t.created_at", "t.document", true };

/* --- Lists ------------------------------------------------------------------------------ */

static bool add_part(SqlBuild *build, const ListOrder *order, bool descending, const Slice *slice,
                     Error *err)
{
    const char *way = descending ? "DESC" : "ASC";
    DbValue key;
    Str id;

    if (slice && slice->after.length) {
        if (!sql_cursor_read(slice->after, order->is_number, &key, &id, err))
            return false;
        buf_addf(&build->text, " AND (%s, %s) %s (", order->column, order->id,
                 descending ? "<" : ">");
        sql_value(build, key);
        sql_add(build, ", ");
        sql_value(build, db_text(id));
        sql_add(build, ")");
    }
    buf_addf(&build->text, " ORDER BY %s %s, %s %s LIMIT ", order->column, way, order->id, way);
    sql_value(build, db_int(slice_limit(slice) + 1));
    return true;
}

/* A list of one tag, the newest first or last, is read in the order of document_tags, the documents
 * after it. */
static bool is_by_tag(const DocumentFilter *filter, DocumentOrder order)
{
    return filter->tag.length && filter->trash == TRASH_OUTSIDE && order == DOCUMENT_BY_CREATED;
}

static SqlBuild begin_by_tag(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                             const DocumentFilter *filter)
{
    DocumentFilter rest = *filter;
    SqlBuild build = sql_build(tx, arena);

    rest.tag = S("");
    sql_add(&build, select);
    sql_add(&build, " FROM document_tags t CROSS JOIN documents d WHERE t.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    sql_add(&build, " AND t.tag = ");
    sql_value(&build, db_text(filter->tag));
    sql_add(&build, " AND d.workspace = t.workspace AND d.id = t.document");
    document_filter_add(&build, scope, arena, &rest);
    return build;
}

#define COUNTING "SELECT count(*) FROM (SELECT 1"

/* Rows of a statement that began with COUNTING, as far as they are counted. */
static bool count_some(DbTx *tx, SqlBuild *build, int64_t *total_r, bool *has_more_r, Error *err)
{
    int64_t total;

    sql_add(build, " LIMIT ");
    sql_value(build, db_int(DOCUMENT_TOTAL_MAX + 1));
    sql_add(build, ") counted");
    if (!db_query_int(tx, sql_text(build), build->args, build->count, 0, &total, err))
        return false;
    *has_more_r = total > DOCUMENT_TOTAL_MAX;
    *total_r = MIN(total, DOCUMENT_TOTAL_MAX);
    return true;
}

/* --- Totals that are kept ------------------------------------------------------------------ */

/* Nothing that document_counts does not tell apart. */
static bool is_counted(const DocumentFilter *filter)
{
    return !filter->tag.length && !filter->media_type.length && !filter->tags_any.count &&
           !filter->name_has.length && !filter->name.length && !filter->parent.length &&
           !filter->only_roots && !filter->source.length && !filter->blob.length &&
           !filter->ids.count && !filter->within.count && !filter->created_from_ms &&
           !filter->created_to_ms && !filter->date_from_ms && !filter->date_to_ms &&
           !filter->fact_count && !filter->clause_count;
}

/* All of what is outside the trash. */
static bool is_everything(const DocumentFilter *filter)
{
    return is_counted(filter) && filter->trash == TRASH_OUTSIDE && !filter->states &&
           !filter->collection.length && !filter->format.length && !filter->formats.count;
}

static bool is_counted_tag(const DocumentFilter *filter)
{
    DocumentFilter rest = *filter;

    rest.tag = S("");
    return filter->tag.length && is_everything(&rest);
}

static bool is_name_alone(const DocumentFilter *filter)
{
    DocumentFilter rest = *filter;

    rest.name_has = S("");
    return is_everything(&rest);
}

static SqlBuild begin_counted(DbTx *tx, const Scope *scope, Arena *arena,
                              const DocumentFilter *filter)
{
    SqlBuild build = sql_build(tx, arena);

    sql_add(&build, "SELECT coalesce(CAST(sum(d.documents) AS BIGINT), 0) FROM ");
    access_add_document_counts(&build, scope);
    sql_add(&build, " WHERE d.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    document_counted_add(&build, arena, filter);
    return build;
}

static SqlBuild begin_counted_tag(DbTx *tx, const Scope *scope, Arena *arena, Str tag)
{
    SqlBuild build = sql_build(tx, arena);

    sql_add(&build, "SELECT coalesce(CAST(sum(t.documents) AS BIGINT), 0) FROM ");
    access_add_tag_counts(&build, scope);
    sql_add(&build, " WHERE t.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    sql_add(&build, " AND t.tag = ");
    sql_value(&build, db_text(tag));
    return build;
}

static bool find_total(DbTx *tx, SqlBuild build, DocumentList *list, Error *err)
{
    int64_t total;

    if (!db_query_int(tx, sql_text(&build), build.args, build.count, 0, &total, err))
        return false;
    list->has_more = total > DOCUMENT_TOTAL_MAX;
    list->total = MIN(total, DOCUMENT_TOTAL_MAX);
    return true;
}

static bool count_list(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                       DocumentList *list, Error *err)
{
    if (is_counted(filter))
        return find_total(tx, begin_counted(tx, scope, arena, filter), list, err);
    if (is_counted_tag(filter))
        return find_total(tx, begin_counted_tag(tx, scope, arena, filter->tag), list, err);
    SqlBuild build = is_by_tag(filter, DOCUMENT_BY_CREATED)
                         ? begin_by_tag(tx, scope, arena, COUNTING, filter)
                         : documents_begin(tx, scope, arena, COUNTING " FROM documents d", filter);

    return count_some(tx, &build, &list->total, &list->has_more, err);
}

/* --- Lists that are sorted here --------------------------------------------------------------
 *
 * What no index gives in the order of the list is read once: the keys of all that match, mostly
 * from an index alone, then the documents of the part that is wanted. */

static void read_number_key(DbRows *row, Arena *arena, void *item)
{
    *(ListKey *)item = (ListKey){ .id = db_get_text(row, 0, arena), .number = db_get_int(row, 1) };
}

static void read_text_key(DbRows *row, Arena *arena, void *item)
{
    *(ListKey *)item =
        (ListKey){ .id = db_get_text(row, 0, arena), .text = db_get_text(row, 1, arena) };
}

/* How names are read where their parts are asked for. *is_r: the keys are read and sorted here.
 * PostgreSQL finds the documents of a time fast enough, and would have to send all their keys. */
static bool is_sorted_here(DbTx *tx, const Scope *scope, const DocumentFilter *filter, bool *is_r,
                           NameLook *look_r, Error *err)
{
    bool is_sqlite = db_tx_kind(tx) == DB_SQLITE;

    *look_r = NAMES_OF_ROWS;
    *is_r = filter->name_has.length || (is_sqlite && (filter->date_from_ms || filter->date_to_ms));
    if (!filter->name_has.length)
        return true;
    if (!document_name_look(tx, scope, is_name_alone(filter), look_r, err))
        return false;
    *is_r = !is_sqlite || *look_r != NAMES_OF_ROWS;
    return true;
}

/* *keys_r is of use when no more match than are counted. */
static bool list_keys_of(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                         NameLook look, const ListOrder *order, DocumentList *list,
                         ListKey **keys_r, Error *err)
{
    Str select = str_format(arena, "SELECT d.id, %s", order->column);
    SqlBuild build = documents_begin_by_name(tx, scope, arena, select.at, filter, look);
    SqlItems items;

    sql_add(&build, " LIMIT ");
    sql_value(&build, db_int(DOCUMENT_TOTAL_MAX + 1));
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count,
                  order->is_number ? read_number_key : read_text_key, sizeof(ListKey), &items, err))
        return false;
    list->has_more = items.count > DOCUMENT_TOTAL_MAX;
    list->total = MIN((int64_t)items.count, DOCUMENT_TOTAL_MAX);
    *keys_r = items.at;
    return true;
}

/* --- Lists of a time alone ----------------------------------------------------------------------
 *
 * SQLite reads all that are of the time from an index that has what lists are filtered and ordered
 * by, and keeps the part that is wanted. PostgreSQL is fast enough by itself. */

#define BY_DAY " FROM documents d INDEXED BY documents_by_day"

static bool is_time_alone(const DbTx *tx, const DocumentFilter *filter)
{
    DocumentFilter rest = *filter;

    rest.date_from_ms = rest.date_to_ms = 0;
    return db_tx_kind(tx) == DB_SQLITE && (filter->date_from_ms || filter->date_to_ms) &&
           is_everything(&rest);
}

static bool list_of_time(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                         DocumentOrder order, bool descending, const Slice *slice,
                         DocumentList *list, Error *err)
{
    Str select = str_format(arena, "SELECT d.id, %s" BY_DAY, document_order(order)->column);
    SqlBuild build = documents_begin(tx, scope, arena, select.at, filter);
    SqlItems items;

    return add_part(&build, document_order(order), descending, slice, err) &&
           sql_list(tx, arena, sql_text(&build), build.args, build.count,
                    document_order(order)->is_number ? read_number_key : read_text_key,
                    sizeof(ListKey), &items, err) &&
           document_list_keys(tx, scope, arena, order, slice, items.at, items.count, list, err);
}

/* --- Any list ------------------------------------------------------------------------------- */

/* Of a large library such filters leave few: to walk through an order until enough are met would be
 * to read nearly all. */
static bool leaves_few(const DbTx *tx, const DocumentFilter *filter, const DocumentList *list)
{
    bool is_unready = filter->states && !(filter->states & 1u << DOCUMENT_READY);

    return db_tx_kind(tx) == DB_SQLITE && !list->has_more &&
           (is_unready || filter->parent.length || filter->source.length || filter->blob.length ||
            filter->ids.count || filter->within.count);
}

/* The part of the list whose total is known: the documents are read in its order. */
static bool list_in_order(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                          DocumentOrder order, bool descending, const Slice *slice,
                          DocumentList *list, Error *err)
{
    size_t limit = (size_t)slice_limit(slice);
    SqlItems items;
    bool by_tag = is_by_tag(filter, order);
    DocumentFilter counted = *filter;
    counted.has_many = list->has_more;
    const ListOrder *by = by_tag ? &by_tags : document_order(order);
    ListOrder gathered = { str_format(arena, "+%s", by->column).at, by->id, by->is_number };
    SqlBuild build =
        by_tag ? begin_by_tag(tx, scope, arena, "SELECT " DOCUMENT_COLUMNS, &counted)
               : documents_begin(tx, scope, arena, "SELECT " DOCUMENT_COLUMNS " FROM documents d",
                                 &counted);
    if (!by_tag && leaves_few(tx, filter, list))
        by = &gathered;
    if (!add_part(&build, by, descending, slice, err) ||
        !sql_list(tx, arena, sql_text(&build), build.args, build.count, document_read,
                  sizeof(Document), &items, err))
        return false;
    list->at = items.at;
    list->count = MIN(items.count, limit);
    if (items.count > limit) {
        const Document *last = &list->at[limit - 1];
        ListKey key = document_key(arena, last, order);
        list->next = document_key_cursor(arena, &key, order);
    }
    return true;
}

bool document_list(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                   DocumentOrder order, bool descending, const Slice *slice, DocumentList *list_r,
                   Error *err)
{
    static const DocumentFilter all = { 0 };
    DocumentList list = { 0 };
    NameLook look;
    bool is_here;

    if (!filter)
        filter = &all;
    if (!document_filter_check(filter, err))
        return false;
    if (is_time_alone(tx, filter)) {
        SqlBuild counting = documents_begin(tx, scope, arena, COUNTING BY_DAY, filter);
        if (!count_some(tx, &counting, &list.total, &list.has_more, err))
            return false;
        *list_r = list;
        return list.has_more
                   ? list_in_order(tx, scope, arena, filter, order, descending, slice, list_r, err)
                   : list_of_time(tx, scope, arena, filter, order, descending, slice, list_r, err);
    }
    if (!is_sorted_here(tx, scope, filter, &is_here, &look, err))
        return false;
    if (is_here) {
        ListKey *keys;
        if (!list_keys_of(tx, scope, arena, filter, look, document_order(order), &list, &keys, err))
            return false;
        if (!list.has_more) {
            *list_r = list;
            return document_list_sorted(tx, scope, arena, order, descending, slice, keys, list_r,
                                        err);
        }
    } else if (!count_list(tx, scope, arena, filter, &list, err))
        return false;
    *list_r = list;
    return list_in_order(tx, scope, arena, filter, order, descending, slice, list_r, err);
}

bool document_list_ids(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                       size_t id_max, StrList *ids_r, Error *err)
{
    static const DocumentFilter all = { 0 };
    SqlItems items;

    if (!filter)
        filter = &all;
    if (!document_filter_check(filter, err))
        return false;
    SqlBuild build = documents_begin(tx, scope, arena, "SELECT d.id FROM documents d", filter);
    sql_add(&build, " LIMIT ");
    sql_value(&build, db_int((int64_t)id_max + 1));
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, sql_read_text, sizeof(Str),
                  &items, err))
        return false;
    if (items.count > id_max)
        return fail(err, ERROR_TOO_LARGE, "more than %zu documents match", id_max);
    *ids_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}

#define FIRST_CHUNKS " FROM documents d CROSS JOIN chunks c"
#define OF_FIRST_CHUNKS                                                                            \
    " AND c.workspace = d.workspace AND c.document = d.id AND c.version = d.indexed_version"       \
    " AND c.ordinal = 0"

bool document_list_newest(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                          int64_t offset, int64_t limit, DocumentStarts *starts_r, Error *err)
{
    DocumentStarts starts = { 0 };
    SqlItems items;

    if (!document_filter_check(filter, err))
        return false;
    SqlBuild counting = documents_begin(tx, scope, arena, COUNTING FIRST_CHUNKS, filter);
    SqlBuild build = documents_begin(tx, scope, arena, "SELECT c.number" FIRST_CHUNKS, filter);
    sql_add(&counting, OF_FIRST_CHUNKS);
    sql_add(&build, OF_FIRST_CHUNKS DOCUMENT_NEWEST_FIRST " LIMIT ");
    sql_value(&build, db_int(limit));
    sql_add(&build, " OFFSET ");
    sql_value(&build, db_int(offset));
    if (!count_some(tx, &counting, &starts.total, &starts.has_more, err) ||
        !sql_list(tx, arena, sql_text(&build), build.args, build.count, sql_read_int,
                  sizeof(int64_t), &items, err))
        return false;
    starts.numbers = (NumberList){ .at = items.at, .count = items.count };
    *starts_r = starts;
    return true;
}

bool document_count_since(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                          int64_t number, int64_t *count_r, Error *err)
{
    if (!document_filter_check(filter, err))
        return false;
    /* The few new chunks first, then the documents of those. */
    SqlBuild build =
        documents_begin(tx, scope, arena,
                        "SELECT count(DISTINCT d.id) FROM chunks c CROSS JOIN documents d", filter);
    sql_add(&build, " AND d.workspace = c.workspace AND d.id = c.document"
                    " AND c.version = d.indexed_version AND c.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    sql_add(&build, " AND c.number > ");
    sql_value(&build, db_int(number));
    return db_query_int(tx, sql_text(&build), build.args, build.count, 0, count_r, err);
}
