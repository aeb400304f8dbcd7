/* judgements_store.h - the `judgements` table: how good a document is for a query. */
#pragma once

#include "store/scope.h"

#define JUDGEMENT_GRADE_MAX 9

typedef struct Judgement {
    Str query, document;
    Str document_name;  /* read, never written */
    int64_t start, end; /* bytes of the document's text; end 0: the whole document */
    int64_t grade;      /* 0: wrong; up to JUDGEMENT_GRADE_MAX, more is better */
} Judgement;

typedef struct JudgementList {
    Judgement *at;
    size_t count;
} JudgementList;

/* Adds it, or changes the one for the same query, document and start. ERROR_NOT_FOUND: there is no
 * such set or document. */
MUST_CHECK bool judgement_set(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                              const Judgement *judgement, Error *err);
/* True also when it was not there. */
MUST_CHECK bool judgement_remove(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                                 const Judgement *judgement, Error *err);
/* Every one of the set. */
MUST_CHECK bool judgement_clear(DbTx *tx, const Scope *scope, Str set, Error *err);
/* Those of documents outside the trash, query by query; `query` empty: of every one. */
MUST_CHECK bool judgement_list(DbTx *tx, const Scope *scope, Arena *arena, Str set, Str query,
                               JudgementList *list_r, Error *err);
