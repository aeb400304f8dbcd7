#include "store/study_made_store.h"

#include "base/clock.h"
#include "store/documents_store.h"
#include "store/sql.h"

#define MADE(result)                                                                               \
    "SELECT id, kind, title, document, key, wish, " result ", made_by, job, done, item_count,"     \
    " created_at, updated_at FROM study_made WHERE workspace = $1 AND user_id = $2 "

static void read_made(DbRows *row, Arena *arena, void *item)
{
    *(StudyMade *)item = (StudyMade){
        .id = db_get_text(row, 0, arena),
        .kind = db_get_text(row, 1, arena),
        .title = db_get_text(row, 2, arena),
        .document = db_get_text(row, 3, arena),
        .key = db_get_text(row, 4, arena),
        .wish = db_get_text(row, 5, arena),
        .result = db_get_text(row, 6, arena),
        .made_by = db_get_text(row, 7, arena),
        .job = db_get_text(row, 8, arena),
        .done = db_get_text(row, 9, arena),
        .item_count = db_get_int(row, 10),
        .created_at_ms = db_get_int(row, 11),
        .updated_at_ms = db_get_int(row, 12),
    };
}

static bool forget_oldest(DbTx *tx, const Scope *scope, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("DELETE FROM study_made WHERE workspace = $1 AND user_id = $2 AND id IN"
                " (SELECT id FROM study_made WHERE workspace = $1 AND user_id = $2"
                " ORDER BY id DESC LIMIT 1000 OFFSET $3)"),
        DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_int(STUDY_MADE_KEPT)),
        NULL, err);
}

bool study_made_add(DbTx *tx, const Scope *scope, Arena *arena, StudyMade *made, Error *err)
{
    StudyMade added = *made;
    Document document;

    added.done = S("[]");
    added.created_at_ms = added.updated_at_ms = now_ms();
    if ((added.document.length &&
         !document_find(tx, scope, arena, added.document, &document, err)) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO study_made (workspace, id, user_id, kind, title, document,"
                         " key, wish, result, made_by, job, done, item_count, created_at,"
                         " updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '[]',"
                         " $12, $13, $13)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(scope_keeper(scope)),
                         db_text(added.kind), db_text(added.title), db_text_or_null(added.document),
                         db_text(added.key), db_text(added.wish), db_text(added.result),
                         db_text(added.made_by), db_text(added.job), db_int(added.item_count),
                         db_int(added.created_at_ms)),
                 NULL, err) ||
        !forget_oldest(tx, scope, err))
        return false;
    *made = added;
    return true;
}

bool study_made_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, StudyMade *made_r,
                     Error *err)
{
    return sql_find(tx, arena, DB_SAME(MADE("result") "AND id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                    read_made, made_r, "study content", id, err);
}

bool study_made_find_by_key(DbTx *tx, const Scope *scope, Arena *arena, Str key, StudyMade *made_r,
                            Error *err)
{
    return sql_find(
        tx, arena, DB_SAME(MADE("result") "AND key = $3 AND result <> '' ORDER BY id DESC LIMIT 1"),
        DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(key)), read_made,
        made_r, "study content", key, err);
}

bool study_made_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind, const Slice *slice,
                     StudyMadeList *list_r, Str *next_r, Error *err)
{
    int64_t limit = slice_limit(slice);
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME(MADE(
                      "CASE WHEN result = '' THEN '' ELSE '{}' END") "AND ($3 = '' OR kind = $3) "
                                                                     "AND ($4 = '' OR id < $4)"
                                                                     " ORDER BY id DESC LIMIT $5"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(kind),
                          db_text(slice->after), db_int(limit + 1)),
                  read_made, sizeof(StudyMade), &items, err))
        return false;
    bool has_more = (int64_t)items.count > limit;
    StudyMade *made = items.at;
    *list_r = (StudyMadeList){ made, items.count - has_more };
    *next_r = has_more ? made[limit - 1].id : STR_NONE;
    return true;
}

bool study_made_save(DbTx *tx, const Scope *scope, const StudyMade *made, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE study_made SET title = $4, key = $5, result = $6,"
                              " item_count = $7, made_by = $8, updated_at = $9"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                              db_text(made->id), db_text(made->title), db_text(made->key),
                              db_text(made->result), db_int(made->item_count),
                              db_text(made->made_by), db_int(now_ms())),
                      "study content", made->id, err);
}

bool study_made_set_done(DbTx *tx, const Scope *scope, Str id, Str done, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE study_made SET done = $4, updated_at = $5"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id),
                              db_text(done), db_int(now_ms())),
                      "study content", id, err);
}

bool study_made_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM study_made WHERE workspace = $1 AND user_id = $2"
                              " AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                      "study content", id, err);
}
