#include "store/index_changes_store.h"

#include "store/documents_row.h"
#include "store/settings_store.h"
#include "store/sql.h"

#include <assert.h>

/* The highest number that a change may have now: in PostgreSQL also one that is not committed. */
#define HIGHEST                                                                                    \
    "COALESCE(pg_sequence_last_value(pg_get_serial_sequence('index_changes', 'sequence')), 0)"
/* Whoever writes changes holds a lock, shared with all others, whose number says that all its
 * changes have higher ones: 'leI' before it, and 40 bits of it. */
#define LOCK_CLASS "7103817" /* the upper 24 bits */

/* --- Lists of numbers as bytes: pairs (distance from the last end, length), each a varint ---- */

static void add_varint(Buf *buf, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        buf_add_char(buf, (char)(n | 0x80));
    buf_add_char(buf, (char)n);
}

static bool read_varint(Str *bytes, uint64_t *n_r)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64 && bytes->length; shift += 7) {
        unsigned char byte = (unsigned char)*bytes->at;
        *bytes = str_from(*bytes, 1);
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *n_r = n;
            return true;
        }
    }
    return false;
}

static Str pack_numbers(Arena *arena, const int64_t *numbers, size_t count)
{
    Buf buf = buf_new(arena, 20 * count + 20);
    int64_t end = 0;

    for (size_t i = 0, run; i < count; i += run) {
        for (run = 1; i + run < count && numbers[i + run] == numbers[i] + (int64_t)run; run++)
            ;
        assert(numbers[i] >= end); /* ascending */
        add_varint(&buf, (uint64_t)(numbers[i] - end));
        add_varint(&buf, run);
        end = numbers[i] + (int64_t)run;
    }
    return buf_str(&buf);
}

static bool unpack_numbers(Arena *arena, Str bytes, NumberList *list_r)
{
    VEC(int64_t) numbers = { 0 };
    int64_t end = 0;

    while (bytes.length) {
        uint64_t distance, run;
        if (!read_varint(&bytes, &distance) || !read_varint(&bytes, &run) || run > 10000000)
            return false;
        end += (int64_t)distance;
        for (; run; run--)
            *vec_push(arena, &numbers) = end++;
    }
    *list_r = (NumberList){ .at = numbers.at, .count = numbers.count };
    return true;
}

/* --- Writing ---------------------------------------------------------------------------- */

/* Once in a transaction, before it takes its first number. */
static bool hold_bound(DbTx *tx, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    return db_tx_kind(tx) != DB_POSTGRES ||
           (db_query(tx,
                     DB_SAME("SELECT pg_advisory_xact_lock_shared((" LOCK_CLASS "::bigint << 40)"
                             " | " HIGHEST "), set_config('lectern.holds_bound', 'yes', true)"
                             " WHERE current_setting('lectern.holds_bound', true)"
                             " IS DISTINCT FROM 'yes'"),
                     DB_NO_ARGS, &rows, err) &&
            db_next(&rows, err) != DB_FAILED);
}

bool index_change_add(DbTx *tx, const Scope *scope, Arena *arena, IndexOperation operation,
                      Str document, Str model, const int64_t *numbers, size_t count, Error *err)
{
    if (!count)
        return true;
    return hold_bound(tx, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO index_changes (workspace, operation, document, model,"
                           " numbers) VALUES ($1, $2, $3, $4, $5)"),
                   DB_ARGS(db_text(scope->workspace), db_int(operation), db_text(document),
                           db_text(model), db_blob(pack_numbers(arena, numbers, count))),
                   NULL, err) &&
           db_hint(tx, INDEX_CHANNEL, scope->workspace, err);
}

#define NO_NUMBERS(before, after) DB_SQL(before "X''" after, before "''::bytea" after)

bool index_change_filters(DbTx *tx, const Scope *scope, Str document, bool with_members, Error *err)
{
    const DbSql alone =
        NO_NUMBERS("INSERT INTO index_changes (workspace, operation, document, model, numbers)"
                   " SELECT workspace, $3, id, '', ",
                   " FROM documents WHERE workspace = $1 AND id = $2 AND chunk_count > 0");
    const DbSql all = NO_NUMBERS(
        DOCUMENT_FAMILY "INSERT INTO index_changes (workspace, operation, document, model, numbers)"
                        " SELECT workspace, $3, id, '', ",
        " FROM documents WHERE workspace = $1 AND chunk_count > 0"
        " AND id IN (SELECT id FROM family)");
    return hold_bound(tx, err) &&
           db_exec(tx, with_members ? all : alone,
                   DB_ARGS(db_text(scope->workspace), db_text(document), db_int(INDEX_FILTERS)),
                   NULL, err) &&
           db_hint(tx, INDEX_CHANNEL, scope->workspace, err);
}

bool index_change_no_collection(DbTx *tx, const Scope *scope, Str collection, Error *err)
{
    return hold_bound(tx, err) &&
           db_exec(
               tx,
               NO_NUMBERS("INSERT INTO index_changes (workspace, operation, document, model,"
                          " numbers) VALUES ($1, $2, $3, '', ",
                          ")"),
               DB_ARGS(db_text(scope->workspace), db_int(INDEX_NO_COLLECTION), db_text(collection)),
               NULL, err) &&
           index_change_hint(tx, scope, err);
}

bool index_change_hint(DbTx *tx, const Scope *scope, Error *err)
{
    return db_hint(tx, INDEX_CHANNEL, scope->workspace, err);
}

/* --- Reading ---------------------------------------------------------------------------- */

static void read_bound(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(IndexBound *)item = (IndexBound){ db_get_int(row, 0), db_get_int(row, 1) };
}

/* The number is read before the locks: who takes one afterwards takes a higher one. */
#define BOUND(columns)                                                                             \
    "WITH highest AS MATERIALIZED (SELECT " HIGHEST " AS number) SELECT " columns                  \
    " FROM highest, LATERAL (SELECT min(((classid::bigint & 255) << 32) | objid::bigint)"          \
    " AS number FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"                        \
    " AND classid::bigint >> 8 = " LOCK_CLASS " AND highest.number >= 0"                           \
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS held"

bool index_bound(DbTx *tx, const Scope *scope, IndexBound *bound_r, Error *err)
{
    *bound_r = (IndexBound){ INT64_MAX, INT64_MAX };
    return sql_needs_system(scope, err) &&
           (db_tx_kind(tx) != DB_POSTGRES ||
            sql_find(tx, NULL, DB_SAME(BOUND("LEAST(highest.number, held.number), highest.number")),
                     DB_NO_ARGS, read_bound, bound_r, "bound of", S("index_changes"), err));
}

const char index_watch[] = BOUND("LEAST(highest.number, held.number) || ' ' || highest.number");

/* Asked for by every node whenever something is new: all in one statement. */
#define POSITION                                                                                   \
    "SELECT made.value, floor.value, COALESCE((SELECT max(sequence) FROM index_changes), 0)"       \
    " FROM facts made JOIN facts floor ON floor.name = 'index_floor' WHERE made.name = 'database'"

bool index_position(DbTx *tx, const Scope *scope, Arena *arena, IndexPosition *position_r,
                    Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbStep step;
    if (!sql_needs_system(scope, err) || !db_query(tx, DB_SAME(POSITION), DB_NO_ARGS, &rows, err) ||
        (step = db_next(&rows, err)) == DB_FAILED)
        return false;
    if (step == DB_END)
        return fail(err, ERROR_NOT_FOUND, "the database lacks the facts database and index_floor");
    Str floor = db_get_text(&rows, 1, arena);
    IndexPosition position = { .database = db_get_text(&rows, 0, arena),
                               .last = db_get_int(&rows, 2) };
    if (!str_to_int(floor, 0, INT64_MAX, &position.floor))
        return fail(err, ERROR_DAMAGED, "the database says '" STR_FMT "' for index_floor",
                    STR_ARG(floor));
    position.last = MAX(position.last, position.floor);
    *position_r = position;
    return true;
}

bool index_change_list(DbTx *tx, const Scope *scope, Arena *arena, int64_t after, int64_t limit,
                       IndexChangeList *list_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    VEC(IndexChange) changes = { 0 };
    DbStep step;

    if (!db_query(tx,
                  DB_SAME("SELECT sequence, workspace, operation, document, model, numbers"
                          " FROM index_changes WHERE sequence > $1 AND ($2 = 1 OR workspace = $3)"
                          " ORDER BY sequence LIMIT $4"),
                  DB_ARGS(db_int(after), db_int(scope->is_system), db_text(scope->workspace),
                          db_int(limit)),
                  &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        IndexChange *change = vec_push(arena, &changes);
        *change = (IndexChange){
            .sequence = db_get_int(&rows, 0),
            .workspace = db_get_text(&rows, 1, arena),
            .operation = (IndexOperation)db_get_int(&rows, 2),
            .document = db_get_text(&rows, 3, arena),
            .model = db_get_text(&rows, 4, arena),
        };
        if (!unpack_numbers(arena, db_get_blob(&rows, 5, arena), &change->numbers))
            return fail(err, ERROR_DAMAGED, "index change %" PRId64 " is damaged",
                        change->sequence);
    }
    if (step == DB_FAILED)
        return false;
    *list_r = (IndexChangeList){ .at = changes.at, .count = changes.count };
    return true;
}

static void read_document(DbRows *row, Arena *arena, void *item)
{
    *(IndexChange *)item = (IndexChange){ .sequence = db_get_int(row, 0),
                                          .operation = (IndexOperation)db_get_int(row, 1),
                                          .document = db_get_text(row, 2, arena) };
}

bool index_change_list_documents(DbTx *tx, const Scope *scope, Arena *arena, int64_t after,
                                 int64_t limit, IndexChangeList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(
            tx, arena,
            DB_SAME("SELECT sequence, operation, document FROM index_changes"
                    " WHERE sequence > $1 AND workspace = $2 AND operation <> $3"
                    " ORDER BY sequence LIMIT $4"),
            DB_ARGS(db_int(after), db_text(scope->workspace), db_int(INDEX_VECTORS), db_int(limit)),
            read_document, sizeof(IndexChange), &items, err))
        return false;
    *list_r = (IndexChangeList){ .at = items.at, .count = items.count };
    return true;
}

bool index_change_forget(DbTx *tx, const Scope *scope, int64_t sequence, Error *err)
{
    char text[24];

    if (!sql_needs_system(scope, err))
        return false;
    (void)snprintf(text, sizeof(text), "%" PRId64, sequence);
    return db_exec(tx, DB_SAME("DELETE FROM index_changes WHERE sequence <= $1"),
                   DB_ARGS(db_int(sequence)), NULL, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE facts SET value = $1 WHERE name = 'index_floor'"
                           " AND CAST(value AS BIGINT) < $2"),
                   DB_ARGS(db_text(str(text)), db_int(sequence)), NULL, err);
}

/* --- Changes that none has had yet, forgotten --- */

static const DbSql last_given = {
    "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'index_changes'), 0)",
    "SELECT " HIGHEST
};
/* A row that goes at once takes the number. */
static const DbSql give_next = {
    "INSERT INTO index_changes (workspace, operation, document, model, numbers)"
    " VALUES ('', 0, '', '', X'') RETURNING sequence",
    "SELECT nextval(pg_get_serial_sequence('index_changes', 'sequence'))"
};

static bool set_floor(DbTx *tx, Arena *arena, int64_t floor, Error *err)
{
    Str text = str_format(arena, "%" PRId64, floor);
    return db_exec(tx, DB_SAME("DELETE FROM index_changes WHERE sequence <= $1"),
                   DB_ARGS(db_int(floor)), NULL, err) &&
           db_exec(tx, DB_SAME("UPDATE facts SET value = $1 WHERE name = 'index_floor'"),
                   DB_ARGS(db_text(text)), NULL, err);
}

bool index_change_mend(DbTx *tx, const Scope *scope, Arena *arena, bool *mended_r, Error *err)
{
    IndexPosition position;
    int64_t given, next;
    *mended_r = false;
    if (!index_position(tx, scope, arena, &position, err) ||
        !db_query_int(tx, last_given, DB_NO_ARGS, 0, &given, err))
        return false;
    if (position.floor <= given)
        return true;
    *mended_r = true;
    return db_query_int(tx, give_next, DB_NO_ARGS, 0, &next, err) &&
           set_floor(tx, arena, next, err);
}

/* --- What all nodes have seen ----------------------------------------------------------- */

#define MARK_NAME S("index_changes_mark") /* "SEQUENCE TIME": how far they were then */

static bool find_mark(DbTx *tx, const Scope *scope, Arena *arena, int64_t *sequence_r,
                      int64_t *time_r, Error *err)
{
    Str text, sequence;
    *sequence_r = *time_r = 0;
    if (!setting_find(tx, scope, arena, MARK_NAME, &text, err))
        return err->code == ERROR_NOT_FOUND;
    return (str_next(&text, ' ', &sequence) && str_to_int(sequence, 0, INT64_MAX, sequence_r) &&
            str_to_int(text, 0, INT64_MAX, time_r)) ||
           fail(err, ERROR_DAMAGED, "the setting index_changes_mark is damaged");
}

bool index_change_old(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms, int64_t *until_r,
                      Error *err)
{
    IndexPosition position;
    IndexBound bound;
    int64_t marked, marked_ms;
    *until_r = 0;
    if (!index_bound(tx, scope, &bound, err) || !index_position(tx, scope, arena, &position, err) ||
        !find_mark(tx, scope, arena, &marked, &marked_ms, err))
        return false;
    if (marked_ms && now_ms - marked_ms < INDEX_CHANGES_KEEP_MS)
        return true;
    *until_r = marked;
    return setting_set(
        tx, scope, MARK_NAME,
        str_format(arena, "%" PRId64 " %" PRId64, MIN(bound.all, position.last), now_ms), err);
}
