#include "store/notices_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

#define EVENT_COLUMNS "e.id, e.kind, e.level, e.dedup, e.title, e.body, e.link, e.created_at"
#define NOTICES                                                                                    \
    "SELECT " EVENT_COLUMNS ", n.read_at FROM notices n"                                           \
    " JOIN notice_events e ON e.workspace = n.workspace AND e.id = n.event"                        \
    " WHERE n.workspace = $1 AND n.user_id = $2 "

static void read_event(DbRows *row, Arena *arena, void *item)
{
    *(NoticeEvent *)item = (NoticeEvent){
        .id = db_get_text(row, 0, arena),
        .kind = db_get_text(row, 1, arena),
        .level = db_get_text(row, 2, arena),
        .dedup = db_get_text(row, 3, arena),
        .title = db_get_text(row, 4, arena),
        .body = db_get_text(row, 5, arena),
        .link = db_get_text(row, 6, arena),
        .created_at_ms = db_get_int(row, 7),
    };
}

static void read_notice(DbRows *row, Arena *arena, void *item)
{
    NoticeRow *notice = item;
    read_event(row, arena, &notice->event);
    notice->read_at_ms = db_get_int(row, 8);
}

/* --- Events --- */

#define EVENT_VALUES 9

static bool insert_events(DbTx *tx, const Scope *scope, Arena *arena, const NoticeEvent *events,
                          size_t count, Error *err)
{
    DbValue *values = arena_new_array(arena, DbValue, count * EVENT_VALUES);
    for (size_t i = 0; i < count; i++) {
        const NoticeEvent *event = &events[i];
        const DbValue row[EVENT_VALUES] = {
            db_text(scope->workspace), db_text(event->id),    db_text(event->kind),
            db_text(event->level),     db_text(event->dedup), db_text(event->title),
            db_text(event->body),      db_text(event->link),  db_int(event->created_at_ms),
        };
        memcpy(&values[i * EVENT_VALUES], row, sizeof row);
    }
    return db_exec_many(
        tx,
        DB_SAME("INSERT INTO notice_events (workspace, id, kind, level, dedup, title, body,"
                " link, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                " ON CONFLICT (workspace, dedup) DO NOTHING"),
        values, EVENT_VALUES, count, err);
}

/* Of those that name what they are about: whose ids are there. */
static bool list_added(DbTx *tx, const Scope *scope, Arena *arena, const NoticeEvent *events,
                       size_t count, SqlItems *ids_r, Error *err)
{
    VEC(Str) asked = { 0 };
    *ids_r = (SqlItems){ 0 };
    for (size_t i = 0; i < count; i++)
        if (!str_equal(events[i].dedup, events[i].id))
            *vec_push(arena, &asked) = events[i].id;
    return !asked.count ||
           sql_list(tx, arena,
                    SQL_IN_TEXTS("SELECT id FROM notice_events WHERE workspace = $1 AND id", 2,
                                 "ORDER BY id"),
                    DB_ARGS(db_text(scope->workspace), sql_texts(arena, asked.at, asked.count)),
                    sql_read_text, sizeof(Str), ids_r, err);
}

static bool is_among(const SqlItems *ids, Str id)
{
    const Str *at = ids->at;
    for (size_t i = 0; i < ids->count; i++)
        if (str_equal(at[i], id))
            return true;
    return false;
}

bool notice_events_add(DbTx *tx, const Scope *scope, Arena *arena, NoticeEvent *events,
                       size_t count, NoticeEventList *added_r, Error *err)
{
    SqlItems ids;
    for (size_t i = 0; i < count; i++) {
        events[i].id = id_new(arena);
        events[i].created_at_ms = now_ms();
        if (!events[i].dedup.length)
            events[i].dedup = events[i].id;
    }
    if (!insert_events(tx, scope, arena, events, count, err) ||
        !list_added(tx, scope, arena, events, count, &ids, err))
        return false;
    *added_r = (NoticeEventList){ .at = arena_new_array(arena, NoticeEvent, count) };
    for (size_t i = 0; i < count; i++)
        if (str_equal(events[i].dedup, events[i].id) || is_among(&ids, events[i].id))
            added_r->at[added_r->count++] = events[i];
    return true;
}

/* --- Notices --- */

#define NOTICE_VALUES 5

bool notices_add(DbTx *tx, const Scope *scope, Arena *arena, const NewNotice *notices, size_t count,
                 Error *err)
{
    DbValue *values = arena_new_array(arena, DbValue, count * NOTICE_VALUES);
    for (size_t i = 0; i < count; i++) {
        const DbValue row[NOTICE_VALUES] = { db_text(scope->workspace), db_text(notices[i].user),
                                             db_text(notices[i].event), db_int(notices[i].is_shown),
                                             db_int(notices[i].mail) };
        memcpy(&values[i * NOTICE_VALUES], row, sizeof row);
    }
    return db_exec_many(tx,
                        DB_SAME("INSERT INTO notices (workspace, user_id, event, is_shown, mail,"
                                " read_at) VALUES ($1, $2, $3, $4, $5, 0)"),
                        values, NOTICE_VALUES, count, err);
}

bool notice_list(DbTx *tx, const Scope *scope, Arena *arena, bool only_unread, const Slice *slice,
                 NoticeList *list_r, Error *err)
{
    size_t limit = (size_t)slice_limit(slice);
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(NOTICES "AND n.is_shown = 1 AND ($3 = 0 OR n.read_at = 0)"
                                  " AND ($4 = '' OR n.event < $4)"
                                  " ORDER BY n.event DESC LIMIT $5"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_int(only_unread),
                          db_text(slice ? slice->after : STR_NONE), db_int((int64_t)limit + 1)),
                  read_notice, sizeof(NoticeRow), &items, err))
        return false;
    NoticeList list = { .at = items.at, .count = MIN(items.count, limit) };
    if (items.count > limit)
        list.next = list.at[limit - 1].event.id;
    *list_r = list;
    return true;
}

bool notice_count_unread(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM notices WHERE workspace = $1"
                                " AND user_id = $2 AND read_at = 0 AND is_shown = 1"),
                        DB_ARGS(db_text(scope->workspace), db_text(scope->user)), 0, count_r, err);
}

bool notice_mark_read(DbTx *tx, const Scope *scope, Str event, Error *err)
{
    static const DbSql one =
        DB_SAME("UPDATE notices SET read_at = $4 WHERE workspace = $1 AND user_id = $2"
                " AND event = $3 AND is_shown = 1");
    static const DbSql all =
        DB_SAME("UPDATE notices SET read_at = $3 WHERE workspace = $1 AND user_id = $2"
                " AND read_at = 0");
    if (event.length)
        return sql_change(tx, one,
                          DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_text(event),
                                  db_int(now_ms())),
                          "notice", event, err);
    return db_exec(tx, all,
                   DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_int(now_ms())), NULL,
                   err);
}

bool notice_list_to_mail(DbTx *tx, const Scope *scope, Arena *arena, Str user, NoticeMail mail,
                         int64_t limit, NoticeList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(NOTICES "AND n.mail = $3 ORDER BY n.event LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(user), db_int(mail), db_int(limit)),
                  read_notice, sizeof(NoticeRow), &items, err))
        return false;
    *list_r = (NoticeList){ .at = items.at, .count = items.count };
    return true;
}

bool notice_mark_mailed(DbTx *tx, const Scope *scope, Str user, const NoticeList *list, Error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (!db_exec(tx,
                     DB_SAME("UPDATE notices SET mail = $4 WHERE workspace = $1 AND user_id = $2"
                             " AND event = $3"),
                     DB_ARGS(db_text(scope->workspace), db_text(user),
                             db_text(list->at[i].event.id), db_int(NOTICE_MAIL_SENT)),
                     NULL, err))
            return false;
    return true;
}

/* --- Choices --- */

static void read_choice(DbRows *row, Arena *arena, void *item)
{
    *(NoticeChoice *)item = (NoticeChoice){
        .user = db_get_text(row, 0, arena),
        .kind = db_get_text(row, 1, arena),
        .on_page = db_get_int(row, 2) != 0,
        .by_mail = db_get_int(row, 3) != 0,
    };
}

bool notice_choice_set(DbTx *tx, const Scope *scope, const NoticeChoice *choice, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO notice_choices (workspace, user_id, kind, on_page, by_mail)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace, user_id, kind) DO UPDATE"
                " SET on_page = excluded.on_page, by_mail = excluded.by_mail"),
        DB_ARGS(db_text(scope->workspace), db_text(choice->user), db_text(choice->kind),
                db_int(choice->on_page), db_int(choice->by_mail)),
        NULL, err);
}

bool notice_choice_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind,
                        NoticeChoiceList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT user_id, kind, on_page, by_mail FROM notice_choices"
                          " WHERE workspace = $1 AND ($2 = '' OR kind = $2)"
                          " ORDER BY user_id, kind"),
                  DB_ARGS(db_text(scope->workspace), db_text(kind)), read_choice,
                  sizeof(NoticeChoice), &items, err))
        return false;
    *list_r = (NoticeChoiceList){ .at = items.at, .count = items.count };
    return true;
}
