/* phrases.c - see phrases.h. */
#include "classify/phrases.h"

#include <math.h>

#include "base/map.h"
#include "base/utf8.h"
#include "classify/classify_int.h"
#include "text/fold.h"

#define PHRASE_WORDS 4
#define PHRASE_TEXT_MAX KB(256)
#define EMBEDDED_MAX 60   /* candidates whose meaning is looked at */
#define MEANING_SHARE 0.5 /* of the score; the rest is how the words come */
#define WORD_BYTES 64
/* Chosen on the open half of bench/classify/phrases.tsv and on keywords of packages (README). */
#define WITHIN_SHARE 0.8
#define CHANCE_WEIGHT 0.5 /* of a word that comes once */

typedef struct Candidate {
    KeyPhrase phrase;
    Str words[PHRASE_WORDS]; /* in lower case */
    size_t starts[PHRASE_WORDS], ends[PHRASE_WORDS];
    size_t word_count;
    size_t number; /* of its first word in the text */
    size_t within; /* times that one longer candidate has it that comes again and again */
} Candidate;

typedef struct Phrases {
    Arena *arena;
    Str text;
    Language language;
    Map words; /* index + 1 in counts */
    VEC(size_t) counts;
    Map by_text; /* index + 1 in candidates */
    VEC(Candidate) candidates;
    Candidate open; /* the run that is being read */
    size_t number;  /* of words read */
} Phrases;

static size_t *count_of(Phrases *p, Str word)
{
    bool is_new;
    MapEntry *entry = map_add(&p->words, word, &is_new);
    if (is_new) {
        *vec_push(p->arena, &p->counts) = 0;
        entry->number = (int64_t)p->counts.count;
    }
    return &p->counts.at[entry->number - 1];
}

/* `count` words of the open run, from `first` on, are a candidate. */
static void add_candidate(Phrases *p, size_t first, size_t count)
{
    const Candidate *open = &p->open;
    bool is_new;
    Str lower = str_join(p->arena, open->words + first, count, S(" "));
    MapEntry *entry = map_add(&p->by_text, lower, &is_new);
    if (is_new) {
        Candidate candidate = { .word_count = count, .number = open->number + first };
        candidate.phrase.start = open->starts[first];
        candidate.phrase.end = open->ends[first + count - 1];
        candidate.phrase.text = str_slice(p->text, candidate.phrase.start, candidate.phrase.end);
        memcpy(candidate.words, open->words + first, count * sizeof(Str));
        *vec_push(p->arena, &p->candidates) = candidate;
        entry->number = (int64_t)p->candidates.count;
    }
    p->candidates.at[entry->number - 1].phrase.count++;
}

/* A run of words is over. Verbs stand in runs too ("heat pump warms"), so each part of it is a
 * candidate: what comes again and again is the phrase. */
static void close_run(Phrases *p)
{
    Candidate *open = &p->open;
    for (size_t i = 0; i < open->word_count; i++)
        (*count_of(p, open->words[i]))++;
    for (size_t first = 0; first < open->word_count; first++)
        for (size_t count = 1; first + count <= open->word_count; count++)
            add_candidate(p, first, count);
    *open = (Candidate){ 0 };
}

static bool is_word_byte(unsigned char c)
{
    return (unsigned char)((c | 32) - 'a') < 26 || (c >= '0' && c <= '9') || c >= 0x80;
}

static bool has_letter(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (is_word_byte((unsigned char)word.at[i]) && !(word.at[i] >= '0' && word.at[i] <= '9'))
            return true;
    return false;
}

/* Verbs and fillers that no language's short list of stop words has, and no phrase is about. */
static bool is_filler(Str word)
{
    static const char fillers[] =
        " also make makes made use used using uses get gets got take takes took taken give given "
        "gives "
        "one two three many much more most other others some any each every both several such same "
        "own "
        "well very just even still only however therefore thus although because while since until "
        "during "
        "between among through within without about after before again against per via than too "
        "now here "
        "may might must shall being been having said says say see seen go goes went come comes "
        "came new "
        "first second last next like etc over under above below up down out off always never often "
        "need needs want wants keep kept let lets put show shows shown find found become became "
        "include "
        "includes including show based known called ";
    char padded[WORD_BYTES + 2];
    if (word.length + 2 > sizeof(padded))
        return false;
    padded[0] = ' ';
    memcpy(padded + 1, word.at, word.length);
    padded[word.length + 1] = ' ';
    return str_find(str(fillers), (Str){ padded, word.length + 2 }) >= 0;
}

static void read_word(Phrases *p, size_t start, size_t end)
{
    char folded[WORD_BYTES * 4];
    p->number++;
    Str word = str_slice(p->text, start, end);
    Str lower = fold_case(str_slice(word, 0, WORD_BYTES), folded, sizeof(folded));
    if (!has_letter(lower) || utf8_count(lower) < 2 || word.length > WORD_BYTES ||
        language_is_stop_word(p->language, lower) || is_filler(lower)) {
        close_run(p);
        return;
    }
    if (p->open.word_count == PHRASE_WORDS)
        close_run(p);
    if (!p->open.word_count)
        p->open.number = p->number;
    p->open.starts[p->open.word_count] = start;
    p->open.ends[p->open.word_count] = end;
    p->open.words[p->open.word_count++] = str_copy(p->arena, lower);
}

static void read_text(Phrases *p)
{
    size_t at = 0;
    while (at < p->text.length) {
        unsigned char c = (unsigned char)p->text.at[at];
        if (!is_word_byte(c)) {
            if (c != ' ')
                close_run(p);
            at++;
            continue;
        }
        size_t end = at;
        while (end < p->text.length &&
               (is_word_byte((unsigned char)p->text.at[end]) ||
                (HAS_CHAR(p->text.at[end], "-'&") && end + 1 < p->text.length &&
                 is_word_byte((unsigned char)p->text.at[end + 1]))))
            end++;
        read_word(p, at, end);
        at = end;
    }
    close_run(p);
}

/* What it is part of, where that comes again, counts for the longer one. */
static void note_parts(Phrases *p, const Candidate *whole)
{
    for (size_t first = 0; first < whole->word_count; first++)
        for (size_t count = 1; first + count <= whole->word_count; count++) {
            Str part = str_join(p->arena, whole->words + first, count, S(" "));
            Candidate *candidate = &p->candidates.at[map_find(&p->by_text, part)->number - 1];
            if (candidate != whole)
                candidate->within = MAX(candidate->within, whole->phrase.count);
        }
}

/* How often its words come, how often the phrase comes on its own, and how early: what a text is
 * about is named at its beginning. */
static double weigh_one(Phrases *p, const Candidate *candidate)
{
    double times = 0, own = (double)candidate->phrase.count;
    own = MAX(own - WITHIN_SHARE * (double)candidate->within, 0.0);
    for (size_t w = 0; w < candidate->word_count; w++)
        times += log1p((double)*count_of(p, candidate->words[w]));
    double score =
        times / (double)candidate->word_count * log1p(own) / (1 + log1p((double)candidate->number));
    bool is_chance = candidate->word_count == 1 && candidate->phrase.count == 1;
    return is_chance ? score * CHANCE_WEIGHT : score;
}

static void weigh(Phrases *p)
{
    double most = 0;
    for (size_t i = 0; i < p->candidates.count; i++)
        if (p->candidates.at[i].word_count > 1 && p->candidates.at[i].phrase.count > 1)
            note_parts(p, &p->candidates.at[i]);
    for (size_t i = 0; i < p->candidates.count; i++) {
        Candidate *candidate = &p->candidates.at[i];
        candidate->phrase.score = weigh_one(p, candidate);
        most = MAX(most, candidate->phrase.score);
    }
    for (size_t i = 0; i < p->candidates.count && most > 0; i++)
        p->candidates.at[i].phrase.score /= most;
}

static int best_first(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->phrase.score != y->phrase.score)
        return x->phrase.score < y->phrase.score ? 1 : -1;
    return x->phrase.start < y->phrase.start ? -1 : x->phrase.start > y->phrase.start;
}

/* How near each of the best is to the whole. Without an encoder, or when it fails, the words alone
 * decide. */
static void weigh_meaning(Phrases *p, const Embedder *embedder)
{
    Piece pieces[PIECES_MAX];
    Error ignored;
    size_t count = MIN(p->candidates.count, (size_t)EMBEDDED_MAX);
    size_t piece_count = pieces_make(p->text, PIECES_MAX, pieces), dims;
    float *vectors;
    Str *texts = arena_new_array(p->arena, Str, count + piece_count);
    for (size_t i = 0; i < count; i++)
        texts[i] = p->candidates.at[i].phrase.text;
    for (size_t i = 0; i < piece_count; i++)
        texts[count + i] = str_slice(p->text, pieces[i].start, pieces[i].end);
    if (!count || !embedder->embed(embedder->self, p->arena, texts, count + piece_count, &vectors,
                                   &dims, &ignored))
        return;
    float *mean = arena_new_array(p->arena, float, dims);
    vector_mean(vectors + count * dims, piece_count, dims, mean);
    for (size_t i = 0; i < count; i++) {
        double likeness = MAX(vector_likeness(vectors + i * dims, mean, dims), 0.0);
        double *score = &p->candidates.at[i].phrase.score;
        *score = (1 - MEANING_SHARE) * *score + MEANING_SHARE * likeness;
    }
    p->candidates.count = count;
    qsort(p->candidates.at, count, sizeof(Candidate), best_first);
}

/* The small one's words stand in the large one, in their order. */
static bool is_within(const Candidate *small, const Candidate *large)
{
    for (size_t at = 0; at + small->word_count <= large->word_count; at++) {
        size_t same = 0;
        while (same < small->word_count && str_equal(small->words[same], large->words[at + same]))
            same++;
        if (same == small->word_count)
            return true;
    }
    return false;
}

KeyPhraseList key_phrases(Arena *arena, Str text, Language language, const Embedder *embedder,
                          size_t most)
{
    Phrases p = { .arena = arena, .language = language };
    KeyPhraseList list = { 0 };
    p.text = str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)PHRASE_TEXT_MAX)));
    p.words = map_new(arena);
    p.by_text = map_new(arena);
    read_text(&p);
    weigh(&p);
    if (p.candidates.count)
        qsort(p.candidates.at, p.candidates.count, sizeof(Candidate), best_first);
    if (embedder)
        weigh_meaning(&p, embedder);
    double first = p.candidates.count ? p.candidates.at[0].phrase.score : 1;
    const Candidate **told = arena_new_array(arena, const Candidate *, most + 1);
    for (size_t i = 0; i < p.candidates.count && list.phrases.count < most; i++) {
        const Candidate *candidate = &p.candidates.at[i];
        bool is_told = false;
        for (size_t k = 0; k < list.phrases.count && !is_told; k++)
            is_told = is_within(candidate, told[k]) || is_within(told[k], candidate);
        if (is_told)
            continue;
        told[list.phrases.count] = candidate;
        KeyPhrase phrase = candidate->phrase;
        phrase.score = first > 0 ? phrase.score / first : 0;
        *vec_push(arena, &list.phrases) = phrase;
    }
    return list;
}
