/* date_calendar.h - civil arithmetic: days since 1970-01-01, ISO weeks, months, Easter. */
#pragma once

#include "base/base.h"

#define DAY_SECONDS 86400

typedef struct Civil {
    int year, month, day; /* from 1 */
} Civil;

int64_t civil_days(int year, int month, int day); /* the month may be outside 1..12 */
Civil civil_of(int64_t days);
int month_length(int year, int month);
bool civil_is_valid(int year, int month, int day);
int weekday_of(int64_t days);             /* 1 Monday .. 7 Sunday */
int64_t week_begin(int64_t days);         /* its Monday */
int64_t week_of_year(int year, int week); /* Monday of an ISO week */
int weeks_of_year(int year);
/* The same day so many months on, or the last of that month (31 January + 1 month). */
int64_t days_add_months(int64_t days, int months);
int64_t days_add_business(int64_t days, int count); /* Monday to Friday; may be negative */
int64_t easter_of(int year);
/* The nth such weekday of a month; n < 0 counts from its end. 0 when there is none. */
int64_t weekday_of_month(int year, int month, int weekday, int n);
/* a / b towards minus infinity. */
static inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
