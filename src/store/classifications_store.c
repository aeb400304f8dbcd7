#include "store/classifications_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/document_access_sql.h"

#define DAYS_MAX 366

#define CLASSIFICATIONS                                                                            \
    "SELECT c.id, c.label_set, s.name, c.subject, c.hash, c.document, c.name, c.sample, c.labels," \
    " c.scores, c.evidence, c.confidence, c.state, c.decided, c.made_by, c.user_id, c.decided_at," \
    " c.created_at, c.updated_at FROM classifications c JOIN label_sets s"                         \
    " ON s.workspace = c.workspace AND s.id = c.label_set WHERE c.workspace = $1 "

static void read_classification(DbRows *row, Arena *arena, void *item)
{
    *(Classification *)item = (Classification){
        .id = db_get_text(row, 0, arena),
        .set = db_get_text(row, 1, arena),
        .set_name = db_get_text(row, 2, arena),
        .subject = db_get_text(row, 3, arena),
        .hash = db_get_text(row, 4, arena),
        .document = db_get_text(row, 5, arena),
        .name = db_get_text(row, 6, arena),
        .sample = db_get_text(row, 7, arena),
        .labels = db_get_text(row, 8, arena),
        .scores = db_get_text(row, 9, arena),
        .evidence = db_get_text(row, 10, arena),
        .confidence = db_get_real(row, 11),
        .state = db_get_text(row, 12, arena),
        .decided = db_get_text(row, 13, arena),
        .made_by = db_get_text(row, 14, arena),
        .user = db_get_text(row, 15, arena),
        .decided_at_ms = db_get_int(row, 16),
        .created_at_ms = db_get_int(row, 17),
        .updated_at_ms = db_get_int(row, 18),
    };
}

bool classification_put(DbTx *tx, const Scope *scope, Arena *arena, Classification *c, Error *err)
{
    int64_t time_ms = now_ms();
    return db_exec(
               tx,
               DB_SAME("INSERT INTO classifications (workspace, id, label_set, subject, hash,"
                       " document, name, sample, labels, scores, evidence, confidence, state,"
                       " decided, made_by, user_id, decided_at, created_at, updated_at)"
                       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', $14,"
                       " '', 0, $15, $15)"
                       " ON CONFLICT (workspace, label_set, subject) DO UPDATE SET hash = $5,"
                       " name = $7, sample = $8, labels = $9, scores = $10, evidence = $11,"
                       " confidence = $12, state = $13, decided = '', made_by = $14, user_id = '',"
                       " decided_at = 0, updated_at = $15"
                       " WHERE classifications.decided = '' OR classifications.hash <> $5"),
               DB_ARGS(db_text(scope->workspace), db_text(id_new(arena)), db_text(c->set),
                       db_text(c->subject), db_text(c->hash), db_text_or_null(c->document),
                       db_text(c->name), db_text(c->sample), db_text(c->labels), db_text(c->scores),
                       db_text(c->evidence), db_real(c->confidence), db_text(c->state),
                       db_text(c->made_by), db_int(time_ms)),
               NULL, err) &&
           sql_find(tx, arena, DB_SAME(CLASSIFICATIONS "AND c.label_set = $2 AND c.subject = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(c->set), db_text(c->subject)),
                    read_classification, c, "classification", c->subject, err);
}

bool classification_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                         Classification *classification_r, Error *err)
{
    const SqlPart parts = { CLASSIFICATIONS "AND c.id = $2", "c.document", "" };
    SqlItems items;

    if (!access_list_named(tx, scope, arena, &parts,
                           DB_ARGS(db_text(scope->workspace), db_text(id)), read_classification,
                           sizeof(Classification), &items, err))
        return false;
    if (!items.count)
        return sql_not_found(err, "classification", id);
    *classification_r = ((const Classification *)items.at)[0];
    return true;
}

bool classification_list(DbTx *tx, const Scope *scope, Arena *arena,
                         const ClassificationFilter *filter, const Slice *slice,
                         ClassificationList *list_r, Error *err)
{
    SqlItems items;
    int64_t limit = slice_limit(slice);

    const SqlPart parts = { CLASSIFICATIONS
                            "AND ($2 = '' OR c.state = $2) AND ($3 = '' OR c.label_set = $3)"
                            " AND ($4 = '' OR c.document = $4) AND ($5 = '' OR c.id < $5)",
                            "c.document", " ORDER BY c.id DESC LIMIT $6" };

    if (!access_list_named(tx, scope, arena, &parts,
                           DB_ARGS(db_text(scope->workspace), db_text(filter->state),
                                   db_text(filter->set), db_text(filter->document),
                                   db_text(slice ? slice->after : STR_NONE), db_int(limit + 1)),
                           read_classification, sizeof(Classification), &items, err))
        return false;
    *list_r = (ClassificationList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = list_r->at[limit - 1].id;
    return true;
}

bool classification_decide(DbTx *tx, const Scope *scope, Str id, Str state, Str labels, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE classifications SET state = $3, decided = $4, user_id = $5,"
                              " decided_at = $6 WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_text(state),
                              db_text(labels), db_text(scope->user), db_int(now_ms())),
                      "classification", id, err);
}

bool classification_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM classifications WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "classification", id, err);
}

static void read_day(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(ClassificationDay *)item = (ClassificationDay){ .day_ms = db_get_int(row, 0) * 86400000,
                                                      .confirmed = db_get_int(row, 1),
                                                      .corrected = db_get_int(row, 2) };
}

bool classification_days(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                         ClassificationDayList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT * FROM (SELECT decided_at / 86400000 AS day,"
                          " sum(CASE WHEN state = 'confirmed' THEN 1 ELSE 0 END),"
                          " sum(CASE WHEN state = 'corrected' THEN 1 ELSE 0 END)"
                          " FROM classifications WHERE workspace = $1 AND label_set = $2"
                          " AND decided <> '' GROUP BY decided_at / 86400000"
                          " ORDER BY day DESC LIMIT $3) days ORDER BY day"),
                  DB_ARGS(db_text(scope->workspace), db_text(set), db_int(DAYS_MAX)), read_day,
                  sizeof(ClassificationDay), &items, err))
        return false;
    *list_r = (ClassificationDayList){ .at = items.at, .count = items.count };
    return true;
}
