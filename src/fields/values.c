/* values.c - a value of each kind read from a piece of the text, and made JSON of its leaf; those
 * that are told by words alone are in value_words.c. */
#include <math.h>

#include "base/utf8.h"
#include "fields/values_int.h"
#include "text/date.h"

#define TEXT_VALUE_MAX 300 /* bytes */

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

/* --- The readers of value_kinds.def --- */

size_t skip_filler(const Reading *reading, size_t from, size_t to)
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
