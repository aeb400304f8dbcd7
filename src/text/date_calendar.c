/* date_calendar.c - civil arithmetic. */
#include "text/date_calendar.h"

/* Days are counted in years that begin in March, so that the leap day is the last one. */
int64_t civil_days(int year, int month, int day)
{
    int64_t months = (int64_t)year * 12 + month - 3;
    int64_t y = floor_div(months, 12), m = months - y * 12;
    int64_t century = floor_div(y, 100), leap = floor_div(y, 4) - century + floor_div(century, 4);
    return y * 365 + leap + (153 * m + 2) / 5 + day - 1 - 719468;
}

Civil civil_of(int64_t days)
{
    int64_t since = days + 719468, era = floor_div(since, 146097), in_era = since - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100), m = (5 * in_year + 2) / 153;
    int month = (int)(m < 10 ? m + 3 : m - 9);
    return (Civil){ .year = (int)(year + era * 400 + (month <= 2)),
                    .month = month,
                    .day = (int)(in_year - (153 * m + 2) / 5 + 1) };
}

int month_length(int year, int month)
{
    return (int)(civil_days(year, month + 1, 1) - civil_days(year, month, 1));
}

bool civil_is_valid(int year, int month, int day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= month_length(year, month);
}

int weekday_of(int64_t days)
{
    /* 1970-01-01 was a Thursday. */
    return (int)(days + 3 - floor_div(days + 3, 7) * 7) + 1;
}

int64_t week_begin(int64_t days) { return days - weekday_of(days) + 1; }

int64_t week_of_year(int year, int week)
{
    /* The first week is the one with 4 January (ISO 8601). */
    return week_begin(civil_days(year, 1, 4)) + (week - 1) * 7;
}

int weeks_of_year(int year) { return (int)(week_of_year(year + 1, 1) - week_of_year(year, 1)) / 7; }

int64_t days_add_months(int64_t days, int months)
{
    Civil c = civil_of(days);
    Civil first = civil_of(civil_days(c.year, c.month + months, 1));
    return civil_days(first.year, first.month, MIN(c.day, month_length(first.year, first.month)));
}

int64_t days_add_business(int64_t days, int count)
{
    int step = count < 0 ? -1 : 1;
    for (int left = abs(count); left > 0;) {
        days += step;
        if (weekday_of(days) <= 5)
            left--;
    }
    return days;
}

/* The anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8). */
int64_t easter_of(int year)
{
    int a = year % 19, b = year / 100, c = year % 100;
    int g = (8 * b + 13) / 25, h = (19 * a + b - b / 4 - g + 15) % 30;
    int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7, m = (a + 11 * h + 19 * l) / 433;
    int month = (h + l - 7 * m + 90) / 25;
    return civil_days(year, month, (h + l - 7 * m + 33 * month + 19) % 32);
}

int64_t weekday_of_month(int year, int month, int weekday, int n)
{
    if (n < 0) {
        int64_t last = civil_days(year, month + 1, 1) - 1;
        return last - (weekday_of(last) - weekday + 7) % 7 + (n + 1) * 7;
    }
    int64_t first = civil_days(year, month, 1);
    int64_t day = first + (weekday - weekday_of(first) + 7) % 7 + (n - 1) * 7;
    return day < civil_days(year, month + 1, 1) ? day : 0;
}
