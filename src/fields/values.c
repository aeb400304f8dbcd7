/* values.c - a value of each kind read from a piece of the text, and made JSON of its leaf. */
#include <math.h>

#include "base/utf8.h"
#include "fields/fields_int.h"
#include "text/date.h"

#define TEXT_VALUE_MAX 300 /* bytes */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c)
{
    return (unsigned char)((c | 32) - 'a') < 26 || (unsigned char)c >= 0x80;
}
static char byte_at(const Reading *reading, size_t at)
{
    return at < reading->text.length ? reading->text.at[at] : 0;
}

static bool found_at(const Reading *reading, size_t start, size_t end, double sure, Found *found_r)
{
    *found_r = (Found){ start, end, str_slice(reading->text, start, end), sure };
    return end > start;
}

/* --- Entities --- */

static size_t first_entity(const Reading *reading, size_t from)
{
    size_t low = 0, high = reading->entities.entities.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (reading->entities.entities.at[middle].start < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool entity_find(const Reading *reading, EntityKind kind, size_t from, size_t to,
                        Found *found_r)
{
    for (size_t i = first_entity(reading, from); i < reading->entities.entities.count; i++) {
        const Entity *entity = &reading->entities.entities.at[i];
        if (entity->start >= to)
            break;
        if (entity->kind != kind || entity->end > to)
            continue;
        *found_r = (Found){ entity->start, entity->end, entity->value, entity->confidence };
        return true;
    }
    return false;
}

/* --- Numbers --- */

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

/* --- The readers of value_kinds.def --- */

typedef bool ValueReader(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                         Found *found_r);

/* What stands between a label and its value. */
static size_t skip_filler(const Reading *reading, size_t from, size_t to)
{
    while (from < to && (HAS_CHAR(reading->text.at[from], " .:=#*\t)|>-\n") ||
                         str_starts(str_slice(reading->text, from, to), S("\xC2\xA0"))))
        from += (unsigned char)reading->text.at[from] >= 0x80 ? 2 : 1;
    return from;
}

static bool read_text(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                      Found *found_r)
{
    (void)node;
    from = skip_filler(reading, from, to);
    while (to > from && HAS_CHAR(reading->text.at[to - 1], " \t\r\n;,|"))
        to--;
    /* A page whose lines were joined goes on with its greeting. */
    static const char *const greetings[] = { " Sehr geehrte", " Dear ", " Liebe ", " Lieber " };
    for (size_t i = 0; i < COUNT(greetings); i++) {
        ptrdiff_t at = str_find(str_slice(reading->text, from, to), str(greetings[i]));
        to = at > 0 ? from + (size_t)at : to;
    }
    if (to - from > TEXT_VALUE_MAX)
        to = from + utf8_floor(str_slice(reading->text, from, to), TEXT_VALUE_MAX);
    return found_at(reading, from, to, 0.8, found_r);
}

/* One word with a digit: "INV-2024/17", "RE 2024-17" with the two letters before it. */
static bool read_id(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                    Found *found_r)
{
    (void)node;
    size_t start = skip_filler(reading, from, to), end = start, digits = 0;
    for (; end < to && end - start < 40; end++) {
        char c = reading->text.at[end];
        bool is_inside =
            HAS_CHAR(c, "-/._#") && end + 1 < to &&
            (is_letter(reading->text.at[end + 1]) || is_digit(reading->text.at[end + 1]));
        bool is_prefix = c == ' ' && !digits && end - start <= 4 && end + 1 < to &&
                         is_digit(reading->text.at[end + 1]);
        if (!is_digit(c) && !(is_letter(c) && (unsigned char)c < 0x80) && !is_inside && !is_prefix)
            break;
        digits += is_digit(c);
    }
    return digits > 0 && found_at(reading, start, end, 0.9, found_r);
}

static bool read_date(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                      Found *found_r)
{
    (void)node;
    DateReference reference = { .now = reading->today,
                                .language = reading->language,
                                .is_day_first = reading->is_day_first };
    DateFound *found;
    size_t count = date_find(reading->arena, str_slice(reading->text, from, MIN(to, from + 400)),
                             &reference, &found);
    for (size_t i = 0; i < count; i++) {
        if (found[i].kind != DATE_POINT || found[i].grain > DATE_DAY || found[i].iso.length < 10)
            continue;
        /* A day that the text does not date is none of the document. */
        Str said = str_slice(reading->text, from + found[i].start, from + found[i].end);
        size_t digits = 0;
        for (size_t c = 0; c < said.length; c++)
            digits += is_digit(said.at[c]);
        if (digits < 3)
            continue;
        *found_r = (Found){ from + found[i].start, from + found[i].end,
                            str_slice(found[i].iso, 0, 10), found[i].confidence };
        return true;
    }
    return false;
}

/* "14:32" or "14:32:08". */
static bool read_time(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                      Found *found_r)
{
    (void)node;
    Str text = reading->text;
    for (size_t at = from; at + 4 < to + 1; at++) {
        if (!is_digit(text.at[at]) || (at > from && is_digit(text.at[at - 1])))
            continue;
        size_t hour = 1 + (is_digit(byte_at(reading, at + 1)) ? 1 : 0), colon = at + hour;
        if (colon + 3 > to || text.at[colon] != ':' || !is_digit(text.at[colon + 1]) ||
            !is_digit(text.at[colon + 2]))
            continue;
        size_t end = colon + 3;
        if (end + 3 <= to && text.at[end] == ':' && is_digit(text.at[end + 1]))
            end += 3;
        return found_at(reading, at, end, 0.9, found_r);
    }
    return false;
}

static bool read_money(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                       Found *found_r)
{
    (void)node;
    return number_find(reading, from, to, true, false, found_r);
}

static bool read_number(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                        Found *found_r)
{
    (void)node;
    return number_find(reading, from, to, false, false, found_r);
}

static bool read_percent(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                         Found *found_r)
{
    (void)node;
    return number_find(reading, from, to, false, true, found_r);
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

static bool read_currency(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                          Found *found_r)
{
    (void)node;
    return currency_find(reading, from, to, found_r);
}

static bool read_iban(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                      Found *found_r)
{
    (void)node;
    return entity_find(reading, ENTITY_IBAN, from, to, found_r);
}

/* Eight or eleven capitals and digits, the first six of them letters. */
static bool read_bic(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                     Found *found_r)
{
    (void)node;
    if (entity_find(reading, ENTITY_BIC, from, to, found_r))
        return true;
    for (size_t at = skip_filler(reading, from, to); at < to; at++) {
        size_t end = at, letters = 0;
        while (end < to && ((unsigned char)(reading->text.at[end] - 'A') < 26 ||
                            is_digit(reading->text.at[end])))
            letters += !is_digit(reading->text.at[end++]) && end - at <= 6;
        if ((end - at == 8 || end - at == 11) && letters == 6)
            return found_at(reading, at, end, 0.85, found_r);
        at = end;
    }
    return false;
}

/* A verified one, else what looks like one: two capitals and eight letters or digits at least. */
static bool read_vat(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                     Found *found_r)
{
    (void)node;
    if (entity_find(reading, ENTITY_VAT, from, to, found_r))
        return true;
    size_t at = skip_filler(reading, from, to), end = at, digits = 0;
    Buf plain = buf_new(reading->arena, 40);
    for (; end < to && end - at < 24; end++) {
        char c = reading->text.at[end];
        if (is_digit(c) || (unsigned char)(c - 'A') < 26)
            buf_add_char(&plain, c);
        else if (!HAS_CHAR(c, " .-") || end + 1 >= to || !is_digit(reading->text.at[end + 1]))
            break;
        digits += is_digit(c);
    }
    if (digits < 7 || plain.length < 9 || is_digit(plain.at[0]) || is_digit(plain.at[1]))
        return false;
    *found_r = (Found){ at, end, buf_str(&plain), 0.7 };
    return true;
}

static bool read_email(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                       Found *found_r)
{
    (void)node;
    return entity_find(reading, ENTITY_EMAIL, from, to, found_r);
}

/* As it is written: digits, at least six, and what stands between them. */
static bool read_phone(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                       Found *found_r)
{
    (void)node;
    size_t at = from, digits = 0, last;
    while (at < to && !is_digit(reading->text.at[at]) && !HAS_CHAR(reading->text.at[at], "+(")) {
        if (reading->text.at[at] == '\n')
            return false;
        at++;
    }
    last = at;
    for (size_t end = at; end < to && end - at < 32; end++) {
        char c = reading->text.at[end];
        if (is_digit(c)) {
            digits++;
            last = end + 1;
        } else if (!HAS_CHAR(c, " -./()+") || end - last > 2) {
            break;
        }
    }
    return digits >= 6 && digits <= 15 && found_at(reading, at, last, 0.9, found_r);
}

static bool read_url(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                     Found *found_r)
{
    (void)node;
    if (entity_find(reading, ENTITY_URL, from, to, found_r)) {
        found_r->text = str_slice(reading->text, found_r->start, found_r->end);
        return true;
    }
    size_t at = skip_filler(reading, from, to), end = at;
    while (end < to && (unsigned char)reading->text.at[end] > ' ')
        end++;
    return str_find_char(str_slice(reading->text, at, end), '.') > 0 &&
           str_find_char(str_slice(reading->text, at, end), '@') < 0 &&
           found_at(reading, at, end, 0.7, found_r);
}

/* A name ends where its address begins: "Acme GmbH, Hauptstr. 5, 10115 Berlin". */
static bool read_name(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                      Found *found_r)
{
    if (!read_text(reading, node, from, to, found_r))
        return false;
    Str text = found_r->text;
    for (size_t i = 1; i < text.length; i++) {
        Str rest = str_from(text, i);
        bool is_tail = HAS_CHAR(text.at[i], ",(;|\n");
        /* "Acme, Inc." is one name. */
        if (is_tail && (str_starts(rest, S(", Inc")) || str_starts(rest, S(", Ltd")) ||
                        str_starts(rest, S(", LLC"))))
            continue;
        if (is_tail || str_starts(rest, S(" - ")) || str_starts(rest, S(" \xE2\x80\x93 ")) ||
            str_starts(rest, S(" \xC2\xB7 "))) {
            found_r->end = found_r->start + i;
            break;
        }
    }
    while (found_r->end > found_r->start && reading->text.at[found_r->end - 1] == ' ')
        found_r->end--;
    found_r->text = str_slice(reading->text, found_r->start, found_r->end);
    size_t letters = 0;
    for (size_t i = 0; i < found_r->text.length; i++)
        letters += is_letter(found_r->text.at[i]);
    return letters >= 2 && found_r->text.length <= 100;
}

/* --- Lengths of time --- */

static const char *const length_units =
    "day|days|week|weeks|month|months|year|years|tag|tage|tagen|woche|wochen|monat|monate|monaten|"
    "monats|jahr|jahre|jahren|jour|jours|semaine|semaines|mois|an|ans|année|années";
static const char *const length_numbers =
    "one|two|three|four|five|six|seven|eight|nine|ten|twelve|eighteen|twenty|thirty|sixty|ninety|"
    "ein|eine|einen|einem|einer|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|dreissig|un|"
    "une|"
    "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|fourteen|vierzehn|calendar|full|business";

static bool is_word_of(const char *list, Str word)
{
    Str rest = str(list), one;
    while (str_next(&rest, '|', &one))
        if (str_equal(one, word))
            return true;
    return false;
}

static bool is_count(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (!is_digit(word.at[i]))
            return is_word_of(length_numbers, word);
    return word.length > 0 && word.length <= 3;
}

/* "three (3) months", "12 Monate": a unit and the numbers right before it. */
static bool read_length(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                        Found *found_r)
{
    (void)node;
    size_t i = word_from(reading, from);
    for (size_t first = i; i < reading->words.count && reading->words.at[i].end <= to; i++) {
        size_t back = i;
        if (!is_word_of(length_units, reading->words.at[i].folded))
            continue;
        while (back > first && i - back < 4 && is_count(reading->words.at[back - 1].folded))
            back--;
        if (back < i)
            return found_at(reading, reading->words.at[back].start, reading->words.at[i].end, 0.9,
                            found_r);
    }
    return false;
}

/* --- Laws --- */

/* Up to where the sentence goes on about something else. */
static bool read_law(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                     Found *found_r)
{
    static const char *const ends[] = { ".",           ",",          ";",
                                        "(",           " without ",  " and the courts",
                                        " excluding ", " unter ",    " und ",
                                        " sans ",      " and is ",   " as ",
                                        " à ",         " anwendbar", "\n" };
    static const char *const leads[] = { "the laws of ", "the law of ", "laws of ",
                                         "law of ",      "the ",        "das Recht der ",
                                         "le droit ",    "du ",         "de la " };
    size_t at = skip_filler(reading, from, to);
    bool goes_on = true;
    while (goes_on) {
        goes_on = false;
        for (size_t i = 0; i < COUNT(leads); i++)
            if (str_starts(str_slice(reading->text, at, to), str(leads[i]))) {
                at += strlen(leads[i]);
                goes_on = true;
            }
    }
    Str rest = str_slice(reading->text, at, MIN(to, at + 80));
    size_t end = rest.length;
    for (size_t i = 0; i < COUNT(ends); i++) {
        ptrdiff_t cut = str_find(rest, str(ends[i]));
        end = cut >= 0 ? MIN(end, (size_t)cut) : end;
    }
    (void)node;
    /* "Governing law. This Agreement is governed by ...": the law is named later. */
    bool is_sentence = str_starts(rest, S("This ")) || str_starts(rest, S("The ")) ||
                       str_starts(rest, S("Dieser ")) || str_starts(rest, S("Der ")) ||
                       str_find(str_slice(rest, 0, end), S(" is ")) >= 0;
    return end >= 4 && !is_sentence && found_at(reading, at, at + end, 0.8, found_r);
}

/* --- Flags and choices --- */

static bool read_flag(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                      Found *found_r)
{
    static const char *const yes = "yes|true|ja|oui|vrai|wahr|x|y";
    static const char *const no = "no|false|nein|non|faux|falsch|n";
    (void)node;
    for (size_t i = word_from(reading, from); i < reading->words.count; i++) {
        const Word *word = &reading->words.at[i];
        if (word->end > to)
            break;
        bool is_yes = is_word_of(yes, word->folded);
        if (is_yes || is_word_of(no, word->folded)) {
            *found_r = (Found){ word->start, word->end, is_yes ? S("true") : S("false"), 0.9 };
            return true;
        }
    }
    return false;
}

/* Words that documents say for a choice. */
static const struct {
    const char *choice, *words;
} choice_words[] = {
    { "cash", "cash|bar|barzahlung|espèces|bargeld" },
    { "card",
      "card|visa|mastercard|ec|girocard|maestro|karte|kreditkarte|carte|amex|debit|credit" },
    { "transfer", "transfer|überweisung|bank transfer|virement" },
    { "voucher", "voucher|gutschein" },
};

static bool is_said(const Reading *reading, Str choice, size_t from, size_t to, Found *found_r)
{
    Str folded = fields_fold_name(reading->arena, choice), first = folded, rest = folded;
    const char *others = "";
    str_next(&rest, ' ', &first);
    for (size_t i = 0; i < COUNT(choice_words); i++)
        if (str_is(folded, choice_words[i].choice))
            others = choice_words[i].words;
    for (size_t i = word_from(reading, from); i < reading->words.count; i++) {
        const Word *word = &reading->words.at[i];
        if (word->end > to)
            break;
        size_t end = word->end;
        bool fits = str_equal(word->folded, folded) || is_word_of(others, word->folded);
        if (!fits && rest.length && str_equal(word->folded, first)) {
            size_t close = MIN(to, word->start + choice.length + 4);
            Str said =
                fields_fold_name(reading->arena, str_slice(reading->text, word->start, close));
            fits = str_starts(said, folded);
            end = MIN(close, word->start + choice.length);
        }
        if (fits) {
            *found_r = (Found){ word->start, end, choice, 0.9 };
            return true;
        }
    }
    return false;
}

static bool read_choice(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                        Found *found_r)
{
    const json_t *one;
    size_t i, best = SIZE_MAX;
    json_array_foreach(json_object_get(node->schema, "enum"), i, one)
    {
        Found found;
        Str choice = { json_string_value(one), json_string_length(one) };
        if (json_is_string(one) && is_said(reading, choice, from, to, &found) &&
            found.start < best) {
            best = found.start;
            *found_r = found;
        }
    }
    return best != SIZE_MAX;
}

static bool read_address(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                         Found *found_r)
{
    return read_text(reading, node, from, to, found_r);
}

static ValueReader *const readers[KIND_COUNT] = {
#define KIND(name, reader) read_##reader,
#include "fields/value_kinds.def"
#undef KIND
};

bool value_find(const Reading *reading, const FieldNode *node, ValueKind kind, size_t from,
                size_t to, Found *found_r)
{
    return from < to && readers[kind](reading, node, from, to, found_r);
}

/* --- As JSON --- */

static json_t *make_number(const FieldNode *node, Str text)
{
    double number;
    if (!str_to_double(text, &number) || !isfinite(number))
        return NULL;
    bool is_integral = floor(number) == number && fabs(number) < 9e15;
    if (node->is_whole && !is_integral)
        return NULL;
    return is_integral ? json_integer((json_int_t)number) : json_real(number);
}

/* Lines of a value, and parts between bars and dots of an address, are one text with commas. */
static Str one_line(Arena *arena, Str text, bool is_address)
{
    Buf out = buf_new(arena, text.length * 2 + 1), lines = buf_new(arena, text.length + 1);
    Str line;
    for (size_t i = 0; i < text.length; i++) {
        bool is_dot = is_address && str_starts(str_from(text, i), S("\xC2\xB7"));
        buf_add_char(&lines, is_dot || (is_address && text.at[i] == '|') ? '\n' : text.at[i]);
        i += is_dot;
    }
    text = buf_str(&lines);
    if (str_find_char(text, '\n') < 0)
        return text;
    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        while (line.length && line.at[line.length - 1] == ',')
            line.length--;
        if (out.length && line.length)
            buf_add(&out, S(", "));
        buf_add(&out, line);
    }
    return buf_str(&out);
}

json_t *value_make(const Reading *reading, const FieldNode *node, const Found *found)
{
    json_t *value;
    if (node->is_number)
        value = make_number(node, found->text);
    else if (node->is_flag)
        value = json_boolean(str_is(found->text, "true"));
    else {
        Str text = one_line(reading->arena, found->text, node->kind == KIND_ADDRESS);
        value = json_stringn(text.at, text.length);
    }
    if (value && !node_holds(node, value)) {
        json_decref(value);
        value = NULL;
    }
    return value;
}
