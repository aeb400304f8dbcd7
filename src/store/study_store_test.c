/* study_store_test.c - decks, cards, what is due, reviews taken back, quizzes. */
#include "base/clock.h"
#include "store/erase_store.h"
#include "store/learner_store.h"
#include "store/study_quizzes_store.h"
#include "store/study_reviews_store.h"
#include "store/world_test.h"

#define DAY_MS INT64_C(86400000)
#define TODAY (20000 * DAY_MS)

static const StudyDue due_today = { TODAY + DAY_MS / 2, TODAY + DAY_MS };

static bool add_card(DbTx *tx, World *world, Str deck, StudyCard card, StudyCard *card_r,
                     Error *err)
{
    StudyCardList added;
    if (!study_card_add(tx, &world->ours, world->arena, deck, &card, 1, &added, err))
        return false;
    if (added.count)
        *card_r = added.at[0];
    return added.count || fail(err, ERROR_CONFLICT, "it was there");
}

static bool review(DbTx *tx, World *world, StudyCard *card, int rating, CardMemory after,
                   Error *err)
{
    StudyReview kept = { .card = card->id, .rating = rating, .before = card->memory, .took_ms = 5 };
    return study_review_add(tx, &world->ours, world->arena, &kept, &after, err) &&
           study_card_find(tx, &world->ours, world->arena, card->id, card, err);
}

static bool due_fronts(DbTx *tx, World *world, int64_t new_max, const char *expected, Error *err)
{
    StudyQueue queue = {
        .due = due_today, .day_ms = TODAY, .new_max = new_max, .review_max = 9, .limit = 9
    };
    StudyCardList list;
    Buf fronts = buf_new(world->arena, KB(1));
    CALL(study_card_due(tx, &world->ours, world->arena, &queue, &list, err));
    for (size_t i = 0; i < list.count; i++)
        buf_addf(&fronts, "%s" STR_FMT, i ? " " : "", STR_ARG(list.at[i].front));
    return str_is(buf_str(&fronts), expected) ||
           fail(err, ERROR_INTERNAL, "due: " STR_FMT " and not %s", STR_ARG(buf_str(&fronts)),
                expected);
}

STORE_TEST(a_deck_has_a_name_of_its_own_and_counts_its_cards)
{
    const Scope *ours = &world->ours;
    StudyDeck deck = { .name = S("Größe") }, found;
    StudyCard card;

    CALL(study_deck_add(tx, ours, world->arena, &deck, err));
    EXPECT_CODE(ERROR_CONFLICT,
                study_deck_add(tx, ours, world->arena, &(StudyDeck){ .name = S("GRÖSSE") }, err));
    CALL(study_deck_take(tx, ours, world->arena, S("grösse"), &found, err));
    EXPECT(str_equal(found.id, deck.id));
    CALL(study_deck_take(tx, ours, world->arena, S("new"), &found, err));
    EXPECT(!str_equal(found.id, deck.id));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("a"), .back = S("b") }, &card, err));
    CALL(study_deck_find(tx, ours, world->arena, deck.id, &due_today, &found, err));
    EXPECT(found.cards == 1 && found.new_cards == 1 && !found.review_due);
    CALL(review(tx, world, &card, 3,
                (CardMemory){ CARD_REVIEW, 0, 2, 5, TODAY + 9, TODAY - DAY_MS }, err));
    CALL(study_deck_find(tx, ours, world->arena, deck.id, &due_today, &found, err));
    EXPECT(!found.new_cards && found.review_due == 1);
    CALL(study_deck_remove(tx, ours, deck.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_card_find(tx, ours, world->arena, card.id, &card, err));
    return true;
}

STORE_TEST(a_deck_has_a_front_once)
{
    StudyDeck deck = { .name = S("d") };
    StudyCard card, other;
    CALL(study_deck_add(tx, &world->ours, world->arena, &deck, err));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("What  is X?"), .back = S("b") },
                  &card, err));
    EXPECT_CODE(ERROR_CONFLICT,
                add_card(tx, world, deck.id,
                         (StudyCard){ .front = S("what is x? "), .back = S("c") }, &other, err));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("Other"), .back = S("c") }, &other,
                  err));
    other.front = S("WHAT IS X?");
    EXPECT_CODE(ERROR_CONFLICT, study_card_update(tx, &world->ours, &other, err));
    other.front = S(" ");
    EXPECT_CODE(ERROR_INVALID, study_card_update(tx, &world->ours, &other, err));
    return true;
}

STORE_TEST(learning_comes_before_reviews_and_new_cards_and_siblings_wait)
{
    StudyDeck deck = { .name = S("d") };
    StudyCard one, two, learning, late, fresh;
    CALL(study_deck_add(tx, &world->ours, world->arena, &deck, err));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("one"), .back = S("b") }, &one, err));
    CALL(add_card(tx, world, deck.id,
                  (StudyCard){ .front = S("two"), .back = S("b"), .note = one.note }, &two, err));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("fresh"), .back = S("b") }, &fresh,
                  err));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("late"), .back = S("b") }, &late,
                  err));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("step"), .back = S("b") }, &learning,
                  err));
    CALL(due_fronts(tx, world, 9, "one fresh late step", err));
    CALL(review(tx, world, &late, 3,
                (CardMemory){ CARD_REVIEW, 0, 2, 5, TODAY - 3, TODAY - DAY_MS }, err));
    CALL(review(tx, world, &learning, 1, (CardMemory){ CARD_LEARNING, 0, 2, 5, TODAY, TODAY - 9 },
                err));
    CALL(due_fronts(tx, world, 9, "step late one fresh", err));
    CALL(due_fronts(tx, world, 1, "step late one", err));
    /* Seen today: its sibling waits for tomorrow. */
    CALL(review(tx, world, &one, 4,
                (CardMemory){ CARD_REVIEW, 0, 8, 5, TODAY + 8 * DAY_MS, TODAY + 1 }, err));
    CALL(due_fronts(tx, world, 9, "step late fresh", err));
    fresh.is_suspended = true;
    CALL(study_card_update(tx, &world->ours, &fresh, err));
    CALL(due_fronts(tx, world, 9, "step late", err));
    return true;
}

STORE_TEST(a_review_is_taken_back_and_never_kept_twice)
{
    const Scope *ours = &world->ours;
    const CardMemory known = { CARD_REVIEW, 0, 8, 5, TODAY, TODAY - 8 * DAY_MS };
    const CardMemory lost = { CARD_RELEARNING, 0, 2, 6, TODAY + 600000, TODAY + 1 };
    StudyDeck deck = { .name = S("d") };
    StudyCard card, stale;
    StudyReview undone;
    StudyDayList days;

    CALL(study_deck_add(tx, ours, world->arena, &deck, err));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("a"), .back = S("b") }, &card, err));
    CALL(review(tx, world, &card, 3, known, err));
    stale = card;
    CALL(review(tx, world, &card, 1, lost, err));
    EXPECT(card.reviews == 2 && card.lapses == 1 && card.memory.state == CARD_RELEARNING);
    EXPECT_CODE(ERROR_CONFLICT, review(tx, world, &stale, 1, lost, err));
    CALL(study_review_days(tx, ours, world->arena, deck.id, 0, 0, &days, err));
    EXPECT(days.count == 2 && days.at[1].day == 20000 && days.at[1].tested == 1 &&
           !days.at[1].passed && days.at[0].new_cards == 1 && days.at[0].took_ms == 5);
    CALL(study_review_undo(tx, ours, world->arena, TODAY, &undone, err));
    CALL(study_card_find(tx, ours, world->arena, card.id, &card, err));
    EXPECT(card.reviews == 1 && !card.lapses && card.memory.due_ms == known.due_ms &&
           card.memory.stability == 8 && card.memory.state == CARD_REVIEW);
    EXPECT_CODE(ERROR_NOT_FOUND, study_review_undo(tx, ours, world->arena, TODAY, &undone, err));
    return true;
}

STORE_TEST(what_is_due_is_foretold_by_day)
{
    StudyDeck deck = { .name = S("d") };
    int64_t counts[3];
    CALL(study_deck_add(tx, &world->ours, world->arena, &deck, err));
    static const int64_t dues[] = { TODAY - 9 * DAY_MS, TODAY + 5, TODAY + DAY_MS,
                                    TODAY + 3 * DAY_MS };
    for (size_t i = 0; i < COUNT(dues); i++) {
        StudyCard card;
        CALL(add_card(tx, world, deck.id,
                      (StudyCard){ .front = str_format(world->arena, "%zu", i), .back = S("b") },
                      &card, err));
        CALL(review(tx, world, &card, 3, (CardMemory){ CARD_REVIEW, 0, 1, 5, dues[i], 1 }, err));
    }
    CALL(study_card_forecast(tx, &world->ours, STR_NONE, TODAY, counts, 3, err));
    EXPECT(counts[0] == 2 && counts[1] == 1 && counts[2] == 0);
    return true;
}

/* They quote it. */
STORE_TEST(cards_and_quizzes_go_with_the_document_that_they_were_made_from)
{
    const Scope *ours = &world->ours;
    StudyDeck deck = { .name = S("d") };
    StudyQuiz quiz = { .title = S("q"), .questions = S("[]") };
    StudyCard card;
    StudyProgressList progress;
    Document doc;
    Erased erased;
    StudyCard other;
    StudyQuiz mixed = { .title = S("m") };

    CALL(world_ready(tx, world, ours, "a.txt", "a", 1, &doc, err));
    Str cites =
        str_format(world->arena, "{\"document\":{\"id\":\"" STR_FMT "\"}}", STR_ARG(doc.id));
    CALL(study_deck_add(tx, ours, world->arena, &deck, err));
    CALL(add_card(tx, world, deck.id,
                  (StudyCard){ .front = S("a"), .back = S("b"), .document = doc.id }, &card, err));
    CALL(add_card(tx, world, deck.id,
                  (StudyCard){ .front = S("o"), .back = S("b"), .source = cites }, &other, err));
    mixed.questions = str_format(world->arena, "[" STR_FMT "]", STR_ARG(cites));
    CALL(study_quiz_add(tx, ours, world->arena, &mixed, err));
    quiz.document = doc.id;
    CALL(study_quiz_add(tx, ours, world->arena, &quiz, err));
    CALL(study_card_progress(tx, ours, world->arena, STR_NONE, TODAY, &progress, err));
    EXPECT(progress.count == 1 && progress.at[0].cards == 1 && !progress.at[0].seen);
    CALL(document_erase(tx, ours, world->arena, doc.id, &erased, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_card_find(tx, ours, world->arena, card.id, &card, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_card_find(tx, ours, world->arena, other.id, &card, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_quiz_find(tx, ours, world->arena, quiz.id, &quiz, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_quiz_find(tx, ours, world->arena, mixed.id, &quiz, err));
    return true;
}

STORE_TEST(cards_are_listed_by_what_they_say_and_in_parts)
{
    const Scope *ours = &world->ours;
    StudyDeck deck = { .name = S("d") };
    StudyCardList list;
    StudyCard card;
    Str next;
    static const StudyCardFilter tagged = { .tag = S_INIT("a\"b") },
                                 said = { .text = S_INIT("TWO") };

    CALL(study_deck_add(tx, ours, world->arena, &deck, err));
    CALL(add_card(tx, world, deck.id,
                  (StudyCard){ .front = S("one"), .back = S("x"), .tags = S("[\"a\\\"b\"]") },
                  &card, err));
    CALL(add_card(tx, world, deck.id, (StudyCard){ .front = S("f"), .back = S("Two%") }, &card,
                  err));
    CALL(study_card_list(tx, ours, world->arena, &tagged, &(Slice){ 0 }, &list, &next, err));
    EXPECT(list.count == 1 && str_is(list.at[0].front, "one"));
    CALL(study_card_list(tx, ours, world->arena, &said, &(Slice){ 0 }, &list, &next, err));
    EXPECT(list.count == 1 && str_is(list.at[0].front, "f"));
    Slice one = { .limit = 1 };
    CALL(study_card_list(tx, ours, world->arena, &(StudyCardFilter){ 0 }, &one, &list, &next, err));
    EXPECT(list.count == 1 && next.length);
    one.after = next;
    CALL(study_card_list(tx, ours, world->arena, &(StudyCardFilter){ 0 }, &one, &list, &next, err));
    EXPECT(list.count == 1 && !next.length && str_is(list.at[0].front, "one"));
    return true;
}

STORE_TEST(a_quiz_counts_its_attempts_and_keeps_the_best)
{
    const Scope *ours = &world->ours;
    StudyQuiz quiz = { .title = S("q"), .questions = S("[]"), .question_count = 3 };
    StudyAttempt first = { .answers = S("[]"), .score = 0.75 }, second = { .score = 0.5 };
    StudyAttemptList list;
    StudyQuizList quizzes;
    Str next;

    CALL(study_quiz_add(tx, ours, world->arena, &quiz, err));
    first.quiz = second.quiz = quiz.id;
    CALL(study_attempt_add(tx, ours, world->arena, &first, err));
    CALL(study_attempt_add(tx, ours, world->arena, &second, err));
    CALL(study_quiz_list(tx, ours, world->arena, &(Slice){ 0 }, &quizzes, &next, err));
    EXPECT(quizzes.count == 1 && quizzes.at[0].attempts == 2 && quizzes.at[0].best == 0.75 &&
           !quizzes.at[0].questions.length);
    CALL(study_attempt_list(tx, ours, world->arena, quiz.id, &list, err));
    EXPECT(list.count == 2 && list.at[0].score == 0.5);
    CALL(study_quiz_remove(tx, ours, quiz.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_attempt_add(tx, ours, world->arena, &first, err));
    return true;
}

STORE_TEST(a_learner_has_defaults_until_something_is_said)
{
    Learner learner;
    CALL(learner_find(tx, &world->ours, world->arena, &learner, err));
    EXPECT(learner.retention == 0.9 && !learner.updated_at_ms &&
           !learner_key(world->arena, &learner).length);
    learner.level = S("beginner");
    CALL(learner_set(tx, &world->ours, &learner, err));
    learner.level = S("expert");
    CALL(learner_set(tx, &world->ours, &learner, err));
    CALL(learner_find(tx, &world->ours, world->arena, &learner, err));
    EXPECT(str_is(learner.level, "expert") && learner.updated_at_ms);
    Str key = learner_key(world->arena, &learner);
    learner.retention = 0.8;
    EXPECT(key.length && str_equal(key, learner_key(world->arena, &learner)));
    learner.level = STR_NONE;
    learner.role = S("expert");
    EXPECT(!str_equal(key, learner_key(world->arena, &learner)));
    return true;
}
