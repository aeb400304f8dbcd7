/* facts.h - what the sentences of a material say that can be asked for: definitions, names, dates,
 * numbers, reasons, examples; how central each is; and which sentences stand on their own.
 *
 *     material -> facts_find() -> facts -> facts_rank() (encoder, else words) -> best first
 *
 * Rules over words (fact_cues.def) and entities (classify/entities.h): English whole, German,
 * French and Spanish in their definitions. Everything lives in the arena; pure but for Words and
 * the encoder. */
#pragma once

#include "material/material.h"
#include "text/central.h"

typedef enum KeyKind {
#define KEY_KIND(name, word, question, weight) KEY_##name,
#include "study/key_kinds.def"
#undef KEY_KIND
    KEY_KIND_COUNT
} KeyKind;

typedef struct KeyKindRow {
    const char *word, *question;
    double weight;
} KeyKindRow;
extern const KeyKindRow key_kinds[KEY_KIND_COUNT];

/* What a sentence can be asked for: a part of it. */
typedef struct FactKey {
    KeyKind kind;
    size_t start, end; /* bytes of the piece's plain text */
    Str text;
} FactKey;

#define FACT_KEYS_MAX 12

typedef struct Fact {
    const Piece *piece;
    Str plain;            /* the piece's */
    Str term, definition; /* of a definition; term: as it is asked for, without its article */
    bool is_of_many;      /* "Forests are" */
    bool is_name;         /* the term keeps its capital */
    bool gives_reason, gives_example;
    FactKey *keys; /* best first */
    size_t key_count;
    uint32_t *stems; /* hashes of its content words, each once, sorted */
    size_t stem_count;
    double centrality; /* 0 to 1 within the material */
    double score;      /* worth being learned, 0 to 1 */
} Fact;

typedef struct Facts {
    Fact *at; /* in the order of the material */
    size_t count;
    /* After facts_rank(): */
    size_t *order;    /* indexes, best first */
    size_t *compared; /* indexes of those that `central` knows, in order */
    size_t compared_count;
    Central central;
    bool by_meaning; /* the encoder said what is central */
} Facts;

/* Sentences and items that stand on their own. */
Facts facts_find(Arena *arena, Words *words, const Material *material);
void facts_rank(Arena *arena, Words *words, Searcher *searcher, const Material *material,
                Facts *facts);

/* Share of the smaller one's content words that the other has too. */
double facts_overlap(const Fact *a, const Fact *b);
/* Reads as a whole sentence that stands on its own. */
bool fact_is_sentence(Str plain, Language language);
