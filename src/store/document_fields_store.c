#include "store/document_fields_store.h"

#include "base/clock.h"
#include "store/document_access_sql.h"
#include "store/sql.h"

#define FIELDS                                                                                     \
    "SELECT f.document, f.name, f.schema_json, f.result, d.name, f.created_at, f.updated_at"       \
    " FROM document_fields f JOIN documents d ON d.workspace = f.workspace AND d.id = f.document"  \
    " WHERE f.workspace = $1 AND d.deleted_at = 0 "

static void read_fields(DbRows *row, Arena *arena, void *item)
{
    *(DocumentFields *)item = (DocumentFields){
        .document = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .schema = db_get_text(row, 2, arena),
        .result = db_get_text(row, 3, arena),
        .document_name = db_get_text(row, 4, arena),
        .created_at_ms = db_get_int(row, 5),
        .updated_at_ms = db_get_int(row, 6),
    };
}

bool document_fields_save(DbTx *tx, const Scope *scope, DocumentFields *fields, Error *err)
{
    int64_t now = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO document_fields (workspace, document, name, schema_json,"
                         " result, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)"
                         " ON CONFLICT (workspace, document, name) DO UPDATE SET"
                         " schema_json = excluded.schema_json, result = excluded.result,"
                         " updated_at = excluded.updated_at"),
                 DB_ARGS(db_text(scope->workspace), db_text(fields->document),
                         db_text(fields->name), db_text(fields->schema), db_text(fields->result),
                         db_int(now)),
                 NULL, err))
        return false;
    fields->created_at_ms = fields->created_at_ms ? fields->created_at_ms : now;
    fields->updated_at_ms = now;
    return true;
}

/* Of documents that the scope sees. */
static bool list_fields(DbTx *tx, const Scope *scope, Arena *arena, const char *text,
                        const DbValue *args, size_t count, const char *rest,
                        DocumentFieldsList *list_r, Error *err)
{
    SqlBuild build = sql_build_on(tx, arena, text, args, count);
    SqlItems items;

    access_add(&build, scope);
    sql_add(&build, rest);
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_fields,
                  sizeof(DocumentFields), &items, err))
        return false;
    *list_r = (DocumentFieldsList){ .at = items.at, .count = items.count };
    return true;
}

bool document_fields_find(DbTx *tx, const Scope *scope, Arena *arena, Str document, Str name,
                          DocumentFields *fields_r, Error *err)
{
    DocumentFieldsList list;

    if (!list_fields(tx, scope, arena, FIELDS "AND f.document = $2 AND f.name = $3",
                     DB_ARGS(db_text(scope->workspace), db_text(document), db_text(name)), "",
                     &list, err))
        return false;
    if (!list.count)
        return sql_not_found(err, "kept result of the schema", name);
    *fields_r = list.at[0];
    return true;
}

bool document_fields_list(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                          DocumentFieldsList *list_r, Error *err)
{
    return list_fields(tx, scope, arena, FIELDS "AND f.document = $2",
                       DB_ARGS(db_text(scope->workspace), db_text(document)), " ORDER BY f.name",
                       list_r, err);
}

bool document_fields_list_named(DbTx *tx, const Scope *scope, Arena *arena, Str name,
                                Str collection, const Slice *slice, DocumentFieldsList *list_r,
                                Error *err)
{
    int64_t limit = slice_limit(slice);
    Str after = slice ? slice->after : STR_NONE;
    DocumentFieldsList list;

    if (!list_fields(tx, scope, arena,
                     FIELDS "AND f.name = $2 AND f.document > $3"
                            " AND ($4 = '' OR d.collection = $4)",
                     DB_ARGS(db_text(scope->workspace), db_text(name), db_text(after),
                             db_text(collection), db_int(limit)),
                     " ORDER BY f.document LIMIT $5", &list, err))
        return false;
    if ((int64_t)list.count == limit)
        list.next = list.at[list.count - 1].document;
    *list_r = list;
    return true;
}

bool document_fields_remove(DbTx *tx, const Scope *scope, Str document, Str name, Error *err)
{
    return access_may_change(tx, scope, GUARDED_DOCUMENT, document, err) &&
           sql_change(tx,
                      DB_SAME("DELETE FROM document_fields WHERE workspace = $1 AND document = $2"
                              " AND name = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(document), db_text(name)),
                      "kept result of the schema", name, err);
}
