/* query_language.c - see query_language.h. */
#include "search/query_language.h"

#include "base/utf8.h"
#include "index/query.h"
#include "search/query_filters.h"

enum { NAME_MAX_BYTES = 100 };

typedef struct Reader {
    Arena *arena;
    Str text;
    QueryCare care;
    QueryReading reading;
    char *words; /* the text; conditions and signs of ours become spaces */
    int group_count;
} Reader;

/* One thing that stands in the text, before it is known whether it is part of a group. */
typedef struct Item {
    QueryPart part;
    size_t start, end; /* with quotes and sign */
    bool is_filter;
    DocumentCondition condition;
    bool any; /* one of several of this name is enough */
} Item;

const char *query_part_kind_name(QueryPartKind kind)
{
    static const char *const names[] = { "filter", "phrase", "exclude", "word" };
    return names[kind];
}

/* --- Characters --- */

static bool is_space(char c) { return HAS_CHAR(c, " \t\r\n"); }

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool has_words(Str words)
{
    for (size_t i = 0; i < words.length; i++)
        if (is_name(words.at[i]) && words.at[i] != '-' && words.at[i] != '_')
            return true;
    return false;
}

static size_t skip_spaces(Str text, size_t at)
{
    while (at < text.length && is_space(text.at[at]))
        at++;
    return at;
}

/* Bytes of a double quote of any shape at `at`, or 0. */
static size_t quote_size(Str text, size_t at)
{
    static const char *const quotes[] = { "\"",           "\xE2\x80\x9C", "\xE2\x80\x9D",
                                          "\xE2\x80\x9E", "\xC2\xAB",     "\xC2\xBB" };
    for (size_t i = 0; at < text.length && i < COUNT(quotes); i++)
        if (str_starts(str_from(text, at), str(quotes[i])))
            return strlen(quotes[i]);
    return 0;
}

/* Where the quote that closes what begins at `at` stands; the end of the text when there is none.
 * A backslash takes the meaning from the character behind it. */
static size_t closing_quote(Str text, size_t at)
{
    while (at < text.length && !quote_size(text, at))
        at += text.at[at] == '\\' && at + 1 < text.length ? 2 : 1;
    return MIN(at, text.length);
}

static Str unescape(Arena *arena, Str text)
{
    if (str_find_char(text, '\\') < 0)
        return text;
    Buf out = buf_new(arena, text.length);
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '\\' && i + 1 < text.length && (HAS_CHAR(text.at[i + 1], "\\\"")))
            i++;
        buf_add_char(&out, text.at[i]);
    }
    return buf_str(&out);
}

static bool has_word_at(Str text, size_t at, const char *word)
{
    size_t length = strlen(word);
    return str_starts(str_from(text, at), str(word)) && at + length < text.length &&
           is_space(text.at[at + length]) && (at == 0 || HAS_CHAR(text.at[at - 1], " \t\r\n("));
}

static void blank(Reader *r, size_t start, size_t end)
{
    memset(r->words + start, ' ', end - start);
}

/* The place is in UTF-16 units, as browsers count. */
static bool fail_here(const Reader *r, size_t start, size_t end, Error *err)
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
    for (; at < text.length && !is_space(text.at[at]); at++) {
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
    if (i >= text.length || !is_letter(text.at[i]))
        return false;
    while (i < text.length && is_name(text.at[i]))
        i++;
    s.name = str_slice(text, at, i);
    s.name_end = i;
    bool has_colon = i < text.length && text.at[i] == ':';
    i += has_colon;
    s.op = comparison_at(text, i);
    i += s.op.length;
    if ((!has_colon && !s.op.length) || i >= text.length || is_space(text.at[i]))
        return false;
    size_t quote = quote_size(text, i);
    s.value_start = i;
    s.is_quoted = quote > 0;
    if (quote) {
        size_t close = closing_quote(text, i + quote);
        s.is_open = close == text.length;
        s.value = unescape(arena, str_slice(text, i + quote, close));
        s.end = close + quote_size(text, close);
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
           (end == text.length || is_space(text.at[end]) || text.at[end] == '-');
}

/* Whether a name that is no operator was meant as one: "std::vector", "http://", "C:\", "ratio:3",
 * "effector:target" and names that are not spelled with a colon were not; "typ:pdf" and
 * "befor:2024" were. */
static bool looks_meant(const Reader *r, const Spelled *s)
{
    char after = r->text.at[s->value_start];
    bool has_colon = r->text.at[s->name_end] == ':', is_year = is_year_at(r->text, s->value_start);
    return has_colon && s->name.length > 1 && !HAS_CHAR(after, "/:\\-)") &&
           (is_year || after < '0' || after > '9') && !is_scheme(s->name) &&
           query_operator_nearest(s->name).length;
}

static const QueryOperator *fact_operator(void) { return query_operator_named(S("fact")); }

static bool fail_unknown(const Reader *r, size_t at, const Spelled *s, Error *err)
{
    Str nearest = query_operator_nearest(s->name), name = str_slice(s->name, 0, 60);
    (void)fail_field(err, "query",
                     "there is no operator '" STR_FMT ":'; is it '" STR_FMT
                     ":'? To look for the text itself, put it in quotes",
                     STR_ARG(name), STR_ARG(nearest));
    return fail_here(r, at, s->name_end + 1, err);
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
static void read_distance(const Reader *r, Item *item)
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
static bool read_operator(Reader *r, size_t at, Item *item, bool *is_one_r, Error *err)
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
        return !strict || fail_here(r, s.value_start, r->text.length, err);
    }
    bool is_words = filter.one->value == VALUE_WORDS;
    if (!check_comparison(&filter, &s, err))
        return !strict || fail_here(r, s.name_end, s.value_start, err);
    if (!is_words && !query_filter_read(r->arena, &filter, &item->condition, err))
        return !strict || fail_here(r, s.value_start, s.end, err);
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

static void read_word(Reader *r, size_t at, Item *item)
{
    Str text = r->text;
    size_t end = at;
    while (end < text.length && !is_space(text.at[end]) && (end == at || !quote_size(text, end)))
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

static bool read_phrase(Reader *r, size_t at, Item *item)
{
    size_t quote = quote_size(r->text, at), close = quote ? closing_quote(r->text, at + quote) : 0;
    if (!quote || close >= r->text.length)
        return false;
    Str inside = str_slice(r->text, at + quote, close);
    item->end = close + quote_size(r->text, close);
    item->part =
        (QueryPart){ .kind = PART_PHRASE, .op = S("="), .value = unescape(r->arena, inside) };
    read_distance(r, item);
    /* The index knows no escapes: a quote inside a phrase is a space between its words. */
    for (size_t i = at + quote; i + 1 < close; i++)
        if (r->text.at[i] == '\\') {
            blank(r, i, i + 2);
            i++;
        }
    return true;
}

/* A minus before a word, a phrase or an operator, but not before a digit; or NOT. */
static size_t sign_size(Str text, size_t at)
{
    if (has_word_at(text, at, "NOT"))
        return skip_spaces(text, at + 3) - at;
    bool minus = text.at[at] == '-' && at + 1 < text.length && !is_space(text.at[at + 1]) &&
                 !HAS_CHAR(text.at[at + 1], "-0123456789");
    return minus ? 1 : 0;
}

/* What stands at `at`, which is no space. */
static bool read_item(Reader *r, size_t at, Item *item_r, Error *err)
{
    Item item = { .start = at };
    size_t sign = sign_size(r->text, at);
    bool is_operator = false;
    at += sign;
    if (at >= r->text.length) {
        *item_r =
            (Item){ .start = item.start, .end = r->text.length, .part = { .kind = PART_WORD } };
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
        blank(r, item.start, at);
        if (!item.is_filter)
            r->words[at - 1] = '-';
    }
    *item_r = item;
    return true;
}

/* --- What was read is kept --- */

static bool add_part(Reader *r, const QueryPart *part, Error *err)
{
    if (part->kind != PART_FILTER && !has_words(part->value))
        return true; /* signs alone */
    if (r->reading.parts.count >= QUERY_PARTS_MAX)
        return r->care == QUERY_LENIENT || part->kind != PART_FILTER ||
               fail_field(err, "query", "the query has too many parts");
    *vec_push(r->arena, &r->reading.parts) = *part;
    return true;
}

static bool add_clause(Reader *r, DocumentCondition *conditions, size_t count, size_t part)
{
    *vec_push(r->arena, &r->reading.clauses) = (DocumentClause){ conditions, count };
    *vec_push(r->arena, &r->reading.sources) = part;
    return true;
}

static size_t condition_count(const Reader *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->reading.clauses.count; i++)
        count += r->reading.clauses.at[i].count;
    return count;
}

static bool check_room(const Reader *r, const Item *item, Error *err)
{
    if (condition_count(r) < DOCUMENT_CONDITIONS_MAX)
        return true;
    (void)fail_field(err, "query", "a query has at most %d conditions", DOCUMENT_CONDITIONS_MAX);
    return fail_here(r, item->start, item->end, err);
}

/* The clause of an earlier condition of the same name that this one may also fulfil. */
static DocumentClause *sibling(Reader *r, const Item *item)
{
    for (size_t i = 0; item->any && !item->part.is_negated && i < r->reading.clauses.count; i++) {
        const QueryPart *part = &r->reading.parts.at[r->reading.sources.at[i]];
        if (str_equal(part->key, item->part.key) && !part->is_negated && !part->group)
            return &r->reading.clauses.at[i];
    }
    return NULL;
}

static bool keep_filter(Reader *r, const Item *item, Error *err)
{
    if (!check_room(r, item, err))
        return false;
    DocumentClause *earlier = sibling(r, item);
    size_t before = earlier ? earlier->count : 0;
    DocumentCondition *list = arena_new_array(r->arena, DocumentCondition, before + 1);
    if (before)
        memcpy(list, earlier->at, before * sizeof *list);
    list[before] = item->condition;
    if (earlier)
        *earlier = (DocumentClause){ list, before + 1 };
    else
        add_clause(r, list, 1, r->reading.parts.count);
    blank(r, item->start, item->end);
    return add_part(r, &item->part, err);
}

static bool keep(Reader *r, const Item *item, Error *err)
{
    return item->is_filter ? keep_filter(r, item, err) : add_part(r, &item->part, err);
}

/* --- Groups: (a OR b) --- */

enum { GROUP_MAX = 16 };

typedef struct Group {
    Item items[GROUP_MAX];
    size_t count, filter_count;
    size_t start, end;
} Group;

/* x OR y OR z, as far as it goes. */
static bool read_chain(Reader *r, size_t at, Group *group, Error *err)
{
    for (;;) {
        Item *item = &group->items[group->count++];
        if (!read_item(r, at, item, err))
            return false;
        /* The parenthesis that closes the group is not part of its last word. */
        if (!item->is_filter && item->part.kind == PART_WORD && group->start < item->start) {
            while (item->end > item->start && r->text.at[item->end - 1] == ')')
                item->end--;
            item->part.end = item->end;
        }
        group->filter_count += item->is_filter;
        group->end = item->end;
        size_t next = skip_spaces(r->text, item->end);
        if (!has_word_at(r->text, next, "OR") || group->count == GROUP_MAX)
            return true;
        at = skip_spaces(r->text, next + 2);
        if (at >= r->text.length)
            return true;
    }
}

static bool keep_filter_group(Reader *r, const Group *group, Error *err)
{
    DocumentCondition *list = arena_new_array(r->arena, DocumentCondition, group->count);
    for (size_t i = 0; i < group->count; i++) {
        if (!check_room(r, &group->items[i], err))
            return false;
        list[i] = group->items[i].condition;
    }
    add_clause(r, list, group->count, r->reading.parts.count);
    blank(r, group->start, group->end);
    return condition_count(r) <= DOCUMENT_CONDITIONS_MAX ||
           check_room(r, &group->items[group->count - 1], err);
}

/* "a OR -b": the index has no list of all passages that lack a word. */
static bool excludes_words(const Group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->items[i].part.kind == PART_EXCLUDE)
            return true;
    return false;
}

static bool check_group(const Reader *r, const Group *group, Error *err)
{
    bool is_mixed = group->filter_count && group->filter_count < group->count;
    if (r->care != QUERY_STRICT || (!is_mixed && !excludes_words(group)))
        return true;
    (void)fail_field(err, "query", "%s",
                     is_mixed ? "OR stands between words or between conditions, not between a word "
                                "and a condition"
                              : "OR stands between words that may occur, not before or behind one "
                                "that must not; write -(a OR b) for neither of two");
    return fail_here(r, group->start, group->end, err);
}

/* Words of a group stay in the text: the index reads (a OR b) itself. */
static bool keep_group(Reader *r, Group *group, Error *err)
{
    bool is_filters = group->filter_count == group->count;
    if (!check_group(r, group, err))
        return false;
    if (is_filters && !keep_filter_group(r, group, err))
        return false;
    int number = ++r->group_count;
    for (size_t i = 0; i < group->count; i++) {
        group->items[i].part.group = number;
        if (group->items[i].is_filter && !is_filters)
            group->items[i].is_filter = false; /* lenient: it is words */
        if (!add_part(r, &group->items[i].part, err))
            return false;
    }
    return true;
}

/* What begins at `at`: one item, or a group. *end_r: behind it. */
static bool read_next(Reader *r, size_t at, size_t *end_r, Error *err)
{
    Group *group = arena_new_one(r->arena, Group);
    size_t first = at;
    group->start = at;
    bool has_parenthesis = r->text.at[at] == '(';
    if (has_parenthesis)
        first = skip_spaces(r->text, at + 1);
    if (first >= r->text.length) {
        *end_r = r->text.length;
        return true;
    }
    if (!read_chain(r, first, group, err))
        return false;
    size_t close = skip_spaces(r->text, group->end);
    bool is_closed = has_parenthesis && close < r->text.length && r->text.at[close] == ')';
    *end_r = MAX(group->end, at + 1);
    if (group->count == 1) /* a parenthesis without OR is a sign like any other */
        return keep(r, &group->items[0], err);
    if (is_closed)
        *end_r = group->end = close + 1;
    else
        group->start = group->items[0].start;
    return keep_group(r, group, err);
}

/* --- Exclusions: -(a OR b) is -a -b --- */

/* The parenthesis that closes what begins at `at`; 0: none does, or another opens before. */
static size_t closing_parenthesis(Str text, size_t at)
{
    while (at < text.length && !HAS_CHAR(text.at[at], "()")) {
        size_t quote = quote_size(text, at);
        at = quote ? closing_quote(text, at + quote) + quote : at + 1;
    }
    bool is_closed = at < text.length && text.at[at] == ')' &&
                     (at + 1 == text.length || is_space(text.at[at + 1]));
    return is_closed ? at : 0;
}

/* The sign before the parenthesis holds for this item. */
static void exclude(Reader *r, Item *item)
{
    QueryPart *part = &item->part;
    if (item->is_filter) {
        part->is_negated = item->condition.is_negated = !part->is_negated;
    } else if (part->is_negated) { /* -(-a): twice */
        r->words[item->start] = ' ';
        part->kind = PART_WORD;
        part->is_negated = false;
    } else if (r->words[item->start - 1] == ' ') { /* else it hangs on what stands before it */
        r->words[item->start - 1] = '-';
        part->kind = PART_EXCLUDE;
        part->is_negated = true;
    }
}

/* The items at `at`, up to the parenthesis at `close`. */
static bool read_excluded(Reader *r, size_t at, size_t close, Error *err)
{
    while ((at = skip_spaces(r->text, at)) < close) {
        Item item;
        size_t joiner = has_word_at(r->text, at, "OR")    ? 2
                        : has_word_at(r->text, at, "AND") ? 3
                                                          : 0;
        blank(r, at, at + joiner);
        at += joiner;
        if (joiner)
            continue;
        if (!read_item(r, at, &item, err))
            return false;
        at = item.end = item.part.end = MIN(item.end, close);
        exclude(r, &item);
        if (!keep(r, &item, err))
            return false;
    }
    return true;
}

/* Behind the exclusion that begins at `at`, or `at` when none does. */
static bool read_exclusion(Reader *r, size_t at, size_t *end_r, Error *err)
{
    size_t open = at + sign_size(r->text, at);
    bool opens = open > at && open < r->text.length && r->text.at[open] == '(';
    size_t close = opens ? closing_parenthesis(r->text, open + 1) : 0;
    *end_r = close ? close + 1 : at;
    if (!close)
        return true;
    blank(r, at, open + 1);
    blank(r, close, close + 1);
    return read_excluded(r, open + 1, close, err);
}

/* --- The whole --- */

bool query_language_read(Arena *arena, Str text, QueryCare care, QueryReading *reading_r,
                         Error *err)
{
    Reader r = { .arena = arena, .care = care };
    r.text = str_copy(
        arena, str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)QUERY_TEXT_MAX))));
    r.words = str_c(arena, r.text);
    for (size_t at = 0; (at = skip_spaces(r.text, at)) < r.text.length;) {
        size_t end;
        if (has_word_at(r.text, at, "AND")) {
            blank(&r, at, at + 3);
            at += 3;
            continue;
        }
        if (!read_exclusion(&r, at, &end, err) || (end == at && !read_next(&r, at, &end, err)))
            return false;
        at = end;
    }
    r.reading.text = r.text;
    r.reading.words = (Str){ r.words, r.text.length };
    r.reading.has_words = has_words(r.reading.words);
    *reading_r = r.reading;
    return true;
}

Str query_language_plain(Arena *arena, const QueryReading *reading)
{
    Buf out = buf_new(arena, reading->words.length);
    bool is_open = false;
    for (size_t i = 0; i < reading->words.length; i++) {
        char c = reading->words.at[i];
        if (is_space(c)) {
            is_open = out.length > 0;
            continue;
        }
        if (is_open)
            buf_add_char(&out, ' ');
        is_open = false;
        buf_add_char(&out, c);
    }
    return buf_str(&out);
}
