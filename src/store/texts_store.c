#include "store/texts_store.h"

#include "store/document_access.h"
#include "store/sql.h"

#include <assert.h>

bool text_save(DbTx *tx, const Scope *scope, Str document, int64_t version, Str text, Error *err)
{
    return text_append(tx, scope, document, version, 0, text, err);
}

/* An empty text is one empty piece, so that it differs from none. */
bool text_append(DbTx *tx, const Scope *scope, Str document, int64_t version, int64_t offset,
                 Str part, Error *err)
{
    enum { COLUMNS = 5 };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    int64_t first = offset / (int64_t)TEXT_PIECE;
    size_t count = MAX((part.length + TEXT_PIECE - 1) / TEXT_PIECE, 1);
    DbValue *values = arena_new_array(arena, DbValue, count * COLUMNS);

    assert(offset % (int64_t)TEXT_PIECE == 0);
    for (size_t i = 0; i < count; i++) {
        DbValue row[COLUMNS] = {
            db_text(scope->workspace),
            db_text(document),
            db_int(version),
            db_int(first + (int64_t)i),
            db_blob(str_slice(part, i * TEXT_PIECE, (i + 1) * TEXT_PIECE)),
        };
        memcpy(values + i * COLUMNS, row, sizeof(row));
    }
    return db_exec(tx,
                   DB_SAME("DELETE FROM texts WHERE workspace = $1 AND document = $2"
                           " AND version = $3 AND piece >= $4"),
                   DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                           db_int(first)),
                   NULL, err) &&
           db_exec_many(tx,
                        DB_SAME("INSERT INTO texts (workspace, document, version, piece, bytes)"
                                " VALUES ($1, $2, $3, $4, $5)"),
                        values, COLUMNS, count, err);
}

bool text_length(DbTx *tx, const Scope *scope, Str document, int64_t version, int64_t *bytes_r,
                 Error *err)
{
    int64_t bytes;

    if (!access_may_see(tx, scope, document, err) ||
        !db_query_int(tx,
                      DB_SQL("SELECT piece * 65536 + length(bytes) FROM texts"
                             " WHERE workspace = $1 AND document = $2 AND version = $3"
                             " ORDER BY piece DESC LIMIT 1",
                             "SELECT piece * 65536 + octet_length(bytes) FROM texts"
                             " WHERE workspace = $1 AND document = $2 AND version = $3"
                             " ORDER BY piece DESC LIMIT 1"),
                      DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version)), -1,
                      &bytes, err))
        return false;
    if (bytes < 0)
        return sql_not_found(err, "text of document", document);
    *bytes_r = bytes;
    return true;
}
_Static_assert(TEXT_PIECE == 65536, "the statements above say 65536");

bool text_find(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
               size_t bytes_max, Str *text_r, Error *err)
{
    int64_t length;

    if (!text_length(tx, scope, document, version, &length, err))
        return false;
    if ((uint64_t)length > bytes_max)
        return fail(err, ERROR_TOO_LARGE,
                    "the text of document " STR_FMT " has %" PRId64 " bytes, more than %zu",
                    STR_ARG(document), length, bytes_max);
    return text_find_range(tx, scope, arena, document, version, 0, length, text_r, err);
}

/* Pieces come one at a time: PostgreSQL's driver would hold all of them at once. */
static bool add_pieces(DbTx *tx, const Scope *scope, Str document, int64_t version, int64_t first,
                       int64_t last, Buf *buf, Error *err)
{
    enum { AT_ONCE = 64 };
    for (int64_t piece = first; piece <= last; piece += AT_ONCE) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        AUTO_DB_ROWS DbRows rows = { 0 };
        DbStep step;
        if (!db_query(tx,
                      DB_SAME("SELECT bytes FROM texts WHERE workspace = $1 AND document = $2"
                              " AND version = $3 AND piece >= $4 AND piece <= $5 ORDER BY piece"),
                      DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                              db_int(piece), db_int(MIN(last, piece + AT_ONCE - 1))),
                      &rows, err))
            return false;
        while ((step = db_next(&rows, err)) == DB_ROW)
            buf_add(buf, db_get_blob(&rows, 0, arena));
        if (step == DB_FAILED)
            return false;
    }
    return true;
}

bool text_find_range(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                     int64_t start, int64_t length, Str *text_r, Error *err)
{
    int64_t whole, end;

    if (!text_length(tx, scope, document, version, &whole, err))
        return false;
    start = MIN(MAX(start, 0), whole);
    end = start + MIN(MAX(length, 0), whole - start);
    if (start == end) {
        *text_r = STR_NONE;
        return true;
    }
    int64_t first = start / (int64_t)TEXT_PIECE, last = (end - 1) / (int64_t)TEXT_PIECE;
    size_t base = (size_t)first * TEXT_PIECE;
    AUTO_ARENA Arena *scratch = arena_new((size_t)(last - first + 1) * TEXT_PIECE * 4 + MB(1));
    Buf buf = buf_new(scratch, (size_t)(last - first + 1) * TEXT_PIECE);
    if (!add_pieces(tx, scope, document, version, first, last, &buf, err))
        return false;
    *text_r = str_copy(arena, str_slice(buf_str(&buf), (size_t)start - base, (size_t)end - base));
    return true;
}
