/* tiny_model.h - a BERT of two layers with random weights in a temporary folder, for tests. */
#pragma once

#include "base/base.h"

enum {
    TINY_WIDTH = 32,
    TINY_HEADS = 2,
    TINY_INNER = 80,
    TINY_LAYERS = 2,
    TINY_POSITIONS = 64,
    TINY_WORDS = 40
};

/* A change to the model as it is written, to see it refused; all zero for none. */
typedef struct TinyDamage {
    const char *leave_out; /* this tensor */
    const char *reshape;   /* this tensor gets one column more */
    const char *not_a_number;
    size_t cut_bytes;   /* off the end of the file */
    size_t extra_words; /* in vocab.txt */
    const char *config; /* config.json instead of the right one */
    bool scores_pairs;  /* a sequence classifier with one label */
} TinyDamage;

/* Makes the folder and returns its path, in the arena. */
const char *tiny_model_write(Arena *arena, const TinyDamage *damage);
void tiny_model_remove(const char *folder);
/* Random numbers of a fixed sequence, about normal, from *state on. */
float tiny_random(uint64_t *state);
