/* choose.c - a summary of a text's own sentences: the built-in way. */
#include <math.h>

#include "base/utf8.h"
#include "summary/summary_int.h"
#include "text/fold.h"

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
#define EMBED_TOKENS 96

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

/* Lines of contents, addresses, copyright: letters are few, or the line is no sentence. */
static double form_factor(const Piece *piece)
{
    size_t letters = 0;
    Str text = piece->text;
    for (size_t i = 0; i < text.length; i++)
        letters +=
            (unsigned char)((text.at[i] | 32) - 'a') < 26 || (unsigned char)text.at[i] >= 0x80;
    double factor = letters * 2 < text.length ? 0.3 : 1;
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
    return words > LONG_WORDS ? 0.7 : pow(MIN(1.0, (double)(words + 1) / FULL_WORDS), 1.5);
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

double *piece_priors(Arena *arena, Words *words, const Material *material)
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
            priors[document->first + i] = piece_prior(piece, i, &check, title_words);
        }
    }
    return priors;
}

/* --- Choosing --- */

typedef struct Field {
    Str *texts;
    double *priors;
    size_t *pieces;
    size_t count;
} Field;

/* Rows of tables are sentences only where there are no others. */
static Field field_of(Arena *arena, Words *words, const Material *material)
{
    Field field = { .texts = arena_new_array(arena, Str, material->piece_count + 1),
                    .priors = arena_new_array(arena, double, material->piece_count + 1),
                    .pieces = arena_new_array(arena, size_t, material->piece_count + 1) };
    double *priors = piece_priors(arena, words, material);
    bool has_prose = false;
    for (size_t i = 0; i < material->piece_count; i++)
        has_prose |= !is_row(&material->pieces[i]);
    for (size_t i = 0; i < material->piece_count; i++) {
        if (is_row(&material->pieces[i]) && has_prose)
            continue;
        field.texts[field.count] = material->pieces[i].text;
        field.priors[field.count] = priors[i];
        field.pieces[field.count++] = i;
    }
    return field;
}

static Field narrowed(Arena *arena, Words *words, const Field *field, Language language)
{
    Field near = { .texts = arena_new_array(arena, Str, CENTRAL_MAX),
                   .priors = arena_new_array(arena, double, CENTRAL_MAX),
                   .pieces = arena_new_array(arena, size_t, CENTRAL_MAX) };
    size_t *kept = arena_new_array(arena, size_t, CENTRAL_MAX);
    const CentralText text = { .sentences = field->texts,
                               .count = field->count,
                               .priors = field->priors,
                               .language = language };
    near.count = central_narrow(arena, words, &text, CENTRAL_MAX, kept);
    for (size_t i = 0; i < near.count; i++) {
        near.texts[i] = field->texts[kept[i]];
        near.priors[i] = field->priors[kept[i]];
        near.pieces[i] = field->pieces[kept[i]];
    }
    return near;
}

static int by_number(const void *a, const void *b)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return left < right ? -1 : left > right;
}

size_t choose_pieces(Summaries *summaries, Arena *arena, Words *words, const Material *material,
                     size_t count_max, size_t words_max, size_t **chosen_r, double **weights_r,
                     Str *made_by_r)
{
    Language language = material->language;
    Field all = field_of(arena, words, material), near = narrowed(arena, words, &all, language);
    CentralText text = { near.texts, near.count, near.priors, NULL, 0, language };
    size_t *sizes = arena_new_array(arena, size_t, near.count + 1);
    float *vectors;
    Central central;
    if (summaries->searcher && search_embed(summaries->searcher, arena, near.texts, near.count,
                                            EMBED_TOKENS, &text.dims, &vectors))
        text.vectors = vectors;
    for (size_t i = 0; i < near.count; i++)
        sizes[i] = words_count(words, language, near.texts[i]);
    central_rank(arena, words, &text, &central);
    const CentralWish wish = { MIN(count_max, near.count), sizes, words_max };
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

void choose_summary(Summaries *summaries, Arena *arena, Words *words, const Material *material,
                    const SummaryWish *wish, Summary *summary)
{
    size_t *chosen;
    double *weights;
    summary->count = choose_pieces(summaries, arena, words, material, wish_statements(wish),
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
