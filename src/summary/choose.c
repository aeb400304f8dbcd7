/* choose.c - a summary of a text's own sentences: the built-in way. */
#include <math.h>

#include "base/utf8.h"
#include "summary/summary_int.h"
#include "text/fold.h"
#include "text/section_names.h"

/* Factors and bounds as measured best on the open half of bench/summary. */
/* Of the first sentence of a text; it falls to none within some sentences. */
#define LEAD_BONUS 0.5
#define LEAD_FADES 4.0
#define PARAGRAPH_BONUS 1.15
#define SECTION_BONUS 1.3
/* Of a sentence that has all words of the title. */
#define TITLE_BONUS 0.8
#define FULL_WORDS 16 /* a shorter sentence says less */
#define NUMBER_BONUS 1.4
#define LONG_WORDS 45
#define ENDLESS_WORDS 60
/* Of what stands under "Overview", or under "References". */
#define GIST_BONUS 1.5
#define APPARATUS_SHARE 0.1
#define SHOUTED_SHARE 0.3 /* of a line in capitals, which is a heading of some kind */
#define EMBED_TOKENS 96
#define CANDIDATES 160 /* of more than CENTRAL_MAX sentences: a second of the encoder */

/* What a sentence begins with, in lower case: it sums up, or it needs the one before it. */
static const struct {
    const char *words;
    double factor;
} openings[] = {
    { "in summary", 1.8 },
    { "in conclusion", 1.8 },
    { "to sum up", 1.8 },
    { "overall", 1.4 },
    { "as a result", 1.2 },
    { "we found", 1.5 },
    { "we conclude", 1.8 },
    { "the results", 1.4 },
    { "this paper", 1.5 },
    { "this report", 1.4 },
    { "zusammenfassend", 1.8 },
    { "insgesamt", 1.4 },
    { "im ergebnis", 1.6 },
    { "fazit", 1.6 },
    { "en conclusion", 1.8 },
    { "en r\xC3\xA9sum\xC3\xA9", 1.8 },
    { "en resumen", 1.8 },
    { "en conclusi\xC3\xB3n", 1.8 },
    { "\xE2\x80\x9C", 0.7 }, /* speech */
    { "\"", 0.7 },
    { "^", 0.2 },
    { "\xE2\x86\x91", 0.2 }, /* arrows, to where a note belongs or more is said */
    { "\xE2\x86\x92", 0.2 },
    { "note ", 0.5 },
    { "see ", 0.5 },
    { "siehe ", 0.5 },
    { "figure ", 0.4 },
    { "fig. ", 0.4 },
    { "table ", 0.4 },
    { "abbildung ", 0.4 },
    { "tabelle ", 0.4 },
    { "he ", 0.8 },
    { "she ", 0.8 },
    { "they ", 0.8 },
    { "it ", 0.8 },
    { "this ", 0.85 },
    { "these ", 0.85 },
    { "however", 0.85 },
    { "but ", 0.8 },
    { "and ", 0.8 },
    { "also ", 0.8 },
    { "for example", 0.6 },
    { "for instance", 0.6 },
    { "e.g.", 0.6 },
    { "er ", 0.8 },
    { "sie ", 0.8 },
    { "es ", 0.85 },
    { "dies", 0.85 },
    { "aber ", 0.8 },
    { "jedoch", 0.85 },
    { "auch ", 0.8 },
    { "zum beispiel", 0.6 },
    { "z. b.", 0.6 },
    { "z.b.", 0.6 },
    { "beispielsweise", 0.6 },
    { "par exemple", 0.6 },
    { "por ejemplo", 0.6 },
};

/* --- Priors --- */

typedef struct WordCheck {
    const WordList *title;
    size_t words, shared;
} WordCheck;

static void check_word(void *self, const Word *word)
{
    WordCheck *check = self;
    check->words += !word->is_extra;
    for (size_t i = 0; i < check->title->words.count && !word->is_extra; i++)
        check->shared += !check->title->words.at[i].is_stop &&
                         str_equal(check->title->words.at[i].text, word->text);
}

static size_t content_words(const WordList *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->words.count; i++)
        count += !list->words.at[i].is_extra && !list->words.at[i].is_stop;
    return count;
}

static double opening_factor(Str text)
{
    char folded[64];
    Str lower = fold_case(str_slice(text, 0, utf8_floor(text, MIN(text.length, 24u))), folded,
                          sizeof folded);
    for (size_t i = 0; i < COUNT(openings); i++)
        if (str_starts(lower, str(openings[i].words)))
            return openings[i].factor;
    return 1;
}

static bool ends_like_sentence(Str text)
{
    static const char *const marks[] = { ".",       "!",  "\xE3\x80\x82", "\xE0\xA5\xA4",
                                         ")",       "\"", "\xE2\x80\x9D", "\xE2\x80\x9C",
                                         "\xDB\x94" };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_ends(text, str(marks[i])))
            return true;
    return false;
}

static bool is_row(const Piece *piece)
{
    return piece->kind == PIECE_ROW || piece->kind == PIECE_COLUMNS;
}

/* Sentences that only lead elsewhere. */
static bool leads_elsewhere(Str text)
{
    static const char *const cues[] = {
        "by reference", "elsewhere in this",      "other parts of this",
        "see note",     "additional information", "more information",
        "pursuant to",  "Main article",           "Hauptartikel"
    };
    for (size_t i = 0; i < COUNT(cues); i++)
        if (str_find_ignore_case(text, str(cues[i])) >= 0)
            return true;
    return false;
}

static double section_factor(Str heading)
{
    switch (section_sort(heading)) {
    case SECTION_APPARATUS: return APPARATUS_SHARE;
    case SECTION_GIST: return GIST_BONUS;
    default: return 1;
    }
}

/* Lines of contents, addresses, copyright: letters are few, or the line is no sentence. */
static double form_factor(const Piece *piece)
{
    size_t letters = 0, capitals = 0;
    Str text = piece->text;
    for (size_t i = 0; i < text.length; i++) {
        capitals += text.at[i] >= 'A' && text.at[i] <= 'Z';
        letters +=
            (unsigned char)((text.at[i] | 32) - 'a') < 26 || (unsigned char)text.at[i] >= 0x80;
    }
    double factor = letters * 2 < text.length ? 0.3 : 1;
    if (capitals * 2 > letters)
        factor *= SHOUTED_SHARE;
    if (leads_elsewhere(text))
        factor *= 0.4;
    if (str_find(text, S("...")) >= 0 || str_find(text, S("\xC2\xA9")) >= 0 ||
        str_find(text, S("http")) >= 0 || str_find(text, S("www.")) >= 0)
        factor *= 0.4;
    if (text.at[0] >= 'a' && text.at[0] <= 'z') /* the rest of a sentence, more often than not */
        factor *= 0.7;
    if (str_ends(text, S("?")) || str_ends(text, S("\xEF\xBC\x9F")))
        factor *= 0.5;
    else if (piece->kind == PIECE_SENTENCE && !ends_like_sentence(text))
        factor *= 0.5;
    return factor * (is_row(piece) ? 0.2 : piece->kind == PIECE_ITEM ? 0.8 : 1);
}

static double length_factor(size_t words)
{
    if (words > LONG_WORDS)
        return words > ENDLESS_WORDS ? 0.35 : 0.7;
    return pow(MIN(1.0, (double)(words + 1) / FULL_WORDS), 1.5);
}

/* Figures, sums and days are what a reader comes back for. */
static double number_factor(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9')
            return NUMBER_BONUS;
    return 1;
}

/* `place`: how many pieces of the document stand before it. */
static double piece_prior(const Piece *piece, size_t place, const WordCheck *check,
                          size_t title_words)
{
    const Piece *before = place ? piece - 1 : NULL;
    double prior = 1 + LEAD_BONUS / (1 + (double)place / LEAD_FADES);
    if (piece->is_first)
        prior *= PARAGRAPH_BONUS;
    if (before && piece->section != before->section)
        prior *= SECTION_BONUS;
    if (title_words)
        prior *= 1 + TITLE_BONUS * MIN(1.0, (double)check->shared / (double)title_words);
    return prior * form_factor(piece) * length_factor(check->words) * number_factor(piece->text) *
           opening_factor(piece->text);
}

double *piece_priors(Summaries *summaries, const Scope *scope, Arena *arena, Words *words,
                     const Material *material)
{
    double *priors = arena_new_array(arena, double, material->piece_count + 1);
    for (size_t s = 0; s < material->document_count; s++) {
        const MaterialDocument *document = &material->documents[s];
        WordList title = words_list(words, document->language, document->title, arena);
        size_t title_words = content_words(&title);
        for (size_t i = 0; i < document->count; i++) {
            const Piece *piece = &material->pieces[document->first + i];
            WordCheck check = { .title = &title };
            words_split(words, document->language, piece->text, check_word, &check);
            priors[document->first + i] =
                piece_prior(piece, i, &check, title_words) * section_factor(piece->heading);
        }
    }
    if (material->piece_count > CENTRAL_MAX)
        weigh_long(summaries, scope, arena, material, priors);
    return priors;
}

/* --- Choosing --- */

typedef struct Field {
    Str *texts;
    double *priors;
    size_t *pieces, *parts;
    size_t count;
} Field;

static Field field_new(Arena *arena, size_t count)
{
    return (Field){ .texts = arena_new_array(arena, Str, count + 1),
                    .priors = arena_new_array(arena, double, count + 1),
                    .pieces = arena_new_array(arena, size_t, count + 1),
                    .parts = arena_new_array(arena, size_t, count + 1) };
}

static void field_add(Field *field, Str text, double prior, size_t piece, size_t part)
{
    field->texts[field->count] = text;
    field->priors[field->count] = prior;
    field->pieces[field->count] = piece;
    field->parts[field->count++] = part;
}

/* Rows of tables are sentences only where there are no others. */
static Field field_of(Arena *arena, const Material *material, const double *priors)
{
    Field field = field_new(arena, material->piece_count);
    const size_t *parts = section_parts(arena, material);
    bool has_prose = false;
    for (size_t i = 0; i < material->piece_count; i++)
        has_prose |= !is_row(&material->pieces[i]);
    for (size_t i = 0; i < material->piece_count; i++)
        if (!has_prose || !is_row(&material->pieces[i]))
            field_add(&field, material->pieces[i].text, priors[i], i, parts[i]);
    return field;
}

/* Of a long one the candidates of its sections. */
static Field narrowed(Arena *arena, Words *words, const Field *field, Language language)
{
    if (field->count <= CENTRAL_MAX)
        return *field;
    Field near = field_new(arena, CANDIDATES);
    size_t kept[CANDIDATES];
    const CentralText text = { .sentences = field->texts,
                               .count = field->count,
                               .priors = field->priors,
                               .parts = field->parts,
                               .language = language };
    size_t count = central_narrow(arena, words, &text, CANDIDATES, kept);
    for (size_t i = 0; i < count; i++)
        field_add(&near, field->texts[kept[i]], field->priors[kept[i]], field->pieces[kept[i]],
                  field->parts[kept[i]]);
    return near;
}

static int by_number(const void *a, const void *b)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return left < right ? -1 : left > right;
}

/* Units that say most, in the order of the text. *made_by_r: "rules" or "encoder". */
static size_t choose_pieces(Summaries *summaries, const Scope *scope, Arena *arena, Words *words,
                            const Material *material, size_t count_max, size_t words_max,
                            size_t **chosen_r, double **weights_r, Str *made_by_r)
{
    Language language = material->language;
    const double *priors = piece_priors(summaries, scope, arena, words, material);
    Field all = field_of(arena, material, priors), near = narrowed(arena, words, &all, language);
    CentralText text = { near.texts, near.count, near.priors, NULL, 0, language, NULL };
    size_t *sizes = arena_new_array(arena, size_t, near.count + 1);
    float *vectors;
    Central central;
    if (summaries->searcher && search_embed(summaries->searcher, arena, near.texts, near.count,
                                            EMBED_TOKENS, &text.dims, &vectors))
        text.vectors = vectors;
    for (size_t i = 0; i < near.count; i++)
        sizes[i] = words_count(words, language, near.texts[i]);
    central_rank(arena, words, &text, &central);
    const CentralWish wish = { MIN(count_max, near.count), sizes, words_max,
                               near.count < all.count ? near.parts : NULL };
    size_t *chosen = arena_new_array(arena, size_t, wish.count_max + 1);
    double *weights = arena_new_array(arena, double, wish.count_max + 1);
    size_t count = central_choose(arena, &central, &wish, chosen);
    qsort(chosen, count, sizeof *chosen, by_number);
    for (size_t i = 0; i < count; i++) {
        weights[i] = central.scores[chosen[i]];
        chosen[i] = near.pieces[chosen[i]];
    }
    *chosen_r = chosen;
    *weights_r = weights;
    *made_by_r = text.vectors ? S("encoder") : S("rules");
    return count;
}

void choose_summary(Summaries *summaries, const Scope *scope, Arena *arena, Words *words,
                    const Material *material, const SummaryWish *wish, Summary *summary)
{
    size_t *chosen;
    double *weights;
    summary->count = choose_pieces(summaries, scope, arena, words, material, wish_statements(wish),
                                   wish_words(wish), &chosen, &weights, &summary->made_by);
    summary->statements = arena_new_array(arena, SummaryStatement, summary->count + 1);
    for (size_t i = 0; i < summary->count; i++) {
        const Piece *piece = &material->pieces[chosen[i]];
        summary->statements[i] = (SummaryStatement){ .text = piece->plain,
                                                     .heading = piece->heading,
                                                     .section = piece->section,
                                                     .pieces = &chosen[i],
                                                     .count = 1,
                                                     .weight = weights[i] };
    }
}
