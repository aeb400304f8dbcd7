/* pieces.c - texts as vectors, a few of each. */
#include <math.h>

#include "base/utf8.h"
#include "classify/classify_int.h"
#include "text/sentences.h"

#define LOOK_BYTES (4 * PIECE_BYTES)

/* The next piece: sentences as long as they fit; of a longer sentence its beginning. */
static bool next_piece(Str text, size_t *at, Piece *piece_r)
{
    Sentence sentence;
    size_t after = *at;
    while (after < text.length && HAS_CHAR(text.at[after], " \t\n\v\f\r"))
        after++;
    /* Of a sentence without end no more is looked at than can be taken. */
    text = str_slice(text, 0, after + LOOK_BYTES);
    if (!sentence_next(text, &after, &sentence))
        return false;
    *piece_r = (Piece){ sentence.start, sentence.end };
    *at = after;
    if (sentence.end - sentence.start > PIECE_BYTES) {
        piece_r->end = utf8_floor(text, sentence.start + PIECE_BYTES);
        *at = piece_r->end;
        return true;
    }
    while (sentence_next(text, &after, &sentence) && sentence.end - piece_r->start <= PIECE_BYTES) {
        piece_r->end = sentence.end;
        *at = after;
    }
    return true;
}

size_t pieces_make(Str text, size_t most, Piece *pieces)
{
    Piece piece;
    size_t total = 0, count = 0;
    for (size_t at = 0; next_piece(text, &at, &piece);)
        total++;
    size_t seen = 0;
    for (size_t at = 0; count < most && next_piece(text, &at, &piece); seen++)
        if (total <= most || seen == count * total / most)
            pieces[count++] = piece;
    return count;
}

double vector_likeness(const float *a, const float *b, size_t dims)
{
    double sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

void vector_mean(const float *vectors, size_t count, size_t dims, float *mean_r)
{
    memset(mean_r, 0, dims * sizeof(float));
    for (size_t v = 0; v < count; v++)
        for (size_t i = 0; i < dims; i++)
            mean_r[i] += vectors[v * dims + i];
    double length = sqrt(vector_likeness(mean_r, mean_r, dims));
    for (size_t i = 0; i < dims && length > 0; i++)
        mean_r[i] = (float)(mean_r[i] / length);
}

/* --- Labels --- */

/* Sentences about nothing in particular and about everything: a label that is near all of them
 * is near to any text, which must not count for it. */
static const char *const anything[] = {
#define ANYTHING(sentence) sentence,
#include "classify/anything.def"
#undef ANYTHING
};

/* A name and what is said of it, in the ways that people speak of a text's subject. */
enum { LABEL_WAYS = 3 };
static void label_ways(Arena *arena, const ClassifyLabel *label, Str ways[LABEL_WAYS])
{
    Str name = label->name, about = label->description;
    ways[0] = about.length ? str_format(arena, STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(about))
                           : name;
    ways[1] = str_format(arena, "This text is about " STR_FMT ".", STR_ARG(name));
    ways[2] = about.length ? about : str_format(arena, "An example of " STR_FMT ".", STR_ARG(name));
}

bool label_vectors(const Embedder *embedder, Arena *arena, const ClassifyLabel *labels,
                   size_t count, float **vectors_r, float **means_r, size_t *dims_r, Error *err)
{
    Str *texts = arena_new_array(arena, Str, count * LABEL_WAYS + COUNT(anything));
    float *vectors;
    size_t dims;
    for (size_t l = 0; l < count; l++)
        label_ways(arena, &labels[l], texts + l * LABEL_WAYS);
    for (size_t i = 0; i < COUNT(anything); i++)
        texts[count * LABEL_WAYS + i] = str(anything[i]);
    if (!embedder->embed(embedder->self, arena, texts, count * LABEL_WAYS + COUNT(anything),
                         &vectors, &dims, err))
        return false;
    float *of_labels = arena_new_array(arena, float, count *dims);
    float *means = arena_new_array(arena, float, count);
    const float *background = vectors + count * LABEL_WAYS * dims;
    for (size_t l = 0; l < count; l++) {
        double sum = 0;
        vector_mean(vectors + l * LABEL_WAYS * dims, LABEL_WAYS, dims, of_labels + l * dims);
        for (size_t i = 0; i < COUNT(anything); i++)
            sum += vector_likeness(of_labels + l * dims, background + i * dims, dims);
        means[l] = (float)(sum / (double)COUNT(anything));
    }
    *vectors_r = of_labels;
    *means_r = means;
    *dims_r = dims;
    return true;
}
