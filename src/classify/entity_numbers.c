/* entity_numbers.c - amounts of money, percentages, web addresses, BICs and VAT numbers. */
#include <ctype.h>

#include "classify/entities_int.h"

static bool stands_apart(Str text, size_t start, size_t end)
{
    return (start == 0 || !entity_is_alnum(entity_byte(text, start - 1))) &&
           !entity_is_alnum(entity_byte(text, end));
}

/* --- Numbers --- */

/* The space of a thousand in French and Swiss forms: a blank, or U+00A0 or U+202F. */
static size_t wide_separator(Str text, size_t at)
{
    static const char *const marks[] = { " ", "'", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x99" };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(str_from(text, at), str(marks[i])))
            return strlen(marks[i]);
    return 0;
}

static size_t digits_at(Str text, size_t at)
{
    size_t count = 0;
    while (is_digit(entity_byte(text, at + count)))
        count++;
    return count;
}

static Str plain_number(Arena *arena, Str written, ptrdiff_t point)
{
    Buf out = buf_new(arena, written.length + 1);
    for (size_t i = 0; i < written.length; i++) {
        if (is_digit((unsigned char)written.at[i]))
            buf_add_char(&out, written.at[i]);
        else if ((ptrdiff_t)i == point)
            buf_add_char(&out, '.');
    }
    return buf_str(&out);
}

size_t entity_read_number(Arena *arena, Str text, size_t at, Str *value_r)
{
    size_t first = digits_at(text, at), end = at + first;
    ptrdiff_t point = -1;
    char separator = 0;
    if (!first || first > 15)
        return 0;
    for (size_t groups = 0; groups < 8; groups++) {
        unsigned char c = entity_byte(text, end);
        size_t wide = first <= 3 ? wide_separator(text, end) : 0;
        size_t size = wide ? wide : c == '.' || c == ',';
        size_t digits = size ? digits_at(text, end + size) : 0;
        bool is_same = !separator || separator == (char)c;
        if (digits == 3 && first <= 3 && is_same) {
            separator = (char)c;
        } else if (digits && !wide && separator != (char)c && point < 0) {
            point = (ptrdiff_t)(end - at);
        } else {
            break;
        }
        end += size + digits;
        if (point >= 0)
            break;
    }
    *value_r = plain_number(arena, str_slice(text, at, end), point);
    return end;
}

/* --- Money --- */

static const struct {
    const char *written, *code;
} currencies[] = {
    { "US$", "USD" },        { "A$", "AUD" },           { "C$", "CAD" },
    { "$", "USD" },          { "\xE2\x82\xAC", "EUR" }, { "\xC2\xA3", "GBP" },
    { "\xC2\xA5", "JPY" },   { "\xE2\x82\xB9", "INR" }, { "USD", "USD" },
    { "EUR", "EUR" },        { "GBP", "GBP" },          { "CHF", "CHF" },
    { "JPY", "JPY" },        { "CAD", "CAD" },          { "AUD", "AUD" },
    { "SEK", "SEK" },        { "NOK", "NOK" },          { "DKK", "DKK" },
    { "PLN", "PLN" },        { "CNY", "CNY" },          { "INR", "INR" },
    { "Euros", "EUR" },      { "Euro", "EUR" },         { "euros", "EUR" },
    { "euro", "EUR" },       { "dollars", "USD" },      { "dollar", "USD" },
    { "US dollars", "USD" }, { "pounds", "GBP" },       { "Franken", "CHF" },
    { "francs", "CHF" },     { "yen", "JPY" },          { "cents", "cents" },
    { "rupees", "INR" },
};

static const struct {
    const char *word;
    const char *zeros;
} scales[] = {
    { "thousand", "e3" },  { "million", "e6" },   { "millions", "e6" },   { "billion", "e9" },
    { "billions", "e9" },  { "trillion", "e12" }, { "bn", "e9" },         { "mn", "e6" },
    { "Millionen", "e6" }, { "Mio.", "e6" },      { "Milliarden", "e9" }, { "Mrd.", "e9" },
    { "milliards", "e9" }, { "k", "e3" },         { "m", "e6" },          { "M", "e6" },
    { "K", "e3" },         { "B", "e9" },
};

static size_t skip_space(Str text, size_t at)
{
    if (entity_byte(text, at) == ' ')
        return at + 1;
    return str_starts(str_from(text, at), S("\xC2\xA0")) ? at + 2 : at;
}

/* The currency that is written at `at`; its length, 0: none. */
static size_t currency_at(Str text, size_t at, const char **code_r)
{
    size_t best = 0;
    for (size_t i = 0; i < COUNT(currencies); i++) {
        size_t length = strlen(currencies[i].written);
        if (length <= best || !str_starts(str_from(text, at), str(currencies[i].written)))
            continue;
        bool is_word = entity_is_letter((unsigned char)currencies[i].written[0]) &&
                       (unsigned char)currencies[i].written[0] < 0x80;
        if (is_word && length > 2 && !stands_apart(text, at, at + length) &&
            !is_digit(entity_byte(text, at + length)))
            continue;
        best = length;
        *code_r = currencies[i].code;
    }
    return best;
}

static size_t scale_at(Str text, size_t at, const char **zeros_r)
{
    size_t from = skip_space(text, at);
    for (size_t i = 0; i < COUNT(scales); i++) {
        size_t length = strlen(scales[i].word);
        bool is_close = length > 2 || from == at || scales[i].word[1] == 'n';
        if (is_close && str_starts(str_from(text, from), str(scales[i].word)) &&
            !entity_is_alnum(entity_byte(text, from + length))) {
            *zeros_r = scales[i].zeros;
            return from + length - at;
        }
    }
    return 0;
}

static Str amount(Arena *arena, Str number, const char *zeros, const char *code)
{
    double value = 0;
    if (!*zeros)
        return str_format(arena, STR_FMT " %s", STR_ARG(number), code);
    str_to_double(str_format(arena, STR_FMT "%s", STR_ARG(number), zeros), &value);
    return str_format(arena, "%.0f %s", value, code);
}

/* "$ 1,250.00", "EUR 3 million". */
static size_t money_behind_sign(EntitySearch *s, size_t at)
{
    const char *code = "", *zeros = "";
    Str number;
    size_t sign = currency_at(s->text, at, &code);
    if (!sign || (at && entity_is_letter(entity_byte(s->text, at - 1)) &&
                  entity_is_letter(entity_byte(s->text, at)) && entity_byte(s->text, at) < 0x80))
        return 0;
    size_t from = skip_space(s->text, at + sign);
    size_t end = entity_read_number(s->arena, s->text, from, &number);
    if (!end)
        return 0;
    end += scale_at(s->text, end, &zeros);
    return entity_add(s, ENTITY_MONEY, at, end, amount(s->arena, number, zeros, code), 0.95, false)
               ? end
               : 0;
}

/* "1.250,00 €", "3 million dollars"; and percentages. */
static size_t amount_at_number(EntitySearch *s, size_t at)
{
    static const char *const percents[] = { "%", "percent", "per cent", "Prozent", "pour cent" };
    const char *code = "", *zeros = "";
    Str number;
    size_t end = entity_read_number(s->arena, s->text, at, &number);
    if (!end)
        return 0;
    size_t after = end + scale_at(s->text, end, &zeros), from = skip_space(s->text, after);
    size_t sign = currency_at(s->text, from, &code);
    if (sign && entity_add(s, ENTITY_MONEY, at, from + sign, amount(s->arena, number, zeros, code),
                           0.95, false))
        return from + sign;
    for (size_t i = 0; i < COUNT(percents); i++) {
        size_t close = from + strlen(percents[i]);
        if (str_starts(str_from(s->text, from), str(percents[i])) &&
            !entity_is_alnum(entity_byte(s->text, close)) &&
            entity_add(s, ENTITY_PERCENT, at, close,
                       str_format(s->arena, STR_FMT "%%", STR_ARG(number)), 0.98, false))
            return close;
    }
    return end;
}

/* --- Web addresses --- */

static size_t find_url(EntitySearch *s, size_t at)
{
    Str rest = str_from(s->text, at);
    if (!str_starts(rest, S("http://")) && !str_starts(rest, S("https://")) &&
        !str_starts(rest, S("www.")) && !str_starts(rest, S("ftp://")))
        return 0;
    size_t end = 0, depth = 0;
    while (end < rest.length && (unsigned char)rest.at[end] > ' ' &&
           !HAS_CHAR(rest.at[end], "<>\"`{}|\\^")) {
        depth += rest.at[end] == '(';
        if (rest.at[end] == ')' && !depth--)
            break;
        end++;
    }
    while (end && HAS_CHAR(rest.at[end - 1], ".,;:!?'*_"))
        end--;
    Str address = str_slice(rest, 0, end);
    if (address.length < 8 || str_find_char(address, '.') < 0)
        return 0;
    return entity_add(s, ENTITY_URL, at, at + end, STR_NONE, 0.98, false) ? at + end : 0;
}

/* --- Banks --- */

/* Whether one of the words stands within the last `reach` bytes before `at`, in any case. */
static bool has_before(Str text, size_t at, size_t reach, const char *words)
{
    Str before = str_slice(text, at > reach ? at - reach : 0, at), list = str(words), word;
    while (str_next(&list, '|', &word))
        if (str_find_ignore_case(before, word) >= 0)
            return true;
    return false;
}

/* ISO 9362: four letters of the bank, two of the country, two of the place, three of the branch or
 * none. Any word in capitals may look so: it must be said to be one, or stand beside an account. */
static size_t find_bic(EntitySearch *s, size_t at)
{
    size_t length = 0;
    while (entity_is_upper(entity_byte(s->text, at + length)) ||
           is_digit(entity_byte(s->text, at + length)))
        length++;
    if ((length != 8 && length != 11) || !stands_apart(s->text, at, at + length))
        return 0;
    for (size_t i = 0; i < 6; i++)
        if (!entity_is_upper(entity_byte(s->text, at + i)))
            return 0;
    return has_before(s->text, at, 80, "bic|swift|iban") &&
                   entity_add(s, ENTITY_BIC, at, at + length, STR_NONE, 0.95, false)
               ? at + length
               : 0;
}

/* --- VAT numbers --- */

/* ISO 7064, MOD 11,10. */
static bool german_is_right(const char *digits)
{
    int product = 10;
    for (int i = 0; i < 8; i++) {
        int sum = (digits[i] - '0' + product) % 10;
        product = (sum ? sum : 10) * 2 % 11;
    }
    return (11 - product) % 10 == digits[8] - '0';
}

/* Two digits before the SIREN: (12 + 3 * (SIREN mod 97)) mod 97. */
static bool french_is_right(const char *body)
{
    int64_t siren = 0, key = 0;
    if (!str_to_int((Str){ body, 2 }, 0, 99, &key))
        return true; /* newer keys have letters, whose rule is not published */
    if (!str_to_int((Str){ body + 2, 9 }, 0, 999999999, &siren))
        return false;
    return (12 + 3 * (siren % 97)) % 97 == key;
}

/* Luhn's sum of the eleven digits. */
static bool italian_is_right(const char *digits)
{
    int sum = 0;
    for (int i = 0; i < 11; i++) {
        int digit = digits[i] - '0';
        sum += i % 2 ? digit * 2 - (digit > 4 ? 9 : 0) : digit;
    }
    return sum % 10 == 0;
}

/* Weights 8 to 2 of seven digits and the two check digits, modulo 97; newer numbers add 55. */
static bool british_is_right(const char *digits)
{
    int sum = 0;
    for (int i = 0; i < 7; i++)
        sum += (digits[i] - '0') * (8 - i);
    sum += (digits[7] - '0') * 10 + digits[8] - '0';
    return sum % 97 == 0 || (sum + 55) % 97 == 0;
}

/* 97 less the first eight digits modulo 97. */
static bool belgian_is_right(const char *digits)
{
    int64_t number = 0, check = 0;
    return str_to_int((Str){ digits, 8 }, 0, 99999999, &number) &&
           str_to_int((Str){ digits + 8, 2 }, 0, 99, &check) && 97 - number % 97 == check;
}

/* '9': a digit, 'U': that letter, '*': a letter or digit. */
static const struct {
    const char *country, *form;
    bool (*is_right)(const char *body); /* NULL: only the form is known */
} vat_forms[] = {
    { "DE", "999999999", german_is_right },
    { "FR", "**999999999", french_is_right },
    { "IT", "99999999999", italian_is_right },
    { "GB", "999999999", british_is_right },
    { "BE", "9999999999", belgian_is_right },
    { "AT", "U99999999", NULL },
    { "NL", "999999999B99", NULL },
    { "ES", "*9999999*", NULL },
    { "PL", "9999999999", NULL },
    { "SE", "999999999999", NULL },
    { "DK", "99999999", NULL },
    { "FI", "99999999", NULL },
    { "LU", "99999999", NULL },
    { "PT", "999999999", NULL },
    { "CZ", "99999999", NULL },
    { "EL", "999999999", NULL },
};

/* Reads `form` with single blanks and dots between; the bytes, 0: it is not so. */
static size_t match_form(Str text, size_t at, const char *form, char *body)
{
    size_t start = at;
    for (size_t i = 0; form[i]; at++) {
        unsigned char c = entity_byte(text, at);
        bool fits = form[i] == '9'   ? is_digit(c)
                    : form[i] == '*' ? is_digit(c) || entity_is_upper(c)
                                     : c == (unsigned char)form[i];
        if (fits)
            body[i++] = (char)c;
        else if (!HAS_CHAR(c, " .") || HAS_CHAR(entity_byte(text, at + 1), " ."))
            return 0;
    }
    return at - start;
}

static size_t find_vat(EntitySearch *s, size_t at)
{
    for (size_t i = 0; i < COUNT(vat_forms); i++) {
        char body[16] = { 0 };
        if (!str_starts(str_from(s->text, at), str(vat_forms[i].country)))
            continue;
        size_t length = match_form(s->text, at + 2, vat_forms[i].form, body), end = at + 2 + length;
        bool is_checked = vat_forms[i].is_right != NULL;
        if (!length || !stands_apart(s->text, at, end) ||
            (is_checked && !vat_forms[i].is_right(body)))
            continue;
        if (!is_checked && !has_before(s->text, at, 60, "vat|ust|mwst|tva|iva|btw|uid|tax"))
            continue;
        Str value = str_format(s->arena, "%s%s", vat_forms[i].country, body);
        if (entity_add(s, ENTITY_VAT, at, end, value, is_checked ? 1 : 0.85, is_checked))
            return end;
    }
    return 0;
}

/* --- Phones without a country --- */

/* "Tel. 030 / 123 45 67": it must be said to be one. */
static size_t find_phone(EntitySearch *s, size_t at)
{
    size_t digits = 0, end = at, last = at;
    if (!has_before(s->text, at, 14, "tel|phone|fax|mobil|mob.|cell|call "))
        return 0;
    for (; digits <= 15; end++) {
        unsigned char c = entity_byte(s->text, end);
        if (is_digit(c)) {
            digits++;
            last = end + 1;
        } else if (!HAS_CHAR(c, " -./()") || (end > last && end - last > 2)) {
            break;
        }
    }
    while (last > at && !is_digit(entity_byte(s->text, last - 1)))
        last--;
    if (digits < 6 || digits > 15 || entity_is_alnum(entity_byte(s->text, last)))
        return 0;
    return entity_add(s, ENTITY_PHONE, at, last, STR_NONE, 0.9, false) ? last : 0;
}

void entity_find_numbers(EntitySearch *s)
{
    for (size_t at = 0; at < s->text.length && entity_go_on(s);) {
        unsigned char c = (unsigned char)s->text.at[at],
                      before = at ? entity_byte(s->text, at - 1) : 0;
        size_t end = 0;
        bool begins = !entity_is_alnum(before);
        if (s->is_taken[at]) {
            at++;
            continue;
        }
        if (begins && HAS_CHAR(c, "hfw"))
            end = find_url(s, at);
        if (!end && begins && entity_is_upper(c)) {
            end = find_vat(s, at);
            if (!end)
                end = find_bic(s, at);
        }
        if (!end && (entity_is_upper(c) || c == '$' || c >= 0xC2))
            end = money_behind_sign(s, at);
        if (!end && is_digit(c) && !entity_is_letter(before) && before != '_') {
            end = find_phone(s, at);
            if (!end)
                end = amount_at_number(s, at);
            if (!end)
                end = at + digits_at(s->text, at);
        }
        at = end > at ? end : at + 1;
    }
}
