/* date_rule.h - a rule of RFC 5545 while it is being read: date_recurrence.c finds what repeats,
 * date_rule.c what stands behind it, and writes it down. */
#pragma once

#include "text/date_int.h"

typedef enum Frequency { MINUTELY = 1, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY } Frequency;

#define WORKDAYS 0x3Eu /* bit n: weekday n */
#define WEEKEND 0xC0u
#define LAST_DAY 32 /* bit of a month's days */

typedef struct DateRule {
    Frequency frequency;
    int interval;
    unsigned weekdays;   /* bit n: weekday n */
    int rank;            /* the how manieth of these in a month, -1 the last; 0: each */
    uint64_t month_days; /* bit n: day n */
    int month;
    bool has_clock;
    int clock;
    int count;     /* times in all; 0: without end */
    int64_t until; /* its last day; 0: without end */
} DateRule;

typedef enum RepeatWords {
    WHOLE_RULE,
    EVERY_ONE,
    EACH_SECOND,
    ONCE_IN,
    EACH_MONTH,
    OF_MONTH,
    SO_OFTEN
} RepeatWords;

/* --- date_recurrence.c --- */
/* The longest phrase of the kind, of date_recurrence.def. */
size_t match_repeat_words(const DateText *t, size_t i, RepeatWords kind);
/* Monday, Wednesday and Friday */
size_t match_weekdays(const DateText *t, size_t i, unsigned *days_r);
/* "first", "2nd", "last" and their weekday. */
size_t match_ranked(const DateText *t, size_t i, DateRule *rule);
/* "the 1st and 15th", "le 15", "dem letzten Tag" */
size_t match_month_days(const DateText *t, size_t i, DateRule *rule);
/* --- date_rule.c --- */
/* On which days, at which hour, until when: the token behind, `i` when nothing of it is said. */
size_t match_rule_rest(const DateText *t, size_t i, DateRule *rule);
Str rule_text(Arena *arena, const DateRule *rule);
