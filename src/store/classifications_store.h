/* classifications_store.h - the `classifications` table: what a label set says of a document or a
 * text.
 *
 *     sure    nobody is asked
 *     asked   waits for a person  -> confirmed, corrected
 *
 * A document or text has one of each set. What a person has decided stays until the text is
 * another. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct Classification {
    Str id, set, set_name; /* set_name: read, never written */
    Str subject;           /* the document's id, or the hash of the text */
    Str hash;              /* of the text that was read */
    Str document;          /* id; empty: it is a text */
    Str name;              /* of the document, or the beginning of the text */
    Str sample;            /* what a person decides by */
    Str labels;            /* JSON array of names: what was said */
    Str scores, evidence;  /* JSON */
    double confidence;
    Str state;
    Str decided; /* JSON array of names; empty: nobody has */
    Str made_by, user;
    int64_t decided_at_ms, created_at_ms, updated_at_ms;
} Classification;

typedef struct ClassificationList {
    Classification *at;
    size_t count;
    Str next;
} ClassificationList;

/* Keeps what was said of a subject, in place of what was said before; *classification is then as it
 * is kept: what a person decided of the same text stays. */
MUST_CHECK bool classification_put(DbTx *tx, const Scope *scope, Arena *arena,
                                   Classification *classification, Error *err);
MUST_CHECK bool classification_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                    Classification *classification_r, Error *err);

typedef struct ClassificationFilter {
    Str state, set, document; /* empty: any */
} ClassificationFilter;
/* Newest first. */
MUST_CHECK bool classification_list(DbTx *tx, const Scope *scope, Arena *arena,
                                    const ClassificationFilter *filter, const Slice *slice,
                                    ClassificationList *list_r, Error *err);
/* A person says what it is: confirmed when that is what was said, else corrected. */
MUST_CHECK bool classification_decide(DbTx *tx, const Scope *scope, Str id, Str state, Str labels,
                                      Error *err);
MUST_CHECK bool classification_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* How often a set was right, by the day that people decided. */
typedef struct ClassificationDay {
    int64_t day_ms; /* UTC midnight */
    int64_t confirmed, corrected;
} ClassificationDay;
typedef struct ClassificationDayList {
    ClassificationDay *at; /* oldest first, the last 366 */
    size_t count;
} ClassificationDayList;
MUST_CHECK bool classification_days(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                                    ClassificationDayList *list_r, Error *err);
