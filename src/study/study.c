#include "study/study.h"

#include "base/clock.h"
#include "text/date.h"

#define MINUTE_MS INT64_C(60000)
#define LEARN_AHEAD_MS                                                                             \
    (20 * MINUTE_MS) /* so that nobody waits for the last step of the last card */
#define RETENTION_DAYS 30
#define QUEUE_MAX 1000

/* --- What the learner wants --- */

static bool read_steps(Str minutes, FsrsSteps *steps_r)
{
    FsrsSteps steps = { 0 };
    Str piece;
    int64_t minute;
    while (str_next(&minutes, ' ', &piece)) {
        if (!piece.length)
            continue;
        if (steps.count == FSRS_STEPS_MAX || !str_to_int(piece, 1, 24 * 60 - 1, &minute))
            return false;
        steps.ms[steps.count++] = minute * MINUTE_MS;
    }
    *steps_r = steps;
    return true;
}

bool learner_check(const Learner *learner, Error *err)
{
    FsrsSteps steps;
    if (!(learner->retention >= 0.7 && learner->retention <= 0.99))
        return fail_field(err, "retention", "'retention' must be from 0.7 to 0.99");
    if (!read_steps(learner->learning_steps, &steps))
        return fail_field(
            err, "learning_steps",
            "'learning_steps' must be at most %d numbers of minutes below a day, such "
            "as '1 10'",
            FSRS_STEPS_MAX);
    if (!read_steps(learner->relearning_steps, &steps))
        return fail_field(err, "relearning_steps",
                          "'relearning_steps' must be at most %d numbers of minutes below a day, "
                          "such as '10'",
                          FSRS_STEPS_MAX);
    return true;
}

/* How cards are scheduled for a learner that was checked. */
static FsrsSettings learner_schedule(const Learner *learner)
{
    FsrsSettings settings = fsrs_defaults();
    settings.retention = learner->retention;
    (void)read_steps(learner->learning_steps, &settings.learning);
    (void)read_steps(learner->relearning_steps, &settings.relearning);
    return settings;
}

void learner_fill(Learner *learner, const Preferences *likes, int64_t time_ms)
{
    if (!learner->language.length)
        learner->language = likes->language;
    if (!learner->tone.length)
        learner->tone = likes->tone;
    learner_day(learner, likes, time_ms);
}

void learner_day(Learner *learner, const Preferences *likes, int64_t time_ms)
{
    int64_t civil_seconds;
    Error ignored;
    if (!learner->updated_at_ms && likes->time_zone.length &&
        date_local(time_ms, likes->time_zone, &civil_seconds, &ignored))
        learner->east_min = (civil_seconds - time_ms / 1000) / 60;
}

bool learner_resolve(DbTx *tx, const Scope *scope, Arena *arena, Learner *learner_r, Error *err)
{
    Preferences likes;
    if (!learner_find(tx, scope, arena, learner_r, err) ||
        !preferences_find(tx, scope, arena, &likes, err))
        return false;
    learner_fill(learner_r, &likes, now_ms());
    return true;
}

/* --- Today --- */

static int64_t day_of(const Learner *learner, int64_t time_ms)
{
    return (time_ms + learner->east_min * MINUTE_MS) / STUDY_DAY_MS;
}

static int64_t begin_of(const Learner *learner, int64_t day)
{
    return day * STUDY_DAY_MS - learner->east_min * MINUTE_MS;
}

bool study_today(DbTx *tx, const Scope *scope, const Learner *learner, StudyToday *today_r,
                 Error *err)
{
    StudyToday today = { .now_ms = now_ms() };
    int64_t new_count, review_count;

    today.begin_ms = begin_of(learner, day_of(learner, today.now_ms));
    today.due = (StudyDue){ today.now_ms + LEARN_AHEAD_MS, today.begin_ms + STUDY_DAY_MS };
    if (!study_review_count(tx, scope, today.begin_ms, &new_count, &review_count, err))
        return false;
    today.new_left = MAX(0, learner->new_a_day - new_count);
    today.reviews_left = MAX(0, learner->reviews_a_day - review_count);
    *today_r = today;
    return true;
}

static void count_one(StudyDueList *list, CardState state)
{
    if (state == CARD_NEW)
        list->new_count++;
    else if (state == CARD_REVIEW)
        list->review_count++;
    else
        list->learning_count++;
}

bool study_due(DbTx *tx, const Scope *scope, Arena *arena, Str deck, int64_t limit,
               StudyDueList *list_r, Error *err)
{
    Learner learner;
    StudyToday today;
    StudyCardList cards;

    if (!learner_resolve(tx, scope, arena, &learner, err) ||
        !study_today(tx, scope, &learner, &today, err))
        return false;
    const StudyQueue queue = { deck,           today.due,          today.begin_ms,
                               today.new_left, today.reviews_left, QUEUE_MAX };
    if (!study_card_due(tx, scope, arena, &queue, &cards, err))
        return false;
    FsrsSettings settings = learner_schedule(&learner);
    StudyDueList list = { .count = MIN(cards.count, (size_t)limit) };
    list.at = arena_new_array(arena, StudyDueCard, list.count);
    for (size_t i = 0; i < cards.count; i++)
        count_one(&list, cards.at[i].memory.state);
    for (size_t i = 0; i < list.count; i++) {
        list.at[i].card = cards.at[i];
        for (Rating rating = RATING_AGAIN; rating <= RATING_EASY; rating++)
            list.at[i].next_ms[rating - 1] =
                fsrs_review(&settings, cards.at[i].memory, rating, today.now_ms).due_ms -
                today.now_ms;
    }
    *list_r = list;
    return true;
}

bool study_review(DbTx *tx, const Scope *scope, Arena *arena, Str card, int rating, int64_t took_ms,
                  StudyReview *review_r, StudyCard *card_r, Error *err)
{
    Learner learner;
    StudyCard found;

    if (!learner_resolve(tx, scope, arena, &learner, err) ||
        !study_card_find(tx, scope, arena, card, &found, err))
        return false;
    FsrsSettings settings = learner_schedule(&learner);
    StudyReview review = {
        .card = card, .rating = rating, .before = found.memory, .took_ms = took_ms
    };
    CardMemory after = fsrs_review(&settings, found.memory, (Rating)rating, now_ms());
    if (!study_review_add(tx, scope, arena, &review, &after, err) ||
        !study_card_find(tx, scope, arena, card, card_r, err))
        return false;
    *review_r = review;
    return true;
}

bool study_undo(DbTx *tx, const Scope *scope, Arena *arena, StudyCard *card_r, Error *err)
{
    Learner learner;
    StudyReview undone;
    return learner_resolve(tx, scope, arena, &learner, err) &&
           study_review_undo(tx, scope, arena, begin_of(&learner, day_of(&learner, now_ms())),
                             &undone, err) &&
           study_card_find(tx, scope, arena, undone.card, card_r, err);
}

/* --- How it goes --- */

/* A day that is not over yet breaks no streak. */
static int64_t count_streak(const StudyDayList *days, int64_t today)
{
    int64_t streak = 0;
    if (!days->count || days->at[days->count - 1].day < today - 1)
        return 0;
    int64_t last = days->at[days->count - 1].day;
    for (size_t i = days->count; i > 0 && days->at[i - 1].day == last - streak; i--)
        streak++;
    return streak;
}

bool study_statistics(DbTx *tx, const Scope *scope, Arena *arena, Str deck,
                      StudyStatistics *statistics_r, Error *err)
{
    Learner learner;
    StudyStatistics found = { 0 };

    if (!learner_resolve(tx, scope, arena, &learner, err))
        return false;
    found.today = day_of(&learner, now_ms());
    if (!study_review_days(tx, scope, arena, deck,
                           begin_of(&learner, found.today - STUDY_PAST_DAYS + 1),
                           learner.east_min * MINUTE_MS, &found.days, err) ||
        !study_card_forecast(tx, scope, deck, begin_of(&learner, found.today), found.forecast,
                             STUDY_FORECAST_DAYS, err))
        return false;
    for (size_t i = 0; i < found.days.count; i++)
        if (found.days.at[i].day > found.today - RETENTION_DAYS) {
            found.passed += found.days.at[i].passed;
            found.tested += found.days.at[i].tested;
        }
    found.streak = count_streak(&found.days, found.today);
    *statistics_r = found;
    return true;
}
