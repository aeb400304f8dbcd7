#include "store/classification_batches_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

#define ITEM_COLUMNS 5

#define COUNTED(state)                                                                             \
    "(SELECT count(*) FROM classification_items i WHERE i.workspace = b.workspace"                 \
    " AND i.batch = b.id" state ")"
#define ENDED(state) COUNTED(" AND i.state = '" state "'")
#define COUNTS COUNTED("") ", " ENDED("done") ", " ENDED("failed") ", " ENDED("cancelled")
/* One that runs and whose job is dead or gone has failed. */
#define STATE                                                                                      \
    "CASE WHEN b.state = 'running' AND b.job <> '' AND coalesce(j.state, 3) NOT IN (0, 1, 5, 6)"   \
    " THEN 'failed' ELSE b.state END"
#define BATCHES                                                                                    \
    "SELECT b.id, b.user_id, b.label_set, b.workflow, b.workflow_version, " STATE                  \
    ", b.job, b.created_at, b.finished_at, coalesce(j.error_code, ''), coalesce(j.error, '')"      \
    ", " COUNTS ", b.key_id FROM classification_batches b LEFT JOIN jobs j ON j.id = b.job"        \
    " WHERE b.workspace = $1 "

static void read_batch(DbRows *row, Arena *arena, void *item)
{
    ClassificationBatch *batch = item;
    *batch = (ClassificationBatch){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .set = db_get_text(row, 2, arena),
        .workflow = db_get_text(row, 3, arena),
        .workflow_version = db_get_int(row, 4),
        .state = db_get_text(row, 5, arena),
        .job = db_get_text(row, 6, arena),
        .created_at_ms = db_get_int(row, 7),
        .finished_at_ms = db_get_int(row, 8),
        .total = db_get_int(row, 11),
        .done = db_get_int(row, 12),
        .failed = db_get_int(row, 13),
        .cancelled = db_get_int(row, 14),
        .key = db_get_text(row, 15, arena),
    };
    if (str_is(batch->state, "failed")) {
        batch->error_code = db_get_text(row, 9, arena);
        batch->error = db_get_text(row, 10, arena);
    }
}

static bool add_items(DbTx *tx, const Scope *scope, Arena *arena, Str batch,
                      const ClassificationItem *items, size_t count, Error *err)
{
    DbValue *values = arena_new_array(arena, DbValue, count * ITEM_COLUMNS), *at = values;
    for (size_t i = 0; i < count; i++) {
        *at++ = db_text(scope->workspace);
        *at++ = db_text(batch);
        *at++ = db_int((int64_t)i);
        *at++ = db_text(items[i].document);
        *at++ = db_text(items[i].text);
    }
    return db_exec_many(tx,
                        DB_SAME("INSERT INTO classification_items (workspace, batch, number,"
                                " document, text, state, result, error_code, error)"
                                " VALUES ($1, $2, $3, $4, $5, 'waiting', '', '', '')"),
                        values, ITEM_COLUMNS, count, err);
}

bool classification_batch_add(DbTx *tx, const Scope *scope, Arena *arena,
                              ClassificationBatch *batch, const ClassificationItem *items,
                              size_t count, Error *err)
{
    ClassificationBatch added = *batch;
    int64_t changed;

    if (!added.id.length)
        added.id = id_new(arena);
    added.user = scope->user;
    added.key = scope->key;
    added.state = S("running");
    added.created_at_ms = now_ms();
    added.total = (int64_t)count;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO classification_batches (workspace, id, user_id, label_set,"
                         " workflow, workflow_version, state, job, created_at, finished_at,"
                         " key_id) VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, 0, $9)"
                         " ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.set), db_text(added.workflow),
                         db_int(added.workflow_version), db_text(added.state),
                         db_int(added.created_at_ms), db_text(added.key)),
                 &changed, err) ||
        (!changed && !fail(err, ERROR_BUSY, "the batch is being added")) ||
        !add_items(tx, scope, arena, added.id, items, count, err))
        return false;
    *batch = added;
    return true;
}

bool classification_batch_set_job(DbTx *tx, const Scope *scope, Str id, Str job, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE classification_batches SET job = $3"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_text(job)),
                      "classification batch", id, err);
}

bool classification_batch_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                               ClassificationBatch *batch_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(BATCHES "AND b.id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_batch, batch_r,
                    "classification batch", id, err);
}

bool classification_batch_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                               ClassificationBatchList *list_r, Error *err)
{
    SqlItems items;
    int64_t limit = slice_limit(slice);

    if (!sql_list(tx, arena,
                  DB_SAME(BATCHES "AND ($2 = '' OR b.id < $2) ORDER BY b.id DESC LIMIT $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(slice ? slice->after : STR_NONE),
                          db_int(limit + 1)),
                  read_batch, sizeof(ClassificationBatch), &items, err))
        return false;
    *list_r = (ClassificationBatchList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = list_r->at[limit - 1].id;
    return true;
}

bool classification_batch_end(DbTx *tx, const Scope *scope, Str id, Str state, Error *err)
{
    return db_exec(
               tx,
               DB_SAME("UPDATE classification_batches SET state = $3, finished_at = $4"
                       " WHERE workspace = $1 AND id = $2 AND state = 'running'"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_text(state), db_int(now_ms())),
               NULL, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE classification_items SET state = 'cancelled'"
                           " WHERE workspace = $1 AND batch = $2 AND state = 'waiting'"),
                   DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err);
}

bool classification_batch_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM classification_batches WHERE workspace = $1"
                              " AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "classification batch", id,
                      err);
}

/* --- Items --- */

static void read_item(DbRows *row, Arena *arena, void *item)
{
    *(ClassificationItem *)item = (ClassificationItem){
        .number = db_get_int(row, 0),
        .document = db_get_text(row, 1, arena),
        .text = db_get_text(row, 2, arena),
        .state = db_get_text(row, 3, arena),
        .result = db_get_text(row, 4, arena),
        .error_code = db_get_text(row, 5, arena),
        .error = db_get_text(row, 6, arena),
    };
}

bool classification_item_list(DbTx *tx, const Scope *scope, Arena *arena, Str batch, Str state,
                              const Slice *slice, ClassificationItemList *list_r, Error *err)
{
    SqlItems items;
    int64_t limit = slice_limit(slice), after = -1;

    if (slice && slice->after.length && !str_to_int(slice->after, 0, INT64_MAX, &after))
        return fail_field(err, "after", "'after' is the 'next' of the part before");
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT number, document, text, state, result, error_code, error"
                          " FROM classification_items WHERE workspace = $1 AND batch = $2"
                          " AND ($3 = '' OR state = $3) AND number > $4 ORDER BY number LIMIT $5"),
                  DB_ARGS(db_text(scope->workspace), db_text(batch), db_text(state), db_int(after),
                          db_int(limit + 1)),
                  read_item, sizeof(ClassificationItem), &items, err))
        return false;
    *list_r = (ClassificationItemList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = str_format(arena, "%" PRId64, list_r->at[limit - 1].number);
    return true;
}

bool classification_item_save(DbTx *tx, const Scope *scope, Str batch,
                              const ClassificationItem *item, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE classification_items SET state = $4, result = $5,"
                           " error_code = $6, error = $7 WHERE workspace = $1 AND batch = $2"
                           " AND number = $3 AND state = 'waiting'"),
                   DB_ARGS(db_text(scope->workspace), db_text(batch), db_int(item->number),
                           db_text(item->state), db_text(item->result), db_text(item->error_code),
                           db_text(item->error)),
                   NULL, err);
}
