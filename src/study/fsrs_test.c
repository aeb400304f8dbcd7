/* fsrs_test.c - the same intervals as py-fsrs 6 on 1,000 random histories, and the curve itself. */
#include "study/fsrs.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/file.h"

#define DAY_MS 86400000
#define START_MS INT64_C(1767225600000) /* 2026-01-01 */

static bool next_field(Str *rest, char separator, double *number_r)
{
    Str piece;
    return str_next(rest, separator, &piece) && str_to_double(piece, number_r);
}

static FsrsSteps read_steps(Str minutes)
{
    FsrsSteps steps = { 0 };
    double number;
    while (minutes.length && next_field(&minutes, ',', &number))
        steps.ms[steps.count++] = (int64_t)(number * 60000);
    return steps;
}

static bool is_near(double a, double b) { return fabs(a - b) <= 1e-8 * MAX(fabs(a), fabs(b)); }

/* One line of bench/fsrs/histories.tsv; how many of its reviews are due at another second. */
static int different_reviews(Str line)
{
    FsrsSettings settings = fsrs_defaults();
    CardMemory card = { 0 };
    Str learning, relearning, review;
    double longest, stability, difficulty, numbers[3];
    int64_t now_ms = START_MS;
    int different = 0;

    cr_assert(next_field(&line, '\t', &settings.retention) && str_next(&line, '\t', &learning) &&
              str_next(&line, '\t', &relearning) && next_field(&line, '\t', &longest) &&
              next_field(&line, '\t', &stability) && next_field(&line, '\t', &difficulty));
    settings.learning = read_steps(learning);
    settings.relearning = read_steps(relearning);
    settings.interval_max_days = (int64_t)longest;
    while (str_next(&line, ' ', &review)) {
        for (size_t i = 0; i < 3; i++)
            cr_assert(next_field(&review, ':', &numbers[i]));
        now_ms += (int64_t)numbers[0] * 1000;
        card = fsrs_review(&settings, card, (Rating)numbers[1], now_ms);
        different += card.due_ms != now_ms + (int64_t)numbers[2] * 1000;
    }
    return different + !is_near(card.stability, stability) + !is_near(card.difficulty, difficulty);
}

Test(study, intervals_are_those_of_the_reference_on_a_thousand_histories)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Str text, line;
    Error err;
    int lines = 0;
    cr_assert(file_read(arena, "bench/fsrs/histories.tsv", MB(1), &text, &err), "%s", err.message);
    while (str_next(&text, '\n', &line)) {
        if (!line.length || line.at[0] == '#')
            continue;
        lines++;
        cr_expect(different_reviews(line) == 0, STR_FMT, STR_ARG(line));
    }
    cr_expect(lines == 1000);
}

Test(study, a_card_is_due_when_it_is_remembered_as_well_as_wanted)
{
    static const double wanted[] = { 0.7, 0.8, 0.9, 0.95 };
    for (size_t i = 0; i < COUNT(wanted); i++) {
        FsrsSettings settings = fsrs_defaults();
        settings.retention = wanted[i];
        CardMemory card = fsrs_review(&settings, (CardMemory){ 0 }, RATING_EASY, START_MS);
        cr_expect(card.state == CARD_REVIEW && card.due_ms > START_MS);
        double likely = fsrs_retrievability(&card, card.due_ms);
        cr_expect(fabs(likely - wanted[i]) < 0.01, "%g is %g", wanted[i], likely);
    }
}

Test(study, a_better_rating_never_comes_back_sooner)
{
    FsrsSettings settings = fsrs_defaults();
    CardMemory card = fsrs_review(&settings, (CardMemory){ 0 }, RATING_EASY, START_MS);
    int64_t last_ms = 0;
    for (Rating rating = RATING_AGAIN; rating <= RATING_EASY; rating++) {
        CardMemory next = fsrs_review(&settings, card, rating, START_MS + 5 * DAY_MS);
        cr_expect(next.due_ms > last_ms);
        last_ms = next.due_ms;
    }
}

Test(study, a_clock_that_was_set_back_does_no_harm)
{
    FsrsSettings settings = fsrs_defaults();
    CardMemory card = fsrs_review(&settings, (CardMemory){ 0 }, RATING_GOOD, START_MS);
    card = fsrs_review(&settings, card, RATING_GOOD, START_MS - 3 * DAY_MS);
    cr_expect(card.stability > 0 && isfinite(card.stability) &&
              card.due_ms > START_MS - 3 * DAY_MS);
    cr_expect(fsrs_retrievability(&card, START_MS - 9 * DAY_MS) == 1);
}
