/* sections.c - how a long material is divided, and which of its passages are about what all of it
 * is about: by the vectors that the library keeps of passages, so that nothing is encoded again. */
#include <math.h>

#include "summary/summary_int.h"

#define PART_PIECES_MIN 6 /* a shorter section goes with the one before */
/* How much more a sentence counts in a passage that is a deviation nearer to the middle. */
#define NEARNESS_BONUS 0.3
#define NEARNESS_MAX 2.0 /* deviations */
#define EARLY_BONUS 0.6  /* of a long document's beginning; it falls to none at its end */

size_t *section_parts(Arena *arena, const Material *material)
{
    size_t *parts = arena_new_array(arena, size_t, material->piece_count + 1);
    size_t part = 0, first = 0;
    for (size_t i = 1; i < material->piece_count; i++) {
        const Piece *piece = &material->pieces[i];
        bool is_other = piece->document != piece[-1].document;
        if (is_other || (piece->section != piece[-1].section && i - first >= PART_PIECES_MIN)) {
            part++;
            first = i;
        }
        parts[i] = part;
    }
    return parts;
}

/* --- Passages --- */

static double inner(const float *a, const double *b, size_t dims)
{
    double sum = 0;
    for (size_t d = 0; d < dims; d++)
        sum += (double)a[d] * b[d];
    return sum;
}

/* How near each passage is to the middle of all of them. */
static double *nearness_of(Arena *arena, const PassageVectors *vectors)
{
    double *middle = arena_new_array(arena, double, vectors->dims + 1), mean = 0, square = 0;
    double *near = arena_new_array(arena, double, vectors->count + 1);
    for (size_t i = 0; i < vectors->count; i++)
        for (size_t d = 0; d < vectors->dims; d++)
            middle[d] += (double)vectors->at[i * vectors->dims + d];
    for (size_t i = 0; i < vectors->count; i++) {
        near[i] = inner(vectors->at + i * vectors->dims, middle, vectors->dims);
        mean += near[i] / (double)vectors->count;
        square += near[i] * near[i] / (double)vectors->count;
    }
    double deviation = sqrt(MAX(square - mean * mean, 0.0));
    for (size_t i = 0; i < vectors->count; i++)
        near[i] = deviation > 0 ? (near[i] - mean) / deviation : 0;
    return near;
}

static void weigh_meaning(const PassageVectors *vectors, const double *near,
                          const Material *material, const MaterialDocument *document,
                          double *priors)
{
    size_t passage = 0;
    for (size_t i = document->first; i < document->first + document->count; i++) {
        while (passage + 1 < vectors->count &&
               vectors->starts[passage + 1] <= material->pieces[i].start)
            passage++;
        double deviations = MAX(-NEARNESS_MAX, MIN(near[passage], NEARNESS_MAX));
        priors[i] *= exp(NEARNESS_BONUS * deviations);
    }
}

/* What matters stands before what is appended. */
static void weigh_place(const MaterialDocument *document, double *priors)
{
    for (size_t i = 0; i < document->count; i++)
        priors[document->first + i] *= 1 + EARLY_BONUS * (1 - (double)i / (double)document->count);
}

void weigh_long(Summaries *summaries, const Scope *scope, Arena *arena, const Material *material,
                double *priors)
{
    for (size_t i = 0; i < material->document_count; i++) {
        const MaterialDocument *document = &material->documents[i];
        PassageVectors vectors;
        Error ignored; /* its words are weighed all the same */
        weigh_place(document, priors);
        if (summaries->searcher && document->id.length &&
            search_passage_vectors(summaries->searcher, scope, arena, document->id, &vectors,
                                   &ignored) &&
            vectors.count)
            weigh_meaning(&vectors, nearness_of(arena, &vectors), material, document, priors);
    }
}
