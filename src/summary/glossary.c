/* glossary.c - see glossary.h. */
#include "summary/glossary.h"

#include <ctype.h>

#include "answer/answer_json.h"
#include "base/map.h"
#include "base/utf8.h"

#define TERM_WORDS_MAX 5
#define TERM_BYTES_MAX 80
#define ABBREVIATION_MIN 2
#define ABBREVIATION_MAX 10
#define DEFINITION_BYTES_MIN 12 /* of what stands behind the cue */
#define WEAK_USES 2
#define WEAK_WORDS 3 /* of a term before a weak cue, or before a colon */

typedef enum CueStrength { STRONG, WEAK } CueStrength;
static const struct {
    const char *language, *words;
    CueStrength strength;
} cues[] = {
#define CUE(language, words, strength) { language, words, strength },
#include "summary/glossary_cues.def"
#undef CUE
};

/* In lower case; a term does not begin with one. */
static const char *const no_terms[] = {
    "this", "that",  "these", "those",  "it",      "he",    "she",    "they", "we",    "you",
    "i",    "there", "here",  "what",   "which",   "who",   "one",    "our",  "their", "his",
    "her",  "its",   "if",    "when",   "while",   "but",   "and",    "or",   "for",   "in",
    "on",   "at",    "as",    "so",     "dies",    "diese", "dieser", "es",   "er",    "sie",
    "wir",  "ich",   "man",   "das",    "hier",    "dort",  "was",    "wer",  "wenn",  "aber",
    "und",  "oder",  "ihr",   "sein",   "ce",      "c'est", "il",     "elle", "nous",  "esto",
    "este", "esta",  "ello",  "what's", "another", "every",
};
/* In the order in which they may stand: "unter einer ...". */
static const char *const articles[] = { "unter ", "mit ",  "the ",   "a ",     "an ",
                                        "der ",   "die ",  "das ",   "dem ",   "den ",
                                        "ein ",   "eine ", "einer ", "einem ", "einen ",
                                        "le ",    "la ",   "les ",   "el ",    "los " };

typedef struct Finder {
    Arena *arena;
    const Material *material;
    Map by_name; /* folded term -> index + 1 */
    VEC(GlossaryTerm) terms;
    Map uses; /* folded word -> times */
} Finder;

/* --- Terms --- */

static Str without_article(Str text)
{
    for (size_t i = 0; i < COUNT(articles); i++) {
        size_t length = strlen(articles[i]);
        if (text.length > length &&
            str_equal_ignore_case(str_slice(text, 0, length), str(articles[i])))
            text = str_from(text, length);
    }
    return text;
}

static Str without_quotes(Str text)
{
    static const char *const marks[] = {
        "\"", "'", "*", "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E", "\xC2\xAB", "\xC2\xBB"
    };
    for (size_t i = 0; i < COUNT(marks) * 2; i++) {
        Str mark = str(marks[i % COUNT(marks)]);
        if (str_starts(text, mark))
            text = str_from(text, mark.length);
        if (str_ends(text, mark))
            text = str_slice(text, 0, text.length - mark.length);
    }
    return str_trim(text);
}

static size_t count_words(Str text)
{
    Str rest = text, word;
    size_t count = 0;
    while (str_next(&rest, ' ', &word))
        count += word.length > 0;
    return count;
}

static bool is_term(Str term)
{
    Str rest = term, first;
    if (term.length < 2 || term.length > TERM_BYTES_MAX || count_words(term) > TERM_WORDS_MAX ||
        !str_next(&rest, ' ', &first))
        return false;
    for (size_t i = 0; i < COUNT(no_terms); i++)
        if (str_equal_ignore_case(first, str(no_terms[i])))
            return false;
    for (size_t i = 0; i < term.length; i++)
        if (HAS_CHAR(term.at[i], ",;:.?!()[]|\n<>"))
            return false;
    return isalpha((unsigned char)term.at[0]) || (unsigned char)term.at[0] >= 0x80;
}

static GlossaryTerm *term_named(Finder *f, Str term)
{
    bool is_new;
    MapEntry *entry = map_add(&f->by_name, utf8_fold(f->arena, term), &is_new);
    if (is_new) {
        *vec_push(f->arena, &f->terms) = (GlossaryTerm){ .term = term };
        entry->number = (int64_t)f->terms.count;
    }
    return &f->terms.at[entry->number - 1];
}

static void add_definition(Finder *f, Str term, Str expansion, const Piece *piece)
{
    GlossaryTerm *found = term_named(f, material_line(f->arena, term));
    if (expansion.length && !found->expansion.length)
        found->expansion = material_line(f->arena, expansion);
    for (size_t i = 0; i < found->count; i++)
        if (found->definitions[i].start == (int64_t)piece->start &&
            str_equal(found->definitions[i].document, f->material->documents[piece->document].id))
            return;
    if (found->count < DEFINITIONS_MAX) {
        found->definitions[found->count] = material_cite(f->arena, f->material, piece);
        found->definitions[found->count].number = (int)found->count + 1;
        found->count++;
    }
}

/* --- How often words come --- */

static void count_uses(Finder *f)
{
    for (size_t i = 0; i < f->material->piece_count; i++) {
        Str rest = f->material->pieces[i].plain, word;
        while (str_next(&rest, ' ', &word)) {
            while (word.length && HAS_CHAR(word.at[word.length - 1], ".,;:!?)\"'"))
                word.length--;
            while (word.length && HAS_CHAR(word.at[0], "(\"'"))
                word = str_from(word, 1);
            if (word.length)
                map_add(&f->uses, utf8_fold(f->arena, word), NULL)->number++;
        }
    }
}

static size_t uses_of(const Finder *f, Str term)
{
    Str rest = utf8_fold(f->arena, term), word;
    int64_t least = INT64_MAX;
    while (str_next(&rest, ' ', &word)) {
        const MapEntry *entry = map_find(&f->uses, word);
        if (word.length)
            least = MIN(least, entry ? entry->number : 0);
    }
    return least == INT64_MAX ? 0 : (size_t)least;
}

/* --- Sentences that define --- */

static bool is_large(Str term)
{
    size_t capitals = 0;
    for (size_t i = 0; i < term.length; i++)
        capitals += term.at[i] >= 'A' && term.at[i] <= 'Z';
    return capitals >= 2;
}

/* Before the cue: the term, without its article, and what stands in brackets behind it. */
static Str term_before(Str text)
{
    Str term = str_trim(text);
    ptrdiff_t bracket = str_ends(term, S(")")) ? str_find_last_char(term, '(') : -1;
    if (bracket > 0)
        term = str_trim(str_slice(term, 0, (size_t)bracket));
    return without_quotes(without_article(term));
}

/* "core of the program", "duty to report": no terms, unless somebody defines them. */
static bool is_short_term(Str term)
{
    static const char *const joints[] = { " of ", " to ", " in ", " for ", " a ", " von ", " zu " };
    for (size_t i = 0; i < COUNT(joints); i++)
        if (str_find(term, str(joints[i])) >= 0)
            return false;
    return count_words(term) <= WEAK_WORDS;
}

static void find_definition(Finder *f, const Piece *piece)
{
    const char *language = language_about(f->material->documents[piece->document].language)->code;
    Str text = piece->text;
    for (size_t i = 0; i < COUNT(cues); i++) {
        ptrdiff_t at =
            strcmp(language, cues[i].language) == 0 ? str_find(text, str(cues[i].words)) : -1;
        if (at <= 0 || text.length - (size_t)at < strlen(cues[i].words) + DEFINITION_BYTES_MIN)
            continue;
        Str term = term_before(str_slice(text, 0, (size_t)at));
        /* "Unter einer Schleuse versteht man ..." */
        if (is_term(term) &&
            (cues[i].strength == STRONG ||
             (is_short_term(term) &&
              ((uses_of(f, term) >= WEAK_USES && piece->is_first) || is_large(term))))) {
            add_definition(f, term, STR_NONE, piece);
            return;
        }
    }
}

/* "Term: what it is", "Term - what it is", of a list item; "Term | what it is", of a row. */
static void find_entry(Finder *f, const Piece *piece)
{
    static const char *const marks[] = { ": ", " - ", " \xE2\x80\x93 ", " \xE2\x80\x94 " };
    Str text = piece->text;
    for (size_t i = 0; i < COUNT(marks); i++) {
        ptrdiff_t at = str_find(text, str(marks[i]));
        if (at <= 0)
            continue;
        Str term = without_quotes(str_slice(text, 0, (size_t)at));
        if (is_term(term) && is_short_term(term) && str_find_char(text, '@') < 0 &&
            count_words(str_from(text, (size_t)at)) > 3)
            add_definition(f, term, STR_NONE, piece);
        return;
    }
}

static bool names_terms(Str header)
{
    static const char *const names[] = {
        "term",  "abbreviation",       "acronym",       "begriff", "abk\xC3\xBCrzung",
        "terme", "abr\xC3\xA9viation", "t\xC3\xA9rmino"
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(str_slice(header, 0, strlen(names[i])), str(names[i])))
            return true;
    return false;
}

static void find_row(Finder *f, const Piece *piece)
{
    ptrdiff_t at = str_find(piece->text, S(" | "));
    Str term = at > 0 ? without_quotes(str_slice(piece->text, 0, (size_t)at)) : STR_NONE;
    if (is_term(term))
        add_definition(f, term, STR_NONE, piece);
}

/* --- Abbreviations --- */

static bool is_abbreviation(Str text)
{
    size_t capitals = 0;
    if (text.length < ABBREVIATION_MIN || text.length > ABBREVIATION_MAX)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!isalnum((unsigned char)text.at[i]) && !HAS_CHAR(text.at[i], "-&/."))
            return false;
        capitals += text.at[i] >= 'A' && text.at[i] <= 'Z';
    }
    return capitals >= 2 && isalpha((unsigned char)text.at[0]);
}

/* Small words that have no letter in a short form: "Office of Management and Budget". */
static bool is_small(Str word) { return word.length <= 3 && islower((unsigned char)word.at[0]); }

/* The words whose first letters are the short form, from the right. */
static Str by_initials(Str short_form, Str before)
{
    size_t letters = short_form.length, end = before.length, start = before.length;
    while (letters > 0 && end > 0) {
        ptrdiff_t space = str_find_last_char(str_slice(before, 0, end), ' ');
        Str word = str_slice(before, (size_t)(space + 1), end);
        end = space < 0 ? 0 : (size_t)space;
        if (!word.length)
            continue;
        char letter = short_form.at[letters - 1];
        bool is_passed = is_small(word) && isupper((unsigned char)letter);
        if (!is_passed && tolower((unsigned char)word.at[0]) == tolower((unsigned char)letter)) {
            start = (size_t)(word.at - before.at);
            letters--;
        } else if (!is_small(word) || start == before.length) {
            return STR_NONE;
        }
    }
    return letters ? STR_NONE : str_from(before, start);
}

/* Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions" (2003),
 * section 3: from the right, each letter of the short form is found in the words before it; the
 * first one begins a word. */
static Str long_form(Str short_form, Str before)
{
    Str plain = by_initials(short_form, before);
    if (plain.length)
        return plain;
    size_t words = MIN(short_form.length + 5, short_form.length * 2), start = before.length;
    while (start > 0 && words > 0) { /* so many words back */
        start--;
        words -= before.at[start] == ' ';
    }
    Str text = str_from(before, start + (start > 0));
    ptrdiff_t s = (ptrdiff_t)short_form.length - 1, l = (ptrdiff_t)text.length - 1;
    for (; s >= 0; s--) {
        int c = tolower((unsigned char)short_form.at[s]);
        if (!isalnum(c))
            continue;
        while (l >= 0 && (tolower((unsigned char)text.at[l]) != c ||
                          (s == 0 && l > 0 && isalnum((unsigned char)text.at[l - 1]))))
            l--;
        if (l < 0)
            return STR_NONE;
        l--;
    }
    Str found = str_trim(str_from(text, (size_t)(l + 1)));
    return found.length > short_form.length + 2 && count_words(found) > 1 ? found : STR_NONE;
}

static void find_abbreviations(Finder *f, const Piece *piece)
{
    Str text = piece->text;
    for (size_t at = 1; at + 3 < text.length; at++) {
        ptrdiff_t end = text.at[at] == '(' ? str_find_char(str_from(text, at), ')') : -1;
        if (end < 0)
            continue;
        Str inside = str_trim(str_slice(text, at + 1, at + (size_t)end));
        Str before = str_trim(str_slice(text, 0, at));
        ptrdiff_t space = str_find_last_char(before, ' ');
        Str last = str_from(before, (size_t)(space + 1));
        Str expansion = is_abbreviation(inside) ? long_form(inside, before) : STR_NONE;
        if (expansion.length)
            add_definition(f, inside, expansion, piece);
        else if (is_abbreviation(last) && count_words(inside) > 1 &&
                 str_equal(long_form(last, inside), inside)) /* "WHO (World Health ...)" */
            add_definition(f, last, inside, piece);
    }
}

/* --- The glossary --- */

static int by_name(const void *a, const void *b)
{
    const GlossaryTerm *left = a, *right = b;
    size_t common = MIN(left->term.length, right->term.length);
    for (size_t i = 0; i < common; i++) {
        int difference =
            tolower((unsigned char)left->term.at[i]) - tolower((unsigned char)right->term.at[i]);
        if (difference)
            return difference;
    }
    return left->term.length < right->term.length ? -1 : left->term.length > right->term.length;
}

static void read_piece(Finder *f, const Piece *piece, const Piece *header)
{
    if (piece->kind != PIECE_ROW)
        find_abbreviations(f, piece);
    if (piece->kind == PIECE_ITEM)
        find_entry(f, piece);
    if (piece->kind == PIECE_SENTENCE || piece->kind == PIECE_ITEM)
        find_definition(f, piece);
    else if (header && names_terms(header->text))
        find_row(f, piece);
}

void glossary_make(Arena *arena, const Material *material, Glossary *glossary_r)
{
    Finder finder = {
        .arena = arena, .material = material, .by_name = map_new(arena), .uses = map_new(arena)
    };
    const Piece *header = NULL;
    count_uses(&finder);
    for (size_t i = 0; i < material->piece_count && finder.terms.count < GLOSSARY_MAX; i++) {
        const Piece *piece = &material->pieces[i];
        if (piece->kind == PIECE_COLUMNS)
            header = piece;
        else
            read_piece(&finder, piece, header && header->table == piece->table ? header : NULL);
    }
    for (size_t i = 0; i < finder.terms.count; i++)
        finder.terms.at[i].uses = uses_of(&finder, finder.terms.at[i].term);
    if (finder.terms.count)
        qsort(finder.terms.at, finder.terms.count, sizeof *finder.terms.at, by_name);
    *glossary_r = (Glossary){ finder.terms.at, finder.terms.count };
}

void glossary_put(JsonWriter *json, Arena *arena, const Glossary *glossary)
{
    put_array(json, "items");
    for (size_t i = 0; i < glossary->count; i++) {
        const GlossaryTerm *term = &glossary->terms[i];
        put_object(json, NULL);
        put_text(json, "term", term->term);
        put_text_or_null(json, "expansion", term->expansion);
        put_text(json, "definition", material_line(arena, term->definitions[0].quote));
        put_int(json, "uses", (int64_t)term->uses);
        put_array(json, "citations");
        for (size_t j = 0; j < term->count; j++)
            put_citation(json, NULL, &term->definitions[j]);
        put_end(json);
        put_end(json);
    }
    put_end(json);
    put_int(json, "total", (int64_t)glossary->count);
}
