/* fields_int.h - what the files of fields.h share; for this folder only. */
#pragma once

#include "base/map.h"
#include "classify/entities.h"
#include "fields/fields.h"

/* --- What documents call things (words.c) --- */

typedef enum ValueKind {
#define KIND(name, reader) KIND_##name,
#include "fields/value_kinds.def"
#undef KIND
    KIND_COUNT
} ValueKind;

/* Where a thing is when no word says so. */
typedef enum FallsTo {
    FALLS_NOWHERE,
    FALLS_ENTITY,
    FALLS_DATE,
    FALLS_TIME,
    FALLS_LARGEST,
    FALLS_CURRENCY,
    FALLS_PERSON,
    FALLS_HEAD,
    FALLS_ADDRESS,
    FALLS_TITLE,
    FALLS_PARTIES,
    FALLS_NOTICE,
    FALLS_GREETING,
    FALLS_CLOSING
} FallsTo;

typedef enum Thing {
#define WORD(thing, kind, falls, phrases) THING_##thing,
#include "fields/words.def"
#undef WORD
    THING_COUNT
} Thing;

typedef enum RoleAt { NOT_AT_TOP, AT_TOP, ADDRESSEE } RoleAt;
typedef enum RoleName {
#define ROLE(role, at, phrases) ROLE_OF_##role,
#include "fields/roles.def"
#undef ROLE
    ROLE_COUNT
} RoleName;

typedef struct ThingRow {
    ValueKind kind;
    FallsTo falls;
    const char *phrases;
} ThingRow;
extern const ThingRow thing_rows[THING_COUNT];
typedef struct RoleRow {
    RoleAt at;
    const char *phrases;
} RoleRow;
extern const RoleRow role_rows[ROLE_COUNT];

/* "invoiceNumber", "invoice_no" and "Invoice No." as words in lower case with a space between. */
Str fields_fold_name(Arena *arena, Str name);
/* The first thing (is_last: the last) that is called so; THING_COUNT: none. */
Thing thing_called(Str folded, bool is_last);
RoleName role_called(Str folded);

/* --- Schemas (schema.c) --- */

typedef enum NodeShape { NODE_LEAF, NODE_OBJECT, NODE_LIST } NodeShape;

struct FieldNode {
    NodeShape shape;
    Str name, title;
    const json_t *root, *schema; /* schema: with its references followed */
    const FieldNode *parent;
    FieldNode **members; /* of an object */
    size_t member_count;
    FieldNode *item; /* of a list */
    bool is_required, is_number, is_whole, is_flag;
    ValueKind kind;
    Thing thing;   /* THING_COUNT: none that is known */
    RoleName role; /* of an object, or of a leaf like buyer_name; ROLE_COUNT: none */
    Str own[2];    /* its name and title, folded */
    int index;     /* of all nodes */
};
#define NODES_MAX 300
#define NODE_DEPTH_MAX 6
/* The member at "items[3].amount"; NULL: there is none. */
const FieldNode *node_at(const FieldNode *root, Str path);
/* The leaf at a path with an index behind each list and nowhere else; NULL: it is none. Lists in
 * lists have no paths. */
const FieldNode *leaf_at(const FieldNode *root, Str path);
/* Whether the value is one that this leaf may have. */
bool node_holds(const FieldNode *node, const json_t *value);

/* --- Layout (layout.c) --- */

/* A line of text, a part of it that stands apart, or a line of a cell. */
typedef struct Span {
    size_t start, end;
    size_t line;
    size_t column; /* letters from the beginning of the line, or the number of the cell's column */
} Span;

typedef struct Line {
    size_t first, count;            /* spans */
    uint32_t table;                 /* 0: none */
    bool is_heading, is_header_row; /* is_header_row: of a table */
    bool begins_part;               /* a new paragraph, or after an empty line */
    int32_t page;
} Line;

typedef struct Word {
    size_t start, end;
    Str folded;
    size_t span;
} Word;

/* Words of the text that are called like a thing, a role or a member. */
typedef struct Label {
    size_t start, end, span;
    size_t first_word, word_count;
    int32_t phrase; /* the first of those of the same length, chained by `next_same` */
    bool begins, has_colon, is_whole;
} Label;

typedef struct Phrase {
    Str words[8]; /* folded */
    int count;
    int16_t thing, role, node; /* -1: not one */
    uint8_t rank;              /* 0: the surest */
    int32_t next;              /* with the same first word */
} Phrase;

typedef struct Reading {
    Arena *arena;
    const FieldNode *root;
    Str text; /* that is read */
    Str language;
    int64_t today;
    const StopCheck *stop; /* may be NULL */
    bool is_day_first;
    VEC(Span) spans;
    VEC(Line) lines;
    VEC(Word) words;
    VEC(Phrase) phrases;
    Map by_first_word; /* -> phrase + 1 */
    VEC(Label) labels;
    EntityList entities;
    FieldsResult *result;
} Reading;

void fields_lay_out(Reading *reading, const FieldsInput *input);
/* The words of the spans, and those of them that name something. */
void fields_find_labels(Reading *reading);
static inline Str span_text(const Reading *reading, const Span *span)
{
    return str_slice(reading->text, span->start, span->end);
}
/* A label that says something: at the beginning or before a colon. */
static inline bool label_is_strong(const Label *label)
{
    return label->has_colon || (label->begins && label->is_whole);
}
/* Whether one of the label's phrases of its length means this; *rank_r (may be NULL) how surely. */
bool label_means_thing(const Reading *reading, const Label *label, Thing thing, int *rank_r);
bool label_means_role(const Reading *reading, const Label *label, RoleName role);
bool label_means_node(const Reading *reading, const Label *label, const FieldNode *node,
                      int *rank_r);
/* The first word that begins at this byte or behind it. */
size_t word_from(const Reading *reading, size_t byte);
/* The first label that touches the span, from its beginning on; NULL: none. */
const Label *label_of_span(const Reading *reading, size_t span);

/* --- Values (values.c) --- */

typedef struct Found {
    size_t start, end; /* bytes of the text */
    Str text;          /* in one form: "2026-11-22", "1250.00" */
    double sure;       /* 0..1, that this is such a value */
} Found;

/* The first value of this kind in bytes from..to of the text; of amounts, the last. */
bool value_find(const Reading *reading, const FieldNode *node, ValueKind kind, size_t from,
                size_t to, Found *found_r);
/* As JSON of the leaf's type, which its schema takes; NULL: it cannot be. The caller owns it. */
json_t *value_make(const Reading *reading, const FieldNode *node, const Found *found);
/* What the amounts of the document are in, "EUR"; empty: not said. */
bool currency_find(const Reading *reading, size_t from, size_t to, Found *found_r);
/* A number with its separators, its sign taken too. */
bool number_find(const Reading *reading, size_t from, size_t to, bool wants_last,
                 bool wants_percent, Found *found_r);

/* --- Finding (rules.c, roles.c, rows.c, sections.c) --- */

/* Where a value may be: bytes, and how good the place is. */
typedef struct Candidate {
    Found found;
    double score;
    bool is_there;
} Candidate;

/* Lays the text out and finds its labels; the result begins empty. */
void reading_begin(Reading *reading, Arena *arena, const FieldNode *root, const FieldsInput *input,
                   FieldsResult *result);
/* Every member in turn, by rules. */
void reading_fill(Reading *reading);
/* What adds up, and how sure the sums make their values. */
void reading_check(const Reading *reading);
/* A leaf of the whole document. */
Candidate find_leaf(const Reading *reading, const FieldNode *node);
/* What stands where the thing stands when nothing is said (rules_fall.c). */
Candidate find_unsaid(const Reading *reading, const FieldNode *node);
/* A leaf of a role: name, address, numbers (roles.c). */
Candidate find_of_role(const Reading *reading, const FieldNode *node, RoleName role);
/* Adds items of a list into `list` (rows.c: tables; sections.c: parts with a heading). */
bool find_rows(const Reading *reading, const FieldNode *list, Str path, json_t *into);
bool find_sections(const Reading *reading, const FieldNode *list, Str path, json_t *into);
/* Puts the value into the object or list and remembers where it is from; false: it does not fit. */
bool keep_value(const Reading *reading, const FieldNode *node, Str path, const Found *found,
                double confidence, json_t *into);
