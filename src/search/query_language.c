/* query_language.c - see query_language.h. */
#include "search/query_language.h"

#include "base/utf8.h"
#include "index/query.h"
#include "search/query_items.h"
#include "search/query_scan.h"

const char *query_part_kind_name(QueryPartKind kind)
{
    static const char *const names[] = { "filter", "phrase", "exclude", "word" };
    return names[kind];
}

/* --- What was read is kept --- */

static bool add_part(QueryReader *r, const QueryPart *part, Error *err)
{
    if (part->kind != PART_FILTER && !query_has_words(part->value))
        return true; /* signs alone */
    if (r->reading.parts.count >= QUERY_PARTS_MAX)
        return r->care == QUERY_LENIENT || part->kind != PART_FILTER ||
               fail_field(err, "query", "the query has too many parts");
    *vec_push(r->arena, &r->reading.parts) = *part;
    return true;
}

static bool add_clause(QueryReader *r, DocumentCondition *conditions, size_t count, size_t part)
{
    *vec_push(r->arena, &r->reading.clauses) = (DocumentClause){ conditions, count };
    *vec_push(r->arena, &r->reading.sources) = part;
    return true;
}

static size_t condition_count(const QueryReader *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->reading.clauses.count; i++)
        count += r->reading.clauses.at[i].count;
    return count;
}

static bool check_room(const QueryReader *r, const QueryItem *item, Error *err)
{
    if (condition_count(r) < DOCUMENT_CONDITIONS_MAX)
        return true;
    (void)fail_field(err, "query", "a query has at most %d conditions", DOCUMENT_CONDITIONS_MAX);
    return query_fail_at(r, item->start, item->end, err);
}

/* The clause of an earlier condition of the same name that this one may also fulfil. */
static DocumentClause *sibling(QueryReader *r, const QueryItem *item)
{
    for (size_t i = 0; item->any && !item->part.is_negated && i < r->reading.clauses.count; i++) {
        const QueryPart *part = &r->reading.parts.at[r->reading.sources.at[i]];
        if (str_equal(part->key, item->part.key) && !part->is_negated && !part->group)
            return &r->reading.clauses.at[i];
    }
    return NULL;
}

static bool keep_filter(QueryReader *r, const QueryItem *item, Error *err)
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
    query_blank(r, item->start, item->end);
    return add_part(r, &item->part, err);
}

static bool keep(QueryReader *r, const QueryItem *item, Error *err)
{
    return item->is_filter ? keep_filter(r, item, err) : add_part(r, &item->part, err);
}

/* --- Groups: (a OR b) --- */

enum { GROUP_MAX = 16 };

typedef struct Group {
    QueryItem items[GROUP_MAX];
    size_t count, filter_count;
    size_t start, end;
} Group;

/* x OR y OR z, as far as it goes. */
static bool read_chain(QueryReader *r, size_t at, Group *group, Error *err)
{
    for (;;) {
        QueryItem *item = &group->items[group->count++];
        if (!query_item_read(r, at, item, err))
            return false;
        /* The parenthesis that closes the group is not part of its last word. */
        if (!item->is_filter && item->part.kind == PART_WORD && group->start < item->start) {
            while (item->end > item->start && r->text.at[item->end - 1] == ')')
                item->end--;
            item->part.end = item->end;
        }
        group->filter_count += item->is_filter;
        group->end = item->end;
        size_t next = query_skip_spaces(r->text, item->end);
        if (!query_has_word_at(r->text, next, "OR") || group->count == GROUP_MAX)
            return true;
        at = query_skip_spaces(r->text, next + 2);
        if (at >= r->text.length)
            return true;
    }
}

static bool keep_filter_group(QueryReader *r, const Group *group, Error *err)
{
    DocumentCondition *list = arena_new_array(r->arena, DocumentCondition, group->count);
    for (size_t i = 0; i < group->count; i++) {
        if (!check_room(r, &group->items[i], err))
            return false;
        list[i] = group->items[i].condition;
    }
    add_clause(r, list, group->count, r->reading.parts.count);
    query_blank(r, group->start, group->end);
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

static bool check_group(const QueryReader *r, const Group *group, Error *err)
{
    bool is_mixed = group->filter_count && group->filter_count < group->count;
    if (r->care != QUERY_STRICT || (!is_mixed && !excludes_words(group)))
        return true;
    (void)fail_field(err, "query", "%s",
                     is_mixed ? "OR stands between words or between conditions, not between a word "
                                "and a condition"
                              : "OR stands between words that may occur, not before or behind one "
                                "that must not; write -(a OR b) for neither of two");
    return query_fail_at(r, group->start, group->end, err);
}

/* Words of a group stay in the text: the index reads (a OR b) itself. */
static bool keep_group(QueryReader *r, Group *group, Error *err)
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
static bool read_next(QueryReader *r, size_t at, size_t *end_r, Error *err)
{
    Group *group = arena_new_one(r->arena, Group);
    size_t first = at;
    group->start = at;
    bool has_parenthesis = r->text.at[at] == '(';
    if (has_parenthesis)
        first = query_skip_spaces(r->text, at + 1);
    if (first >= r->text.length) {
        *end_r = r->text.length;
        return true;
    }
    if (!read_chain(r, first, group, err))
        return false;
    size_t close = query_skip_spaces(r->text, group->end);
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
        size_t quote = query_quote_size(text, at);
        at = quote ? query_closing_quote(text, at + quote) + quote : at + 1;
    }
    bool is_closed = at < text.length && text.at[at] == ')' &&
                     (at + 1 == text.length || query_is_space(text.at[at + 1]));
    return is_closed ? at : 0;
}

/* The sign before the parenthesis holds for this item. */
static void exclude(QueryReader *r, QueryItem *item)
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
static bool read_excluded(QueryReader *r, size_t at, size_t close, Error *err)
{
    while ((at = query_skip_spaces(r->text, at)) < close) {
        QueryItem item;
        size_t joiner = query_has_word_at(r->text, at, "OR")    ? 2
                        : query_has_word_at(r->text, at, "AND") ? 3
                                                                : 0;
        query_blank(r, at, at + joiner);
        at += joiner;
        if (joiner)
            continue;
        if (!query_item_read(r, at, &item, err))
            return false;
        at = item.end = item.part.end = MIN(item.end, close);
        exclude(r, &item);
        if (!keep(r, &item, err))
            return false;
    }
    return true;
}

/* Behind the exclusion that begins at `at`, or `at` when none does. */
static bool read_exclusion(QueryReader *r, size_t at, size_t *end_r, Error *err)
{
    size_t open = at + query_sign_size(r->text, at);
    bool opens = open > at && open < r->text.length && r->text.at[open] == '(';
    size_t close = opens ? closing_parenthesis(r->text, open + 1) : 0;
    *end_r = close ? close + 1 : at;
    if (!close)
        return true;
    query_blank(r, at, open + 1);
    query_blank(r, close, close + 1);
    return read_excluded(r, open + 1, close, err);
}

/* --- The whole --- */

bool query_language_read(Arena *arena, Str text, QueryCare care, QueryReading *reading_r,
                         Error *err)
{
    QueryReader r = { .arena = arena, .care = care };
    r.text = str_copy(
        arena, str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)QUERY_TEXT_MAX))));
    r.words = str_c(arena, r.text);
    for (size_t at = 0; (at = query_skip_spaces(r.text, at)) < r.text.length;) {
        size_t end;
        if (query_has_word_at(r.text, at, "AND")) {
            query_blank(&r, at, at + 3);
            at += 3;
            continue;
        }
        if (!read_exclusion(&r, at, &end, err) || (end == at && !read_next(&r, at, &end, err)))
            return false;
        at = end;
    }
    r.reading.text = r.text;
    r.reading.words = (Str){ r.words, r.text.length };
    r.reading.has_words = query_has_words(r.reading.words);
    *reading_r = r.reading;
    return true;
}

Str query_language_plain(Arena *arena, const QueryReading *reading)
{
    Buf out = buf_new(arena, reading->words.length);
    bool is_open = false;
    for (size_t i = 0; i < reading->words.length; i++) {
        char c = reading->words.at[i];
        if (query_is_space(c)) {
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
