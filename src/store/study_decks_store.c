#include "store/study_decks_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/sql.h"

#define DECKS                                                                                      \
    "SELECT d.id, d.name, d.description, d.created_at, d.updated_at, count(c.id),"                 \
    " count(CASE WHEN c.state = 'new' AND c.is_suspended = 0 THEN 1 END),"                         \
    " count(CASE WHEN c.state IN ('learning', 'relearning') AND c.due <= $3"                       \
    "     AND c.is_suspended = 0 THEN 1 END),"                                                     \
    " count(CASE WHEN c.state = 'review' AND c.due < $4 AND c.is_suspended = 0 THEN 1 END)"        \
    " FROM study_decks d LEFT JOIN study_cards c ON c.workspace = d.workspace AND c.deck = d.id"   \
    " WHERE d.workspace = $1 AND d.user_id = $2 "
#define GROUPED                                                                                    \
    " GROUP BY d.workspace, d.id, d.name, d.name_fold, d.description, d.created_at, d.updated_at"  \
    " ORDER BY d.name_fold"

static void read_deck(DbRows *row, Arena *arena, void *item)
{
    *(StudyDeck *)item = (StudyDeck){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .description = db_get_text(row, 2, arena),
        .created_at_ms = db_get_int(row, 3),
        .updated_at_ms = db_get_int(row, 4),
        .cards = db_get_int(row, 5),
        .new_cards = db_get_int(row, 6),
        .learning_due = db_get_int(row, 7),
        .review_due = db_get_int(row, 8),
    };
}

/* Another one of the person's has this name. */
static bool check_name(DbTx *tx, const Scope *scope, Arena *arena, const StudyDeck *deck,
                       Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM study_decks WHERE workspace = $1"
                              " AND user_id = $2 AND name_fold = $3 AND id <> $4"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                              db_text(utf8_fold(arena, deck->name)), db_text(deck->id)),
                      0, &count, err))
        return false;
    return !count || fail(err, ERROR_CONFLICT, "there is a deck '" STR_FMT "' already",
                          STR_ARG(str_slice(deck->name, 0, 100)));
}

static bool check_room(DbTx *tx, const Scope *scope, Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM study_decks WHERE workspace = $1"
                              " AND user_id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope))), 0, &count,
                      err))
        return false;
    return count < STUDY_DECKS_MAX ||
           fail(err, ERROR_CONFLICT, "there are %d decks already; remove one first",
                STUDY_DECKS_MAX);
}

bool study_deck_add(DbTx *tx, const Scope *scope, Arena *arena, StudyDeck *deck, Error *err)
{
    StudyDeck added = { .id = id_new(arena),
                        .name = deck->name,
                        .description = deck->description,
                        .created_at_ms = now_ms() };

    added.updated_at_ms = added.created_at_ms;
    if (!check_room(tx, scope, err) || !check_name(tx, scope, arena, &added, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO study_decks (workspace, id, user_id, name, name_fold,"
                         " description, created_at, updated_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(scope_keeper(scope)),
                         db_text(added.name), db_text(utf8_fold(arena, added.name)),
                         db_text(added.description), db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *deck = added;
    return true;
}

bool study_deck_take(DbTx *tx, const Scope *scope, Arena *arena, Str name, StudyDeck *deck_r,
                     Error *err)
{
    StudyDeck deck = { .name = name };
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(DECKS "AND d.name_fold = $5" GROUPED),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_int(0),
                          db_int(0), db_text(utf8_fold(arena, name))),
                  read_deck, sizeof(StudyDeck), &items, err))
        return false;
    if (items.count)
        deck = *(StudyDeck *)items.at;
    else if (!study_deck_add(tx, scope, arena, &deck, err))
        return false;
    *deck_r = deck;
    return true;
}

bool study_deck_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, const StudyDue *due,
                     StudyDeck *deck_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(DECKS "AND d.id = $5" GROUPED),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                            db_int(due->learn_by_ms), db_int(due->review_by_ms), db_text(id)),
                    read_deck, deck_r, "deck", id, err);
}

bool study_deck_list(DbTx *tx, const Scope *scope, Arena *arena, const StudyDue *due,
                     StudyDeckList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(DECKS GROUPED),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                          db_int(due->learn_by_ms), db_int(due->review_by_ms)),
                  read_deck, sizeof(StudyDeck), &items, err))
        return false;
    *list_r = (StudyDeckList){ .at = items.at, .count = items.count };
    return true;
}

bool study_deck_update(DbTx *tx, const Scope *scope, Arena *arena, const StudyDeck *deck,
                       Error *err)
{
    return check_name(tx, scope, arena, deck, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE study_decks SET name = $4, name_fold = $5, description = $6,"
                              " updated_at = $7 WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                              db_text(deck->id), db_text(deck->name),
                              db_text(utf8_fold(arena, deck->name)), db_text(deck->description),
                              db_int(now_ms())),
                      "deck", deck->id, err);
}

bool study_deck_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM study_decks WHERE workspace = $1 AND user_id = $2"
                              " AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                      "deck", id, err);
}
