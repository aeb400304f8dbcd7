#include "store/key_limits_store.h"

#include "base/clock.h"
#include "store/sql.h"

static const char *const kind_names[SUBJECT_KINDS] = {
    [SUBJECT_KEY] = "key", [SUBJECT_USER] = "user", [SUBJECT_WORKSPACE] = "workspace"
};

const char *subject_kind_name(SubjectKind kind) { return kind_names[kind]; }

SubjectKind subject_kind_named(Str name)
{
    for (SubjectKind kind = SUBJECT_KEY; kind < SUBJECT_WORKSPACE; kind++)
        if (str_is(name, kind_names[kind]))
            return kind;
    return SUBJECT_WORKSPACE;
}

size_t subjects_of(const Scope *scope, Subject subjects_r[SUBJECT_KINDS])
{
    size_t count = 0;
    if (scope->key.length)
        subjects_r[count++] = (Subject){ SUBJECT_KEY, scope->key };
    if (scope->user.length)
        subjects_r[count++] = (Subject){ SUBJECT_USER, scope->user };
    subjects_r[count++] = (Subject){ SUBJECT_WORKSPACE, scope->workspace };
    return count;
}

bool callers_changed(DbTx *tx, const Scope *scope, Error *err)
{
    return db_notify(tx, CALLERS_CHANNEL, scope->workspace, err);
}

bool key_limits_set(DbTx *tx, const Scope *scope, const Subject *subject, const KeyLimits *limits,
                    Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO key_limits (workspace, kind, subject, models, requests,"
                           " tokens, concurrent, updated_at)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                           " ON CONFLICT (workspace, kind, subject) DO UPDATE"
                           " SET models = excluded.models, requests = excluded.requests,"
                           " tokens = excluded.tokens, concurrent = excluded.concurrent,"
                           " updated_at = excluded.updated_at"),
                   DB_ARGS(db_text(scope->workspace), db_text(str(kind_names[subject->kind])),
                           db_text(subject->id), db_text(limits->models),
                           db_int(limits->requests_per_minute), db_int(limits->tokens_per_minute),
                           db_int(limits->concurrent), db_int(now_ms())),
                   NULL, err);
}

static KeyLimits limits_at(DbRows *row, Arena *arena, int first)
{
    return (KeyLimits){
        .models = db_get_text(row, first, arena),
        .requests_per_minute = db_get_int(row, first + 1),
        .tokens_per_minute = db_get_int(row, first + 2),
        .concurrent = db_get_int(row, first + 3),
    };
}

static void read_limits(DbRows *row, Arena *arena, void *item)
{
    *(KeyLimits *)item = limits_at(row, arena, 0);
}

bool key_limits_find(DbTx *tx, const Scope *scope, Arena *arena, const Subject *subject,
                     KeyLimits *limits_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT models, requests, tokens, concurrent FROM key_limits"
                          " WHERE workspace = $1 AND kind = $2 AND subject = $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(str(kind_names[subject->kind])),
                          db_text(subject->id)),
                  read_limits, sizeof(KeyLimits), &items, err))
        return false;
    *limits_r = items.count ? *(KeyLimits *)items.at : (KeyLimits){ .models = S("[]") };
    return true;
}

static void read_subject(DbRows *row, Arena *arena, void *item)
{
    *(SubjectLimits *)item = (SubjectLimits){
        .subject = { subject_kind_named(db_get_text(row, 0, arena)), db_get_text(row, 1, arena) },
        .name = db_get_text(row, 2, arena),
        .limits = limits_at(row, arena, 3),
    };
}

bool key_limits_list(DbTx *tx, const Scope *scope, Arena *arena, SubjectLimitsList *list_r,
                     Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT l.kind, l.subject, COALESCE(k.name, u.name, '') AS name,"
                          " l.models, l.requests, l.tokens, l.concurrent FROM key_limits l"
                          " LEFT JOIN api_keys k ON l.kind = 'key' AND k.workspace = l.workspace"
                          " AND k.id = l.subject AND k.revoked_at = 0"
                          " LEFT JOIN memberships m ON l.kind = 'user'"
                          " AND m.workspace = l.workspace AND m.user_id = l.subject"
                          " LEFT JOIN users u ON u.id = m.user_id"
                          " WHERE l.workspace = $1"
                          " AND (l.kind = 'workspace' OR k.id IS NOT NULL OR u.id IS NOT NULL)"
                          " ORDER BY l.kind DESC, name, l.subject"),
                  DB_ARGS(db_text(scope->workspace)), read_subject, sizeof(SubjectLimits), &items,
                  err))
        return false;
    *list_r = (SubjectLimitsList){ items.at, items.count };
    return true;
}
