#include "store/bot_services_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sealed_texts.h"
#include "store/sql.h"

#define SERVICES                                                                                   \
    "SELECT id, kind, name, url, sealed, allows_private, created_at, keeps_recordings, whole"      \
    " FROM bot_services"                                                                           \
    " WHERE workspace = $1 "

static void read_service(DbRows *row, Arena *arena, void *item)
{
    *(BotServiceRow *)item = (BotServiceRow){ .id = db_get_text(row, 0, arena),
                                              .kind = db_get_text(row, 1, arena),
                                              .name = db_get_text(row, 2, arena),
                                              .url = db_get_text(row, 3, arena),
                                              .sealed = db_get_blob(row, 4, arena),
                                              .allows_private = db_get_int(row, 5) != 0,
                                              .created_at_ms = db_get_int(row, 6),
                                              .keeps_recordings = db_get_int(row, 7) != 0,
                                              .whole = db_get_blob(row, 8, arena) };
}

bool bot_service_add(DbTx *tx, const Scope *scope, Arena *arena, BotServiceRow *service, Error *err)
{
    BotServiceRow added = *service;
    BotServiceList others;
    int64_t changed;

    added.id = id_new(arena);
    added.created_at_ms = now_ms();
    if (!bot_service_list(tx, scope, arena, &others, err))
        return false;
    if (others.count >= BOT_SERVICES_MAX)
        return fail(err, ERROR_CONFLICT, "there are %d services already; remove one first",
                    BOT_SERVICES_MAX);
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO bot_services (workspace, id, kind, name, url, sealed,"
                         " allows_private, created_at, keeps_recordings, whole)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                         " ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.kind),
                         db_text(added.name), db_text(text_stored(arena, added.url, added.whole)),
                         db_blob(added.sealed), db_int(added.allows_private),
                         db_int(added.created_at_ms), db_int(added.keeps_recordings),
                         db_blob(added.whole)),
                 &changed, err))
        return false;
    if (!changed)
        return fail(err, ERROR_CONFLICT, "there is a service '" STR_FMT "' already",
                    STR_ARG(str_slice(added.name, 0, 100)));
    *service = added;
    return true;
}

bool bot_service_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, BotServiceRow *service_r,
                      Error *err)
{
    return sql_find(tx, arena, DB_SAME(SERVICES "AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_service, service_r,
                    "service of bots", id, err);
}

bool bot_service_list(DbTx *tx, const Scope *scope, Arena *arena, BotServiceList *list_r,
                      Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(SERVICES "ORDER BY created_at, id"),
                  DB_ARGS(db_text(scope->workspace)), read_service, sizeof(BotServiceRow), &items,
                  err))
        return false;
    *list_r = (BotServiceList){ .at = items.at, .count = items.count };
    return true;
}

bool bot_service_change(DbTx *tx, const Scope *scope, const BotServiceRow *service, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE bot_services SET sealed = $3, keeps_recordings = $4"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(service->id),
                              db_blob(service->sealed), db_int(service->keeps_recordings)),
                      "service of bots", service->id, err);
}

bool bot_service_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM bot_services WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "service of bots", id, err);
}
