#include "store/learner_store.h"

#include "base/clock.h"
#include "store/sql.h"

static void read_learner(DbRows *row, Arena *arena, void *item)
{
    *(Learner *)item = (Learner){
        .persona = db_get_text(row, 0, arena),
        .learning_style = db_get_text(row, 1, arena),
        .level = db_get_text(row, 2, arena),
        .industry = db_get_text(row, 3, arena),
        .role = db_get_text(row, 4, arena),
        .language = db_get_text(row, 5, arena),
        .tone = db_get_text(row, 6, arena),
        .retention = db_get_real(row, 7),
        .learning_steps = db_get_text(row, 8, arena),
        .relearning_steps = db_get_text(row, 9, arena),
        .new_a_day = db_get_int(row, 10),
        .reviews_a_day = db_get_int(row, 11),
        .east_min = db_get_int(row, 12),
        .updated_at_ms = db_get_int(row, 13),
    };
}

bool learner_find(DbTx *tx, const Scope *scope, Arena *arena, Learner *learner_r, Error *err)
{
    static const Learner defaults = { .retention = 0.9,
                                      .learning_steps = S_INIT("1 10"),
                                      .relearning_steps = S_INIT("10"),
                                      .new_a_day = 20,
                                      .reviews_a_day = 200 };
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT persona, learning_style, level, industry, role, language, tone,"
                          " retention, learning_steps, relearning_steps, new_a_day, reviews_a_day,"
                          " east_min, updated_at FROM learner_profiles"
                          " WHERE workspace = $1 AND user_id = $2"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope))), read_learner,
                  sizeof(Learner), &items, err))
        return false;
    *learner_r = items.count ? *(Learner *)items.at : defaults;
    return true;
}

bool learner_set(DbTx *tx, const Scope *scope, Learner *learner, Error *err)
{
    int64_t time_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO learner_profiles (workspace, user_id, persona,"
                         " learning_style, level, industry, role, language, tone, retention,"
                         " learning_steps, relearning_steps, new_a_day, reviews_a_day, east_min,"
                         " updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
                         " $13, $14, $15, $16) ON CONFLICT (workspace, user_id) DO UPDATE SET"
                         " persona = $3, learning_style = $4, level = $5, industry = $6,"
                         " role = $7, language = $8, tone = $9, retention = $10,"
                         " learning_steps = $11, relearning_steps = $12, new_a_day = $13,"
                         " reviews_a_day = $14, east_min = $15, updated_at = $16"),
                 DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                         db_text(learner->persona), db_text(learner->learning_style),
                         db_text(learner->level), db_text(learner->industry),
                         db_text(learner->role), db_text(learner->language), db_text(learner->tone),
                         db_real(learner->retention), db_text(learner->learning_steps),
                         db_text(learner->relearning_steps), db_int(learner->new_a_day),
                         db_int(learner->reviews_a_day), db_int(learner->east_min),
                         db_int(time_ms)),
                 NULL, err))
        return false;
    learner->updated_at_ms = time_ms;
    return true;
}

Str learner_key(Arena *arena, const Learner *learner)
{
    const Str parts[] = { learner->persona,  learner->learning_style, learner->level,
                          learner->industry, learner->role,           learner->language,
                          learner->tone };
    bool is_said = false;
    for (size_t i = 0; i < COUNT(parts); i++)
        is_said |= parts[i].length > 0;
    return is_said ? str_join(arena, parts, COUNT(parts), S("\x1f")) : STR_NONE;
}
