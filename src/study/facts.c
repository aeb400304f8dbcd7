/* facts.c - see facts.h. */
#include "study/facts_int.h"

#include <ctype.h>

#include "base/utf8.h"

#define SENTENCE_BYTES_MIN 30
#define SENTENCE_BYTES_MAX 320
#define WORDS_MIN 5
#define WORDS_MAX 50
#define FACTS_MAX 4000
#define TERM_WORDS_MAX 6
#define DEFINITION_BYTES_MIN 12
#define NAME_BYTES_READ KB(256)

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

Str fact_without_article(Str term)
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

bool fact_is_term(Str term)
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
        Str term = fact_without_article(str_trim(str_slice(fact->plain, 0, (size_t)at)));
        /* "is a" has the article of what follows, "is defined as" does not. */
        size_t verb = (size_t)str_find_char(str_from(rule->cue, 1), ' ') + 1;
        Str definition = str_trim(
            str_from(fact->plain, (size_t)at + (rule->has_article ? verb : rule->cue.length)));
        if (definition.length && HAS_CHAR(definition.at[definition.length - 1], ".!"))
            definition.length--;
        if (!fact_is_term(term) || (rule->is_of_many && !says_what_it_is(definition)) ||
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
            fact_find_keys(fact, arena, material->language);
        }
        read_stems(fact, arena, words, material->language);
    }
    return facts;
}
