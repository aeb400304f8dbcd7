/* facts.c - see facts.h. */
#include "study/facts.h"

#include <ctype.h>

#include "base/utf8.h"
#include "classify/entities.h"

#define SENTENCE_BYTES_MIN 30
#define SENTENCE_BYTES_MAX 320
#define WORDS_MIN 5
#define WORDS_MAX 50
#define FACTS_MAX 4000
#define TERM_WORDS_MAX 6
#define DEFINITION_BYTES_MIN 12
#define NAME_BYTES_READ KB(256)
/* Of entities.h; other names are only left out of their sentence, never asked for by who or where.
 */
#define SURE_NAME 0.8

const KeyKindRow key_kinds[KEY_KIND_COUNT] = {
#define KEY_KIND(name, word, question, weight) { word, question, weight },
#include "study/key_kinds.def"
#undef KEY_KIND
};

typedef struct Defining {
    Language language;
    Str cue;
    bool is_of_many, has_article;
} Defining;
#define NONE(...)
#define DEFINES(language, words, many, article)                                                    \
    { LANGUAGE_##language, S_INIT(words), many, article },
#define BECAUSE NONE
#define EXAMPLE NONE
#define LEANS NONE
#define NO_TERM NONE
#define LABEL NONE
#define POINTS NONE
#define THING NONE
static const Defining defining[] = {
#include "study/fact_cues.def"
};
#undef DEFINES
#define DEFINES NONE
#undef BECAUSE
#define BECAUSE(words) S_INIT(words),
static const Str reasons[] = {
#include "study/fact_cues.def"
};
#undef BECAUSE
#define BECAUSE NONE
#undef EXAMPLE
#define EXAMPLE(words) S_INIT(words),
static const Str examples[] = {
#include "study/fact_cues.def"
};
#undef EXAMPLE
#define EXAMPLE NONE
#undef LEANS
#define LEANS(words) S_INIT(words),
static const Str leaning[] = {
#include "study/fact_cues.def"
};
#undef LEANS
#define LEANS NONE
#undef NO_TERM
#define NO_TERM(words) S_INIT(words),
static const Str no_terms[] = {
#include "study/fact_cues.def"
};
#undef NO_TERM
#define NO_TERM NONE
#undef POINTS
#define POINTS(words) S_INIT(words),
static const Str pointing[] = {
#include "study/fact_cues.def"
};
#undef POINTS
#define POINTS NONE
#undef THING
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

/* --- Sentences that stand on their own --- */

static bool begins_with(Str text, const Str *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_ignore_case(str_slice(text, 0, list[i].length), list[i]))
            return true;
    return false;
}

static bool has_any(Str text, const Str *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_find_ignore_case(text, list[i]) >= 0)
            return true;
    return false;
}

static size_t word_count(Str text)
{
    size_t count = 0;
    Str word;
    while (str_next(&text, ' ', &word))
        count += word.length > 0;
    return count;
}

static bool is_balanced(Str text)
{
    int depth = 0, quotes = 0;
    for (size_t i = 0; i < text.length; i++) {
        depth += HAS_CHAR(text.at[i], "([{") ? 1 : HAS_CHAR(text.at[i], ")]}") ? -1 : 0;
        quotes += text.at[i] == '"';
        if (depth < 0)
            return false;
    }
    return !depth && quotes % 2 == 0;
}

/* Prose is made of letters: not of figures, code or dotted lines. */
static bool is_of_letters(Str text)
{
    size_t letters = 0, other = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        letters += isalpha(c) || c >= 0x80;
        other += HAS_CHAR(text.at[i], "=<>{}[]|\\^~_*#@$/+");
    }
    return letters * 100 >= text.length * 65 && other * 100 <= text.length * 4;
}

/* A letter of a script with two cases is a capital; of others any will do. */
static bool begins_sentence(Str plain)
{
    unsigned char first = (unsigned char)plain.at[0];
    size_t size;
    uint32_t letter = utf8_decode(plain, 0, &size);
    if (letter < 0x80)
        return isupper(first) || isdigit(first);
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    bool has_cases = letter < 0x590 && letter >= 0xC0;
    Str one = str_slice(plain, 0, size);
    /* Where dates are written 2020. 3. 11. a full stop behind a number ends nothing. */
    bool is_cut = plain.length > 1 && isdigit((unsigned char)plain.at[plain.length - 2]);
    return has_cases ? !str_equal(utf8_fold(arena, one), one) : letter > 0x590 && !is_cut;
}

/* Titles, lists of names and references: mostly capitals, or with initials. */
static bool is_of_names(Str plain, Language language)
{
    size_t words = 0, capitals = 0, initials = 0;
    Str rest = plain, word;
    while (str_next(&rest, ' ', &word)) {
        if (!word.length)
            continue;
        bool is_capital = isupper((unsigned char)word.at[0]);
        words++;
        capitals += is_capital;
        initials += is_capital && word.length >= 2 && word.at[1] == '.';
    }
    return initials >= 3 ||
           (capitals > 3 && capitals * 100 > words * (language == LANGUAGE_GERMAN ? 70 : 45));
}

bool fact_is_sentence(Str plain, Language language)
{
    if (plain.length < SENTENCE_BYTES_MIN || plain.length > SENTENCE_BYTES_MAX)
        return false;
    char last = plain.at[plain.length - 1];
    size_t words = word_count(plain);
    return words >= WORDS_MIN && words <= WORDS_MAX && begins_sentence(plain) &&
           !is_of_names(plain, language) && (last == '.' || last == '!') &&
           !str_ends(plain, S("...")) && is_balanced(plain) && is_of_letters(plain) &&
           !begins_with(plain, leaning, COUNT(leaning)) && str_find(plain, S("http")) < 0;
}

/* --- Definitions --- */

static Str without_article(Str term)
{
    static const Str articles[] = { S_INIT("the "), S_INIT("a "),   S_INIT("an "),  S_INIT("der "),
                                    S_INIT("die "), S_INIT("das "), S_INIT("ein "), S_INIT("eine "),
                                    S_INIT("le "),  S_INIT("la "),  S_INIT("un "),  S_INIT("une "),
                                    S_INIT("el "),  S_INIT("una ") };
    for (size_t i = 0; i < COUNT(articles); i++)
        if (str_equal_ignore_case(str_slice(term, 0, articles[i].length), articles[i]))
            return str_from(term, articles[i].length);
    return term;
}

static bool is_term(Str term)
{
    if (term.length < 2 || word_count(term) > TERM_WORDS_MAX || str_find_char(term, ',') >= 0 ||
        str_find_char(term, ':') >= 0 || str_find_char(term, '(') >= 0)
        return false;
    /* "Because it is", "Remember there was". */
    Str last = str_from(term, (size_t)(str_find_last_char(term, ' ') + 1));
    for (size_t i = 0; i < COUNT(leaning); i++)
        if (str_equal_ignore_case(last, str_trim(leaning[i])))
            return false;
    for (size_t i = 0; i < term.length; i++)
        if (isdigit((unsigned char)term.at[i]))
            return false;
    for (size_t i = 0; i < COUNT(no_terms); i++)
        if (str_equal_ignore_case(str_slice(term, 0, no_terms[i].length), no_terms[i]) &&
            (term.length == no_terms[i].length || term.at[no_terms[i].length] == ' '))
            return false;
    return true;
}

/* "Forests are areas that ...": what is only said of them is no definition: "are needed", "are
 * old". */
static bool says_what_it_is(Str definition)
{
    ptrdiff_t gap = str_find_char(definition, ' ');
    Str first = str_slice(definition, 0, (size_t)MAX(gap, 0));
    bool has_kind = str_find(definition, S(" that ")) > 0 ||
                    str_find(definition, S(" which ")) > 0 ||
                    str_find(definition, S(" who ")) > 0 || str_find(definition, S(", die ")) > 0 ||
                    str_find(definition, S(" used to ")) > 0;
    return has_kind && !str_ends(first, S("ed")) && !str_ends(first, S("ing")) &&
           !str_ends(first, S("ly")) && !str_is(first, "not");
}

/* "The forest is a large area." -> forest, a large area. */
static void find_definition(Fact *fact, Language language)
{
    for (size_t i = 0; i < COUNT(defining); i++) {
        const Defining *rule = &defining[i];
        ptrdiff_t at = rule->language == language ? str_find(fact->plain, rule->cue) : -1;
        if (at < 0)
            continue;
        Str term = without_article(str_trim(str_slice(fact->plain, 0, (size_t)at)));
        /* "is a" has the article of what follows, "is defined as" does not. */
        size_t verb = (size_t)str_find_char(str_from(rule->cue, 1), ' ') + 1;
        Str definition = str_trim(
            str_from(fact->plain, (size_t)at + (rule->has_article ? verb : rule->cue.length)));
        if (definition.length && HAS_CHAR(definition.at[definition.length - 1], ".!"))
            definition.length--;
        if (!is_term(term) || (rule->is_of_many && !says_what_it_is(definition)) ||
            definition.length < DEFINITION_BYTES_MIN || word_count(definition) < 3)
            continue;
        fact->term = term;
        fact->definition = definition;
        fact->is_of_many = rule->is_of_many;
        return;
    }
}

/* A term that begins a sentence has a capital there; it is a name when it never stands without. */
static bool is_name(const Material *material, Str term)
{
    size_t read = 0;
    Str rest = str_from(term, 1);
    if (!isupper((unsigned char)term.at[0]))
        return false;
    char lower = (char)tolower((unsigned char)term.at[0]);
    for (size_t i = 0; i < material->piece_count && read < NAME_BYTES_READ; i++) {
        Str text = material->pieces[i].plain;
        read += text.length;
        for (ptrdiff_t at; (at = str_find(text, rest)) >= 0;
             text = str_from(text, (size_t)at + rest.length))
            if (at > 0 && text.at[at - 1] == lower)
                return false;
    }
    return true;
}

/* --- Keys --- */

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
        if (!isupper((unsigned char)text.at[word]) || without_article(before).at != before.at ||
            before.length < 3 || !is_term(str_trim(before)))
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

static void find_keys(Fact *fact, Arena *arena, Language language)
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

/* --- Words --- */

typedef struct Stems {
    Arena *arena;
    VEC(uint32_t) hashes;
} Stems;

static void note_stem(void *self, const Word *word)
{
    Stems *stems = self;
    if (!word->is_extra && !word->is_stop && word->text.length > 1)
        *vec_push(stems->arena, &stems->hashes) = (uint32_t)str_hash(word->text);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void read_stems(Fact *fact, Arena *arena, Words *words, Language language)
{
    Stems stems = { .arena = arena };
    words_split(words, language, fact->plain, note_stem, &stems);
    if (!stems.hashes.count)
        return;
    qsort(stems.hashes.at, stems.hashes.count, sizeof(uint32_t), by_number);
    for (size_t i = 0; i < stems.hashes.count; i++)
        if (!i || stems.hashes.at[i] != stems.hashes.at[i - 1])
            stems.hashes.at[fact->stem_count++] = stems.hashes.at[i];
    fact->stems = stems.hashes.at;
}

double facts_overlap(const Fact *a, const Fact *b)
{
    size_t common = 0, smaller = MIN(a->stem_count, b->stem_count);
    for (size_t i = 0, j = 0; i < a->stem_count && j < b->stem_count;) {
        common += a->stems[i] == b->stems[j];
        if (a->stems[i] == b->stems[j])
            i++, j++;
        else if (a->stems[i] < b->stems[j])
            i++;
        else
            j++;
    }
    return smaller ? (double)common / (double)smaller : 0;
}

Facts facts_find(Arena *arena, Words *words, const Material *material)
{
    Facts facts = { .at = arena_new_array(arena, Fact, MIN(material->piece_count, FACTS_MAX) + 1) };
    for (size_t i = 0; i < material->piece_count && facts.count < FACTS_MAX; i++) {
        const Piece *piece = &material->pieces[i];
        if ((piece->kind != PIECE_SENTENCE && piece->kind != PIECE_ITEM) ||
            !fact_is_sentence(piece->plain, material->language))
            continue;
        Fact *fact = &facts.at[facts.count++];
        *fact = (Fact){ .piece = piece, .plain = piece->plain };
        fact->gives_reason = has_any(fact->plain, reasons, COUNT(reasons));
        fact->gives_example = has_any(fact->plain, examples, COUNT(examples));
        if (!has_any(fact->plain, pointing, COUNT(pointing))) {
            find_definition(fact, material->language);
            fact->is_name = fact->term.length && is_name(material, fact->term);
            find_keys(fact, arena, material->language);
        }
        read_stems(fact, arena, words, material->language);
    }
    return facts;
}
