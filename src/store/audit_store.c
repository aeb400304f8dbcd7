#include "store/audit_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

bool audit_add(DbTx *tx, const Scope *scope, const AuditEntry *entry, Error *err)
{
    char id[ID_LENGTH + 1];

    id_write(id);
    return db_exec(tx,
                   DB_SAME("INSERT INTO audit (workspace, id, user_id, key_id, action,"
                           " subject_kind, subject, details, address, created_at)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
                   DB_ARGS(db_text(scope->workspace), db_text(str(id)),
                           db_text(entry->user.length ? entry->user : scope->user),
                           db_text(entry->key.length ? entry->key : scope->key),
                           db_text(entry->action), db_text(entry->subject_kind),
                           db_text(entry->subject), db_text(entry->details),
                           db_text(entry->address), db_int(now_ms())),
                   NULL, err);
}

static void read_entry(DbRows *row, Arena *arena, void *item)
{
    *(AuditEntry *)item = (AuditEntry){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .key = db_get_text(row, 2, arena),
        .action = db_get_text(row, 3, arena),
        .subject_kind = db_get_text(row, 4, arena),
        .subject = db_get_text(row, 5, arena),
        .details = db_get_text(row, 6, arena),
        .address = db_get_text(row, 7, arena),
        .created_at_ms = db_get_int(row, 8),
    };
}

bool audit_list(DbTx *tx, const Scope *scope, Arena *arena, const AuditFilter *filter,
                const Slice *slice, AuditList *list_r, Error *err)
{
    static const AuditFilter all = { 0 };
    size_t limit = (size_t)slice_limit(slice);
    SqlItems items;

    if (!filter)
        filter = &all;
    if (!sql_list(
            tx, arena,
            DB_SAME("SELECT id, user_id, key_id, action, subject_kind, subject, details,"
                    " address, created_at FROM audit WHERE workspace = $1"
                    " AND ($2 = '' OR id < $2) AND ($3 = '' OR user_id = $3)"
                    " AND ($4 = '' OR action = $4) AND ($5 = '' OR subject_kind = $5)"
                    " AND ($6 = '' OR subject = $6) AND created_at >= $7"
                    " AND created_at < $8 ORDER BY id DESC LIMIT $9"),
            DB_ARGS(db_text(scope->workspace), db_text(slice ? slice->after : STR_NONE),
                    db_text(filter->user), db_text(filter->action), db_text(filter->subject_kind),
                    db_text(filter->subject), db_int(filter->from_ms),
                    db_int(filter->to_ms ? filter->to_ms : INT64_MAX), db_int((int64_t)limit + 1)),
            read_entry, sizeof(AuditEntry), &items, err))
        return false;
    AuditList list = { .at = items.at, .count = MIN(items.count, limit) };
    if (items.count > limit)
        list.next = list.at[limit - 1].id;
    *list_r = list;
    return true;
}
