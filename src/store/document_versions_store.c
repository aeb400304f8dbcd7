#include "store/document_versions_store.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "store/document_access.h"
#include "store/index_changes_store.h"
#include "store/sql.h"

#define VERSIONS                                                                                   \
    "SELECT version, blob, media_type, name, size_bytes, created_at, created_by"                   \
    " FROM document_versions WHERE workspace = $1 AND document = $2 "

/* The same bytes where a key that is limited to collections does not see them. */
#define HAS_TWIN                                                                                   \
    "EXISTS (SELECT 1 FROM documents o WHERE o.workspace = $1 AND o.blob = $3 AND o.id <> $2"      \
    " AND o.guard = documents.guard AND o.parent IS NULL)"

static void read_version(DbRows *row, Arena *arena, void *item)
{
    *(DocumentVersion *)item = (DocumentVersion){
        .version = db_get_int(row, 0),
        .blob = db_get_text(row, 1, arena),
        .media_type = db_get_text(row, 2, arena),
        .name = db_get_text(row, 3, arena),
        .size_bytes = db_get_int(row, 4),
        .created_at_ms = db_get_int(row, 5),
        .created_by = db_get_text(row, 6, arena),
    };
}

/* Asked first, so that PostgreSQL's transaction goes on after a conflict. */
static bool check_blob(DbTx *tx, const Scope *scope, Arena *arena, Str document, Str blob,
                       Error *err)
{
    Document doc, other;
    Error ignored;

    if (!document_find(tx, scope, arena, document, &doc, err))
        return false;
    if (str_equal(doc.blob, blob))
        return fail(err, ERROR_CONFLICT,
                    "these bytes are the newest version of " STR_FMT " already", STR_ARG(document));
    if (!doc.parent.length && document_find_by_blob(tx, scope, arena, blob, &other, &ignored))
        return fail(err, ERROR_CONFLICT, "these bytes are in the library already, as " STR_FMT,
                    STR_ARG(other.id));
    return true;
}

bool document_version_add(DbTx *tx, const Scope *scope, Str document, DocumentVersion *version,
                          Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    int64_t now = now_ms(), number;

    if (!check_blob(tx, scope, arena, document, version->blob, err) ||
        !access_may_change(tx, scope, GUARDED_DOCUMENT, document, err) ||
        !db_exec(tx,
                 DB_SAME("UPDATE documents SET version = version + 1, blob = $3, size_bytes = $4,"
                         " media_type = $5, name = $6, name_fold = $7, state = 'queued',"
                         " error_code = '', error_message = '', warnings = '', updated_at = $8,"
                         " twin = CASE WHEN " HAS_TWIN " THEN id ELSE '' END"
                         " WHERE workspace = $1 AND id = $2"),
                 DB_ARGS(db_text(scope->workspace), db_text(document), db_text(version->blob),
                         db_int(version->size_bytes), db_text(version->media_type),
                         db_text(version->name), db_text(utf8_fold(arena, version->name)),
                         db_int(now)),
                 NULL, err) ||
        !db_query_int(tx, DB_SAME("SELECT version FROM documents WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(document)), 0, &number, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO document_versions (workspace, document, version, blob,"
                         " media_type, name, size_bytes, created_by, created_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
                 DB_ARGS(db_text(scope->workspace), db_text(document), db_int(number),
                         db_text(version->blob), db_text(version->media_type),
                         db_text(version->name), db_int(version->size_bytes), db_text(scope->user),
                         db_int(now)),
                 NULL, err) ||
        !index_change_filters(tx, scope, document, false, err))
        return false;
    version->version = number;
    version->created_at_ms = now;
    return true;
}

bool document_version_find(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                           int64_t version, Document *document_r, Error *err)
{
    Document found;
    DocumentVersion then;
    if (!document_find(tx, scope, arena, document, &found, err))
        return false;
    if (version && version != found.version) {
        if (!sql_find(tx, arena, DB_SAME(VERSIONS "AND version = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version)),
                      read_version, &then, "version of a document", document, err))
            return false;
        found.version = version;
        found.blob = then.blob;
        found.media_type = then.media_type;
        found.name = then.name;
        found.size_bytes = then.size_bytes;
    }
    if (version)
        found.indexed_version = version;
    *document_r = found;
    return true;
}

bool document_version_list(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                           DocumentVersionList *list_r, Error *err)
{
    SqlItems items;

    if (!access_may_see(tx, scope, document, err) ||
        !sql_list(tx, arena, DB_SAME(VERSIONS "ORDER BY version DESC"),
                  DB_ARGS(db_text(scope->workspace), db_text(document)), read_version,
                  sizeof(DocumentVersion), &items, err))
        return false;
    *list_r = (DocumentVersionList){ .at = items.at, .count = items.count };
    return true;
}
