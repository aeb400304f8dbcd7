#include "store/schedules_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/due.h"
#include "store/events.h"
#include "store/sql.h"

#define DUE_MAX 100 /* in one transaction */

static const char *const names[] = { "none", "one", "all" };

const char *catch_up_name(CatchUp catch_up) { return names[catch_up]; }

bool catch_up_named(Str name, CatchUp *catch_up_r)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i])) {
            *catch_up_r = (CatchUp)i;
            return true;
        }
    return false;
}

/* last_error: of a job that failed, or is tried again; its state is in jobs_store.h. */
#define COLUMNS                                                                                    \
    "id, coalesce(workspace, ''), name, type, payload, cron, zone, every_ms, catch_up,"            \
    " is_paused, user_id, next_at, last_at, last_job, fired, missed, error, created_at,"           \
    " updated_at, coalesce((SELECT j.error FROM jobs j WHERE j.id = last_job"                      \
    " AND j.state IN (0, 3, 5)), ''), api_key"
#define SCHEDULE "SELECT " COLUMNS " FROM schedules "

static void read_schedule(DbRows *row, Arena *arena, void *item)
{
    *(Schedule *)item = (Schedule){
        .id = db_get_text(row, 0, arena),
        .workspace = db_get_text(row, 1, arena),
        .name = db_get_text(row, 2, arena),
        .type = db_get_text(row, 3, arena),
        .payload = db_get_text(row, 4, arena),
        .cron = db_get_text(row, 5, arena),
        .zone = db_get_text(row, 6, arena),
        .every_ms = db_get_int(row, 7),
        .catch_up = (CatchUp)db_get_int(row, 8),
        .is_paused = db_get_int(row, 9),
        .user = db_get_text(row, 10, arena),
        .next_at_ms = db_get_int(row, 11),
        .last_at_ms = db_get_int(row, 12),
        .last_job = db_get_text(row, 13, arena),
        .fired = db_get_int(row, 14),
        .missed = db_get_int(row, 15),
        .error = db_get_text(row, 16, arena),
        .created_at_ms = db_get_int(row, 17),
        .updated_at_ms = db_get_int(row, 18),
        .last_error = db_get_text(row, 19, arena),
        .api_key = db_get_text(row, 20, arena),
    };
}

/* --- For everybody ------------------------------------------------------------------- */

static bool fail_name(Error *err, Str name)
{
    return fail(err, ERROR_CONFLICT, "there is a schedule '" STR_FMT "' already",
                STR_ARG(str_slice(name, 0, 100)));
}

static bool check_room(DbTx *tx, const Scope *scope, Error *err)
{
    int64_t count;
    if (!db_query_int(tx, DB_SAME("SELECT count(*) FROM schedules WHERE workspace = $1"),
                      DB_ARGS(db_text(scope->workspace)), 0, &count, err))
        return false;
    return count < SCHEDULES_MAX ||
           fail(err, ERROR_CONFLICT, "there are %d schedules already; remove one first",
                SCHEDULES_MAX);
}

bool schedule_add(DbTx *tx, const Scope *scope, Arena *arena, Schedule *schedule, Error *err)
{
    Schedule added = *schedule;
    int64_t changed;

    added.id = id_new(arena);
    added.workspace = scope->workspace;
    added.user = scope->user;
    added.api_key = scope->key;
    added.created_at_ms = added.updated_at_ms = now_ms();
    if (!check_room(tx, scope, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO schedules (id, workspace, name, type, payload, cron, zone,"
                         " every_ms, catch_up, is_paused, user_id, next_at, created_at, updated_at,"
                         " api_key)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13,"
                         " $14)"
                         " ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(added.id), db_text(scope->workspace), db_text(added.name),
                         db_text(added.type), db_text(added.payload), db_text(added.cron),
                         db_text(added.zone), db_int(added.every_ms), db_int(added.catch_up),
                         db_int(added.is_paused), db_text(added.user), db_int(added.next_at_ms),
                         db_int(added.created_at_ms), db_text(added.api_key)),
                 &changed, err))
        return false;
    if (!changed)
        return fail_name(err, added.name);
    *schedule = added;
    return event_tell(tx, scope->workspace, EVENT_schedule, schedule->id, STR_NONE, err);
}

bool schedule_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Schedule *schedule_r,
                   Error *err)
{
    return sql_find(tx, arena, DB_SAME(SCHEDULE "WHERE workspace = $1 AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_schedule, schedule_r,
                    "schedule", id, err);
}

bool schedule_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                   ScheduleList *list_r, Error *err)
{
    int64_t limit = slice_limit(slice);
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(SCHEDULE "WHERE workspace = $1 AND id > $2 ORDER BY id LIMIT $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(slice->after), db_int(limit + 1)),
                  read_schedule, sizeof(Schedule), &items, err))
        return false;
    *list_r = (ScheduleList){ .at = items.at, .count = items.count };
    if (list_r->count > (size_t)limit) {
        list_r->count = (size_t)limit;
        list_r->next = list_r->at[limit - 1].id;
    }
    return true;
}

bool schedule_list_payload(DbTx *tx, const Scope *scope, Arena *arena, Str type, Str begins,
                           ScheduleList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(SCHEDULE "WHERE workspace = $1 AND type = $2"
                                   " AND substr(payload, 1, length($3)) = $3"
                                   " ORDER BY id LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(type), db_text(begins),
                          db_int(SCHEDULES_MAX)),
                  read_schedule, sizeof(Schedule), &items, err))
        return false;
    *list_r = (ScheduleList){ .at = items.at, .count = items.count };
    return true;
}

bool schedule_update(DbTx *tx, const Scope *scope, const Schedule *schedule, Error *err)
{
    int64_t same;

    if (!db_query_int(
            tx,
            DB_SAME("SELECT count(*) FROM schedules WHERE workspace = $1 AND name = $2"
                    " AND id <> $3"),
            DB_ARGS(db_text(scope->workspace), db_text(schedule->name), db_text(schedule->id)), 0,
            &same, err))
        return false;
    if (same)
        return fail_name(err, schedule->name);
    if (!event_tell(tx, scope->workspace, EVENT_schedule, schedule->id, STR_NONE, err))
        return false;
    return sql_change(
        tx,
        DB_SAME("UPDATE schedules SET name = $3, payload = $4, cron = $5, zone = $6,"
                " every_ms = $7, catch_up = $8, is_paused = $9, next_at = $10, error = $11,"
                " updated_at = $12, type = $13 WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(schedule->id), db_text(schedule->name),
                db_text(schedule->payload), db_text(schedule->cron), db_text(schedule->zone),
                db_int(schedule->every_ms), db_int(schedule->catch_up), db_int(schedule->is_paused),
                db_int(schedule->next_at_ms), db_text(schedule->error), db_int(now_ms()),
                db_text(schedule->type)),
        "schedule", schedule->id, err);
}

bool schedule_set_job(DbTx *tx, const Scope *scope, Str id, Str job, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE schedules SET last_job = $2 WHERE id = $1"
                              " AND (workspace = $3 OR $4 = 1)"),
                      DB_ARGS(db_text(id), db_text(job), db_text(scope->workspace),
                              db_int(scope->is_system)),
                      "schedule", id, err) &&
           event_tell(tx, scope->workspace, EVENT_schedule, id, STR_NONE, err);
}

bool schedule_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM schedules WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "schedule", id, err) &&
           event_tell(tx, scope->workspace, EVENT_schedule, id, STR_NONE, err);
}

/* --- For the runner ------------------------------------------------------------------ */

bool schedule_keep(DbTx *tx, const Scope *scope, const Schedule *schedule, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO schedules (id, name, type, every_ms, next_at)"
                           " VALUES ($1, $1, $2, $3, $4)"
                           " ON CONFLICT (coalesce(workspace, ''), name) DO UPDATE SET"
                           " type = excluded.type, next_at ="
                           " CASE WHEN schedules.every_ms = excluded.every_ms"
                           " THEN schedules.next_at ELSE excluded.next_at END,"
                           " every_ms = excluded.every_ms"),
                   DB_ARGS(db_text(schedule->name), db_text(schedule->type),
                           db_int(schedule->every_ms), db_int(schedule->next_at_ms)),
                   NULL, err);
}

/* What was added once is noted among the workspace's settings. */
/* What was added at this moment. */
static bool tell_of_usual(DbTx *tx, Arena *arena, Str type, int64_t now, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT workspace FROM schedules WHERE type = $1 AND created_at = $2"
                          " AND workspace IS NOT NULL"),
                  DB_ARGS(db_text(type), db_int(now)), sql_read_text, sizeof(Str), &items, err))
        return false;
    const Str *workspaces = items.at;
    for (size_t i = 0; i < items.count; i++)
        if (!event_tell(tx, workspaces[i], EVENT_schedule, STR_NONE, STR_NONE, err))
            return false;
    return true;
}

bool schedule_keep_usual(DbTx *tx, const Scope *scope, Arena *arena, const Schedule *schedule,
                         Error *err)
{
    Str note = str_format(arena, "usual_schedule:" STR_FMT, STR_ARG(schedule->type));
    int64_t now = now_ms(), added;
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO schedules (id, workspace, name, type, every_ms, next_at,"
                           " created_at, updated_at)"
                           " SELECT $2 || ':' || w.id, w.id, $1, $2, $3, $4, $5, $5"
                           " FROM workspaces w WHERE NOT EXISTS (SELECT 1 FROM settings s"
                           " WHERE s.workspace = w.id AND s.name = $6) ON CONFLICT DO NOTHING"),
                   DB_ARGS(db_text(schedule->name), db_text(schedule->type),
                           db_int(schedule->every_ms), db_int(schedule->next_at_ms), db_int(now),
                           db_text(note)),
                   &added, err) &&
           (!added || tell_of_usual(tx, arena, schedule->type, now, err)) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO settings (workspace, name, value, updated_at)"
                           " SELECT w.id, $1, 'true', $2 FROM workspaces w WHERE true"
                           " ON CONFLICT DO NOTHING"),
                   DB_ARGS(db_text(note), db_int(now)), NULL, err);
}

#define HAS(from) "EXISTS (SELECT 1 " from ")"
#define DUE_TYPE(type, has_work)                                                                   \
    " WHEN type = '" type "' THEN CASE WHEN " has_work " THEN 0 ELSE 1 END"
#define BEGIN "SELECT " COLUMNS ", CASE WHEN every_ms = 0 THEN 0"
#define END                                                                                        \
    " ELSE 0 END FROM schedules WHERE is_paused = 0 AND next_at <= $1 ORDER BY next_at LIMIT $2"

/* Whether a job would find nothing to do is asked of those that are due alone, in their order. */
static const char due_sqlite[] = BEGIN
#include "store/due_types.def"
    END;
static const char due_postgres[] = BEGIN
#include "store/due_types.def"
    END " FOR UPDATE SKIP LOCKED";

#undef HAS
#undef DUE_TYPE
#undef BEGIN
#undef END

static void read_due(DbRows *row, Arena *arena, void *item)
{
    Schedule *schedule = item;
    read_schedule(row, arena, schedule);
    schedule->is_idle = db_get_int(row, 21) != 0;
}

bool schedule_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now,
                       ScheduleList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena, DB_SQL(due_sqlite, due_postgres),
                  DB_ARGS(db_int(now), db_int(DUE_MAX)), read_due, sizeof(Schedule), &items, err))
        return false;
    *list_r = (ScheduleList){ .at = items.at, .count = items.count };
    return true;
}

bool schedules_pass(DbTx *tx, const Scope *scope, Arena *arena, StrList ids, int64_t now,
                    Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   SQL_IN_TEXTS("UPDATE schedules SET next_at ="
                                " next_at + (($1 - next_at) / every_ms + 1) * every_ms"
                                " WHERE next_at <= $1 AND is_paused = 0 AND id",
                                2, ""),
                   DB_ARGS(db_int(now), sql_texts(arena, ids.at, ids.count)), NULL, err);
}

bool schedule_move(DbTx *tx, const Scope *scope, const Schedule *schedule, int64_t due,
                   bool *is_ours_r, Error *err)
{
    int64_t changed;

    if (!sql_needs_system(scope, err) ||
        !db_exec(tx,
                 DB_SAME("UPDATE schedules SET next_at = $3, last_at = $4, fired = $5,"
                         " missed = $6, is_paused = $7, error = $8"
                         " WHERE id = $1 AND next_at = $2 AND is_paused = 0"),
                 DB_ARGS(db_text(schedule->id), db_int(due), db_int(schedule->next_at_ms),
                         db_int(schedule->last_at_ms), db_int(schedule->fired),
                         db_int(schedule->missed), db_int(schedule->is_paused),
                         db_text(schedule->error)),
                 &changed, err))
        return false;
    *is_ours_r = changed;
    return !changed ||
           event_tell(tx, schedule->workspace, EVENT_schedule, schedule->id, STR_NONE, err);
}
