/* draw_measure.c - a unit's features, and how sure they make us that it is a task. */
#include <math.h>
#include <pthread.h>

#include "tasks/draw_int.h"

typedef struct Cue {
    CueKind kind;
    const char *pattern;
} Cue;

static const Cue cues[] = {
#define CUE(kind, pattern) { CUE_##kind, pattern },
#include "tasks/draw_cues.def"
#undef CUE
};

static const double weights[] = {
#define DRAW_FEATURE(name, weight, what) weight,
#include "tasks/draw_features.def"
#undef DRAW_FEATURE
};

/* The features of the kinds stand in the kinds' order. */
static const DrawFeature features_of_kinds[] = {
#define CUE_KIND(name, what) DRAW_HAS_##name,
#include "tasks/draw_cue_kinds.def"
#undef CUE_KIND
};

/* Words as bits by their hashes. Most cues have a word that a unit does not have, and so need not
 * be tried at each of its places: six times as fast. */
typedef struct WordBits {
    uint64_t at[4];
} WordBits;

static WordBits cue_words[COUNT(cues)]; /* one of these the cue needs; all: it needs no word */
static pthread_once_t cue_words_once = PTHREAD_ONCE_INIT;

static void add_bit(WordBits *bits, Str word)
{
    uint64_t hash = str_hash(word) & 255;
    bits->at[hash >> 6] |= (uint64_t)1 << (hash & 63);
}

static bool have_common(const WordBits *a, const WordBits *b)
{
    return ((a->at[0] & b->at[0]) | (a->at[1] & b->at[1]) | (a->at[2] & b->at[2]) |
            (a->at[3] & b->at[3])) != 0;
}

/* An element of a pattern that stands for itself and may not be left out. */
static bool is_needed_word(Str element)
{
    return !str_is(element, "_") && !str_is(element, "^") && !str_is(element, "$") &&
           !str_is(element, "..") && str_find_char(element, '<') < 0 &&
           element.at[element.length - 1] != '?';
}

static void make_cue_words(void)
{
    for (size_t i = 0; i < COUNT(cues); i++) {
        Str element, word;
        bool is_found = false;
        for (Str rest = str(cues[i].pattern); !is_found && str_next(&rest, ' ', &element);) {
            is_found = is_needed_word(element);
            while (is_found && str_next(&element, '|', &word))
                add_bit(&cue_words[i], word);
        }
        for (size_t k = 0; !is_found && k < COUNT(cue_words[i].at); k++)
            cue_words[i].at[k] = UINT64_MAX;
    }
}

static void look_for_cues(const DrawWords *words, DrawSigns *signs)
{
    WordBits own = { { 0 } };
    (void)pthread_once(&cue_words_once, make_cue_words);
    for (size_t i = 0; i < words->count; i++)
        add_bit(&own, words->at[i].word);
    for (size_t i = 0; i < COUNT(cues); i++) {
        CueMatch match;
        double *feature = &signs->features[features_of_kinds[cues[i].kind]];
        if (*feature > 0 || !have_common(&own, &cue_words[i]) ||
            !cue_find(cues[i].pattern, words, &match))
            continue;
        *feature = 1;
        if (signs->has_cue || match.focus == SIZE_MAX)
            continue;
        signs->has_cue = true;
        signs->cue = match;
        signs->kind = cues[i].kind;
    }
}

/* Nouns look like verbs ("Order history"); what follows a verb tells. */
static bool begins_object(const DrawWords *words, size_t at)
{
    static const char *const openers[] = {
        "the",   "a",     "an",    "my",   "our",   "your", "his",  "her",   "their", "this",
        "that",  "these", "all",   "any",  "every", "each", "me",   "us",    "him",   "them",
        "it",    "to",    "up",    "out",  "back",  "off",  "with", "on",    "for",   "whether",
        "one",   "two",   "three", "some", "new",   "into", "in",   "at",    "about", "if",
        "der",   "die",   "das",   "den",  "dem",   "ein",  "eine", "einen", "mir",   "uns",
        "bitte", "sie",   "dich",  "mal",  "le",    "la",   "les",  "l'",    "un",    "une",
        "des",   "votre", "vos",   "m'",   "moi"
    };
    if (at >= words->count)
        return false;
    for (size_t i = 0; i < COUNT(openers); i++)
        if (str_equal(words->at[at].word, str(openers[i])))
            return true;
    return words->at[at].forms & FORM_NAME;
}

static bool ends_infinitive(const DrawWords *words, const CueMatch *cue)
{
    return cue->end > cue->focus && cue->end <= words->count &&
           (words->at[cue->end - 1].forms & FORM_INFINITIVE);
}

static void measure_focus(const DrawWords *words, DrawSigns *signs)
{
    size_t focus = signs->cue.focus;
    double *features = signs->features;
    if (!signs->has_cue) {
        features[DRAW_NO_CUE] = 1;
        for (size_t i = 0; i < words->count; i++)
            features[DRAW_FOCUS_QUOTED] += words->at[i].is_quoted ? 1.0 / (double)words->count : 0;
        return;
    }
    if (focus >= words->count)
        return;
    const DrawWord *word = &words->at[focus];
    features[DRAW_FOCUS_VERB] =
        (word->forms & (FORM_BASE | FORM_COMMAND | FORM_INFINITIVE | FORM_ING)) != 0 ||
        ends_infinitive(words, &signs->cue); /* German has it last */
    features[DRAW_FOCUS_QUOTED] = word->is_quoted;
    features[DRAW_OBJECT] = begins_object(words, focus + 1);
}

void draw_measure(Arena *arena, const DrawRequest *request, const DrawUnit *unit,
                  const DrawWords *words, DrawSigns *signs_r)
{
    DrawSigns signs = { 0 };
    double *features = signs.features;
    look_for_cues(words, &signs);
    measure_focus(words, &signs);
    const DrawWord *last = words->count ? &words->at[words->count - 1] : NULL;
    bool asks = features[DRAW_HAS_REQUEST] > 0 || features[DRAW_HAS_HANDED] > 0 ||
                features[DRAW_HAS_NAMED] > 0;
    features[DRAW_BIAS] = 1;
    features[DRAW_QUESTION] = last && str_is(last->word, "?") && !asks;
    features[DRAW_DEADLINE] =
        draw_deadline(arena, request, unit, words, &signs.deadline_start, &signs.deadline_end) ||
        unit->due.length > 0;
    features[DRAW_OPEN_BOX] = unit->is_open;
    features[DRAW_DONE] = unit->is_done;
    features[DRAW_ITEM] = unit->kind == UNIT_ITEM;
    features[DRAW_PRESENT_BY] =
        features[DRAW_HAS_PRESENT] > 0 && (features[DRAW_DEADLINE] > 0 || unit->kind == UNIT_ITEM);
    features[DRAW_LISTED] = unit->is_listed;
    features[DRAW_LED] = unit->is_led;
    features[DRAW_ROW] = unit->kind == UNIT_ROW;
    features[DRAW_OWNED] = unit->owner.length > 0 || draw_owner_at_end(words, NULL);
    features[DRAW_SPOKEN] = unit->speaker.length > 0;
    features[DRAW_SHORT] = words->count < 4;
    *signs_r = signs;
}

double draw_confidence(const DrawSigns *signs)
{
    double sum = 0;
    for (int i = 0; i < DRAW_FEATURE_COUNT; i++)
        sum += weights[i] * signs->features[i];
    return 1 / (1 + exp(-sum));
}
