#include "store/erase_store.h"

#include "base/clock.h"
#include "store/connection_items_store.h"
#include "store/document_access.h"
#include "store/documents_row.h"
#include "store/idempotency_store.h"
#include "store/index_changes_store.h"

static bool list_texts(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                       StrList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, sql, args, count, sql_read_text, sizeof(Str), &items, err))
        return false;
    *list_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}

/* Answers quote what they cite, so they go too, and the summaries of where they stood; the question
 * stays. */
static bool blank_answers(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    return db_exec(tx,
                   DB_SQL("DELETE FROM messages WHERE workspace = $1 AND role = 'summary'"
                          " AND conversation IN (SELECT conversation FROM messages"
                          " WHERE workspace = $1 AND instr(citations, $2) > 0)",
                          "DELETE FROM messages WHERE workspace = $1 AND role = 'summary'"
                          " AND conversation IN (SELECT conversation FROM messages"
                          " WHERE workspace = $1 AND strpos(citations, $2) > 0)"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err) &&
           db_exec(tx,
                   DB_SQL("UPDATE messages SET text = '', text_fold = '', citations = '',"
                          " status = 'erased'"
                          " WHERE workspace = $1 AND instr(citations, $2) > 0",
                          "UPDATE messages SET text = '', text_fold = '', citations = '',"
                          " status = 'erased'"
                          " WHERE workspace = $1 AND strpos(citations, $2) > 0"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err);
}

/* Tasks quote where they come from: those that nobody has accepted go, of the others the quote. */
static bool blank_tasks(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM tasks WHERE workspace = $1 AND document = $2"
                           " AND status = 'suggested'"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE tasks SET source = '', document = ''"
                           " WHERE workspace = $1 AND document = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err);
}

/* What was to be approved of it goes on without it. */
static bool blank_approvals(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE approvals SET document = '' WHERE workspace = $1"
                           " AND document = $2 AND document <> ''"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err);
}

/* Cards, quizzes and other lessons that quote it among others. */
static bool remove_lessons(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    return db_exec(tx,
                   DB_SQL("DELETE FROM study_cards WHERE workspace = $1 AND instr(source, $2) > 0",
                          "DELETE FROM study_cards WHERE workspace = $1"
                          " AND strpos(source, $2) > 0"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err) &&
           db_exec(tx,
                   DB_SQL("DELETE FROM study_quizzes WHERE workspace = $1"
                          " AND instr(questions, $2) > 0",
                          "DELETE FROM study_quizzes WHERE workspace = $1"
                          " AND strpos(questions, $2) > 0"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err) &&
           db_exec(tx,
                   DB_SQL("DELETE FROM study_made WHERE workspace = $1"
                          " AND (instr(result, $2) > 0 OR instr(wish, $2) > 0)",
                          "DELETE FROM study_made WHERE workspace = $1"
                          " AND (strpos(result, $2) > 0 OR strpos(wish, $2) > 0)"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err);
}

/* Summaries and digests that quote it, or were asked for of it. */
static bool remove_summaries(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    return db_exec(tx,
                   DB_SQL("DELETE FROM summaries WHERE workspace = $1"
                          " AND (instr(request, $2) > 0 OR instr(result, $2) > 0)",
                          "DELETE FROM summaries WHERE workspace = $1"
                          " AND (strpos(request, $2) > 0 OR strpos(result, $2) > 0)"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err);
}

/* Results of batches quote it too; its classifications and the examples made of it go by foreign
 * keys. */
static bool remove_results(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM classification_items WHERE workspace = $1"
                           " AND document = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err);
}

/* Rows of other tables go with the document's by foreign keys. */
static bool remove_document(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                            NumberList *numbers_r, Error *err)
{
    return chunk_numbers(tx, scope, arena, document, numbers_r, err) &&
           blank_answers(tx, scope, document, err) && blank_tasks(tx, scope, document, err) &&
           blank_approvals(tx, scope, document, err) && remove_lessons(tx, scope, document, err) &&
           remove_summaries(tx, scope, document, err) && remove_results(tx, scope, document, err) &&
           connection_items_forget(tx, scope, document, err) &&
           access_forget(tx, scope, document, err) && idempotency_forget_answers(tx, scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM file_uploads WHERE workspace = $1 AND document = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err) &&
           sql_change(tx, DB_SAME("DELETE FROM documents WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(document)), "document", document,
                      err);
}

static bool list_blobs(DbTx *tx, const Scope *scope, Arena *arena, Str id, StrList *blobs_r,
                       Error *err)
{
    return list_texts(tx, arena,
                      DB_SAME(DOCUMENT_FAMILY
                              "SELECT DISTINCT v.blob FROM family f CROSS JOIN document_versions v"
                              " WHERE v.workspace = $1 AND v.document = f.id"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), blobs_r, err);
}

bool blobs_keep_unused(DbTx *tx, const Scope *scope, Arena *arena, StrList *blobs, Error *err)
{
    VEC(Str) unused = { 0 };

    for (size_t i = 0; i < blobs->count; i++) {
        int64_t uses;
        if (!db_query_int(tx,
                          DB_SAME("SELECT (SELECT count(*) FROM document_versions"
                                  " WHERE workspace = $1 AND blob = $2)"
                                  " + (SELECT count(*) FROM client_files"
                                  " WHERE workspace = $1 AND blob = $2)"
                                  " + (SELECT count(*) FROM file_upload_parts"
                                  " WHERE workspace = $1 AND blob = $2)"),
                          DB_ARGS(db_text(scope->workspace), db_text(blobs->at[i])), 0, &uses, err))
            return false;
        if (!uses)
            *vec_push(arena, &unused) = blobs->at[i];
    }
    *blobs = (StrList){ .at = unused.at, .count = unused.count };
    return true;
}

bool document_erase(DbTx *tx, const Scope *scope, Arena *arena, Str id, Erased *erased_r,
                    Error *err)
{
    Erased erased = { 0 };
    VEC(int64_t) chunks = { 0 };
    Document doc;

    if (!document_find(tx, scope, arena, id, &doc, err) ||
        !access_may_change(tx, scope, GUARDED_DOCUMENT, id, err) ||
        !list_texts(tx, arena, DB_SAME(DOCUMENT_FAMILY "SELECT id FROM family"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), &erased.documents, err) ||
        !list_blobs(tx, scope, arena, id, &erased.blobs, err))
        return false;
    for (size_t i = 0; i < erased.documents.count; i++) {
        NumberList numbers;
        if (!remove_document(tx, scope, arena, erased.documents.at[i], &numbers, err) ||
            !index_change_add(tx, scope, arena, INDEX_ERASE, erased.documents.at[i], STR_NONE,
                              numbers.at, numbers.count, err))
            return false;
        for (size_t j = 0; j < numbers.count; j++)
            *vec_push(arena, &chunks) = numbers.at[j];
    }
    if (!blob_removals_ask(tx, scope, arena, &erased.blobs, now_ms(), err))
        return false;
    erased.chunks = (NumberList){ .at = chunks.at, .count = chunks.count };
    *erased_r = erased;
    return true;
}
