#include "store/batches_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/due.h"
#include "store/sql.h"

#define BATCHES                                                                                    \
    "SELECT id, user_id, key_id, role, shape, endpoint, input_file, output_file, error_file,"      \
    " metadata, output_seconds, state, problems, model, total, completed, failed, input_tokens,"   \
    " cached_tokens, output_tokens, reasoning_tokens, created_at, expires_at, began_at,"           \
    " finalizing_at, cancelling_at, ended_at, stuck_at FROM batches WHERE workspace = $1 "

static void read_batch(DbRows *row, Arena *arena, void *item)
{
    *(Batch *)item = (Batch){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .key = db_get_text(row, 2, arena),
        .role = role_named(db_get_text(row, 3, arena)),
        .shape = db_get_text(row, 4, arena),
        .endpoint = db_get_text(row, 5, arena),
        .input_file = db_get_text(row, 6, arena),
        .output_file = db_get_text(row, 7, arena),
        .error_file = db_get_text(row, 8, arena),
        .metadata = db_get_text(row, 9, arena),
        .output_seconds = db_get_int(row, 10),
        .state = db_get_text(row, 11, arena),
        .problems = db_get_text(row, 12, arena),
        .model = db_get_text(row, 13, arena),
        .total = db_get_int(row, 14),
        .completed = db_get_int(row, 15),
        .failed = db_get_int(row, 16),
        .usage = { .input = db_get_int(row, 17),
                   .cached = db_get_int(row, 18),
                   .output = db_get_int(row, 19),
                   .reasoning = db_get_int(row, 20) },
        .created_at_ms = db_get_int(row, 21),
        .expires_at_ms = db_get_int(row, 22),
        .began_at_ms = db_get_int(row, 23),
        .finalizing_at_ms = db_get_int(row, 24),
        .cancelling_at_ms = db_get_int(row, 25),
        .ended_at_ms = db_get_int(row, 26),
        .stuck_at_ms = db_get_int(row, 27),
    };
}

bool batch_add(DbTx *tx, const Scope *scope, Arena *arena, Batch *batch, Error *err)
{
    Batch added = *batch;
    Str id = id_new(arena);
    added.id = str_format(arena, "%s_" STR_FMT,
                          str_is(batch->shape, "openai") ? "batch" : "msgbatch", STR_ARG(id));
    added.state = S("validating");
    added.created_at_ms = now_ms();
    if (!db_exec(
            tx,
            DB_SAME(
                "INSERT INTO batches (workspace, id, user_id, key_id, role, shape,"
                " endpoint, input_file, output_file, error_file, metadata,"
                " output_seconds, state, problems, model, total, completed, failed,"
                " input_tokens, cached_tokens, output_tokens, reasoning_tokens,"
                " created_at, expires_at, began_at, finalizing_at, cancelling_at,"
                " ended_at, stuck_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', $9, $10, $11,"
                " '', '', 0, 0, 0, 0, 0, 0, 0, $12, $13, 0, 0, 0, 0, 0)"),
            DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                    db_text(added.key), db_text(str(role_name(added.role))), db_text(added.shape),
                    db_text(added.endpoint), db_text(added.input_file), db_text(added.metadata),
                    db_int(added.output_seconds), db_text(added.state), db_int(added.created_at_ms),
                    db_int(added.expires_at_ms)),
            NULL, err))
        return false;
    *batch = added;
    return true;
}

bool batch_find(DbTx *tx, const Scope *scope, Arena *arena, Str shape, Str id, Batch *batch_r,
                Error *err)
{
    return sql_find(tx, arena, DB_SAME(BATCHES "AND id = $2 AND ($3 = '' OR shape = $3)"),
                    DB_ARGS(db_text(scope->workspace), db_text(id), db_text(shape)), read_batch,
                    batch_r, "batch", id, err);
}

bool batch_list(DbTx *tx, const Scope *scope, Arena *arena, const BatchAsk *ask, BatchList *list_r,
                Error *err)
{
    DbSql down = DB_SAME(BATCHES "AND shape = $2 AND ($3 = '' OR id < $3)"
                                 " ORDER BY id DESC LIMIT $4");
    DbSql up = DB_SAME(BATCHES "AND shape = $2 AND id > $3 ORDER BY id LIMIT $4");
    SqlItems items;
    if (!sql_list(tx, arena, ask->is_ascending ? up : down,
                  DB_ARGS(db_text(scope->workspace), db_text(ask->shape), db_text(ask->after),
                          db_int(ask->limit + 1)),
                  read_batch, sizeof(Batch), &items, err))
        return false;
    bool has_more = items.count > (size_t)ask->limit;
    *list_r = (BatchList){ .at = items.at, .count = items.count - has_more, .has_more = has_more };
    return true;
}

bool batch_advance(DbTx *tx, const Scope *scope, const Batch *batch, const char *from,
                   const char *to, Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SQL("UPDATE batches SET state = $4, output_file = $5, error_file = $6,"
                        " problems = $7, model = $8, total = $9, began_at = $10,"
                        " finalizing_at = $11, cancelling_at = $12, ended_at = $13"
                        " WHERE workspace = $1 AND id = $2"
                        " AND instr(' ' || $3 || ' ', ' ' || state || ' ') > 0",
                        "UPDATE batches SET state = $4, output_file = $5, error_file = $6,"
                        " problems = $7, model = $8, total = $9, began_at = $10,"
                        " finalizing_at = $11, cancelling_at = $12, ended_at = $13"
                        " WHERE workspace = $1 AND id = $2"
                        " AND strpos(' ' || $3 || ' ', ' ' || state || ' ') > 0"),
                 DB_ARGS(db_text(scope->workspace), db_text(batch->id), db_text(str(from)),
                         db_text(str(to)), db_text(batch->output_file), db_text(batch->error_file),
                         db_text(batch->problems), db_text(batch->model), db_int(batch->total),
                         db_int(batch->began_at_ms), db_int(batch->finalizing_at_ms),
                         db_int(batch->cancelling_at_ms), db_int(batch->ended_at_ms)),
                 &changed, err))
        return false;
    return changed || fail(err, ERROR_CONFLICT, "the batch '" STR_FMT "' is not %s any more",
                           STR_ARG(batch->id), from);
}

bool batch_set_stuck(DbTx *tx, const Scope *scope, Str id, int64_t since_ms, Error *err)
{
    return sql_change(
        tx, DB_SAME("UPDATE batches SET stuck_at = $3 WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(id), db_int(since_ms)), "batch", id, err);
}

bool batch_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM batches WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "batch", id, err);
}

bool batch_count_open(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM batches WHERE workspace = $1"
                                " AND ended_at = 0"),
                        DB_ARGS(db_text(scope->workspace)), 0, count_r, err);
}

static void read_open(DbRows *row, Arena *arena, void *item)
{
    *(OpenBatch *)item =
        (OpenBatch){ .workspace = db_get_text(row, 0, arena), .id = db_get_text(row, 1, arena) };
}

bool batch_list_open(DbTx *tx, const Scope *scope, Arena *arena, OpenBatchList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena, DB_SAME("SELECT workspace, id " BATCHES_OPEN), DB_NO_ARGS, read_open,
                  sizeof(OpenBatch), &items, err))
        return false;
    *list_r = (OpenBatchList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Lines --- */

bool batch_line_add(DbTx *tx, const Scope *scope, Str batch, const BatchLine *line,
                    const BatchUsage *usage, Error *err)
{
    int64_t added;
    return db_exec(tx,
                   DB_SAME("INSERT INTO batch_lines (workspace, batch, line, is_good, result)"
                           " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"),
                   DB_ARGS(db_text(scope->workspace), db_text(batch), db_int(line->line),
                           db_int(line->is_good), db_text(line->result)),
                   &added, err) &&
           (!added ||
            sql_change(tx,
                       DB_SAME("UPDATE batches SET completed = completed + $3,"
                               " failed = failed + 1 - $3, input_tokens = input_tokens + $4,"
                               " cached_tokens = cached_tokens + $5,"
                               " output_tokens = output_tokens + $6,"
                               " reasoning_tokens = reasoning_tokens + $7"
                               " WHERE workspace = $1 AND id = $2"),
                       DB_ARGS(db_text(scope->workspace), db_text(batch), db_int(line->is_good),
                               db_int(usage->input), db_int(usage->cached), db_int(usage->output),
                               db_int(usage->reasoning)),
                       "batch", batch, err));
}

bool batch_line_numbers(DbTx *tx, const Scope *scope, Arena *arena, Str batch, int64_t after,
                        int64_t limit, LineNumbers *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT line FROM batch_lines WHERE workspace = $1 AND batch = $2"
                          " AND line > $3 ORDER BY line LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(batch), db_int(after), db_int(limit)),
                  sql_read_int, sizeof(int64_t), &items, err))
        return false;
    *list_r = (LineNumbers){ .at = items.at, .count = items.count };
    return true;
}

static void read_line(DbRows *row, Arena *arena, void *item)
{
    *(BatchLine *)item = (BatchLine){ .line = db_get_int(row, 0),
                                      .is_good = db_get_int(row, 1) != 0,
                                      .result = db_get_text(row, 2, arena) };
}

bool batch_line_list(DbTx *tx, const Scope *scope, Arena *arena, Str batch, int64_t after,
                     int64_t limit, BatchLineList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT line, is_good, result FROM batch_lines WHERE workspace = $1"
                          " AND batch = $2 AND line > $3 ORDER BY line LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(batch), db_int(after), db_int(limit)),
                  read_line, sizeof(BatchLine), &items, err))
        return false;
    *list_r = (BatchLineList){ .at = items.at, .count = items.count };
    return true;
}

bool batch_lines_remove(DbTx *tx, const Scope *scope, Str batch, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM batch_lines WHERE workspace = $1 AND batch = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(batch)), NULL, err);
}
