/* study_test.c - what a learner is taken for. */
#include "study/study.h"

#include <criterion/criterion.h>

/* 2026-01-15 12:00 UTC */
#define WINTER_MS INT64_C(1768478400000)

static const struct {
    const char *about;
    Learner said;
    Preferences likes;
    const char *language, *tone;
    int64_t east_min;
} learners[] = {
    { "nobody said anything", { .retention = 0.9 }, { .updated_at_ms = 0 }, "", "", 0 },
    { "a profile that says nothing is as things are liked",
      { .retention = 0.9 },
      { .language = S_INIT("de"), .tone = S_INIT("brief"), .time_zone = S_INIT("Europe/Berlin") },
      "de",
      "brief",
      60 },
    { "what the profile says counts",
      { .language = S_INIT("fr"), .tone = S_INIT("warm"), .east_min = 0, .updated_at_ms = 1 },
      { .language = S_INIT("de"), .tone = S_INIT("brief"), .time_zone = S_INIT("Europe/Berlin") },
      "fr",
      "warm",
      0 },
    { "a profile that was set keeps its hours, and is filled otherwise",
      { .level = S_INIT("beginner"), .east_min = -300, .updated_at_ms = 1 },
      { .language = S_INIT("de"), .time_zone = S_INIT("Asia/Kolkata") },
      "de",
      "",
      -300 },
    { "hours that are no whole ones",
      { .retention = 0.9 },
      { .time_zone = S_INIT("Asia/Kolkata") },
      "",
      "",
      330 },
    { "a zone that nobody knows is none",
      { .retention = 0.9 },
      { .time_zone = S_INIT("Moon/Sea") },
      "",
      "",
      0 },
};

Test(study, preferences_are_the_default_of_a_learner_who_says_nothing)
{
    for (size_t i = 0; i < COUNT(learners); i++) {
        Learner learner = learners[i].said;
        learner_fill(&learner, &learners[i].likes, WINTER_MS);
        cr_expect(str_is(learner.language, learners[i].language), "%s", learners[i].about);
        cr_expect(str_is(learner.tone, learners[i].tone), "%s", learners[i].about);
        cr_expect_eq(learner.east_min, learners[i].east_min, "%s", learners[i].about);
    }
}
