#include "store/study_reviews_store.h"

#include "base/id.h"
#include "store/sql.h"

#define REVIEWS                                                                                    \
    "SELECT r.id, r.card, r.rating, r.state, r.step, r.stability, r.difficulty, r.due,"            \
    " r.reviewed_before, r.reviewed_at, r.next_due, r.took_ms FROM study_reviews r"

static void read_review(DbRows *row, Arena *arena, void *item)
{
    StudyReview review = {
        .id = db_get_text(row, 0, arena),
        .card = db_get_text(row, 1, arena),
        .rating = (int)db_get_int(row, 2),
        .before = { .step = (int)db_get_int(row, 4),
                    .stability = db_get_real(row, 5),
                    .difficulty = db_get_real(row, 6),
                    .due_ms = db_get_int(row, 7),
                    .reviewed_ms = db_get_int(row, 8) },
        .reviewed_at_ms = db_get_int(row, 9),
        .next_due_ms = db_get_int(row, 10),
        .took_ms = db_get_int(row, 11),
    };
    Error unknown; /* as of a card */
    if (!card_state_named(db_get_text(row, 3, arena), &review.before.state, &unknown))
        review.before = (CardMemory){ 0 };
    *(StudyReview *)item = review;
}

/* A card that was known and is forgotten. */
static bool is_lapse(const StudyReview *review)
{
    return review->before.state == CARD_REVIEW && review->rating == 1;
}

static bool set_memory(DbTx *tx, const Scope *scope, const StudyReview *review,
                       const CardMemory *after, int64_t *changed_r, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE study_cards SET state = $4, step = $5, stability = $6,"
                           " difficulty = $7, due = $8, reviewed_at = $9, reviews = reviews + 1,"
                           " lapses = lapses + $10 WHERE workspace = $1 AND user_id = $2"
                           " AND id = $3 AND reviewed_at = $11 AND due = $12 AND state = $13"),
                   DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                           db_text(review->card), db_text(str(card_state_name(after->state))),
                           db_int(after->step), db_real(after->stability),
                           db_real(after->difficulty), db_int(after->due_ms),
                           db_int(after->reviewed_ms), db_int(is_lapse(review)),
                           db_int(review->before.reviewed_ms), db_int(review->before.due_ms),
                           db_text(str(card_state_name(review->before.state)))),
                   changed_r, err);
}

bool study_review_add(DbTx *tx, const Scope *scope, Arena *arena, StudyReview *review,
                      const CardMemory *after, Error *err)
{
    const CardMemory *before = &review->before;
    Str id = id_new(arena);
    StudyCard card;
    int64_t changed;

    if (!study_card_find(tx, scope, arena, review->card, &card, err) ||
        !set_memory(tx, scope, review, after, &changed, err))
        return false;
    if (!changed)
        return fail(err, ERROR_CONFLICT, "this card was reviewed meanwhile; look at it again");
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO study_reviews (workspace, id, user_id, card, rating, state,"
                         " step, stability, difficulty, due, reviewed_before, reviewed_at,"
                         " next_due, took_ms)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"),
                 DB_ARGS(db_text(scope->workspace), db_text(id), db_text(scope_keeper(scope)),
                         db_text(review->card), db_int(review->rating),
                         db_text(str(card_state_name(before->state))), db_int(before->step),
                         db_real(before->stability), db_real(before->difficulty),
                         db_int(before->due_ms), db_int(before->reviewed_ms),
                         db_int(after->reviewed_ms), db_int(after->due_ms),
                         db_int(review->took_ms)),
                 NULL, err))
        return false;
    review->id = id;
    review->reviewed_at_ms = after->reviewed_ms;
    review->next_due_ms = after->due_ms;
    return true;
}

static bool take_back(DbTx *tx, const Scope *scope, const StudyReview *review, Error *err)
{
    const CardMemory *before = &review->before;
    return sql_change(tx,
                      DB_SAME("UPDATE study_cards SET state = $4, step = $5, stability = $6,"
                              " difficulty = $7, due = $8, reviewed_at = $9,"
                              " reviews = reviews - 1, lapses = lapses - $10"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                              db_text(review->card), db_text(str(card_state_name(before->state))),
                              db_int(before->step), db_real(before->stability),
                              db_real(before->difficulty), db_int(before->due_ms),
                              db_int(before->reviewed_ms), db_int(is_lapse(review))),
                      "card", review->card, err) &&
           sql_change(tx, DB_SAME("DELETE FROM study_reviews WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(review->id)), "review", review->id,
                      err);
}

bool study_review_undo(DbTx *tx, const Scope *scope, Arena *arena, int64_t since_ms,
                       StudyReview *review_r, Error *err)
{
    SqlItems items;
    if (!sql_list(
            tx, arena,
            DB_SAME(REVIEWS " WHERE r.workspace = $1 AND r.user_id = $2"
                            " AND r.reviewed_at >= $3 ORDER BY r.id DESC LIMIT 1"),
            DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_int(since_ms)),
            read_review, sizeof(StudyReview), &items, err))
        return false;
    if (!items.count)
        return fail(err, ERROR_NOT_FOUND, "there is no review today that could be undone");
    if (!take_back(tx, scope, items.at, err))
        return false;
    *review_r = *(StudyReview *)items.at;
    return true;
}

bool study_review_count(DbTx *tx, const Scope *scope, int64_t since_ms, int64_t *new_r,
                        int64_t *reviews_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    if (!db_query(
            tx,
            DB_SAME("SELECT count(CASE WHEN state = 'new' THEN 1 END),"
                    " count(CASE WHEN state = 'review' THEN 1 END) FROM study_reviews"
                    " WHERE workspace = $1 AND user_id = $2 AND reviewed_at >= $3"),
            DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_int(since_ms)),
            &rows, err) ||
        db_next(&rows, err) != DB_ROW)
        return false;
    *new_r = db_get_int(&rows, 0);
    *reviews_r = db_get_int(&rows, 1);
    return true;
}

bool study_review_list(DbTx *tx, const Scope *scope, Arena *arena, Str deck,
                       StudyReviewList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME(REVIEWS " JOIN study_cards c ON c.workspace = r.workspace"
                                  " AND c.id = r.card WHERE r.workspace = $1 AND r.user_id = $2"
                                  " AND ($3 = '' OR c.deck = $3) ORDER BY r.id"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(deck)),
                  read_review, sizeof(StudyReview), &items, err))
        return false;
    *list_r = (StudyReviewList){ items.at, items.count };
    return true;
}

static void read_day(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(StudyDay *)item = (StudyDay){
        .day = db_get_int(row, 0),
        .reviews = db_get_int(row, 1),
        .new_cards = db_get_int(row, 2),
        .tested = db_get_int(row, 3),
        .passed = db_get_int(row, 4),
        .took_ms = db_get_int(row, 5),
    };
}

bool study_review_days(DbTx *tx, const Scope *scope, Arena *arena, Str deck, int64_t since_ms,
                       int64_t east_ms, StudyDayList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT (r.reviewed_at + $5) / 86400000 AS day, count(*),"
                          " count(CASE WHEN r.state = 'new' THEN 1 END),"
                          " count(CASE WHEN r.state = 'review' THEN 1 END),"
                          " count(CASE WHEN r.state = 'review' AND r.rating > 1 THEN 1 END),"
                          " CAST(sum(r.took_ms) AS BIGINT)"
                          " FROM study_reviews r JOIN study_cards c"
                          " ON c.workspace = r.workspace AND c.id = r.card"
                          " WHERE r.workspace = $1 AND r.user_id = $2"
                          " AND ($3 = '' OR c.deck = $3) AND r.reviewed_at >= $4"
                          " GROUP BY 1 ORDER BY 1"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(deck),
                          db_int(since_ms), db_int(east_ms)),
                  read_day, sizeof(StudyDay), &items, err))
        return false;
    *list_r = (StudyDayList){ items.at, items.count };
    return true;
}
