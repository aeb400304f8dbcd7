/* fact_keys.c - what a fact can be asked for: its term, its names and dates, its numbers. */
#include "study/facts_int.h"

#include <ctype.h>

#include "classify/entities.h"

/* Of entities.h; other names are only left out of their sentence, never asked for by who or where.
 */
#define SURE_NAME 0.8

#define NONE(...)
#define DEFINES NONE
#define BECAUSE NONE
#define EXAMPLE NONE
#define LEANS NONE
#define NO_TERM NONE
#define LABEL NONE
#define POINTS NONE
#define THING(words) S_INIT(words),
static const Str things[] = {
#include "study/fact_cues.def"
};
#undef THING
#define THING NONE
#undef LABEL
#define LABEL(words) S_INIT(words),
static const Str labels[] = {
#include "study/fact_cues.def"
};

/* "the Nobel Prize" is written as organisations are. */
static bool is_thing(Str name)
{
    for (size_t i = 0; i < COUNT(things); i++)
        if (str_ends(name, things[i]))
            return true;
    return false;
}

static size_t times_in(Str text, Str part)
{
    size_t count = 0;
    for (ptrdiff_t at; part.length && (at = str_find_ignore_case(text, part)) >= 0; count++)
        text = str_from(text, (size_t)at + part.length);
    return count;
}

static bool overlaps(const Fact *fact, size_t start, size_t end)
{
    for (size_t i = 0; i < fact->key_count; i++)
        if (fact->keys[i].start < end && start < fact->keys[i].end)
            return true;
    return false;
}

static bool is_letter(char c) { return isalnum((unsigned char)c) || (unsigned char)c >= 0x80; }

/* Words as they are, not parts of them, and without signs at their ends. */
static bool is_whole(Str text, size_t start, size_t end)
{
    char after = end < text.length ? text.at[end] : ' ';
    if (after == '-' || str_starts(str_from(text, start), S("\xE2\x80"))) /* ‘20, 5%-os */
        return false;
    return (is_letter(text.at[start]) || text.at[start] == '$') &&
           (is_letter(text.at[end - 1]) || HAS_CHAR(text.at[end - 1], "%)$.")) &&
           (!start || !is_letter(text.at[start - 1])) && !is_letter(after);
}

static bool is_in_brackets(Str text, size_t at)
{
    int depth = 0;
    for (size_t i = 0; i < at; i++)
        depth += HAS_CHAR(text.at[i], "([") ? 1 : HAS_CHAR(text.at[i], ")]") ? -1 : 0;
    return depth > 0;
}

/* "Example 3-10", "Yahoo, Verizon and": a name that is a part of more. */
static bool is_part_of_more(Str text, size_t start, size_t end)
{
    static const Str joins_before[] = { S_INIT(","), S_INIT(" and"), S_INIT(" or"),
                                        S_INIT(" und") };
    static const Str joins_after[] = { S_INIT(","), S_INIT(" and "), S_INIT(" or "),
                                       S_INIT(" und ") };
    Str after = str_from(text, end), before = str_trim(str_slice(text, 0, start));
    unsigned char next =
        after.length > 1 && after.at[0] == ' ' ? (unsigned char)after.at[1] : (unsigned char)' ';
    if (isdigit(next) || isupper(next))
        return true;
    for (size_t i = 0; i < COUNT(joins_before); i++)
        if (str_ends(before, joins_before[i]) || str_starts(after, joins_after[i]))
            return true;
    return false;
}

/* A key stands once in the sentence, else the rest of it gives it away. */
static void add_key(Fact *fact, KeyKind kind, size_t start, size_t end)
{
    Str text = str_slice(fact->plain, start, end);
    if (fact->key_count == FACT_KEYS_MAX || text.length > 60 || !text.length ||
        overlaps(fact, start, end) || times_in(fact->plain, text) != 1 ||
        !is_whole(fact->plain, start, end) || is_in_brackets(fact->plain, start))
        return;
    fact->keys[fact->key_count++] = (FactKey){ kind, start, end, text };
}

/* "after the first" is no date to ask for. */
static bool has_digit(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (isdigit((unsigned char)text.at[i]))
            return true;
    return false;
}

static bool is_year(Str text)
{
    int64_t year;
    return text.length == 4 && str_to_int(text, 1000, 2199, &year);
}

/* "Jan Ingenhousz" when only the second was found. */
static size_t start_of_name(Str text, size_t start)
{
    while (start > 1 && text.at[start - 1] == ' ') {
        size_t word = start - 1;
        while (word > 0 && text.at[word - 1] != ' ')
            word--;
        Str before = str_slice(text, word, start);
        if (!isupper((unsigned char)text.at[word]) ||
            fact_without_article(before).at != before.at || before.length < 3 ||
            !fact_is_term(str_trim(before)))
            break;
        start = word;
    }
    return start;
}

static void add_entities(Fact *fact, Arena *arena, bool is_german)
{
    EntityList list = entities_find(arena, fact->plain, 0, NULL);
    static const struct {
        EntityKind entity;
        KeyKind key;
    } kinds[] = { { ENTITY_PERSON, KEY_PERSON }, { ENTITY_ORGANISATION, KEY_ORGANISATION },
                  { ENTITY_PLACE, KEY_PLACE },   { ENTITY_DATE, KEY_DATE },
                  { ENTITY_MONEY, KEY_MONEY },   { ENTITY_PERCENT, KEY_PERCENT } };
    for (size_t i = 0; i < list.entities.count; i++)
        for (size_t k = 0; k < COUNT(kinds); k++) {
            const Entity *entity = &list.entities.at[i];
            if (entity->kind != kinds[k].entity)
                continue;
            KeyKind kind = kinds[k].key;
            if (kind == KEY_DATE && is_year(entity->text))
                kind = KEY_YEAR;
            if (kind == KEY_DATE && !has_digit(entity->text))
                continue;
            size_t start = entity->start;
            if (kind == KEY_PERSON || kind == KEY_ORGANISATION || kind == KEY_PLACE) {
                /* German writes every noun so. */
                if (!is_german)
                    start = start_of_name(fact->plain, start);
                if (is_part_of_more(fact->plain, start, entity->end) ||
                    !isupper((unsigned char)fact->plain.at[start]))
                    continue;
                if (is_thing(entity->text) || entity->confidence < SURE_NAME)
                    kind = KEY_WORD;
            }
            add_key(fact, kind, start, entity->end);
        }
}

static bool is_label(Str text, size_t number)
{
    Str before = str_trim(str_slice(text, 0, number));
    ptrdiff_t gap = str_find_last_char(before, ' ');
    Str word = str_from(before, (size_t)(gap + 1));
    for (size_t i = 0; i < COUNT(labels); i++)
        if (str_equal_ignore_case(word, labels[i]))
            return true;
    return false;
}

/* "the member 50 covering", "FIG. 2 is": the number is a name, and counts nothing. */
static bool is_behind_a_name(Str word)
{
    static const Str words[] = { S_INIT("is"),  S_INIT("are"),  S_INIT("was"),   S_INIT("were"),
                                 S_INIT("has"), S_INIT("have"), S_INIT("can"),   S_INIT("may"),
                                 S_INIT("for"), S_INIT("with"), S_INIT("on"),    S_INIT("at"),
                                 S_INIT("by"),  S_INIT("from"), S_INIT("which"), S_INIT("that"),
                                 S_INIT("out"), S_INIT("as") };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_equal(word, words[i]))
            return true;
    return str_ends(word, S("ed")) || str_ends(word, S("ing"));
}

/* "212 people": a number that a noun follows. */
static void add_numbers(Fact *fact, bool is_german)
{
    Str text = fact->plain;
    for (size_t at = 0; at < text.length; at++) {
        if (!isdigit((unsigned char)text.at[at]) || (at && text.at[at - 1] != ' '))
            continue;
        size_t end = at;
        while (end < text.length && (isdigit((unsigned char)text.at[end]) ||
                                     (HAS_CHAR(text.at[end], ".,") && end + 1 < text.length &&
                                      isdigit((unsigned char)text.at[end + 1]))))
            end++;
        /* German counts nouns, which have a capital; "wurde 1874 gebaut" is a year. */
        bool has_word = end + 2 < text.length && text.at[end] == ' ';
        unsigned char after = has_word ? (unsigned char)text.at[end + 1] : 0;
        bool is_small = islower(after) || after >= 0x80;
        bool is_counted = is_german ? isupper(after) : is_small;
        Str number = str_slice(text, at, end);
        Str next = str_from(text, MIN(end + 1, text.length));
        bool is_joined = str_starts(next, S("and ")) || str_starts(next, S("or ")) ||
                         str_starts(next, S("to ")) || str_starts(next, S("of ")) ||
                         str_starts(next, S("in ")) || str_starts(next, S("und "));
        if (is_german && is_small && !is_joined && is_year(number))
            add_key(fact, KEY_YEAR, at, end);
        ptrdiff_t space = str_find_char(next, ' ');
        Str counted = space < 0 ? next : str_slice(next, 0, (size_t)space);
        is_counted = is_counted && !is_behind_a_name(counted);
        if (is_counted && !is_joined && !is_label(text, at) && !is_year(number))
            add_key(fact, KEY_NUMBER, at, end);
        at = end;
    }
}

static int by_weight(const void *a, const void *b)
{
    const FactKey *x = a, *y = b;
    double left = key_kinds[x->kind].weight, right = key_kinds[y->kind].weight;
    return left > right ? -1 : left < right ? 1 : (x->start > y->start) - (x->start < y->start);
}

void fact_find_keys(Fact *fact, Arena *arena, Language language)
{
    fact->keys = arena_new_array(arena, FactKey, FACT_KEYS_MAX);
    if (fact->term.length) {
        size_t start = (size_t)(fact->term.at - fact->plain.at);
        add_key(fact, KEY_TERM, start, start + fact->term.length);
    }
    add_entities(fact, arena, language == LANGUAGE_GERMAN);
    add_numbers(fact, language == LANGUAGE_GERMAN);
    if (fact->key_count)
        qsort(fact->keys, fact->key_count, sizeof(*fact->keys), by_weight);
}
