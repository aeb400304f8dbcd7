/* value_numbers.c - numbers, shares and currencies in a piece of the text. */
#include "fields/values_int.h"

/* "12.03.2024" and "10:30" are no numbers, and "A4" neither; the end of what is none. */
static size_t skip_run(const Reading *reading, size_t at, size_t to)
{
    while (at < to && (is_digit(reading->text.at[at]) || is_letter(reading->text.at[at]) ||
                       HAS_CHAR(reading->text.at[at], ".,:/-")))
        at++;
    return at;
}

static bool begins_number(const Reading *reading, size_t from, size_t at)
{
    char before = at > from ? reading->text.at[at - 1] : ' ';
    /* A currency may stand close: "EUR120", "£5". */
    bool is_code = at >= from + 3 && (unsigned char)(before - 'A') < 26 &&
                   (unsigned char)(reading->text.at[at - 2] - 'A') < 26;
    bool is_sign = (unsigned char)before >= 0x80;
    return is_digit(reading->text.at[at]) && !is_digit(before) && !HAS_CHAR(before, ".,:/#") &&
           (!is_letter(before) || is_code || is_sign);
}

static bool is_percent(const Reading *reading, size_t end)
{
    if (byte_at(reading, end) == ' ')
        end++;
    return byte_at(reading, end) == '%' || str_starts(str_from(reading->text, end), S("percent")) ||
           str_starts(str_from(reading->text, end), S("Prozent"));
}

/* The minus before a number, which may stand before its currency. */
static bool is_negative(const Reading *reading, size_t from, size_t at)
{
    size_t back = at;
    while (back > from && at - back < 6 && !is_digit(reading->text.at[back - 1]) &&
           !HAS_CHAR(reading->text.at[back - 1], "-\n:"))
        back--;
    bool is_minus = back > from && reading->text.at[back - 1] == '-';
    char before = back > from + 1 ? reading->text.at[back - 2] : ' ';
    return is_minus && (before == ' ' || before == ':' || before == '\n');
}

bool number_find(const Reading *reading, size_t from, size_t to, bool wants_last,
                 bool wants_percent, Found *found_r)
{
    bool is_found = false;
    for (size_t at = from; at < to;) {
        Str value;
        size_t end =
            begins_number(reading, from, at)
                ? entity_read_number(reading->arena, str_slice(reading->text, 0, to), at, &value)
                : 0;
        if (!end) {
            at++;
            continue;
        }
        char after = end < to ? reading->text.at[end] : ' ';
        char behind = end + 1 < to ? reading->text.at[end + 1] : ' ';
        if ((HAS_CHAR(after, ".:/-,") && is_digit(behind)) ||
            (is_letter(after) && (unsigned char)after < 0x80 && (unsigned char)(after - 'A') > 25 &&
             after != 'x')) {
            at = skip_run(reading, end, to);
            continue;
        }
        if (is_percent(reading, end) == wants_percent && !(is_found && !wants_last)) {
            if (is_negative(reading, from, at))
                value = str_format(reading->arena, "-" STR_FMT, STR_ARG(value));
            *found_r = (Found){ at, end, value, 0.9 };
            is_found = true;
        }
        at = end;
    }
    return is_found;
}

bool currency_find(const Reading *reading, size_t from, size_t to, Found *found_r)
{
    static const char *const codes[] = { "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK",
                                         "PLN", "JPY", "CAD", "AUD", "INR", "CNY", "CZK" };
    static const struct {
        const char *sign, *code;
    } signs[] = { { "\xE2\x82\xAC", "EUR" }, { "\xC2\xA3", "GBP" }, { "$", "USD" },
                  { "\xC2\xA5", "JPY" },     { "Fr.", "CHF" },      { "Euro", "EUR" } };
    Str text = str_slice(reading->text, from, to);
    size_t best = SIZE_MAX, length = 0;
    for (size_t i = 0; i < COUNT(codes) + COUNT(signs); i++) {
        bool is_code = i < COUNT(codes);
        Str written = str(is_code ? codes[i] : signs[i - COUNT(codes)].sign);
        ptrdiff_t at = str_find(text, written);
        if (at < 0 || (size_t)at >= best)
            continue;
        best = (size_t)at;
        length = written.length;
        *found_r = (Found){ from + best, from + best + length,
                            str(is_code ? codes[i] : signs[i - COUNT(codes)].code), 0.9 };
    }
    return best != SIZE_MAX;
}
