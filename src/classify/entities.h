/* entities.h - what a text names: people, places, amounts, accounts, with their bytes.
 *
 * What has a grammar is read by rules and its check digits are verified (what fails them is not
 * given); names of people, organisations and places come from titles, company forms, small lists of
 * our own, and how words are written and stand. Fields of invoices and contracts are what stands
 * behind their captions. No model; English whole, German and French in their captions and forms.
 *
 * Linear in the text; any bytes are fine (they are read as UTF-8); any thread. */
#pragma once

#include "base/stop.h"

typedef enum EntityKind {
#define ENTITY(name, word, severity, title) ENTITY_##name,
#include "classify/entity_kinds.def"
#undef ENTITY
    ENTITY_KIND_COUNT
} EntityKind;

typedef enum Severity { SEVERITY_NONE, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH } Severity;
const char *severity_name(Severity severity); /* "none", "low", "medium", "high" */

typedef struct EntityKindRow {
    const char *word, *title; /* "person", "People" */
    Severity severity;        /* of it as personal data */
} EntityKindRow;
extern const EntityKindRow entity_kind_rows[ENTITY_KIND_COUNT];
/* ENTITY_KIND_COUNT when there is none of that word. */
EntityKind entity_kind_named(Str word);

typedef struct Entity {
    EntityKind kind;
    size_t start, end; /* bytes of the text */
    Str text;          /* those bytes */
    Str value;         /* in one form: "1250.00 EUR", "2026-11-22", an IBAN without spaces */
    double confidence; /* 0..1 */
    bool is_verified;  /* its check digits are right */
} Entity;

typedef struct EntityList {
    VEC(Entity)
    entities;        /* by where they begin; none overlap but fields, which also stand as what
                      * their value is */
    bool is_stopped; /* nobody wants them any more: there are more than these */
} EntityList;

#define ENTITY_TEXT_MAX MB(4)

/* `today` gives dates without a year theirs (civil seconds since 1970, see date.h). Of longer texts
 * the first ENTITY_TEXT_MAX bytes are read. `stop` (may be NULL) is asked between pieces. */
EntityList entities_find(Arena *arena, Str text, int64_t today, const StopCheck *stop);

/* A number at `at` with its separators ("1,250.00", "1.250,00", "1 250"): its end, and it in one
 * form in the arena. 0: there is none. */
size_t entity_read_number(Arena *arena, Str text, size_t at, Str *value_r);

/* What of it is personal data, by kind. */
typedef struct PersonalKind {
    EntityKind kind;
    size_t count, distinct;
    Severity severity;
    VEC(size_t) places; /* indexes into the entities */
} PersonalKind;
typedef struct PersonalReport {
    VEC(PersonalKind) kinds; /* gravest first */
    Severity severity;       /* of the text: the gravest kind's, one more where names stand
                              * beside accounts or many people are named */
} PersonalReport;
PersonalReport personal_report(Arena *arena, const EntityList *entities);
