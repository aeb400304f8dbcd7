#include "study/fsrs.h"

#include <assert.h>
#include <math.h>

#define MINUTE_MS 60000
#define DAY_MS 86400000
#define STABILITY_MIN 0.001

/* The weights w0 to w20 of FSRS-6, fitted by its authors to some hundred million reviews. */
static const double w[] = { 0.212,  1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194,
                            0.001,  1.8722, 0.1666, 0.796,  1.4835, 0.0614, 0.2629,
                            1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542 };

FsrsSettings fsrs_defaults(void)
{
    return (FsrsSettings){ .retention = 0.9,
                           .learning = { { 1 * MINUTE_MS, 10 * MINUTE_MS }, 2 },
                           .relearning = { { 10 * MINUTE_MS }, 1 },
                           .interval_max_days = 36500 };
}

/* --- What is remembered --- */

/* f of the curve: R(S) = 0.9. */
static double curve_factor(void) { return pow(0.9, -1 / w[20]) - 1; }

/* Whole days; a clock that was set back gives less than none. */
static int64_t days_between(int64_t from_ms, int64_t to_ms)
{
    int64_t between = to_ms - from_ms;
    return between / DAY_MS - (between % DAY_MS < 0);
}

double fsrs_retrievability(const CardMemory *card, int64_t time_ms)
{
    if (card->state == CARD_NEW || card->stability <= 0)
        return 0;
    int64_t days = MAX(0, days_between(card->reviewed_ms, time_ms));
    return pow(1 + curve_factor() * (double)days / card->stability, -w[20]);
}

static int64_t interval_ms(const FsrsSettings *settings, double stability)
{
    double days = stability / curve_factor() * (pow(settings->retention, -1 / w[20]) - 1);
    int64_t whole =
        days >= (double)settings->interval_max_days ? settings->interval_max_days : llrint(days);
    return MIN(MAX(whole, 1), settings->interval_max_days) * DAY_MS;
}

/* --- Difficulty and stability after a review --- */

static double first_difficulty(Rating rating) { return w[4] - exp(w[5] * ((int)rating - 1)) + 1; }

static double clamp_difficulty(double difficulty) { return MIN(MAX(difficulty, 1.0), 10.0); }

/* Less of a change the harder it is already, and a pull towards what is easy at once. */
static double next_difficulty(double difficulty, Rating rating)
{
    double changed = difficulty - w[6] * ((int)rating - 3) * (10 - difficulty) / 9;
    return clamp_difficulty(w[7] * first_difficulty(RATING_EASY) + (1 - w[7]) * changed);
}

/* Again on the same day. */
static double stability_same_day(double stability, Rating rating)
{
    double grows = exp(w[17] * ((int)rating - 3 + w[18])) * pow(stability, -w[19]);
    return stability * (rating == RATING_AGAIN ? grows : MAX(grows, 1.0));
}

static double stability_forgotten(const CardMemory *card, double retrievability)
{
    double stability = w[11] * pow(card->difficulty, -w[12]) *
                       (pow(card->stability + 1, w[13]) - 1) * exp((1 - retrievability) * w[14]);
    return MIN(stability, card->stability / exp(w[17] * w[18]));
}

static double stability_recalled(const CardMemory *card, double retrievability, Rating rating)
{
    double hard = rating == RATING_HARD ? w[15] : 1, easy = rating == RATING_EASY ? w[16] : 1;
    return card->stability *
           (1 + exp(w[8]) * (11 - card->difficulty) * pow(card->stability, -w[9]) *
                    (exp((1 - retrievability) * w[10]) - 1) * hard * easy);
}

static void remember(CardMemory *card, Rating rating, int64_t time_ms)
{
    double retrievability = fsrs_retrievability(card, time_ms), stability;
    if (card->state == CARD_NEW) {
        card->stability = w[rating - 1];
        card->difficulty = clamp_difficulty(first_difficulty(rating));
        return;
    }
    if (days_between(card->reviewed_ms, time_ms) < 1)
        stability = stability_same_day(card->stability, rating);
    else if (rating == RATING_AGAIN)
        stability = stability_forgotten(card, retrievability);
    else
        stability = stability_recalled(card, retrievability, rating);
    card->stability = MAX(stability, STABILITY_MIN);
    card->difficulty = next_difficulty(card->difficulty, rating);
}

/* --- When it is seen again --- */

/* Between the first two steps, or half as long again as the only one. */
static int64_t hard_step_ms(const FsrsSteps *steps, int step)
{
    if (step > 0)
        return steps->ms[step];
    return steps->count == 1 ? steps->ms[0] * 3 / 2 : (steps->ms[0] + steps->ms[1]) / 2;
}

/* Through learning or relearning: milliseconds until it is seen again, 0 when its steps are over.
 */
static int64_t take_step(CardMemory *card, const FsrsSteps *steps, Rating rating)
{
    /* There may have been more steps when the card began. */
    if (!steps->count || (card->step >= steps->count && rating != RATING_AGAIN))
        return 0;
    switch (rating) {
    case RATING_AGAIN: card->step = 0; return steps->ms[0];
    case RATING_HARD: return hard_step_ms(steps, card->step);
    case RATING_GOOD: return ++card->step < steps->count ? steps->ms[card->step] : 0;
    case RATING_EASY: break;
    }
    return 0;
}

static int64_t next_ms(const FsrsSettings *settings, CardMemory *card, Rating rating)
{
    int64_t wait_ms = 0;
    if (card->state == CARD_NEW) {
        card->state = CARD_LEARNING;
        card->step = 0;
    }
    if (card->state == CARD_LEARNING) {
        wait_ms = take_step(card, &settings->learning, rating);
    } else if (card->state == CARD_RELEARNING) {
        wait_ms = take_step(card, &settings->relearning, rating);
    } else if (rating == RATING_AGAIN && settings->relearning.count) {
        card->state = CARD_RELEARNING;
        wait_ms = take_step(card, &settings->relearning, rating);
    }
    if (wait_ms)
        return wait_ms;
    card->state = CARD_REVIEW;
    card->step = 0;
    return interval_ms(settings, card->stability);
}

CardMemory fsrs_review(const FsrsSettings *settings, CardMemory card, Rating rating,
                       int64_t time_ms)
{
    assert(rating >= RATING_AGAIN && rating <= RATING_EASY);
    remember(&card, rating, time_ms);
    card.due_ms = time_ms + next_ms(settings, &card, rating);
    card.reviewed_ms = time_ms;
    return card;
}
