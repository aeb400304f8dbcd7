#include "store/preferences_store.h"

#include "base/clock.h"
#include "store/sql.h"

static void read_preferences(DbRows *row, Arena *arena, void *item)
{
    *(Preferences *)item = (Preferences){
        .language = db_get_text(row, 0, arena),
        .tone = db_get_text(row, 1, arena),
        .time_zone = db_get_text(row, 2, arena),
        .search_mode = db_get_text(row, 3, arena),
        .without_direction = db_get_int(row, 4) == 0,
        .updated_at_ms = db_get_int(row, 5),
    };
}

bool preferences_find(DbTx *tx, const Scope *scope, Arena *arena, Preferences *preferences_r,
                      Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT language, tone, time_zone, search_mode, chat_direction,"
                          " updated_at FROM preferences WHERE workspace = $1 AND user_id = $2"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope->user)), read_preferences,
                  sizeof(Preferences), &items, err))
        return false;
    *preferences_r = items.count ? *(Preferences *)items.at : (Preferences){ 0 };
    return true;
}

bool preferences_set(DbTx *tx, const Scope *scope, Preferences *preferences, Error *err)
{
    preferences->updated_at_ms = now_ms();
    return db_exec(tx,
                   DB_SAME("INSERT INTO preferences (workspace, user_id, language, tone,"
                           " time_zone, search_mode, chat_direction, updated_at)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                           " ON CONFLICT (workspace, user_id) DO UPDATE SET language = $3,"
                           " tone = $4, time_zone = $5, search_mode = $6, chat_direction = $7,"
                           " updated_at = $8"),
                   DB_ARGS(db_text(scope->workspace), db_text(scope->user),
                           db_text(preferences->language), db_text(preferences->tone),
                           db_text(preferences->time_zone), db_text(preferences->search_mode),
                           db_int(!preferences->without_direction),
                           db_int(preferences->updated_at_ms)),
                   NULL, err);
}
