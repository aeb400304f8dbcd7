#include "store/judgements_store.h"

#include "base/clock.h"
#include "base/hash.h"
#include "store/document_access_sql.h"
#include "store/sql.h"

/* Of a query, whatever its length. */
static Str key_of(Arena *arena, Str query) { return str_slice(sha256_hex(arena, query), 0, 32); }

/* A whole document begins before its first passage. */
static int64_t start_of(const Judgement *judgement)
{
    return judgement->end ? judgement->start : -1;
}

/* Selected rather than given, so that a set or document of others is not found. */
bool judgement_set(DbTx *tx, const Scope *scope, Arena *arena, Str set, const Judgement *judgement,
                   Error *err)
{
    return access_may_see(tx, scope, judgement->document, err) &&
           sql_change(
               tx,
               DB_SAME(
                   "INSERT INTO judgements (workspace, judged_set, query_key, document, start_at,"
                   " end_at, query, grade, created_at)"
                   " SELECT $1, s.id, $3, d.id, $5, $6, $7, $8, $9 FROM judged_sets s, documents d"
                   " WHERE s.workspace = $1 AND s.id = $2 AND d.workspace = $1 AND d.id = $4"
                   " ON CONFLICT (workspace, judged_set, query_key, document, start_at) DO UPDATE"
                   " SET end_at = excluded.end_at, grade = excluded.grade"),
               DB_ARGS(db_text(scope->workspace), db_text(set),
                       db_text(key_of(arena, judgement->query)), db_text(judgement->document),
                       db_int(start_of(judgement)), db_int(judgement->end),
                       db_text(judgement->query), db_int(judgement->grade), db_int(now_ms())),
               "judged set or document", judgement->document, err);
}

bool judgement_remove(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                      const Judgement *judgement, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM judgements WHERE workspace = $1 AND judged_set = $2"
                           " AND query_key = $3 AND document = $4 AND start_at = $5"),
                   DB_ARGS(db_text(scope->workspace), db_text(set),
                           db_text(key_of(arena, judgement->query)), db_text(judgement->document),
                           db_int(start_of(judgement))),
                   NULL, err);
}

bool judgement_clear(DbTx *tx, const Scope *scope, Str set, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM judgements WHERE workspace = $1 AND judged_set = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(set)), NULL, err);
}

static void read_judgement(DbRows *row, Arena *arena, void *item)
{
    *(Judgement *)item = (Judgement){
        .query = db_get_text(row, 0, arena),
        .document = db_get_text(row, 1, arena),
        .document_name = db_get_text(row, 2, arena),
        .start = MAX(db_get_int(row, 3), 0),
        .end = db_get_int(row, 4),
        .grade = db_get_int(row, 5),
    };
}

bool judgement_list(DbTx *tx, const Scope *scope, Arena *arena, Str set, Str query,
                    JudgementList *list_r, Error *err)
{
    Str key = query.length ? key_of(arena, query) : STR_NONE;
    SqlBuild build =
        sql_build_on(tx, arena,
                     "SELECT j.query, j.document, d.name, j.start_at, j.end_at, j.grade"
                     " FROM judgements j JOIN documents d"
                     " ON d.workspace = j.workspace AND d.id = j.document"
                     " WHERE j.workspace = $1 AND j.judged_set = $2"
                     " AND ($3 = '' OR j.query_key = $3) AND d.deleted_at = 0",
                     DB_ARGS(db_text(scope->workspace), db_text(set), db_text(key)));
    SqlItems items;

    access_add(&build, scope);
    sql_add(&build, " ORDER BY j.query_key, j.grade DESC, d.name, j.start_at");
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_judgement,
                  sizeof(Judgement), &items, err))
        return false;
    *list_r = (JudgementList){ .at = items.at, .count = items.count };
    return true;
}
