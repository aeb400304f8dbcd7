/* written_date.c - see written_date.h. */
#include "extract/written_date.h"

#include "base/ascii.h"

enum { WORDS_MAX = 8 };

typedef struct WrittenDate {
    int year, month, day; /* 0: not said */
    bool is_other;        /* something that is no part of a date */
} WrittenDate;

static bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

static bool is_like(char a, char b) { return is_digit(a) ? is_digit(b) : is_letter(b); }

/* 1 to 12 for a name of at least three letters; 0: none. */
static int month_named(Str word)
{
    static const Str names[] = { S_INIT("january"), S_INIT("february"), S_INIT("march"),
                                 S_INIT("april"),   S_INIT("may"),      S_INIT("june"),
                                 S_INIT("july"),    S_INIT("august"),   S_INIT("september"),
                                 S_INIT("october"), S_INIT("november"), S_INIT("december") };
    for (int i = 0; i < 12 && word.length >= 3; i++)
        if (str_equal_ignore_case(word, str_slice(names[i], 0, word.length)))
            return i + 1;
    return 0;
}

static bool is_weekday(Str word)
{
    static const Str names[] = { S_INIT("monday"),   S_INIT("tuesday"), S_INIT("wednesday"),
                                 S_INIT("thursday"), S_INIT("friday"),  S_INIT("saturday"),
                                 S_INIT("sunday") };
    for (size_t i = 0; i < COUNT(names) && word.length >= 3; i++)
        if (str_equal_ignore_case(word, str_slice(names[i], 0, word.length)))
            return true;
    return false;
}

/* A number is the year when it has four digits; before and after it are months and days. */
static void take_number(WrittenDate *date, Str digits, bool has_separator)
{
    int64_t value = 0;
    if (digits.length > 4 || !str_to_int(digits, 1, 9999, &value))
        date->is_other = true;
    else if (digits.length == 4 && !date->year)
        date->year = (int)value;
    else if (digits.length > 2)
        date->is_other = true;
    else if (date->year && has_separator && !date->month && value <= 12)
        date->month = (int)value; /* 2011-3-4 */
    else if (!date->day && value <= 31)
        date->day = (int)value;
    else
        date->is_other = true;
}

static void take_word(WrittenDate *date, Str word)
{
    static const char *const endings[] = { "st", "nd", "rd", "th", "of" };
    int month = month_named(word);
    bool is_ending = false;
    for (size_t i = 0; i < COUNT(endings) && !is_ending; i++)
        is_ending = date->day && str_equal_ignore_case(word, str(endings[i]));
    if (month && !date->month)
        date->month = month;
    else if (!is_ending && !is_weekday(word))
        date->is_other = true;
}

Str written_date(Str text, char out[WRITTEN_DATE_SIZE])
{
    WrittenDate date = { 0 };
    int words = 0;
    for (size_t at = 0, end; at < text.length && !date.is_other; at = end) {
        char c = text.at[at];
        end = at + 1;
        while (end < text.length && (is_digit(c) || is_letter(c)) && is_like(c, text.at[end]))
            end++;
        Str part = str_slice(text, at, end);
        if (is_digit(c))
            take_number(&date, part, at > 0 && HAS_CHAR(text.at[at - 1], "-/."));
        else if (is_letter(c))
            take_word(&date, part);
        else if (!HAS_CHAR(c, " ,.-/<>[]()\t\r\n"))
            date.is_other = true;
        words += is_digit(c) || is_letter(c);
        date.is_other |= words > WORDS_MAX;
    }
    if (date.is_other || !date.year || !date.month)
        return text;
    int length = date.day ? snprintf(out, WRITTEN_DATE_SIZE, "%04d-%02d-%02d", date.year,
                                     date.month, date.day)
                          : snprintf(out, WRITTEN_DATE_SIZE, "%04d-%02d", date.year, date.month);
    return (Str){ out, (size_t)length };
}
