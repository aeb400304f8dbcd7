/* list_number.c - see list_number.h. */
#include "extract/word/list_number.h"

static void add_roman(Buf *out, int number, bool upper)
{
    static const struct {
        int value;
        const char *upper, *lower;
    } digits[] = { { 1000, "M", "m" }, { 900, "CM", "cm" }, { 500, "D", "d" }, { 400, "CD", "cd" },
                   { 100, "C", "c" },  { 90, "XC", "xc" },  { 50, "L", "l" },  { 40, "XL", "xl" },
                   { 10, "X", "x" },   { 9, "IX", "ix" },   { 5, "V", "v" },   { 4, "IV", "iv" },
                   { 1, "I", "i" } };
    for (size_t i = 0; i < COUNT(digits) && number < 4000; i++)
        for (; number >= digits[i].value; number -= digits[i].value)
            buf_add(out, str(upper ? digits[i].upper : digits[i].lower));
}

/* 27 is "aa", 28 "bb". */
static void add_letter(Buf *out, int number, char first)
{
    number = MAX(number, 1) - 1;
    for (int i = 0; i <= number / 26 && i < 10; i++)
        buf_add_char(out, (char)(first + number % 26));
}

static void add_ordinal(Buf *out, int number)
{
    static const char *const ends[] = { "th", "st", "nd", "rd" };
    int last = number % 10;
    bool is_teen = number % 100 / 10 == 1;
    buf_addf(out, "%d%s", number, ends[last > 0 && last < 4 && !is_teen ? last : 0]);
}

void list_number_add(Buf *out, int number, ListNumber kind)
{
    switch (kind) {
    case LIST_UPPER_ROMAN:
    case LIST_LOWER_ROMAN: add_roman(out, number, kind == LIST_UPPER_ROMAN); break;
    case LIST_UPPER_LETTER: add_letter(out, number, 'A'); break;
    case LIST_LOWER_LETTER: add_letter(out, number, 'a'); break;
    case LIST_ORDINAL: add_ordinal(out, MAX(number, 0)); break;
    case LIST_DECIMAL_ZERO: buf_addf(out, "%02d", number); break;
    case LIST_BULLET:
    case LIST_NONE: break;
    case LIST_DECIMAL:
    default: buf_addf(out, "%d", number); break;
    }
}

ListNumber list_number_named(Str name)
{
    static const struct {
        const char *name;
        ListNumber kind;
    } names[] = { { "lowerRoman", LIST_LOWER_ROMAN },
                  { "upperRoman", LIST_UPPER_ROMAN },
                  { "lowerLetter", LIST_LOWER_LETTER },
                  { "upperLetter", LIST_UPPER_LETTER },
                  { "decimalZero", LIST_DECIMAL_ZERO },
                  { "ordinal", LIST_ORDINAL },
                  { "bullet", LIST_BULLET },
                  { "none", LIST_NONE } };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i].name))
            return names[i].kind;
    return LIST_DECIMAL;
}
