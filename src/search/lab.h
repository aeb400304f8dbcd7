/* lab.h - the retrieval lab: judged queries, run against the library's own search.
 *
 *     lab_import(), judgement_set() --> a judged set
 *     lab_start() --> job "evaluate" --> lab_runs.result, JSON:
 *         queries, judgements, notice
 *         legs: [{ name, ndcg10, recall10, recall100, mrr, p50_ms, p95_ms }]   keyword, semantic,
 *               their fusion, and that reranked by a cross-encoder where there is one; the last one
 *               is what `per_query` is about
 *         against: { settings, and the same, difference, better, worse, same, p } or null
 *         per_query: [{ query, relevant, ndcg10, recall10, recall100, mrr, first, keyword,
 * semantic, against }], the worst first
 *
 * A result that is not judged counts 0. Documents are ranked by their best passage, unless passages
 * were judged: those count by themselves, where half of the shorter of both is in the other. Times
 * are of searches for ten results, as people make them. Threads: any. */
#pragma once

#include "search/lab_metrics.h"
#include "search/search.h"
#include "store/judged_sets_store.h"
#include "store/judgements_store.h"
#include "store/lab_runs_store.h"

/* Looked at for each query: enough that a hundred documents are among them. */
#define LAB_DEPTH 200
#define LAB_QUERY_MAX KB(8)

/* --- Settings --- */

typedef struct LabSetting {
    const char *name, *help;
} LabSetting;
extern const LabSetting lab_settings[];
extern const size_t lab_setting_count;
/* Is there a setting of this name? */
bool lab_has_setting(Str name);
/* "mode=keyword vector_weight=0.4" into a request that has others already. */
MUST_CHECK bool lab_settings_read(Str text, SearchRequest *request, Error *err);

/* --- Judged sets --- */

typedef struct LabImport {
    JudgedSet set;
    StrList unknown; /* names that no document has, the first LAB_UNKNOWN_MAX */
    int64_t unknown_count;
} LabImport;
#define LAB_UNKNOWN_MAX 20
/* Lines of query, document and grade between tabs, commas or semicolons into the set of this name,
 * which is new or, when `replaces`, loses what it had. A document is named by its id, its name with
 * or without folders, or that without its extension; without a grade it has 1. Empty lines and
 * those that begin with # do not count, nor does a head. ERROR_INVALID names the line. */
MUST_CHECK bool lab_import(Db *db, const Scope *scope, Arena *arena, Str name, Str tsv,
                           bool replaces, LabImport *import_r, Error *err);

/* --- Runs --- */

typedef struct LabOrder {
    Str set;               /* id */
    Str settings, against; /* see lab_settings_read(); against empty: nothing to compare with */
} LabOrder;
MUST_CHECK bool lab_start(Db *db, const Scope *scope, Arena *arena, const LabOrder *order,
                          Str *run_r, Error *err);
/* Its argument is the Searcher. */
JobHandler search_lab_job;
