/* measure.c - units described by numbers, and ranked; see reading.h. */
#include "answer/reading.h"

#include <math.h>

/* The share of a weak word's rarity that counts. */
#define WEAK_SHARE 0.2
#define SHORT_UNIT 20

static const double weights[FEATURE_COUNT] = {
#define FEATURE(name, weight, what) [FEATURE_##name] = weight,
#include "answer/features.def"
#undef FEATURE
};

/* --- Words of the question in a text --- */

typedef struct Matching {
    const Question *question;
    uint64_t found;
    uint64_t pairs; /* bit i: words i and i + 1 stand side by side */
    uint32_t last_position;
    int last_word;
} Matching;

static void match_word(void *self, const Word *word)
{
    Matching *m = self;
    for (size_t i = 0; i < m->question->word_count; i++) {
        const QuestionWord *asked = &m->question->words[i];
        if (!str_equal(asked->text, word->text) &&
            !(asked->alias.length && str_equal(asked->alias, word->text)))
            continue;
        m->found |= (uint64_t)1 << i;
        if (m->last_word >= 0 && (size_t)m->last_word + 1 == i &&
            word->position <= m->last_position + 2)
            m->pairs |= (uint64_t)1 << m->last_word;
        m->last_word = (int)i;
        m->last_position = word->position;
        return;
    }
}

static Matching match(Reading *reading, Str text)
{
    Matching m = { .question = &reading->question, .last_word = -1 };
    words_split(reading->words, reading->question.language, text, match_word, &m);
    return m;
}

uint64_t reading_match(Reading *reading, Str text) { return match(reading, text).found; }

double reading_word_rarity(const QuestionWord *word)
{
    return word->rarity * (word->is_weak ? WEAK_SHARE : 1);
}

static double share_of(const Reading *reading, uint64_t words, bool names, bool numbers)
{
    double all = 0, got = 0;
    for (size_t i = 0; i < reading->question.word_count; i++) {
        const QuestionWord *word = &reading->question.words[i];
        if ((names && !word->is_name) || (numbers && !word->is_number))
            continue;
        all += reading_word_rarity(word);
        if (words >> i & 1)
            got += reading_word_rarity(word);
    }
    return all > 0 ? got / all : 1;
}

/* Share (0 to 1) of the question's rarity that these words carry. */
static double reading_share(const Reading *reading, uint64_t words)
{
    return share_of(reading, words, false, false);
}

double reading_name_share(const Reading *reading, uint64_t words)
{
    return share_of(reading, words, true, false);
}

static double reading_number_share(const Reading *reading, uint64_t words)
{
    return share_of(reading, words, false, true);
}

static double pair_share(const Reading *reading, uint64_t pairs)
{
    double all = 0, got = 0;
    for (size_t i = 0; i + 1 < reading->question.word_count; i++) {
        double rarity = reading_word_rarity(&reading->question.words[i]) +
                        reading_word_rarity(&reading->question.words[i + 1]);
        all += rarity;
        if (pairs >> i & 1)
            got += rarity;
    }
    return all > 0 ? got / all : 0;
}

/* --- Features --- */

static double inverse(int rank) { return rank > 0 ? 1.0 / rank : 0; }

static void measure_passage(Reading *reading, Passage *passage)
{
    const ChunkHit *row = &passage->hit->row;
    passage->words = reading_match(reading, row->chunk.text);
    passage->frame = reading_match(reading, row->name) | reading_match(reading, row->title) |
                     reading_match(reading, row->chunk.heading);
}

static void gather_documents(Reading *reading)
{
    for (size_t i = 0; i < reading->passage_count; i++)
        for (size_t j = 0; j < reading->passage_count; j++)
            if (reading->passages[i].group == reading->passages[j].group)
                reading->passages[i].document |=
                    reading->passages[j].words | reading->passages[j].frame;
}

static void measure_neighbours(Reading *reading, const Passage *passage)
{
    for (size_t i = 0; i < passage->unit_count; i++) {
        Unit *unit = &reading->units[passage->unit_first + i];
        unit->near = unit->wide = unit->header.length ? reading_match(reading, unit->header) : 0;
        for (size_t j = i >= 3 ? i - 3 : 0; j < passage->unit_count && j <= i + 3; j++) {
            uint64_t words = reading->units[passage->unit_first + j].words;
            unit->wide |= words;
            if (j + 1 >= i && j <= i + 1)
                unit->near |= words;
        }
    }
}

static void measure_unit(Reading *reading, Unit *unit, double pairs)
{
    const Passage *passage = &reading->passages[unit->passage];
    const SearchHit *hit = passage->hit;
    uint64_t all = passage->words | passage->frame;
    double *f = unit->features;
    f[FEATURE_OWN] = reading_share(reading, unit->words);
    f[FEATURE_NEAR] = reading_share(reading, unit->near);
    f[FEATURE_WIDE] = reading_share(reading, unit->wide);
    f[FEATURE_CHUNK] = reading_share(reading, passage->words);
    f[FEATURE_FRAME] = reading_share(reading, passage->frame);
    f[FEATURE_ALL] = reading_share(reading, all);
    f[FEATURE_DOCUMENT] = reading_share(reading, passage->document);
    f[FEATURE_OWN_NAMES] = reading_name_share(reading, unit->words);
    f[FEATURE_ALL_NAMES] = reading_name_share(reading, all);
    f[FEATURE_ALL_NUMBERS] = reading_number_share(reading, all);
    f[FEATURE_PAIRS] = pairs;
    f[FEATURE_FORM] = reading_form(reading, unit);
    f[FEATURE_SEMANTIC] = hit->semantic_score;
    f[FEATURE_FUSED] = hit->score;
    f[FEATURE_RANK] = 1.0 / (double)(unit->passage + 1);
    f[FEATURE_KEYWORD_RANK] = inverse(hit->keyword_rank);
    f[FEATURE_SEMANTIC_RANK] = inverse(hit->semantic_rank);
    f[FEATURE_WHOLE_RANK] = inverse(passage->whole_rank);
    f[FEATURE_IS_ROW] = unit->kind == UNIT_ROW;
    f[FEATURE_IS_HEADING] = unit->kind == UNIT_HEADING;
    f[FEATURE_IS_LINES] = unit->kind == UNIT_LINES;
    f[FEATURE_IS_SHORT] = unit->text.length < SHORT_UNIT;
    f[FEATURE_LENGTH] = log((double)unit->text.length + 1) / 6;
    f[FEATURE_ASKS] = str_ends(str_trim(unit->text), S("?"));
}

void reading_measure(Reading *reading)
{
    double *pairs = arena_new_array(reading->arena, double, reading->unit_count + 1);
    for (size_t i = 0; i < reading->passage_count; i++)
        measure_passage(reading, &reading->passages[i]);
    gather_documents(reading);
    for (size_t i = 0; i < reading->unit_count; i++) {
        Matching m = match(reading, reading->units[i].text);
        reading->units[i].words = m.found;
        pairs[i] = pair_share(reading, m.pairs);
    }
    for (size_t i = 0; i < reading->passage_count; i++)
        measure_neighbours(reading, &reading->passages[i]);
    for (size_t i = 0; i < reading->unit_count; i++)
        measure_unit(reading, &reading->units[i], pairs[i]);
}

/* --- Ranking --- */

static int by_score(const void *a, const void *b, void *argument)
{
    const Reading *reading = argument;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    double first = reading->units[left].score, second = reading->units[right].score;
    if (first != second)
        return first < second ? 1 : -1;
    return (left > right) - (left < right);
}

void reading_rank(Reading *reading)
{
    reading->order = arena_new_array(reading->arena, size_t, reading->unit_count + 1);
    for (size_t i = 0; i < reading->unit_count; i++) {
        Unit *unit = &reading->units[i];
        unit->score = unit->is_repeated ? -100 : 0;
        for (int f = 0; f < FEATURE_COUNT; f++)
            unit->score += weights[f] * unit->features[f];
        reading->order[i] = i;
    }
    qsort_r(reading->order, reading->unit_count, sizeof *reading->order, by_score, reading);
}
