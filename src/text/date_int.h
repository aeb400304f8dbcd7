/* date_int.h - tokens and half-made values that the files date_*.c share.
 *
 * Every rule is `size_t rule(const DateText *t, size_t i, X *x_r)`: it matches at token i and
 * returns the token behind, or 0 (and then *x_r is as it was). A rule that may match in several
 * ways keeps the longest. */
#pragma once

#include "text/date.h"
#include "text/date_calendar.h"

enum { EN = 1, DE = 2, FR = 4, ES = 8, ANY_LANGUAGE = 15 };

typedef enum WordClass {
    OTHER_WORD, /* says nothing about time */
    SIGN,       /* one character that is no letter and no digit */
    NUMBER,     /* value; digit_count 0 when it is in words */
    ORDINAL,    /* 3rd, third */
    MONTH,
    WEEKDAY,
    UNIT,     /* value: a DateUnit */
    PART,     /* of a day; value: a DayPart */
    DAY_WORD, /* today; value: days from today */
    TURN,     /* next, last, this; value: a Turn */
    KEY       /* value: a WordKey */
} WordClass;

typedef enum DateUnit {
    SECONDS = 1,
    MINUTES,
    HOURS,
    DAYS,
    BUSINESS_DAYS,
    NIGHTS,
    WEEKENDS,
    WEEKS,
    FORTNIGHTS,
    MONTHS,
    QUARTERS,
    YEARS,
    DECADES,
    CENTURIES
} DateUnit;

typedef enum DayPart {
    MORNING = 1,
    AFTERNOON,
    EVENING,
    NIGHT,
    TONIGHT,
    DAYTIME,
    NIGHTTIME,
    LUNCH,
    BREAKFAST,
    DINNER,
    BUSINESS_HOURS,
    NOON,
    MIDNIGHT
} DayPart;

/* Tokens between two questions whether anybody still wants the dates. */
#define DATE_STOP_EACH 256

/* NEAR_...: the one that comes or came nearest, where next and last mean those of another week. */
typedef enum Turn { LAST = 1, NEAR_PAST, THIS, NEAR_NEXT, NEXT } Turn;

typedef enum WordKey {
    THE = 1,
    A,
    OF,
    IN,
    ON,
    AT,
    BY,
    FROM,
    TO,
    UNTIL,
    THROUGH,
    BETWEEN,
    AND,
    OR,
    BEFORE,
    AFTER,
    SINCE,
    FOR,
    AGO,
    LATER,
    EARLIER,
    HALF,
    PAST_HOUR,
    TO_HOUR,
    AM,
    PM,
    AM_PM,
    OCLOCK,
    EARLY,
    MID,
    LATE,
    BEGIN,
    END,
    NOW,
    OTHER,
    ALL,
    FEW,
    COUPLE,
    MORE,
    LESS,
    THAN,
    AROUND,
    HUNDRED,
    THOUSAND,
    THAT,
    HENCE,
    DUE,
    REST,
    QUARTER_HOUR
} WordKey;

typedef struct DateToken {
    Str text; /* lower case */
    uint32_t start, end;
    WordClass kind;
    int value;
    uint8_t digit_count;
    bool is_glued; /* nothing stands between it and the token before */
    bool is_plural;
    bool is_weak; /* often another word: may, march, sun, sat, second */
} DateToken;

typedef struct DateText {
    Arena *arena;
    const DateReference *reference;
    Str text;
    unsigned languages;
    DateToken *at;
    size_t count;
    int64_t today;
    Civil date;            /* of today */
    struct DateMemo *memo; /* of match_span(), see date_days.c */
} DateText;

/* Days [0] as preferred, [1] the other reading; equal when there is only one. `to` is the day
 * behind. What was said stays in year, month, day, weekday (0: nothing), so that the other side of
 * a range can give the rest. */
typedef struct DateSpan {
    DateGrain grain;
    int64_t from[2], to[2];
    int year, month, day, weekday;
    bool is_weak; /* says too little to stand alone: a year's number, "may" */
    bool is_cut;  /* a part of a calendar piece ("end of May"), or counted days */
    bool is_edge; /* "the end of ...": as a side of a range it is one place */
    int64_t edge; /* that place of [0]; edge_other of [1] */
    int64_t edge_other;
} DateSpan;

/* What match_span() found at the last tokens: many rules ask for the same one. */
typedef struct DateMemo {
    int depth; /* "the end of the end of ..." ends at DEPTH_MAX */
    struct DateKept {
        size_t key, end; /* key: 1 + token */
        DateSpan span;
    } kept[64];
} DateMemo;
#define DEPTH_MAX 8

/* A time of a day or, when to > from, a part of it. */
typedef struct DateClock {
    int from, to;
    bool is_span;
    bool is_half;  /* could be twelve hours later or earlier */
    bool is_weak;  /* a number only */
    bool is_named; /* morning, evening */
    bool is_late;  /* ends on the next day */
    DateGrain grain;
    DayPart part;
} DateClock;

typedef struct DateLength {
    double amounts[CENTURIES + 1]; /* by DateUnit */
    int months;                    /* the same as whole months, */
    double seconds;                /* the rest in seconds, */
    int business_days;             /* and these */
    DateUnit unit;                 /* the finest one that was said */
    bool is_single;                /* one number and one unit */
    bool is_weak;                  /* "a second", "all day" */
} DateLength;

typedef enum ItemKind {
    NO_ITEM,
    ITEM_DAY,
    ITEM_CLOCK,
    ITEM_BOTH,
    ITEM_DAYS,
    ITEM_CLOCKS,
    ITEM_TIMES,
    ITEM_LENGTH,
    ITEM_RULE
} ItemKind;

/* Anything found. start and end are days for ITEM_DAY(S), seconds since midnight for ITEM_CLOCK(S),
 * civil seconds for ITEM_BOTH and ITEM_TIMES; [1] is the other reading. */
typedef struct DateItem {
    ItemKind kind;
    DateGrain grain;
    int64_t start[2], end[2];
    bool has_start, has_end; /* of ranges */
    bool is_deadline;
    bool has_zone;
    int zone_seconds;
    DateLength length;
    Str rule;
    double confidence;
} DateItem;

/* --- date_tokens.c --- */
void date_tokens(DateText *t);

static inline const DateToken *token(const DateText *t, size_t i)
{
    static const DateToken none = { .kind = OTHER_WORD };
    return i < t->count ? &t->at[i] : &none;
}
static inline bool is_kind(const DateText *t, size_t i, WordClass kind)
{
    return i < t->count && t->at[i].kind == kind;
}
static inline bool is_key(const DateText *t, size_t i, WordKey key)
{
    return i < t->count && t->at[i].kind == KEY && t->at[i].value == (int)key;
}
static inline bool is_sign(const DateText *t, size_t i, char sign)
{
    return i < t->count && t->at[i].kind == SIGN && t->at[i].text.at[0] == sign;
}
static inline bool is_word(const DateText *t, size_t i, const char *word)
{
    return i < t->count && str_is(t->at[i].text, word);
}
static inline size_t skip_key(const DateText *t, size_t i, WordKey key)
{
    return i + is_key(t, i, key);
}
static inline size_t skip_sign(const DateText *t, size_t i, char sign)
{
    return i + is_sign(t, i, sign);
}
/* The token behind these words, separated by spaces in `words`; 0 when others stand there. */
size_t match_words(const DateText *t, size_t i, const char *words);
/* The first of a list, ended by NULL, that stands there. */
size_t match_any(const DateText *t, size_t i, const char *const *list);

/* --- date_days.c: days, weeks, months, years --- */
size_t match_span(const DateText *t, size_t i, DateSpan *span_r);
/* One day of the month in a form that needs company: "the 18th", "3". */
size_t match_day_number(const DateText *t, size_t i, int *day_r);
size_t match_year(const DateText *t, size_t i, int *year_r);
size_t match_turned_month(const DateText *t, size_t i, DateSpan *s);
size_t match_month_day(const DateText *t, size_t i, DateSpan *span_r);
void span_resolve(const DateText *t, DateSpan *span);
DateSpan span_days(DateGrain grain, int64_t from, int64_t to);
static inline bool span_is_day(const DateSpan *s) { return s->grain == DATE_DAY && !s->is_cut; }
/* --- date_weekdays.c --- */
size_t match_weekday(const DateText *t, size_t i, DateSpan *span_r);
size_t match_near_day(const DateText *t, size_t i, DateSpan *span_r);
size_t match_ordinal_day(const DateText *t, size_t i, DateSpan *span_r);
/* "of last week", "next week" behind a weekday: its Monday. */
size_t match_week_after(const DateText *t, size_t i, int64_t *monday_r);
/* --- date_numeric.c --- */
size_t match_numeric(const DateText *t, size_t i, DateSpan *span_r);
/* --- date_periods.c --- */
size_t match_period(const DateText *t, size_t i, DateSpan *span_r);
size_t match_counted(const DateText *t, size_t i, DateItem *item_r);
/* "next week", "this working week", "the month" */
size_t match_piece(const DateText *t, size_t i, DateSpan *span_r);
/* The month, quarter or year behind "of" or "in", or right here. */
size_t match_container(const DateText *t, size_t i, DateSpan *span_r);
/* The piece of the calendar around `day`, moved by so many of its kind. False: not such a unit. */
bool piece_of(int unit, int64_t day, int steps, DateSpan *s);
/* --- date_parts.c --- */
size_t match_quarter(const DateText *t, size_t i, DateSpan *span_r);
size_t match_part(const DateText *t, size_t i, DateSpan *span_r);
size_t match_rest(const DateText *t, size_t i, DateSpan *span_r);
size_t match_to_date(const DateText *t, size_t i, DateSpan *span_r);
/* --- date_holidays.c --- */
size_t match_holiday(const DateText *t, size_t i, DateSpan *span_r);
/* --- date_clock.c --- */
size_t match_clock(const DateText *t, size_t i, DateClock *clock_r);
size_t match_clock_range(const DateText *t, size_t i, DateClock *clock_r);
size_t match_zone(const DateText *t, size_t i, int *seconds_r);
/* --- date_lengths.c --- */
size_t match_length(const DateText *t, size_t i, DateLength *length_r);
DateLength length_of(DateUnit unit, double size);
bool length_is_exact(const DateLength *length); /* hours and below */
/* Civil seconds so much later (sign 1) or earlier (-1). */
int64_t length_add(const DateLength *length, int64_t seconds, int sign);
Str length_iso(Arena *arena, const DateLength *length);
/* --- date_moments.c: a day with a clock --- */
size_t match_moment(const DateText *t, size_t i, DateItem *item_r);
/* --- date_shifted.c: counted from another --- */
size_t match_shifted(const DateText *t, size_t i, DateItem *item_r);
/* --- date_ranges.c --- */
size_t match_range(const DateText *t, size_t i, DateItem *item_r);
/* --- date_bounds.c --- */
size_t match_bounded(const DateText *t, size_t i, DateItem *item_r);
/* --- date_recurrence.c --- */
size_t match_recurrence(const DateText *t, size_t i, DateItem *item_r);

DateItem item_of_span(const DateSpan *span);
DateItem item_of_clock(const DateClock *clock);
