/* make_int.h - study content in the making; for this folder only. */
#pragma once

#include "study/asking.h"
#include "study/make.h"

struct Making;

typedef struct MakeKindRow {
    const char *word, *title;
    int count;
    bool (*make)(struct Making *making, Error *err); /* by rules and the encoder */
    const char *main;                                /* the member that two items do not share */
    const char *members, *names, *own, *own_names, *told;
} MakeKindRow;
extern const MakeKindRow make_kind_rows[MAKE_KIND_COUNT];

typedef struct Making {
    const StudyMaker *maker;
    const Scope *scope;
    Arena *arena;
    const MakeWish *wish;
    const MakeSink *sink;
    const MakeKindRow *row;
    Learner learner;
    Material material;
    Facts facts;
    Words *words;
    json_t *schema; /* of an item */
    VEC(Str) items;
    VEC(Str) mains;
    size_t wanted;
    Buf text; /* of prose */
    Str made_by, notice, key;
    StudyMade kept; /* the same, made before */
} Making;

/* --- make_items.c --- */

/* An item being written: members between begin and end. */
typedef struct ItemEnd {
    Str main;               /* the text that no two share */
    double difficulty;      /* 0 to 1 */
    const Citation *source; /* NULL: none */
} ItemEnd;
JsonWriter item_begin(Making *making, Buf *out);
/* Checks it against the schema and adds it, unless an alike one is there (*is_added_r, may be
 * NULL). ERROR_CANCELLED: nobody waits any more. */
MUST_CHECK bool item_end(Making *making, Buf *out, JsonWriter *json, const ItemEnd *end,
                         bool *is_added_r, Error *err);
/* From 0 (easy) to 1: what is asked for, how, and how long the sentence is. */
double item_difficulty(const Fact *fact, const FactKey *key, bool is_open);
const char *difficulty_name(double difficulty);
/* Best first, spread over the sections, none that says the same as one before, those of the wanted
 * difficulty preferred. Returns how many. */
size_t facts_spread(Making *making, const Fact **spread);
bool making_is_full(const Making *making);

/* --- The built-in makers --- */

#define MAKE_KIND(name, word, title, count, make, main, members, names, own, own_names, told)      \
    bool make(Making *making, Error *err);
#include "study/make_kinds.def"
#undef MAKE_KIND

/* rows.c: what a table's row can be asked for. */
typedef struct RowFact {
    const Piece *piece;
    Str question, answer;
    const Piece *table_first; /* its table's rows are from here on, one after the other */
    size_t column;
} RowFact;
/* At most `max`, spread over the tables. */
size_t rows_find(Making *making, RowFact *rows, size_t max);

/* options.c: at most three wrong options of the same kind; fewer than two are none. */
size_t wrong_options(Making *making, const Fact *fact, const FactKey *key, Str wrong[3]);
size_t wrong_definitions(Making *making, const Fact *fact, Str wrong[3]);
size_t wrong_cells(Making *making, const RowFact *row, Str wrong[3]);

/* --- make_given.c: what a model is given --- */

#define PASSAGE_BYTES 1800
#define PASSAGES_MAX 40

/* Pieces that stand one after the other: their range is quoted and searched. */
typedef struct GivenPassage {
    size_t first, end; /* pieces */
    double score;
    Str text; /* plain texts, one a line */
} GivenPassage;

typedef struct Asking {
    Making *making;
    GivenPassage passages[PASSAGES_MAX];
    size_t count;
} Asking;

/* All of a short source; of a long one the passages with most to learn, in their order. */
void given_choose(Asking *asking);
Str given_instructions(const Making *making, const char *instructions);
Str given_passages(const Asking *asking);

/* --- make_write.c: prose, sentence by sentence --- */

MUST_CHECK bool make_written(Making *making, Error *err);

/* --- make_model.c --- */

/* Items with a schema, from the service. */
MUST_CHECK bool make_by_model(Making *making, Error *err);
