/* documents_trash.c - into the trash and out of it, with everything inside a document. */
#include "base/clock.h"
#include "store/collection_guard.h"
#include "store/documents_row.h"
#include "store/index_changes_store.h"

/* Tells the index of the live chunks of a document and all that is inside it. */
static bool tell_index(DbTx *tx, const Scope *scope, Str id, IndexOperation operation, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    SqlItems documents, numbers;

    if (!sql_list(tx, arena, DB_SAME(DOCUMENT_FAMILY "SELECT id FROM family"),
                  DB_ARGS(db_text(scope->workspace), db_text(id)), sql_read_text, sizeof(Str),
                  &documents, err))
        return false;
    for (size_t i = 0; i < documents.count; i++) {
        Str document = ((Str *)documents.at)[i];
        if (!sql_list(tx, arena,
                      DB_SAME("SELECT c.number FROM chunks c JOIN documents d"
                              " ON d.workspace = c.workspace AND d.id = c.document"
                              " AND d.indexed_version = c.version"
                              " WHERE c.workspace = $1 AND c.document = $2 ORDER BY c.number"),
                      DB_ARGS(db_text(scope->workspace), db_text(document)), sql_read_int,
                      sizeof(int64_t), &numbers, err) ||
            !index_change_add(tx, scope, arena, operation, document, STR_NONE, numbers.at,
                              numbers.count, err))
            return false;
    }
    return true;
}

/* What comes back counts as changed now: else the days of its collection would be over again. */
static bool set_deleted(DbTx *tx, const Scope *scope, Str id, int64_t deleted_at_ms, Error *err)
{
    return collection_guard_hold(tx, scope, id, err) &&
           db_exec(tx,
                   DB_SAME(DOCUMENT_FAMILY
                           "UPDATE documents SET deleted_at = $3,"
                           " updated_at = CASE WHEN $3 = 0 THEN $4 ELSE updated_at END,"
                           " guard = " ACCESS_GUARD_OF(
                               "documents") ","
                                            " twin = " ACCESS_TWIN_AT(ACCESS_GUARD_OF(
                                                "documents")) " WHERE workspace = $1 AND id IN "
                                                              "(SELECT id FROM family)"),
                   DB_ARGS(db_text(scope->workspace), db_text(id), db_int(deleted_at_ms),
                           db_int(now_ms())),
                   NULL, err);
}

bool document_trash(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Document doc;

    if (!document_find(tx, scope, arena, id, &doc, err) ||
        !access_may_change(tx, scope, GUARDED_DOCUMENT, id, err))
        return false;
    if (doc.deleted_at_ms)
        return true;
    return set_deleted(tx, scope, id, now_ms, err) && document_tags_hide(tx, scope, id, err) &&
           tell_index(tx, scope, id, INDEX_REMOVE, err);
}

bool document_restore(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Document doc, parent = { 0 };

    if (!document_find(tx, scope, arena, id, &doc, err) ||
        !access_may_change(tx, scope, GUARDED_DOCUMENT, id, err) ||
        (doc.parent.length && !document_find(tx, scope, arena, doc.parent, &parent, err)))
        return false;
    if (!doc.deleted_at_ms)
        return fail(err, ERROR_CONFLICT, "document " STR_FMT " is not in the trash", STR_ARG(id));
    if (parent.deleted_at_ms)
        return fail(err, ERROR_CONFLICT,
                    "document " STR_FMT " is inside " STR_FMT ", which is in the trash; restore"
                    " that one",
                    STR_ARG(id), STR_ARG(parent.id));
    return set_deleted(tx, scope, id, 0, err) && document_tags_show(tx, scope, arena, id, err) &&
           tell_index(tx, scope, id, INDEX_ADD, err);
}
