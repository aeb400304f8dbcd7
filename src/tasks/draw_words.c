/* draw_words.c - a unit's words with the forms of verbs that they may be, and the forms made of
 * draw_verbs.def. */
#include "base/utf8.h"
#include "tasks/draw_int.h"
#include "text/language.h"

#define WORDS_MAX 1000 /* of a unit: no sentence that is a task is longer */
#define WORD_MAX 200   /* bytes of one */

typedef enum VerbLanguage { ENGLISH, GERMAN, FRENCH } VerbLanguage;

static void add_form(Map *map, Str word, WordForm form)
{
    map_add(map, word, NULL)->number |= form;
}

#define ADD(form, ...) add_form(map, str_format(map->arena, __VA_ARGS__), form)

/* "stopped", "planning": one vowel before a last consonant doubles it. */
static bool may_double(Str verb)
{
    return verb.length > 2 && HAS_CHAR(verb.at[verb.length - 1], "bdgklmnprt") &&
           HAS_CHAR(verb.at[verb.length - 2], "aeiou");
}

static void add_english(Map *map, Str verb)
{
    char last = verb.at[verb.length - 1];
    bool has_e = last == 'e';
    bool has_y = last == 'y' && verb.length > 1 && !HAS_CHAR(verb.at[verb.length - 2], "aeou");
    Str stem = str_slice(verb, 0, verb.length - (has_e || has_y));
    add_form(map, verb, FORM_BASE);
    ADD(FORM_THIRD, STR_FMT "%s", STR_ARG(has_y ? stem : verb),
        has_y                                                                         ? "ies"
        : HAS_CHAR(last, "sxo") || str_ends(verb, S("ch")) || str_ends(verb, S("sh")) ? "es"
                                                                                      : "s");
    ADD(FORM_PAST, STR_FMT "%s", STR_ARG(stem), has_y ? "ied" : "ed");
    ADD(FORM_ING, STR_FMT "ing", STR_ARG(has_e ? stem : verb));
    if (may_double(verb)) {
        ADD(FORM_PAST, STR_FMT "%ced", STR_ARG(verb), last);
        ADD(FORM_ING, STR_FMT "%cing", STR_ARG(verb), last);
    }
}

static void add_german(Map *map, Str verb)
{
    Str stem = str_slice(verb, 0, verb.length - (str_ends(verb, S("en")) ? 2 : 1));
    add_form(map, verb, FORM_INFINITIVE);
    ADD(FORM_COMMAND, STR_FMT, STR_ARG(stem));
    ADD(FORM_COMMAND, STR_FMT "e", STR_ARG(stem));
    ADD(FORM_THIRD, STR_FMT "t", STR_ARG(stem));
    ADD(FORM_THIRD, STR_FMT "et", STR_ARG(stem));
    ADD(FORM_PAST, "ge" STR_FMT "t", STR_ARG(stem));
    ADD(FORM_PAST, "ge" STR_FMT "en", STR_ARG(stem));
}

static void add_french(Map *map, Str verb)
{
    add_form(map, verb, FORM_BASE);
    if (!str_ends(verb, S("er")))
        return;
    Str stem = str_slice(verb, 0, verb.length - 2);
    ADD(FORM_BASE, STR_FMT "ez", STR_ARG(stem));
    ADD(FORM_THIRD, STR_FMT "e", STR_ARG(stem));
    ADD(FORM_PAST, STR_FMT "é", STR_ARG(stem));
    ADD(FORM_PAST, STR_FMT "ée", STR_ARG(stem));
}

static void add_verbs(Map *map, VerbLanguage language, const char *verbs)
{
    static void (*const add[])(Map *, Str) = { add_english, add_german, add_french };
    Str verb;
    for (Str rest = str(verbs); str_next(&rest, ' ', &verb);)
        if (verb.length > 2)
            add[language](map, verb);
}

static void add_forms(Map *map, WordForm form, const char *words)
{
    Str word;
    for (Str rest = str(words); str_next(&rest, ' ', &word);)
        if (word.length)
            add_form(map, word, form);
}

Map draw_verbs(Arena *arena)
{
    Map map = map_new(arena);
#define VERBS(language, verbs) add_verbs(&map, language, verbs);
#define FORMS(form, words) add_forms(&map, FORM_##form, words);
#include "tasks/draw_verbs.def"
#undef VERBS
#undef FORMS
    return map;
}

/* --- Words of a text --- */

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/* A quotation mark, dash or the like of more than one byte at `at`, as its ASCII kin. */
static size_t wide_mark(Str text, size_t at, char *mark_r)
{
    static const struct {
        const char *bytes;
        char mark;
    } marks[] = { { "“", '"' }, { "”", '"' }, { "„", '"' }, { "«", '"' }, { "»", '"' },
                  { "–", '-' }, { "—", '-' }, { "…", '.' }, { " ", ' ' } };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(str_from(text, at), str(marks[i].bytes))) {
            *mark_r = marks[i].mark;
            return strlen(marks[i].bytes);
        }
    return 0;
}

/* Bytes of an apostrophe at `at`; 0: there is none. */
static size_t apostrophe(Str text, size_t at)
{
    return text.at[at] == '\'' ? 1 : str_starts(str_from(text, at), S("’")) ? 3 : 0;
}

/* "l'", "d'", "m'", "n'", "j'", "qu'" are words of their own. */
static bool is_elided(Str head)
{
    return (head.length == 1 && HAS_CHAR(head.at[0], "dlmnjstcDLMNJSTC")) ||
           str_equal_ignore_case(head, S("qu"));
}

/* "3. Mai": the full stop belongs to the number. */
static bool is_ordinal(Str text, size_t at, size_t end)
{
    bool is_number = end > at && end - at <= 2;
    for (size_t i = at; i < end; i++)
        is_number &= text.at[i] >= '0' && text.at[i] <= '9';
    return is_number && end + 2 < text.length && text.at[end] == '.' && text.at[end + 1] == ' ' &&
           is_letter((unsigned char)text.at[end + 2]);
}

/* Where the word that begins at `at` ends. */
static size_t word_end(Str text, size_t at)
{
    size_t end = at;
    char mark;
    while (end < text.length && end - at < WORD_MAX) {
        unsigned char c = (unsigned char)text.at[end];
        size_t quote = apostrophe(text, end);
        bool has_next = end + 1 < text.length && is_letter((unsigned char)text.at[end + 1]);
        if (quote) {
            if (is_elided(str_slice(text, at, end)))
                return end + quote;
            if (end == at || end + quote >= text.length ||
                !is_letter((unsigned char)text.at[end + quote]))
                break;
            end += quote;
        } else if (c >= 0x80 && wide_mark(text, end, &mark))
            break;
        else if (is_letter(c) || (c == '@' && end == at) ||
                 (HAS_CHAR((char)c, "-_/.:") && end > at && has_next &&
                  (c == '-' || c == '_' || (text.at[end - 1] >= '0' && text.at[end - 1] <= '9'))))
            end++;
        else if (is_ordinal(text, at, end))
            return end + 1;
        else
            break;
    }
    return end;
}

static bool is_capital_at(Str text, size_t at)
{
    size_t size;
    uint32_t c = utf8_decode(text, at, &size);
    return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE);
}

static Str fold_word(Arena *arena, Str word)
{
    ptrdiff_t wide = str_find(word, S("’"));
    if (wide >= 0)
        word = str_format(arena, STR_FMT "'" STR_FMT, (int)wide, word.at,
                          STR_ARG(str_from(word, (size_t)wide + 3)));
    return utf8_fold(arena, word);
}

/* German makes verbs of others by what it puts before them. */
static unsigned forms_of(const Map *verbs, Str word)
{
    MapEntry *entry = map_find(verbs, word);
    if (entry)
        return (unsigned)entry->number;
    if (word.length < 8 || !str_ends(word, S("en")))
        return 0;
    for (size_t skip = 2; skip + 5 <= word.length && skip < 12; skip++) {
        entry = map_find(verbs, str_from(word, skip));
        if (entry && entry->number & FORM_INFINITIVE)
            return FORM_INFINITIVE;
    }
    return 0;
}

/* Words that begin a line like a name does. */
static bool is_label(Str word)
{
    static const char *const labels[] = {
        "todo",   "fixme",   "action",    "actions",  "follow-up", "owner",     "task",
        "tasks",  "urgent",  "also",      "dringend", "aufgabe",   "oh",        "next",
        "re",     "fwd",     "subject",   "note",     "decision",  "important", "wichtig",
        "ai",     "hello",   "hi",        "hey",      "dear",      "present",   "open",
        "monday", "tuesday", "wednesday", "thursday", "friday",    "saturday",  "sunday"
    };
    for (size_t i = 0; i < COUNT(labels); i++)
        if (str_is(word, labels[i]))
            return true;
    return false;
}

typedef struct WordReader {
    Arena *arena;
    const Map *verbs;
    Str text;
    VEC(DrawWord) words;
    bool is_quoted, is_begin;
} WordReader;

static void read_word(WordReader *reader, size_t at, size_t end)
{
    Str word = str_slice(reader->text, at, end);
    bool is_handle = word.at[0] == '@';
    Str folded = fold_word(reader->arena, str_from(word, is_handle));
    bool is_capital = is_capital_at(reader->text, at);
    bool is_stop = language_is_stop_word(LANGUAGE_ENGLISH, folded) ||
                   language_is_stop_word(LANGUAGE_GERMAN, folded) ||
                   language_is_stop_word(LANGUAGE_FRENCH, folded);
    unsigned forms = forms_of(reader->verbs, folded);
    bool is_name =
        is_handle || (is_capital && !is_stop && !is_label(folded) && (!reader->is_begin || !forms));
    *vec_push(reader->arena, &reader->words) =
        (DrawWord){ .word = folded,
                    .start = at,
                    .end = end,
                    .forms = forms | (is_name ? FORM_NAME : 0) | (is_handle ? FORM_HANDLE : 0),
                    .is_capital = is_capital,
                    .is_quoted = reader->is_quoted,
                    .is_begin = reader->is_begin };
    reader->is_begin = false;
}

static void read_mark(WordReader *reader, size_t at, size_t size, char mark)
{
    if (mark == '"')
        reader->is_quoted = !reader->is_quoted;
    static const char *const marks = ",:;?!()\"-.|";
    const char *place = strchr(marks, mark);
    if (!mark || !place)
        return;
    *vec_push(reader->arena, &reader->words) =
        (DrawWord){ .word = { place, 1 }, .start = at, .end = at + size, .is_mark = true };
    reader->is_begin = true;
}

DrawWords draw_words(Arena *arena, const Map *verbs, Str text)
{
    WordReader reader = { .arena = arena, .verbs = verbs, .text = text, .is_begin = true };
    for (size_t at = 0; at < text.length && reader.words.count < WORDS_MAX;) {
        size_t end = word_end(text, at);
        char mark = text.at[at];
        if (end > at && !(end == at + 1 && text.at[at] == '@')) {
            read_word(&reader, at, end);
            at = end;
            continue;
        }
        size_t size = wide_mark(text, at, &mark);
        read_mark(&reader, at, MAX(size, 1), mark);
        at += MAX(size, 1);
    }
    return (DrawWords){ reader.words.at, reader.words.count };
}
