#include "store/documents_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/collection_guard.h"
#include "store/collections_store.h"
#include "store/document_access_sql.h"
#include "store/document_versions_store.h"
#include "store/documents_row.h"
#include "store/index_changes_store.h"

#define FIND "SELECT " DOCUMENT_COLUMNS " FROM documents d WHERE d.workspace = $1 "

/* --- Adding and finding ----------------------------------------------------------------- */

/* What is inside a document has its guard, else its collection's. */
static bool check_relations(DbTx *tx, const Scope *scope, Arena *arena, Document *doc, Error *err)
{
    Document parent;

    if (doc->parent.length) {
        if (!collection_guard_hold(tx, scope, doc->parent, err) ||
            !document_find(tx, scope, arena, doc->parent, &parent, err) ||
            !access_may_change(tx, scope, GUARDED_DOCUMENT, doc->parent, err))
            return false;
        doc->guard = parent.guard;
    } else if (!access_guard_of(tx, scope, arena, doc->collection, &doc->guard, err)) {
        return false;
    }
    return !doc->collection.length ||
           access_may_change(tx, scope, GUARDED_COLLECTION, doc->collection, err);
}

static bool insert(DbTx *tx, const Scope *scope, Arena *arena, const Document *doc, Str tags,
                   Str twin, int64_t *changed_r, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO documents (workspace, id, collection, parent, child_ordinal, name,"
                " name_fold, title, media_type, format, language, size_bytes, blob, state,"
                " error_code, error_message, warnings, metadata, tags, source, created_by,"
                " password_sealed, version, indexed_version, page_count, text_bytes, chunk_count,"
                " vector_count, vector_model, created_at, updated_at, document_date, deleted_at,"
                " guard, twin)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11, $12, 'queued', '', '',"
                " '', $13, $14, $15, $16, $17, 1, 0, 0, 0, 0, 0, '', $18, $18, $19, 0, $20, $21)"
                " ON CONFLICT DO NOTHING"),
        DB_ARGS(db_text(scope->workspace), db_text(doc->id), db_text_or_null(doc->collection),
                db_text_or_null(doc->parent), db_int(doc->child_ordinal), db_text(doc->name),
                db_text(utf8_fold(arena, doc->name)), db_text(doc->title), db_text(doc->media_type),
                db_text(doc->format), db_int(doc->size_bytes), db_text(doc->blob),
                db_text(doc->metadata), db_text(tags), db_text(doc->source), db_text(scope->user),
                db_blob(doc->password_sealed), db_int(doc->created_at_ms),
                db_int(doc->document_date_ms), db_text(doc->guard), db_text(twin)),
        changed_r, err);
}

/* A copy behind another list that the scope sees is the same document too: adding it again leads
 * round no list. One that it does not see is not there. */
static bool find_copy(DbTx *tx, const Scope *scope, Arena *arena, const Document *doc,
                      Document *document_r, bool *found_r, Error *err)
{
    Error why;

    *found_r = false;
    if (doc->parent.length || scope->is_unguarded)
        return true;
    *found_r = document_find_by_blob(tx, scope, arena, doc->blob, document_r, &why);
    if (*found_r || why.code == ERROR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

/* The same bytes where a key that is limited to collections does not see them are not there: a
 * document of its own is added beside them. */
static bool add_or_find(DbTx *tx, const Scope *scope, Arena *arena, const Document *doc, Str tags,
                        Document *document_r, bool *is_new_r, Error *err)
{
    int64_t changed;
    bool is_copy;

    if (!find_copy(tx, scope, arena, doc, document_r, &is_copy, err))
        return false;
    *is_new_r = !is_copy;
    if (is_copy)
        return true;
    if (!insert(tx, scope, arena, doc, tags, STR_NONE, &changed, err))
        return false;
    if (changed)
        return true;
    if (!doc->parent.length) {
        *is_new_r = false;
        if (document_find_by_blob(tx, scope, arena, doc->blob, document_r, err))
            return true;
        if (err->code != ERROR_NOT_FOUND ||
            !insert(tx, scope, arena, doc, tags, doc->id, &changed, err))
            return false;
        *is_new_r = changed > 0;
    }
    return changed ||
           fail(err, ERROR_CONFLICT, "there is a document " STR_FMT " already", STR_ARG(doc->id));
}

bool document_add(DbTx *tx, const Scope *scope, Arena *arena, const Document *given,
                  Document *document_r, bool *is_new_r, Error *err)
{
    Document doc = *given;
    Str tags;

    if (!doc.id.length)
        doc.id = id_new(arena);
    doc.created_at_ms = now_ms();
    if (!document_tags_join(arena, doc.tags, &tags, err) ||
        !check_relations(tx, scope, arena, &doc, err) ||
        !add_or_find(tx, scope, arena, &doc, tags, document_r, is_new_r, err))
        return false;
    if (!*is_new_r)
        return true;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO document_versions (workspace, document, version, blob,"
                         " media_type, name, size_bytes, created_by, created_at)"
                         " VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8)"),
                 DB_ARGS(db_text(scope->workspace), db_text(doc.id), db_text(doc.blob),
                         db_text(doc.media_type), db_text(doc.name), db_int(doc.size_bytes),
                         db_text(scope->user), db_int(doc.created_at_ms)),
                 NULL, err) ||
        !document_tags_add(tx, scope, arena, doc.id, doc.created_at_ms, tags, err) ||
        !document_find(tx, scope, arena, doc.id, document_r, err))
        return false;
    return true;
}

/* Those that the scope sees. */
static bool find_seen(DbTx *tx, const Scope *scope, Arena *arena, const char *text,
                      const DbValue *args, size_t count, const char *rest, SqlItems *found_r,
                      Error *err)
{
    SqlBuild build = sql_build_on(tx, arena, text, args, count);

    access_add(&build, scope);
    sql_add(&build, rest);
    return sql_list(tx, arena, sql_text(&build), build.args, build.count, document_read,
                    sizeof(Document), found_r, err);
}

static bool first_of(const SqlItems *found, Document *document_r, const char *what, Str id,
                     Error *err)
{
    if (!found->count)
        return sql_not_found(err, what, id);
    *document_r = ((const Document *)found->at)[0];
    return true;
}

bool document_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Document *document_r,
                   Error *err)
{
    SqlItems found;

    return find_seen(tx, scope, arena, FIND "AND d.id = $2",
                     DB_ARGS(db_text(scope->workspace), db_text(id)), "", &found, err) &&
           first_of(&found, document_r, "document", id, err);
}

bool document_find_by_blob(DbTx *tx, const Scope *scope, Arena *arena, Str blob,
                           Document *document_r, Error *err)
{
    SqlItems found;

    return find_seen(tx, scope, arena, FIND DOCUMENT_SAME_BYTES,
                     DB_ARGS(db_text(scope->workspace), db_text(blob)), DOCUMENT_FIRST_CREATED,
                     &found, err) &&
           first_of(&found, document_r, "document with the contents", blob, err);
}

/* --- Progress --------------------------------------------------------------------------- */

/* Says why a compare-and-set changed nothing. */
static bool refuse(DbTx *tx, const Scope *scope, Str id, DocumentState to, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Document doc;

    if (!document_find(tx, scope, arena, id, &doc, err))
        return false;
    return fail(err, ERROR_CONFLICT, "document " STR_FMT " is %s and cannot become %s", STR_ARG(id),
                document_state_name(doc.state), document_state_name(to));
}

bool document_advance(DbTx *tx, const Scope *scope, Str id, unsigned from, DocumentState to,
                      Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str states = document_states_text(arena, from);
    Str sql = str_format(arena,
                         "UPDATE documents SET state = $3, error_code = '', error_message = '',"
                         " updated_at = $4 WHERE workspace = $1 AND id = $2"
                         " AND state IN (" STR_FMT ")",
                         STR_ARG(states));
    int64_t changed;

    if (!access_may_change(tx, scope, GUARDED_DOCUMENT, id, err) ||
        !db_exec(tx, DB_SAME(sql.at),
                 DB_ARGS(db_text(scope->workspace), db_text(id),
                         db_text(str(document_state_name(to))), db_int(now_ms())),
                 &changed, err))
        return false;
    if (!changed)
        return refuse(tx, scope, id, to, err);
    /* Lists take what is ready from memory, in the order of its last change too. */
    return to != DOCUMENT_READY || index_change_filters(tx, scope, id, false, err);
}

bool document_fail(DbTx *tx, const Scope *scope, Str id, const Error *why, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE documents SET state = 'failed', error_code = $3,"
                         " error_message = $4, updated_at = $5 WHERE workspace = $1 AND id = $2"
                         " AND state IN ('queued', 'extracting', 'indexing')"),
                 DB_ARGS(db_text(scope->workspace), db_text(id),
                         db_text(str(error_name(why->code))), db_text(str(why->message)),
                         db_int(now_ms())),
                 &changed, err))
        return false;
    return changed > 0 || refuse(tx, scope, id, DOCUMENT_FAILED, err);
}

bool document_set_facts(DbTx *tx, const Scope *scope, Str id, const DocumentFacts *facts,
                        Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE documents SET"
                              " title = CASE WHEN $3 = '' THEN title ELSE $3 END,"
                              " media_type = CASE WHEN $4 = '' THEN media_type ELSE $4 END,"
                              " format = CASE WHEN $5 = '' THEN format ELSE $5 END,"
                              " language = CASE WHEN $6 = '' THEN language ELSE $6 END,"
                              " warnings = CASE WHEN $7 = '' THEN warnings ELSE $7 END,"
                              " metadata = CASE WHEN $8 = '' THEN metadata ELSE $8 END,"
                              " page_count = CASE WHEN $9 = 0 THEN page_count ELSE $9 END,"
                              " text_bytes = CASE WHEN $10 = 0 THEN text_bytes ELSE $10 END,"
                              " document_date = CASE WHEN $11 = 0 THEN document_date ELSE $11 END,"
                              " quality = CASE WHEN $13 = '' THEN quality ELSE $13 END,"
                              " updated_at = $12 WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_text(facts->title),
                              db_text(facts->media_type), db_text(facts->format),
                              db_text(facts->language), db_text(facts->warnings),
                              db_text(facts->metadata), db_int(facts->page_count),
                              db_int(facts->text_bytes), db_int(facts->document_date_ms),
                              db_int(now_ms()), db_text(facts->quality)),
                      "document", id, err) &&
           index_change_filters(tx, scope, id, false, err);
}

bool document_set_password(DbTx *tx, const Scope *scope, Str id, Str sealed, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE documents SET password_sealed = $3"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_blob(sealed)), "document",
                      id, err);
}

bool document_set_vectors(DbTx *tx, const Scope *scope, Str id, Str model, int64_t count,
                          Error *err)
{
    return sql_change(
        tx,
        DB_SAME("UPDATE documents SET vector_model = $3, vector_count = $4"
                " WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(id), db_text(model), db_int(count)), "document",
        id, err);
}

/* --- Changing --------------------------------------------------------------------------- */

bool document_rename(DbTx *tx, const Scope *scope, Str id, Str name, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));

    return access_may_change(tx, scope, GUARDED_DOCUMENT, id, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE documents SET name = $3, name_fold = $4, updated_at = $5"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_text(name),
                              db_text(utf8_fold(arena, name)), db_int(now_ms())),
                      "document", id, err) &&
           index_change_filters(tx, scope, id, false, err);
}

bool document_set_title(DbTx *tx, const Scope *scope, Str id, Str title, Error *err)
{
    return access_may_change(tx, scope, GUARDED_DOCUMENT, id, err) &&
           sql_change(
               tx,
               DB_SAME("UPDATE documents SET title = $3, updated_at = $4"
                       " WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_text(title), db_int(now_ms())),
               "document", id, err) &&
           index_change_filters(tx, scope, id, false, err);
}

/* The same bytes are one document behind each guard, whether or not those that follow a collection
 * have it in their rows yet. Asked first, so that PostgreSQL's transaction goes on. */
static bool check_room(DbTx *tx, const Scope *scope, Arena *arena, const Document *doc, Str guard,
                       Error *err)
{
    SqlItems found;

    return sql_list(tx, arena,
                    DB_SAME("SELECT o.id FROM documents o WHERE o.workspace = $1 AND o.blob = $2"
                            " AND " ACCESS_GUARD_OF("o") " = $3 AND o.parent IS NULL"),
                    DB_ARGS(db_text(scope->workspace), db_text(doc->blob), db_text(guard)),
                    sql_read_text, sizeof(Str), &found, err) &&
           (!found.count || fail(err, ERROR_CONFLICT, "these bytes are there already"));
}

/* What has a list of its own, or is inside another document, keeps its guard. */
bool document_move(DbTx *tx, const Scope *scope, Str id, Str collection, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Document doc;
    Str guard;

    if (!access_may_change(tx, scope, GUARDED_DOCUMENT, id, err) ||
        !document_find(tx, scope, arena, id, &doc, err) ||
        !access_guard_of(tx, scope, arena, collection, &guard, err) ||
        (collection.length && !access_may_change(tx, scope, GUARDED_COLLECTION, collection, err)))
        return false;
    if (doc.parent.length || str_equal(doc.guard, id))
        guard = doc.guard;
    if (!str_equal(doc.guard, guard) && !check_room(tx, scope, arena, &doc, guard, err))
        return false;
    return sql_change(tx,
                      DB_SAME(DOCUMENT_FAMILY
                              "UPDATE documents SET collection = $3, updated_at = $4, guard = $5,"
                              " twin = " ACCESS_TWIN_AT(
                                  "$5") " WHERE workspace = $1 AND id IN (SELECT id FROM family)"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_text_or_null(collection),
                              db_int(now_ms()), db_text(guard)),
                      "document", id, err) &&
           index_change_filters(tx, scope, id, true, err);
}

bool document_set_tags(DbTx *tx, const Scope *scope, Str id, StrList tags, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str joined;

    return document_tags_join(arena, tags, &joined, err) &&
           access_may_change(tx, scope, GUARDED_DOCUMENT, id, err) &&
           sql_change(
               tx,
               DB_SAME("UPDATE documents SET tags = $3, updated_at = $4"
                       " WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_text(joined), db_int(now_ms())),
               "document", id, err) &&
           document_tags_replace(tx, scope, arena, id, joined, err) &&
           index_change_filters(tx, scope, id, false, err);
}
