#include "store/study_cards_store.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/document_access_sql.h"
#include "store/documents_store.h"
#include "store/sql.h"

#define KNOWN_MS (INT64_C(21) * 86400000)
#define DAY_MS INT64_C(86400000)

#define COLUMNS                                                                                    \
    "c.id, c.deck, c.note, c.front, c.back, c.tags, c.source, c.document, c.made_by, c.state,"     \
    " c.step, c.stability, c.difficulty, c.due, c.reviewed_at, c.reviews, c.lapses,"               \
    " c.is_suspended, c.created_at, c.updated_at"
#define CARDS "SELECT " COLUMNS " FROM study_cards c WHERE c.workspace = $1 AND c.user_id = $2 "

static const char *const states[] = {
#define CARD_STATE(name, text) text,
#include "store/card_states.def"
#undef CARD_STATE
};

const char *card_state_name(CardState state) { return states[state]; }

bool card_state_named(Str name, CardState *state_r, Error *err)
{
    for (size_t i = 0; i < COUNT(states); i++)
        if (str_is(name, states[i])) {
            *state_r = (CardState)i;
            return true;
        }
    return fail_field(err, "state", "'" STR_FMT "' is no state of a card",
                      STR_ARG(str_slice(name, 0, 40)));
}

static void read_card(DbRows *row, Arena *arena, void *item)
{
    StudyCard card = {
        .id = db_get_text(row, 0, arena),
        .deck = db_get_text(row, 1, arena),
        .note = db_get_text(row, 2, arena),
        .front = db_get_text(row, 3, arena),
        .back = db_get_text(row, 4, arena),
        .tags = db_get_text(row, 5, arena),
        .source = db_get_text(row, 6, arena),
        .document = db_get_text(row, 7, arena),
        .made_by = db_get_text(row, 8, arena),
        .memory = { .step = (int)db_get_int(row, 10),
                    .stability = db_get_real(row, 11),
                    .difficulty = db_get_real(row, 12),
                    .due_ms = db_get_int(row, 13),
                    .reviewed_ms = db_get_int(row, 14) },
        .reviews = db_get_int(row, 15),
        .lapses = db_get_int(row, 16),
        .is_suspended = db_get_int(row, 17) != 0,
        .created_at_ms = db_get_int(row, 18),
        .updated_at_ms = db_get_int(row, 19),
    };
    Error unknown; /* a later program's: learned anew */
    if (!card_state_named(db_get_text(row, 9, arena), &card.memory.state, &unknown))
        card.memory = (CardMemory){ 0 };
    *(StudyCard *)item = card;
}

/* --- Adding --- */

/* What two cards of a deck never share: the front without letter case and spaces. */
static Str front_hash(Arena *arena, Str front)
{
    Str rest = utf8_fold(arena, front), word;
    Buf words = buf_new(arena, 4 * STUDY_CARD_TEXT_MAX);
    while (str_next(&rest, ' ', &word)) {
        word = str_trim(word);
        if (word.length && words.length)
            buf_add_char(&words, ' ');
        buf_add(&words, word);
    }
    return sha256_hex(arena, buf_str(&words));
}

static bool check_side(const char *field, Str text, Error *err)
{
    if (!str_trim(text).length)
        return fail_field(err, field, "the %s of a card is empty", field);
    return text.length <= STUDY_CARD_TEXT_MAX ||
           fail_field(err, field, "the %s of a card has more than %zu bytes", field,
                      STUDY_CARD_TEXT_MAX);
}

/* Whether it was added: not when the deck has its front. */
static bool add_one(DbTx *tx, const Scope *scope, Arena *arena, StudyCard *card, bool *is_added_r,
                    Error *err)
{
    int64_t changed;
    Document document;
    if (!check_side("front", card->front, err) || !check_side("back", card->back, err) ||
        (card->document.length &&
         !document_find(tx, scope, arena, card->document, &document, err)) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO study_cards (workspace, id, user_id, deck, note, front,"
                         " front_hash, back, tags, source, document, made_by, state, step,"
                         " stability, difficulty, due, reviewed_at, reviews, lapses, is_suspended,"
                         " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
                         " $10, $11, $12, 'new', 0, 0, 0, 0, 0, 0, 0, 0, $13, $13)"
                         " ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(card->id), db_text(scope_keeper(scope)),
                         db_text(card->deck), db_text(card->note), db_text(card->front),
                         db_text(front_hash(arena, card->front)), db_text(card->back),
                         db_text(card->tags), db_text(card->source),
                         db_text_or_null(card->document), db_text(card->made_by),
                         db_int(card->created_at_ms)),
                 &changed, err))
        return false;
    *is_added_r = changed > 0;
    return true;
}

static bool check_room(DbTx *tx, const Scope *scope, Arena *arena, Str deck, size_t count,
                       Error *err)
{
    StudyDeck found;
    const StudyDue due = { 0 };
    if (count > STUDY_CARD_ADD_MAX)
        return fail_field(err, "cards", "at most %d cards are added at once", STUDY_CARD_ADD_MAX);
    if (!study_deck_find(tx, scope, arena, deck, &due, &found, err))
        return false;
    return found.cards + (int64_t)count <= STUDY_CARDS_MAX ||
           fail(err, ERROR_CONFLICT, "a deck holds at most %d cards; this one has %" PRId64,
                STUDY_CARDS_MAX, found.cards);
}

bool study_card_add(DbTx *tx, const Scope *scope, Arena *arena, Str deck, const StudyCard *cards,
                    size_t count, StudyCardList *added_r, Error *err)
{
    StudyCardList added = { .at = arena_new_array(arena, StudyCard, count) };
    int64_t time_ms = now_ms();

    if (!check_room(tx, scope, arena, deck, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        StudyCard card = cards[i];
        bool is_added;
        card.id = id_new(arena);
        card.deck = deck;
        card.note = card.note.length ? card.note : card.id;
        card.tags = card.tags.length ? card.tags : S("[]");
        card.memory = (CardMemory){ 0 };
        card.reviews = card.lapses = 0;
        card.is_suspended = false;
        card.created_at_ms = card.updated_at_ms = time_ms;
        if (!add_one(tx, scope, arena, &card, &is_added, err))
            return false;
        if (is_added)
            added.at[added.count++] = card;
    }
    if (added_r)
        *added_r = added;
    return true;
}

/* --- Reading and changing --- */

bool study_card_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, StudyCard *card_r,
                     Error *err)
{
    return sql_find(tx, arena, DB_SAME(CARDS "AND c.id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                    read_card, card_r, "card", id, err);
}

#define LISTED(has)                                                                                \
    CARDS "AND ($3 = '' OR c.deck = $3) AND ($4 = '' OR c.document = $4)"                          \
          " AND ($5 = '' OR c.state = $5) AND ($6 = '' OR " has "(c.tags, $6) > 0)"                \
          " AND ($7 = '' OR " has "(lower(c.front), $7) > 0 OR " has "(lower(c.back), $7) > 0)"    \
          " AND ($8 = '' OR c.id < $8) ORDER BY c.id DESC LIMIT $9"

bool study_card_list(DbTx *tx, const Scope *scope, Arena *arena, const StudyCardFilter *filter,
                     const Slice *slice, StudyCardList *list_r, Str *next_r, Error *err)
{
    Buf tag = buf_new(arena, KB(4));
    int64_t limit = slice_limit(slice);
    SqlItems items;
    if (filter->tag.length)
        json_quote(&tag, filter->tag);
    if (!sql_list(tx, arena, DB_SQL(LISTED("instr"), LISTED("strpos")),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                          db_text(filter->deck), db_text(filter->document), db_text(filter->state),
                          db_text(buf_str(&tag)), db_text(str_lower(arena, filter->text)),
                          db_text(slice->after), db_int(limit + 1)),
                  read_card, sizeof(StudyCard), &items, err))
        return false;
    bool has_more = (int64_t)items.count > limit;
    StudyCard *cards = items.at;
    *list_r = (StudyCardList){ cards, items.count - has_more };
    *next_r = has_more ? cards[limit - 1].id : STR_NONE;
    return true;
}

bool study_card_update(DbTx *tx, const Scope *scope, const StudyCard *card, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    StudyDeck deck;
    const StudyDue due = { 0 };
    int64_t same;
    Str hash = front_hash(arena, card->front);
    if (!check_side("front", card->front, err) || !check_side("back", card->back, err) ||
        !study_deck_find(tx, scope, arena, card->deck, &due, &deck, err) ||
        !db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM study_cards WHERE workspace = $1"
                              " AND deck = $2 AND front_hash = $3 AND id <> $4"),
                      DB_ARGS(db_text(scope->workspace), db_text(card->deck), db_text(hash),
                              db_text(card->id)),
                      0, &same, err))
        return false;
    if (same)
        return fail(err, ERROR_CONFLICT, "the deck has a card with this front already");
    return sql_change(tx,
                      DB_SAME("UPDATE study_cards SET deck = $4, front = $5, front_hash = $6,"
                              " back = $7, tags = $8, is_suspended = $9, updated_at = $10"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                              db_text(card->id), db_text(card->deck), db_text(card->front),
                              db_text(hash), db_text(card->back), db_text(card->tags),
                              db_int(card->is_suspended), db_int(now_ms())),
                      "card", card->id, err);
}

bool study_card_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM study_cards WHERE workspace = $1 AND user_id = $2"
                              " AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                      "card", id, err);
}

/* --- What is due --- */

#define QUEUED CARDS "AND ($3 = '' OR c.deck = $3) AND c.is_suspended = 0 "
/* No sibling was seen today or comes before it: $4 is the begin of the day, $5 the end of reviews.
 */
#define ALONE                                                                                      \
    "AND NOT EXISTS (SELECT 1 FROM study_cards s WHERE s.workspace = c.workspace"                  \
    " AND s.note = c.note AND s.id <> c.id AND s.is_suspended = 0"                                 \
    " AND (s.reviewed_at >= $4 OR (s.state = 'review' AND s.due < $5 AND (c.state = 'new'"         \
    "     OR s.due < c.due OR (s.due = c.due AND s.id < c.id)))"                                   \
    "   OR (s.state = 'new' AND c.state = 'new' AND s.id < c.id))) "

typedef struct DueWork {
    DbTx *tx;
    const Scope *scope;
    Arena *arena;
    const StudyQueue *queue;
    VEC(StudyCard) cards;
} DueWork;

static bool add_due(DueWork *work, DbSql sql, int64_t until_ms, int64_t max, Error *err)
{
    const StudyQueue *queue = work->queue;
    SqlItems items;
    int64_t room = MIN(max, queue->limit - (int64_t)work->cards.count);
    if (room <= 0)
        return true;
    if (!sql_list(work->tx, work->arena, sql,
                  DB_ARGS(db_text(work->scope->workspace), db_text(scope_keeper(work->scope)),
                          db_text(queue->deck), db_int(queue->day_ms), db_int(until_ms),
                          db_int(room)),
                  read_card, sizeof(StudyCard), &items, err))
        return false;
    const StudyCard *found = items.at;
    for (size_t i = 0; i < items.count; i++)
        *vec_push(work->arena, &work->cards) = found[i];
    return true;
}

bool study_card_due(DbTx *tx, const Scope *scope, Arena *arena, const StudyQueue *queue,
                    StudyCardList *list_r, Error *err)
{
    DueWork work = { tx, scope, arena, queue, { 0 } };
    /* $4 is named so that every statement has the same arguments. */
    if (!add_due(&work,
                 DB_SAME(QUEUED "AND c.state IN ('learning', 'relearning') AND c.due <= $5"
                                " AND $4 >= 0 ORDER BY c.due, c.id LIMIT $6"),
                 queue->due.learn_by_ms, queue->limit, err) ||
        !add_due(&work,
                 DB_SAME(QUEUED "AND c.state = 'review' AND c.due < $5 " ALONE
                                "ORDER BY c.due, c.id LIMIT $6"),
                 queue->due.review_by_ms, queue->review_max, err) ||
        !add_due(&work, DB_SAME(QUEUED "AND c.state = 'new' " ALONE "ORDER BY c.id LIMIT $6"),
                 queue->due.review_by_ms, queue->new_max, err))
        return false;
    *list_r = (StudyCardList){ work.cards.at, work.cards.count };
    return true;
}

/* --- What is known --- */

static void read_progress(DbRows *row, Arena *arena, void *item)
{
    *(StudyProgress *)item = (StudyProgress){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .cards = db_get_int(row, 2),
        .seen = db_get_int(row, 3),
        .known = db_get_int(row, 4),
        .due = db_get_int(row, 5),
    };
}

bool study_card_progress(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                         int64_t due_by_ms, StudyProgressList *list_r, Error *err)
{
    SqlItems items;
    SqlBuild build =
        sql_build_on(tx, arena,
                     "SELECT d.id, d.name, count(*), count(CASE WHEN c.state <> 'new' THEN 1 END),"
                     " count(CASE WHEN c.state = 'review' AND c.due - c.reviewed_at >= $4 THEN 1"
                     " END), count(CASE WHEN c.state <> 'new' AND c.due < $5 AND c.is_suspended = 0"
                     " THEN 1 END) FROM study_cards c JOIN documents d"
                     " ON d.workspace = c.workspace AND d.id = c.document"
                     " WHERE c.workspace = $1 AND c.user_id = $2"
                     " AND ($3 = '' OR d.collection = $3)",
                     DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                             db_text(collection), db_int(KNOWN_MS), db_int(due_by_ms)));
    access_add(&build, scope);
    sql_add(&build, " GROUP BY d.id, d.name, d.name_fold ORDER BY d.name_fold, d.id LIMIT 1000");
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_progress,
                  sizeof(StudyProgress), &items, err))
        return false;
    *list_r = (StudyProgressList){ items.at, items.count };
    return true;
}

bool study_card_forecast(DbTx *tx, const Scope *scope, Str deck, int64_t day_ms, int64_t *counts,
                         size_t days, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbStep step;
    memset(counts, 0, days * sizeof(*counts));
    if (!db_query(tx,
                  DB_SAME("SELECT CASE WHEN c.due < $4 THEN 0 ELSE (c.due - $4) / $5 END AS day,"
                          " count(*) FROM study_cards c WHERE c.workspace = $1 AND c.user_id = $2"
                          " AND ($3 = '' OR c.deck = $3) AND c.state <> 'new'"
                          " AND c.is_suspended = 0 AND c.due < $6 GROUP BY 1"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(deck),
                          db_int(day_ms), db_int(DAY_MS), db_int(day_ms + (int64_t)days * DAY_MS)),
                  &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW)
        counts[db_get_int(&rows, 0)] = db_get_int(&rows, 1);
    return step == DB_END;
}
