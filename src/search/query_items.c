/* query_items.c - see query_items.h. */
#include "search/query_items.h"

#include "base/utf8.h"
#include "search/query_filters.h"
#include "search/query_scan.h"

enum { NAME_MAX_BYTES = 100 };

void query_blank(QueryReader *r, size_t start, size_t end)
{
    memset(r->words + start, ' ', end - start);
}

bool query_fail_at(const QueryReader *r, size_t start, size_t end, Error *err)
{
    return fail_at(err, utf8_utf16_units(r->text, start), utf8_utf16_units(r->text, end));
}

/* --- Operators --- */

typedef struct Spelled {
    Str name, op, value;
    size_t name_end, value_start, end; /* of the value: without quotes; end: behind all */
    bool is_quoted, is_open;           /* open: its quote is not closed */
} Spelled;

/* `>=` and the like at `at`; empty when there is none. */
static Str comparison_at(Str text, size_t at)
{
    static const Str all[] = { S_INIT(">="), S_INIT("<="), S_INIT("="), S_INIT(">"), S_INIT("<") };
    for (size_t i = 0; i < COUNT(all); i++)
        if (str_starts(str_from(text, at), all[i]))
            return all[i];
    return STR_NONE;
}

/* A bare value goes to the next space, or to a parenthesis that was opened before it. */
static size_t bare_end(Str text, size_t at)
{
    int depth = 0;
    for (; at < text.length && !query_is_space(text.at[at]); at++) {
        depth += (text.at[at] == '(') - (text.at[at] == ')');
        if (depth < 0)
            break;
    }
    return at;
}

/* "name:value", "name>=value", "name:>=value"; false when the text at `at` has no such form. */
static bool spelled_at(Arena *arena, Str text, size_t at, Spelled *s_r)
{
    Spelled s = { 0 };
    size_t i = at;
    if (i >= text.length || !query_is_letter(text.at[i]))
        return false;
    while (i < text.length && query_is_name(text.at[i]))
        i++;
    s.name = str_slice(text, at, i);
    s.name_end = i;
    bool has_colon = i < text.length && text.at[i] == ':';
    i += has_colon;
    s.op = comparison_at(text, i);
    i += s.op.length;
    if ((!has_colon && !s.op.length) || i >= text.length || query_is_space(text.at[i]))
        return false;
    size_t quote = query_quote_size(text, i);
    s.value_start = i;
    s.is_quoted = quote > 0;
    if (quote) {
        size_t close = query_closing_quote(text, i + quote);
        s.is_open = close == text.length;
        s.value = query_unescape(arena, str_slice(text, i + quote, close));
        s.end = close + query_quote_size(text, close);
    } else {
        s.end = bare_end(text, i);
        s.value = str_slice(text, i, s.end);
    }
    if (!str_trim(s.value).length || s.name.length > NAME_MAX_BYTES)
        return false;
    *s_r = s;
    return true;
}

/* Words before a colon that are no operators: beginnings of addresses, and of subjects of mail. */
static bool is_scheme(Str name)
{
    static const char *const schemes[] = { "http", "https", "ftp",  "ftps", "sftp", "ssh", "git",
                                           "urn",  "doi",   "isbn", "issn", "pmid", "tel", "mailto",
                                           "data", "re",    "fw",   "fwd",  "aw",   "wg",  "sv" };
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (str_equal_ignore_case(name, str(schemes[i])))
            return true;
    return false;
}

/* "2024" or "2024-05" */
static bool is_year_at(Str text, size_t at)
{
    size_t end = at;
    while (end < text.length && text.at[end] >= '0' && text.at[end] <= '9')
        end++;
    return end - at == 4 && HAS_CHAR(text.at[at], "12") &&
           (end == text.length || query_is_space(text.at[end]) || text.at[end] == '-');
}

/* Whether a name that is no operator was meant as one: "std::vector", "http://", "C:\", "ratio:3",
 * "effector:target" and names that are not spelled with a colon were not; "typ:pdf" and
 * "befor:2024" were. */
static bool looks_meant(const QueryReader *r, const Spelled *s)
{
    char after = r->text.at[s->value_start];
    bool has_colon = r->text.at[s->name_end] == ':', is_year = is_year_at(r->text, s->value_start);
    return has_colon && s->name.length > 1 && !HAS_CHAR(after, "/:\\-)") &&
           (is_year || after < '0' || after > '9') && !is_scheme(s->name) &&
           query_operator_nearest(s->name).length;
}

static const QueryOperator *fact_operator(void) { return query_operator_named(S("fact")); }

static bool fail_unknown(const QueryReader *r, size_t at, const Spelled *s, Error *err)
{
    Str nearest = query_operator_nearest(s->name), name = str_slice(s->name, 0, 60);
    (void)fail_field(err, "query",
                     "there is no operator '" STR_FMT ":'; is it '" STR_FMT
                     ":'? To look for the text itself, put it in quotes",
                     STR_ARG(name), STR_ARG(nearest));
    return query_fail_at(r, at, s->name_end + 1, err);
}

/* The operator or fact of this name, with what the comparison means. False: it is words. */
static bool operator_of(const Spelled *s, QueryFilter *filter_r)
{
    FactName fact;
    QueryFilter filter = { .one = query_operator_named(s->name), .op = s->op, .value = s->value };
    if (filter.one) {
        if (!filter.op.length)
            filter.op = str(filter.one->means);
    } else if (fact_named(s->name, &fact)) {
        filter.one = fact_operator();
        filter.key = str(fact.key);
        if (!filter.op.length)
            filter.op = S("=");
    }
    *filter_r = filter;
    return filter.one != NULL;
}

static bool check_comparison(const QueryFilter *filter, const Spelled *s, Error *err)
{
    bool is_other = s->op.length && !str_is(s->op, "=");
    if (filter->key.length || !is_other || query_operator_compares(filter->one))
        return true;
    return fail_field(err, "query", "'%s' takes no " STR_FMT ": write %s", filter->one->name,
                      STR_ARG(s->op), filter->one->example);
}

/* The "~5" behind a phrase. */
static void read_distance(const QueryReader *r, QueryItem *item)
{
    size_t behind = item->end, end = behind;
    if (behind == r->text.length || r->text.at[behind] != '~')
        return;
    do
        end++;
    while (end < r->text.length && r->text.at[end] >= '0' && r->text.at[end] <= '9');
    item->part.op = str_slice(r->text, behind, end);
    item->end = end;
}

/* An operator at `at` (behind its sign) into *item; *is_one_r false: there is none. */
static bool read_operator(QueryReader *r, size_t at, QueryItem *item, bool *is_one_r, Error *err)
{
    Spelled s;
    QueryFilter filter;
    bool strict = r->care == QUERY_STRICT;
    *is_one_r = false;
    if (!spelled_at(r->arena, r->text, at, &s))
        return true;
    if (!operator_of(&s, &filter))
        return !strict || !looks_meant(r, &s) || fail_unknown(r, at, &s, err);
    /* "type://" and "in::" are no operators either. */
    if (!s.is_quoted && HAS_CHAR(s.value.at[0], ":/"))
        return true;
    if (s.is_open) {
        (void)fail_field(err, "query", "the quote is not closed");
        return !strict || query_fail_at(r, s.value_start, r->text.length, err);
    }
    bool is_words = filter.one->value == VALUE_WORDS;
    if (!check_comparison(&filter, &s, err))
        return !strict || query_fail_at(r, s.name_end, s.value_start, err);
    if (!is_words && !query_filter_read(r->arena, &filter, &item->condition, err))
        return !strict || query_fail_at(r, s.value_start, s.end, err);
    item->is_filter = !is_words;
    item->any = filter.one->any;
    item->end = s.end;
    item->part =
        (QueryPart){ .kind = is_words ? s.is_quoted ? PART_PHRASE : PART_WORD : PART_FILTER,
                     .key = filter.key.length ? filter.key : str(filter.one->name),
                     .op = filter.op,
                     .value = s.value };
    if (item->part.kind == PART_PHRASE)
        read_distance(r, item);
    *is_one_r = true;
    return true;
}

/* --- Words and phrases --- */

static bool is_sign(char c) { return HAS_CHAR(c, ".,;:!?()[]{}'\"`"); }

/* "tele*", "word~", "word~2": the sign leaves the value. */
static void read_word_form(QueryPart *part)
{
    Str value = part->value;
    part->op = S("=");
    if (value.length > 1 && value.at[value.length - 1] == '*') {
        part->op = S("*");
        value.length--;
    } else if (value.length > 2 && HAS_CHAR(value.at[value.length - 1], "12") &&
               value.at[value.length - 2] == '~') {
        part->op = str_from(value, value.length - 2);
        value.length -= 2;
    } else if (value.length > 1 && value.at[value.length - 1] == '~') {
        part->op = S("~");
        value.length--;
    }
    part->value = value;
}

static void read_word(QueryReader *r, size_t at, QueryItem *item)
{
    Str text = r->text;
    size_t end = at;
    while (end < text.length && !query_is_space(text.at[end]) &&
           (end == at || !query_quote_size(text, end)))
        end++;
    item->end = end;
    size_t from = at, to = end;
    while (from < to && is_sign(text.at[from]))
        from++;
    while (to > from && is_sign(text.at[to - 1]))
        to--;
    item->part = (QueryPart){ .kind = PART_WORD, .value = str_slice(text, from, to) };
    read_word_form(&item->part);
}

static bool read_phrase(QueryReader *r, size_t at, QueryItem *item)
{
    size_t quote = query_quote_size(r->text, at),
           close = quote ? query_closing_quote(r->text, at + quote) : 0;
    if (!quote || close >= r->text.length)
        return false;
    Str inside = str_slice(r->text, at + quote, close);
    item->end = close + query_quote_size(r->text, close);
    item->part =
        (QueryPart){ .kind = PART_PHRASE, .op = S("="), .value = query_unescape(r->arena, inside) };
    read_distance(r, item);
    /* The index knows no escapes: a quote inside a phrase is a space between its words. */
    for (size_t i = at + quote; i + 1 < close; i++)
        if (r->text.at[i] == '\\') {
            query_blank(r, i, i + 2);
            i++;
        }
    return true;
}

/* --- Any of them --- */

size_t query_sign_size(Str text, size_t at)
{
    if (query_has_word_at(text, at, "NOT"))
        return query_skip_spaces(text, at + 3) - at;
    bool minus = text.at[at] == '-' && at + 1 < text.length && !query_is_space(text.at[at + 1]) &&
                 !HAS_CHAR(text.at[at + 1], "-0123456789");
    return minus ? 1 : 0;
}

bool query_item_read(QueryReader *r, size_t at, QueryItem *item_r, Error *err)
{
    QueryItem item = { .start = at };
    size_t sign = query_sign_size(r->text, at);
    bool is_operator = false;
    at += sign;
    if (at >= r->text.length) {
        *item_r = (QueryItem){ .start = item.start,
                               .end = r->text.length,
                               .part = { .kind = PART_WORD } };
        return true;
    }
    if (!read_operator(r, at, &item, &is_operator, err))
        return false;
    if (!is_operator && !read_phrase(r, at, &item))
        read_word(r, at, &item);
    item.part.start = item.start;
    item.part.end = item.end;
    item.part.is_negated = sign > 0;
    item.condition.is_negated = sign > 0;
    if (sign && !item.is_filter)
        item.part.kind = PART_EXCLUDE;
    if (sign > 1) { /* the index knows NOT as a minus */
        query_blank(r, item.start, at);
        if (!item.is_filter)
            r->words[at - 1] = '-';
    }
    *item_r = item;
    return true;
}
