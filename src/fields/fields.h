/* fields.h - values of a JSON schema from a document, each with the place it comes from.
 *
 *     schema -> members and what documents call them (words.def)     text, blocks -> lines, cells,
 * words \                                 / words that stand before values -> readers of dates,
 * amounts, ... (a model's values, checked) -> values, missing, checks
 *
 * Nothing is invented: a value stands in the document where its source says, in those words; a
 * member that is not found is missing. Threads: any; pure but for fields_ask(). */
#pragma once

#include "base/json.h"
#include "base/stop.h"
#include "models/models.h"
#include "store/blocks_store.h"

#define FIELDS_TEXT_MAX MB(1) /* bytes that are read; what is behind is not */
#define FIELDS_VALUES_MAX 2000

/* --- Schemas --- */

typedef struct ReadySchema {
    const char *name, *about, *json;
} ReadySchema;
extern const ReadySchema ready_schemas[];
extern const size_t ready_schema_count;
/* NULL when there is none of that name. */
const ReadySchema *ready_schema(Str name);

typedef struct FieldNode FieldNode;
/* A schema that was checked: its words, its size and depth, its references. Borrows the tree.
 * ERROR_INVALID, field "schema", says where it is wrong. */
MUST_CHECK bool fields_schema(Arena *arena, const json_t *schema, const FieldNode **root_r,
                              Error *err);

/* --- Reading --- */

typedef struct FieldsInput {
    Str text;
    const StoredBlock *blocks; /* none: the text alone */
    size_t block_count;
    Str language;          /* "de"; empty: found out */
    int64_t today;         /* civil seconds since 1970 */
    const StopCheck *stop; /* then little is read and nothing asked; may be NULL */
} FieldsInput;

typedef struct FieldValue {
    Str path;            /* "seller.name", "items[0].amount" */
    const json_t *value; /* of the tree */
    double confidence;
    size_t start, end; /* bytes of the text; equal: it stands nowhere (a person wrote it) */
    bool is_verified;  /* its words say it; false: a model's reading of them */
    Str made_by;       /* "rules", "person", a model's name */
} FieldValue;

typedef struct FieldCheck {
    Str what; /* "net + tax = total" */
    bool holds;
} FieldCheck;

typedef struct FieldsResult {
    json_t *tree; /* release with fields_free() */
    VEC(FieldValue) values;
    VEC(Str) missing; /* paths of required members */
    VEC(FieldCheck) checks;
    bool is_valid; /* the tree holds against the schema */
    Str problem;   /* why it does not; empty: it does */
    Str made_by;   /* "rules" or a model's name */
    Str notice;    /* what stood in the way; may be empty */
    bool is_cut;   /* the text is longer than what was read */
} FieldsResult;

/* As compact JSON with amounts as people write them: 92.94, not 92.939999999999998. */
Str fields_print(Arena *arena, const json_t *json);
void fields_free(FieldsResult *result);
#define AUTO_FIELDS AUTO(fields_free)

/* By words, layout and formats. */
void fields_read(Arena *arena, const FieldNode *root, const FieldsInput *input,
                 FieldsResult *result_r);
/* By a model too when there is a service: its values count as far as their quotes stand in the
 * text; without it, or when it fails, those of the rules, and the notice says so. */
void fields_ask(Models *models, const Scope *scope, Arena *arena, const FieldNode *root,
                const FieldsInput *input, Str model, FieldsResult *result_r);
/* Fills missing, is_valid and problem again, after a value has changed. */
void fields_judge(Arena *arena, const FieldNode *root, FieldsResult *result);
