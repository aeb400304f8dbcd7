/* align.c - see align.h. */
#include "answer/align.h"

/* Of the overlap: enough alone; with a close meaning; with the model's own mark. */
#define OVERLAP_ALONE 0.6
#define OVERLAP_CLOSE 0.35
#define OVERLAP_POINTED 0.45
#define COSINE_CLOSE 0.6

static bool has_digit(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (word.at[i] >= '0' && word.at[i] <= '9')
            return true;
    return false;
}

AlignSentence align_read(Arena *arena, Words *words, Str sentence,
                         double (*rarity)(void *self, Str word), void *self)
{
    AlignSentence read = { .language = language_detect(sentence, LANGUAGE_ENGLISH) };
    WordList list = words_list(words, read.language, sentence, arena);
    read.words = arena_new_array(arena, AlignWord, list.words.count + 1);
    for (size_t i = 0; i < list.words.count; i++) {
        const Word *word = &list.words.at[i];
        bool is_known = word->is_extra || word->is_stop || !word->text.length;
        for (size_t j = 0; j < read.count && !is_known; j++)
            is_known = str_equal(read.words[j].text, word->text);
        if (is_known)
            continue;
        char first = sentence.at[word->start];
        bool is_name = word->start > 0 && first >= 'A' && first <= 'Z';
        bool is_number = has_digit(word->text);
        double weight = rarity ? rarity(self, word->text) : is_name || is_number ? 2 : 1;
        read.words[read.count++] = (AlignWord){ word->text, weight, is_number };
        read.weight += weight;
    }
    return read;
}

typedef struct Overlap {
    const AlignSentence *sentence;
    bool *has;
} Overlap;

static void note_word(void *self, const Word *word)
{
    Overlap *overlap = self;
    for (size_t i = 0; i < overlap->sentence->count; i++)
        if (str_equal(overlap->sentence->words[i].text, word->text))
            overlap->has[i] = true;
}

double align_overlap(const AlignSentence *sentence, Words *words, Str passage)
{
    AUTO_FREE bool *has = heap_alloc(sentence->count + 1);
    Overlap overlap = { sentence, has };
    double got = 0;
    words_split(words, sentence->language, passage, note_word, &overlap);
    for (size_t i = 0; i < sentence->count; i++) {
        if (sentence->words[i].is_number && !has[i])
            return 0;
        got += has[i] ? sentence->words[i].weight : 0;
    }
    return sentence->weight > 0 ? got / sentence->weight : 0;
}

bool align_supports(double overlap, double cosine, bool is_pointed_to)
{
    return overlap >= OVERLAP_ALONE || (overlap >= OVERLAP_POINTED && is_pointed_to) ||
           (overlap >= OVERLAP_CLOSE && cosine >= COSINE_CLOSE);
}
